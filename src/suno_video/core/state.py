"""The memory of a film (`state.json`): who is in it, where it plays, and how far it has come."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, NonNegativeFloat, StringConstraints, field_validator, model_validator

from suno_video.core.analysis import Unit
from suno_video.core.brief import ReferenceName
from suno_video.core.character import CharacterName
from suno_video.core.record import Record
from suno_video.core.storyboard import SceneId

NOT_ONE_LINE = r"\x00-\x1f\x7f\u0085\u2028\u2029"
"""Control characters and ends of lines, as in a regular expression."""
Words: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200, pattern=rf"^[^{NOT_ONE_LINE}]*$")
]
"""One line, as long as a trait of a character may be; empty where nothing is said."""
TimelineStatus: TypeAlias = Literal["planned", "stand-in", "done"]
"""`planned`: no piece of it was ever finished; `stand-in`: the embedded renderer plays it for another backend."""
MAX_ACTION_CHARS = 240


class CharacterState(Record):
    """Somebody in the film. An empty field is not told to any model."""

    name: CharacterName
    base_identity_ref: ReferenceName | None = None
    """A picture of them in the folder `references`, shown to the models that take one."""
    face: Words = ""
    hair: Words = ""
    age: Words = ""
    clothing: Words = ""
    current_clothing_ref: ReferenceName | None = None
    """A picture of what they wear, likewise."""
    emotional_state: Words = ""
    """How they feel through the whole film; empty: as each scene's prompt says."""
    notes: Words = ""
    """For people; no model is told."""


class PlaceState(Record):
    """A place that the film returns to: one motif of the treatment."""

    name: str
    """Of the motif."""
    idea: str = ""
    """What is there. As the treatment says unless a person wrote otherwise; only then models are told."""
    lighting_condition: Words = ""
    camera_angle: Words = ""


class EnvironmentState(Record):
    """Where the film plays and in what light."""

    current_scene_ref: SceneId | None = None
    """The scene that was finished last. Written by runs; no prompt depends on it."""
    lighting_condition: Words = ""
    """The light in the whole film, where a place says nothing else; empty: as each scene's prompt says."""
    camera_angle: Words = ""
    """Likewise."""
    places: tuple[PlaceState, ...] = ()

    @field_validator("places")
    @classmethod
    def _check_places(cls, places: tuple[PlaceState, ...]) -> tuple[PlaceState, ...]:
        _require_different("places", [each.name for each in places])
        return places


class TimelineEntry(Record):
    """One scene as it was planned and what became of it. Written by runs."""

    scene: SceneId
    timestamp_range: tuple[NonNegativeFloat, NonNegativeFloat]
    """Seconds of the song, from and to."""
    audio_segment: str
    """What is heard: `chorus, bar 17`."""
    action: Annotated[str, Field(max_length=MAX_ACTION_CHARS)]
    """What is seen."""
    place: str = ""
    who: tuple[str, ...] = ()
    status: TimelineStatus = "planned"
    played_by: str = ""
    """Backend; empty while nothing is there."""
    still_take: str = ""
    """Fingerprint of the still, as in its receipt; empty where there is none."""
    clip_take: str = ""
    """Fingerprint of the clip that plays; empty where the scene is painted."""
    review_score: Unit | None = None
    """What a reviewer gave to the take that plays; None where nobody looked."""

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        start_s, end_s = self.timestamp_range
        if end_s <= start_s:
            raise ValueError(f"timestamp_range must end after it begins, not go from {start_s} to {end_s}")
        return self


class ProjectState(Record):
    """What is remembered of a film from scene to scene and from run to run.

    A person edits who and where; what runs write (`session_id`, `current_scene_ref`, `timeline`, `as_directed`) is
    written again with every scene. The timeline tiles the film in order.
    """

    version: Literal[1] = 1
    session_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    """Stays the same for all runs of a project."""
    character_state: tuple[CharacterState, ...] = ()
    environment_state: EnvironmentState = EnvironmentState()
    timeline: Annotated[tuple[TimelineEntry, ...], Field(min_length=1)]
    as_directed: dict[str, str] = {}
    """A short hash of each thing as the storyboard said it, by which an edit by hand is told from it."""

    def character(self, name: str) -> CharacterState | None:
        """Give somebody by name."""
        return next((each for each in self.character_state if each.name == name), None)

    def place(self, name: str) -> PlaceState | None:
        """Give a place by the name of its motif."""
        return next((each for each in self.environment_state.places if each.name == name), None)

    # Of the fields, not of the whole: so that a fault is told with the line on which its list begins.
    @field_validator("character_state")
    @classmethod
    def _check_characters(cls, characters: tuple[CharacterState, ...]) -> tuple[CharacterState, ...]:
        _require_different("characters", [each.name for each in characters])
        return characters

    @field_validator("timeline")
    @classmethod
    def _check_tiling(cls, timeline: tuple[TimelineEntry, ...]) -> tuple[TimelineEntry, ...]:
        _require_different("entries", [entry.scene for entry in timeline])
        for before, after in pairwise(timeline):
            if after.timestamp_range[0] != before.timestamp_range[1]:
                raise ValueError(
                    f"the timeline must tile the film: {after.scene} begins at {after.timestamp_range[0]} s, "
                    f"{before.scene} ends at {before.timestamp_range[1]} s"
                )
        return timeline

    @model_validator(mode="after")
    def _check_current(self) -> Self:
        current = self.environment_state.current_scene_ref
        if current is not None and current not in {entry.scene for entry in self.timeline}:
            raise ValueError(f"current_scene_ref names {current}, which is not in the timeline")
        return self


def _require_different(what: str, names: Sequence[str]) -> None:
    twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
    if twice is not None:
        raise ValueError(f"two {what} have the name {twice!r}")
