"""Films through kill -9: how many came out the same, what was bought twice, what was left lying about."""

from __future__ import annotations

import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
N_FILMS, N_FILMS_QUICK = 200, 4
MAX_KILLS = 3


def crash_rounds(n_films: int, jobs: int) -> dict[str, Any]:
    """Render so many films of a make-believe paid service, each through one to three kills at random moments.

    Every second time only the parent dies, and its encoders live on; else the whole tree does, as in a power cut.
    """
    with ProcessPoolExecutor(jobs) as pool:
        unharmed = pool.submit(_film, 0, 0).result()
        rounds = list(pool.map(_film, range(1, n_films + 1), (1 + seed % MAX_KILLS for seed in range(n_films))))
    return {
        "n_films": len(rounds),
        "n_kills": sum(each["n_kills"] for each in rounds),
        "n_runs": sum(each["n_runs"] for each in rounds),
        "n_same": sum(each["film"] == unharmed["film"] for each in rounds),
        "n_bought_twice": sum(len(each["bought_twice"]) for each in rounds),
        "n_bought_more": sum(each["n_bought"] > unharmed["n_bought"] for each in rounds),
        "n_strays": sum(len(each["strays"]) for each in rounds),
        "n_orphans": sum(len(each["orphans"]) for each in rounds),
        "most_runs": max(each["n_runs"] for each in rounds),
    }


def _film(seed: int, n_kills: int) -> dict[str, Any]:
    sys.path.insert(0, str(ROOT))
    from tests.e2e.crashes import render_through_kills

    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        return asdict(render_through_kills(Path(folder), seed, n_kills, only_parent=seed % 2 == 1))
