"""What the loop costs on top of the bare pipeline: the same clips by both, tiny on the CPU, and on CUDA at full size.

In full size on CUDA it was never run where it was written.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import suppress
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
    from tests.e2e.tiny_clips import RandomVideo, random_card

    if not (folder / "weights").exists():
        build_wan(TINY).save_pretrained(folder / "weights", safe_serialization=True)
    return RandomVideo(random_card(folder / "weights", steps=20))


def _full(folder: Path) -> Any:
    from tests.e2e.full_size import FullVideo

    video = FullVideo("wan")
    video._fails_at = frozenset()
    return video


def _compare(build: Any, n_clips: int, n_rounds: int) -> Data:
    bare, looped = [], []
    for _ in range(n_rounds):
        with tempfile.TemporaryDirectory() as folder:
            one, other = _round(build, Path(folder), n_clips)
        bare.append(one / n_clips)
        looped.append(other / n_clips)
        print(f"  bare {bare[-1]:.4f} s a clip, in the loop {looped[-1]:.4f} s", flush=True)
    return {"n_clips": n_clips, "bare_s": median(bare), "loop_s": median(looped)}


def _round(build: Any, folder: Path, n_clips: int) -> tuple[float, float]:
    """Loading, words and the first clip are left out on both sides; encoding the file is left out of the bare calls."""
    from dataclasses import replace

    from PIL import Image
    from tests.unit.makers import Set, wishes_for

    from suno_video.pipeline.memory import MemoryKeeper, MemoryOptions
    from suno_video.render.inspect import Inspector

    backend = build(folder)
    first = folder / "first.png"
    Image.linear_gradient("L").convert("RGB").save(first)
    wishes = [
        replace(wish, request=replace(wish.request, first_frame=first)) for wish in wishes_for(backend, n_clips + 1)
    ]
    requests = [wish.request for wish in wishes]
    # 1. Bare: the calls of the pipeline, with their inputs and step callback, and nothing else.
    backend.open()
    backend.prepare(requests, lambda: None)
    painter = backend._load_painter()
    backend._paint(painter, requests[0], lambda: None)
    started = time.perf_counter()
    for request in requests[1:]:
        backend._paint(painter, request, lambda: None)
    bare_s = time.perf_counter() - started
    del painter
    backend.close()
    # 2. The loop: checks, memory, MP4, receipts.
    ends: list[float] = []
    keeper = MemoryKeeper(MemoryOptions(), lambda event: None)

    def after_take(made_by: Any, scene: str) -> Any:
        advice = keeper.after_take(made_by, scene)
        ends.append(time.perf_counter())
        return advice

    with suppress(FileExistsError):
        (folder / "set").mkdir()
    outcomes = Set(folder / "set").run(
        backend,
        wishes=wishes,
        inspector=Inspector(frozenset()),
        after_take=after_take,
        after_backend=keeper.after_backend,
    )
    assert len(outcomes) == len(ends) == n_clips + 1, outcomes
    return bare_s, ends[-1] - ends[0]
