"""The command `release`: the texts that a film is published with, in general and for one platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suno_video.cli import options as o
from suno_video.cli.answer import put, put_event, say
from suno_video.cli.wording import plain
from suno_video.core.clock import clock

if TYPE_CHECKING:
    from suno_video.core.release import ReleaseTexts
    from suno_video.publish.platforms import PlatformTexts


def release(
    project: Annotated[Path, typer.Argument(metavar="PROJECT", help="A project folder, or the song itself.")],
    target: Annotated[
        str | None,
        typer.Option("--for", help="youtube, shorts, reels, tiktok, linkedin or x: as it is pasted there."),
    ] = None,
    director: o.Director = None,
    director_offline: o.DirectorOffline = None,
    budget: o.Budget = None,
    config: o.Config = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Write the texts of the release: title, description, tags, chapters, and more.

    They lie in release.json in the project folder, for you to edit: what you change stays. With --for they are printed
    as that platform takes them, within its limits. Nothing is uploaded.
    """
    from suno_video.cli.screen import screen

    with screen(quiet=quiet or json, verbose=verbose) as events:
        from suno_video.cli.status import find_project
        from suno_video.cli.wishes import Wishes, film_options
        from suno_video.pipeline.advising import adviser_for
        from suno_video.pipeline.crew import open_purse
        from suno_video.pipeline.release import release_texts
        from suno_video.publish.platforms import text_limits, texts_for

        if target is not None:
            text_limits(target)  # a wrong name is said before anything is asked and paid
        place = find_project(project)
        flags = o.set_flags(**{"money.budget": budget, **o.director_flags(director, director_offline)})
        options = film_options(None, Wishes(project=place.root, config=config, flags=flags))
        purse = open_purse(place, options, events) if options.director.directs else None
        found = release_texts(place, adviser_for(options, place, purse, events), events=events)
        shown = texts_for(found.texts, target) if target is not None else None
    if json:
        sent = {"platform": shown.model_dump(mode="json")} if shown is not None else {}
        texts = found.texts.model_dump(mode="json")
        put_event("release", file=str(found.file), origin=found.origin, texts=texts, **sent)
        return
    if shown is not None:
        _put_platform(shown)
    else:
        _put_texts(found.texts)
    if not quiet:
        say(f"{plain(found.file)}: {found.origin}")


def _put_texts(texts: ReleaseTexts) -> None:
    from suno_video.cli.tables import put_fields

    put_fields(
        [
            ("title", texts.title),
            ("tags", ", ".join(texts.tags)),
            ("hashtags", " ".join(f"#{word}" for word in texts.hashtags)),
            ("style", texts.visual_style),
            ("alt text", texts.alt_text),
            *(("chapter", f"{clock(chapter.start_s)} {chapter.title}") for chapter in texts.chapters),
            ("writer", texts.writer),
        ]
    )
    _put_block(texts.description)


def _put_platform(shown: PlatformTexts) -> None:
    from suno_video.cli.tables import put_fields

    put_fields([("title", shown.title), ("tags", ", ".join(shown.tags)), ("alt text", shown.alt_text)])
    _put_block(shown.body)


def _put_block(text: str) -> None:
    """Write lines as they are to be pasted."""
    put("")
    for line in text.split("\n"):
        put(plain(line))
