"""The ledger as a file: damage, other versions, full disks, and buyers that are killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from decimal import Decimal
from pathlib import Path

import pytest

from suno_video.core.errors import CannotCreateError, ConfigError, DiskError, LedgerBusyError
from suno_video.media.atomic import _part_prefix
from suno_video.project import ledger_file, ledger_schema
from suno_video.project.ledger import Ledger
from tests.unit.buyers import NO_CAPS, buyer, counted_usd, purchase

needs_posix = pytest.mark.skipif(os.name == "nt", reason="signals and limits of POSIX")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.db")


def contents(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.parent.iterdir()}


def test_the_folder_is_made_and_nothing_else_is_left(tmp_path: Path) -> None:
    Ledger(tmp_path / "a" / "b" / "ledger.db")
    assert {file.name for file in (tmp_path / "a" / "b").iterdir()} - {"ledger.db.lock"} == {"ledger.db"}


def test_what_a_run_left_that_was_killed_while_it_made_the_ledger_goes(tmp_path: Path) -> None:
    (tmp_path / f"{_part_prefix(tmp_path / 'ledger.db')}0123456789ab.part.db").write_bytes(b"half")
    Ledger(tmp_path / "ledger.db")
    assert {file.name for file in tmp_path.iterdir()} - {"ledger.db.lock"} == {"ledger.db"}


@pytest.mark.parametrize("name", ["a b", "50%25 off", "é", "-v", pytest.param("what?mode=ro#1", marks=needs_posix)])
def test_a_ledger_may_have_any_name(tmp_path: Path, name: str) -> None:
    Ledger(tmp_path / name).hold(purchase(), NO_CAPS)
    assert counted_usd(Ledger(tmp_path / name)) == Decimal("0.40")
    assert (tmp_path / name).is_file()


def test_a_ledger_stays_the_same_when_the_program_changes_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    ledger = Ledger(Path("ledger.db"))
    monkeypatch.chdir(tmp_path / "elsewhere")
    ledger.hold(purchase(), NO_CAPS)
    assert counted_usd(Ledger(tmp_path / "ledger.db")) == Decimal("0.40")


def test_a_second_ledger_on_the_same_path_sees_the_same(ledger: Ledger) -> None:
    hold = ledger.hold(purchase(), NO_CAPS)
    ledger.keep_ticket(hold, "job-1")
    (found,) = Ledger(ledger.path).open_holds()
    assert (found.attempt, found.ticket, found.purchase, found.held_at) == (
        hold.attempt,
        "job-1",
        purchase(),
        hold.held_at,
    )


def overwrite(path: Path, at: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "header", "page"])
def test_a_damaged_ledger_is_named_and_never_made_anew(ledger: Ledger, damage: str) -> None:
    for number in range(40):
        ledger.hold(purchase(f"request {number}"), NO_CAPS)
    path = ledger.path
    if damage == "empty":
        path.write_bytes(b"")
    elif damage == "text":
        path.write_text("bought a clip for $0.40\n" * 400)
    elif damage == "cut":
        os.truncate(path, path.stat().st_size // 2)
    elif damage == "header":
        overwrite(path, 0, b"\0" * 100)
    else:
        overwrite(path, 4096, b"\xff" * 4096)
    before = contents(path)

    with pytest.raises(DiskError, match="is damaged") as caught:
        Ledger(path)

    assert "backup" in caught.value.hint
    assert contents(path) == before


def test_another_database_is_not_taken_for_a_ledger(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")
    db.close()
    before = contents(path)
    with pytest.raises(ConfigError, match="not a ledger"):
        Ledger(path)
    assert contents(path) == before


def test_a_ledger_that_vanishes_is_not_made_anew(ledger: Ledger) -> None:
    ledger.path.unlink()
    with pytest.raises(CannotCreateError):
        ledger.hold(purchase(), NO_CAPS)
    assert not ledger.path.exists()


def test_the_journal_of_a_ledger_that_was_taken_away_is_not_played_into_the_new_one(ledger: Ledger) -> None:
    ledger.hold(purchase("old"), NO_CAPS)
    db = sqlite3.connect(ledger.path, isolation_level=None)
    db.execute("PRAGMA cache_size = 1")
    db.execute("BEGIN IMMEDIATE")
    for _ in range(20):  # more than the cache holds, so that the journal is hot
        db.execute("UPDATE attempts SET note = note || hex(zeroblob(2000))")
        db.execute("INSERT INTO events SELECT NULL, attempt, at, kind, counts_micro, words FROM events WHERE id = 1")
    journal = ledger.path.with_name("ledger.db-journal")
    hot = journal.read_bytes()
    db.close()
    ledger.path.unlink()
    journal.write_bytes(hot)

    fresh = Ledger(ledger.path)

    fresh.hold(purchase("new"), NO_CAPS)
    assert [hold.purchase.fingerprint for hold in Ledger(ledger.path).open_holds()] == ["new"]


def test_an_older_ledger_takes_the_missing_steps_and_keeps_its_rows(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = ledger.hold(purchase(), NO_CAPS)
    steps = (
        *ledger_schema.STEPS,
        ("ALTER TABLE attempts ADD COLUMN mood TEXT", "CREATE INDEX by_mood ON attempts (mood)"),
    )
    monkeypatch.setattr(ledger_schema, "STEPS", steps)
    monkeypatch.setattr(ledger_file, "STEPS", steps)

    (found,) = Ledger(ledger.path).open_holds()

    assert found.attempt == hold.attempt
    db = sqlite3.connect(ledger.path)
    assert db.execute("SELECT mood FROM attempts").fetchall() == [(None,)]
    assert ledger_schema.schema_version(db) == len(steps)
    db.close()


def test_a_step_that_fails_leaves_the_older_ledger_as_it_was(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.hold(purchase(), NO_CAPS)
    before = contents(ledger.path)
    steps = (*ledger_schema.STEPS, ("ALTER TABLE attempts ADD COLUMN mood TEXT", "no statement at all"))
    monkeypatch.setattr(ledger_schema, "STEPS", steps)
    monkeypatch.setattr(ledger_file, "STEPS", steps)
    with pytest.raises(sqlite3.OperationalError, match="syntax error"):
        Ledger(ledger.path)
    assert contents(ledger.path) == before


def test_a_newer_ledger_is_refused_even_while_we_run(ledger: Ledger) -> None:
    db = sqlite3.connect(ledger.path)
    db.execute(f"PRAGMA user_version = {len(ledger_schema.STEPS) + 1}")
    db.close()
    for use in (lambda: Ledger(ledger.path), lambda: ledger.hold(purchase(), NO_CAPS)):
        with pytest.raises(ConfigError, match="newer suno-video") as caught:
            use()
        assert caught.value.exit_status == 78


def test_a_ledger_that_stays_locked_is_busy_and_nothing_is_held(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_file, "BUSY_TIMEOUT_S", 0.05)
    other = sqlite3.connect(ledger.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerBusyError) as caught:
        ledger.hold(purchase(), NO_CAPS)
    other.close()
    assert caught.value.exit_status == 75
    assert ledger.entries() == []


def test_a_ledger_that_may_not_be_written_can_still_be_read(ledger: Ledger) -> None:
    ledger.hold(purchase("a"), NO_CAPS)
    ledger.path.chmod(0o400)
    if os.access(ledger.path, os.W_OK):
        pytest.skip("root may write everywhere")
    assert counted_usd(Ledger(ledger.path)) == Decimal("0.40")
    with pytest.raises(CannotCreateError, match="cannot be used"):
        ledger.hold(purchase("b"), NO_CAPS)


@pytest.mark.parametrize("place", ["folder", "below a file", "long name"])
def test_a_place_that_cannot_hold_a_ledger_is_named(tmp_path: Path, place: str) -> None:
    path = tmp_path / "ledger.db"
    if place == "folder":
        path.mkdir()
    elif place == "below a file":
        path.write_text("")
        path = path / "ledger.db"
    else:
        path = tmp_path / ("ledger" * 50)
    with pytest.raises(CannotCreateError) as caught:
        Ledger(path)
    assert "another place for the ledger" in caught.value.hint


def test_a_purchase_is_on_the_disk_before_it_is_made(ledger: Ledger) -> None:
    with ledger_file.LedgerFile(ledger.path).reading() as db:
        assert db.execute("PRAGMA synchronous").fetchone()[0] == 3
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "delete"


# --- full disks and kills ---


def test_a_hold_that_did_not_fit_on_the_disk_does_not_count(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.hold(purchase("a"), NO_CAPS)
    n_pages = ledger.path.stat().st_size // 4096
    monkeypatch.setattr(ledger_file, "PRAGMAS", (*ledger_file.PRAGMAS, f"PRAGMA max_page_count = {n_pages}"))
    n_held = 1
    with pytest.raises(DiskError, match="disk is full") as caught:
        for n_held in range(1, 100):
            ledger.hold(purchase(f"b {n_held}" + "x" * 2000), NO_CAPS)
    assert caught.value.exit_status == 74

    monkeypatch.undo()
    assert len(Ledger(ledger.path).open_holds()) == n_held
    ledger.hold(purchase("c"), NO_CAPS)


@needs_posix
@pytest.mark.parametrize("step_bytes", [997, pytest.param(61, marks=pytest.mark.slow)])
def test_wherever_the_disk_is_full_the_ledger_has_what_was_granted_and_no_more(ledger: Ledger, step_bytes: int) -> None:
    with buyer("fill", ledger.path, str(step_bytes)) as child:
        said, _ = child.communicate(timeout=200)
    assert child.returncode == 0
    found = json.loads(said)
    assert found["n_full"] > 10
    assert len(found["granted"]) > 1
    assert [hold.attempt for hold in Ledger(ledger.path).open_holds()] == found["granted"]


@needs_posix
def test_a_hold_counts_when_its_buyer_is_killed_before_anything_came_of_it(ledger: Ledger) -> None:
    with buyer("die", ledger.path) as child:
        child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert counted_usd(ledger) == Decimal("0.40")
    assert ledger.hold(purchase(), NO_CAPS).is_open_from_before


def kill_while_buying(path: Path, after_s: float) -> None:
    """Kill a buyer at some moment: each hold that it was granted is in the ledger, and the ledger is whole."""
    with buyer("buy", path) as child:
        assert child.stdout is not None
        granted = [child.stdout.readline().strip()]
        time.sleep(after_s)
        child.kill()
        granted += child.stdout.read().split()
    ledger = Ledger(path)
    known = [hold.attempt for hold in ledger.holds_of("project 1")]
    assert set(granted) <= set(known)
    assert len(known) <= len(granted) + 1  # the last one may not have been said any more
    assert len(ledger.open_holds()) <= 1
    assert counted_usd(ledger) == len(known) * Decimal("0.40")


@needs_posix
@pytest.mark.parametrize("after_s", [0.0, 0.037])
def test_a_kill_at_any_moment_loses_no_hold(tmp_path: Path, after_s: float) -> None:
    kill_while_buying(tmp_path / "ledger.db", after_s)


@needs_posix
@pytest.mark.slow
@pytest.mark.parametrize("number", range(60))
def test_a_kill_at_each_of_many_moments_loses_no_hold(tmp_path: Path, number: int) -> None:
    kill_while_buying(tmp_path / "ledger.db", number * 0.0031)
