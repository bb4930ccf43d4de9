"""The commands that make a film of a song: `storyboard`, `render`. A command parses, calls one function, prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from suno_video.cli import options as o
from suno_video.cli.answer import put, say
from suno_video.cli.wording import plain
from suno_video.core.clock import clock, clock_tenths

if TYPE_CHECKING:
    from suno_video.core.storyboard import Scene
    from suno_video.pipeline import PlannedFilm
    from suno_video.pipeline.foresight import Forecast


def render(
    songs: o.Songs,
    out: o.Out = None,
    project: o.ProjectFolder = None,
    size: o.Size = None,
    fps: o.Fps = None,
    look: o.LookName = None,
    seed: o.Seed = None,
    quality: o.QualityName = None,
    encoder: o.EncoderChosen = None,
    preview: o.Preview = False,
    start: o.From = None,
    end: o.To = None,
    title: o.Title = None,
    end_card: o.EndCard = None,
    credit: o.Credits = None,
    lut: o.Lut = None,
    allow_flashes: o.AllowFlashes = None,
    no_captions: o.NoCaptions = False,
    captions: o.CaptionMode = None,
    safe_for: o.SafeFor = None,
    timing: o.Timing = None,
    backend: o.BackendName = None,
    stills: o.Stills = None,
    reference: o.References = None,
    lock_seed: o.LockSeed = None,
    director: o.Director = None,
    director_offline: o.DirectorOffline = None,
    budget: o.Budget = None,
    scene: o.SceneNames = None,
    keep: o.Keep = None,
    reject: o.Reject = None,
    upgrade: o.Upgrade = False,
    review: o.Review = None,
    isolate: o.Isolate = None,
    jobs: o.Jobs = None,
    stems: o.StemsFolder = None,
    separate: o.Separate = None,
    bpm: o.Bpm = None,
    downbeat: o.Downbeat = None,
    beats: o.Beats = None,
    max_duration: o.MaxDuration = None,
    config: o.Config = None,
    summary: o.SummaryFile = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Make the film of a song, or of several, one after the other.

    Run it again after an interruption or a change: what is finished and still fits is used again.
    """
    from suno_video.cli.batch import render_songs

    flags = o.set_flags(
        size=size,
        fps=fps,
        look=look,
        seed=seed,
        quality=quality,
        encoder=encoder,
        backend=backend,
        stills=stills,
        lock_seed=lock_seed,
        jobs=jobs,
        max_duration_s=_seconds(max_duration),
        **{
            "money.budget": budget,
            **o.director_flags(director, director_offline),
            **o.caption_flags(no_captions, captions, safe_for, timing),
            **o.finish_flags(lut, allow_flashes),
            "end_card": end_card,
            "stems.separate": separate,
            "memory.isolate": None if isolate is None else ("always" if isolate else "never"),
            "review.enabled": review,
        },
    )
    wishes = o.Wishes(
        out,
        project,
        preview,
        start,
        end,
        title,
        config,
        flags,
        upgrade=upgrade,
        redo=scene,
        keep=keep,
        reject=reject,
        references=reference or (),
        stems=stems,
        bpm=bpm,
        downbeat=downbeat,
        beats=beats,
        credits=credit or (),
    )
    status = render_songs([_path(name) for name in songs], wishes, o.Manner(json, quiet, verbose), summary_file=summary)
    # Not `typer.Exit`: with that, a run that was stopped would be told so twice.
    raise SystemExit(status)


def _path(name: str) -> Path:
    from suno_video.core.errors import NoSuchInputError

    if not name:
        raise NoSuchInputError("'' names no song.", "Name a song, or a folder of songs; is a variable empty?")
    return Path(name)


def _seconds(text: str | None) -> float | None:
    from suno_video.cli.wording import parse_clock

    return parse_clock(text, "--max-duration")


def storyboard(
    song: o.Song,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing, spend nothing.")] = False,
    project: o.ProjectFolder = None,
    size: o.Size = None,
    fps: o.Fps = None,
    look: o.LookName = None,
    seed: o.Seed = None,
    start: o.From = None,
    end: o.To = None,
    title: o.Title = None,
    end_card: o.EndCard = None,
    credit: o.Credits = None,
    no_captions: o.NoCaptions = False,
    captions: o.CaptionMode = None,
    safe_for: o.SafeFor = None,
    timing: o.Timing = None,
    backend: o.BackendName = None,
    stills: o.Stills = None,
    reference: o.References = None,
    lock_seed: o.LockSeed = None,
    director: o.Director = None,
    director_offline: o.DirectorOffline = None,
    budget: o.Budget = None,
    stems: o.StemsFolder = None,
    separate: o.Separate = None,
    bpm: o.Bpm = None,
    downbeat: o.Downbeat = None,
    beats: o.Beats = None,
    max_duration: o.MaxDuration = None,
    config: o.Config = None,
    json: Annotated[bool, typer.Option("--json", help="The storyboard as JSON on stdout, in one line.")] = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Plan the film and price it; render nothing.

    Writes storyboard.json into the project folder, for you to edit, and prints its scenes.
    """
    from suno_video.cli.screen import screen

    with screen(quiet=quiet or json, verbose=verbose) as events:
        from suno_video.cli.wishes import Wishes, film_options
        from suno_video.media.audio import check_song_file
        from suno_video.pipeline import plan_film
        from suno_video.pipeline.foresight import foresee_plan

        flags = o.set_flags(
            size=size,
            fps=fps,
            look=look,
            seed=seed,
            backend=backend,
            stills=stills,
            lock_seed=lock_seed,
            max_duration_s=_seconds(max_duration),
            **{"money.budget": budget, "end_card": end_card, "stems.separate": separate},
            **o.director_flags(director, director_offline),
            **o.caption_flags(no_captions, captions, safe_for, timing),
        )
        asked: dict[str, Any] = {"references": reference or (), "credits": credit or (), "stems": stems}
        asked |= {"bpm": bpm, "downbeat": downbeat, "beats": beats}
        wishes = Wishes(None, project, False, start, end, title, config, flags, **asked)
        options = film_options(song, wishes)
        check_song_file(song)
        planned = plan_film(song, options, write=not dry_run, events=events)
        forecast = foresee_plan(planned, options)
    if json:
        put(planned.storyboard.model_dump_json())
        return
    _put_storyboard(planned, forecast)
    if not quiet:
        say("dry run: nothing was written" if dry_run else f"{_storyboard_file(planned)}: {planned.storyboard_origin}")


def _storyboard_file(planned: PlannedFilm) -> str:
    from suno_video.project.workspace import Project

    return plain(Project(planned.project).storyboard_file)


def _put_storyboard(planned: PlannedFilm, forecast: Forecast) -> None:
    from suno_video.cli.heard import film_doubts
    from suno_video.cli.tables import put_fields, put_table
    from suno_video.core.money import usd

    board = planned.storyboard
    price = f"{usd(forecast.expected_usd)} expected, {usd(forecast.worst_usd)} at worst"
    put_fields(
        [
            ("title", planned.song.title),
            ("film", f"{clock(board.n_frames / board.fps)}, {board.size} at {board.fps} fps"),
            ("look", board.treatment.look),
            ("idea", board.treatment.logline),
            *(("beat", doubt) for doubt in film_doubts(planned)),
            ("price", price if forecast.worst_usd else "free"),
            ("of it", f"{forecast.count('stand-in')} scenes left to stand-ins" if forecast.count("stand-in") else None),
        ]
    )
    put("")
    costs = any(fate.worst_usd or fate.action == "stand-in" for fate in forecast.scenes)
    put_table(
        ["scene", "time", "bar", "section", "picture", "backend", "price", *(["why"] if costs else []), "prompt"],
        [
            (
                scene.id,
                clock_tenths(scene.start_frame / board.fps),
                scene.bar or "-",
                scene.section_label,
                scene.family,
                _backends_of(scene),
                usd(fate.expected_usd) if fate.worst_usd else fate.action if fate.action == "stand-in" else "free",
                *([fate.why] if costs else []),
                scene.prompt,
            )
            for scene, fate in zip(board.scenes, forecast.scenes, strict=True)
        ],
    )


def _backends_of(scene: Scene) -> str:
    return f"{scene.still_backend} > {scene.video_backend}" if scene.still_backend else scene.video_backend
