"""How wide words are, and how they are written for libass: each run of letters in the font that has them."""

from __future__ import annotations

from functools import lru_cache

from suno_video.assemble.lettering import ass_escape
from suno_video.media.typefaces import Typeface, Typefaces

_MEASURE_PX = 100
_TALL_EM = 1.53
"""Inter, Noto Sans and East Asian fonts take less; Arabic, Thai and Devanagari more."""
_JOINED = 0.8
"""Arabic letters are narrower where they join, 0.6 to 1.04 of what they are alone: a guess where Pillow cannot."""
_HEAVY = 1.05
"""Libass emboldens; its letters are a little wider than those we measure."""


class Letters:
    """Letters in one family of ours, with whatever other fonts they need."""

    def __init__(self, family: str, language: str = "", tracking: float = 0.0) -> None:
        """Take a family; `tracking` is extra space after each letter, in percent of the type size."""
        self.faces = Typefaces(family, language)
        self.family = family
        self.tracking = tracking

    def width_em(self, text: str) -> float:
        """Measure a row in ems of our own family."""
        runs = self.faces.runs(text) if text.strip() else ()
        if not runs:
            return _space_width(self.family) * len(text)
        return sum(_run_width(run.text, run.face) for run in runs) + len(text) * self.tracking / 100

    def height_em(self, text: str) -> float:
        """How far rows of such letters must be apart, in ems: more where marks stand above and below them."""
        tall = max((run.face.height_em * run.face.scale for run in self.faces.runs(text)), default=1.0)
        return 1.0 if tall < _TALL_EM else 1.28

    def shown(self, text: str) -> str:
        """What of a text can be drawn here."""
        return "".join(run.text for run in self.faces.runs(text)).strip()

    def written(self, text: str, em_px: float) -> str:
        """Write clean text for an ASS event, with the fonts and sizes it needs. Leaves the last font set."""
        parts = [f"{{\\fn{run.face.family}\\fs{em_px * ass_per_em(run.face):.2f}}}{ass_escape(run.text)}"
                 for run in self.faces.runs(text)]  # fmt: skip
        return "".join(parts)


def ass_per_em(face: Typeface) -> float:
    """By how much a size for libass, which counts ascender and descender, is larger than the em."""
    return face.height_em * face.scale


@lru_cache(maxsize=8192)
def _run_width(text: str, face: Typeface) -> float:
    shaped = any("\u0590" <= char <= "\u1cff" for char in text)  # letters that change with their neighbours
    joined = _JOINED if any("\u0600" <= char <= "\u08ff" for char in text) and not _can_shape() else 1.0
    font = _font(face, shaped=shaped and _can_shape())
    return float(font.getlength(text)) / _MEASURE_PX * _HEAVY * face.scale * joined


@lru_cache(maxsize=1)
def _can_shape() -> bool:
    from PIL import features

    return bool(features.check_feature("raqm"))


@lru_cache(maxsize=8)
def _space_width(family: str) -> float:
    return _run_width(" ", Typefaces(family).runs("n")[0].face)


@lru_cache(maxsize=32)
def _font(face: Typeface, *, shaped: bool):  # type: ignore[no-untyped-def]  # Pillow's two font classes share no name
    from PIL import ImageFont

    engine = ImageFont.Layout.RAQM if shaped else ImageFont.Layout.BASIC
    return ImageFont.truetype(str(face.path), _MEASURE_PX, index=face.index, layout_engine=engine)
