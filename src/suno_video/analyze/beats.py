"""Beats, bars and tempo: a network hears them, a bar pointer taps along, and attacks say when exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.bars import find_bars
from suno_video.analyze.beatnet import NET_RATE_HZ, hear_beats
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
    heard = _hear(spectra, drums)
    if others is not None:
        n = min(len(heard), len(others))
        heard[:, :2] = 0
        heard[:n, :2] = others[:n]
    near = np.stack([running_max(heard[:, k], 5) for k in range(2)], axis=1)
    # 2. Tap along, then move each beat to its attack
    fine = _at_full_rate(heard[:, 0])
    frames = _without_offbeats(fine, near[:, 0], follow_beats(fine, RATE_HZ, LOWEST_BPM, HIGHEST_BPM))
    rough = _to_peaks(fine, frames)
    beats = within_music(refine_beats(spectra, rough) if len(rough) >= _MIN_BEATS else rough[:0], spectra)
    at = np.clip((beats * NET_RATE_HZ).astype(np.int64), 0, len(heard) - 1)
    if len(beats) < _MIN_BEATS or np.percentile(near[at, 0], 80) < _FAINT:
        return BeatGrid(passages=judge_passages(beats[:0], no_witnesses(), spectra.duration_s))
    # 3. Count bars
    compound = float(np.average(heard[at, 2], weights=near[at, 0])) > 0.5
    bars = find_bars(near[at, 1], near[at, 0], compound)
    # 4. Judge
    witnesses = question_witnesses(beats, near[at, 0], onsets.flux, bars.beats_per_bar)
    passages = judge_passages(beats, witnesses, spectra.duration_s)
    return BeatGrid(
        beats_s=tuple(np.round(beats, 4).tolist()),
        downbeats_s=tuple(np.round(beats[bars.places == 0], 4).tolist()),
        beats_per_bar=bars.beats_per_bar,
        division=3 if compound else 2,
        tempo_bpm=float(60 / np.median(np.diff(beats))),
        confidence=overall_trust(passages),
        passages=passages,
    )


def _hear(spectra: Spectra, drums: Spectra | None) -> Matrix:
    heard = hear_beats(spectra)
    if drums is None:
        return heard
    alone = hear_beats(drums)
    n = min(len(heard), len(alone))
    # Where the drums alone say more than the whole, both count; where they rest, the whole does.
    heard[:n] += np.maximum(0, alone[:n] - heard[:n]) / 2
    return heard


def _at_full_rate(curve: Matrix) -> Matrix:
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


def _to_peaks(curve: Matrix, frames: NDArray[np.int64], reach: int = 3) -> NDArray[np.float64]:
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


def refine_beats(spectra: Spectra, times_s: NDArray[np.float64], span: int = 4) -> NDArray[np.float64]:
    """Move beats to the attacks they mean; one that leaves the line of its neighbours is put back on that line."""
    refined = refine_times(spectra, times_s)
    n = len(refined)
    wide = min(n, 2 * span + 1)
    # As many beats around each, at the ends those nearest to it.
    low = np.clip(np.arange(n) - span, 0, n - wide)
    near = refined[low[:, None] + np.arange(wide)]
    away_from = low[:, None] + np.arange(wide) - np.arange(n)[:, None]
    slopes = np.median(np.diff(near, axis=1), axis=1) if wide > 1 else np.zeros(n)
    line = np.median(near - slopes[:, None] * away_from, axis=1)
    away = np.abs(refined - line)
    # Where nobody keeps strict time (rubato), the attacks are right and the line is not.
    loose = _running_median(away, 8)
    settled = np.where(away <= np.maximum(0.010, 2.0 * loose), refined, line)
    return np.asarray(np.maximum.accumulate(settled), dtype=np.float64)


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
