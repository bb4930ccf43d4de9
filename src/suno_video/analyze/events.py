"""What happens in the music beyond its parts: builds, drops, breaks, and sudden stops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.onsets import running_max, running_mean
from suno_video.analyze.spectra import RATE_HZ, Matrix, Spectra
from suno_video.core.analysis import DrumHits, EventKind, Section, SongEvent

_STOP_LEAST_S, _STOP_MOST_S, _STOP_DB = 0.2, 4.0, 27.0
_BREAK_BARS = 2
_NO_BEAT_BAR_S = 2.0
_JUMP_DB, _LOW_JUMP_DB, _FALL_DB = 6.0, 4.0, 1.0
_LEAST_BUILD_S, _MOST_BUILD_S = 3.0, 32.0
_LEAST_DRUMS_PER_S = 0.4
"""Fewer kicks and snares than this in a whole song are no drums that could be missed."""


def find_events(
    spectra: Spectra, drums: DrumHits, downbeats_s: tuple[float, ...], sections: tuple[Section, ...]
) -> tuple[SongEvent, ...]:
    """Find what happens, in order. Silence, noise and a steady song give nothing.

    Args:
        downbeats_s: Where bars begin; jumps are looked for there and where parts begin.
        sections: The parts; silence at the ends of the song is no stop.
    """
    music = [part for part in sections if part.label != "silence"]
    if not music or spectra.n < 10 * RATE_HZ:
        return ()
    level = 10 * np.log10(running_mean(spectra.weighted, 5) + 1e-12)
    if float(np.percentile(level, 90)) < -60:
        return ()
    stops = _find_stops(level, music[0].start_s, _last_sound_s(level))
    bars = _bar_lines(downbeats_s, sections)
    breaks = _find_breaks(drums, bars, spectra.duration_s)
    drops = _find_drops(spectra, bars, breaks, stops)
    builds = _find_builds(spectra, drums, bars, drops, sections)
    return tuple(sorted((*stops, *breaks, *builds, *drops), key=lambda event: (event.start_s, event.kind)))


def _event(kind: EventKind, start_s: float, end_s: float, strength: float) -> SongEvent:
    return SongEvent(
        kind=kind,
        start_s=round(max(0.0, start_s), 3),
        end_s=round(end_s, 3),
        strength=round(float(np.clip(strength, 0, 1)), 3),
    )


def _last_sound_s(level: Matrix) -> float:
    heard = np.flatnonzero(level > np.percentile(level, 95) - 30)
    return float(heard[-1]) / RATE_HZ if len(heard) else 0.0


def _bar_lines(downbeats_s: tuple[float, ...], sections: tuple[Section, ...]) -> NDArray[np.float64]:
    """Bar lines, or stretches of two seconds where there are none, and the starts of parts."""
    end_s = sections[-1].end_s
    lines = np.asarray(downbeats_s if len(downbeats_s) > 4 else np.arange(0, end_s, _NO_BEAT_BAR_S), dtype=np.float64)
    starts = np.array([part.start_s for part in sections if part.start_s > 0])
    far = [start for start in starts if np.abs(lines - start).min() > 0.3]
    return np.sort(np.concatenate([lines, far]))


def _find_stops(level: Matrix, start_s: float, end_s: float) -> list[SongEvent]:
    """The music falls away at once, to a sixteenth of its loudness or less, and comes back."""
    quiet = level < running_max(level, 3 * RATE_HZ) - _STOP_DB
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]]).astype(np.int8)))
    playing = float(np.percentile(level[level > level.max() - 50], 55))
    stops = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        length_s = (stop - start) / RATE_HZ
        inside = start / RATE_HZ > start_s + 1 and stop / RATE_HZ < end_s - 0.5
        if not inside or not _STOP_LEAST_S - 0.03 <= length_s <= _STOP_MOST_S:
            continue
        before, after = float(level[max(0, start - 40) : start].max()), float(level[stop : stop + 40].max())
        depth = min(before, after) - float(level[start:stop].mean())
        # A stop is a wall on both sides, and it is the whole band that stops.
        if depth > _STOP_DB and before > playing:
            stops.append(_event("stop", start / RATE_HZ, stop / RATE_HZ, depth / 60))
    return [stop for stop in stops if not _is_manner(stop, stops)]


def _is_manner(stop: SongEvent, stops: list[SongEvent]) -> bool:
    """Gaps of one kind that come again within seconds are a way of playing."""
    like = [other for other in stops if other is not stop and other.strength > stop.strength - 0.2]
    near = sum(abs(other.start_s - stop.start_s) < 4.0 for other in like)
    return near > 0 or sum(abs(other.start_s - stop.start_s) < 20.0 for other in like) > 2


def _find_breaks(drums: DrumHits, bars: NDArray[np.float64], duration_s: float) -> list[SongEvent]:
    """Kick and snare rest for two bars or more between bars in which they play."""
    hits = np.sort(np.concatenate([drums.kick_s, drums.snare_s]))
    if len(hits) < _LEAST_DRUMS_PER_S * duration_s or len(bars) < 6:
        return []
    edges = np.append(bars, duration_s)
    counts = np.diff(np.searchsorted(hits, edges - 0.06))
    usual = float(np.median(counts[counts > 0]))
    rests = counts <= 0.25 * usual
    rests[: int(np.argmax(~rests))] = False
    edge = np.flatnonzero(np.diff(np.concatenate([[False], rests, [False]]).astype(np.int8)))
    out = []
    for first, after in zip(edge[::2], edge[1::2], strict=True):
        if after == len(counts) or after - first < _BREAK_BARS or edges[after] - edges[first] < 2.0:
            continue
        # Only what plays on both sides can be missed between.
        sides = (counts[max(0, first - 2) : first].mean(), counts[after : after + 8].max())
        if min(sides) >= 0.6 * usual and usual >= 2:
            out.append(_event("break", edges[first], edges[after], 1 - counts[first:after].mean() / usual))
    return out


def _find_drops(
    spectra: Spectra, bars: NDArray[np.float64], breaks: list[SongEvent], stops: list[SongEvent]
) -> list[SongEvent]:
    """A bar line at which bass and loudness jump to the song's full height after at least two bars without."""
    bar = float(np.median(np.diff(bars))) if len(bars) > 1 else _NO_BEAT_BAR_S
    reach = float(np.clip(2 * bar, 2.0, 6.0))
    low = _Levels(spectra.parts[:, 0])
    whole = _Levels(spectra.weighted)
    full, full_low = whole.percentile(80), low.percentile(80)
    out: list[SongEvent] = []
    for line in bars:
        if line < reach or line + reach > spectra.duration_s:
            continue
        # A riser may be as loud as the drop: what counts is the stretch that led up to both.
        jump = whole.mean(line, line + reach) - whole.mean(max(0.0, line - 3 * reach), line)
        jump_low = low.mean(line, line + reach) - low.mean(line - reach, line)
        ends = any(abs(event.end_s - line) < 0.6 * bar for event in (*breaks, *stops))
        size = max(0.0, jump) + 0.5 * jump_low
        arrives = whole.mean(line, line + reach) > full - 3 and low.mean(line, line + 0.9 * bar) > full_low - 4
        if jump < -_FALL_DB or jump_low < _LOW_JUMP_DB or size < _JUMP_DB * (0.75 if ends else 1) or not arrives:
            continue
        strength = 0.2 + size / 25 + 0.2 * ends
        if out and line - out[-1].start_s < max(4 * bar, 6.0):
            if strength > out[-1].strength:
                out[-1] = _event("drop", line, line + bar, strength)
            continue
        out.append(_event("drop", line, line + bar, strength))
    return out


def _find_builds(
    spectra: Spectra,
    drums: DrumHits,
    bars: NDArray[np.float64],
    drops: list[SongEvent],
    sections: tuple[Section, ...],
) -> list[SongEvent]:
    """The rise into a drop: what gets brighter, louder above the bass, or denser, within the part before it."""
    high = _Levels(spectra.parts[:, 2])
    bright = np.log2(np.maximum(spectra.brightness_hz, 20))
    strokes = np.sort(np.concatenate([drums.snare_s, drums.kick_s, drums.hat_s]))
    out = []
    for drop in drops:
        best, best_start = 0.0, None
        part = next(part for part in reversed(sections) if part.start_s < drop.start_s - _LEAST_BUILD_S)
        for start in bars[(bars <= drop.start_s - _LEAST_BUILD_S) & (bars >= drop.start_s - _MOST_BUILD_S)]:
            thirds = np.linspace(start, drop.start_s, 4)
            if start < part.start_s - 0.3 or any(start < other.start_s < drop.start_s for other in drops):
                continue
            louder = np.diff([high.mean(a, b) for a, b in zip(thirds, thirds[1:], strict=False)])
            at = (thirds * RATE_HZ).astype(int)
            brighter = np.diff([float(bright[a:b].mean()) for a, b in zip(at, at[1:], strict=False)])
            denser = np.diff(np.diff(np.searchsorted(strokes, thirds)) / np.diff(thirds))
            rise = _steady(louder, 3.0) + _steady(brighter, 0.4) + _steady(denser, 2.0)
            # A longer rise of the same height is the build; a shorter one only its end.
            score = rise + 0.1 * min(1.0, (drop.start_s - start) / 16)
            if rise > 0.5 and score > best:
                best, best_start = score, float(start)
        if best_start is not None:
            out.append(_event("build", best_start, drop.start_s, best / 2))
    return out


def _steady(steps: NDArray[np.float64], unit: float) -> float:
    """How far something rises over three thirds, in units, at most 1; what falls in between counts less."""
    return float(np.clip(steps.sum() / (2 * unit), -0.5, 1) * (1 if steps.min() > -0.3 * unit else 0.4))


class _Levels:
    """Mean power between any two moments, in decibels."""

    def __init__(self, power: Matrix) -> None:
        self._sums = np.concatenate([[0.0], np.cumsum(power, dtype=np.float64)])
        steps = np.add.reduceat(power, np.arange(0, len(power), RATE_HZ))
        self._seconds_db = 10 * np.log10(steps / RATE_HZ + 1e-12)

    def mean(self, start_s: float, end_s: float) -> float:
        low = int(np.clip(start_s * RATE_HZ, 0, len(self._sums) - 2))
        high = int(np.clip(end_s * RATE_HZ, low + 1, len(self._sums) - 1))
        return float(10 * np.log10((self._sums[high] - self._sums[low]) / (high - low) + 1e-12))

    def percentile(self, percent: float) -> float:
        return float(np.percentile(self._seconds_db, percent))
