"""The ledger against a plain model of it, and under many buyers at once."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from suno_video.core.errors import BudgetReachedError
from suno_video.project import ledger_file
from suno_video.project.ledger import Ledger
from suno_video.project.purchases import OPEN_STATES, Caps, Hold
from tests.unit.buyers import NO_CAPS, buy_at_random, buyer, counted_usd, purchase

amounts = st.integers(0, 20).map(lambda n: Decimal(n) / 20)
caps_usd = st.none() | st.integers(0, 8).map(lambda n: Decimal(n) / 4)


@pytest.fixture
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Power loss is no part of these tests: waiting for the disk would only make them fewer."""
    monkeypatch.setattr(ledger_file, "PRAGMAS", (*ledger_file.PRAGMAS, "PRAGMA synchronous = OFF"))


@dataclass
class Bought:
    """What the plain model knows of an attempt."""

    hold: Hold
    counts_usd: Decimal
    state: str = "held"
    outcome: str = "held"
    ticket: str | None = None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def scopes(self) -> dict[str, str]:
        day = self.hold.held_at.strftime("%Y-%m-%d")
        purchase = self.hold.purchase
        return {"run_usd": purchase.run, "project_usd": purchase.project, "day_usd": day, "month_usd": day[:7]}

    @property
    def above_quote_usd(self) -> Decimal:
        return max(Decimal(0), self.counts_usd - self.hold.purchase.worst_usd)


class LedgerMachine(RuleBasedStateMachine):
    """Says the same to the ledger and to a list, and expects the same of both."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.now = datetime(2026, 11, 30, 22, tzinfo=UTC)
        self.bought: list[Bought] = []

    @initialize(run=caps_usd, project=caps_usd, day=caps_usd, month=caps_usd)
    def begin(self, run: Decimal | None, project: Decimal | None, day: Decimal | None, month: Decimal | None) -> None:
        self.caps = Caps(run_usd=run, project_usd=project, day_usd=day, month_usd=month)
        self.reopen()

    @rule()
    def reopen(self) -> None:
        self.ledger = Ledger(self.folder / "ledger.db", clock=lambda: self.now)

    @rule(hours=st.sampled_from([-800, -30, -1, 1, 2, 25, 700]))
    def jump(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(
        project=st.sampled_from(["project 1", "project 2"]),
        run=st.sampled_from(["run 1", "run 2"]),
        request=st.integers(1, 3),
        backend=st.sampled_from(["replicate", "fal"]),
        worst_usd=amounts,
    )
    def hold(self, project: str, run: str, request: int, backend: str, worst_usd: Decimal) -> None:
        wanted = purchase(f"request {request}", worst_usd, project=project, run=run, backend=backend)
        twin = self.find_open(project, wanted.fingerprint, backend)
        would_be = Bought(Hold("", wanted, "held", None, self.now), worst_usd)
        try:
            got = self.ledger.hold(wanted, self.caps)
        except BudgetReachedError:
            assert twin is None
            assert self.passes_a_cap(would_be)
            return
        if twin is not None:
            assert (got.is_open_from_before, got.attempt) == (True, twin.hold.attempt)
            assert (got.ticket, got.state) == (twin.ticket, twin.state)
        else:
            assert not self.passes_a_cap(would_be)
            assert not got.is_open_from_before
            self.bought.append(Bought(got, worst_usd))

    @precondition(lambda self: any(one.is_open for one in self.bought))
    @rule(
        data=st.data(),
        end=st.sampled_from(["settle", "failed", "refused", "suspect", "ticket"]),
        cost_usd=st.none() | amounts.map(lambda cost: cost * 2),
    )
    def go_on(self, data: st.DataObject, end: str, cost_usd: Decimal | None) -> None:
        one = data.draw(st.sampled_from([one for one in self.bought if one.is_open]))
        if cost_usd is None:
            cost_usd = one.hold.purchase.worst_usd
        if end == "suspect":
            self.ledger.mark_suspect(one.hold, "no answer")
            one.state = one.outcome = "suspect"
        elif end == "ticket":
            one.ticket = one.ticket or f"job of {one.hold.attempt}"
            self.ledger.keep_ticket(one.hold, one.ticket)
            one.state = one.outcome = "held"
        elif end == "settle":
            self.ledger.settle(one.hold, cost_usd)
            one.state, one.outcome, one.counts_usd = "settled", "made", cost_usd
        else:
            self.ledger.release(one.hold, cost_usd, outcome=end)
            one.state, one.outcome, one.counts_usd = "released", end, cost_usd

    @precondition(lambda self: any(not one.is_open for one in self.bought))
    @rule(data=st.data())
    def say_it_again(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from([one for one in self.bought if not one.is_open]))
        if one.state == "settled":
            self.ledger.settle(one.hold, one.counts_usd)
            with pytest.raises(ValueError, match="attempt"):
                self.ledger.release(one.hold, one.counts_usd)
        else:
            self.ledger.release(one.hold, one.counts_usd, outcome=one.outcome)
            with pytest.raises(ValueError, match="attempt"):
                self.ledger.settle(one.hold, one.counts_usd)
        with pytest.raises(ValueError, match="attempt"):
            self.ledger.mark_suspect(one.hold, "late")

    @invariant()
    def knows_what_the_model_knows(self) -> None:
        found = [
            (entry.attempt, entry.state, entry.outcome, entry.ticket, entry.spent_usd, entry.held_usd, entry.held_at)
            for entry in self.ledger.entries()
        ]
        assert found == [
            (
                one.hold.attempt,
                one.state,
                one.outcome,
                one.ticket,
                Decimal(0) if one.is_open else one.counts_usd,
                one.counts_usd if one.is_open else Decimal(0),
                one.hold.held_at,
            )
            for one in self.bought
        ]

    @invariant()
    def never_has_the_same_open_twice(self) -> None:
        keys = Counter(
            (hold.purchase.project, hold.purchase.fingerprint, hold.purchase.backend)
            for hold in self.ledger.open_holds()
        )
        assert all(n == 1 for n in keys.values())

    @invariant()
    def passes_a_cap_only_by_what_cost_more_than_its_quote(self) -> None:
        for scope, cap_usd in vars(self.caps).items():
            for value in {one.scopes[scope] for one in self.bought} if cap_usd is not None else ():
                there = [one for one in self.bought if one.scopes[scope] == value]
                above_usd = sum((one.above_quote_usd for one in there), Decimal(0))
                assert sum((one.counts_usd for one in there), Decimal(0)) <= cap_usd + above_usd

    def find_open(self, project: str, fingerprint: str, backend: str) -> Bought | None:
        for one in self.bought:
            wanted = one.hold.purchase
            if one.is_open and (wanted.project, wanted.fingerprint, wanted.backend) == (project, fingerprint, backend):
                return one
        return None

    def passes_a_cap(self, would_be: Bought) -> bool:
        sums = {
            scope: sum((one.counts_usd for one in self.bought if one.scopes[scope] == value), would_be.counts_usd)
            for scope, value in would_be.scopes.items()
        }
        return any(cap is not None and sums[scope] > cap for scope, cap in vars(self.caps).items())

    def teardown(self) -> None:
        shutil.rmtree(self.folder)


def run_machine(n_runs: int, n_steps: int) -> None:
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(max_examples=n_runs, stateful_step_count=n_steps, deadline=None, suppress_health_check=quiet),
    )


@pytest.mark.usefixtures("unsynced")
def test_the_ledger_does_what_its_model_does() -> None:
    run_machine(50, 25)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("unsynced")
def test_the_ledger_does_what_its_model_does_for_long() -> None:
    run_machine(400, 60)


@pytest.mark.usefixtures("unsynced")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(amounts, amounts.map(lambda cost: cost * 2)), max_size=12), amounts.map(lambda cap: cap * 4))
def test_one_buyer_passes_a_cap_by_one_purchase_at_most(
    tmp_path_factory: pytest.TempPathFactory, offers: list[tuple[Decimal, Decimal]], cap_usd: Decimal
) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("money") / "ledger.db")
    n_passing = 0
    for number, (worst_usd, cost_usd) in enumerate(offers):
        try:
            hold = ledger.hold(purchase(f"request {number}", worst_usd), Caps(run_usd=cap_usd))
        except BudgetReachedError:
            continue
        assert n_passing == 0, "something was sold after the cap was passed"
        ledger.settle(hold, cost_usd)
        n_passing += counted_usd(ledger) > cap_usd
    assert n_passing <= 1


def require_exactly_full(ledger: Ledger, caps: Caps, cap_usd: Decimal) -> None:
    """What is left can be bought to the last micro-dollar, and no more: nothing was lost or counted twice."""
    left_usd = cap_usd - counted_usd(ledger)
    assert left_usd >= 0
    with pytest.raises(BudgetReachedError):
        ledger.hold(purchase("too much", left_usd + Decimal("0.000001")), caps)
    ledger.hold(purchase("the rest", left_usd), caps)


@pytest.mark.usefixtures("unsynced")
@pytest.mark.parametrize(
    ("n_buyers", "n_each", "cap_usd"), [(8, 30, "12"), pytest.param(32, 200, "150", marks=pytest.mark.slow)]
)
def test_threads_never_pass_a_cap_together(tmp_path: Path, n_buyers: int, n_each: int, cap_usd: str) -> None:
    ledger, caps = Ledger(tmp_path / "ledger.db"), Caps(run_usd=Decimal(cap_usd))
    ready = threading.Barrier(n_buyers)

    def buy(name: str) -> dict[str, Decimal]:
        ready.wait()
        return buy_at_random(ledger, name, n_each, caps)

    seen = [Decimal(0)]
    with ThreadPoolExecutor(n_buyers) as pool:
        buyers = [pool.submit(buy, f"buyer {number}") for number in range(n_buyers)]
        while not all(one.done() for one in buyers):
            seen.append(counted_usd(ledger))
    bought = [one.result() for one in buyers]

    assert 0 < len(ledger.entries()) < n_buyers * n_each, "the cap was never reached"
    assert max(seen) <= Decimal(cap_usd)
    assert {entry.attempt: entry.spent_usd + entry.held_usd for entry in ledger.entries()} == {
        attempt: counts for one in bought for attempt, counts in one.items()
    }
    require_exactly_full(ledger, caps, Decimal(cap_usd))


@pytest.mark.usefixtures("unsynced")
def test_threads_that_want_the_same_buy_it_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    ready = threading.Barrier(8)

    def buy(_: int) -> Hold:
        ready.wait()
        return ledger.hold(purchase(), NO_CAPS)

    with ThreadPoolExecutor(8) as pool:
        holds = list(pool.map(buy, range(8)))
    assert len({hold.attempt for hold in holds}) == 1
    assert [hold.is_open_from_before for hold in holds].count(False) == 1
    assert counted_usd(ledger) == Decimal("0.40")


@pytest.mark.parametrize(
    ("n_buyers", "n_each", "cap_usd"), [(4, 25, "6"), pytest.param(8, 400, "100", marks=pytest.mark.slow)]
)
def test_processes_never_pass_a_cap_together(tmp_path: Path, n_buyers: int, n_each: int, cap_usd: str) -> None:
    path = tmp_path / "ledger.db"
    children = [buyer("hammer", path, f"buyer {number}", str(n_each), cap_usd) for number in range(n_buyers)]
    said = [child.communicate(timeout=250)[0] for child in children]
    assert [child.returncode for child in children] == [0] * n_buyers
    ledger = Ledger(path)
    assert 0 < len(ledger.entries()) < n_buyers * n_each, "the cap was never reached"
    assert {entry.attempt: entry.spent_usd + entry.held_usd for entry in ledger.entries()} == {
        attempt: Decimal(counts) for one in said for attempt, counts in json.loads(one).items()
    }
    require_exactly_full(ledger, Caps(month_usd=Decimal(cap_usd)), Decimal(cap_usd))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="twenty programs that start in one moment are forks")
def test_twenty_processes_that_make_the_ledger_at_once_share_one(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "ledger.db"
    with buyer("create", path, "20") as child:
        said, _ = child.communicate(timeout=120)
    assert child.returncode == 0
    assert sorted(hold.attempt for hold in Ledger(path).open_holds()) == sorted(json.loads(said))
    assert len(set(json.loads(said))) == 20
    assert {file.name for file in path.parent.iterdir()} - {"ledger.db.lock"} == {"ledger.db"}
