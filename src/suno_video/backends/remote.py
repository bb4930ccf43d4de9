"""Asking a service what became of an attempt, so that nothing is bought twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable

from suno_video.backends.requests import ClipRequest, StillRequest


@dataclass(frozen=True)
class RemoteState:
    """What a service says about an attempt whose answer we never got."""

    known: bool | None
    """True: it has the job, whose id is `ticket`. False: it never arrived, nothing was bought. None: it cannot say."""
    ticket: str | None = None
    detail: str = ""
    finished: bool = False
    """Whether it has ended, well or not; `cost_usd` is what it cost then, None where the service does not tell."""
    cost_usd: Decimal | None = None


@runtime_checkable
class LooksUp(Protocol):
    """A remote backend that can ask its service about an attempt, so that nothing is bought twice."""

    settle_s: float
    """How long after an order went out the service may still be about to accept it, whoever has died since."""

    def look_up(self, attempt: str, request: ClipRequest | StillRequest | None) -> RemoteState:
        """Ask what became of an attempt that left no ticket. Raises `MakeFailed` when the service is away.

        Args:
            request: What was asked for; None where only the attempt is known any more.
        """


@runtime_checkable
class LooksUpSince(LooksUp, Protocol):
    """One whose service keeps no id of ours, so that it helps to know when the attempt was begun."""

    def look_up_since(
        self, attempt: str, request: ClipRequest | StillRequest | None, since: datetime | None
    ) -> RemoteState:
        """Ask what became of an attempt for which money was held at a time. As `look_up` otherwise."""
