"""The command that looks ahead: `plan` says what `render` would make, keep and buy."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suno_video.cli import options as o
from suno_video.cli.answer import put, put_event
from suno_video.cli.wording import counted
from suno_video.core.clock import clock

if TYPE_CHECKING:
    from suno_video.pipeline.foresight import Forecast


def plan(
    project: o.ProjectOrSong,
    size: o.Size = None,
    fps: o.Fps = None,
    look: o.LookName = None,
    seed: o.Seed = None,
    quality: o.QualityName = None,
    encoder: o.EncoderChosen = None,
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
    stems: o.StemsFolder = None,
    separate: o.Separate = None,
    bpm: o.Bpm = None,
    downbeat: o.Downbeat = None,
    beats: o.Beats = None,
    scene: o.SceneNames = None,
    upgrade: o.Upgrade = False,
    config: o.Config = None,
    json: o.Json = False,
) -> None:
    """Say what `render` with the same options would make, keep and buy, and why; do nothing.

    Scene by scene: what is kept, what is made again because of which change, the price, and about how long it takes.
    """
    from suno_video.cli.wishes import Wishes, film_options
    from suno_video.pipeline.foresight import foresee_film

    song, folder = song_of(project)
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
        **{"money.budget": budget, "end_card": end_card, "stems.separate": separate},
        **o.director_flags(director, director_offline),
        **o.caption_flags(no_captions, captions, safe_for, timing),
        **o.finish_flags(lut, allow_flashes),
    )
    asked: dict[str, Any] = {"upgrade": upgrade, "redo": scene, "references": reference or (), "credits": credit or ()}
    asked |= {"stems": stems, "bpm": bpm, "downbeat": downbeat, "beats": beats}
    wishes = Wishes(None, folder, False, start, end, title, config, flags, **asked)
    forecast = foresee_film(song, film_options(song, wishes))
    if json:
        for one in forecast.scenes:
            put_event("plan.scene", **asdict(one))
        put_event(
            "result",
            n_kept=forecast.count("keep"),
            n_to_make=forecast.count("make"),
            n_to_buy=forecast.count("buy"),
            n_stand_ins=forecast.count("stand-in"),
            expected_usd=forecast.expected_usd,
            worst_usd=forecast.worst_usd,
            seconds=round(forecast.seconds, 1),
        )
        return
    _put_forecast(forecast)


def _put_forecast(forecast: Forecast) -> None:
    from suno_video.cli.tables import put_table
    from suno_video.core.money import usd

    put_table(
        ["scene", "what", "by", "price", "about", "why"],
        [
            (
                one.scene,
                one.action,
                one.backend,
                usd(one.expected_usd) if one.worst_usd else "free",
                clock(one.seconds) if one.seconds else "-",
                one.why,
            )
            for one in forecast.scenes
        ],
    )
    put("")
    price = f"{usd(forecast.expected_usd)} expected, {usd(forecast.worst_usd)} at worst"
    put(
        f"{counted(forecast.count('make'), 'scene')} to make, {forecast.count('buy')} to buy, "
        f"{forecast.count('stand-in')} played by a stand-in, {forecast.count('keep')} kept; "
        f"{price if forecast.worst_usd else 'free'}; about {clock(forecast.seconds)} of work"
    )


def song_of(path: Path) -> tuple[Path, Path | None]:
    """Find the song of a project, and the folder when one was named."""
    from suno_video.core.errors import BadEditError, NoSuchInputError
    from suno_video.core.song import Song
    from suno_video.project.workspace import Project

    if not path.is_dir():
        return path, None
    try:
        name = Song.load(Project(path).song_file).file_name
    except (OSError, BadEditError) as exc:
        raise NoSuchInputError(f"{str(path)!r} holds no project.", "Name a project folder (song.suno-video).") from exc
    song = path.absolute().parent / name
    if not song.is_file():
        raise NoSuchInputError(f"The song of this project, {name!r}, is not beside it.", "Name the song instead.")
    return song, path
