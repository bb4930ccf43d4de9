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
class SoundSeparated(Event):
    """Some more of the song was taken apart into stems."""

    name: ClassVar[str] = "sound.separated"
    seconds: float
    """Of the song, from its start."""
    of_seconds: float
    """Its length as far as it is known; 0 where it is not."""


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
class FootagePlanned(Event):
    """What a pass of stills or clips has to make, and what that costs."""

    name: ClassVar[str] = "footage.planned"
    kind: str
    """`still` or `clip`."""
    n_wanted: int
    n_to_make: int
    expected_usd: str = "0"
    worst_usd: str = "0"


@dataclass(frozen=True)
class MoneyHeld(Event):
    """Money was set aside for one attempt, before anything was bought."""

    name: ClassVar[str] = "money.held"
    scene: str
    backend: str
    attempt: str
    worst_usd: str


@dataclass(frozen=True)
class MoneySettled(Event):
    """An attempt has ended, and what it cost is known."""

    name: ClassVar[str] = "money.settled"
    scene: str
    backend: str
    attempt: str
    cost_usd: str


@dataclass(frozen=True)
class AttemptFailed(Event):
    """One attempt at a still or clip failed; `next` says what is done about it."""

    name: ClassVar[str] = "attempt.failed"
    scene: str
    backend: str
    kind: str
    reason: str
    next: str
    cost_usd: str = "0"


@dataclass(frozen=True)
class TakeDone(Event):
    """A still or clip is finished, and its receipt is written."""

    name: ClassVar[str] = "take.done"
    scene: str
    kind: str
    backend: str
    seconds: float
    cost_usd: str = "0"
    reused: bool = False


@dataclass(frozen=True)
class TakeReviewed(Event):
    """Somebody looked at a still or clip and said how well it is what it should be."""

    name: ClassVar[str] = "take.reviewed"
    scene: str
    kind: str
    by: str
    score: float
    """0..1."""
    accepted: bool
    reason: str


@dataclass(frozen=True)
class MemoryRead(Event):
    """Memory after a scene was made and everything of it returned, in MiB."""

    name: ClassVar[str] = "memory"
    scene: str
    rss_mb: float
    available_mb: float
    device_mb: float | None = None
    """Held by the loaded models on CUDA, MPS or MLX; None without any."""


@dataclass(frozen=True)
class FilmUpdated(Event):
    """The film on disk is whole and in sync, with the footage there is so far."""

    name: ClassVar[str] = "film.updated"
    path: str
    n_missing: int
    """Scenes that a stand-in still plays."""


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
