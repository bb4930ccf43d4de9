"""The ledger of a user's money: what may be spent is checked, and set aside, before anything is bought.

Money counts when its hold is written, in the same transaction that checks the caps. There is one ledger for all
projects of a user, because a cap per day or month can only be kept by one transaction that sees them all.
"""

from __future__ import annotations

import dataclasses
import sqlite3
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from suno_video.core.money import to_micro
from suno_video.project.caps import require_room, room_usd
from suno_video.project.ledger_file import LedgerFile
from suno_video.project.ledger_views import as_hold, read_entries, read_history, read_holds, read_totals
from suno_video.project.purchases import (
    MADE,
    OPEN_STATES,
    AttemptEvent,
    Caps,
    Entry,
    GroupBy,
    Hold,
    HoldState,
    Purchase,
    Total,
)

MAX_NOTE_CHARS = 500
"""A service may answer with a whole page; its beginning says enough."""

_OPEN_ONE = """
    SELECT * FROM attempts
    WHERE project = ? AND fingerprint = ? AND backend = ? AND state IN ('held', 'suspect')
"""
_HOLD = """
    INSERT INTO attempts (
        attempt, project, run, scene, kind, fingerprint, backend, model, attempt_number,
        expected_micro, worst_micro, price_note, state, outcome, counts_micro, held_at
    ) VALUES (
        :attempt, :project, :run, :scene, :kind, :fingerprint, :backend, :model, :attempt_number,
        :expected_micro, :worst_micro, :price_note, 'held', 'held', :worst_micro, :held_at
    )
"""
_CLOSE = """
    UPDATE attempts SET state = :state, outcome = :outcome, counts_micro = :counts_micro, closed_at = :at, note = :note
    WHERE attempt = :attempt
"""
_EVENT = "INSERT INTO events (attempt, at, kind, counts_micro, words) VALUES (?, ?, ?, ?, ?)"


def utc_now() -> datetime:
    """Give the time of the machine, in UTC."""
    return datetime.now(UTC)


class Ledger:
    """Holds, what became of them, and sums over them. May be shared by threads, and opened by many processes.

    Every method may raise `DiskError`, `CannotCreateError`, `LedgerBusyError` and `ConfigError`; what it was asked to
    write then does not count. Everything may be said twice: what is already so stays so. `ValueError` means that two
    statements contradict each other, which is a bug of the caller.

    Args:
        path: Made when it is not there; its folder, too. Never made anew over a damaged one.
        clock: Gives a time with its zone.
    """

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._file = LedgerFile(path)
        self._file.prepare()
        self.path = self._file.path

    def hold(self, purchase: Purchase, caps: Caps) -> Hold:
        """Set aside what a purchase costs at worst; only then may it be bought.

        Where its project has an open purchase of the same request from the same backend, that one comes back, whatever
        the caps say, with `is_open_from_before` set: it counts already, and must be picked up, not bought again.

        Raises:
            BudgetReachedError: It would pass a cap. Nothing was written.
        """
        with self._file.writing() as db:
            row = db.execute(_OPEN_ONE, (purchase.project, purchase.fingerprint, purchase.backend)).fetchone()
            if row is not None:
                return dataclasses.replace(as_hold(row), is_open_from_before=True)
            now = self._now()
            require_room(db, purchase, caps, _written(now))
            hold = Hold(uuid.uuid4().hex, purchase, state="held", ticket=None, held_at=now)
            db.execute(_HOLD, _row_of(hold))
            _tell(db, hold.attempt, _written(now), "held", to_micro(purchase.worst_usd), purchase.price_note)
            return hold

    def keep_ticket(self, hold: Hold, ticket: str) -> None:
        """Remember the id of the remote job. A suspect attempt that turns out to have one is no longer suspect.

        Raises:
            ValueError: It has another ticket, or is closed.
        """
        if not ticket:
            raise ValueError("an empty ticket finds no job")
        with self._file.writing() as db:
            row = _attempt(db, hold)
            if row["ticket"] == ticket and row["state"] != "suspect":
                return
            _require(row["ticket"] in (None, ticket), row, f"cannot get the ticket {ticket}")
            _require(row["state"] in OPEN_STATES, row, f"cannot get the ticket {ticket}")
            db.execute(
                "UPDATE attempts SET state = 'held', outcome = 'held', ticket = ? WHERE attempt = ?",
                (ticket, hold.attempt),
            )
            _tell(db, hold.attempt, _written(self._now()), "ticket", row["counts_micro"], ticket)

    def mark_suspect(self, hold: Hold, reason: str) -> None:
        """Say that nobody knows whether it was bought. It keeps counting the worst, and is never bought again.

        Raises:
            ValueError: It is closed.
        """
        with self._file.writing() as db:
            row = _attempt(db, hold)
            if row["state"] == "suspect":
                return
            _require(row["state"] in OPEN_STATES, row, "cannot become suspect")
            db.execute(
                "UPDATE attempts SET state = 'suspect', outcome = 'suspect', note = ? WHERE attempt = ?",
                (reason[:MAX_NOTE_CHARS], hold.attempt),
            )
            _tell(db, hold.attempt, _written(self._now()), "suspect", row["counts_micro"], reason)

    def settle(self, hold: Hold, cost_usd: Decimal, note: str = "") -> None:
        """Say that the purchase was made, and what it cost: also when that is more than was held.

        Raises:
            ValueError: It is closed with another cost or outcome.
        """
        self._close(hold, "settled", MADE, cost_usd, note)

    def release(self, hold: Hold, cost_usd: Decimal = Decimal(0), *, outcome: str = "failed", reason: str = "") -> None:
        """Say that the purchase brought nothing, and what it cost nevertheless.

        Args:
            outcome: In a word, for sums by outcome: `failed`, `refused`, `never-arrived`, `lost`, ...

        Raises:
            ValueError: It is closed with another cost or outcome, or `outcome` is one of ours.
        """
        if not outcome or outcome in (MADE, *OPEN_STATES):
            raise ValueError(f"{outcome!r} is no outcome of a purchase that brought nothing")
        self._close(hold, "released", outcome, cost_usd, reason)

    def left_usd(self, caps: Caps, *, project: str, run: str) -> Decimal | None:
        """Give what a run may still spend below every cap; None where there is none."""
        with self._file.reading() as db:
            return room_usd(db, project, run, caps, _written(self._now()))

    def open_holds(self, project: str | None = None) -> list[Hold]:
        """List what is held and suspect, oldest first: to be picked up, or reconciled with the service."""
        with self._file.reading() as db:
            return read_holds(db, project, only_open=True)

    def holds_of(self, project: str) -> list[Hold]:
        """List all holds of a project, closed ones too, oldest first."""
        with self._file.reading() as db:
            return read_holds(db, project, only_open=False)

    def totals(self, by: GroupBy, *, project: str | None = None, since: date | None = None) -> list[Total]:
        """Sum up attempts by group, in order of the group's key. An empty ledger gives an empty list.

        Args:
            since: Leaves out what was held before that day began in UTC.
        """
        with self._file.reading() as db:
            return read_totals(db, by, project, since)

    def entries(self, *, project: str | None = None, since: date | None = None) -> list[Entry]:
        """List attempts as rows, oldest first. Filters as in `totals`."""
        with self._file.reading() as db:
            return read_entries(db, project, since)

    def history(self, attempt: str) -> list[AttemptEvent]:
        """Tell what happened to an attempt, in order; nothing for one that is not known."""
        with self._file.reading() as db:
            return read_history(db, attempt)

    def _close(self, hold: Hold, state: HoldState, outcome: str, cost_usd: Decimal, note: str) -> None:
        cost_micro = to_micro(cost_usd)
        with self._file.writing() as db:
            row = _attempt(db, hold)
            if (row["state"], row["outcome"], row["counts_micro"]) == (state, outcome, cost_micro):
                return
            _require(row["state"] in OPEN_STATES, row, f"cannot become {outcome} at {cost_usd} USD")
            at = _written(self._now())
            values = {"state": state, "outcome": outcome, "counts_micro": cost_micro, "at": at}
            db.execute(_CLOSE, {**values, "note": note[:MAX_NOTE_CHARS], "attempt": hold.attempt})
            _tell(db, hold.attempt, at, state, cost_micro, note)

    def _now(self) -> datetime:
        now = self._clock()
        if now.tzinfo is None:
            raise ValueError("the clock of a ledger has to say its time zone")
        return now.astimezone(UTC)


def _attempt(db: sqlite3.Connection, hold: Hold) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute("SELECT * FROM attempts WHERE attempt = ?", (hold.attempt,)).fetchone()
    if row is None:
        raise ValueError(f"there is no attempt {hold.attempt} in this ledger")
    return row


def _require(fine: bool, row: sqlite3.Row, what: str) -> None:
    if not fine:
        raise ValueError(f"attempt {row['attempt']} ({row['outcome']}, ticket {row['ticket']}) {what}")


def _row_of(hold: Hold) -> dict[str, str | int]:
    purchase = vars(hold.purchase)
    return {
        **{name: value for name, value in purchase.items() if not isinstance(value, Decimal)},
        "attempt": hold.attempt,
        "expected_micro": to_micro(hold.purchase.expected_usd),
        "worst_micro": to_micro(hold.purchase.worst_usd),
        "held_at": _written(hold.held_at),
    }


def _tell(db: sqlite3.Connection, attempt: str, at: str, kind: str, counts_micro: int, words: str) -> None:
    """Add a line to the history of an attempt."""
    db.execute(_EVENT, (attempt, at, kind, counts_micro, words[:MAX_NOTE_CHARS]))


def _written(moment: datetime) -> str:
    """Write a moment in UTC so that moments sort as text, and begin with their day."""
    return moment.isoformat(timespec="microseconds")
