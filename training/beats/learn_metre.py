"""Fits the weights by which readings of a pulse are judged: `learn_metre.py DATA OUT.npz [N]`.

For each excerpt of `excerpts.py` a mix is drawn as in training, the shipped network hears it, and every reading of the
pulse that is tapped is listed (`suno_video.analyze.metre`). The right one is that whose beats and bars are the truth's.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))
from mixing import Excerpt, draw_lesson

from suno_video.analyze.beatnet import NET_RATE_HZ, hear_log, rises
from suno_video.analyze.beats import HIGHEST_BPM, LOWEST_BPM, at_full_rate, near_frames, to_peaks
from suno_video.analyze.metre import all_readings
from suno_video.analyze.pointer import follow_beats
from suno_video.analyze.spectra import RATE_HZ

_FRAMES = 2200
_NEAR_S, _ENOUGH = 0.07, 0.9
_RIDGE = 1e-3


def main() -> None:
    """Hear, list, fit, and say how often the fitted weights are right on every eighth excerpt, which they did not see."""
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    paths = sorted(folder.glob("[0-9]*.npz"))[:: max(1, 1500 // int(sys.argv[3]) if len(sys.argv) > 3 else 1)]
    cases = []
    for k, path in enumerate(paths):
        case = _case(np.random.default_rng([77, k]), Excerpt.load(path))
        if case is not None:
            cases.append(case)
        if k % 100 == 99:
            sys.stderr.write(f"{k + 1} excerpts, {len(cases)} with a right reading\n")
    np.savez(out.with_suffix(".cases.npz"), **{f"{i}": np.column_stack(case) for i, case in enumerate(cases)})
    learnt = [case for i, case in enumerate(cases) if i % 8]
    weights = _fit(learnt)
    for name, some in (("learnt", learnt), ("held out", cases[::8])):
        right = np.mean([good[np.argmax(x @ weights)] > 0 for x, good in some])
        sys.stderr.write(f"{name}: {right:.3f} of {len(some)}\n")
    np.savez(out, weights=weights.astype(np.float32))


def _case(rng: np.random.Generator, excerpt: Excerpt) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Features of all readings, and which are right."""
    if len(excerpt.beats_s) < 8:
        return None
    lesson = draw_lesson(rng, [excerpt], _FRAMES)
    heard = hear_log(lesson.log)
    beats, downbeats = ((np.flatnonzero(lesson.wanted[:, k] == 1) + 0.5) / NET_RATE_HZ for k in (0, 1))
    if len(beats) < 8 or len(downbeats) < 2:
        return None
    m = int(np.median(np.diff(np.searchsorted(beats, downbeats))))
    division = 3 if excerpt.division == 3 else 2
    fine = at_full_rate(heard[:, 0])
    pulse = to_peaks(fine, follow_beats(fine, RATE_HZ, LOWEST_BPM, HIGHEST_BPM))
    readings = list(all_readings(pulse, near_frames(heard), rises(lesson.log), heard[:, 2]))
    good = np.array(
        [(r.beats_per_bar, r.division) == (m, division) and _f(beats, r.times_s) > _ENOUGH for r in readings]
    )
    return (np.stack([r.features for r in readings]), good.astype(float)) if good.any() else None


def _f(true: NDArray[np.float64], found: NDArray[np.float64]) -> float:
    found = found[(found > true[0] - _NEAR_S) & (found < true[-1] + _NEAR_S)]
    if not len(found):
        return 0.0
    near = np.abs(true[:, None] - found[None, :]) <= _NEAR_S
    return 2 * min(near.any(axis=0).sum(), near.any(axis=1).sum()) / (len(true) + len(found))


def _fit(cases: list[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> NDArray[np.float64]:
    """Weights under which the right readings are likeliest, with a small ridge."""
    from scipy.optimize import minimize

    scale = np.std(np.concatenate([x for x, _ in cases]), axis=0) + 1e-6

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, slope = 0.0, np.zeros_like(w)
        for x, good in cases:
            z = (x / scale) @ w
            p = np.exp(z - z.max())
            q = p * good
            total -= float(np.log(q.sum() / p.sum() + 1e-12))
            slope -= (x / scale).T @ (q / (q.sum() + 1e-12) - p / p.sum())
        n = len(cases)
        return total / n + _RIDGE * float(w @ w), slope / n + 2 * _RIDGE * w

    found = minimize(loss, np.zeros(len(scale)), jac=True, method="L-BFGS-B", options={"maxiter": 400})
    return np.asarray(found.x / scale)


if __name__ == "__main__":
    main()
