"""Places lines without times in a song: by its parts, where voices are heard, by syllables and bars.

A monotone dynamic programme over the moments at which lines might begin. Its sums over all placings (forward and
backward, Rabiner 1989) say how probable each line's place is: that is its confidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

import numpy as np

from suno_video.analyze.lattice import LineTask, Placed, place_lines
from suno_video.analyze.lyrics_tags import without_adlibs
from suno_video.analyze.moments import find_moments
from suno_video.analyze.placing_words import place_words, sung_end_s
from suno_video.analyze.syllables import count_syllables
from suno_video.core.analysis import SectionLabel, SongAnalysis
from suno_video.core.sectiontags import read_section_tag
from suno_video.core.song import LyricLine, Lyrics

PLACER = "placed 2"
"""Changes whenever the same lyrics and analysis would give other places; part of the cache key."""


def place_lyrics(lyrics: Lyrics, analysis: SongAnalysis, anchors: Mapping[int, float] | None = None) -> Lyrics:
    """Give every line without times its place in the song, with words and a confidence.

    Lines that have times keep them, and hold the others in their places. Ad-libs that stand alone are placed too. In a
    silent song, or one too short for its words, lines stay without times.

    Args:
        anchors: Lines (by index) of which is known when they begin, for all others to be placed around.
    """
    anchors = dict(anchors or {})
    open_ = [i for i, line in enumerate(lyrics.lines) if not line.is_timed]
    if not open_ or analysis.integrated_lufs is None:
        return lyrics
    anchors |= {i: line.start_s for i, line in enumerate(lyrics.lines) if line.start_s is not None}
    task = _task(lyrics, _rising(anchors), analysis)
    sung = frozenset(label for label in task.labels if label is not None) if task.parts_are_known else None
    placed = place_lines(task, find_moments(analysis, tuple(anchors.values()), task.n, sung), analysis)
    if placed is None:
        return lyrics
    lines = list(lyrics.lines)
    for i in open_:
        lines[i] = _timed(lines[i], i, placed, analysis, task)
    return lyrics.model_copy(update={"lines": tuple(lines)})


def with_fixed_times(
    lyrics: Lyrics, analysis: SongAnalysis, starts_s: Mapping[int, float], ends_s: Mapping[int, float]
) -> Lyrics:
    """Time lines as a person says, and place those that we had placed before once more, around them.

    Args:
        starts_s: When lines begin, by index.
        ends_s: When they end, where that was said too.
    """
    known = any(line.timed_by == "aligned" for line in lyrics.lines)
    if not starts_s and not known:
        return place_lyrics(lyrics, analysis)
    lines = [
        line.model_copy(update=_UNTIMED) if i in starts_s or line.timed_by == "placed" else line
        for i, line in enumerate(lyrics.lines)
    ]
    placed = list(place_lyrics(lyrics.model_copy(update={"lines": tuple(lines)}), analysis, starts_s).lines)
    for i, start_s in starts_s.items():
        placed[i] = _fixed(placed[i], start_s, ends_s.get(i), analysis)
    return lyrics.model_copy(update={"lines": tuple(placed)})


_UNTIMED = {"start_s": None, "end_s": None, "words": (), "timed_by": None, "confidence": None}


def _fixed(line: LyricLine, start_s: float, end_s: float | None, analysis: SongAnalysis) -> LyricLine:
    """Time a line as a person says; where they do not say when it ends, as long as it was placed."""
    if end_s is None:
        was_placed = line.start_s is not None and abs(line.start_s - start_s) < 0.01
        usual_s = start_s + 0.3 * max(1, count_syllables(line.text))
        end_s = line.end_s if was_placed and line.end_s is not None else usual_s
    end_s = max(start_s + 0.05, min(end_s, analysis.duration_s))
    words = place_words(line.text, analysis, start_s, end_s)
    update = {"start_s": round(start_s, 3), "end_s": round(end_s, 3), "words": words, "timed_by": "fixed"}
    return line.model_copy(update={**update, "confidence": None})


def _timed(line: LyricLine, i: int, placed: Placed, analysis: SongAnalysis, task: LineTask) -> LyricLine:
    start_s = placed.starts_s[i]
    after_s = next((start for start in placed.starts_s[i + 1 :] if start > start_s), analysis.duration_s)
    end_s = sung_end_s(analysis, start_s, after_s, task.syllables[i] * placed.rate_s)
    update = {
        "start_s": round(start_s, 3),
        "end_s": round(end_s, 3),
        "words": place_words(line.text, analysis, start_s, end_s, placed.confidences[i]),
        "timed_by": "placed",
        "confidence": placed.confidences[i],
    }
    return line.model_copy(update=update)


def _rising(anchors: Mapping[int, float]) -> dict[int, float]:
    """Leave out anchors that would run backwards."""
    kept: dict[int, float] = {}
    for i in sorted(anchors):
        if not kept or anchors[i] > max(kept.values()):
            kept[i] = anchors[i]
    return kept


def _parts_are_known(lyrics: Lyrics, analysis: SongAnalysis, labels: Sequence[SectionLabel | None]) -> bool:
    """Whether the parts that were found are those that the lyrics name, but for one in five, and no line lacks one."""
    named = [label for mark in lyrics.marks if (label := read_section_tag(mark.text).label) is not None]
    heard = [part.label for part in analysis.sections if part.label != "silence"]
    alike = SequenceMatcher(None, named, heard, autojunk=False).get_matching_blocks()
    n_alike = sum(block.size for block in alike)
    return len(named) >= 3 and n_alike >= 0.8 * max(len(named), len(heard)) and None not in labels


def _task(lyrics: Lyrics, anchors: Mapping[int, float], analysis: SongAnalysis) -> LineTask:
    lines = lyrics.lines
    counts = [max(1, count_syllables(without_adlibs(line))) for line in lines]
    first = [i == 0 or line.block != lines[i - 1].block for i, line in enumerate(lines)]
    labels = {line.section: read_section_tag(line.section).label for line in lines if line.section}
    of_lines = tuple(labels.get(line.section) if line.section else None for line in lines)
    return LineTask(
        syllables=np.array(counts, dtype=np.float64),
        first_of_block=np.array(first),
        labels=of_lines,
        anchors=anchors,
        parts_are_known=_parts_are_known(lyrics, analysis, of_lines),
    )
