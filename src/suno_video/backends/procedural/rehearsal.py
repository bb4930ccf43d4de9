"""Paints a few tiny frames of a family, so that its kernels are compiled (or loaded) before they are needed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from suno_video.backends.base import ClipRequest
from suno_video.backends.procedural.catalog import FAMILIES
from suno_video.backends.procedural.jit import compiled_folder
from suno_video.backends.procedural.stream import ProceduralStream
from suno_video.core.analysis import N_BANDS
from suno_video.core.brief import Grade
from suno_video.core.frames import FrameSize
from suno_video.core.music import MusicCurves
from suno_video.core.storyboard import Motion

_LOCK_WAIT_S = 120


def rehearse(family: str) -> None:
    """Paint two tiny frames; a lock keeps other processes from writing the same compiled files meanwhile."""
    folder = compiled_folder()
    lock = FileLock(folder / "compiling.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=_LOCK_WAIT_S)
    except (OSError, Timeout):
        pass  # A read-only home or a hanging neighbour: compile without keeping order.
    try:
        for _ in ProceduralStream(_tiny_request(family)).frames():
            pass
        with contextlib.suppress(OSError):
            _mark(family).touch()
    finally:
        lock.release()


def cold_families(families: Iterable[str]) -> list[str]:
    """Those of some families that have never been rehearsed with the compiled folder in use, in order."""
    return sorted(family for family in families if family in FAMILIES and not _mark(family).exists())


def _mark(family: str) -> Path:
    return compiled_folder() / f"{family}.ready"


def _tiny_request(family: str) -> ClipRequest:
    n = 2
    level = np.full(n, 0.5, np.float32)
    clock = np.arange(n, dtype=np.float64)
    music = MusicCurves(
        time_s=clock / 30, loudness=level, bass=level, mid=level, treble=level, onset=level, beat=level, downbeat=level,
        beat_phase=level, bar_phase=level, beats=clock / 15, section_progress=level, energy=level, kick=level,
        snare=level, hat=level, voice=level, tension=level, drop=level,
        spectrum=np.full((n, N_BANDS), 0.5, np.float32),
    )  # fmt: skip
    return ClipRequest(
        scene="s000", prompt="", negative_prompt="", seed=1, size=FrameSize(width_px=128, height_px=72), fps=30,
        n_frames=n, family=family, params={}, palette=("#101020", "#303060", "#8050a0", "#f09080", "#fff0e0"),
        grade=Grade(), motion=Motion(), growth=0.5, energy=0.5, music=music,
    )  # fmt: skip
