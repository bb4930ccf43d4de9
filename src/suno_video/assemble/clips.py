"""Frames of clips that are files: at the film's rate, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import TypeAlias

import cv2
import numpy as np

from suno_video.assemble.graphs import footage_args
from suno_video.assemble.timing import Positions
from suno_video.backends.base import FailureKind, FileFootage, MakeFailed
from suno_video.core.errors import EncoderError
from suno_video.core.frames import I420, FrameSize
from suno_video.media.ffmpeg import read_frames

Frames: TypeAlias = Generator[I420, None, None]

SUB_FRAMES = 3
"""Frames of a clip that are laid over each other where it runs faster than it was made: an open shutter."""


def file_frames(footage: FileFootage, size: FrameSize, fps: int, start: int, stop: int, scene: str) -> Frames:
    """Give frames start..stop at `fps` from a clip of any size and rate, chosen by index.

    The nearest frame at or before each moment is taken, so a clip at 24 frames a second repeats every fourth one at 30.

    Raises:
        MakeFailed: The clip is too short, or cannot be decoded.
    """
    n_needed = int((stop - 1) * footage.fps / fps + 1e-6) + 1
    _require_frames(footage, n_needed, scene)
    wanted, number = start, -1
    with closing(_decoded(footage, size, scene)) as frames:
        for number, frame in enumerate(frames):
            while wanted < stop and int(wanted * footage.fps / fps + 1e-6) == number:
                yield frame
                wanted += 1
            if wanted >= stop:
                return
    raise _ends_early(scene, number + 1, n_needed)


def bent_file_frames(footage: FileFootage, size: FrameSize, fps: int, positions: Positions, scene: str) -> Frames:
    """Give the frames of a clip at uneven moments: mixed between two of its frames, blurred where it runs fast.

    Args:
        positions: Frames at `fps` from the start of the clip, with fraction; they never fall.

    Raises:
        MakeFailed: As `file_frames`.
    """
    places = positions * (footage.fps / fps)
    n_needed = int(places[-1] + 1e-6) + 1
    _require_frames(footage, n_needed, scene)
    number, shown, taken = -1, np.empty(size.i420_shape, dtype=np.uint8), -1
    recent: list[I420] = []
    with closing(_decoded(footage, size, scene)) as frames:
        for place in places.tolist():
            # The next one as well, where there is one: what lies between the two is shown of both.
            while number < min(int(place + 1e-6) + 1, footage.n_frames - 1):
                frame = next(frames, None)
                if frame is None:
                    if number + 1 < n_needed:
                        raise _ends_early(scene, number + 1, n_needed)
                    break
                number += 1
                recent = [*recent[-SUB_FRAMES:], frame]
            at = int(place + 1e-6)
            _mix(recent, number, place, at - taken, shown)
            taken = at
            yield shown


def _mix(recent: list[I420], number: int, place: float, passed: int, out: I420) -> None:
    """Make one frame of those read last; `number` is the index of the last of them."""
    at = int(place + 1e-6)
    index = min(max(len(recent) - 1 - (number - at), 0), len(recent) - 1)
    if passed > 1:
        opened = recent[max(0, index - min(passed, SUB_FRAMES) + 1) : index + 1]
        mixed = np.zeros(out.shape, dtype=np.float32)
        for frame in opened:
            cv2.accumulate(frame, mixed)
        np.copyto(out, (mixed / len(opened) + 0.5).astype(np.uint8))
        return
    share, after = place - at, min(index + 1, len(recent) - 1)
    if share < 0.05 or after == index:
        np.copyto(out, recent[index])
    else:
        cv2.addWeighted(recent[index], 1 - share, recent[after], share, 0, dst=out)


def _decoded(footage: FileFootage, size: FrameSize, scene: str) -> Frames:
    try:
        yield from read_frames(footage_args(footage.path, size, deflicker=footage.deflicker), size)
    except EncoderError as exc:
        raise MakeFailed(FailureKind.BAD_INPUT, f"the clip of {scene} cannot be decoded: {exc.message}") from exc


def _require_frames(footage: FileFootage, n_needed: int, scene: str) -> None:
    if footage.n_frames < n_needed:
        raise MakeFailed(
            FailureKind.BAD_INPUT, f"the clip of {scene} has {footage.n_frames} frames, {n_needed} are needed"
        )


def _ends_early(scene: str, n_frames: int, n_needed: int) -> MakeFailed:
    return MakeFailed(FailureKind.BAD_INPUT, f"the clip of {scene} ends after {n_frames} frames, {n_needed} are needed")
