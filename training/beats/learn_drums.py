"""Learns which drum is hit: `learn_drums.py OUT.npz N` composes and plays N pieces and fits a logistic regression.

Half of the pieces are heard as mixes, half as their drums alone, so that one set of weights serves songs and stems.
Needs numpy and scipy, and the banks of samples that `soundfont.py` names; about three seconds a piece.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))
from compose import LENGTH_S, Hit, Piece, compose
from instruments import RATE_HZ, Matrix
from perform import Player
from soundfont import BANKS, Sampler

from suno_video.analyze.drums import CLASSES, drum_candidates, drum_features
from suno_video.analyze.onsets import find_onsets
from suno_video.analyze.spectra import RATE_HZ as FEATURE_RATE_HZ
from suno_video.analyze.spectra import measure_spectra
from suno_video.media.audio import Sound

CLASS_OF = {
    "kick": "kick",
    "snare": "snare",
    "rim": "snare",
    "clap": "snare",
    "hat": "hat",
    "open": "hat",
    "ride": "hat",
}
UNCLEAR = ("crash", "perc", "tom")
"""Heard by some as one of the classes: they teach nothing about hats and snares."""
_NEAR_S, _RIDGE = 0.03, 3e-3


class NotingPlayer(Player):
    """Notes when it really hit which drum."""

    played: list[tuple[Hit, float]]

    def _moments(self, rng: np.random.Generator, piece: Piece, loose: float) -> list[tuple[Hit, float]]:
        self.played += (now := super()._moments(rng, piece, loose))
        return now


def hear(samples: Matrix) -> tuple[NDArray[np.int64], Matrix]:
    """Candidates and their features, as the package hears them."""
    sound = Sound(RATE_HZ, 1, iter([samples.astype(np.float32)[:, None]]), n_samples=len(samples))
    spectra = measure_spectra(sound)
    at = drum_candidates(find_onsets(spectra))
    return at, drum_features(spectra, at) if len(at) else np.zeros((0, 48), dtype=np.float32)


def lesson(player: NotingPlayer, seed: int) -> tuple[Matrix, NDArray[np.float64]]:
    """Features, and for each class 1, 0, or NaN where nothing is to be learned."""
    rng = np.random.default_rng([77, seed])
    player.played = []
    piece = compose(rng)
    stems = player.stems(rng, piece)
    loud = {name: stem / (np.sqrt(np.mean(stem**2)) + 1e-3) for name, stem in stems.items()}
    alone = rng.random() < 0.3
    mix = sum(loud[name] * rng.uniform(0.4, 1.2) * (name == "drums" or not alone) for name in loud)
    mix = np.tanh(mix / (np.percentile(np.abs(mix), 99.5) + 1e-6) * rng.uniform(0.7, 2.0))
    mix += rng.normal(0, 10 ** rng.uniform(-5, -2.7), len(mix))
    at, rows = hear(np.asarray(mix * 0.8))
    times = (at + 0.5) / FEATURE_RATE_HZ
    wanted = np.zeros((len(at), len(CLASSES)))
    for hit, time_s in player.played:
        near = np.abs(times - time_s) < _NEAR_S
        if hit.drum in CLASS_OF:
            wanted[near, CLASSES.index(CLASS_OF[hit.drum])] = 1 if hit.level > 0.25 else np.nan
        elif hit.drum in UNCLEAR:
            wanted[near, 1:] = np.where(wanted[near, 1:] == 1, 1, np.nan)
    return rows, wanted


def fit(rows: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logistic regression with a ridge by Newton's method; the last weight is the bias."""
    x = np.hstack([rows, np.ones((len(rows), 1))])
    w = np.zeros(x.shape[1])
    ridge = _RIDGE * len(x) * np.diag([1e-1] * rows.shape[1] + [0.0])
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        slope = x.T @ (wanted - p) - ridge @ w
        bend = (x * (p * (1 - p))[:, None]).T @ x + ridge + 1e-6 * np.eye(len(w))
        w += np.linalg.solve(bend, slope)
    return w


def main() -> None:
    """Compose, hear, fit, write."""
    out, n = Path(sys.argv[1]), int(sys.argv[2])
    player = NotingPlayer([Sampler(bank) for bank in BANKS])
    lessons = [lesson(player, seed) for seed in range(n)]
    rows = np.concatenate([rows for rows, _ in lessons]).astype(np.float64)
    wanted = np.concatenate([wanted for _, wanted in lessons])
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    weights, bias = [], []
    for k in range(len(CLASSES)):
        known = ~np.isnan(wanted[:, k])
        w = fit((rows[known] - mean) / spread, wanted[known, k])
        weights.append(w[:-1] / spread)
        bias.append(w[-1] - float((w[:-1] * mean / spread).sum()))
    np.savez(out, weights=np.array(weights, dtype=np.float32).T, bias=np.array(bias, dtype=np.float32))
    sys.stderr.write(f"{n} pieces of {LENGTH_S:g} s, {len(rows)} onsets\n")


if __name__ == "__main__":
    main()
