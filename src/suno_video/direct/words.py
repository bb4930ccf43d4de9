"""Which words are sung in which shot."""

from __future__ import annotations

from dataclasses import dataclass

from suno_video.core.analysis import SongAnalysis
from suno_video.core.song import LyricLine, Lyrics
from suno_video.direct.cutting import Shot

INSTRUMENTAL = ("intro", "outro", "silence", "solo", "build", "drop", "breakdown")
"""Sections in which untimed words are not looked for."""

MAX_WORDS_CHARS = 400


@dataclass(frozen=True)
class ShotWords:
    """Words of one shot."""

    sung: str | None
    """What is sung in it; None where nothing is, or where nobody knows when."""
    hinted: str
    """What a prompt may draw on: the same, or a guess from the order of untimed lines."""


def words_of_shots(
    shots: tuple[Shot, ...], lyrics: Lyrics | None, analysis: SongAnalysis, fps: int
) -> tuple[ShotWords, ...]:
    """Give each shot its words: by time where lines are timed, else in order over the sections that may be sung."""
    if lyrics is None or not lyrics.lines:
        return (ShotWords(None, ""),) * len(shots)
    if lyrics.timed_lines:
        return tuple(_timed(shot, lyrics.timed_lines, fps) for shot in shots)
    return _in_order(shots, lyrics.lines, analysis)


def _timed(shot: Shot, lines: tuple[LyricLine, ...], fps: int) -> ShotWords:
    start_s, end_s = shot.start_frame / fps, shot.end_frame / fps
    inside = []
    for line in lines:
        middle = ((line.start_s or 0.0) + (line.end_s or 0.0)) / 2
        if start_s <= middle < end_s and line.text.strip():
            inside.append(line)
    hinted = " / ".join(line.text.strip() for line in inside)[:MAX_WORDS_CHARS]
    # A line that we only guess to be here may colour a picture, but nobody moves the lips to it.
    sure = " / ".join(line.text.strip() for line in inside if line.is_sure)[:MAX_WORDS_CHARS]
    return ShotWords(sure or None, hinted)


def _in_order(shots: tuple[Shot, ...], lines: tuple[LyricLine, ...], analysis: SongAnalysis) -> tuple[ShotWords, ...]:
    vocal = [shot.number for shot in shots if analysis.sections[shot.section].label not in INSTRUMENTAL]
    vocal = vocal or [shot.number for shot in shots]
    frames = {shot.number: shot.n_frames for shot in shots}
    total = sum(frames[number] for number in vocal)
    hints, passed = {}, 0
    for number in vocal:
        first = passed * len(lines) // total
        passed += frames[number]
        last = max(first + 1, passed * len(lines) // total)
        hints[number] = " / ".join(line.text for line in lines[first:last])[:MAX_WORDS_CHARS]
    return tuple(ShotWords(None, hints.get(shot.number, "")) for shot in shots)
