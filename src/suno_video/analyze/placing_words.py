"""Shares out the time of a line among its words: by syllables, over the time that is sung, drawn to onsets."""

from __future__ import annotations

from math import erf, sqrt

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.lattice import NEAR_S
from suno_video.analyze.moments import joined_spans
from suno_video.analyze.syllables import word_syllables
from suno_video.core.analysis import SongAnalysis
from suno_video.core.song import LyricWord

_NEAR_S = 0.07
"""A word is drawn to an onset that is no further away than this."""
_LEAST_S = 0.06
_STRAYS, _END_STRAYS = 0.3, 0.1
"""How far words stray after a second of a long line (seconds), and the end of a line (share of its length)."""
_RAPPED_S = 0.22
"""Seconds a syllable takes where nothing is held."""
_LONGEST_S, _LONGEST_LINE_S = 2.2, 14.0
"""How much longer than usual a line may be held, and how long at all."""


def sung_end_s(analysis: SongAnalysis, start_s: float, after_s: float, need_s: float) -> float:
    """Say when a line ends: with the voice, before the next one, and not long after its words are sung."""
    latest = min(after_s, analysis.duration_s, start_s + min(_LONGEST_S * need_s + 0.5, _LONGEST_LINE_S))
    earliest = min(latest, start_s + 0.7 * need_s)
    ends = [
        min(span.end_s, latest)
        for span in joined_spans(analysis.voices)
        if start_s < span.end_s and span.start_s < latest
    ]
    heard = [end for end in ends if end >= earliest]
    usual = min(latest, start_s + 1.1 * need_s)
    end = min(heard, key=lambda one: abs(one - usual)) if heard else usual
    return max(end, min(start_s + 0.2, analysis.duration_s))


def place_words(
    text: str, analysis: SongAnalysis, start_s: float, end_s: float, line_is_right: float = 1.0
) -> tuple[LyricWord, ...]:
    """Give every word its time within a line, and how probable it is that it begins within `NEAR_S` of there.

    Args:
        line_is_right: How probable it is that the line begins where we say.
    """
    words = text.split()
    weights = np.array([max(0.5, word_syllables(word)) for word in words], dtype=np.float64)
    if not len(weights):
        return ()
    # The last note of a line is held, the more the slower it is sung; rap holds none.
    per_syllable_s = (end_s - start_s) / weights.sum()
    weights[-1] += float(np.clip((per_syllable_s - _RAPPED_S) / _RAPPED_S, 0, 1))
    edges = start_s + (end_s - start_s) * np.concatenate([[0.0], np.cumsum(weights)]) / weights.sum()
    onsets = np.array([time for time in analysis.onsets_s if start_s < time < end_s])
    for i in range(1, len(words)):
        near = onsets[np.abs(onsets - edges[i]) <= _NEAR_S] if len(onsets) else onsets
        if len(near):
            edges[i] = max(near[np.argmin(np.abs(near - edges[i]))], edges[i - 1] + _LEAST_S)
    edges = np.maximum.accumulate(np.minimum(edges, end_s))
    sure = line_is_right * _sureness(edges[:-1] - start_s, end_s - start_s)
    return tuple(
        LyricWord(text=word, start_s=round(float(a), 3), end_s=round(float(b), 3), confidence=round(float(c), 3))
        for word, a, b, c in zip(words, edges, edges[1:], sure, strict=False)
    )


def _sureness(after_s: NDArray[np.float64], length_s: float) -> NDArray[np.float64]:
    """How probable it is that words lie within `NEAR_S` of where they were put, in a line that begins where we say.

    Syllables are held and hurried at random, so that words stray as a walk does that is tied to both ends of the line
    (a Brownian bridge); its far end is our guess too, and strays the more the longer the line.
    """
    bridge = _STRAYS**2 * after_s * np.maximum(0.0, length_s - after_s) / max(length_s, 1e-3)
    spread = np.sqrt(bridge + (_END_STRAYS * after_s) ** 2)
    return np.array([erf(NEAR_S / (sqrt(2) * max(float(each), 1e-6))) for each in spread])
