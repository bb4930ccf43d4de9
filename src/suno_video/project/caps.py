"""Whether the next purchase still fits below the caps. Called inside the transaction that writes its hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from suno_video.core.errors import BudgetReachedError
from suno_video.core.money import from_micro, to_micro, usd
from suno_video.project.purchases import Caps, Purchase

_SUM = """
    SELECT coalesce(sum(counts_micro), 0) AS total_micro,
        coalesce(sum(CASE WHEN state IN ('held', 'suspect') THEN counts_micro END), 0) AS held_micro
    FROM attempts WHERE {where}
"""


@dataclass(frozen=True)
class _Scope:
    """Purchases that are capped together."""

    words: str
    cap_usd: Decimal | None
    where: str
    value: str
    hint: str


def _scopes(project: str, run: str, caps: Caps, moment: str) -> Iterator[_Scope]:
    day, month = moment[:10], moment[:7]
    keep = "or keep the film as it is"
    yield _Scope("this run", caps.run_usd, "run = ?", run, f"Raise --budget, {keep}.")
    yield _Scope("this project", caps.project_usd, "project = ?", project, f"Raise the project's cap, {keep}.")
    # A moment begins with its month and its day, and `~` sorts after all that may follow.
    by_time = "held_at >= ?1 AND held_at < ?1 || '~'"
    yield _Scope(f"{day} (UTC)", caps.day_usd, by_time, day, f"Raise the cap per day, run again tomorrow, {keep}.")
    yield _Scope(
        f"{month} (UTC)", caps.month_usd, by_time, month, f"Raise the cap per month, run again next month, {keep}."
    )


def require_room(db: sqlite3.Connection, purchase: Purchase, caps: Caps, moment: str) -> None:
    """Check that what a purchase costs at worst fits below every cap, next to all that is spent and held.

    Args:
        moment: When it is bought, as the ledger writes it.

    Raises:
        BudgetReachedError: It does not; names the cap.
    """
    for scope in _scopes(purchase.project, purchase.run, caps, moment):
        if scope.cap_usd is None:
            continue
        row = db.execute(_SUM.format(where=scope.where), (scope.value,)).fetchone()
        would_be_usd = from_micro(row["total_micro"] + to_micro(purchase.worst_usd))
        if would_be_usd > scope.cap_usd:
            raise BudgetReachedError(
                f"The next {_named(purchase)} would bring the total of {scope.words} to {usd(would_be_usd)} of "
                f"{usd(scope.cap_usd)}{_held(from_micro(row['held_micro']))}.",
                scope.hint,
            )


def _named(purchase: Purchase) -> str:
    what = "purchase" if purchase.kind == "other" else purchase.kind
    return f"{what} (scene {purchase.scene}, {' '.join(filter(None, (purchase.backend, purchase.model)))})"


def _held(held_usd: Decimal) -> str:
    """Say what makes the total larger than what the service has charged so far."""
    return f", {usd(held_usd)} of it set aside for purchases that are not settled yet" if held_usd else ""


def room_usd(db: sqlite3.Connection, project: str, run: str, caps: Caps, moment: str) -> Decimal | None:
    """Give what may still be spent below every cap, never less than nothing; None where there is no cap."""
    rooms = []
    for scope in _scopes(project, run, caps, moment):
        if scope.cap_usd is not None:
            row = db.execute(_SUM.format(where=scope.where), (scope.value,)).fetchone()
            rooms.append(max(Decimal(0), scope.cap_usd - from_micro(row["total_micro"])))
    return min(rooms, default=None)
