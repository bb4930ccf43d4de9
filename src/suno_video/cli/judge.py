"""The command `judge`: a finished film by the twelve criteria of AutoMV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suno_video.cli import options as o

if TYPE_CHECKING:
    from suno_video.core.judgement import FilmJudgement


def judge(
    project: Annotated[Path, typer.Argument(metavar="PROJECT", help="A project folder, or the song itself.")],
    director: o.Director = None,
    director_offline: o.DirectorOffline = None,
    budget: o.Budget = None,
    config: o.Config = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Let a director that sees pictures judge a finished film by twelve criteria, 1 to 5.

    Criteria and groups are those of AutoMV's evaluation. What was said is kept in the project as judge.json.
    """
    from suno_video.cli.answer import put_event
    from suno_video.cli.screen import screen

    with screen(quiet=quiet or json, verbose=verbose) as events:
        from suno_video.cli.status import finished_film
        from suno_video.cli.wishes import Wishes, film_options
        from suno_video.direct.llm.question import NoAnswer
        from suno_video.pipeline.advising import require_adviser, unanswered
        from suno_video.pipeline.crew import open_purse
        from suno_video.pipeline.judging import judge_project

        place, film = finished_film(project)
        flags = o.set_flags(**{"money.budget": budget, **o.director_flags(director, director_offline)})
        options = film_options(None, Wishes(project=place.root, config=config, flags=flags))
        purse = open_purse(place, options, events)
        adviser = require_adviser(options, place, purse, events, what="A judgement")
        try:
            judgement = judge_project(place, film, adviser)
        except NoAnswer as exc:
            raise unanswered(exc, adviser, what="a judgement") from exc
    if json:
        put_event("judgement", **judgement.model_dump(mode="json"))
        return
    _put_judgement(judgement)


def _put_judgement(judgement: FilmJudgement) -> None:
    from suno_video.cli.answer import put
    from suno_video.cli.tables import put_table
    from suno_video.cli.wording import counted, plain

    rows: list[tuple[str, str, str]] = []
    for group, mean in judgement.group_means.items():
        rows += [
            (each.name, "n/a" if each.score is None else str(each.score), plain(each.reason))
            for each in judgement.criteria
            if each.group == group
        ]
        rows.append((f"= {group}", _number(mean), ""))
    rows.append(("= Total", _number(judgement.total), "mean of all criteria that apply"))
    put_table(["criterion", "score", "why"], rows)
    seen = counted(judgement.n_frames_seen, "frame")
    put(f"judged by {plain(judgement.by)} from {seen} of {counted(judgement.n_scenes, 'scene')}; a model, not a jury")


def _number(mean: float | None) -> str:
    return "n/a" if mean is None else f"{mean:.2f}"
