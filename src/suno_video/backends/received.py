"""Looks at a clip that a service sent: its frames are counted, its size and rate read.

Nothing that the service says about it is believed. What cannot become the scene is a failure that was paid for.
Whether its picture is fit to be shown is judged by the loop, for every backend; what was seen here goes with
the footage.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from suno_video.backends.base import ClipRequest, FailureKind, FileFootage, MakeFailed
from suno_video.core.errors import CheckFailedError, EncoderError
from suno_video.core.frames import MIN_SIDE_PX, FrameSize
from suno_video.media.mp4 import Mp4Track, read_mp4
from suno_video.media.watch import watch_clip

LEAST_KEPT = 0.6
"""A clip is scaled to fill the frame and cropped. The wrong clip is one of which less than this part would be left."""
MOST_UPSCALE = 3
"""A clip that would have to be enlarged more than this many times is the wrong clip as well."""
_SLACK = 1e-6


def receive_clip(path: Path, request: ClipRequest, cost_usd: Decimal, check_stop: Callable[[], None]) -> FileFootage:
    """Give the footage that a downloaded file really is.

    Args:
        check_stop: Called often; what it raises goes through.

    Raises:
        MakeFailed: `RETRYABLE`, at `cost_usd`: the file is damaged, too short, or of a quite different shape.
    """
    try:
        track = _picture_track(path)
        size = _size_of(track)
        watched = watch_clip(path, check_stop)
        n_frames = watched.n_frames
        fps = float(track.fps)
        _check_fits(request, size, n_frames, fps)
    except (CheckFailedError, EncoderError, ValueError) as exc:
        path.unlink(missing_ok=True)
        raise MakeFailed(FailureKind.RETRYABLE, f"the clip cannot be used: {exc}", cost_usd) from exc
    return FileFootage(path, n_frames, fps, size, cost_usd, watched)


def _picture_track(path: Path) -> Mp4Track:
    track = read_mp4(path).track("vide")
    if track is None or track.n_samples == 0 or track.fps <= 0:
        raise ValueError("there is no picture in it")
    return track


def _size_of(track: Mp4Track) -> FrameSize:
    """Give the size as it will be used: colour needs even sides, so an odd one loses a row or column."""
    width, height = track.width_px // 2 * 2, track.height_px // 2 * 2
    if min(width, height) < MIN_SIDE_PX:
        raise ValueError(f"it is only {track.width_px}x{track.height_px}")
    return FrameSize(width_px=width, height_px=height)


def _check_fits(request: ClipRequest, size: FrameSize, n_frames: int, fps: float) -> None:
    n_needed = int((request.n_frames - 1) * fps / request.fps + _SLACK) + 1
    if n_frames < n_needed:
        raise ValueError(f"it has {n_frames} frames, {n_needed} are needed")
    wanted = request.size
    if min(size.aspect, wanted.aspect) / max(size.aspect, wanted.aspect) < LEAST_KEPT:
        raise ValueError(f"it is {size}, {wanted} was asked for")
    upscale = max(wanted.width_px / size.width_px, wanted.height_px / size.height_px)
    if upscale > MOST_UPSCALE:
        raise ValueError(f"it is only {size}, {wanted} was asked for")
