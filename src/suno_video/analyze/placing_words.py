"""Shares out the time of a line among its words: by syllables, over the time that is sung, drawn to onsets."""

from __future__ import annotations

import numpy as np

from suno_video.analyze.moments import joined_spans
from suno_video.analyze.syllables import word_syllables
from suno_video.core.analysis import SongAnalysis
from suno_video.core.song import LyricWord

_NEAR_S = 0.07
"""A word is drawn to an onset that is no further away than this."""
_LEAST_S = 0.06
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


def place_words(text: str, analysis: SongAnalysis, start_s: float, end_s: float) -> tuple[LyricWord, ...]:
    """Give every word its time within a line."""
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
    return tuple(
        LyricWord(text=word, start_s=round(float(a), 3), end_s=round(float(b), 3))
        for word, a, b in zip(words, edges, edges[1:], strict=False)
    )
