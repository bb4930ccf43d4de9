"""Our fonts: shipped by pip, so that text looks the same on every machine."""

from __future__ import annotations

import contextlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from suno_video.core.errors import ToolMissingError

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

FAMILIES: Final = {"Inter": "fontpkg_inter", "Noto Sans": "fontpkg_noto_sans"}
DISPLAY_FAMILIES: Final = {
    "Bebas Neue": "fontpkg_bebas_neue",
    "Archivo Black": "fontpkg_archivo_black",
    "DM Serif Display": "fontpkg_dm_serif_display",
    "Space Mono": "fontpkg_space_mono",
    "Righteous": "fontpkg_righteous",
    "Permanent Marker": "fontpkg_permanent_marker",
}
"""For titles. All are free (OFL, Apache 2.0); where one is missing, Inter stands in for it."""


@lru_cache(maxsize=1)
def font_files() -> tuple[Path, ...]:
    """Find the font files of all our families. Raises `ToolMissingError` when Inter or Noto Sans are not installed."""
    files: list[Path] = []
    for family, package in FAMILIES.items():
        found = _files_of(package)
        if not found:
            raise ToolMissingError(
                f"The font {family} is not installed.", f"Run: pip install {package.replace('_', '-')}"
            )
        files += found
    return (*files, *(path for package in DISPLAY_FAMILIES.values() for path in _files_of(package)))


def _files_of(package: str) -> list[Path]:
    from importlib.util import find_spec

    spec = find_spec(package)
    return sorted((Path(spec.origin).parent / "files").glob("*.ttf")) if spec and spec.origin else []


def font_file(family: str, *, italic: bool = False) -> Path:
    """Find the variable font file of a family, for drawing with Pillow. Raises `ToolMissingError`."""
    stem = family.replace(" ", "")
    for path in font_files():
        if path.name.startswith(f"{stem}-Italic[" if italic else f"{stem}["):
            return path
    raise ToolMissingError(f"The font {family} is not installed.", "Reinstall suno-video with pip.")


@lru_cache(maxsize=32)
def drawing_font(size_px: int, weight: int) -> FreeTypeFont:
    """Inter at a size and weight (100 to 900), for drawing with Pillow. Raises `ToolMissingError`."""
    from PIL import ImageFont

    font = ImageFont.truetype(str(font_file("Inter")), size_px)
    # A Pillow built with an old FreeType draws the normal weight.
    with contextlib.suppress(OSError, NotImplementedError):
        # The axes of Inter: optical size (14 to 32), weight.
        font.set_variation_by_axes([min(max(size_px, 14), 32), weight])
    return font
