"""Words for lines that came with times of their own, but without times of words (`.lrc`, `.srt`)."""

from __future__ import annotations

import numpy as np

from suno_video.analyze.placing import with_fixed_times
from suno_video.analyze.placing_words import place_words
from suno_video.analyze.syllables import count_syllables
from suno_video.core.analysis import SongAnalysis
from suno_video.core.song import LyricLine, Lyrics

GIVEN_WORDS = "words 1"
"""Changes whenever the same lines would get other words; part of the cache key."""
AGREES = 0.25
"""How far, as a share, the time that a line is heard to take and that of its syllables at the pace of the song may lie
apart. In our songs nine words in ten of such lines lie within 0.45 s; of the others, within 1.3 s."""
GUESSED = 0.5
"""How sure the times of such words are: enough to light up, and no more."""


def with_given_words(lyrics: Lyrics, analysis: SongAnalysis) -> Lyrics:
    """Share out the time of lines that came with times, among their words, by syllables.

    When a line ends is told by the voice, and by the pace at which the song is sung. Where the two do not agree, and
    in lines of no usual length, words stay without times: a wrong highlight is worse than none. Lines keep their times.
    """
    bare = {i: line.start_s for i, line in enumerate(lyrics.lines) if _is_bare(line) and line.start_s is not None}
    if not bare or not analysis.voices:
        return lyrics
    heard = with_fixed_times(lyrics, analysis, bare, {}).lines
    lines = list(lyrics.lines)
    lengths = {i: _sung_s(lines[i], heard[i]) for i in bare}
    usual = {i: max(1, count_syllables(lines[i].text)) for i in bare}
    pace_s = float(np.median([lengths[i] / usual[i] for i in bare]))
    for i in bare:
        if abs(lengths[i] / (pace_s * usual[i]) - 1) <= AGREES:
            lines[i] = _with_words(lines[i], lengths[i], analysis)
    return lyrics.model_copy(update={"lines": tuple(lines)})


def _is_bare(line: LyricLine) -> bool:
    return line.is_timed and not line.words and line.timed_by in (None, "given")


def _sung_s(line: LyricLine, heard: LyricLine) -> float:
    """How long it is sung: as long as it was heard, and no longer than it was given."""
    ends = [end for end in (line.end_s, heard.end_s) if end is not None]
    return max(0.1, min(ends) - (line.start_s or 0.0))


def _with_words(line: LyricLine, length_s: float, analysis: SongAnalysis) -> LyricLine:
    start_s = line.start_s or 0.0
    words = place_words(line.text, analysis, start_s, start_s + length_s)
    return line.model_copy(update={"words": tuple(each.model_copy(update={"confidence": GUESSED}) for each in words)})
