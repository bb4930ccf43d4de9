"""Takes that somebody looks at: what is found wanting is made again within bounds, and the best take plays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from suno_video.backends.fake import FakeVideo, busy, refused
from suno_video.core.events import SceneFailed, TakeReviewed
from suno_video.project.takes import Take
from suno_video.render.attempts import Fulfilled, Missed, Outcome
from suno_video.render.footage import FootageLoop
from suno_video.render.orders import Wish
from suno_video.render.review import ReviewDesk, ReviewRules
from tests.unit.critics import BETTER, Critic
from tests.unit.makers import Set, wishes_for


def video(*script: Any, **options: Any) -> FakeVideo:
    fake = FakeVideo(script=script, footage="file", **options)
    fake.capabilities = replace(fake.capabilities, concurrency=1)
    return fake


class Studio(Set):
    """Where somebody looks at what is made."""

    def shoot(
        self,
        fake: FakeVideo,
        critic: Critic | None,
        wishes: Sequence[Wish] | None = None,
        rules: ReviewRules = ReviewRules(),  # noqa: B008 - frozen
        **more: Any,
    ) -> list[Outcome]:
        plain = self.loop(fake)
        desk = ReviewDesk(self.takes, critic, rules, self.events.append) if critic is not None else None
        loop = FootageLoop({fake.name: fake}, plain._bench, desk)
        return list(loop.run(wishes_for(fake, 1) if wishes is None else wishes, jobs=2, **more))

    def plays(self, wish: Wish) -> Take:
        take = self.takes.find(wish.scene, wish.fingerprint)
        assert take is not None
        return take


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


def test_what_is_liked_is_made_once_and_the_review_is_kept(studio: Studio) -> None:
    fake, critic = video(), Critic(0.8)
    (outcome,) = studio.shoot(fake, critic)
    assert isinstance(outcome, Fulfilled)
    assert len(fake.requests) == 1
    review = studio.takes.review_of(outcome.take)
    assert review is not None
    assert (review.score, review.reason, review.by) == (0.8, "it is 0.8", "critic")
    assert [(event.scene, event.accepted) for event in studio.told(TakeReviewed)] == [("s001", True)]


def test_what_is_found_wanting_is_made_again_with_the_corrected_prompt_and_another_seed(studio: Studio) -> None:
    fake, critic = video(price_usd="0.40"), Critic(0.2, 0.9)
    (wish,) = wishes_for(fake, 1)
    first, second = studio.shoot(fake, critic, [wish])
    assert [request.prompt for request in fake.requests] == [wish.request.prompt, BETTER]
    assert fake.requests[0].seed != fake.requests[1].seed
    assert isinstance(second, Fulfilled)
    receipt = studio.plays(wish).receipt
    assert receipt == second.take.receipt
    assert (receipt.prompt, receipt.retake_of) == (BETTER, wish.fingerprint)
    assert receipt.changes == ("retaken after a review",)
    assert first.wish == second.wish == wish
    assert (studio.spent(), studio.held()) == (Decimal("0.80"), Decimal(0))


def test_the_next_run_makes_nothing_and_looks_at_nothing(studio: Studio) -> None:
    studio.shoot(video(), Critic(0.2, 0.3))
    fake, critic = video(), Critic(0.0, prompt="other words")
    (again,) = studio.shoot(fake, critic)
    assert isinstance(again, Fulfilled)
    assert again.reused
    assert (fake.requests, fake.n_opened, critic.seen) == ([], 0, [])


@pytest.mark.parametrize(("scores", "best"), [((0.5, 0.3, 0.4), 0), ((0.1, 0.5, 0.4), 1), ((0.2, 0.2, 0.2), 0)])
def test_when_nothing_is_liked_the_best_take_plays(studio: Studio, scores: tuple[float, ...], best: int) -> None:
    fake = video()
    (wish,) = wishes_for(fake, 1)
    outcomes = studio.shoot(fake, Critic(*scores), [wish], ReviewRules(rerolls=2))
    assert len(fake.requests) == 3
    playing = studio.plays(wish)
    assert playing == studio.takes.family("s001", wish.fingerprint)[best]
    last = outcomes[-1]
    assert isinstance(last, Fulfilled)
    assert last.take == playing
    # The choice stands when nobody looks any more.
    (again,) = studio.shoot(video(), None, [wish])
    assert isinstance(again, Fulfilled)
    assert again.take == playing


def test_rerolls_may_be_forbidden(studio: Studio) -> None:
    fake = video()
    studio.shoot(fake, Critic(0.1), rules=ReviewRules(rerolls=0))
    assert len(fake.requests) == 1


def test_what_nobody_can_say_anything_about_is_accepted_and_asked_about_next_time(studio: Studio) -> None:
    fake = video()
    (outcome,) = studio.shoot(fake, Critic(None))
    assert isinstance(outcome, Fulfilled)
    assert len(fake.requests) == 1
    assert studio.takes.review_of(outcome.take) is None
    later = Critic(0.9)
    studio.shoot(fake, later)
    assert (later.seen, len(fake.requests)) == (["s001"], 1)


def test_a_take_in_place_of_another_that_nobody_looked_at_does_not_play(studio: Studio) -> None:
    fake = video()
    (wish,) = wishes_for(fake, 1)
    studio.shoot(fake, Critic(0.3, None), [wish])
    assert len(fake.requests) == 2
    assert studio.plays(wish).receipt.retake_of == ""
    studio.shoot(fake, Critic(0.7), [wish])
    assert len(fake.requests) == 2
    assert studio.plays(wish).receipt.retake_of == wish.fingerprint


def test_a_film_that_was_made_without_reviews_is_reviewed_when_somebody_looks(studio: Studio) -> None:
    fake = video()
    wishes = wishes_for(fake, 3)
    studio.shoot(fake, None, wishes)
    critic = Critic(0.1, 0.9)
    outcomes = studio.shoot(fake, critic, wishes)
    assert sorted(critic.seen) == ["s001", "s001", "s002", "s002", "s003", "s003"]
    assert len(fake.requests) == 6
    assert [outcome.reused for outcome in outcomes if isinstance(outcome, Fulfilled)] == [True] * 3 + [False] * 3


def test_no_take_is_made_again_before_every_scene_has_one(tmp_path: Path) -> None:
    studio, fake = Studio(tmp_path, budget_usd="1.30"), video(price_usd="0.40")
    outcomes = studio.shoot(fake, Critic(0.1), wishes_for(fake, 3))
    assert [type(outcome) for outcome in outcomes] == [Fulfilled] * 3
    assert [request.scene for request in fake.requests] == ["s001", "s002", "s003"]
    assert studio.told(SceneFailed) == []


def test_what_the_budget_did_not_reach_is_made_again_when_it_does(tmp_path: Path) -> None:
    studio, fake = Studio(tmp_path, budget_usd="0.50"), video(price_usd="0.40")
    studio.shoot(fake, Critic(0.1))
    assert len(fake.requests) == 1
    critic = Critic(0.9)
    studio.shoot(fake, critic)  # the cap is one run's
    assert [request.prompt for request in fake.requests][1:] == [BETTER]
    assert critic.seen == ["s001"]
    assert studio.spent() == Decimal("0.80")


def test_a_retake_that_is_refused_leaves_the_first_take_and_is_not_asked_for_again(studio: Studio) -> None:
    fake = video(None, refused("0.05"), refused("0.05"), refused("0.05"), price_usd="0.40")
    (wish,) = wishes_for(fake, 1)
    outcomes = studio.shoot(fake, Critic(0.1), [wish])
    assert len(outcomes) == 1
    assert studio.told(SceneFailed) == []
    n_asked = len(fake.requests)
    review = studio.takes.review_of(studio.plays(wish))
    assert review is not None
    assert "refused" in review.closed
    studio.shoot(fake, Critic(0.1), [wish])
    assert len(fake.requests) == n_asked


def test_a_retake_that_failed_for_now_is_tried_again_by_the_next_run(studio: Studio) -> None:
    fake = video(None, *[busy() for _ in range(4)])
    (wish,) = wishes_for(fake, 1)
    studio.shoot(fake, Critic(0.1, 0.9), [wish])
    assert studio.plays(wish).receipt.retake_of == ""
    studio.shoot(fake, Critic(0.9), [wish])
    assert studio.plays(wish).receipt.retake_of == wish.fingerprint


def test_what_another_clip_goes_on_from_is_made_again_before_that_one(studio: Studio) -> None:
    fake = video()
    first, second, third = wishes_for(fake, 3)
    follower = replace(second, follows="s001")
    given: list[Outcome] = []

    def then(outcome: Outcome) -> list[Wish]:
        given.append(outcome)
        return [follower] if outcome.wish.scene == "s001" else []

    studio.shoot(fake, Critic(0.1, 0.9), [first, third], waiting=[follower], then=then)
    scenes = [request.scene for request in fake.requests]
    assert scenes.index("s002") > max(k for k, scene in enumerate(scenes) if scene == "s001")
    assert scenes.count("s001") == 2
    (of_first,) = [outcome for outcome in given if outcome.wish.scene == "s001"]
    assert isinstance(of_first, Fulfilled)
    assert of_first.take.receipt.retake_of == first.fingerprint


def test_what_the_checks_throw_away_is_shown_to_nobody(studio: Studio) -> None:
    from suno_video.backends.testcards import black_frames, write_clip

    class Black(FakeVideo):
        def make(self, request: Any, job: Any) -> Any:
            made = super().make(request, job)
            write_clip(made.path, black_frames(request.size, request.n_frames), request.size, request.fps)
            return made

    fake, critic = Black(footage="file"), Critic()
    (outcome,) = studio.shoot(fake, critic)
    assert isinstance(outcome, Missed)
    assert (outcome.kind, critic.seen) == ("flawed", [])


def test_a_review_of_another_file_or_of_no_shape_counts_for_nothing(studio: Studio) -> None:
    fake = video()
    (wish,) = wishes_for(fake, 1)
    (outcome,) = studio.shoot(fake, Critic(0.8), [wish])
    assert isinstance(outcome, Fulfilled)
    file = outcome.take.path.with_suffix(".review")
    said = json.loads(file.read_text())
    for changed in ({**said, "sha256": "0" * 64}, {**said, "score": 7}, {**said, "extra": 1}):
        file.write_text(json.dumps(changed))
        assert studio.takes.review_of(outcome.take) is None
    file.write_text(json.dumps(said))
    assert studio.takes.review_of(outcome.take) is not None
