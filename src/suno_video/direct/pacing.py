"""How long a shot should be: denser where the song drives, longer where it breathes, in phrases of 2, 4 and 8 bars."""

from __future__ import annotations

import math
import random
from typing import TypeAlias

from suno_video.core.analysis import Section, SectionLabel

MIN_SHOT_S = 1.15
"""Shorter shots are not seen any more, only noticed."""

MAX_SHOT_S = 12.0
"""Longer ones need a reason: an hour-long mix, or a line that goes on."""

CALM_SHOT_S, DRIVING_SHOT_S = 10.5, 2.6
"""Length wanted where nothing drives, and where everything does."""

USUAL_BAR_S = 2.0  # four beats at 120 bpm
LONG_SONG_S = 600.0
"""From here on shots grow longer, so that an hour has hundreds of scenes and not thousands."""

Rhythm: TypeAlias = tuple[int, ...]

RHYTHMS: dict[int, tuple[Rhythm, ...]] = {
    8: (
        (8,),
        (4, 4),
        (4, 2, 2),
        (2, 2, 4),
        (2, 2, 2, 2),
        (4, 2, 1, 1),
        (2, 2, 2, 1, 1),
        (2, 1, 1, 2, 2),
        (1, 1, 2, 2, 2),
        (2, 1, 1, 2, 1, 1),
        (2, 2, 1, 1, 1, 1),
        (1, 1, 2, 1, 1, 2),
        (2, 1, 1, 1, 1, 1, 1),
        (1, 1, 1, 1, 2, 1, 1),
        (1, 1, 1, 1, 1, 1, 1, 1),
    ),
    4: ((4,), (2, 2), (2, 1, 1), (1, 1, 2), (1, 1, 1, 1)),
    2: ((2,), (1, 1)),
    1: ((1,),),
}
"""Lengths of shots in bars, by the bars of a phrase: powers of two, as music has them."""

LABEL_DRIVE: dict[SectionLabel, float] = {
    "silence": 0.0,
    "outro": 0.08,
    "intro": 0.12,
    "breakdown": 0.2,
    "bridge": 0.38,
    "verse": 0.4,
    "prechorus": 0.5,
    "build": 0.6,
    "solo": 0.62,
    "chorus": 0.72,
    "drop": 0.95,
}
"""How much a kind of section drives, whatever its loudness."""


def drive_of(section: Section) -> float:
    """How much a section drives, 0..1: half what it is, half how loud it is."""
    return 0.5 * LABEL_DRIVE.get(section.label, section.energy) + 0.5 * section.energy


def stretch_of(duration_s: float) -> float:
    """By how much shots are longer in a very long song; 1 up to ten minutes."""
    return max(1.0, math.sqrt(duration_s / LONG_SONG_S))


def wanted_shot_s(drive: float, pace: float, bar_s: float, stretch: float = 1.0) -> float:
    """Length of shot wanted, in seconds. Slow songs get longer shots, but not in proportion."""
    length: float = CALM_SHOT_S * (DRIVING_SHOT_S / CALM_SHOT_S) ** drive
    length *= (bar_s / USUAL_BAR_S) ** 0.3 * stretch / pace
    return min(max(length, MIN_SHOT_S), MAX_SHOT_S * stretch)


def phrase(n_bars: int, wanted_s: float, bar_s: float, section: Section, longest_s: float, seed: int) -> list[int]:
    """Divide a section into shots on its bars, in phrases of 8, each with a rhythm of its own.

    The number of shots follows `wanted_s` over the whole section, whatever a single phrase does.

    Returns:
        The bars, counted from the start of the section, at which shots after the first begin.
    """
    rng = random.Random(seed)
    step = 1
    while step * bar_s < MIN_SHOT_S:
        step *= 2
    fits = _fitting_rhythms(step * bar_s, longest_s)
    n_steps = -(-n_bars // step)
    cuts: list[int] = []
    at = 0
    last: Rhythm | None = None
    while at < n_steps:
        size = next(size for size in (8, 4, 2, 1) if at + size <= n_steps)
        due = (at + size) * step * bar_s / wanted_s - len(cuts)
        speeds_up = section.label == "build" and at + size >= n_steps - 1
        due += 2 if speeds_up else 0
        last = _choose_rhythm(fits[size], due, last, rng, speeds_up=speeds_up)
        for length in last:
            at += length
            cuts.append(at * step)
    return [cut for cut in cuts if cut < n_bars]


def _fitting_rhythms(step_s: float, longest_s: float) -> dict[int, list[Rhythm]]:
    fits = {}
    for size, rhythms in RHYTHMS.items():
        # The shortest notes are always left, for a bar of its own that is longer than any shot should be.
        fits[size] = [rhythm for rhythm in rhythms if max(rhythm) * step_s <= longest_s] or [(1,) * size]
    return fits


def _choose_rhythm(
    rhythms: list[Rhythm], due: float, last: Rhythm | None, rng: random.Random, *, speeds_up: bool
) -> Rhythm:
    """Choose a rhythm with as many shots as are due, another than in the phrase before where there is one."""
    if speeds_up:
        faster = [rhythm for rhythm in rhythms if rhythm[-1] < rhythm[0]]
        rhythms = faster or rhythms
    nearest = min(abs(len(rhythm) - due) for rhythm in rhythms)
    alike = [rhythm for rhythm in rhythms if abs(len(rhythm) - due) <= nearest + 1e-9]
    return rng.choice([rhythm for rhythm in alike if rhythm != last] or alike)
