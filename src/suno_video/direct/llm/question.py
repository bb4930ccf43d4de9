"""What is asked of a language model, and what may come of it. Knows no service and no project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, Protocol, TypeAlias, TypeVar

from pydantic import BaseModel

Answer = TypeVar("Answer", bound=BaseModel)
Role: TypeAlias = Literal["listen", "write", "look"]
"""`listen` to the song and `look` at pictures: a quick, cheap model will do; `write`: the best there is."""
FailureReason: TypeAlias = Literal["unavailable", "key", "refused", "malformed", "budget", "offline"]


def no_faults(answer: BaseModel) -> Sequence[str]:
    """Find nothing to complain about."""
    return ()


@dataclass(frozen=True)
class Attachment:
    """A file that goes along with a question: the song, the cover, frames."""

    path: Path
    media_type: str
    """`audio/mpeg`, `image/png`, ..."""
    label: str = ""
    """What it is, in words for the model: `The cover`, `Scene s003, frame 40`."""


@dataclass(frozen=True)
class Question(Generic[Answer]):
    """One question, whose answer is data of a known shape."""

    name: str
    """`vibe`, `treatment`, `storyboard`, `review`, `judge`, `release`: for the cache, the ledger and people."""
    version: str
    """Of the template; part of the cache key."""
    system: str
    prompt: str
    answer: type[Answer]
    role: Role = "write"
    attachments: tuple[Attachment, ...] = ()
    check: Callable[[Answer], Sequence[str]] = no_faults
    """Names each fault of an answer in words for the model: they are sent back to it, a bounded number of times."""
    max_tokens: int = 8192
    """The longest answer, in tokens; also what its cost is at worst."""


class NoAnswer(Exception):  # noqa: N818 - not ours to show: the caller falls back to rules
    """There is no usable answer, and asking again now would not help.

    Args:
        reason: What kind of failure it was, for the caller's decision.
        words: What happened, for people, in half a sentence.
    """

    def __init__(self, reason: FailureReason, words: str) -> None:
        super().__init__(words)
        self.reason = reason
        self.words = words


class Adviser(Protocol):
    """Somebody who answers questions: a service, a cache before one, or a script in tests."""

    name: str
    """`gemini:gemini-3.1-pro`: who is asked, for people and fingerprints."""

    def ask(self, question: Question[Answer]) -> Answer:
        """Answer. What comes back has passed the question's schema and its check.

        Raises:
            NoAnswer: There is none to be had.
        """
        ...
