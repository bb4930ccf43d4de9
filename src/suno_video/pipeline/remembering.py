"""Writes into the memory of a film what became of each scene, as soon as it is known."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from suno_video.core.errors import BadEditError
from suno_video.core.events import EventSink, Warned
from suno_video.core.state import ProjectState, TimelineStatus
from suno_video.core.storyboard import SceneId
from suno_video.media.atomic import write_text
from suno_video.pipeline.footing import Footing
from suno_video.project.memory import with_timeline
from suno_video.project.takes import Take
from suno_video.project.workspace import Project


@dataclass(frozen=True)
class Fate:
    """What became of a scene."""

    status: TimelineStatus
    played_by: str


def no_score(take: Take) -> float | None:
    """Nobody has looked at any take."""
    return None


class StateKeeper:
    """Keeps `state.json` up to date while a film is made. May be shared by threads.

    Prompts are written from the memory as it was when the run began. What a person edits meanwhile stays in the file,
    and counts for the next run.

    Args:
        score_of: What a reviewer gave to a take; None where nobody looked at it.
    """

    def __init__(
        self,
        project: Project,
        state: ProjectState,
        events: EventSink,
        score_of: Callable[[Take], float | None] = no_score,
    ) -> None:
        self._path, self._state, self._events, self._score_of = project.state_file, state, events, score_of
        self._told = False
        self._lock = threading.Lock()

    @property
    def state(self) -> ProjectState:
        """The memory as this run has it."""
        return self._state

    def note(self, scene: SceneId, footing: Footing, fate: Fate | None = None) -> None:
        """Write what there is for a scene now. Raises as `write_text`.

        Args:
            fate: What a piece of the film that was just finished shows; None where only a take came.
        """
        with self._lock:
            before = self._state
            changes = {**self._takes(scene, footing), **({} if fate is None else vars(fate))}
            timeline = tuple(
                entry.model_copy(update=changes) if entry.scene == scene else entry for entry in before.timeline
            )
            if timeline == before.timeline:
                return
            self._state = with_timeline(before, timeline, before.session_id, scene)
            self._write()

    def _takes(self, scene: SceneId, footing: Footing) -> Mapping[str, Any]:
        still, clip = footing.stills.get(scene), footing.clips.get(scene)
        plays = clip or still
        return {
            "still_take": still.receipt.fingerprint if still is not None else "",
            "clip_take": clip.receipt.fingerprint if clip is not None else "",
            "review_score": self._score_of(plays) if plays is not None else None,
        }

    def _write(self) -> None:
        """Put what this run knows into what is on disk now: a person may have edited it a moment ago."""
        ours = self._state
        try:
            on_disk = ProjectState.load(self._path)
        except OSError:
            on_disk = ours
        except BadEditError as exc:
            self._say_broken(exc)
            return
        merged = with_timeline(on_disk, ours.timeline, ours.session_id, ours.environment_state.current_scene_ref)
        write_text(self._path, merged.to_json())

    def _say_broken(self, exc: BadEditError) -> None:
        if not self._told:
            self._told = True
            self._events(Warned(f"{self._path.name} was edited and does not fit; this run leaves it: {exc.reasons[0]}"))
