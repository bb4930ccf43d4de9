"""The command `lyrics`: which line is sung when, by whom, how sure that is, and what does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suno_video.cli import options as o
from suno_video.cli.ahead import song_of
from suno_video.cli.answer import put, put_event, say
from suno_video.cli.options import ProjectOrSong
from suno_video.cli.wording import plain

if TYPE_CHECKING:
    from suno_video.core.song import LyricLine
    from suno_video.pipeline.lyrics import LyricsReport


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
    has_singers = any(line.singer for line in found.lines)
    put_table(
        ["line", "section", *(["singer"] if has_singers else []), "from", "to", "sure", "timed by", "flags", "words"],
        [
            (
                number,
                line.section or "-",
                *([line.singer or "-"] if has_singers else []),
                _clock(line.start_s),
                _clock(line.end_s),
                f"{line.trust:.2f}" if line.is_timed else "-",
                line.timed_by or ("given" if line.is_timed else "nobody"),
                ", ".join(_flags(report, number - 1, line)) or "-",
                line.text,
            )
            for number, line in enumerate(found.lines, 1)
        ],
    )
    if report.comparison is None:
        return
    put("")
    if not report.comparison.not_written and not report.comparison.not_sung:
        put("what is sung is what is written")
    for run in report.comparison.not_written:
        put(f"sung, not written: {_clock(run.start_s)} to {_clock(run.end_s)}  {plain(run.text)}")
    for number in report.comparison.not_sung:
        put(f"written, not sung: line {number + 1}  {plain(found.lines[number].text)}")


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
