"""Looks at what a backend delivered before it counts: size, length and picture are read from it, never believed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from suno_video.backends.base import Capabilities, ClipRequest, FailureKind, FileFootage, MakeFailed
from suno_video.core.errors import CheckFailedError, EncoderError
from suno_video.core.frames import FrameSize
from suno_video.media.mp4 import read_mp4
from suno_video.media.reading import TextReader, clip_pictures, still_picture
from suno_video.media.watch import watch_clip, watch_still
from suno_video.render.letters import judge_letters, moments_of
from suno_video.render.quality import ALL_CHECKS, Flaw, judge_clip, judge_still, numbers_of

SHORTEST = 0.75
"""A clip that lasts less than this share of what was asked for is a failed one; less is missing is played slower."""


@dataclass(frozen=True)
class Inspector:
    """Looks at clips and stills.

    Args:
        checks: The names of the checks of the picture that are made; see `quality.ALL_CHECKS`.
        reader: Reads text in pictures; without one `text` is not looked for.
    """

    checks: frozenset[str] = frozenset(ALL_CHECKS)
    reader: TextReader | None = None

    def clip(
        self,
        footage: FileFootage,
        request: ClipRequest,
        capabilities: Capabilities,
        check_stop: Callable[[], None],
        overlook: Callable[[Flaw], bool] = lambda flaw: False,
    ) -> dict[str, Any]:
        """Give what the receipt of a clip says: frames, rate, size, and what was measured in its picture.

        Args:
            overlook: Asked about each flaw: whether the clip is to be shown all the same.

        Raises:
            MakeFailed: It is not an MP4 with a picture, or far too short (`RETRYABLE`), or not to be shown (`FLAWED`).
        """
        facts = inspect_clip(footage, request)
        if not self.checks:
            return facts
        try:
            watched = footage.watched or watch_clip(footage.path, check_stop)
        except (EncoderError, ValueError) as exc:
            raise MakeFailed(FailureKind.RETRYABLE, f"the clip cannot be decoded: {exc}") from None
        starts = "first_frame" in capabilities.accepts
        flaws = judge_clip(watched, request, starts_from_still=starts)
        self._refuse(chain(flaws, self._letters_of_clip(footage.path, facts, request.prompt)), "clip", overlook)
        return facts | {"measured": numbers_of(watched)}

    def still(
        self, path: Path, prompt: str = "", overlook: Callable[[Flaw], bool] = lambda flaw: False
    ) -> dict[str, Any]:
        """Give what the receipt of a still says. Raises `MakeFailed`: no picture (`RETRYABLE`), or none to be shown.

        Args:
            prompt: What was asked for; words in it may be read in the picture.
            overlook: As for a clip.
        """
        facts = inspect_still(path)
        if self.checks:
            flaws = chain(judge_still(watch_still(path)), self._letters_of_still(path, prompt))
            self._refuse(flaws, "still", overlook)
        return facts

    def close(self) -> None:
        """Return the memory of the text reader. It may be used again."""
        if self.reader is not None:
            self.reader.close()

    def _letters_of_clip(self, path: Path, facts: dict[str, Any], prompt: str) -> Iterator[Flaw]:
        if self.reader is not None and "text" in self.checks:
            size = FrameSize(width_px=facts["width_px"], height_px=facts["height_px"])
            pictures = clip_pictures(path, size, moments_of(facts["n_frames"]))
            yield from judge_letters([self.reader.read(picture) for picture in pictures], prompt)

    def _letters_of_still(self, path: Path, prompt: str) -> Iterator[Flaw]:
        if self.reader is not None and "text" in self.checks:
            yield from judge_letters([self.reader.read(still_picture(path))], prompt)

    def _refuse(self, flaws: Iterable[Flaw], what: str, overlook: Callable[[Flaw], bool]) -> None:
        for flaw in flaws:
            if flaw.check in self.checks and not overlook(flaw):
                raise MakeFailed(FailureKind.FLAWED, f"the {what} is not fit to be shown ({flaw.check}): {flaw.words}")


def inspect_clip(footage: FileFootage, request: ClipRequest) -> dict[str, Any]:
    """Give frames, rate and size of a clip as its receipt has them.

    Raises:
        MakeFailed: It is not an MP4 with a picture, or far too short.
    """
    try:
        track = read_mp4(footage.path).track("vide")
    except (CheckFailedError, OSError) as exc:
        raise MakeFailed(FailureKind.RETRYABLE, f"the clip is not a whole MP4 file: {exc}") from None
    if track is None or not track.n_samples or not track.duration_s:
        raise MakeFailed(FailureKind.RETRYABLE, "the clip has no picture")
    lasts_s, wanted_s = track.duration_s, request.n_frames / request.fps
    # What was shortened to save memory is meant to be short: it is measured by the frames that were asked for.
    if track.n_samples < SHORTEST * request.n_frames and lasts_s < SHORTEST * wanted_s:
        raise MakeFailed(FailureKind.RETRYABLE, f"the clip lasts {lasts_s:.2f} s, {wanted_s:.2f} s were asked for")
    return {
        "n_frames": track.n_samples,
        "fps": track.n_samples / lasts_s,
        "width_px": track.width_px,
        "height_px": track.height_px,
    }


def inspect_still(path: Path) -> dict[str, Any]:
    """Give the size of a still as its receipt has it. Raises `MakeFailed` when it is no picture."""
    try:
        with Image.open(path) as picture:
            picture.load()
            return {"width_px": picture.width, "height_px": picture.height}
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError) as exc:
        raise MakeFailed(FailureKind.RETRYABLE, f"the still cannot be read: {exc}") from None
