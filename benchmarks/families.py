"""How fast each scene family paints: finished frames of 1920x1080 in I420, one thread, no encoder.

The music is made up: 120 beats a minute in four-four time, as loud as a chorus. What a shot sets up once (pictures,
grain, compiling) is left out. Of each family the same frames are painted several times, families in turn, and the
fastest counts: what else the machine does only ever makes it slower.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from suno_video.backends.base import ClipRequest
from suno_video.backends.procedural import FAMILIES
from suno_video.core.analysis import N_BANDS
from suno_video.core.brief import Grade
from suno_video.core.frames import FrameSize
from suno_video.core.music import MusicCurves
from suno_video.core.storyboard import Motion

FPS = 30
SIZE = FrameSize(width_px=1920, height_px=1080)
N_FRAMES, N_FRAMES_QUICK = 60, 15
PALETTE = ("#12062b", "#4b1180", "#c22bb0", "#ff7a59", "#ffe9c4")
GROWTH, ENERGY = 0.5, 0.7


def chorus(n_frames: int) -> MusicCurves:
    """Music for the painters: a beat every half second, with all that comes with it."""
    time_s = 4.0 + np.arange(n_frames) / FPS
    beats = 2.0 * time_s
    beat, downbeat = np.exp(-4 * (beats % 1)), np.exp(-4 * ((beats / 4) % 1))
    snare = np.exp(-6 * (((beats + 1) / 2) % 1))
    bands = np.exp(-np.arange(N_BANDS) / 20)[None, :] * (0.4 + 0.6 * beat[:, None])

    def level(values: np.ndarray | float) -> np.ndarray:
        return np.broadcast_to(np.asarray(values), (n_frames,)).astype(np.float32)

    return MusicCurves(
        time_s=time_s, loudness=level(0.6 + 0.3 * beat), bass=level(0.3 + 0.7 * beat), mid=level(0.6),
        treble=level(0.5), onset=level(beat), beat=level(beat), downbeat=level(downbeat),
        beat_phase=level(beats % 1), bar_phase=level((beats / 4) % 1), beats=beats, section_progress=level(0.5),
        energy=level(ENERGY), kick=level(beat), snare=level(snare), hat=level(0.4 * beat), voice=level(0.5),
        tension=level(0.0), drop=level(0.0), spectrum=bands.astype(np.float32),
    )  # fmt: skip


def clip_request(family: str, n_frames: int) -> ClipRequest:
    """What is painted of a family."""
    return ClipRequest(
        scene="s001", prompt="", negative_prompt="", seed=7, size=SIZE, fps=FPS, n_frames=n_frames, family=family,
        params={}, palette=PALETTE, grade=Grade(), motion=Motion(), growth=GROWTH, energy=ENERGY,
        music=chorus(n_frames),
    )  # fmt: skip


def paint_ms(family: str, n_frames: int) -> float:
    """Milliseconds of processor time that a frame takes, on average over a clip."""
    from suno_video.backends.procedural.stream import ProceduralStream

    frames = ProceduralStream(clip_request(family, n_frames)).frames()
    next(frames)  # sets the stage
    started = time.thread_time()
    for _ in frames:
        pass
    return 1000 * (time.thread_time() - started) / (n_frames - 1)


def measure_families(n_rounds: int, *, quick: bool = False) -> dict[str, Any]:
    """Paint all families in turn, round after round. Gives `{"ms": {family: [one for each round]}}` and what of."""
    from suno_video.backends.procedural.rehearsal import rehearse

    n_frames = N_FRAMES_QUICK if quick else N_FRAMES
    found: dict[str, list[float]] = {family: [] for family in FAMILIES}
    for family in found:
        rehearse(family)
    for number in range(n_rounds):
        for family, ms in found.items():
            ms.append(round(paint_ms(family, n_frames), 3))
        print(f"  round {number + 1}: {sum(ms[-1] for ms in found.values()) / len(found):.1f} ms a frame", flush=True)
    return {"size": str(SIZE), "n_frames": n_frames, "ms": found}
