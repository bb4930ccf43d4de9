"""What follows a failure: retries with backoff, milder requests, less memory. Decided here, once, for every backend."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from suno_video.backends.base import Capabilities, ClipRequest, Economy, FailureKind, MakeFailed, StillRequest
from suno_video.project.takes import take_seed
from suno_video.render.orders import legal_length, legal_size

Request = StillRequest | ClipRequest
RESEED = 7919
"""A refused request is asked for again as if it were so many takes later."""
REROLL = 6007
"""The same for what came out badly; another number, so that a refusal and a bad clip do not lead to one seed."""
_SHRINKS = (Fraction(3, 4), Fraction(1, 2))


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how patiently a failed attempt is repeated."""

    max_retries: int = 3
    max_rerolls: int = 2
    """How often something that came out badly is made again, each time with another seed."""
    base_s: float = 2.0
    longest_s: float = 60.0
    """Also the longest that a service may ask us to wait; one that wants more is away for this run."""

    def wait_s(self, n_before: int, asked_s: float | None, rng: random.Random) -> float:
        """Seconds before the next attempt: what the service asked for, else doubling each time, with jitter.

        Args:
            n_before: Retries so far.
        """
        if asked_s is not None:
            return min(asked_s, self.longest_s)
        return min(self.longest_s, self.base_s * float(2**n_before)) * rng.uniform(0.5, 1.0)


@dataclass(frozen=True)
class Failure:
    """Why an attempt failed, without the exception: its traceback would keep a model's memory alive."""

    kind: str
    reason: str
    cost_usd: str = "0"
    retry_after_s: float | None = None

    @classmethod
    def of(cls, exc: MakeFailed) -> Failure:
        """Take over what a backend said."""
        return cls(exc.kind, exc.reason, str(exc.cost_usd), exc.retry_after_s)


@dataclass(frozen=True)
class Plan:
    """What the next attempt asks for."""

    request: Request
    economies: frozenset[Economy] = frozenset()
    changes: tuple[str, ...] = ()
    """What had to give so far, for the receipt and for people."""

    def but(self, request: Request, change: str) -> Plan:
        """Ask for something else."""
        return replace(self, request=request, changes=(*self.changes, change))


@dataclass(frozen=True)
class Step:
    """What is done about a failure."""

    plan: Plan
    wait_s: float = 0.0
    words: str = ""
    """For people: `again in 4 s`, `with tiling`, `with another seed` ..."""


class Recovery:
    """Decides what follows each failure of one wish. Every way out is tried once, retries a few times.

    Args:
        softer_prompt: A milder wording to try when the prompt is refused; None when there is none.
    """

    def __init__(
        self, plan: Plan, capabilities: Capabilities, policy: RetryPolicy, softer_prompt: str | None, seed: int = 0
    ) -> None:
        self._policy = policy
        self._n_retries = self._n_rerolls = 0
        self._rng = random.Random(seed)
        self._refusals = _milder(plan, softer_prompt)
        self._ladder = climb_down(plan, capabilities)

    def after(self, failure: Failure, plan: Plan) -> Step | None:
        """Choose the next step; None when nothing is left but the stand-in."""
        if failure.kind == FailureKind.RETRYABLE:
            return self._again(failure, plan)
        if failure.kind == FailureKind.FLAWED:
            return self._reroll(plan)
        ways = {FailureKind.REFUSED: self._refusals, FailureKind.OUT_OF_MEMORY: self._ladder}.get(failure.kind)
        return None if ways is None else next(ways, None)

    def _again(self, failure: Failure, plan: Plan) -> Step | None:
        too_long = (failure.retry_after_s or 0) > self._policy.longest_s
        if self._n_retries >= self._policy.max_retries or too_long:
            return None
        wait_s = self._policy.wait_s(self._n_retries, failure.retry_after_s, self._rng)
        self._n_retries += 1
        return Step(plan, wait_s, f"again in {wait_s:.0f} s")

    def _reroll(self, plan: Plan) -> Step | None:
        """What came out badly may be chance: the same plan, economies and all, with another seed."""
        if self._n_rerolls >= self._policy.max_rerolls:
            return None
        self._n_rerolls += 1
        seed = take_seed(plan.request.seed, REROLL)
        return Step(plan.but(replace(plan.request, seed=seed), "rerolled"), words="with another seed")


def _milder(plan: Plan, softer_prompt: str | None) -> Iterator[Step]:
    """A refusal may be chance: another seed first, then milder words."""
    request = plan.request
    reseeded = plan.but(replace(request, seed=take_seed(request.seed, RESEED)), "reseeded")
    yield Step(reseeded, words="with another seed")
    if softer_prompt is not None and softer_prompt != request.prompt:
        softened = reseeded.but(replace(reseeded.request, prompt=softer_prompt), "softened prompt")
        yield Step(softened, words="with a milder prompt")


def climb_down(plan: Plan, capabilities: Capabilities) -> Iterator[Step]:
    """The out-of-memory ladder, rung by rung; each keeps what the rungs above it gave up.

    First memory is only returned (the loop does that before every attempt); then the backend saves at the cost of time;
    then the picture gets shorter and smaller, and is conformed back up.
    """
    yield Step(plan, words="after returning memory")
    saving: Economy
    for saving in ("tiling", "offload"):
        if saving in capabilities.economies:
            plan = replace(plan, economies=plan.economies | {saving}, changes=(*plan.changes, saving))
            yield Step(plan, words=f"with {saving}")
    fewer = _fewer_frames(plan, capabilities)
    if fewer is not None:
        plan = fewer
        yield Step(plan, words="with fewer frames, played slower")
    for scale in _SHRINKS:
        smaller = _smaller(plan, capabilities, scale)
        if smaller is not None:
            yield Step(smaller, words=f"at {smaller.request.size}, scaled up again")


def _fewer_frames(plan: Plan, capabilities: Capabilities) -> Plan | None:
    request = plan.request
    if not isinstance(request, ClipRequest):
        return None
    n_frames = legal_length(max(2, request.n_frames // 2), request.fps, capabilities)
    if n_frames >= request.n_frames:
        return None
    return plan.but(replace(request, n_frames=n_frames, music=request.music.first(n_frames)), "fewer frames")


def _smaller(plan: Plan, capabilities: Capabilities, scale: Fraction) -> Plan | None:
    size = legal_size(plan.request.size, capabilities, scale)
    if min(size.width_px, size.height_px) < capabilities.min_side_px or size == plan.request.size:
        return None
    return plan.but(replace(plan.request, size=size), f"made at {size}")
