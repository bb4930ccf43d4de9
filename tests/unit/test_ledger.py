"""The ledger: caps, holds, and what becomes of them. Its file and its crowds of buyers have tests of their own."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from suno_video.core.errors import BudgetReachedError
from suno_video.project.ledger import MAX_NOTE_CHARS, Ledger
from suno_video.project.purchases import Caps, Hold
from tests.unit.buyers import NO_CAPS, counted_usd, purchase

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Ledger:
    return Ledger(tmp_path / "ledger.db", clock=clock)


# --- caps ---


def test_a_purchase_that_just_fits_is_held_and_a_micro_dollar_more_is_not(ledger: Ledger) -> None:
    caps = Caps(run_usd=Decimal("1.00"))
    ledger.hold(purchase("a", "0.60"), caps)
    with pytest.raises(BudgetReachedError):
        ledger.hold(purchase("b", "0.400001"), caps)
    ledger.hold(purchase("b", "0.40"), caps)
    assert counted_usd(ledger) == Decimal("1.00")


def test_the_error_names_the_purchase_the_total_and_the_cap(ledger: Ledger) -> None:
    caps = Caps(run_usd=Decimal(2))
    ledger.settle(ledger.hold(purchase("a", "1.90"), caps), Decimal("1.90"))
    with pytest.raises(BudgetReachedError) as caught:
        ledger.hold(purchase("b", scene="s007"), caps)
    assert caught.value.message == (
        "The next clip (scene s007, replicate minimax/hailuo-02) would bring the total of this run to $2.30 of $2.00."
    )
    assert caught.value.hint == "Raise --budget, or keep the film as it is."


def test_the_error_tells_what_is_only_set_aside(ledger: Ledger) -> None:
    caps = Caps(project_usd=Decimal(2))
    ledger.hold(purchase("a", "1.90"), caps)
    with pytest.raises(BudgetReachedError) as caught:
        ledger.hold(purchase("b", kind="other", model=""), caps)
    assert caught.value.message == (
        "The next purchase (scene s001, replicate) would bring the total of this project to $2.30 of $2.00, "
        "$1.90 of it set aside for purchases that are not settled yet."
    )


@pytest.mark.parametrize(
    ("cap", "same", "other"),
    [
        ("run_usd", {"project": "project 2"}, {"run": "run 2"}),
        ("project_usd", {"run": "run 2"}, {"project": "project 2"}),
    ],
)
def test_a_cap_counts_what_it_caps_and_nothing_else(
    ledger: Ledger, cap: str, same: dict[str, str], other: dict[str, str]
) -> None:
    caps = Caps(**{cap: Decimal("0.50")})
    ledger.hold(purchase("a"), caps)
    with pytest.raises(BudgetReachedError):
        ledger.hold(purchase("b", **same), caps)
    ledger.hold(purchase("b", **other), caps)


@pytest.mark.parametrize(
    ("cap", "last_moment", "words"),
    [
        ("day_usd", datetime(2026, 11, 30, 23, 59, 59, 999_999, UTC), "2026-11-30 (UTC)"),
        ("month_usd", datetime(2026, 11, 30, 23, 59, 59, 999_999, UTC), "2026-11 (UTC)"),
    ],
)
def test_days_and_months_end_at_midnight_utc_over_all_projects(
    ledger: Ledger, clock: Clock, cap: str, last_moment: datetime, words: str
) -> None:
    caps = Caps(**{cap: Decimal("0.50")})
    clock.now = NOON.replace(hour=0)
    ledger.hold(purchase("a"), caps)
    clock.now = last_moment.astimezone(timezone(timedelta(hours=9)))  # there it is December already
    with pytest.raises(BudgetReachedError) as caught:
        ledger.hold(purchase("b", project="project 2", run="run 2"), caps)
    assert f"the total of {words} to $0.80" in caught.value.message
    clock.now = last_moment + timedelta(microseconds=1)
    ledger.hold(purchase("b", project="project 2", run="run 2"), caps)


def test_a_month_is_more_than_a_day(ledger: Ledger, clock: Clock) -> None:
    caps = Caps(month_usd=Decimal("0.50"))
    clock.now = NOON.replace(day=1)
    ledger.hold(purchase("a"), caps)
    clock.now = NOON
    with pytest.raises(BudgetReachedError):
        ledger.hold(purchase("b"), caps)


def test_without_caps_everything_is_held(ledger: Ledger) -> None:
    ledger.hold(purchase("a", "999999"), NO_CAPS)
    assert counted_usd(ledger) == 999_999


def test_a_cap_of_nothing_buys_nothing(ledger: Ledger) -> None:
    with pytest.raises(BudgetReachedError):
        ledger.hold(purchase(worst_usd="0.000001"), Caps(run_usd=Decimal(0)))


def test_what_was_refused_counts_nothing_and_leaves_no_trace(ledger: Ledger) -> None:
    with pytest.raises(BudgetReachedError):
        ledger.hold(purchase(), Caps(day_usd=Decimal(0)))
    assert ledger.entries() == []


@pytest.mark.parametrize("cap", [Decimal("-0.01"), Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_cap_is_refused(cap: Decimal) -> None:
    with pytest.raises(ValueError, match="month_usd"):
        Caps(month_usd=cap)


@pytest.mark.parametrize("changes", [{"expected_usd": Decimal("0.41")}, {"fingerprint": ""}, {"run": ""}])
def test_a_purchase_that_cannot_be_accounted_for_is_refused(changes: dict[str, Decimal | str]) -> None:
    with pytest.raises(ValueError, match=r"the worst is less|cannot be accounted for"):
        purchase(**{"worst_usd": "0.40", **changes})


# --- never twice ---


def test_what_is_open_is_not_bought_again_but_comes_back_with_its_ticket(ledger: Ledger) -> None:
    first = ledger.hold(purchase(), NO_CAPS)
    ledger.keep_ticket(first, "job-1")

    again = ledger.hold(purchase(run="run 2", attempt_number=2), Caps(run_usd=Decimal(0)))

    assert not first.is_open_from_before
    assert again.is_open_from_before
    assert (again.attempt, again.ticket, again.purchase) == (first.attempt, "job-1", purchase())
    assert counted_usd(ledger) == Decimal("0.40")


def test_what_is_suspect_is_not_bought_again(ledger: Ledger) -> None:
    first = ledger.hold(purchase(), NO_CAPS)
    ledger.mark_suspect(first, "the connection broke")
    again = ledger.hold(purchase(), NO_CAPS)
    assert (again.attempt, again.state, again.is_open_from_before) == (first.attempt, "suspect", True)


@pytest.mark.parametrize("other", [{"project": "project 2"}, {"backend": "fal"}, {"fingerprint": "request 2"}])
def test_another_purchase_is_another_hold(ledger: Ledger, other: dict[str, str]) -> None:
    first = ledger.hold(purchase(), NO_CAPS)
    second = ledger.hold(purchase(**{"request": "request 1", **other}), NO_CAPS)
    assert second.attempt != first.attempt
    assert not second.is_open_from_before


def test_paying_again_for_a_deleted_clip_counts_again(ledger: Ledger) -> None:
    ledger.settle(ledger.hold(purchase(), NO_CAPS), Decimal("0.40"))
    ledger.settle(ledger.hold(purchase(), NO_CAPS), Decimal("0.40"))
    assert counted_usd(ledger) == Decimal("0.80")


def test_the_database_itself_refuses_a_second_open_purchase(ledger: Ledger) -> None:
    hold = ledger.hold(purchase(), NO_CAPS)
    copy = (
        "INSERT INTO attempts SELECT 'copy', project, run, scene, kind, fingerprint, backend, model, attempt_number, "
    )
    copy += "expected_micro, worst_micro, price_note, state, outcome, ticket, counts_micro, held_at, NULL, '' "
    with sqlite3.connect(ledger.path) as db, pytest.raises(sqlite3.IntegrityError):
        db.execute(copy + "FROM attempts WHERE attempt = ?", (hold.attempt,))
    db.close()


# --- what becomes of a hold ---


def test_a_hold_counts_the_worst_until_it_is_settled_with_what_it_cost(ledger: Ledger) -> None:
    hold = ledger.hold(purchase(worst_usd="0.80", expected_usd=Decimal("0.50")), NO_CAPS)
    (before,) = ledger.totals("project")
    ledger.settle(hold, Decimal("0.55"), "by the meter")
    (after,) = ledger.totals("project")
    assert (before.spent_usd, before.held_usd) == (0, Decimal("0.80"))
    assert (after.spent_usd, after.held_usd) == (Decimal("0.55"), 0)


def test_a_cost_above_the_hold_is_recorded_and_the_next_hold_refused(ledger: Ledger) -> None:
    caps = Caps(run_usd=Decimal("1.00"))
    hold = ledger.hold(purchase("a", "0.90"), caps)
    ledger.settle(hold, Decimal("1.25"))
    assert counted_usd(ledger) == Decimal("1.25")
    with pytest.raises(BudgetReachedError, match=r"\$1\.26 of \$1\.00"):
        ledger.hold(purchase("b", "0.01"), caps)


def test_a_failed_attempt_counts_what_it_cost(ledger: Ledger) -> None:
    ledger.release(ledger.hold(purchase("a"), NO_CAPS), outcome="refused", reason="the prompt")
    ledger.release(ledger.hold(purchase("b"), NO_CAPS), Decimal("0.10"))
    assert [(t.key, t.spent_usd, t.n_failed) for t in ledger.totals("outcome")] == [
        ("failed", Decimal("0.10"), 1),
        ("refused", Decimal(0), 1),
    ]


def test_a_suspect_attempt_counts_the_worst_until_the_service_has_been_asked(ledger: Ledger) -> None:
    hold = ledger.hold(purchase(), NO_CAPS)
    ledger.mark_suspect(hold, "no answer")
    assert [(o.attempt, o.state) for o in ledger.open_holds()] == [(hold.attempt, "suspect")]
    assert counted_usd(ledger) == Decimal("0.40")
    ledger.release(hold, outcome="never-arrived")
    assert ledger.open_holds() == []
    assert counted_usd(ledger) == 0


def test_a_suspect_attempt_whose_job_was_found_is_held_again(ledger: Ledger) -> None:
    hold = ledger.hold(purchase(), NO_CAPS)
    ledger.mark_suspect(hold, "no answer")
    ledger.keep_ticket(hold, "job-1")
    (found,) = ledger.open_holds()
    assert (found.state, found.ticket) == ("held", "job-1")


def test_saying_it_twice_changes_nothing(ledger: Ledger, clock: Clock) -> None:
    a, b, c = (ledger.hold(purchase(name), NO_CAPS) for name in "abc")

    def say_all() -> None:
        ledger.keep_ticket(a, "job-1")
        ledger.settle(a, Decimal("0.30"), "done")
        ledger.release(b, Decimal("0.10"), outcome="failed", reason="crashed")
        ledger.mark_suspect(c, "no answer")

    say_all()
    once = ledger.entries(), [ledger.history(hold.attempt) for hold in (a, b, c)]
    clock.now += timedelta(hours=1)
    # The ticket is known, so keeping it again is fine even now that the attempt is closed.
    say_all()
    assert (ledger.entries(), [ledger.history(hold.attempt) for hold in (a, b, c)]) == once


def test_what_contradicts_itself_is_a_bug_and_changes_nothing(ledger: Ledger) -> None:
    settled, released, held = (ledger.hold(purchase(name), NO_CAPS) for name in "abc")
    ledger.settle(settled, Decimal("0.30"))
    ledger.release(released)
    ledger.keep_ticket(held, "job-1")
    before = ledger.entries()
    for contradiction in (
        lambda: ledger.settle(released, Decimal("0.30")),
        lambda: ledger.settle(settled, Decimal("0.31")),
        lambda: ledger.release(settled, Decimal("0.30")),
        lambda: ledger.release(released, outcome="refused"),
        lambda: ledger.mark_suspect(settled, "late"),
        lambda: ledger.keep_ticket(released, "job-2"),
        lambda: ledger.keep_ticket(held, "job-2"),
    ):
        with pytest.raises(ValueError, match="attempt"):
            contradiction()
    assert ledger.entries() == before


def test_what_makes_no_sense_is_refused(ledger: Ledger) -> None:
    hold = ledger.hold(purchase(), NO_CAPS)
    for outcome in ("", "made", "held", "suspect"):
        with pytest.raises(ValueError, match="no outcome"):
            ledger.release(hold, outcome=outcome)
    with pytest.raises(ValueError, match="ticket"):
        ledger.keep_ticket(hold, "")
    with pytest.raises(ValueError, match="no amount"):
        ledger.settle(hold, Decimal("-0.01"))
    with pytest.raises(ValueError, match="no attempt"):
        ledger.settle(Hold("0" * 32, purchase(), "held", None, NOON), Decimal(0))
    assert ledger.open_holds() == [hold]


def test_a_clock_without_a_zone_is_refused(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db", clock=lambda: datetime(2026, 11, 30, 12))
    with pytest.raises(ValueError, match="zone"):
        ledger.hold(purchase(), NO_CAPS)


# --- reading ---


def three_attempts(ledger: Ledger, clock: Clock) -> None:
    """One made in November, one failed and one open in December."""
    ledger.settle(ledger.hold(purchase("a"), NO_CAPS), Decimal("0.30"))
    clock.now = NOON + timedelta(days=2)
    ledger.release(ledger.hold(purchase("b", scene="s002", project="project 2"), NO_CAPS), Decimal("0.05"))
    ledger.hold(purchase("c", "0.50", backend="fal", model="veo", kind="still", run="run 2"), NO_CAPS)


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("project", [("project 1", "0.30", "0.50", 2, 0), ("project 2", "0.05", "0", 1, 1)]),
        ("run", [("run 1", "0.35", "0", 2, 1), ("run 2", "0", "0.50", 1, 0)]),
        ("scene", [("s001", "0.30", "0.50", 2, 0), ("s002", "0.05", "0", 1, 1)]),
        ("kind", [("clip", "0.35", "0", 2, 1), ("still", "0", "0.50", 1, 0)]),
        ("backend", [("fal", "0", "0.50", 1, 0), ("replicate", "0.35", "0", 2, 1)]),
        ("model", [("minimax/hailuo-02", "0.35", "0", 2, 1), ("veo", "0", "0.50", 1, 0)]),
        ("day", [("2026-11-30", "0.30", "0", 1, 0), ("2026-12-02", "0.05", "0.50", 2, 1)]),
        ("month", [("2026-11", "0.30", "0", 1, 0), ("2026-12", "0.05", "0.50", 2, 1)]),
        ("outcome", [("failed", "0.05", "0", 1, 1), ("held", "0", "0.50", 1, 0), ("made", "0.30", "0", 1, 0)]),
    ],
)
def test_totals_by_group(ledger: Ledger, clock: Clock, by: str, rows: list[tuple[str, str, str, int, int]]) -> None:
    three_attempts(ledger, clock)
    found = [(t.key, t.spent_usd, t.held_usd, t.n_attempts, t.n_failed) for t in ledger.totals(by)]  # type: ignore[arg-type]
    assert found == [(key, Decimal(spent), Decimal(held), n, failed) for key, spent, held, n, failed in rows]


def test_totals_and_entries_of_one_project_since_a_day(ledger: Ledger, clock: Clock) -> None:
    three_attempts(ledger, clock)
    december = date(2026, 12, 2)
    assert [total.key for total in ledger.totals("backend", project="project 1", since=december)] == ["fal"]
    assert [total.key for total in ledger.totals("backend", project="project 1")] == ["fal", "replicate"]
    assert [entry.fingerprint for entry in ledger.entries(project="project 1", since=december)] == ["c"]
    assert [entry.fingerprint for entry in ledger.entries(since=december)] == ["b", "c"]
    assert [hold.purchase.fingerprint for hold in ledger.holds_of("project 1")] == ["a", "c"]
    assert [hold.purchase.fingerprint for hold in ledger.open_holds()] == ["c"]
    assert ledger.open_holds("project 2") == []


def test_an_empty_ledger_has_no_totals(ledger: Ledger) -> None:
    assert ledger.totals("day") == []
    assert ledger.history("nothing") == []


def test_an_entry_says_everything_about_an_attempt(ledger: Ledger, clock: Clock) -> None:
    hold = ledger.hold(purchase(), NO_CAPS)
    ledger.keep_ticket(hold, "job-1")
    clock.now += timedelta(minutes=3)
    ledger.settle(hold, Decimal("0.35"), "by the meter")
    (entry,) = ledger.entries()
    assert json.loads(entry.to_json()) == {
        "attempt": hold.attempt,
        "project": "project 1",
        "run": "run 1",
        "scene": "s001",
        "kind": "clip",
        "fingerprint": "request 1",
        "backend": "replicate",
        "model": "minimax/hailuo-02",
        "attempt_number": 1,
        "expected_usd": "0.4",
        "worst_usd": "0.4",
        "price_note": "$0.08 per second (its page, checked 2026-11-01)",
        "state": "settled",
        "outcome": "made",
        "ticket": "job-1",
        "spent_usd": "0.35",
        "held_usd": "0",
        "held_at": "2026-11-30T12:00:00Z",
        "closed_at": "2026-11-30T12:03:00Z",
        "note": "by the meter",
    }


def test_the_history_tells_what_happened_in_order(ledger: Ledger, clock: Clock) -> None:
    hold = ledger.hold(purchase(), NO_CAPS)
    for say in (
        lambda: ledger.mark_suspect(hold, "no answer"),
        lambda: ledger.keep_ticket(hold, "job-1"),
        lambda: ledger.settle(hold, Decimal("0.35"), "by the meter"),
    ):
        clock.now += timedelta(minutes=1)
        say()
    assert [(e.at - NOON, e.kind, e.counts_usd, e.words) for e in ledger.history(hold.attempt)] == [
        (timedelta(0), "held", Decimal("0.40"), purchase().price_note),
        (timedelta(minutes=1), "suspect", Decimal("0.40"), "no answer"),
        (timedelta(minutes=2), "ticket", Decimal("0.40"), "job-1"),
        (timedelta(minutes=3), "settled", Decimal("0.35"), "by the meter"),
    ]


def test_a_page_of_reasons_is_cut(ledger: Ledger) -> None:
    hold = ledger.hold(purchase(), NO_CAPS)
    ledger.release(hold, reason="<html>" * 10_000)
    assert len(ledger.entries()[0].note) == MAX_NOTE_CHARS
    assert len(ledger.history(hold.attempt)[-1].words) == MAX_NOTE_CHARS


@pytest.mark.parametrize("change", ["DELETE FROM attempts", "DELETE FROM events", "UPDATE events SET counts_micro = 0"])
def test_history_cannot_be_rewritten(ledger: Ledger, change: str) -> None:
    ledger.hold(purchase(), NO_CAPS)
    db = sqlite3.connect(ledger.path)
    with pytest.raises(sqlite3.IntegrityError, match=r"are kept|never changed"):
        db.execute(change)
    db.close()
