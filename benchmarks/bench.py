"""Measures, and writes benchmarks/RESULTS.md. Run it on a quiet machine: `make bench` (or `make bench BENCH=--quick`).

Results are kept in benchmarks/results.json, so that `--only` replaces one table and leaves the others.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import psutil
from contests import CONTESTS, Bench, Data
from crashes import N_FILMS
from report import write_report

HERE = Path(__file__).resolve().parent
QUICK_S = 12.0
N_ROUNDS = 3


def main() -> None:
    """Measure what was asked, then write the report from all that is known."""
    wish = _wish()
    scratch = Path(wish.scratch).resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    bench = Bench(
        scratch,
        1 if wish.quick else wish.rounds,
        wish.seconds or (QUICK_S if wish.quick else None),
        wish.jobs,
        wish.films,
        wish.corpus,
    )
    store = HERE / "results.json" if bench.end_s is None else scratch / "results-quick.json"
    results: Data = json.loads(store.read_text(encoding="utf-8")) if store.exists() else {}
    for name in wish.only or CONTESTS:
        print(f"{name}:", flush=True)
        load = os.getloadavg()[0]
        results[name] = CONTESTS[name](bench) | {"facts": _facts(bench, load)}
        store.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    target = HERE / "RESULTS.md" if bench.end_s is None else scratch / "RESULTS-quick.md"
    target.write_text(write_report(results), encoding="utf-8")
    print(target)


def _wish() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"one round over {QUICK_S:g} s; leaves RESULTS.md alone")
    parser.add_argument("--seconds", type=float, help="only so much of the song; leaves RESULTS.md alone")
    parser.add_argument("--rounds", type=int, default=N_ROUNDS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="scenes, or encoders, at once")
    parser.add_argument("--films", type=int, default=N_FILMS, help="films that are rendered through kills")
    parser.add_argument("--only", nargs="+", choices=list(CONTESTS))
    parser.add_argument("--corpus", type=Path, help="songs with known answers, for `listening`")
    parser.add_argument(
        "--scratch", default=str(HERE.parent / "out" / "bench"), help="about 8 GB while films are measured"
    )
    return parser.parse_args()


def _facts(bench: Bench, load_before: float) -> Data:
    """When and on what it was measured; never which machine."""
    return {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "cpu": _cpu_name(),
        "n_cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {
            name: _version(name) for name in ("suno-video", "numpy", "numba", "librosa", "mir_eval", "imageio-ffmpeg")
        },
        "n_rounds": bench.n_rounds,
        "jobs": bench.jobs,
        "load_before": round(load_before, 1),
        "load_after": round(os.getloadavg()[0], 1),
    }


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    main()
