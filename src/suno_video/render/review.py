"""Takes that somebody looks at before they count: who does is not known here, only what follows.

A take that is found wanting stays where it is. Another one is made beside it, a bounded number of times, and the best
of them plays. What was said is written down before anything is bought because of it, so a run that dies anywhere goes
on where it was, with the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from suno_video.backends.base import FailureKind
from suno_video.core.events import EventSink, TakeReviewed
from suno_video.core.failpoints import failpoint
from suno_video.project.reviews import MAX_RETAKES, TakeReview, family_prints, retake_print
from suno_video.project.takes import Take, TakeStore, take_seed
from suno_video.render.attempts import Missed
from suno_video.render.orders import Wish

REVISE = 5003
"""What is made in place of a take that was found wanting gets a seed as if it were so many takes later."""
_FOR_GOOD = frozenset({FailureKind.REFUSED, FailureKind.BAD_INPUT, FailureKind.FLAWED, FailureKind.BUG})


@dataclass(frozen=True)
class Verdict:
    """What somebody who looked at a take says."""

    score: float
    """0..1."""
    reason: str
    aspects: Mapping[str, float]
    """Scores by what was looked for."""
    prompt: str = ""
    """Better words for another take; empty to ask with the same."""


class Reviewer(Protocol):
    """Somebody who looks at takes."""

    name: str
    """For the review and for people."""

    def review(self, wish: Wish, take: Take) -> Verdict | None:
        """Say how well a take is what was wished for; None when nothing can be said: it is accepted then."""
        ...


@dataclass(frozen=True)
class ReviewRules:
    """What is accepted, and how often something is made again."""

    threshold: float = 0.6
    """Score from which a take is accepted."""
    rerolls: int = 1
    """Takes that are made at most in place of one; no more than `MAX_RETAKES`."""


@dataclass(frozen=True)
class ReviewDesk:
    """Has takes looked at, keeps what was said beside them, and says what is made in their place."""

    takes: TakeStore
    reviewer: Reviewer
    rules: ReviewRules
    events: EventSink

    def look_at(self, wish: Wish, take: Take) -> None:
        """Have a take reviewed, unless it was. Raises as `write_text`."""
        if self.takes.review_of(take) is not None:
            return
        verdict = self.reviewer.review(wish, take)
        if verdict is None:
            return
        receipt, by = take.receipt, self.reviewer.name
        self.takes.keep_review(
            TakeReview(
                scene=receipt.scene,
                kind=receipt.kind,
                first=wish.retake_of or wish.fingerprint,
                fingerprint=receipt.fingerprint,
                sha256=receipt.sha256,
                by=by,
                score=verdict.score,
                aspects=dict(verdict.aspects),
                reason=verdict.reason,
                prompt=verdict.prompt,
            )
        )
        failpoint("take.reviewed")
        accepted = verdict.score >= self.rules.threshold
        self.events(TakeReviewed(receipt.scene, receipt.kind, by, verdict.score, accepted, verdict.reason))

    def look_at_all(self, wish: Wish) -> None:
        """Have every take of a wish reviewed that was not."""
        for take in self.takes.family(wish.scene, wish.fingerprint):
            self.look_at(wish, take)

    def is_open(self, wish: Wish) -> bool:
        """Whether something is still to be done about the takes of a wish: looked at, or made again."""
        family = self.takes.family(wish.scene, wish.fingerprint)
        unseen = any(self.takes.review_of(take) is None for take in family)
        return unseen or self.retake_for(wish) is not None

    def retake_for(self, wish: Wish) -> Wish | None:
        """Give what is to be made in place of the take there is; None when that is good enough, or all was tried.

        A take that nobody could say anything about is good enough.
        """
        last: TakeReview | None = None
        for number in range(min(self.rules.rerolls, MAX_RETAKES) + 1):
            take = self.takes.exact(wish.scene, retake_print(wish.fingerprint, number))
            if take is None:
                return _retake(wish, number, last) if last is not None else None
            last = self.takes.review_of(take)
            if last is None or last.closed or last.score >= self.rules.threshold:
                return None
        return None

    def give_up(self, wish: Wish, missed: Missed) -> None:
        """Remember that what was wanted in place of a take of `wish` cannot be had, where that is for good."""
        if missed.kind not in _FOR_GOOD:
            return
        take = self.takes.family(wish.scene, wish.fingerprint)[-1]
        review = self.takes.review_of(take)
        if review is not None:
            closed = f"the one in its place failed ({missed.kind}): {missed.reason}"
            self.takes.keep_review(review.model_copy(update={"closed": closed}))


def _retake(wish: Wish, number: int, review: TakeReview) -> Wish:
    request = wish.request
    request = replace(request, prompt=review.prompt or request.prompt, seed=take_seed(request.seed, REVISE * number))
    printed = retake_print(wish.fingerprint, number)
    return replace(wish, request=request, fingerprint=printed, retake_of=wish.fingerprint)


def every_print(wish: Wish) -> tuple[str, ...]:
    """Every fingerprint under which something may have been bought for a wish."""
    return family_prints(wish.fingerprint)
