"""What bass, chords and lead play in a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from compose import Harmony, Tone


def _tone(beat: float, length: float, pitch: int, level: float, late_s: float = 0.0) -> Tone:
    from compose import Tone

    return Tone(float(beat), float(length), int(pitch), float(level), late_s)


def _spans(harmony: Harmony, bar: int, m: int) -> list[tuple[float, float, int]]:
    """Start and length in the bar, and degree, of each chord that sounds in a bar."""
    if harmony.bars_per_chord >= 1:
        return [(0.0, float(m), harmony.degree_at(bar))]
    return [(0.0, m / 2, harmony.degree_at(bar)), (m / 2, m / 2, harmony.degree_at(bar + 0.5))]


def bass_bar(
    rng: np.random.Generator, kind: str, harmony: Harmony, bar: int, m: int, division: int, level: float, kick: str
) -> list[Tone]:
    """One bar of bass."""
    out: list[Tone] = []
    at, short = float(bar * m), 1 / division
    for start, length, degree in _spans(harmony, bar, m):
        root = harmony.pitch(degree, 2)
        root -= 12 if root > 45 else 0
        fifth = root + 7
        end = start + length
        grid = np.arange(start, end - 1e-6, short)
        beats = np.arange(np.ceil(start), end - 1e-6, 1.0)
        places: list[tuple[float, int, float]] = []
        if kind == "root":
            places = [(start, root, length * 0.95)]
        elif kind == "half":
            places = [(start, root, length * 0.45), (start + length / 2, fifth, length * 0.45)]
        elif kind == "quarters":
            places = [(b, root, 0.8) for b in beats]
        elif kind == "eighths":
            places = [(b, root, short * 0.85) for b in grid]
        elif kind == "roll":
            places = [(b, root, 0.2) for b in np.arange(start, end - 1e-6, 0.25) if b % 1 > 0.01]
        elif kind == "off":
            places = [(b + 1 - short, root, short * 0.8) for b in beats]
        elif kind == "octaves":
            places = [(b, root + 12 * (i % 2), short * 0.8) for i, b in enumerate(grid)]
        elif kind == "walk":
            steps = (0, 4, 7, 9) if harmony.scale[2] == 4 else (0, 3, 7, 10)
            places = [(b, root + steps[i % 4], 0.9) for i, b in enumerate(beats)]
        elif kind == "kick":
            step = m / len(kick)
            places = [(i * step, root, 0.5) for i, mark in enumerate(kick) if mark == "x" and start <= i * step < end]
        elif kind == "tresillo":
            places = [(b, root if b < 2 else fifth, 0.6) for b in (0, 1.5, 3) if start <= b < end]
        elif kind == "tumbao":
            places = [(b, p, 0.8) for b, p in ((1.5, fifth), (3, root + 12), (0, root)) if start <= b < end]
        elif kind in ("sync", "funk"):
            line = (0, 1.5, 2.5, 3, 3.5) if kind == "sync" else (0, 0.75, 1.5, 1.75, 2.5, 3.25, 3.5)
            places = [
                (b, (root, root, fifth, root, root + 12)[i % 5], 0.4) for i, b in enumerate(line) if start <= b < end
            ]
        for beat, pitch, held in places:
            if rng.random() < 0.97:
                accent = 1.0 if beat == 0 else rng.uniform(0.75, 0.95)
                out.append(_tone(at + beat, held, pitch, level * accent))
    return out


def chord_bar(
    rng: np.random.Generator, kind: str, harmony: Harmony, bar: int, m: int, division: int, level: float
) -> list[Tone]:
    """One bar of chords."""
    out: list[Tone] = []
    at, short = float(bar * m), 1 / division
    for start, length, degree in _spans(harmony, bar, m):
        pitches = [harmony.pitch(degree + k, 4) for k in ((0, 2, 4, 6) if rng.random() < 0.15 else (0, 2, 4))]
        pitches = [p - 12 if p > 76 else p for p in pitches]
        end = start + length
        grid, beats = np.arange(start, end - 1e-6, short), np.arange(np.ceil(start), end - 1e-6, 1.0)
        at_once: list[tuple[float, float, float]] = []
        if kind in ("held", "stab once"):
            at_once = [(start, length * 0.97 if kind == "held" else 0.3, 1.0)]
            if harmony.bars_per_chord > 1 and bar % harmony.bars_per_chord and kind == "held" and rng.random() < 0.5:
                continue
        elif kind == "push":
            early = short if rng.random() < 0.6 else 0.0
            at_once = [(start - early, length * 0.9, 1.0)]
        elif kind == "quarters":
            at_once = [(b, 0.8, 1.0 if b == 0 else 0.85) for b in beats]
        elif kind == "eighths":
            at_once = [(b, short * 0.85, 1.0 if b % 1 < 0.01 else 0.75) for b in grid]
        elif kind == "off":
            at_once = [(b + 1 - short, 0.35, 1.0) for b in beats]
        elif kind == "skank":
            at_once = (
                [(b, 0.25, 1.0) for b in beats if int(b) % 2 == 1]
                if rng.random() < 0.5
                else [(b + 0.5, 0.2, 1.0) for b in beats]
            )
        elif kind == "waltz":
            at_once = [(b, 0.5, 0.85) for b in beats if b > 0]
        elif kind == "stabs":
            at_once = [(b, 0.3, 1.0) for b in ((0, 1.5, 2.75) if division == 2 else (0, 4 / 3)) if start <= b < end]
        elif kind == "scratch":
            at_once = [
                (b, 0.12, rng.uniform(0.5, 1)) for b in np.arange(start, end - 1e-6, 0.25) if rng.random() < 0.45
            ]
        elif kind == "comp":
            at_once = [(b, 0.3, 0.8) for b in np.arange(start + 0.5, end, 0.5) if rng.random() < 0.22]
        elif kind == "strum":
            out += _strums(rng, pitches, at, start, end, m, division, level)
        elif kind in ("power", "chug"):
            root = pitches[0] - 12
            step = 0.25 if kind == "chug" else short
            places = np.arange(start, end - 1e-6, step)
            if kind == "chug":
                places = places[rng.random(len(places)) < 0.75]
            for b in places:
                out += [
                    _tone(at + b, step * 0.9, p, level * (1 if b % 1 < 0.01 else 0.8))
                    for p in (root, root + 7, root + 12)
                ]
        elif kind in ("arpeggio", "alberti", "montuno"):
            order = (
                [pitches[0], pitches[2], pitches[1], pitches[2]]
                if kind == "alberti"
                else [*pitches, pitches[0] + 12, pitches[1] + 12][: 4 + bar % 2]
            )
            step = short if kind != "montuno" and rng.random() < 0.9 else short / 2 if division == 2 else short
            for i, b in enumerate(np.arange(start, end - 1e-6, step)):
                if kind == "montuno" and b % 1 < 0.01 and b > 0 and rng.random() < 0.6:
                    continue
                out.append(_tone(at + b, step * 1.6, order[i % len(order)], level * (1 if b % 1 < 0.01 else 0.8)))
        for beat, held, accent in at_once:
            late = abs(float(rng.normal(0, 0.004)))
            out += [_tone(at + beat, held, p, level * accent * 0.9, late * i) for i, p in enumerate(pitches)]
    return out


def _strums(
    rng: np.random.Generator,
    pitches: list[int],
    at: float,
    start: float,
    end: float,
    m: int,
    division: int,
    level: float,
) -> list[Tone]:
    """Down on the beat, up between: as a hand moves."""
    down_up = np.arange(start, end - 1e-6, 1 / division if rng.random() < 0.8 else 0.5 / division)
    strings = sorted({p - 12 for p in pitches[:1]} | set(pitches) | {pitches[0] + 12, pitches[1] + 12})
    spread_s = rng.uniform(0.005, 0.02)
    out = []
    for b in down_up:
        on_beat = b % 1 < 0.01
        if rng.random() > (0.95 if on_beat else 0.6):
            continue
        order = strings if on_beat else strings[::-1][:4]
        accent = 1.0 if b == 0 else 0.8 if on_beat else 0.6
        out += [_tone(at + b, 0.9 / division, p, level * accent, spread_s * i) for i, p in enumerate(order)]
    return out


def lead_phrase(
    rng: np.random.Generator, harmony: Harmony, bar: int, n_bars: int, m: int, division: int, busy: float
) -> list[Tone]:
    """A melody over some bars: a rhythm by lot that prefers beats, steps that prefer small ones."""
    step = 1 / division if busy < 0.4 or rng.random() < 0.5 else 0.5 / division
    places = np.arange(0, n_bars * m, step)
    weight = np.where(places % m < 0.01, 1.6, np.where(places % 1 < 0.01, 1.2, busy / 0.4))
    density = rng.uniform(0.2, 0.6)
    chosen = places[rng.random(len(places)) < density * weight]
    if rng.random() < 0.3:  # an upbeat before the bar
        chosen = np.concatenate([-np.arange(1, int(rng.integers(2, 4)))[::-1] * (1 / division), chosen])
    if not len(chosen):
        return []
    out, degree = [], int(rng.integers(-1, 5))
    ends = np.append(chosen[1:], n_bars * m)
    for beat, end in zip(chosen, ends, strict=True):
        degree = int(np.clip(degree + rng.choice([-2, -1, -1, 0, 1, 1, 2, 4, -3]), -4, 9))
        if beat % m < 0.01:
            degree = harmony.degree_at(bar + beat / m) + int(rng.choice([0, 2, 4]))
        length = min(end - beat, rng.uniform(0.3, 2.0)) * 0.95
        out.append(
            _tone(
                max(0.0, bar * m + beat),
                length,
                harmony.pitch(degree, 4 if rng.random() < 0.97 else 5),
                rng.uniform(0.6, 1),
            )
        )
    return out
