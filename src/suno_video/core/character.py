"""Somebody who is seen in the film, described so that every picture shows the same person."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import StringConstraints

from suno_video.core.brief import ReferenceName
from suno_video.core.record import Record

CharacterName: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Trait: TypeAlias = Annotated[str, StringConstraints(max_length=200)]


class Character(Record):
    """Who somebody is, as fields: what is said once holds for every scene."""

    name: CharacterName
    face: Trait = ""
    hair: Trait = ""
    clothing: Trait = ""
    age: Trait = ""
    """In words: `about thirty`."""
    notes: Trait = ""
    reference: ReferenceName | None = None
    """A picture of them in the project's `references`."""
