"""Has a model that sees pictures look at one still or clip: does it match prompt, character, mood and energy?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from suno_video.core.analysis import Unit
from suno_video.core.storyboard import Scene
from suno_video.direct.lint import MAX_PROMPT_CHARS, cut_text, find_faults, plain_text
from suno_video.direct.llm.question import Adviser, Attachment, Question
from suno_video.direct.llm.template import fill_template

MAX_REASON_CHARS = 300
_MOST_CHARACTERS, _MOST_CHARACTER_CHARS = 4, 400


class ReviewAnswer(BaseModel):
    """What is asked for."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    prompt: Unit
    character: Unit | None
    mood: Unit
    energy: Unit
    reason: Annotated[str, Field(min_length=1, max_length=2 * MAX_REASON_CHARS)]
    better_prompt: Annotated[str, Field(max_length=2 * MAX_PROMPT_CHARS)] = ""


@dataclass(frozen=True)
class Review:
    """What was said about a still or clip, made fit to be kept."""

    score: float
    """0..1: halfway between the mean of the aspects and the lowest of them: one bad aspect is not made up for."""
    aspects: dict[str, float]
    """`prompt`, `mood`, `energy`, and `character` where somebody in particular is seen."""
    reason: str
    better_prompt: str
    """Words for another take; empty where the old ones will do, or the new ones were not fit to be used."""


@dataclass(frozen=True)
class Reviewed:
    """What is looked at, and what is to be known about it."""

    scene: Scene
    kind: Literal["still", "clip"]
    prompt: str
    """As it was really used."""
    pictures: tuple[Attachment, ...]
    """The still, or frames of the clip in their order."""
    references: tuple[Attachment, ...] = ()
    """Pictures of who and what must look the same in every scene."""
    characters: Sequence[str] = ()
    """Who is in it, a line for each."""
    artist: str | None = None
    """Who made the song: their name must not get into a prompt."""
    idea: str = ""
    """Of the whole film."""
    moods: Sequence[str] = ()
    tempo_bpm: float = 0.0
    motion: float | None = None
    """Movement that was measured in the clip, in levels of light from frame to frame."""


def review_take(adviser: Adviser, take: Reviewed) -> Review:
    """Ask for a review of one still or clip.

    Raises:
        NoAnswer: There is none to be had.
    """
    filled = fill_template(
        "review",
        kind=take.kind,
        pictures=_pictures_in_words(take),
        scene=take.scene,
        prompt=take.prompt,
        wanted=take.scene.prompt,
        idea=take.idea,
        characters=[cut_text(line, _MOST_CHARACTER_CHARS) for line in take.characters[:_MOST_CHARACTERS]],
        moods=", ".join(take.moods),
        tempo_bpm=take.tempo_bpm,
        motion=take.motion,
        max_reason=MAX_REASON_CHARS,
        max_prompt=MAX_PROMPT_CHARS,
    )
    question = Question(
        name="review",
        version=filled.version,
        system=filled.system,
        prompt=filled.text,
        answer=ReviewAnswer,
        role="look",
        attachments=(*take.pictures, *take.references),
        check=partial(_faults_of, take=take),
        max_tokens=1024,
    )
    return _as_review(adviser.ask(question), take)


def _pictures_in_words(take: Reviewed) -> str:
    n = len(take.pictures)
    seen = "the still" if take.kind == "still" else f"{n} frames of the clip, from its first to its last"
    return seen + (", and pictures of who or what must look the same in every scene" if take.references else "")


def _faults_of(answer: ReviewAnswer, take: Reviewed) -> list[str]:
    faults = [f"better_prompt: {fault}" for fault in _prompt_faults(plain_text(answer.better_prompt), take)]
    if len(answer.reason) > MAX_REASON_CHARS:
        faults.append(f"reason: it has {len(answer.reason)} characters, at most {MAX_REASON_CHARS} are allowed")
    return faults


def _prompt_faults(better: str, take: Reviewed) -> Iterator[str]:
    """What must not be in the new words; what a person or our own rules wrote into the old ones is theirs."""
    accepted = {fault.reason for fault in find_faults(take.prompt, artist=take.artist)}
    yield from (str(fault) for fault in find_faults(better, artist=take.artist) if fault.reason not in accepted)
    if len(better) > MAX_PROMPT_CHARS:
        yield f"it has {len(better)} characters, at most {MAX_PROMPT_CHARS} are allowed"


def _as_review(answer: ReviewAnswer, take: Reviewed) -> Review:
    """Take over what is fit to be kept, whoever asked and whatever was checked before."""
    found = {"prompt": answer.prompt, "character": answer.character, "mood": answer.mood, "energy": answer.energy}
    aspects = {name: round(score, 3) for name, score in found.items() if score is not None}
    score = (sum(aspects.values()) / len(aspects) + min(aspects.values())) / 2
    better = plain_text(answer.better_prompt)
    if better == take.prompt or any(_prompt_faults(better, take)):
        better = ""
    return Review(round(score, 3), aspects, cut_text(plain_text(answer.reason), MAX_REASON_CHARS), better)
