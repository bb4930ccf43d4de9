"""Requests for clips, and a look into the clips that come back."""

from __future__ import annotations

import dataclasses
from typing import Any

from suno_video.backends.base import ClipRequest, FileFootage
from suno_video.backends.fake import frame_number
from suno_video.core.brief import Grade
from suno_video.core.music import music_curves
from suno_video.core.storyboard import Motion
from suno_video.media.ffmpeg import file_url, read_frames
from tests.unit.songs import PALETTE, TINY, steady_analysis

N_FRAMES, FPS = 10, 30
_MUSIC = music_curves(steady_analysis(fps=FPS), 0, N_FRAMES)


def clip_request(seed: int = 7, **changes: Any) -> ClipRequest:
    """A third of a second, 64x36."""
    request = ClipRequest(
        scene=f"s{seed:03d}",
        prompt="a lighthouse in the rain",
        negative_prompt="text",
        seed=seed,
        size=TINY,
        fps=FPS,
        n_frames=N_FRAMES,
        family="nebula",
        params={},
        palette=PALETTE,
        grade=Grade(),
        motion=Motion(),
        growth=0.2,
        energy=0.6,
        music=_MUSIC,
    )
    return dataclasses.replace(request, **changes)


def frame_numbers(footage: FileFootage) -> list[int]:
    """Which test cards a clip shows."""
    args = ["-i", file_url(footage.path), "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1"]
    return [frame_number(frame) for frame in read_frames(args, footage.size)]
