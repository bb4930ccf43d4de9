"""The loop over stills and clips: each made once, paid at most once, and what failed is named and played otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from suno_video.backends.base import ClipRequest, FailureKind, FileFootage, Job, RemoteState
from suno_video.backends.fake import FakeVideo, bad_input, bug, busy, refused, unavailable, unknown_outcome
from suno_video.core.errors import DiskError, MemoryLowError
from suno_video.core.events import AttemptFailed, FootagePlanned, MoneyHeld, MoneySettled, SceneFailed, TakeDone, Warned
from suno_video.render.attempts import BUDGET, HELD, Missed
from suno_video.render.footage import Fulfilled
from suno_video.render.orders import footage_of
from tests.unit.makers import N_FRAMES, Set, wishes_for


@pytest.fixture
def place(tmp_path: Path) -> Set:
    return Set(tmp_path)


def video(*script: Any, **options: Any) -> FakeVideo:
    return FakeVideo(script=script, footage="file", **options)


def kinds(outcomes: list[Any]) -> list[str]:
    return [outcome.kind if isinstance(outcome, Missed) else "made" for outcome in outcomes]


def test_every_scene_gets_its_take_and_the_next_run_makes_none(place: Set) -> None:
    first = place.run(video())
    assert kinds(first) == ["made"] * 3
    fake = video()
    again = place.run(fake)
    assert all(isinstance(outcome, Fulfilled) and outcome.reused for outcome in again)
    assert (fake.n_opened, fake.requests) == (0, [])


def test_a_backend_is_opened_once_for_all_its_scenes_and_closed(place: Set) -> None:
    fake = video()
    place.run(fake)
    assert (fake.n_opened, fake.n_closed) == (1, 1)


def test_one_backend_has_left_before_the_next_one_enters(place: Set) -> None:
    log: list[str] = []

    class Logged(FakeVideo):
        def open(self) -> None:
            log.append(f"{self.name} in")

        def close(self) -> None:
            log.append(f"{self.name} out")

    one, two = Logged(name="one", footage="file"), Logged(name="two", footage="file")
    place.run(one, two, wishes=[*wishes_for(one, 2), *wishes_for(two, 2, seed=50)])
    assert log == ["one in", "one out", "two in", "two out"]


def test_frames_rate_and_size_of_a_take_are_those_of_the_file(place: Set) -> None:
    class Liar(FakeVideo):
        def make(self, request: ClipRequest, job: Job) -> FileFootage:
            made = super().make(request, job)
            assert isinstance(made, FileFootage)
            return replace(made, n_frames=999, fps=999.0)

    (outcome,) = place.run(Liar(footage="file"), wishes=wishes_for(video(), 1))
    assert isinstance(outcome, Fulfilled)
    receipt = outcome.take.receipt
    assert (receipt.n_frames, round(receipt.fps), receipt.width_px, receipt.height_px) == (N_FRAMES, 30, 128, 72)


def test_a_take_that_is_too_short_is_played_slower_to_its_last_frame(place: Set) -> None:
    (outcome,) = place.run(video(), wishes=wishes_for(video(), 1))
    assert isinstance(outcome, Fulfilled)
    slow = footage_of(outcome.take, 2 * N_FRAMES, 30)
    assert slow.fps == 15
    assert footage_of(outcome.take, N_FRAMES, 30).fps == 30


# Failures


def test_what_is_retryable_is_tried_again_and_each_failure_is_an_event(place: Set) -> None:
    fake = video(busy(), busy())
    assert kinds(place.run(fake, wishes=wishes_for(fake, 1))) == ["made"]
    assert len(fake.requests) == 3
    assert [event.next.split()[0] for event in place.told(AttemptFailed)] == ["again", "again"]


def test_retries_end_and_the_scene_is_named(place: Set) -> None:
    fake = video(*[busy() for _ in range(9)])
    assert kinds(place.run(fake, wishes=wishes_for(fake, 1))) == [FailureKind.RETRYABLE]
    assert len(fake.requests) == 4
    assert [event.scene for event in place.told(SceneFailed)] == ["s001"]


def test_a_failed_scene_does_not_keep_the_others_from_their_takes(place: Set) -> None:
    fake = video(bad_input(), bug())
    fake.capabilities = replace(fake.capabilities, concurrency=1)
    assert kinds(place.run(fake)) == [FailureKind.BAD_INPUT, FailureKind.BUG, "made"]


def test_a_refusal_leads_to_another_seed_then_a_milder_prompt(place: Set) -> None:
    fake = video(refused(), refused())
    (outcome,) = place.run(fake, wishes=wishes_for(fake, 1))
    assert isinstance(outcome, Fulfilled)
    assert outcome.take.receipt.changes == ("reseeded", "softened prompt")
    assert outcome.take.receipt.prompt.endswith(", calm")
    assert len({request.seed for request in fake.requests}) == 2


def test_a_softened_take_still_fulfils_the_wish_of_the_next_run(place: Set) -> None:
    fake = video(refused(), refused())
    place.run(fake, wishes=wishes_for(fake, 1))
    (again,) = place.run(video(), wishes=wishes_for(fake, 1))
    assert isinstance(again, Fulfilled)
    assert again.reused


def test_out_of_memory_climbs_down_until_it_fits(place: Set) -> None:
    fake = video(needs={"tiling", "offload"})
    (outcome,) = place.run(fake, wishes=wishes_for(fake, 1))
    assert isinstance(outcome, Fulfilled)
    assert outcome.take.receipt.changes == ("tiling", "offload")
    assert [event.next for event in place.told(AttemptFailed)] == [
        "after returning memory",
        "with tiling",
        "with offload",
    ]


def test_what_fits_only_smaller_is_made_smaller(place: Set) -> None:
    fake = video(needs_smaller_than_px=100)
    fake.capabilities = replace(fake.capabilities, min_side_px=32)
    (outcome,) = place.run(fake, wishes=wishes_for(fake, 1))
    assert isinstance(outcome, Fulfilled)
    assert (outcome.take.receipt.width_px, outcome.take.receipt.height_px) == (96, 54)
    assert outcome.take.receipt.n_frames == N_FRAMES // 2


def test_memory_is_returned_after_each_attempt_also_a_failed_one(place: Set) -> None:
    returned: list[str] = []

    def after_take(backend: Any, scene: str) -> str:
        returned.append(scene)
        return "fine"

    fake = video(busy())
    place.run(fake, wishes=wishes_for(fake, 1), after_take=after_take)
    assert returned == ["s001", "s001"]


def test_a_kept_failure_keeps_no_memory_alive(place: Set) -> None:
    import gc
    import weakref

    class Tensor:
        pass

    alive: list[weakref.ref[Tensor]] = []

    class Hungry(FakeVideo):
        def make(self, request: ClipRequest, job: Job) -> Any:
            tensor = Tensor()
            alive.append(weakref.ref(tensor))
            return super().make(request, job)

    seen: list[bool] = []

    def after_take(backend: Any, scene: str) -> str:
        gc.disable()
        seen.append(any(ref() is not None for ref in alive))
        gc.enable()
        return "fine"

    fake = Hungry(script=[busy(), busy()], footage="file")
    place.run(fake, wishes=wishes_for(fake, 1), after_take=after_take)
    assert seen == [False, False, False]


def test_a_model_whose_memory_does_not_come_back_is_opened_anew_then_isolated(place: Set) -> None:
    advice: Iterator[str] = iter(["recycle", "fine", "isolate", "fine"])
    fake, alone = video(), video()
    fake.capabilities = replace(fake.capabilities, concurrency=1)
    outcomes = place.run(
        fake,
        wishes=wishes_for(fake, 4),
        after_take=lambda backend, scene: next(advice),
        isolate=lambda name, kind: alone,
    )
    assert kinds(outcomes) == ["made"] * 4
    assert (fake.n_opened, len(fake.requests), len(alone.requests)) == (2, 3, 1)
    assert any("fresh process" in event.text for event in place.told(Warned))


def test_a_service_that_is_away_is_not_asked_for_every_scene(place: Set) -> None:
    fake = video(*[unavailable() for _ in range(9)])
    fake.capabilities = replace(fake.capabilities, concurrency=1)
    assert kinds(place.run(fake, wishes=wishes_for(fake, 5))) == [FailureKind.UNAVAILABLE] * 5
    assert len(fake.requests) == 1


def test_a_full_disk_ends_the_run_and_keeps_what_is_finished(place: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    real, n_kept = place.takes.keep, []

    def keep(made: Path, receipt: Any) -> Any:
        if n_kept:
            raise DiskError("The disk is full.", "Free some space.")
        n_kept.append(receipt.scene)
        return real(made, receipt)

    monkeypatch.setattr(place.takes, "keep", keep)
    fake = video()
    fake.capabilities = replace(fake.capabilities, concurrency=1)
    with pytest.raises(DiskError):
        place.run(fake)
    assert [take.receipt.scene for take in place.takes.all()] == n_kept


def test_low_memory_ends_the_run_in_good_order(place: Set) -> None:
    def after_take(backend: Any, scene: str) -> str:
        raise MemoryLowError("Memory is nearly used up.", "Use less.")

    fake = video()
    with pytest.raises(MemoryLowError):
        place.run(fake, after_take=after_take)
    assert fake.n_closed == 1


def test_a_stream_where_a_file_was_promised_is_a_bug_of_the_backend(place: Set) -> None:
    fake = FakeVideo(footage="stream")
    assert kinds(place.run(fake, wishes=wishes_for(fake, 1))) == [FailureKind.BUG]


# Money


def test_each_clip_is_held_before_and_settled_after(place: Set) -> None:
    place.run(video(price_usd="0.40"))
    assert (place.spent(), place.held()) == (Decimal("1.20"), Decimal(0))
    assert [event.worst_usd for event in place.told(MoneyHeld)] == ["0.40"] * 3
    assert [event.cost_usd for event in place.told(MoneySettled)] == ["0.40"] * 3
    (plan,) = place.told(FootagePlanned)
    assert (plan.n_to_make, plan.expected_usd) == (3, "1.20")


def test_a_cap_is_never_passed_and_the_rest_is_told_why(tmp_path: Path) -> None:
    place = Set(tmp_path, budget_usd="1.00")
    outcomes = place.run(video(price_usd="0.40"))
    assert kinds(outcomes).count("made") == 2
    assert kinds(outcomes).count(BUDGET) == 1
    assert place.spent() == Decimal("0.80")


def test_without_a_budget_nothing_is_bought(tmp_path: Path) -> None:
    fake = video(price_usd="0.40")
    assert kinds(Set(tmp_path, budget_usd=None).run(fake)) == [BUDGET] * 3
    assert fake.requests == []


def test_a_failed_attempt_appears_with_what_it_cost_and_the_next_one_has_its_own_hold(place: Set) -> None:
    fake = video(busy("0.10"), price_usd="0.40")
    place.run(fake, wishes=wishes_for(fake, 1))
    assert place.spent() == Decimal("0.50")
    assert len(place.told(MoneyHeld)) == 2
    assert sorted(entry.outcome for entry in place.ledger.entries()) == ["made", "retryable"]


def test_a_price_above_the_quote_overshoots_by_one_clip_and_the_next_is_refused(tmp_path: Path) -> None:
    place = Set(tmp_path, budget_usd="1.00")
    fake = video(price_usd="0.40", cost_usd="0.90")
    fake.capabilities = replace(fake.capabilities, concurrency=1)
    assert kinds(place.run(fake)) == ["made", BUDGET, BUDGET]
    assert place.spent() == Decimal("0.90")


class Remote(FakeVideo):
    """A service that may know of an attempt whose answer was lost."""

    settle_s = 0.0

    def __init__(self, *script: Any, knows: list[RemoteState | Exception], **options: Any) -> None:
        super().__init__(script, footage="file", price_usd="0.40", **options)
        self.knows, self.asked, self.picked_up = knows, [], []

    def look_up(self, attempt: str, request: Any) -> RemoteState:
        self.asked.append(attempt)
        answer = self.knows.pop(0) if self.knows else RemoteState(known=None)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def make(self, request: ClipRequest, job: Job) -> Any:
        if job.ticket is not None:
            self.picked_up.append(job.ticket)
        return super().make(request, job)


def test_a_lost_answer_is_found_again_and_picked_up_not_bought_again(place: Set) -> None:
    fake = Remote(unknown_outcome(), knows=[RemoteState(known=True, ticket="job-7")])
    assert kinds(place.run(fake, wishes=wishes_for(fake, 1))) == ["made"]
    assert fake.picked_up == ["job-7"]
    assert len(place.told(MoneyHeld)) == 1
    assert place.spent() == Decimal("0.40")


def test_a_request_that_never_arrived_is_made_again_under_a_new_hold(place: Set) -> None:
    fake = Remote(unknown_outcome(), knows=[RemoteState(known=False)])
    assert kinds(place.run(fake, wishes=wishes_for(fake, 1))) == ["made"]
    assert [entry.outcome for entry in place.ledger.entries()] == ["never-arrived", "made"]
    assert place.spent() == Decimal("0.40")


def test_an_order_that_may_still_be_on_its_way_is_asked_for_again_before_it_is_made_anew(place: Set) -> None:
    fake = Remote(unknown_outcome(), knows=[RemoteState(known=False), RemoteState(known=True, ticket="job-7")])
    fake.settle_s = 0.2
    assert kinds(place.run(fake, wishes=wishes_for(fake, 1))) == ["made"]
    assert fake.picked_up == ["job-7"]
    assert len(fake.asked) == 2
    assert len(place.told(MoneyHeld)) == 1


@pytest.mark.parametrize(
    ("state", "outcome", "spent"),
    [
        (RemoteState(known=True, ticket="job-7", finished=True, cost_usd=Decimal("0.30")), "made", "0.30"),
        (RemoteState(known=True, ticket="job-7", finished=True), "made", "0.40"),
        (RemoteState(known=False), "never-arrived", "0"),
        (RemoteState(known=True, ticket="job-7"), "suspect", "0"),
        (RemoteState(known=None), "suspect", "0"),
    ],
)
def test_a_hold_whose_scene_was_changed_is_closed_by_what_the_service_says(
    place: Set, state: RemoteState, outcome: str, spent: str
) -> None:
    lost = Remote(unknown_outcome(), knows=[])
    place.run(lost, wishes=wishes_for(lost, 1))
    changed = Remote(knows=[state])
    place.run(changed, wishes=wishes_for(changed, 1, seed=99))
    first, second = place.ledger.entries()
    assert (first.outcome, first.spent_usd) == (outcome, Decimal(spent))
    assert second.outcome == "made"


def test_an_outcome_that_nobody_knows_stays_held_and_is_never_bought_again(place: Set) -> None:
    fake = Remote(unknown_outcome(), knows=[unavailable(), unavailable(), unavailable()])
    assert kinds(place.run(fake, wishes=wishes_for(fake, 1))) == [HELD]
    assert (place.spent(), place.held()) == (Decimal(0), Decimal("0.40"))
    silent = Remote(knows=[])
    assert kinds(place.run(silent, wishes=wishes_for(fake, 1))) == [HELD]
    assert silent.requests == []
    back = Remote(knows=[RemoteState(known=True, ticket="job-7")])
    assert kinds(place.run(back, wishes=wishes_for(fake, 1))) == ["made"]
    assert back.picked_up == ["job-7"]
    assert (place.spent(), place.held()) == (Decimal("0.40"), Decimal(0))


def test_a_service_that_loses_its_own_job_again_and_again_is_not_asked_for_ever(place: Set) -> None:
    fake = Remote(*[unknown_outcome() for _ in range(20)], knows=[RemoteState(known=True, ticket="job-7")] * 20)
    assert kinds(place.run(fake, wishes=wishes_for(fake, 1))) == [HELD]
    assert len(fake.requests) <= 5
    assert len(place.told(MoneyHeld)) == 1


def test_an_unknown_outcome_of_something_free_is_simply_tried_again(place: Set) -> None:
    fake = video(unknown_outcome())
    assert kinds(place.run(fake, wishes=wishes_for(fake, 1))) == ["made"]


def test_a_run_that_died_between_receipt_and_account_is_settled_by_the_next(place: Set) -> None:
    fake = video(price_usd="0.40")
    loop = place.loop(fake)
    loop._bench.purse.settle = lambda held, cost: (_ for _ in ()).throw(KeyboardInterrupt)  # type: ignore[union-attr]
    with pytest.raises(KeyboardInterrupt):
        list(loop.run(wishes_for(fake, 1), jobs=1))
    assert (place.spent(), place.held()) == (Decimal(0), Decimal("0.40"))
    (outcome,) = place.run(video(price_usd="0.40"), wishes=wishes_for(fake, 1))
    assert isinstance(outcome, Fulfilled)
    assert outcome.reused
    assert (place.spent(), place.held()) == (Decimal("0.40"), Decimal(0))


def test_paying_again_for_a_deleted_clip_counts_again(place: Set) -> None:
    place.run(video(price_usd="0.40"), wishes=wishes_for(video(), 1))
    (take,) = place.takes.all()
    take.path.unlink()
    place.run(video(price_usd="0.40"), wishes=wishes_for(video(), 1))
    assert place.spent() == Decimal("0.80")
    assert len(place.told(TakeDone)) == 2
