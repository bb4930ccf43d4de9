"""The command `analyze`: what was heard, as a table, a picture, JSON, or a click over the song."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suno_video.cli import options as o
from suno_video.cli.answer import put, say
from suno_video.cli.wording import counted, parse_clock, plain

if TYPE_CHECKING:
    from suno_video.core.analysis import SongAnalysis


def analyze(
    song: o.Song,
    plot: Annotated[Path | None, typer.Option("--plot", help="Draw waveform, sections, beats, energy (PNG).")] = None,
    click: Annotated[
        Path | None, typer.Option("--click", metavar="FILE", help="Write the song with a click on each beat (WAV).")
    ] = None,
    listen: Annotated[
        bool, typer.Option("--listen", help="Let a language model listen too, and show where it hears otherwise.")
    ] = False,
    director: o.Director = None,
    director_offline: o.DirectorOffline = None,
    budget: o.Budget = None,
    project: Annotated[Path | None, typer.Option("--project", help="Keep the analysis in this project folder.")] = None,
    fps: o.Fps = None,
    stems: o.StemsFolder = None,
    separate: o.Separate = None,
    bpm: o.Bpm = None,
    downbeat: o.Downbeat = None,
    beats: o.Beats = None,
    max_duration: o.MaxDuration = None,
    config: o.Config = None,
    json: Annotated[bool, typer.Option("--json", help="The whole analysis as JSON on stdout, in one line.")] = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Listen: tempo, beats, sections, key, mood.

    With --listen the model that --director names hears the song too (else the first that has a key). What it says is
    kept in the project folder; our own analysis keeps the clock.

    Where the beats are wrong, hear them with --click and set them right with --bpm, --downbeat or --beats.
    """
    from suno_video.cli.screen import screen

    with screen(quiet=quiet or json, verbose=verbose) as events:
        from suno_video.analyze.click import write_click
        from suno_video.cli.grid import require_click_place
        from suno_video.cli.wishes import Wishes, film_options
        from suno_video.media.audio import check_song_file
        from suno_video.pipeline import analyze_song
        from suno_video.pipeline.options import project_of

        flags = o.set_flags(
            fps=fps,
            max_duration_s=parse_clock(max_duration, "--max-duration"),
            **{"money.budget": budget, "stems.separate": separate, **o.director_flags(director, director_offline)},
        )
        wishes = Wishes(
            project=project, config=config, flags=flags, stems=stems, bpm=bpm, downbeat=downbeat, beats=beats
        )
        options = film_options(song, wishes)
        check_song_file(song)
        if click is not None:
            require_click_place(song, click)
        # What took minutes to separate is kept, in the project folder beside the song if no other is named.
        keeps = project is not None or options.separate is not None
        hearing = None
        if listen:
            from suno_video.pipeline.hearing import analyze_and_hear

            heard, analysis, hearing = analyze_and_hear(song, options, events=events)
        else:
            if keeps:
                project_of(song, options).create()
            heard, analysis = analyze_song(song, options, write=keeps, events=events)
        if plot is not None:
            from suno_video.analyze.plot import plot_analysis

            plot_analysis(heard, analysis, plot)
        if click is not None:
            write_click(song, analysis, click, max_duration_s=options.max_duration_s)
    from suno_video.cli.heard import put_analysis, put_hearing

    if json:
        put(analysis.model_dump_json())
    else:
        put_analysis(heard, analysis)
    if listen:
        put_hearing(hearing, json=json)
    if plot is not None and not (json or quiet):
        say(f"plot: {plain(plot)}")
    if not (json or quiet):
        _say_of_grid(analysis, click, is_kept=keeps or listen, is_said=bool(bpm or downbeat or beats))


def _say_of_grid(analysis: SongAnalysis, click: Path | None, *, is_kept: bool, is_said: bool) -> None:
    if click is not None:
        high = "; the high ones begin bars" if analysis.downbeats_s else ""
        say(f"clicks: {plain(click)}, {counted(len(analysis.beats_s), 'click')}{high}")
    if is_said and not is_kept:
        say("the beats were set right for this look only: give the same to render, or --project to keep it")
