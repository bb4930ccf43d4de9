"""Where something new begins: spectral flux in five registers, and onset times to the millisecond."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.spectra import ATTACK_RATE_HZ, RATE_HZ, Matrix, Spectra

MEL_GROUPS = (0, 3, 10, 34, 56, 80)
"""Borders of kick, bass, melody, presence and cymbals among the mel bands."""
N_GROUPS = len(MEL_GROUPS) - 1
_LAG = 3  # frames, about as long as half a window: shorter sees half a rise, longer smears two
_CHUNK = 20_000
_PAST, _NEXT = 8, 4
"""Steps of the attack curve that are held against each other."""
_MOMENTS = 2000
"""Moments that are refined at once: an hour-long song has tens of thousands."""
_LEAST_RISE = 0.03
"""Less than this is the ripple of a steady sound."""
_NOISE_CREST = (12.5, 7.5, 4.2, 4.2, 4.0)
"""How far the peaks of white noise stand above its mean in each register, with a margin; wider registers are calmer."""
SILENCE_DB = -75.0
"""A frame below this level, summed over all bands, holds nothing worth hearing."""


@dataclass(frozen=True)
class Onsets:
    """Beginnings of notes and drums."""

    flux: Matrix
    """Shape (n, N_GROUPS): rise of each register, about 1 at a clear local onset; `RATE_HZ`."""
    times_s: NDArray[np.float64]
    """Every onset, also weak ones, rising strictly."""
    strengths: Matrix
    """Strength of each, 0..1."""

    def clear_times_s(self, least: float = 0.3) -> tuple[float, ...]:
        """Onsets that a listener would tap to."""
        return tuple(float(t) for t in self.times_s[self.strengths >= least])


def find_onsets(spectra: Spectra) -> Onsets:
    """Find where notes and drums begin. Silence and steady noise give none."""
    flux = level_locally(spectral_flux(spectra))
    total = flux @ np.array([1.0, 0.7, 0.7, 0.6, 0.6], dtype=np.float32) / np.float32(2.4)
    at, strengths = _pick_peaks(total)
    times = refine_times(spectra, (at + 0.5) / RATE_HZ)
    order = np.argsort(times, kind="stable")
    times, strengths = times[order], strengths[order]
    # Two peaks may refine to the same attack: the stronger stays.
    keep = np.ones(len(times), dtype=bool)
    for i in range(1, len(times)):
        if times[i] - times[i - 1] < 0.02:
            keep[i if strengths[i] <= strengths[i - 1] else i - 1] = False
    return Onsets(flux, times[keep], strengths[keep])


def spectral_flux(spectra: Spectra) -> Matrix:
    """Rise of log amplitude against a moment before, mean over each register, shape (n, N_GROUPS).

    Compares with the loudest neighbouring band of before, so that vibrato is no onset (SuperFlux, Böck, Widmer 2013).
    """
    loud_db = float(np.percentile(spectra.mel_db.max(axis=1)[: 10**6], 95)) if spectra.n else -120.0
    flux = np.zeros((spectra.n, N_GROUPS), dtype=np.float32)
    if loud_db < SILENCE_DB:
        return flux
    for start in range(0, spectra.n, _CHUNK):
        lead = min(start, _LAG)
        db = spectra.mel_db[start - lead : start + _CHUNK].astype(np.float32)
        log = log_amplitude(db, loud_db, 200.0)
        widest = np.maximum(log, np.maximum(np.roll(log, 1, axis=1), np.roll(log, -1, axis=1)))
        before = np.concatenate([np.repeat(widest[:1], _LAG, axis=0), widest])[: len(log)]
        if start == 0:
            before[:_LAG] = 0  # sound that is there from the first sample begins there
        rise = np.maximum(0, log - before)[lead:]
        for group, (low, high) in enumerate(zip(MEL_GROUPS, MEL_GROUPS[1:], strict=False)):
            flux[start : start + len(rise), group] = rise[:, low:high].mean(axis=1)
    return flux


def log_amplitude(db: Matrix, loud_db: float, gain: float) -> Matrix:
    """Compress levels: log10 of 1 + gain x amplitude against `loud_db`. By exp and log, which NumPy has vectors for."""
    amplitude = np.exp((db - np.float32(loud_db)) * np.float32(np.log(10) / 20))
    return np.asarray(np.log(1 + np.float32(gain) * amplitude) * np.float32(1 / np.log(10)), dtype=np.float32)


def level_locally(flux: Matrix, span_s: float = 8.0) -> Matrix:
    """Make quiet passages count as much as loud ones: about 1 at each local peak, at most 1.5.

    A register in which nothing stands out (noise, a steady tone, silence) stays 0 instead of being blown up.
    """
    out = np.zeros_like(flux)
    moves = np.flatnonzero(flux.any(axis=1))
    heard = slice(moves[0], moves[-1] + 1) if len(moves) else slice(0)
    for group in range(flux.shape[1]):
        peaks = running_max(flux[:, group], RATE_HZ // 2)
        if not len(moves) or not _stands_out(flux[heard, group], peaks[heard], _NOISE_CREST[group]):
            continue
        local = running_mean(peaks, int(span_s * RATE_HZ))
        floor = 0.25 * float(np.percentile(peaks[heard], 90)) + _LEAST_RISE / 2
        out[:, group] = np.minimum(flux[:, group] / np.maximum(local, floor), 1.5)
    return out


def _stands_out(flux: Matrix, peaks: Matrix, noise_crest: float) -> bool:
    strong = float(np.percentile(peaks, 98))
    return strong > _LEAST_RISE and strong > noise_crest * float(flux.mean())


def _pick_peaks(curve: Matrix) -> tuple[NDArray[np.int64], Matrix]:
    """Local maxima over 50 ms that rise above the mean of their surroundings, with strengths 0..1."""
    if not len(curve) or curve.max() <= 0.02:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    around = running_mean(curve, RATE_HZ)
    is_peak = (curve >= running_max(curve, 7)) & (curve > around + 0.06) & (curve > 0.08)
    at = np.flatnonzero(is_peak)
    at = at[np.diff(at, prepend=-10) > 2]
    return at, np.clip(curve[at] - 0.5 * around[at], 0, 1).astype(np.float32)


def refine_times(spectra: Spectra, times_s: NDArray[np.float64], reach_s: float = 0.04) -> NDArray[np.float64]:
    """Move rough times (right to some 20 ms) to the attack that they mean; those without a clear attack stay."""
    reach, out = int(reach_s * ATTACK_RATE_HZ), times_s.copy()
    # Silence before and after, so that each moment has the same surroundings.
    attack = np.pad(spectra.attack.astype(np.float64), (reach + _PAST, reach + _NEXT))
    sums = np.concatenate([[0.0], np.cumsum(attack)])
    for start in range(0, len(times_s), _MOMENTS):
        part = slice(start, start + _MOMENTS)
        middle = (times_s[part] * ATTACK_RATE_HZ).astype(np.int64)
        # Positions in the padded curve, one row of `2 * reach + 1` for each moment.
        at = middle[:, None] + np.arange(2 * reach + 1)[None, :] + _PAST
        inside = (at >= reach + _PAST) & (at < reach + _PAST + len(spectra.attack))
        best, clear = _clearest_jump(sums, at, inside)
        rows = np.arange(len(at))
        near = attack[np.minimum(at[rows, best][:, None] + np.arange(5)[None, :], len(attack) - 1)]
        first_loud = best + np.argmax(near >= 0.25 * near.max(axis=1, keepdims=True), axis=1)
        # A step is known by its end, so that an attack on a frame's border never counts to the frame before.
        refined = (middle - reach + first_loud + 1) / ATTACK_RATE_HZ - 1e-6
        out[part] = np.where(clear, refined, out[part])
    return out


def _clearest_jump(
    sums: NDArray[np.float64], at: NDArray[np.int64], inside: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """For each row of positions give where the power jumps most, and whether that is an attack.

    The ear hears the jump: power of the next 4 ms against that of the 8 ms before.
    """
    at = np.clip(at, _PAST, len(sums) - 1 - _NEXT)
    after = np.maximum(0, (sums[at + _NEXT] - sums[at]) / _NEXT) * inside
    past = np.maximum(0, (sums[at] - sums[at - _PAST]) / _PAST)
    loudest = after.max(axis=1, keepdims=True)
    floor = 0.02 * loudest + 1e-12
    jump = np.log((after + floor) / (past + floor)) * np.sqrt(after / (loudest + 1e-12))
    jump[~inside] = -np.inf
    best = np.argmax(jump, axis=1)
    clear = (jump[np.arange(len(jump)), best] > 0.7) & (inside.sum(axis=1) >= 4)
    return np.asarray(best, dtype=np.int64), clear


def running_max(values: Matrix, width: int) -> Matrix:
    """Maximum over a centred window."""
    width = max(1, width)
    edge = np.full(width // 2, -np.inf, dtype=np.float32)
    padded = np.concatenate([edge, values, edge])
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)[: len(values)]
    return np.asarray(windows.max(axis=1), dtype=np.float32)


def running_mean(values: Matrix, width: int) -> Matrix:
    """Mean over a centred window, shorter at the ends."""
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    index = np.arange(len(values))
    low, high = np.maximum(index - width // 2, 0), np.minimum(index + width // 2 + 1, len(values))
    return np.asarray((sums[high] - sums[low]) / (high - low), dtype=np.float32)
