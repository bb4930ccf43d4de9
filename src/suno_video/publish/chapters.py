"""Chapters of a film from the sections of its song, as YouTube wants them."""

from __future__ import annotations

from collections import Counter

from suno_video.core.analysis import SectionLabel, SongAnalysis
from suno_video.core.release import MAX_CHAPTERS, MIN_CHAPTER_S, MIN_CHAPTERS, Chapter
from suno_video.core.storyboard import Storyboard

NAMES: dict[SectionLabel, str] = {"prechorus": "Pre-chorus", "silence": "Pause", "other": "Part"}


def find_chapters(analysis: SongAnalysis, storyboard: Storyboard | None = None) -> tuple[Chapter, ...]:
    """Give the chapters of a film, in whole seconds from its beginning; none where there would be fewer than three.

    A section shorter than ten seconds belongs to the one before it, the first one to the next.
    """
    spans = _spans(analysis, storyboard)
    shortest_s = MIN_CHAPTER_S
    while len(found := _merged(spans, shortest_s)) > MAX_CHAPTERS:
        shortest_s *= 2
    if len(found) < MIN_CHAPTERS:
        return ()
    labels = [label for _, label in found]
    total, seen = Counter(labels), Counter[str]()
    chapters = []
    for start_s, label in found:
        seen[label] += 1
        name = NAMES.get(label, label.capitalize())
        chapters.append(Chapter(start_s=start_s, title=f"{name} {seen[label]}" if total[label] > 1 else name))
    return tuple(chapters)


def _spans(analysis: SongAnalysis, board: Storyboard | None) -> list[tuple[int, int, SectionLabel]]:
    """Sections within the film: where they begin and end in it, in whole seconds."""
    first_s = board.first_frame / board.fps if board else 0.0
    length_s = board.n_frames / board.fps if board else analysis.duration_s
    spans = []
    for part in analysis.sections:
        start, end = round(max(0.0, part.start_s - first_s)), int(min(length_s, round(part.end_s - first_s)))
        if end > start:
            spans.append((start, end, part.label))
    return spans


def _merged(spans: list[tuple[int, int, SectionLabel]], shortest_s: int) -> list[tuple[int, SectionLabel]]:
    found: list[tuple[int, int, SectionLabel]] = []
    for start, end, label in spans:
        if found and found[-1][1] - found[-1][0] < shortest_s:
            # What was too short so far is the first one: it goes on under the name of the longer part.
            begun, ended, name = found.pop()
            longer = label if end - start > ended - begun else name
            found.append((begun, end, longer))
        elif found and end - start < shortest_s:
            begun, _, name = found.pop()
            found.append((begun, end, name))
        else:
            found.append((start, end, label))
    if found and found[0][0] > 0:
        found[0] = (0, *found[0][1:])
    kept = [(start, label) for start, end, label in found if end - start >= shortest_s]
    return kept if kept and kept[0][0] == 0 else []
