"""The shapes of a director's answers. Lenient on purpose: what can be read is read, everything is cut to size.

A model that writes one word too many, or `dolly` for `push_in`, must not cost another question. What is left after that
is data: nothing in it is an address, a file name or a setting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeAlias, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from suno_video.core.storyboard import MoveKind, TransitionKind
from suno_video.direct.lint import cut_text, plain_text

MAX_SCENES_AN_ANSWER = 200
_NUMBER = re.compile(r"-?\d+")


def _text(max_chars: int) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        # Cut twice: nobody needs the rest of a megabyte made plain.
        return cut_text(plain_text(value[: 8 * max_chars]), max_chars) if isinstance(value, str) else ""

    return read


def _items(n: int) -> Callable[[Any], list[Any]]:
    def read(value: Any) -> list[Any]:
        if isinstance(value, str):
            value = re.split(r"[,;]", value)
        return list(value)[:n] if isinstance(value, Sequence) else []

    return read


def _known(kind: Any) -> Callable[[Any], str | None]:
    def read(value: Any) -> str | None:
        word = value.strip().lower().replace("-", "_").replace(" ", "_") if isinstance(value, str) else None
        return word if word in get_args(kind) else None

    return read


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return -1
    found = _NUMBER.match(str(value).strip())
    return int(found[0]) if found else -1


def _truth(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() in ("true", "yes"))


Short: TypeAlias = Annotated[str, BeforeValidator(_text(120))]
Line: TypeAlias = Annotated[str, BeforeValidator(_text(300))]
Long: TypeAlias = Annotated[str, BeforeValidator(_text(700))]
Name: TypeAlias = Annotated[str, BeforeValidator(_text(40))]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)


class CharacterIdea(_Answer):
    """One person, described so that a painter who never saw them paints the same person each time."""

    name: Name
    face: Short = ""
    hair: Short = ""
    clothing: Short = ""
    age: Short = ""
    notes: Short = ""


class MotifIdea(_Answer):
    """What a kind of section shows whenever it returns."""

    name: Short
    """One of the motif names given."""
    idea: Line
    """One sentence that can be painted: who, doing what, where."""


class TreatmentIdea(_Answer):
    """The idea of the whole film."""

    logline: Line
    world: Line = ""
    """Place, time of day, season, materials: what all scenes share."""
    characters: Annotated[list[CharacterIdea], BeforeValidator(_items(6))] = []
    palette: Annotated[list[Name], BeforeValidator(_items(5))] = []
    """Five colours as #rrggbb, from shadow to highlight; empty to keep those of the look."""
    motifs: Annotated[list[MotifIdea], BeforeValidator(_items(60))] = []
    camera_language: Line = ""
    style_words: Line = ""
    """Medium, light, lens, film stock, in a few words; empty to keep those of the look."""
    never_show: Annotated[list[Short], BeforeValidator(_items(12))] = []


class SceneIdea(_Answer):
    """One scene: from its cut to the next scene's."""

    cut: Annotated[int, BeforeValidator(_number)]
    """Number of the place at which it begins."""
    picture: Long
    """What is seen, complete in itself: framing, who, action, place, light."""
    move: Annotated[MoveKind | None, BeforeValidator(_known(MoveKind))] = None
    transition: Annotated[TransitionKind | None, BeforeValidator(_known(TransitionKind))] = None
    """How it is entered."""
    who: Annotated[list[Name], BeforeValidator(_items(6))] = []
    """Names of the characters who are seen."""
    sung: Annotated[bool, BeforeValidator(_truth)] = False
    """Whether somebody is seen to sing the words of this scene."""
    continuity: Line = ""
    """What must be as it was in earlier scenes, said in full."""
    avoid: Line = ""
    """What must not be in this picture."""


class SceneIdeas(_Answer):
    """The scenes of a part of the film, in order."""

    scenes: Annotated[list[SceneIdea], BeforeValidator(_items(MAX_SCENES_AN_ANSWER)), Field(min_length=1)]
