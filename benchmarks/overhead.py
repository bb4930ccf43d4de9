"""What the loop costs on top of the bare pipeline: the same clips by both, tiny on the CPU, and on CUDA at full size.

Each clip of the loop stands between two bare calls for the same request, with the same loaded model in the same
thread, so that what else the machine does meanwhile hits both alike. The figure is the median over all clips of the
difference to the mean of those two. In full size on CUDA it was never run where it was written.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}

Data = dict[str, Any]
N_CLIPS, N_CLIPS_FULL = 14, 3
MODELS = ("torch", "diffusers", "transformers", "accelerate")


def measure_overhead(*, n_rounds: int) -> Data:
    """Seconds for each clip, bare and through the loop; empty where the packages are not installed."""
    if any(find_spec(name) is None for name in MODELS):
        return {"runs": {}}
    import torch

    runs = {"tiny Wan, CPU": _compare(_tiny, N_CLIPS, n_rounds)}
    if torch.cuda.is_available():
        runs["Wan 2.2 TI2V-5B, random weights, CUDA"] = _compare(_full, N_CLIPS_FULL, n_rounds)
    return {"runs": runs}


def _tiny(folder: Path) -> Any:
    from tests.e2e.random_wan import TINY, build_wan
    from tests.e2e.tiny_clips import RandomModel, random_card

    build_wan(TINY).save_pretrained(folder / "weights", safe_serialization=True)
    return RandomModel(random_card(folder / "weights", steps=20))


def _full(folder: Path) -> Any:
    from tests.e2e.full_size import FULL, FullModel

    return FullModel(FULL["wan"], fails_at=())


def _compare(build: Any, n_clips: int, n_rounds: int) -> Data:
    clips: list[Clip] = []
    for _ in range(n_rounds):
        with tempfile.TemporaryDirectory() as folder:
            clips += _round(build, Path(folder), n_clips)
        print(f"  {len(clips)} clips: {_figures(clips)}", flush=True)
    return {"n_clips": len(clips), **_figures(clips)}


@dataclass(frozen=True)
class Clip:
    """What one clip took, in seconds."""

    bare_s: float
    """Mean of the bare call before it and the bare call after it."""
    loop_s: float
    file_s: float
    """Of that, what writing the MP4 took: a bare script would have to do it as well."""


def _figures(clips: list[Clip]) -> dict[str, float]:
    more = [clip.loop_s - clip.bare_s for clip in clips]
    return {
        "bare_s": median(clip.bare_s for clip in clips),
        "loop_s": median(clip.loop_s for clip in clips),
        "more_s": median(more),
        "file_s": median(clip.file_s for clip in clips),
    }


@dataclass
class _Clock:
    """Times bare calls between the clips that the loop makes."""

    backend: Any
    requests: dict[str, Any]
    bare_s: list[float] = field(default_factory=list)
    loop_s: list[float] = field(default_factory=list)
    file_s: list[float] = field(default_factory=list)
    _resumed: float = 0.0

    def watch_files(self) -> None:
        """Time the writing of each file; before the first clip."""
        from suno_video.backends.diffusers import backend as module

        write = module.write_mp4

        def timed(*args: Any) -> Any:
            started = time.perf_counter()
            try:
                return write(*args)
            finally:
                self.file_s.append(time.perf_counter() - started)

        module.write_mp4 = timed

    def after_clip(self, scene: str) -> None:
        """The loop is done with a clip: paint it again bare, then let the loop go on."""
        self.loop_s.append(time.perf_counter() - self._resumed)
        started = time.perf_counter()
        self.backend._paint(self.backend._load_painter(), self.requests[scene], lambda: None)
        self._resumed = time.perf_counter()
        self.bare_s.append(self._resumed - started)

    def clips(self) -> list[Clip]:
        """All but the first, which also loaded the model."""
        return [
            Clip((self.bare_s[k - 1] + self.bare_s[k]) / 2, self.loop_s[k], self.file_s[k])
            for k in range(1, len(self.loop_s))
        ]


def _round(build: Any, folder: Path, n_clips: int) -> list[Clip]:
    """Loading, words and the first clip are left out on both sides."""
    from PIL import Image
    from tests.unit.makers import Set, wishes_for

    from suno_video.backends.diffusers import backend as module
    from suno_video.pipeline.memory import MemoryKeeper, MemoryOptions
    from suno_video.render.inspect import Inspector

    backend = build(folder)
    first = folder / "first.png"
    Image.linear_gradient("L").convert("RGB").save(first)
    wishes = [
        replace(wish, request=replace(wish.request, first_frame=first)) for wish in wishes_for(backend, n_clips + 1)
    ]
    clock = _Clock(backend, {wish.scene: wish.request for wish in wishes})
    keeper = MemoryKeeper(MemoryOptions(), lambda event: None)
    write = module.write_mp4

    def after_take(made_by: Any, scene: str) -> Any:
        advice = keeper.after_take(made_by, scene)
        clock.after_clip(scene)
        return advice

    try:
        clock.watch_files()
        outcomes = Set(folder / "set").run(
            backend,
            wishes=wishes,
            inspector=Inspector(frozenset()),
            after_take=after_take,
            after_backend=keeper.after_backend,
        )
    finally:
        module.write_mp4 = write
    assert len(outcomes) == len(clock.loop_s) == n_clips + 1, outcomes
    return clock.clips()
