"""The memory of the film as the report shows it: who, where, and what became of each scene."""

from __future__ import annotations

from dataclasses import dataclass

from suno_video.core.clock import clock_tenths
from suno_video.core.state import CharacterState, EnvironmentState, PlaceState, ProjectState, TimelineEntry

_TAKE_DIGITS = 12


@dataclass(frozen=True)
class Trait:
    """One thing that is said of somebody, or of a place."""

    label: str
    words: str


@dataclass(frozen=True)
class Card:
    """Somebody, or a place, with what is said of it."""

    name: str
    traits: tuple[Trait, ...]


@dataclass(frozen=True)
class Moment:
    """One entry of the timeline."""

    scene: str
    time: str
    heard: str
    place: str
    who: str
    status: str
    played_by: str
    take: str
    """The beginning of the fingerprint of what plays; empty where it is painted."""
    score: str


@dataclass(frozen=True)
class MemoryReport:
    """Everything that the report says of the memory."""

    session: str
    n_done: int
    film: tuple[Trait, ...]
    """What holds in every place."""
    characters: tuple[Card, ...]
    places: tuple[Card, ...]
    timeline: tuple[Moment, ...]


def memory_report(state: ProjectState) -> MemoryReport:
    """Put a memory into the words of the report; what is empty is left out."""
    return MemoryReport(
        session=state.session_id,
        n_done=sum(entry.status == "done" for entry in state.timeline),
        film=_surroundings(state.environment_state),
        characters=tuple(map(_character, state.character_state)),
        places=tuple(map(_place, state.environment_state.places)),
        timeline=tuple(map(_moment, state.timeline)),
    )


def _character(who: CharacterState) -> Card:
    told = {
        "Age": who.age,
        "Face": who.face,
        "Hair": who.hair,
        "Clothing": who.clothing,
        "Feeling": who.emotional_state,
        "Picture": who.base_identity_ref or "",
        "Picture of the clothing": who.current_clothing_ref or "",
        "Notes": who.notes,
    }
    return Card(who.name, _traits(told))


def _place(place: PlaceState) -> Card:
    return Card(place.name, (*_traits({"Seen": place.idea}), *_surroundings(place)))


def _surroundings(place: PlaceState | EnvironmentState) -> tuple[Trait, ...]:
    return _traits({"Light": place.lighting_condition, "Camera": place.camera_angle})


def _traits(told: dict[str, str]) -> tuple[Trait, ...]:
    return tuple(Trait(label, words) for label, words in told.items() if words)


def _moment(entry: TimelineEntry) -> Moment:
    start_s, end_s = entry.timestamp_range
    return Moment(
        scene=entry.scene,
        time=f"{clock_tenths(start_s)} – {clock_tenths(end_s)}",
        heard=entry.audio_segment,
        place=entry.place,
        who=", ".join(entry.who),
        status=entry.status,
        played_by=entry.played_by,
        take=(entry.clip_take or entry.still_take)[:_TAKE_DIGITS],
        score=f"{entry.review_score:.0%}" if entry.review_score is not None else "",
    )
