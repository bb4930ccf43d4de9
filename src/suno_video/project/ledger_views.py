"""What can be read back from the ledger. Each function reads one state of it, whole."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime

from suno_video.core.money import from_micro
from suno_video.project.purchases import AttemptEvent, Entry, GroupBy, Hold, Purchase, Total

# Moments are written as `2026-11-03T12:00:00.000000+00:00`, always in UTC: they sort, and begin with their day.
_GROUPS: dict[GroupBy, str] = {
    "project": "project",
    "run": "run",
    "scene": "scene",
    "kind": "kind",
    "backend": "backend",
    "model": "model",
    "day": "substr(held_at, 1, 10)",
    "month": "substr(held_at, 1, 7)",
    "outcome": "outcome",
}
_TOTALS = """
    SELECT {group} AS key,
        sum(CASE WHEN state IN ('held', 'suspect') THEN 0 ELSE counts_micro END) AS spent_micro,
        sum(CASE WHEN state IN ('held', 'suspect') THEN counts_micro ELSE 0 END) AS held_micro,
        count(*) AS n_attempts,
        sum(state = 'released') AS n_failed
    FROM attempts
    WHERE (:project IS NULL OR project = :project) AND (:since IS NULL OR held_at >= :since)
    GROUP BY key ORDER BY key
"""
_ROWS = """
    SELECT * FROM attempts
    WHERE (:project IS NULL OR project = :project) AND (:since IS NULL OR held_at >= :since)
    ORDER BY rowid
"""
_OPEN_ROWS = """
    SELECT * FROM attempts
    WHERE (:project IS NULL OR project = :project) AND state IN ('held', 'suspect')
    ORDER BY rowid
"""


def read_totals(db: sqlite3.Connection, by: GroupBy, project: str | None, since: date | None) -> list[Total]:
    """Sum up attempts by group, in order of the group's key."""
    rows = db.execute(_TOTALS.format(group=_GROUPS[by]), _filter(project, since))
    return [
        Total(
            key=row["key"],
            spent_usd=from_micro(row["spent_micro"]),
            held_usd=from_micro(row["held_micro"]),
            n_attempts=row["n_attempts"],
            n_failed=row["n_failed"],
        )
        for row in rows
    ]


def read_entries(db: sqlite3.Connection, project: str | None, since: date | None) -> list[Entry]:
    """List attempts as rows, in the order in which they were held."""
    return [_entry(row) for row in db.execute(_ROWS, _filter(project, since))]


def read_holds(db: sqlite3.Connection, project: str | None, *, only_open: bool) -> list[Hold]:
    """List holds in the order in which they were written."""
    return [as_hold(row) for row in db.execute(_OPEN_ROWS if only_open else _ROWS, _filter(project, None))]


def read_history(db: sqlite3.Connection, attempt: str) -> list[AttemptEvent]:
    """Tell what happened to an attempt, in order; nothing for one that is not known."""
    rows = db.execute("SELECT * FROM events WHERE attempt = ? ORDER BY id", (attempt,))
    return [
        AttemptEvent(
            at=datetime.fromisoformat(row["at"]),
            kind=row["kind"],
            counts_usd=from_micro(row["counts_micro"]),
            words=row["words"],
        )
        for row in rows
    ]


def as_hold(row: sqlite3.Row) -> Hold:
    """Make a hold of a row of the table of attempts."""
    purchase = Purchase(
        project=row["project"],
        run=row["run"],
        scene=row["scene"],
        kind=row["kind"],
        fingerprint=row["fingerprint"],
        backend=row["backend"],
        model=row["model"],
        attempt_number=row["attempt_number"],
        expected_usd=from_micro(row["expected_micro"]),
        worst_usd=from_micro(row["worst_micro"]),
        price_note=row["price_note"],
    )
    return Hold(
        attempt=row["attempt"],
        purchase=purchase,
        state=row["state"],
        ticket=row["ticket"],
        held_at=datetime.fromisoformat(row["held_at"]),
    )


def _entry(row: sqlite3.Row) -> Entry:
    hold = as_hold(row)
    counts_usd = from_micro(row["counts_micro"])
    nothing = from_micro(0)
    return Entry(
        **vars(hold.purchase),
        attempt=hold.attempt,
        state=hold.state,
        outcome=row["outcome"],
        ticket=hold.ticket,
        spent_usd=nothing if hold.is_open else counts_usd,
        held_usd=counts_usd if hold.is_open else nothing,
        held_at=hold.held_at,
        closed_at=datetime.fromisoformat(row["closed_at"]) if row["closed_at"] else None,
        note=row["note"],
    )


def _filter(project: str | None, since: date | None) -> dict[str, str | None]:
    return {"project": project, "since": since.isoformat() if since else None}
