"""Memory over many songs, scenes and clips of a model, each in one process: what the tests of the slope watch."""

from __future__ import annotations

import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.long_runs import make_songs  # noqa: E402 - the tests are beside us, in no package
from tests.e2e.slopes import LIMIT_MB, LongRun, watch  # noqa: E402

Data = dict[str, Any]
MODELS = ("torch", "diffusers", "transformers", "accelerate")
N_CLIPS = 14


def measure_slopes(*, quick: bool) -> Data:
    """Run each to its end under the limit; models only where they are installed."""
    n_songs, n_scenes = (10, 60) if quick else (20, 200)
    runs = {"songs, 160x90": _songs(n_songs, "160x90")}
    if not quick:
        runs["songs, 1280x720"] = _songs(n_songs)
    runs["scenes, 128x72"] = _run("long_runs", "scenes", n_scenes, 1, skip=20)
    if all(find_spec(name) is not None for name in MODELS):
        runs["clips of a tiny model, group offload"] = _run("tiny_clips", "group", N_CLIPS, skip=1)
    return {"limit_mb": LIMIT_MB, "runs": runs}


def _songs(n: int, *size: str) -> Data:
    with tempfile.TemporaryDirectory() as folder:
        make_songs(Path(folder), n)
        return _facts(watch("long_runs", "songs", folder, *size), skip=4)


def _run(module: str, kind: str, *more: object, skip: int) -> Data:
    with tempfile.TemporaryDirectory() as folder:
        return _facts(watch(module, kind, folder, *more), skip)


def _facts(run: LongRun, skip: int) -> Data:
    # One for each song, scene or clip: the last where an attempt failed before it; joins and the end are none.
    last = {reading.label: reading.rss_mb for reading in run.readings}
    rss_mb = [mb for label, mb in last.items() if "-" not in label and label != "closed"]
    return {"rss_mb": rss_mb, "skip": skip, "tree_peak_mb": run.tree_peak_mb, "wall_s": run.wall_s}
