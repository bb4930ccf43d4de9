"""What of a project's money is open: each purchase that is held or suspect, and what the next render does about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from suno_video.backends.base import BackendSetup
from suno_video.backends.registry import backend_class
from suno_video.core.errors import SunoVideoError
from suno_video.pipeline.cleaning import used_prints
from suno_video.project.purchases import OPEN_STATES, Entry, HoldState
from suno_video.project.workspace import Project

WAITED_FOR = "the run that is at work sees to it"
PICKED_UP = "the next render picks it up by its id"
ASKED_AGAIN = "the service is asked again by the next render; nothing is bought in its place"
NOBODY_SAYS = "its service cannot be asked; nothing is bought in its place"
UNWANTED = "no scene asks for it any more; the next render closes it by what the service says, and fetches nothing"


@dataclass(frozen=True)
class OpenPurchase:
    """A purchase whose outcome is open."""

    attempt: str
    scene: str
    kind: str
    backend: str
    state: HoldState
    """`held`: in the making, or left by a run that ended. `suspect`: the service could not say what became of it."""
    held_usd: Decimal
    since: str
    """In UTC, ISO 8601."""
    ticket: str | None
    """Id at the service."""
    note: str
    """What is known about it."""
    next: str
    """What happens next, in words."""


def open_purchases(
    project: Project, entries: Sequence[Entry], setup: BackendSetup, *, busy: bool
) -> list[OpenPurchase]:
    """List what is open among a project's attempts, oldest first.

    Args:
        busy: Whether a run works in the project right now.
    """
    still_open = [entry for entry in entries if entry.state in OPEN_STATES]
    wanted = used_prints(project, setup) if still_open else None
    return [
        OpenPurchase(
            attempt=entry.attempt,
            scene=entry.scene,
            kind=entry.kind,
            backend=entry.backend,
            state=entry.state,
            held_usd=entry.held_usd,
            since=entry.held_at.isoformat(timespec="seconds"),
            ticket=entry.ticket,
            note=entry.note,
            next=WAITED_FOR if busy else _next(entry, wanted),
        )
        for entry in still_open
    ]


def _next(entry: Entry, wanted: Collection[str] | None) -> str:
    if wanted is not None and entry.fingerprint not in wanted:
        return UNWANTED
    if entry.ticket is not None:
        return PICKED_UP
    return ASKED_AGAIN if _can_look_up(entry.backend) else NOBODY_SAYS


def _can_look_up(backend: str) -> bool:
    try:
        return hasattr(backend_class(backend), "look_up")
    except SunoVideoError:
        return True  # it is not installed here now; where it is, the run will see
