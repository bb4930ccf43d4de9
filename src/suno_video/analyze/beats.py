"""Beats, bars and tempo: a network hears them, a bar pointer taps along, and attacks say when exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.bars import find_bars, harmonic_change
from suno_video.analyze.beatnet import NET_RATE_HZ, compress, hear_beats, hear_log, mel_power, rises
from suno_video.analyze.metre import read_metre
from suno_video.analyze.onsets import Onsets, refine_times, running_max
from suno_video.analyze.pointer import follow_beats
from suno_video.analyze.spectra import RATE_HZ, Matrix, Spectra
from suno_video.analyze.trust import judge_passages, no_witnesses, overall_trust, question_witnesses
from suno_video.core.grid import BeatGrid

LOWEST_BPM, HIGHEST_BPM = 40.0, 220.0
_MIN_BEATS = 6
_WINDOW = 16
_QUICK_BPM = 100.0
_OFFBEAT = 0.15
"""Even and odd beats of music at its true tempo differ by a few percent; beats and the eighths between them by more."""
_NEIGHBOURS = 8
"""Beats to either side that say how attacks lie, and how strict the time is."""
_AGREED_S, _STRICT_S, _OFF_S = 0.006, 0.008, 0.010
_BARELY = 0.2
_FAINT = 0.15
"""Where even the clearest beats are heard less than this, there is nothing to tap to."""


def track_beats(
    spectra: Spectra, onsets: Onsets, drums: Spectra | None = None, others: Matrix | None = None
) -> BeatGrid:
    """Find the beats and bars of a song. Silence and noise give an empty grid, not an error.

    Args:
        drums: The drums alone, where somebody has separated them. They are heard beside the whole.
        others: What other ears hear instead of the network: beats and downbeats, shape (n, 2), 0..1, `NET_RATE_HZ`.
    """
    # 1. Hear
    log = compress(mel_power(spectra))
    heard, rise = _hear(log, drums), rises(log)
    del log  # an hour of it is 60 MB
    if others is not None:
        n = min(len(heard), len(others))
        heard[:, :2] = 0
        heard[:n, :2] = others[:n]
    near = near_frames(heard)
    # 2. Tap along, choose how to count, then move each beat to its attack
    fine = at_full_rate(heard[:, 0])
    frames = _without_offbeats(fine, near[:, 0], follow_beats(fine, RATE_HZ, LOWEST_BPM, HIGHEST_BPM))
    pulse = within_music(to_peaks(fine, frames), spectra)
    reading = read_metre(pulse, near, rise, heard[:, 2]) if len(pulse) >= _MIN_BEATS else None
    rough = to_peaks(fine, (reading.times_s * RATE_HZ).astype(np.int64)) if reading is not None else pulse[:0]
    if len(rough) >= _MIN_BEATS:
        rough = refine_beats(spectra, rough, _levels_at(near, rough))
    beats = within_music(rough, spectra)
    at = np.clip((beats * NET_RATE_HZ).astype(np.int64), 0, len(heard) - 1)
    if reading is None or len(beats) < _MIN_BEATS or np.percentile(near[at, 0], 80) < _FAINT:
        return BeatGrid(passages=judge_passages(beats[:0], no_witnesses(), spectra.duration_s))
    # 3. Count bars
    bars = find_bars(near[at, 1], near[at, 0], reading.beats_per_bar, harmonic_change(spectra.chroma, beats))
    # 4. Judge
    level = np.interp(beats, reading.times_s, reading.level_chance)
    witnesses = question_witnesses(beats, near[at, 0], onsets.flux, bars.beats_per_bar, level)
    passages = judge_passages(beats, witnesses, spectra.duration_s)
    return BeatGrid(
        beats_s=tuple(np.round(beats, 4).tolist()),
        downbeats_s=tuple(np.round(beats[bars.places == 0], 4).tolist()),
        beats_per_bar=bars.beats_per_bar,
        division=reading.division,
        tempo_bpm=float(60 / np.median(np.diff(beats))),
        confidence=overall_trust(passages),
        passages=passages,
    )


def _hear(log: Matrix, drums: Spectra | None) -> Matrix:
    heard = hear_log(log)
    if drums is None:
        return heard
    alone = hear_beats(drums)
    n = min(len(heard), len(alone))
    # Where the drums alone say more than the whole, both count; where they rest, the whole does.
    heard[:n] += np.maximum(0, alone[:n] - heard[:n]) / 2
    return heard


def _levels_at(near: Matrix, times_s: NDArray[np.float64]) -> Matrix:
    return np.asarray(near[np.clip((times_s * NET_RATE_HZ).astype(np.int64), 0, len(near) - 1), 0])


def near_frames(heard: Matrix) -> Matrix:
    """The most that is heard of beats and downbeats within 40 ms of each frame, shape (n, 2)."""
    return np.stack([running_max(heard[:, k], 5) for k in range(2)], axis=1)


def at_full_rate(curve: Matrix) -> Matrix:
    """From the network's frames to those of the features, whose centres lie half a frame apart."""
    n = 2 * len(curve)
    at = (np.arange(n) + 0.5) / 2 - 0.5
    return np.interp(at, np.arange(len(curve)), curve).astype(np.float32)


def _without_offbeats(fine: Matrix, near: Matrix, frames: NDArray[np.int64]) -> NDArray[np.int64]:
    """Tap half as often where every second beat of a quick grid is heard clearly less than its neighbours.

    Args:
        near: What the network hears near each of its frames.
    """
    if len(frames) < 2 * _WINDOW or (tempo_bpm := 60 * RATE_HZ / float(np.median(np.diff(frames)))) < _QUICK_BPM:
        return frames
    levels = near[np.minimum(frames * NET_RATE_HZ // RATE_HZ, len(near) - 1)]
    windows = levels[: len(levels) // _WINDOW * _WINDOW].reshape(-1, _WINDOW // 2, 2).mean(axis=1)
    contrast = float(np.median(np.abs(windows[:, 0] - windows[:, 1]) / (windows.mean(axis=1) + 1e-6)))
    return frames if contrast < _OFFBEAT else follow_beats(fine, RATE_HZ, LOWEST_BPM, 0.75 * tempo_bpm)


def to_peaks(curve: Matrix, frames: NDArray[np.int64], reach: int = 3) -> NDArray[np.float64]:
    """Times of the peaks near some frames, finer than frames by a parabola; without a peak the frame stays."""
    out = (frames + 0.5) / RATE_HZ
    for i, frame in enumerate(frames):
        low = max(0, int(frame) - reach)
        peak = low + int(np.argmax(curve[low : frame + reach + 1]))
        if not 2 <= peak < len(curve) - 2 or curve[peak] < 0.05:
            continue
        left, middle, right = (float(curve[peak + k]) for k in (-2, 0, 2))
        bend = left - 2 * middle + right
        out[i] = (peak + 0.5 + (np.clip((left - right) / bend, -1, 1) if bend < 0 else 0)) / RATE_HZ
    return out


def refine_beats(spectra: Spectra, times_s: NDArray[np.float64], levels: Matrix | None = None) -> NDArray[np.float64]:
    """Move beats to the attacks they mean.

    An attack counts where it lies as far from the evidence as those of its neighbours do; elsewhere the evidence does.
    In strict time a beat that leaves the line of its neighbours is put back on it. Where the tempo breathes there is no
    such line: only beats that were barely heard are put on it.

    Args:
        levels: How clearly each beat was heard, 0..1; None where nobody heard them: they are tapped at a given tempo.
    """
    shifts = refine_times(spectra, times_s) - times_s
    usual = _running_median(shifts, _NEIGHBOURS)
    away = np.abs(shifts - usual)
    agree = away <= np.maximum(_AGREED_S, 2 * _running_median(away, _NEIGHBOURS))
    beats = times_s + np.where(agree, shifts, usual)
    line = _line_of(beats)
    away = np.abs(beats - line)
    loose = _running_median(away, _NEIGHBOURS)
    strict = (loose < _STRICT_S) | (levels is None or levels < _BARELY)
    settled = np.where(strict & (away > np.maximum(_OFF_S, 2 * loose)), line, beats)
    return np.asarray(np.maximum.accumulate(settled), dtype=np.float64)


def _line_of(beats_s: NDArray[np.float64], span: int = 4) -> NDArray[np.float64]:
    """Where each beat would lie if those around it were evenly apart; at the ends, those nearest to it."""
    n = len(beats_s)
    wide = min(n, 2 * span + 1)
    low = np.clip(np.arange(n) - span, 0, n - wide)
    near = beats_s[low[:, None] + np.arange(wide)]
    away_from = low[:, None] + np.arange(wide) - np.arange(n)[:, None]
    slopes = np.median(np.diff(near, axis=1), axis=1) if wide > 1 else np.zeros(n)
    return np.asarray(np.median(near - slopes[:, None] * away_from, axis=1))


def _running_median(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Median over a centred window, shorter at the ends."""
    n, wide = len(values), 2 * reach + 1
    out = np.array([np.median(values[max(0, i - reach) : i + reach + 1]) for i in range(min(n, reach))])
    if n < wide:
        rest = [np.median(values[max(0, i - reach) : i + reach + 1]) for i in range(len(out), n)]
        return np.concatenate([out, rest])
    middle = np.median(np.lib.stride_tricks.sliding_window_view(values, wide), axis=1)
    rest = [np.median(values[i - reach :]) for i in range(n - reach, n)]
    return np.concatenate([out, middle, rest])


def within_music(beats_s: NDArray[np.float64], spectra: Spectra) -> NDArray[np.float64]:
    """Drop beats in the silence before and after the music, and beats that do not rise."""
    heard = np.flatnonzero(spectra.weighted > 1e-7)
    if not len(heard):
        return beats_s[:0]
    first, last = heard[0] / RATE_HZ - 0.05, heard[-1] / RATE_HZ + 0.05
    kept = beats_s[(beats_s >= max(0.0, first)) & (beats_s <= min(last, spectra.duration_s))]
    return np.asarray(kept[np.diff(kept, prepend=-1.0) > 0.1], dtype=np.float64)
