"""Turns flags and settings into what the pipeline takes. A value that does not fit is refused by where it was set."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Literal

from suno_video.assemble.encoders import choose_encoder
from suno_video.backends.base import BackendSetup, MakesKind
from suno_video.cli.grid import grid_said
from suno_video.cli.options import Wishes as Wishes
from suno_video.cli.wording import parse_clock
from suno_video.core.brief import Brief, SafeArea
from suno_video.core.errors import NoSuchInputError, UsageError
from suno_video.core.frames import FrameSize
from suno_video.core.memory import MemoryLimits
from suno_video.direct.llm.choice import DirectorChoice
from suno_video.pipeline import FilmOptions
from suno_video.pipeline.memory import MemoryOptions
from suno_video.project.ledger_file import default_ledger_path
from suno_video.project.purchases import Caps
from suno_video.project.references import check_reference
from suno_video.render.review import ReviewRules
from suno_video.settings import (
    LoadedSettings,
    Settings,
    load_settings,
    user_director_file,
    user_looks_folder,
    user_models_folder,
    user_prices_file,
)
from suno_video.settings_groups import CheckSettings, MemorySettings, MoneySettings, ReviewSettings

PREVIEW_SIDE_PX = 480


def film_options(song: Path | None, wishes: Wishes) -> FilmOptions:
    """Put together what the pipeline needs.

    Args:
        song: Its project folder may hold settings; None for what holds for every song.

    Raises:
        UsageError, ConfigError: A value does not fit.
    """
    flags = dict(wishes.flags)
    if wishes.preview:
        if flags.get("quality", "draft") != "draft":
            raise UsageError("--preview and --quality contradict each other.", "Leave one of them out.")
        flags["quality"] = "draft"
    loaded = load_settings(
        flags, config=wishes.config, project=wishes.project or (_folder_beside(song) if song else None)
    )
    settings = loaded.settings
    setup = backend_setup(settings)
    check_look(loaded)
    video, still = check_backend(loaded, "backend", "clip", setup), check_backend(loaded, "stills", "still", setup)
    size = FrameSize.parse(settings.size)
    start_s, end_s = parse_clock(wishes.start, "--from"), parse_clock(wishes.end, "--to")
    if end_s is not None and end_s <= (start_s or 0):
        raise UsageError("--to must lie after --from.", "Give a later end, or leave it out for the end of the song.")
    said = grid_said(wishes)
    references = tuple(check_reference(path) for path in wishes.references)
    brief = Brief(
        look=settings.look,
        seed=settings.seed,
        size=preview_size(size) if wishes.preview else size,
        fps=settings.fps,
        from_s=start_s,
        to_s=end_s,
        title=wishes.title,
        end_card=settings.end_card,
        credits=tuple(wishes.credits[:8]),
        captions=settings.captions,
        safe_area=safe_area(loaded, size),
        timing=settings.timing,
        still_backend=still,
        video_backend=video or settings.backend,
        references=tuple(dict.fromkeys(each.name for each in references)),
        lock_seed=settings.lock_seed,
    )
    return FilmOptions(
        brief=brief,
        quality=settings.quality,
        encoder=choose_encoder(settings.encoder),
        out=wishes.out,
        project=wishes.project,
        jobs=settings.jobs,
        max_duration_s=settings.max_duration_s,
        stems=wishes.stems,
        separate=settings.stems.model if settings.stems.separate else None,
        grid=said.wish,
        forget_grid=said.forget,
        looks_folder=user_looks_folder(),
        ledger=settings.money.ledger or default_ledger_path(),
        caps=_caps_of(settings.money),
        run=wishes.run,
        memory=_memory_of(settings.memory),
        setup=setup,
        director=director_choice(loaded),
        checks=_checks_of(settings.checks),
        review=_review_of(settings.review),
        deflicker=settings.finish.deflicker == "auto",
        allow_flashes=settings.finish.allow_flashes,
        lut=settings.finish.lut.expanduser() if settings.finish.lut is not None else None,
        references=references,
        upscale_model=upscale_model(loaded),
        upgrade=wishes.upgrade,
        redo=_names(wishes.redo),
        keep=_names(wishes.keep),
        reject=_names(wishes.reject),
    )


def safe_area(loaded: LoadedSettings, size: FrameSize) -> SafeArea | None:
    """Give what a platform leaves free for text; None where none was named, or the film has another shape.

    Raises:
        UsageError, ConfigError: There is no such platform.
    """
    name = loaded.settings.safe_for
    if name is None:
        return None
    from suno_video.publish.targets import load_target

    try:
        return load_target(name).safe_area_for(size)
    except UsageError as exc:
        raise loaded.refuse("safe_for", exc.message[0].lower() + exc.message[1:], exc.hint) from exc


def upscale_model(loaded: LoadedSettings) -> Path | None:
    """Give the model that enlarges clips; None where they are not enlarged.

    Raises:
        ConfigError: Its file is not there, or a package that it needs is not: said before anything is bought.
    """
    finish = loaded.settings.finish
    if finish.upscale == "none" or finish.upscale_model is None:
        return None
    from suno_video.media.upscaler import missing_packages

    if not finish.upscale_model.is_file():
        raise loaded.refuse("finish.upscale_model", f"there is no file {finish.upscale_model}.")
    if missing := missing_packages():
        raise loaded.refuse(
            "finish.upscale",
            f"enlarging clips needs {', '.join(missing)}.",
            "Install them: pip install 'suno-video[upscale]'",
        )
    return finish.upscale_model


def director_choice(loaded: LoadedSettings) -> DirectorChoice:
    """Give who directs, having looked that it can.

    Raises:
        UsageError, ConfigError: There is no such director, or a package that it needs is not installed.
        KeyRefusedError: It was named, and has no key.
        BadEditError: The user's file of language models does not fit.
    """
    from suno_video.direct.llm.lineup import line_up

    director, services = loaded.settings.director, loaded.settings.services
    choice = DirectorChoice(
        name=director.name,
        listen_model=director.listen_model,
        write_model=director.write_model,
        fallback=director.fallback,
        safety=director.safety,
        offline=director.offline,
        keys=services.director_keys(),
        addresses=services.director_addresses(),
        models_file=user_director_file(),
    )
    try:
        line_up(choice)
    except UsageError as exc:
        raise loaded.refuse("director.name", exc.message[0].lower() + exc.message[1:], exc.hint) from exc
    return choice


def _caps_of(money: MoneySettings) -> Caps:
    return Caps(money.budget, money.project_budget, money.day_budget, money.month_budget)


def _checks_of(checks: CheckSettings) -> frozenset[str]:
    from suno_video.render.quality import ALL_CHECKS

    return frozenset(ALL_CHECKS).difference(checks.skip) if checks.enabled else frozenset()


def _review_of(review: ReviewSettings) -> ReviewRules | None:
    return ReviewRules(review.threshold, review.rerolls) if review.enabled else None


def _memory_of(memory: MemorySettings) -> MemoryOptions:
    return MemoryOptions(
        limits=MemoryLimits(memory.warning_mb, memory.critical_mb),
        aggressive=memory.aggressive_cleanup,
        interval=memory.cleanup_interval,
        logging=memory.logging,
        isolate=memory.isolate,
        keep_sound=memory.audio_cache,
        keep_sound_hours=memory.audio_cache_hours,
        keep_models=memory.model_cache,
    )


def _names(text: str | None) -> tuple[str, ...]:
    """Split `7,9-11` into its parts."""
    return tuple(part for part in (text or "").replace(" ", "").split(",") if part)


def _folder_beside(song: Path) -> Path:
    from suno_video.project.workspace import Project

    if not song.name:
        raise NoSuchInputError(f"{str(song)!r} is a folder, not a song.", "Name one file inside it.")
    return Project.beside(song).root


def preview_size(size: FrameSize) -> FrameSize:
    """Shrink a size to `PREVIEW_SIDE_PX` on its short side, keeping its shape; a smaller one stays."""
    short = min(size.width_px, size.height_px)
    if short <= PREVIEW_SIDE_PX:
        return size
    scale = PREVIEW_SIDE_PX / short
    return FrameSize(width_px=round(size.width_px * scale / 2) * 2, height_px=round(size.height_px * scale / 2) * 2)


def backend_setup(settings: Settings) -> BackendSetup:
    """Give what all backends are made with."""
    return BackendSetup(
        models_folder=user_models_folder(),
        prices_file=user_prices_file(),
        quantize=settings.models.quantize,
        fast=settings.models.fast,
        keep_models=settings.memory.model_cache,
        services=settings.services.plain(),
    )


def check_look(loaded: LoadedSettings) -> None:
    """Refuse a look that does not exist, before anything takes time."""
    from suno_video.direct.looks import AUTO, load_looks

    name, names = loaded.settings.look, [AUTO, *load_looks(user_looks_folder())]
    if name not in names:
        raise loaded.refuse("look", f"there is no {name!r}.", _nearest(name, names))


def check_backend(
    loaded: LoadedSettings, key: Literal["backend", "stills"], kind: MakesKind, setup: BackendSetup
) -> str | None:
    """Give the full name of the backend that a setting names, `backend:model` where it has models.

    One that is registered and cannot be loaded may be named: it says itself what it lacks.

    Raises:
        UsageError, ConfigError: There is no such backend or model, or it makes something else.
        BadEditError: One of the user's model cards does not fit.
    """
    from suno_video.backends.registry import full_spec

    name: str | None = getattr(loaded.settings, key)
    if name is None:
        return None
    try:
        return full_spec(name, kind, setup)
    except UsageError as exc:
        raise loaded.refuse(key, exc.message[0].lower() + exc.message[1:], exc.hint) from exc


def _nearest(name: str, names: list[str]) -> str:
    if not names:
        return "None is installed that could."
    close = difflib.get_close_matches(name, names, 1)
    return (f"Did you mean {close[0]!r}? " if close else "") + f"Choose one of: {', '.join(names)}."


def require_file(path: Path, what: str) -> Path:
    """Look at once whether a file can be read, before anything heavy is loaded. Raises `NoSuchInputError`."""
    try:
        if path.is_dir():
            raise NoSuchInputError(f"{path} is a folder, not {what}.", "Name the file inside it.")
        with path.open("rb"):
            return path
    except (OSError, ValueError) as exc:
        reason = (exc.strerror if isinstance(exc, OSError) else None) or str(exc)
        raise NoSuchInputError(f"{path} cannot be read: {reason}.", f"Check the name of {what}.") from exc
