"""Reads text in pictures, where a package that can do so is installed (`pip install 'suno-video[ocr]'`).

RapidOCR brings its models along, so nothing is downloaded, and runs them with ONNX Runtime on the processor. It is
imported and loaded with the first picture that is read, not before.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from suno_video.core.frames import FrameSize
from suno_video.media.ffmpeg import SAFE_INPUT, file_url, read_frames

log = logging.getLogger(__name__)

Picture = NDArray[np.uint8]
"""Blue, green and red, shape (height, width, 3)."""

LONGEST_SIDE_PX = 960
"""Pictures are read at this size at most: letters of 14 pixels are still read, and memory stays bounded."""
_SHORT_SIDE_PX = 544
"""Below this the reader enlarges a picture."""
_MOST_LINES = 40
"""A picture with more lines than that is not read any better by reading them all."""
_PACKAGES = ("rapidocr", "onnxruntime")


@dataclass(frozen=True)
class ReadLine:
    """A line of text in a picture."""

    text: str
    sure: float
    """How sure the reader is, 0..1."""


class TextReader(Protocol):
    """Something that reads text in pictures."""

    name: str
    """With its version, for people."""

    def read(self, picture: Picture) -> Sequence[ReadLine]:
        """Give the lines of text in a picture, best first or in any order. Called from one thread or from several."""

    def close(self) -> None:
        """Let go of the models. `read` loads them again."""


def installed_reader() -> TextReader | None:
    """Give the reader that is installed, not loaded yet; None where there is none."""
    return RapidReader() if all(find_spec(package) is not None for package in _PACKAGES) else None


class RapidReader:
    """RapidOCR. One picture is read at a time, whoever asks."""

    def __init__(self) -> None:
        from importlib.metadata import version

        self.name = f"rapidocr {version('rapidocr')}"
        self._lock = threading.Lock()
        self._engine: Any = None

    def read(self, picture: Picture) -> Sequence[ReadLine]:
        """Give the lines. Where the package itself fails nothing was read: a film must not be lost to that."""
        with self._lock:
            try:
                if self._engine is None:
                    self._engine = _load()
                found = self._engine(picture)
            except Exception as exc:  # noqa: BLE001 - a foreign package, used for a check that is a choice
                log.warning("%s could not read a picture: %s", self.name, exc)
                return ()
        if found.txts is None:
            return ()
        return tuple(ReadLine(text, float(sure)) for text, sure in zip(found.txts, found.scores, strict=True))

    def close(self) -> None:
        """Let go of the models."""
        with self._lock:
            self._engine = None


def _load() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.use_cls": False,  # text that stands on its head is not looked for
            "Det.limit_side_len": _SHORT_SIDE_PX,
            "Det.max_candidates": _MOST_LINES,
            "EngineConfig.onnxruntime.intra_op_num_threads": min(2, os.cpu_count() or 1),
        }
    )


def clip_pictures(path: Path, size: FrameSize, numbers: Sequence[int]) -> Iterator[Picture]:
    """Give some frames of a clip, not larger than `LONGEST_SIDE_PX`. Raises as `read_frames`.

    Args:
        size: Of the clip.
        numbers: Which frames, from 0.
    """
    import cv2

    small = _bounded(size)
    chosen = "+".join(rf"eq(n\,{number})" for number in numbers)
    scale = f"select={chosen},scale={small.width_px}:{small.height_px}:flags=area"
    raw = ("-fps_mode", "passthrough", "-frames:v", str(len(numbers)))
    source = (*SAFE_INPUT, "-f", "mov", "-i", file_url(path), "-map", "0:v:0", "-vf", scale)
    with closing(read_frames([*source, *raw, "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1"], small)) as frames:
        for frame in frames:
            yield cv2.cvtColor(frame, cv2.COLOR_YUV2BGR_I420).astype(np.uint8)


def still_picture(path: Path) -> Picture:
    """Give a picture, not larger than `LONGEST_SIDE_PX`. Raises `OSError` and `ValueError` as Pillow does."""
    from PIL import Image

    with Image.open(path) as picture:
        picture.draft("RGB", (LONGEST_SIDE_PX, LONGEST_SIDE_PX))
        small = picture.convert("RGB")
        small.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX), Image.Resampling.BOX)
        return np.ascontiguousarray(np.asarray(small)[:, :, ::-1])


def _bounded(size: FrameSize) -> FrameSize:
    scale = min(1.0, LONGEST_SIDE_PX / max(size.width_px, size.height_px))
    width_px, height_px = (max(2, round(side * scale / 2) * 2) for side in (size.width_px, size.height_px))
    return FrameSize(width_px=width_px, height_px=height_px)
