"""The purchase book of the fake service: what was bought, written down before the buyer hears of it.

It is the oracle of tests that kill the buyer: whatever the buyer remembers, the book says what was paid for.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS purchase (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, attempt TEXT NOT NULL, wish TEXT NOT NULL,
    wish_sha256 TEXT NOT NULL, price_usd TEXT NOT NULL, cost_usd TEXT NOT NULL, fate TEXT NOT NULL,
    status TEXT NOT NULL, bought_s REAL NOT NULL, is_spoiled INTEGER NOT NULL, again_of TEXT, twice_of TEXT
);
CREATE INDEX IF NOT EXISTS by_wish ON purchase (wish_sha256);
CREATE TABLE IF NOT EXISTS turned_away (
    number INTEGER PRIMARY KEY, attempt TEXT NOT NULL, why TEXT NOT NULL, at_s REAL NOT NULL
);
"""
_ENDED_BADLY = ("failed", "canceled", "aborted")


@dataclass(frozen=True)
class Purchase:
    """One accepted job."""

    number: int
    """From 1, in the order of buying."""
    id: str
    attempt: str
    """The buyer's own id of the attempt, empty if it gave none."""
    wish: str
    """What was asked for, as JSON."""
    wish_sha256: str
    price_usd: Decimal
    cost_usd: Decimal
    """What it costs in the end."""
    fate: str
    """What becomes of it: `good`, or a trick."""
    status: str
    """The status that the buyer was last told."""
    bought_s: float
    is_spoiled: bool
    """Whether the buyer was last given a wrong clip, or told that the clip is gone."""
    again_of: str | None
    """An earlier purchase of the same, for whatever reason."""
    twice_of: str | None
    """An earlier purchase of the same that, as far as the buyer had been told, did not fail."""


@dataclass(frozen=True)
class TurnedAway:
    """One order that was not accepted: nothing was bought."""

    number: int
    attempt: str
    why: str
    at_s: float


class Book:
    """An open purchase book. Several may be open on one file, from several processes.

    Args:
        path: SQLite file; made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        # Autocommit: each write below is on disk when its method returns.
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def accept(
        self, *, attempt: str, wish: str, price_usd: Decimal, cost_usd: Decimal, fate: str, at_s: float
    ) -> Purchase:
        """Write a purchase down, for good, and give it."""
        wish_sha256 = hashlib.sha256(wish.encode()).hexdigest()
        with self._transaction() as db:
            earlier = self._select("WHERE wish_sha256 = ?", wish_sha256)
            again_of = earlier[-1].id if earlier else None
            twice_of = next((old.id for old in reversed(earlier) if not _has_failed(old)), None)
            values = (secrets.token_hex(8), attempt, wish, wish_sha256, str(price_usd), str(cost_usd), fate)
            row = (*values, "starting", at_s, 0, again_of, twice_of)
            number = db.execute("INSERT INTO purchase VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row).lastrowid
            return self._select("WHERE number = ?", number)[0]

    def turn_away(self, attempt: str, why: str, at_s: float) -> None:
        """Write down that an order was not accepted."""
        with self._transaction() as db:
            db.execute("INSERT INTO turned_away VALUES (NULL, ?, ?, ?)", (attempt, why, at_s))

    def tell(self, job: str, status: str) -> None:
        """Write down which status the buyer is about to be told."""
        with self._transaction() as db:
            db.execute("UPDATE purchase SET status = ? WHERE id = ?", (status, job))

    def cancel(self, job: str, cost_usd: Decimal) -> None:
        """Write down that a job was cancelled and what it costs after all."""
        with self._transaction() as db:
            db.execute("UPDATE purchase SET status = 'canceled', cost_usd = ? WHERE id = ?", (str(cost_usd), job))

    def deliver(self, job: str, *, is_spoiled: bool) -> None:
        """Write down what kind of clip the buyer is about to be given; spoiled is also one that is gone."""
        with self._transaction() as db:
            db.execute("UPDATE purchase SET is_spoiled = ? WHERE id = ?", (int(is_spoiled), job))

    def find(self, job: str) -> Purchase | None:
        """Give one purchase, or None."""
        with self._lock:
            return next(iter(self._select("WHERE id = ?", job)), None)

    def purchases(self) -> list[Purchase]:
        """Give all purchases, the first one first."""
        with self._lock:
            return self._select("")

    def newest(self, limit: int, before: int | None) -> list[Purchase]:
        """Give the last purchases, the newest first, from before the one with a number on."""
        before = 1 << 62 if before is None else before
        with self._lock:
            return self._select("WHERE number < ?", before)[::-1][:limit]

    def bought_twice(self) -> list[Purchase]:
        """Give the purchases that should not be: of what had been bought before, and had not failed.

        It had failed when the buyer was told so before it bought again: that the job failed, or was cancelled or
        aborted, or that its clip is gone; or when it was given a clip of no use.
        """
        return [purchase for purchase in self.purchases() if purchase.twice_of is not None]

    def bought_again(self) -> list[Purchase]:
        """Give all purchases of what had been bought before, whatever became of it."""
        return [purchase for purchase in self.purchases() if purchase.again_of is not None]

    def spent_usd(self) -> Decimal:
        """What everything costs together."""
        return sum((purchase.cost_usd for purchase in self.purchases()), Decimal(0))

    def turned_away(self) -> list[TurnedAway]:
        """Give the orders that were not accepted, the first one first."""
        with self._lock:
            return [TurnedAway(**row) for row in self._db.execute("SELECT * FROM turned_away ORDER BY number")]

    def _select(self, where: str, *values: object) -> list[Purchase]:
        columns = ", ".join(field.name for field in fields(Purchase))
        rows = self._db.execute(f"SELECT {columns} FROM purchase {where} ORDER BY number", values)  # noqa: S608 - ours
        return [_purchase(row) for row in rows]


def _purchase(row: sqlite3.Row) -> Purchase:
    values = dict(row)
    for name in ("price_usd", "cost_usd"):
        values[name] = Decimal(values[name])
    return Purchase(**{**values, "is_spoiled": bool(values["is_spoiled"])})


def _has_failed(purchase: Purchase) -> bool:
    return purchase.status in _ENDED_BADLY or purchase.is_spoiled
