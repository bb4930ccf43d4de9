"""Two ears on one song: where what a language model heard differs from our own analysis, which keeps the clock."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from suno_video.core.analysis import SongAnalysis
from suno_video.core.song import Song
from suno_video.core.vibe import Vibe
from suno_video.direct.keys import parse_key

MAX_TEMPO_ERROR = 0.04
"""As beat trackers are judged; half and double of a tempo are the same one, tapped otherwise."""
_INSTRUMENTAL = re.compile(r"\b(?:instrumental|no vocals?)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Opinion:
    """One thing that both have something to say of."""

    what: str
    """`tempo`, `key`, `sections`, `labels` or `vocals`."""
    ours: str
    theirs: str
    agree: bool


def compare(song: Song, analysis: SongAnalysis, vibe: Vibe) -> tuple[Opinion, ...]:
    """Compare what both heard, thing by thing; what one of them says nothing of is left out."""
    return tuple(_opinions(song, analysis, vibe))


def _opinions(song: Song, analysis: SongAnalysis, vibe: Vibe) -> Iterator[Opinion]:
    ours, theirs = analysis.tempo_bpm, vibe.tempo_bpm
    yield Opinion("tempo", _bpm(ours), _bpm(theirs), same_tempo(ours, theirs))
    if analysis.key is not None and vibe.key is not None:
        left, right = parse_key(analysis.key), parse_key(vibe.key)
        note = " (the same notes)" if left is not None and right is not None and left.relative == right else ""
        yield Opinion("key", analysis.key, vibe.key + note, left == right)
    if vibe.sections:
        mine, said = len(analysis.sections), len(vibe.sections)
        yield Opinion("sections", str(mine), str(said), mine == said)
        built = _built(part.label for part in analysis.sections)
        heard = _built(part.label for part in vibe.sections)
        if built != ["other"]:
            yield Opinion("labels", ", ".join(built), ", ".join(heard), built == heard)
    voices = _voices(song)
    if voices is not None and vibe.vocals != "unclear":
        yield Opinion("vocals", voices, vibe.vocals, (voices == "none") == (vibe.vocals == "none"))


def same_tempo(ours: float, theirs: float) -> bool:
    """Whether two tempi are the same within `MAX_TEMPO_ERROR`, up to octaves; 0 is no beat, and only like itself."""
    if not ours or not theirs:
        return ours == theirs
    octaves = round(math.log2(theirs / ours))
    return abs(math.ldexp(theirs / ours, -octaves) - 1) <= MAX_TEMPO_ERROR


def _bpm(tempo: float) -> str:
    return f"{tempo:.1f} bpm" if tempo else "no beat"


def _built(labels: Iterable[str]) -> list[str]:
    """The course of a song: parts of one kind in a row are one."""
    course: list[str] = []
    for label in labels:
        if not course or course[-1] != label:
            course.append(label)
    return course


def _voices(song: Song) -> str | None:
    """What the file says: we hear no voices ourselves. None where it says nothing."""
    if song.lyrics is not None and song.lyrics.lines:
        return "sung, by its lyrics"
    return "none" if song.genre and _INSTRUMENTAL.search(song.genre) else None
