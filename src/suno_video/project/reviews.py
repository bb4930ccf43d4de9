"""What was said about takes by somebody who looked at them, and the takes that were made in their place.

A review lies beside its take and never changes the file. The takes of one wish are a family: the first one, and those
that were made because the one before was found wanting. Each has a fingerprint that follows from the first one's and
its number alone, so that a corrected prompt never makes anything be bought again.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from suno_video.core.analysis import Unit
from suno_video.core.record import Record
from suno_video.project.fingerprint import fingerprint

MAX_RETAKES = 4
"""How many takes there may be in place of the first one."""
REVIEW_ENDING = ".review"


class TakeReview(Record):
    """How well a still or clip is what it should be, and why."""

    scene: str
    kind: Literal["still", "clip"]
    first: str
    """Fingerprint of the wish, which is that of the family's first take."""
    fingerprint: str
    """Of the take itself."""
    sha256: str
    """Of the file that was looked at; another file has no review."""
    by: str
    """Who looked at it."""
    score: Unit
    aspects: dict[str, Unit] = {}
    """Scores by what was looked for: `prompt`, `character`, `mood`, `energy`."""
    reason: Annotated[str, Field(max_length=1000)]
    prompt: Annotated[str, Field(max_length=4000)] = ""
    """What the next take is asked for with; empty: the same, with another seed."""
    closed: str = ""
    """Why no other take follows, although this one was found wanting."""


def retake_print(first: str, number: int) -> str:
    """Fingerprint of the take `number` of a family; 0 is the first one, with the fingerprint of the wish."""
    return first if number == 0 else fingerprint(first, "retake", number)


def family_prints(first: str) -> tuple[str, ...]:
    """Every fingerprint that a take of this wish can have."""
    return tuple(retake_print(first, number) for number in range(MAX_RETAKES + 1))
