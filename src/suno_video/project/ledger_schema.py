"""The tables of the ledger, and the steps by which an old ledger becomes a new one."""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x53564C47
"""`SVLG`: tells our ledgers from other SQLite files."""

# What counts against a cap is one column, so that a cap is checked by one sum: the worst case while an attempt is open,
# its real cost afterwards. The partial index makes a second open purchase of one request impossible, not just unlikely.
_FIRST = (
    """
    CREATE TABLE attempts (
        attempt TEXT PRIMARY KEY,
        project TEXT NOT NULL,
        run TEXT NOT NULL,
        scene TEXT NOT NULL,
        kind TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        backend TEXT NOT NULL,
        model TEXT NOT NULL,
        attempt_number INTEGER NOT NULL,
        expected_micro INTEGER NOT NULL,
        worst_micro INTEGER NOT NULL,
        price_note TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('held', 'suspect', 'settled', 'released')),
        outcome TEXT NOT NULL,
        ticket TEXT,
        counts_micro INTEGER NOT NULL CHECK (typeof(counts_micro) = 'integer' AND counts_micro >= 0),
        held_at TEXT NOT NULL,
        closed_at TEXT,
        note TEXT NOT NULL DEFAULT '',
        CHECK (state NOT IN ('held', 'suspect') OR counts_micro = worst_micro)
    )
    """,
    "CREATE UNIQUE INDEX one_open ON attempts (project, fingerprint, backend) WHERE state IN ('held', 'suspect')",
    "CREATE INDEX by_run ON attempts (run)",
    "CREATE INDEX by_project ON attempts (project)",
    "CREATE INDEX by_time ON attempts (held_at)",
    """
    CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        attempt TEXT NOT NULL REFERENCES attempts (attempt),
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        counts_micro INTEGER NOT NULL,
        words TEXT NOT NULL
    )
    """,
    "CREATE INDEX by_attempt ON events (attempt)",
    "CREATE TRIGGER kept_attempts BEFORE DELETE ON attempts BEGIN SELECT RAISE(ABORT, 'attempts are kept'); END",
    "CREATE TRIGGER kept_events BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are kept'); END",
    "CREATE TRIGGER true_events BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never changed'); END",
    f"PRAGMA application_id = {APPLICATION_ID}",
)

STEPS: tuple[tuple[str, ...], ...] = (_FIRST,)
"""Step n leads from version n to version n + 1. A step that was released is never changed: add another."""


def schema_version(db: sqlite3.Connection) -> int:
    """Number of steps that a database has behind it."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def upgrade(db: sqlite3.Connection) -> None:
    """Take the steps that a database has not taken yet, all in one transaction, whoever else tries the same."""
    db.execute("BEGIN IMMEDIATE")
    for version, step in list(enumerate(STEPS))[schema_version(db) :]:
        for statement in step:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {version + 1}")
    db.execute("COMMIT")
