"""Keeps the memory of a film: made from the storyboard, edited by a person, carried from run to run.

What the storyboard says and what a person wrote are told apart by a hash of each thing as the storyboard said it. An
edit is never overwritten: a new storyboard changes only what nobody touched.
"""

from __future__ import annotations

import re
import secrets
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from suno_video.core.errors import BadEditError
from suno_video.core.record import find_line
from suno_video.core.state import (
    MAX_ACTION_CHARS,
    NOT_ONE_LINE,
    CharacterState,
    EnvironmentState,
    PlaceState,
    ProjectState,
    TimelineEntry,
)
from suno_video.core.storyboard import Scene, Storyboard
from suno_video.media.atomic import write_text
from suno_video.project.fingerprint import part_prints
from suno_video.project.references import reference_fault
from suno_video.project.workspace import Project

Remembered = TypeVar("Remembered", CharacterState, PlaceState)
_MS = 3
_REFERENCE_FIELDS = ("base_identity_ref", "current_clothing_ref")


def recall_state(project: Project, storyboard: Storyboard, *, write: bool) -> ProjectState:
    """Give the memory of a film as this storyboard and what a person edited have it.

    Args:
        write: Leave it in the project, if it is not there in this form.

    Raises:
        BadEditError: `state.json` does not fit, or names a picture that cannot be used; names line and reason.
    """
    try:
        old = load_state(project.state_file, project.references)
    except FileNotFoundError:
        old = None
    except OSError as exc:
        raise BadEditError(str(project.state_file), [f"cannot be read: {exc.strerror or exc}"]) from exc
    state = renew_state(old, storyboard) if old is not None else begin_state(storyboard, secrets.token_hex(8))
    if write and state != old:
        write_text(project.state_file, state.to_json())
    return state


def load_state(path: Path, references: Path) -> ProjectState:
    """Read a memory that a person may have edited.

    Args:
        references: Folder of the reference pictures.

    Raises:
        BadEditError: It does not fit; names each line and reason.
        OSError: It cannot be read.
    """
    state = ProjectState.load(path)
    faults = list(_reference_faults(state, references))
    if faults:
        text = path.read_text(encoding="utf-8-sig")
        reasons = [f"line {find_line(text, loc)}: {'.'.join(map(str, loc))}: {fault}" for loc, fault in faults]
        raise BadEditError(str(path), reasons)
    return state


def begin_state(storyboard: Storyboard, session_id: str) -> ProjectState:
    """Make the memory of a film of which nothing is there yet."""
    characters, places = _characters(storyboard), _places(storyboard)
    return ProjectState(
        session_id=session_id,
        character_state=characters,
        environment_state=EnvironmentState(places=places),
        timeline=tuple(_entry(scene, storyboard) for scene in storyboard.scenes),
        as_directed=_prints(characters) | _prints(places),
    )


def renew_state(old: ProjectState, storyboard: Storyboard) -> ProjectState:
    """Bring a memory to a storyboard: what a person wrote stays, what is finished stays, the rest is as directed."""
    new = begin_state(storyboard, old.session_id)
    before = {entry.scene: entry for entry in old.timeline}
    timeline = tuple(_with_fate(entry, before.get(entry.scene)) for entry in new.timeline)
    surroundings, current = old.environment_state, old.environment_state.current_scene_ref
    places = _merge(surroundings.places, new.environment_state.places, old.as_directed)
    is_there = current in {entry.scene for entry in timeline}
    update = {"places": places, "current_scene_ref": current if is_there else None}
    return ProjectState(
        session_id=old.session_id,
        character_state=_merge(old.character_state, new.character_state, old.as_directed),
        environment_state=surroundings.model_copy(update=update),
        timeline=timeline,
        as_directed=new.as_directed,
    )


def with_timeline(
    state: ProjectState, timeline: Sequence[TimelineEntry], session_id: str, current: str | None
) -> ProjectState:
    """Put what a run wrote into a memory that a person may have edited meanwhile; the rest of it stays."""
    surroundings = state.environment_state.model_copy(update={"current_scene_ref": current})
    update = {"session_id": session_id, "timeline": tuple(timeline), "environment_state": surroundings}
    return state.model_copy(update=update)


def _characters(storyboard: Storyboard) -> tuple[CharacterState, ...]:
    return tuple(
        CharacterState(
            name=each.name,
            base_identity_ref=each.reference,
            face=_one_line(each.face),
            hair=_one_line(each.hair),
            age=_one_line(each.age),
            clothing=_one_line(each.clothing),
            notes=_one_line(each.notes),
        )
        for each in {each.name: each for each in storyboard.treatment.characters}.values()
    )


def _one_line(words: str) -> str:
    return re.sub(f"[{NOT_ONE_LINE}]", " ", words)


def _places(storyboard: Storyboard) -> tuple[PlaceState, ...]:
    motifs = {motif.name: motif for motif in storyboard.treatment.motifs}
    return tuple(PlaceState(name=motif.name, idea=motif.idea) for motif in motifs.values())


def _entry(scene: Scene, storyboard: Storyboard) -> TimelineEntry:
    start_s, end_s = (round(frame / storyboard.fps, _MS) for frame in (scene.start_frame, scene.end_frame))
    return TimelineEntry(
        scene=scene.id,
        timestamp_range=(start_s, end_s),
        audio_segment=f"{scene.section_label}, bar {scene.bar}" if scene.bar else scene.section_label,
        action=textwrap.shorten(scene.prompt, MAX_ACTION_CHARS, placeholder=" …"),
        place=scene.motif,
        who=scene.who,
    )


def _with_fate(entry: TimelineEntry, old: TimelineEntry | None) -> TimelineEntry:
    """What became of the same span of the song before; of another span nothing is known."""
    if old is None or old.timestamp_range != entry.timestamp_range:
        return entry
    fate = ("status", "played_by", "still_take", "clip_take", "review_score")
    return entry.model_copy(update={name: getattr(old, name) for name in fate})


def _merge(old: Sequence[Remembered], new: Sequence[Remembered], directed: Mapping[str, str]) -> tuple[Remembered, ...]:
    """Take what is new, but for what a person wrote, added or took out."""
    on_disk, planned = {each.name: each for each in old}, {each.name: each for each in new}
    merged: list[Remembered] = []
    for name, each in planned.items():
        if name in on_disk:
            merged.append(each.model_copy(update=_edits(on_disk[name], directed)))
        elif not any(_key(each, field) in directed for field in type(each).model_fields):
            merged.append(each)
    added: list[Remembered] = [each for name, each in on_disk.items() if name not in planned and _edits(each, directed)]
    return tuple(merged + added)


def _edits(each: Remembered, directed: Mapping[str, str]) -> dict[str, object]:
    """Fields that are not as the storyboard said them when this was written."""
    prints = _prints([each])
    names = (name for name in type(each).model_fields if prints.get(_key(each, name)) != directed.get(_key(each, name)))
    return {name: getattr(each, name) for name in names}


def _prints(remembered: Sequence[CharacterState] | Sequence[PlaceState]) -> dict[str, str]:
    """A short hash of each thing that can be edited."""
    return part_prints(
        {
            _key(each, field): getattr(each, field)
            for each in remembered
            for field in type(each).model_fields
            if field != "name"
        }
    )


def _key(each: CharacterState | PlaceState, field: str) -> str:
    return f"{'place' if isinstance(each, PlaceState) else 'character'} {each.name}: {field}"


def _reference_faults(state: ProjectState, folder: Path) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for number, each in enumerate(state.character_state):
        for field in _REFERENCE_FIELDS:
            name = getattr(each, field)
            fault = reference_fault(folder, name) if name is not None else None
            if fault is not None:
                yield ("character_state", number, field), fault
