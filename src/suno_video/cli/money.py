"""The commands about what a film has cost: `cost`, and `clean` when space is short."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from suno_video.cli import options as o
from suno_video.cli.answer import put, put_event, say
from suno_video.cli.wording import counted, megabytes, plain

if TYPE_CHECKING:
    from suno_video.project.ledger import Ledger
    from suno_video.project.purchases import GroupBy

_GROUPS = ("project", "backend", "model", "day", "month", "scene", "outcome")


def cost(
    project: Annotated[
        Path | None,
        typer.Argument(metavar="[PROJECT]", help="Only this project, or that of this song.", show_default=False),
    ] = None,
    by: Annotated[str, typer.Option("--by", help=f"Sum up by {', '.join(_GROUPS[:-1])} or {_GROUPS[-1]}.")] = "project",
    csv: Annotated[bool, typer.Option("--csv", help="Every attempt as CSV on stdout.")] = False,
    prices: Annotated[bool, typer.Option("--prices", help="The price list instead, yours and ours.")] = False,
    config: o.Config = None,
    json: o.Json = False,
) -> None:
    """Show what was spent, and what is held for attempts whose outcome is open.

    Failed and refused attempts appear with what they cost.
    """
    from suno_video.core.errors import UsageError
    from suno_video.project.ledger import Ledger
    from suno_video.project.ledger_file import default_ledger_path
    from suno_video.settings import load_settings

    if prices:
        _put_prices(json=json)
        return
    if by not in _GROUPS:
        raise UsageError(f"--by {by!r} is no way to sum up.", f"Choose one of: {', '.join(_GROUPS)}.")
    path = load_settings({}, config=config).settings.money.ledger or default_ledger_path()
    wanted = _identity_of(project) if project is not None else None
    if not path.is_file():
        if json:
            put_event("result", spent_usd="0", held_usd="0", n_attempts=0)
        elif not csv:
            put("nothing was spent yet")
        return
    ledger = Ledger(path)
    if csv:
        _put_csv(ledger, wanted)
    elif json:
        _put_cost_json(ledger, by, wanted)
    else:
        _put_cost(ledger, by, wanted)


def _put_prices(*, json: bool) -> None:
    """Show every price with its source; your own `prices.toml` takes the place of ours for a model."""
    from datetime import UTC, datetime

    from suno_video.backends.prices import PriceBook
    from suno_video.cli.tables import put_table
    from suno_video.settings import user_prices_file

    own = user_prices_file()
    book = PriceBook.load(own if own.is_file() else None)
    old = set(map(id, book.stale(datetime.now(UTC).date())))
    if json:
        for price in book.prices:
            put_event("price", **price.model_dump(mode="json"), old=id(price) in old)
        return
    put_table(
        ["backend", "model", "price", "checked", "source"],
        [
            (
                price.backend,
                price.model,
                price.terms,
                f"{price.checked_on}{' (old)' if id(price) in old else ''}",
                price.source,
            )
            for price in book.prices
        ],
    )
    say(f"your own prices: {plain(own)}" + ("" if own.is_file() else " (there is none)"))


def _put_cost(ledger: Ledger, by: str, project: str | None) -> None:
    from decimal import Decimal

    from suno_video.cli.tables import put_table
    from suno_video.core.money import usd

    totals = ledger.totals(cast("GroupBy", by), project=project)
    if not totals:
        put("nothing was spent yet")
        return
    names = _project_names() if by == "project" else {}
    put_table(
        [by, "spent", "held", "attempts", "failed"],
        [
            (names.get(of.key, of.key or "-"), usd(of.spent_usd), usd(of.held_usd), of.n_attempts, of.n_failed)
            for of in totals
        ],
    )
    put("")
    spent, held = (sum((getattr(total, name) for total in totals), Decimal(0)) for name in ("spent_usd", "held_usd"))
    put(f"{usd(spent)} spent" + (f", {usd(held)} held for attempts whose outcome is open" if held else ""))


def _put_cost_json(ledger: Ledger, by: str, project: str | None) -> None:
    from decimal import Decimal

    totals = ledger.totals(cast("GroupBy", by), project=project)
    for total in totals:
        put_event("cost", by=by, **total.model_dump(mode="json"))
    for entry in ledger.entries(project=project):
        put_event("attempt", **entry.model_dump(mode="json"))
    put_event(
        "result",
        spent_usd=str(sum((total.spent_usd for total in totals), Decimal(0))),
        held_usd=str(sum((total.held_usd for total in totals), Decimal(0))),
        n_attempts=sum(total.n_attempts for total in totals),
    )


def _put_csv(ledger: Ledger, project: str | None) -> None:
    import csv
    import io

    rows = [entry.model_dump(mode="json") for entry in ledger.entries(project=project)]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]) if rows else ["attempt"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    put(out.getvalue().rstrip("\n"))


def clean(
    project: o.ProjectOrSong,
    segments: Annotated[
        bool, typer.Option("--segments", help="Finished pieces too: rendered again when needed.")
    ] = False,
    takes: Annotated[
        bool, typer.Option("--takes", help="Stills and clips that nothing plays, and that were free.")
    ] = False,
    paid: Annotated[
        bool, typer.Option("--paid", help="Stills and clips that nothing plays, and that you paid for.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    config: o.Config = None,
    json: o.Json = False,
) -> None:
    """Free space in a project. Nothing that was paid for is deleted unless you say --paid."""
    from suno_video.cli.status import find_project
    from suno_video.cli.wishes import backend_setup
    from suno_video.pipeline.cleaning import CleanWishes, clean_project
    from suno_video.settings import load_settings

    setup = backend_setup(load_settings({}, config=config).settings)
    cleaned = clean_project(find_project(project), CleanWishes(segments, takes, paid, dry_run, setup))
    if json:
        put_event(
            "result",
            files=[str(path) for path in cleaned.files],
            n_bytes=cleaned.n_bytes,
            kept_paid=cleaned.kept_paid,
            dry_run=dry_run,
        )
        return
    for path in cleaned.files:
        put(plain(path))
    would = "would free" if dry_run else "freed"
    say(f"{would} {megabytes(cleaned.n_bytes)} in {counted(len(cleaned.files), 'file')}")
    if cleaned.kept_paid:
        say(f"{counted(cleaned.kept_paid, 'file')} that you paid for and nothing plays stay; --paid removes them too")


def _identity_of(path: Path) -> str:
    from suno_video.cli.status import find_project

    project = find_project(path)
    return project.identity() if project.has_identity() else "no purchase was ever made for it"


def _project_names() -> dict[str, str]:
    """Names for the ids of the projects in and beside the working folder; others are shown by their id."""
    from suno_video.project.workspace import FOLDER_ENDING, Project

    names = {}
    for folder in [Path(), *Path().glob(f"*{FOLDER_ENDING}")]:
        project = Project(folder)
        if project.has_identity():
            names[project.identity()] = folder.resolve().name
    return names
