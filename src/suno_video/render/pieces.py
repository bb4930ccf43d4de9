"""What the render loop makes: pieces of the film, as asked for and as finished."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, TypeVar

from suno_video.backends.base import Footage
from suno_video.project.store import Receipt
from suno_video.render.orders import ClipOrder

_Result = TypeVar("_Result")

OnFrames: TypeAlias = Callable[[int], None]
"""Told how many more frames were written; raises `Stopped` when the run is to end."""

Deliver: TypeAlias = Callable[[Sequence[Footage], Path, OnFrames], int]
"""Turns footage into a finished piece at a path; gives the number of frames in the written file."""


class Stopped(Exception):  # noqa: N818 - a signal between our own threads
    """The run is ending; leave at once."""


@dataclass(frozen=True)
class PieceTask:
    """One piece of the film that has to exist: a scene, or a join that shows two."""

    piece: str
    n_frames: int
    fingerprint: str
    """Of everything that the piece is made from, but for which backend really plays it."""
    orders: tuple[ClipOrder, ...]
    deliver: Deliver
    made_from: Mapping[str, str] = field(default_factory=dict)
    """A short hash of each thing that it is made from, by name."""


@dataclass(frozen=True)
class PieceDone:
    """A finished piece and where it lies."""

    task: PieceTask
    receipt: Receipt
    path: Path
    reused: bool


def wait_for_some(pending: set[Future[_Result]]) -> tuple[set[Future[_Result]], set[Future[_Result]]]:
    """Wait a moment and part what is done from what is not.

    Wakes often, so that a signal reaches the main thread's Python code at once.
    """
    done, rest = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
    return done, rest


def result_of(future: Future[_Result]) -> _Result:
    """Wait for one, as `wait_for_some` does, and give its result."""
    while not future.done():
        wait({future}, timeout=0.2)
    return future.result()
