"""What happens, said as data. The terminal, `--json`, the service, the report and the tests listen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeAlias


@dataclass(frozen=True)
class Event:
    """Something that happened. `name` is stable; scripts match on it."""

    name: ClassVar[str] = "event"

    def to_dict(self) -> dict[str, Any]:
        """Give the event as one JSON object: `v`, `event`, then its own fields."""
        return {"v": 1, "event": self.name, **asdict(self)}


@dataclass(frozen=True)
class StageStarted(Event):
    """A stage began: `analyze`, `direct`, `render`, `assemble` or `publish`."""

    name: ClassVar[str] = "stage.started"
    stage: str
    detail: str = ""


@dataclass(frozen=True)
class StageDone(Event):
    """A stage ended, or its result from an earlier run still holds (`reused`)."""

    name: ClassVar[str] = "stage.done"
    stage: str
    seconds: float
    reused: bool = False
    detail: str = ""


@dataclass(frozen=True)
class PlanReady(Event):
    """The render loop knows what it has to make."""

    name: ClassVar[str] = "plan.ready"
    n_scenes: int
    n_to_make: int
    n_frames: int
    n_frames_to_make: int


@dataclass(frozen=True)
class SceneStarted(Event):
    """A backend began to make a scene."""

    name: ClassVar[str] = "scene.started"
    scene: str
    backend: str
    n_frames: int


@dataclass(frozen=True)
class FramesWritten(Event):
    """Some more frames of a scene went into the encoder."""

    name: ClassVar[str] = "frames.written"
    scene: str
    n_frames: int
    """Since the last such event for this scene."""


@dataclass(frozen=True)
class SceneDone(Event):
    """A scene is finished and its receipt is written."""

    name: ClassVar[str] = "scene.done"
    scene: str
    backend: str
    seconds: float
    reused: bool = False
    stand_in: bool = False


@dataclass(frozen=True)
class SceneFailed(Event):
    """A backend could not make a scene; the embedded renderer plays it (a stand-in)."""

    name: ClassVar[str] = "scene.failed"
    scene: str
    backend: str
    reason: str


@dataclass(frozen=True)
class Notice(Event):
    """Something a person should know; nothing is wrong."""

    name: ClassVar[str] = "notice"
    text: str


@dataclass(frozen=True)
class Warned(Event):
    """Something is not as it should be, and we went on."""

    name: ClassVar[str] = "warning"
    text: str


@dataclass(frozen=True)
class FilmDone(Event):
    """The film is on disk, whole and checked."""

    name: ClassVar[str] = "film.done"
    path: str
    project: str
    duration_s: float
    n_frames: int
    size: str
    n_bytes: int
    seconds: float
    max_drift_frames: int
    n_stand_ins: int = 0


EventSink: TypeAlias = Callable[[Event], None]


def ignore(event: Event) -> None:
    """A sink that drops everything."""
