"""Where somebody sings: from a stem of the voice by its level, else from the mix by what voices do and bands do not.

In the mix four things speak for a voice (after Lehner, Widmer and Sonnleitner 2014, and Rafii and Pardo 2012): pitch
that glides within a note, sound that does not return as loops do, middle registers that are full, and lines that are
smeared by vibrato. None is proof: a lead guitar does all of them. So where no words say that somebody sings, only clear
signs count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.onsets import running_mean
from suno_video.analyze.spectra import RATE_HZ, Matrix, Spectra
from suno_video.core.analysis import VoiceSpan

VOICE_RATE_HZ = 10
_BANDS = slice(7, 56)
"""Mel bands of 200 to 4500 Hz, where voices have their formants."""
_MAX_REFERENCES = 1500
_N_ALIKE = 16
_CHUNK = 20_000
_CLEAR_SIGN = 0.3
"""Correlation of glides and novelty from which an unknown song counts as sung."""
_LEAST_SPAN_S, _LEAST_GAP_S = 0.4, 0.6
_STEM_BELOW_DB, _STEM_FLOOR_DB = 28.0, -58.0


@dataclass(frozen=True)
class Voices:
    """Who sings when."""

    likelihood: Matrix
    """Shape (m,), 0..1: how far somebody sings, `VOICE_RATE_HZ`; 0.5 throughout where nobody knows."""
    spans: tuple[VoiceSpan, ...] = ()

    def per_bar(self, edges_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean likelihood between neighbouring edges."""
        sums = np.concatenate([[0.0], np.cumsum(self.likelihood, dtype=np.float64)])
        at = np.clip((edges_s * VOICE_RATE_HZ).round().astype(np.int64), 0, len(self.likelihood))
        counts = np.diff(at)
        return np.where(counts > 0, np.diff(sums[at]) / np.maximum(counts, 1), 0.5)


def find_voices(spectra: Spectra, *, is_sung: bool | None, stem: Spectra | None = None) -> Voices:
    """Find where somebody sings. Silence and noise give no spans.

    Args:
        is_sung: Whether words or tags say that somebody sings, or that nobody does; None where they say nothing.
        stem: The voice alone.
    """
    n = int(np.ceil(spectra.duration_s * VOICE_RATE_HZ))
    if stem is not None:
        return _voices_of_stem(stem, spectra.duration_s, n)
    nobody = Voices(np.full(n, 0.5, dtype=np.float32))
    if is_sung is False or spectra.duration_s < 10:
        return nobody
    signs = _signs(spectra)
    heard = signs.level > np.percentile(signs.level, 95) - 30
    if heard.sum() < 50 or float(np.std(signs.glide[heard])) < 1e-4:
        return nobody
    agreement = float(np.corrcoef(signs.glide[heard], signs.fresh[heard])[0, 1])
    if is_sung is None and not agreement > _CLEAR_SIGN:
        return nobody
    score = np.where(heard, _weigh(signs, heard), -4.0)
    border = 0.25 * _two_piles(score[heard])
    likelihood = np.asarray(1 / (1 + np.exp(-(score - border) / 0.8)), dtype=np.float32)[:n]
    likelihood = np.pad(likelihood, (0, n - len(likelihood)))
    trust = 0.7 if is_sung else 0.4
    return Voices(likelihood, _spans(likelihood, 0.5, VOICE_RATE_HZ, spectra.duration_s, trust))


def _voices_of_stem(stem: Spectra, duration_s: float, n: int) -> Voices:
    level = 10 * np.log10(running_mean(stem.weighted, 5) + 1e-12)
    loud = float(np.percentile(level, 97)) if len(level) else -120.0
    sings = 1 / (1 + np.exp(-(level - max(loud - _STEM_BELOW_DB, _STEM_FLOOR_DB)) / 2))
    every = RATE_HZ // VOICE_RATE_HZ
    rows = np.pad(sings, (0, n * every))[: n * every].reshape(n, every)
    spans = _spans(sings.astype(np.float32), 0.5, RATE_HZ, duration_s, 0.95, least_gap_s=0.3, least_span_s=0.12)
    return Voices(rows.mean(axis=1).astype(np.float32), spans)


@dataclass(frozen=True)
class _Signs:
    """What speaks for a voice, each of shape (m,), `VOICE_RATE_HZ`."""

    glide: Matrix
    level: Matrix
    fresh: Matrix
    """Share of the sound that does not come back elsewhere in the song; `fresh_db` its level."""
    fresh_db: Matrix
    lines: Matrix
    """How narrow the lines of the spectrum stand; voices smear theirs."""


def _signs(spectra: Spectra) -> _Signs:
    parts: list[tuple[Matrix, ...]] = []
    step = 2 * _CHUNK // 10 * 10
    pieces = [
        _held_sound(spectra.mel_db[max(0, a - 20) : a + step + 20], min(a, 20), step) for a in range(0, spectra.n, step)
    ]
    for db in pieces:  # 25 frames a second
        lined = db - _across(db, 9)
        before, after = lined[:-2], lined[2:]
        size = np.sqrt((before**2).sum(axis=1) * (after**2).sum(axis=1)) + np.float32(1e-3)
        up = (before[:, :-1] * after[:, 1:]).sum(axis=1)
        down = (before[:, 1:] * after[:, :-1]).sum(axis=1)
        glide = np.pad(np.abs(up - down) / size, 1)[: len(db)]
        parts.append((glide, db.mean(axis=1), np.abs(lined).mean(axis=1)))
    glide, level, lines = (_slow(np.concatenate(column), 25, 0.9) for column in zip(*parts, strict=True))
    power = np.concatenate([_pool_power(db) for db in pieces])
    fresh, fresh_db = _what_does_not_return(power)
    n = min(len(glide), len(power))
    return _Signs(glide[:n], level[:n], _smooth(fresh, 9)[:n], _smooth(fresh_db, 9)[:n], lines[:n])


def _held_sound(mel_db: NDArray[np.float16], lead: int, keep: int) -> Matrix:
    """Decibels of the sound that lasts longer than a stroke of a drum, 25 frames a second (opening over time)."""
    rows = np.maximum(mel_db[:, _BANDS].astype(np.float32), -90.0)
    rows = rows[: len(rows) // 2 * 2].reshape(-1, 2, rows.shape[1]).mean(axis=1)
    if len(rows) < 8:
        return np.asarray(rows[::2][: keep // 4], dtype=np.float32)
    low = _sliding(rows, 5, np.minimum)
    opened = _sliding(low, 5, np.maximum)
    opened = opened[lead // 2 : lead // 2 + keep // 2]
    return np.asarray(opened[: len(opened) // 2 * 2].reshape(-1, 2, rows.shape[1]).mean(axis=1), dtype=np.float32)


def _sliding(rows: Matrix, width: int, take: np.ufunc) -> Matrix:
    padded = np.pad(rows, ((width // 2, width // 2), (0, 0)), mode="edge")
    out = padded[: len(rows)].copy()
    for k in range(1, width):
        take(out, padded[k : k + len(rows)], out=out)
    return out


def _across(rows: Matrix, width: int) -> Matrix:
    """Mean over neighbouring bands."""
    padded = np.pad(rows, ((0, 0), (width // 2 + 1, width // 2)), mode="edge")
    sums = np.cumsum(padded, axis=1, dtype=np.float32)
    return np.asarray((sums[:, width:] - sums[:, :-width]) / np.float32(width), dtype=np.float32)


def _pool_power(db: Matrix) -> Matrix:
    """Power at `VOICE_RATE_HZ` from decibels at 25 frames a second."""
    power = np.exp(db * np.float32(np.log(10) / 10))
    at = np.arange(len(db) * VOICE_RATE_HZ // 25)
    first = at * 25 // VOICE_RATE_HZ
    return np.asarray(0.5 * (power[first] + power[np.minimum(first + 1, len(power) - 1)]), dtype=np.float32)


def _slow(values: Matrix, rate_hz: int, span_s: float) -> Matrix:
    smooth = running_mean(values, int(span_s * rate_hz))
    at = np.arange(len(values) * VOICE_RATE_HZ // rate_hz)
    middle = (at * rate_hz + rate_hz // 2) // VOICE_RATE_HZ
    return np.asarray(smooth[np.minimum(middle, len(values) - 1)], dtype=np.float32)


def _smooth(values: Matrix, width: int) -> Matrix:
    return np.asarray(running_mean(values, width), dtype=np.float32)


def _what_does_not_return(power: Matrix) -> tuple[Matrix, Matrix]:
    """Share and level of each moment beyond the median of those most like it elsewhere (REPET-SIM)."""
    n = len(power)
    shape = np.log1p(power / (np.percentile(power, 90) + 1e-12) * 10)
    shape /= np.linalg.norm(shape, axis=1, keepdims=True) + np.float32(1e-6)
    chosen = np.unique(np.linspace(0, n - 1, min(n, _MAX_REFERENCES)).astype(np.int64))
    share, level = np.zeros(n, dtype=np.float32), np.zeros(n, dtype=np.float32)
    floor = np.float32(1e-6 * np.percentile(power.sum(axis=1), 95) + 1e-12)
    n_alike = min(_N_ALIKE, max(1, len(chosen) // 3))
    for start in range(0, n, 512):
        rows = slice(start, min(n, start + 512))
        alike = shape[rows] @ shape[chosen].T
        # A held note is like itself: only what is a second away or more counts.
        alike[np.abs(np.arange(rows.start, rows.stop)[:, None] - chosen[None, :]) < VOICE_RATE_HZ] = -1
        nearest = chosen[np.argpartition(alike, -n_alike, axis=1)[:, -n_alike:]]
        usual = np.partition(power[nearest], n_alike // 2, axis=1)[:, n_alike // 2]
        beyond = np.maximum(0, power[rows] - usual).sum(axis=1)
        share[rows] = beyond / (power[rows].sum(axis=1) + 100 * floor)
        level[rows] = 10 * np.log10(beyond + floor)
    return share, level


def _weigh(signs: _Signs, heard: NDArray[np.bool_]) -> NDArray[np.float64]:
    weights = ((signs.glide, 1.0), (signs.level, 0.7), (signs.fresh_db, 1.0), (signs.fresh, 0.5), (signs.lines, -0.5))
    total = np.zeros(len(signs.glide))
    for values, weight in weights:
        low, middle, high = np.percentile(values[heard], (16, 50, 84))
        total += weight * np.clip(2 * (values - middle) / (high - low + 1e-6), -3, 3)
    return total


def _two_piles(values: NDArray[np.float64]) -> float:
    """The border that parts values best into two piles (Otsu 1979)."""
    counts, edges = np.histogram(values, 64)
    middle = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts) / counts.sum()
    mass = np.cumsum(counts * middle) / counts.sum()
    between = (mass[-1] * below - mass) ** 2 / (below * (1 - below) + 1e-9)
    return float(middle[int(np.argmax(between[:-1]))])


def _spans(
    likelihood: Matrix,
    least: float,
    rate_hz: int,
    duration_s: float,
    trust: float,
    least_gap_s: float = _LEAST_GAP_S,
    least_span_s: float = _LEAST_SPAN_S,
) -> tuple[VoiceSpan, ...]:
    inside = np.concatenate([[False], likelihood > least, [False]])
    starts, stops = np.flatnonzero(inside[1:] & ~inside[:-1]), np.flatnonzero(~inside[1:] & inside[:-1])
    joined: list[list[int]] = []
    for start, stop in zip(starts, stops, strict=True):
        if joined and start - joined[-1][1] < least_gap_s * rate_hz:
            joined[-1][1] = int(stop)
        else:
            joined.append([int(start), int(stop)])
    return tuple(
        VoiceSpan(
            start_s=round(start / rate_hz, 3),
            end_s=round(min(stop / rate_hz, duration_s), 3),
            confidence=round(trust * float(likelihood[start:stop].mean()), 3),
        )
        for start, stop in joined
        if stop - start >= least_span_s * rate_hz
    )
