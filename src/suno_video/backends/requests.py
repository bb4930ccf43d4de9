"""What the render loop asks a backend for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from suno_video.core.brief import Grade
from suno_video.core.color import Palette
from suno_video.core.frames import FrameSize
from suno_video.core.music import MusicCurves
from suno_video.core.storyboard import Motion


@dataclass(frozen=True)
class StillRequest:
    """One picture to be made."""

    scene: str
    prompt: str
    negative_prompt: str
    seed: int
    size: FrameSize
    references: tuple[Path, ...] = ()
    """Pictures of who and what must look the same in every scene (RGB PNG or JPEG, any size)."""


@dataclass(frozen=True)
class AudioSpan:
    """A stretch of a sound file."""

    path: Path
    start_s: float
    duration_s: float


@dataclass(frozen=True)
class ClipRequest:
    """One clip to be made: exactly `n_frames` at `fps`.

    It covers the scene plus its handles: the frames that a dissolve into or out of it shows as well.
    """

    scene: str
    prompt: str
    negative_prompt: str
    seed: int
    size: FrameSize
    fps: int
    n_frames: int
    family: str
    params: Mapping[str, float]
    palette: Palette
    grade: Grade
    motion: Motion
    growth: float
    """How far the motif has grown, 0..1."""
    energy: float
    music: MusicCurves
    """What sounds in each of the `n_frames`."""
    first_frame: Path | None = None
    """A still to start from (RGB PNG or JPEG, any size)."""
    cover: Path | None = None
    """The song's cover picture, where there is one."""
    last_frame: Path | None = None
    """A still to end on."""
    references: tuple[Path, ...] = ()
    """Pictures of who and what must look the same in every scene."""
    audio: AudioSpan | None = None
    """What is heard during the clip, for models that move lips or bodies to it."""
