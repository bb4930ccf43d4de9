"""The command `lyrics`: which line is sung when, by whom, how sure that is, and what does not fit."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suno_video.cli import options as o
from suno_video.cli.ahead import song_of
from suno_video.cli.answer import put, put_event, say
from suno_video.cli.options import ProjectOrSong
from suno_video.cli.wording import plain

if TYPE_CHECKING:
    from suno_video.core.song import LyricLine, Lyrics
    from suno_video.pipeline.lyrics import LyricsReport

_WAYS = {
    "given": "with times of their own",
    "placed": "placed by voice, sections, syllables and bars",
    "aligned": "heard in the voice",
    "fixed": "fixed by you",
    "nobody": "without times",
}
_SAME = ("singer", "timed by", "flags")
"""Columns that say nothing where they say the same of every line."""


def lyrics(
    project: ProjectOrSong,
    align: Annotated[
        bool, typer.Option("--align", help="Let a model find the words in the voice (extra `align`).")
    ] = False,
    align_model: Annotated[
        str | None, typer.Option("--align-model", help="CTC model for that: an id of the hub, or a folder.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Let a model write down what it hears, and compare (extra `transcribe`).")
    ] = False,
    check_model: Annotated[
        str | None, typer.Option("--check-model", help="Whisper model for that: small, large-v3 or a folder.")
    ] = None,
    voice: Annotated[
        Path | None, typer.Option("--voice", help="The voice alone, as long as the song, for models to hear.")
    ] = None,
    max_duration: o.MaxDuration = None,
    config: o.Config = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Show when each line is sung and how sure that is; a file in the project takes your fixes.

    Words without times are placed by voice, sections, syllables and bars. What you write into lyrics.fix.txt in the
    project folder counts before anything else; the next render takes it.
    """
    from suno_video.cli.screen import screen

    with screen(quiet=quiet or json, verbose=verbose) as events:
        from suno_video.cli.wishes import Wishes, film_options, require_file
        from suno_video.cli.wording import parse_clock
        from suno_video.media.audio import check_song_file
        from suno_video.pipeline.lyrics import LyricsWishes, study_lyrics

        song, folder = song_of(project)
        flags = o.set_flags(max_duration_s=parse_clock(max_duration, "--max-duration"))
        options = film_options(song, Wishes(project=folder, config=config, flags=flags))
        check_song_file(song)
        if voice is not None:
            require_file(voice, "the voice")
        wishes = LyricsWishes(align, align_model, check, check_model, voice)
        report = study_lyrics(song, options, wishes, events=events)
    if json:
        _put_json(report)
        return
    _put_table(report)
    if not quiet and report.fix_file.is_file():
        say(f"your fixes: {plain(report.fix_file)}")


def _put_json(report: LyricsReport) -> None:
    found = report.song.lyrics
    for number, line in enumerate(found.lines if found is not None else (), 1):
        put_event("lyrics.line", number=number, flags=_flags(report, number - 1, line), **line.model_dump(mode="json"))
    for run in report.comparison.not_written if report.comparison is not None else ():
        put_event("lyrics.not_written", start_s=run.start_s, end_s=run.end_s, text=run.text)
    put_event(
        "result",
        source=found.source if found is not None else None,
        n_lines=len(found.lines) if found is not None else 0,
        n_sure=sum(line.is_sure for line in found.lines) if found is not None else 0,
        not_sung=[number + 1 for number in report.comparison.not_sung] if report.comparison is not None else None,
        fix_file=str(report.fix_file),
    )


def _put_table(report: LyricsReport) -> None:
    from suno_video.cli.tables import put_table

    found = report.song.lyrics
    if found is None:
        put("no lyrics: put them beside the song as .lrc, .srt or .txt, or write them into the file for fixes")
        return
    columns = _columns(report, found.lines)
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    if sys.stdout.isatty():
        columns, rows = _as_sheet(columns, rows)
    put_table(list(columns), rows)
    put("")
    put(_summary(found))
    if report.comparison is None:
        return
    if not report.comparison.not_written and not report.comparison.not_sung:
        put("what is sung is what is written")
    for run in report.comparison.not_written:
        put(f"sung, not written: {_clock(run.start_s)} to {_clock(run.end_s)}  {plain(run.text)}")
    for number in report.comparison.not_sung:
        put(f"written, not sung: line {number + 1}  {plain(found.lines[number].text)}")


def _columns(report: LyricsReport, lines: Sequence[LyricLine]) -> dict[str, list[str]]:
    """What the table says of each line, by column."""
    return {
        "line": [str(number) for number in range(1, len(lines) + 1)],
        "section": [line.section or "-" for line in lines],
        **({"singer": [line.singer or "-" for line in lines]} if any(line.singer for line in lines) else {}),
        "from": [_clock(line.start_s) for line in lines],
        "to": [_clock(line.end_s) for line in lines],
        "sure": [f"{line.trust:.2f}" if line.is_timed else "-" for line in lines],
        "timed by": [line.timed_by or ("given" if line.is_timed else "nobody") for line in lines],
        "flags": [", ".join(_flags(report, number, line)) or "-" for number, line in enumerate(lines)],
        "words": [line.text for line in lines],
    }


def _as_sheet(columns: dict[str, list[str]], rows: list[list[str]]) -> tuple[dict[str, list[str]], list[list[str]]]:
    """For people: sections in rows of their own, no column that says the same of every line; words need the room."""
    sections = columns["section"]
    kept = {name: said for name, said in columns.items() if name not in _SAME or len(set(said)) > 1}
    kept.pop("section")
    numbers = [number for number, name in enumerate(columns) if name in kept]
    shown: list[list[str]] = []
    for number, row in enumerate(rows):
        if sections[number] != (sections[number - 1] if number else "-"):
            shown.append([*[""] * (len(kept) - 1), f"[{sections[number]}]"])
        shown.append([row[each] for each in numbers])
    return kept, shown


def _summary(found: Lyrics) -> str:
    """Say in a line where the words come from, and how many of their times are sure."""
    from suno_video.core.song import SHOWN

    n = len(found.lines)
    hidden = sum(not line.is_timed or line.trust < SHOWN for line in found.lines)
    soft = n - hidden - sum(line.is_sure for line in found.lines)
    ways = Counter(line.timed_by or ("given" if line.is_timed else "nobody") for line in found.lines)
    by = ", ".join(f"{count} {_WAYS[way]}" if len(ways) > 1 else _WAYS[way] for way, count in ways.most_common())
    doubts = [f"{soft} unsure: shown softly, not swept"] if soft else []
    doubts += [f"{hidden} not shown: nobody knows when"] if hidden else []
    noun = "line" if n == 1 else "lines"
    return f"{n} {noun} from {plain(found.source)}, {by}" + "".join(f"; {each}" for each in doubts)


def _flags(report: LyricsReport, number: int, line: LyricLine) -> list[str]:
    from suno_video.core.song import SHOWN

    flags = ["ad-lib"] if line.is_adlib else ["has ad-libs"] if line.adlibs else []
    if report.comparison is not None and number in report.comparison.not_sung:
        flags.append("not sung")
    if line.is_timed and line.trust < SHOWN:
        flags.append("not shown")
    elif line.is_timed and not line.is_sure:
        flags.append("unsure")
    return flags


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    hundredths = round(seconds * 100)
    return f"{hundredths // 6000}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"
