"""Lyrics as files beside the film: SRT, WebVTT, enhanced LRC and ASS. Whatever is sung, no file breaks."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pysubs2

from suno_video.assemble.captions import caption_events, film_subtitles
from suno_video.assemble.events import TextEvent
from suno_video.assemble.lettering import caption_text
from suno_video.assemble.tokens import Row, Token, break_rows, row_text
from suno_video.core.song import Lyrics, Song
from suno_video.core.storyboard import Storyboard

ROW_CHARS = 42
"""Letters in a row of subtitles, by the usual rule of broadcasters."""
SIDECAR_ENDINGS = (".srt", ".vtt", ".lrc", ".ass")
# What players take for a tag, a time or a new cue, and what looks like it.
_HARMLESS = str.maketrans({"<": "‹", ">": "›", "{": "(", "}": ")", "\\": "⧵"})
_HARMLESS_LRC = str.maketrans({"<": "‹", ">": "›", "[": "(", "]": ")"})


_TIME = re.compile(r"\d:(?=\d)")


@dataclass(frozen=True)
class _Cue:
    start_s: float
    end_s: float
    rows: tuple[Row, ...]


def write_sidecars(song: Song, storyboard: Storyboard) -> dict[str, str]:
    """Write the sung lines of a film, by ending of the file; nothing where no line has times.

    Times are those of the film: a film of a part of the song begins at 0 all the same.
    """
    events = caption_events(_plain(storyboard), song.lyrics)
    if not events:
        return {}
    cues = _cues(events, storyboard)
    return {
        ".srt": _srt(cues),
        ".vtt": _vtt(cues),
        ".lrc": _lrc(cues, song, storyboard),
        ".ass": _ass(storyboard, song.lyrics),
    }


def _plain(storyboard: Storyboard) -> Storyboard:
    """The film without its title and with whole lines that are swept, whatever its pictures show."""
    return storyboard.model_copy(update={"captions": "karaoke", "title_card": None})


def _cues(events: Sequence[TextEvent], storyboard: Storyboard) -> list[_Cue]:
    first_s, end_s = storyboard.first_frame / storyboard.fps, storyboard.end_frame / storyboard.fps
    cues = []
    for event in events:
        start, end = max(event.start_s, first_s) - first_s, min(event.end_s, end_s) - first_s
        if end - start >= 0.002 and event.tokens:
            rows = _rows(tuple(_moved(token, first_s) for token in event.tokens))
            cues.append(_Cue(start, end, rows))
    return cues


def _moved(token: Token, first_s: float) -> Token:
    if token.start_s is None or token.end_s is None:
        return token
    return replace(token, start_s=max(0.0, token.start_s - first_s), end_s=max(0.0, token.end_s - first_s))


def _rows(tokens: tuple[Token, ...]) -> tuple[Row, ...]:
    widths = [float(len(token.text)) for token in tokens]
    for count in (1, 2, 3):
        rows = break_rows(tokens, widths, 1.0, count, ROW_CHARS)
        if rows:
            return rows
    return (tokens,)


def _srt(cues: Sequence[_Cue]) -> str:
    blocks = [
        f"{number}\n{_clock(cue.start_s, ',')} --> {_clock(cue.end_s, ',')}\n"
        + "\n".join(_harmless(row_text(row)) for row in cue.rows)
        for number, cue in enumerate(cues, start=1)
    ]
    return "\n\n".join(blocks) + "\n"


def _harmless(text: str) -> str:
    return _no_times(text).translate(_HARMLESS)


def _no_times(text: str) -> str:
    """Readers look for times anywhere in a row: what looks like one is written with the sign for ratios."""
    return _TIME.sub(lambda found: found[0].replace(":", "\u2236"), text)


def _vtt(cues: Sequence[_Cue]) -> str:
    blocks = [
        f"{_clock(cue.start_s, '.')} --> {_clock(cue.end_s, '.')}\n" + "\n".join(_vtt_row(row, cue) for row in cue.rows)
        for cue in cues
    ]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def _vtt_row(row: Row, cue: _Cue) -> str:
    """A row whose words light up at their times, where they are known and lie within the cue."""
    parts = []
    for number, token in enumerate(row):
        stamp = ""
        if token.start_s is not None and cue.start_s < token.start_s < cue.end_s:
            stamp = f"<{_clock(token.start_s, '.')}>"
        parts.append((" " if token.space and number else "") + stamp + html.escape(_no_times(token.text), quote=False))
    return "".join(parts)


def _lrc(cues: Sequence[_Cue], song: Song, storyboard: Storyboard) -> str:
    length_s = storyboard.n_frames / storyboard.fps
    tags = {"ti": song.title, "ar": song.artist, "al": song.album, "length": _stamp(length_s), "by": "suno-video"}
    lines = [f"[{key}:{caption_text(value).translate(_HARMLESS_LRC)}]" for key, value in tags.items() if value]
    for number, cue in enumerate(cues):
        tokens = [token for row in cue.rows for token in row]
        timed = all(token.is_timed for token in tokens)
        start_s = (tokens[0].start_s or 0.0) if timed else cue.start_s
        text = "".join(_lrc_word(token, number) for number, token in enumerate(tokens))
        end = f"<{_stamp(tokens[-1].end_s or cue.end_s)}>" if timed else ""
        lines.append(f"[{_stamp(start_s)}]{text}{end}")
        # An empty line ends one that is followed by a rest.
        if number + 1 == len(cues) or cues[number + 1].start_s - cue.end_s > 1.0:
            lines.append(f"[{_stamp(cue.end_s)}]")
    return "\n".join(lines) + "\n"


def _lrc_word(token: Token, number: int) -> str:
    space = " " if token.space and number else ""
    text = token.text.translate(_HARMLESS_LRC)
    return f"{space}<{_stamp(token.start_s or 0.0)}>{text}" if token.is_timed else space + text


def _ass(storyboard: Storyboard, lyrics: Lyrics | None) -> str:
    plain = _plain(storyboard)
    document = pysubs2.SSAFile.from_string(film_subtitles(caption_events(plain, lyrics), plain), format_="ass")
    document.shift(s=-storyboard.first_frame / storyboard.fps)
    text = document.to_string("ass")
    # The library's own name and address have no business in there.
    return re.sub(r"^; .*$", "; Made with suno-video", text, count=1, flags=re.MULTILINE)


def _clock(seconds: float, point: str) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}{point}{ms % 1000:03d}"


def _stamp(seconds: float) -> str:
    hundredths = round(seconds * 100)
    return f"{hundredths // 6000:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"
