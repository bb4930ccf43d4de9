"""The words of the ledger: what is bought, under which caps, the hold it stands under, and what can be read back."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from suno_video.core.money import to_micro
from suno_video.core.record import Record

PurchaseKind: TypeAlias = Literal["still", "clip", "other"]
HoldState: TypeAlias = Literal["held", "suspect", "settled", "released"]
"""`held` and `suspect` are open: they count what they may cost at worst. The others count what they did cost."""

OPEN_STATES: tuple[HoldState, ...] = ("held", "suspect")
MADE = "made"
"""Outcome of a purchase that brought what was ordered."""


@dataclass(frozen=True)
class Purchase:
    """Something that is about to be bought. The worst that it may cost is never below what is expected."""

    project: str
    """Id of the project; stays the same when its folder moves."""
    run: str
    """Id of the run; no two runs have the same, in whatever project."""
    scene: str
    kind: PurchaseKind
    fingerprint: str
    """Of the request. While a purchase is open, its project buys the same from the same backend no second time."""
    backend: str
    model: str
    """May be empty where a backend has only one."""
    attempt_number: int
    """1 for the first attempt at this request."""
    expected_usd: Decimal
    worst_usd: Decimal
    price_note: str = ""
    """Where the price comes from, for people."""

    def __post_init__(self) -> None:
        if to_micro(self.expected_usd) > to_micro(self.worst_usd):
            raise ValueError(f"expected to cost {self.expected_usd}, at worst {self.worst_usd}: the worst is less")
        for name in ("project", "run", "scene", "fingerprint", "backend"):
            if not getattr(self, name):
                raise ValueError(f"a purchase without {name} cannot be accounted for")


@dataclass(frozen=True)
class Caps:
    """How much may be spent; None where there is no cap. What is held counts like what is spent.

    Days and months are those of UTC, and a purchase belongs to the day on which its hold was written.
    """

    run_usd: Decimal | None = None
    project_usd: Decimal | None = None
    day_usd: Decimal | None = None
    """Over all projects of the user."""
    month_usd: Decimal | None = None
    """Over all projects of the user."""

    def __post_init__(self) -> None:
        for field in fields(self):
            cap_usd: Decimal | None = getattr(self, field.name)
            if cap_usd is not None and not (cap_usd.is_finite() and cap_usd >= 0):
                raise ValueError(f"{field.name} is {cap_usd}, which is no cap")


@dataclass(frozen=True)
class Hold:
    """Money set aside for one attempt at one purchase."""

    attempt: str
    """Our own id of the attempt: 32 hex digits."""
    purchase: Purchase
    state: HoldState
    ticket: str | None
    """Id of the remote job, once it is known."""
    held_at: datetime
    """When the hold was written, in UTC."""
    is_open_from_before: bool = False
    """It was there when it was asked for: pick it up by its ticket, or ask the service. Do not buy."""

    @property
    def is_open(self) -> bool:
        """Whether it still counts what it may cost at worst."""
        return self.state in OPEN_STATES


GroupBy: TypeAlias = Literal["project", "run", "scene", "kind", "backend", "model", "day", "month", "outcome"]


class Total(Record):
    """What a group of attempts cost so far."""

    key: str
    """The group: a project, a day as `2026-11-03`, a month as `2026-11`, an outcome (open ones: `held`, `suspect`)."""
    spent_usd: Decimal
    held_usd: Decimal
    """Set aside for attempts that are still open."""
    n_attempts: int
    n_failed: int
    """Attempts that brought nothing, whatever they cost."""


class Entry(Record):
    """One attempt, as a row for tables, CSV and JSON."""

    attempt: str
    project: str
    run: str
    scene: str
    kind: PurchaseKind
    fingerprint: str
    backend: str
    model: str
    attempt_number: int
    expected_usd: Decimal
    worst_usd: Decimal
    price_note: str
    state: HoldState
    outcome: str
    ticket: str | None
    spent_usd: Decimal
    held_usd: Decimal
    held_at: datetime
    closed_at: datetime | None
    note: str


class AttemptEvent(Record):
    """One thing that happened to an attempt."""

    at: datetime
    kind: Literal["held", "ticket", "suspect", "settled", "released"]
    counts_usd: Decimal
    """What the attempt counted for from then on."""
    words: str
    """The price note, the ticket, or the reason."""


def tightest(caps: Caps) -> Decimal | None:
    """The lowest of the caps; None where there is none."""
    return min((cap for field in fields(caps) if (cap := getattr(caps, field.name)) is not None), default=None)
