"""What goes wrong at the fake service, as data: at which calls, or how often."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Annotated, Literal, Self, TypeAlias, get_args

from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator

from suno_video.core.record import Record

Door: TypeAlias = Literal["buy", "look", "list", "cancel", "fetch"]
"""`buy`: POST /v1/jobs. `look`: GET of one job. `list`: GET of all. `cancel`: POST. `fetch`: GET of a clip."""

Turn: TypeAlias = Literal[
    "delayed", "throttled", "no-credit", "unfit", "error-500", "error-502", "error-503", "dropped"
]
"""Instead of doing what was asked (`delayed`: before it).

`throttled` is 429, `no-credit` 402, `unfit` 422; `dropped` hangs up.
"""
After: TypeAlias = Literal["dropped-after", "error-502-after"]
"""The job is accepted and in the book; then the connection is dropped, or a gateway answers 502."""
Fate: TypeAlias = Literal["fails", "refused", "aborted", "never-ends", "overpriced"]
"""What becomes of an accepted job. `refused`: by moderation."""
Odd: TypeAlias = Literal["half-size", "other-fps"]
"""The job succeeds; its clip is not quite what was asked for, but can be made to fit."""
Spoil: TypeAlias = Literal["short", "truncated", "empty", "html", "html-as-mp4", "other-size", "black", "sound-only"]
"""The job succeeds and is paid; its clip is of no use."""
FetchTurn: TypeAlias = Literal["expired", "cut"]
"""The clip is gone (410), or the connection breaks halfway through it."""

TURNS, AFTERS, SPOILS, FETCH_TURNS = (frozenset[str](get_args(kind)) for kind in (Turn, After, Spoil, FetchTurn))
FATES = SPOILS.union(get_args(Fate), get_args(Odd))


class Trick(Record):
    """One thing that goes wrong, at certain calls of one door, or with a probability at each.

    With neither `calls` nor `rate` it happens at every call.
    """

    what: Turn | After | Fate | Odd | Spoil | FetchTurn
    door: Door = "buy"
    calls: tuple[PositiveInt, ...] = ()
    """Numbers of the calls of this door, from 1."""
    rate: Annotated[float, Field(ge=0, le=1)] | None = None
    wait_s: NonNegativeFloat | None = None
    """`delayed`: for how long. `throttled`, `error-503`: what `Retry-After` says; without it there is none."""

    @model_validator(mode="after")
    def _check_door(self) -> Self:
        """A trick stands at the door where it can happen: else a test would wait for it in vain."""
        if self.what in FETCH_TURNS and self.door != "fetch":
            raise ValueError(f"{self.what!r} happens at the door 'fetch'")
        if self.what not in TURNS | FETCH_TURNS and self.door != "buy":
            raise ValueError(f"{self.what!r} happens at the door 'buy'")
        return self

    def strikes(self, call: int, chance: float) -> bool:
        """Whether it happens at a call, `chance` being drawn from 0..1 for it."""
        if self.calls or self.rate is not None:
            return call in self.calls or chance < (self.rate or 0)
        return True


class Mischief(Record):
    """Everything that goes wrong, and how the service behaves otherwise."""

    seed: int = 0
    """The same seed and the same order of calls give the same mischief."""
    tricks: tuple[Trick, ...] = ()
    work_s: NonNegativeFloat = 0.02
    """How long a job takes."""
    expire_s: NonNegativeFloat | None = None
    """How long a finished clip can be fetched; None: for ever."""
    failed_cost_usd: Decimal = Decimal(0)
    """What a job costs that fails or is aborted."""
    refused_cost_usd: Decimal = Decimal(0)
    canceled_cost_usd: Decimal = Decimal(0)
    overprice: Decimal = Decimal(2)
    """An `overpriced` job costs this many times its price."""

    def at(self, door: Door, call: int) -> list[Trick]:
        """Give what goes wrong at one call, in the order written."""
        return [
            trick
            for number, trick in enumerate(self.tricks)
            # Drawn for each call alone, so that threads that come in another order change nothing.
            if trick.door == door and trick.strikes(call, random.Random(f"{self.seed} {number} {call}").random())
        ]

    def cost_usd(self, fate: str, price_usd: Decimal) -> Decimal:
        """What a job of this price costs in the end, by its fate."""
        special = {
            "fails": self.failed_cost_usd,
            "aborted": self.failed_cost_usd,
            "refused": self.refused_cost_usd,
            "overpriced": price_usd * self.overprice,
        }
        return special.get(fate, price_usd)
