"""The contract between the render loop and whatever makes pictures.

A request is already legal for the backend (size, length and rate snapped from its capabilities). `make` makes exactly
that and reports what it really got. It does not retry, keep accounts, or print.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import ClassVar, Literal, Protocol, TypeAlias, runtime_checkable

from suno_video.core.brief import Grade
from suno_video.core.color import Palette
from suno_video.core.frames import I420, FrameSize
from suno_video.core.music import MusicCurves
from suno_video.core.storyboard import Motion

MakesKind: TypeAlias = Literal["still", "clip"]
AcceptsKind: TypeAlias = Literal["first_frame", "last_frame", "reference", "audio"]


@dataclass(frozen=True)
class StillRequest:
    """One picture to be made."""

    scene: str
    prompt: str
    negative_prompt: str
    seed: int
    size: FrameSize
    references: tuple[Path, ...] = ()


@dataclass(frozen=True)
class ClipRequest:
    """One clip to be made: exactly `n_frames` at `fps`.

    It covers the scene plus its handles: the frames that a dissolve into or out of it shows as well.
    """

    scene: str
    prompt: str
    negative_prompt: str
    seed: int
    size: FrameSize
    fps: int
    n_frames: int
    family: str
    params: Mapping[str, float]
    palette: Palette
    grade: Grade
    motion: Motion
    growth: float
    """How far the motif has grown, 0..1."""
    energy: float
    music: MusicCurves
    """What sounds in each of the `n_frames`."""
    first_frame: Path | None = None
    """A still to start from (RGB PNG or JPEG, any size)."""
    cover: Path | None = None
    """The song's cover picture, where there is one."""


@dataclass(frozen=True)
class FileFootage:
    """Footage that is a video file inside `Job.scratch`; kept for ever once its receipt is written."""

    path: Path
    n_frames: int
    """Counted in the file, not believed from the request."""
    fps: float
    size: FrameSize
    cost_usd: Decimal = Decimal(0)


@runtime_checkable
class FrameStream(Protocol):
    """Footage that a free local renderer paints on demand. Nothing is stored, nothing is encoded twice."""

    @property
    def n_frames(self) -> int:
        """How many frames there are."""

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[I420]:
        """Paint frames start..stop in order, each of the requested size.

        The yielded array is reused for the next frame: take what you need before you ask for more. May be called
        again; the same frames come out, bit for bit. A stateful painter steps silently through the frames before
        `start`.
        """

    def close(self) -> None:
        """Let go of all buffers. May be called twice."""


Footage: TypeAlias = FileFootage | FrameStream


@dataclass(frozen=True)
class Capabilities:
    """What a backend can do; known before anything is loaded."""

    makes: MakesKind
    accepts: frozenset[AcceptsKind] = frozenset()
    n_frames: tuple[int, ...] | None = None
    """Legal lengths in frames; None when any length will do."""
    size_multiple: int = 2
    max_side_px: int | None = None
    concurrency: int | Literal["cores", "unlimited"] = 1
    deterministic: bool = True
    spends_money: bool = False
    needs_network: bool = False


@dataclass(frozen=True)
class Quote:
    """What a request will cost at most, known before it is made."""

    expected_usd: Decimal = Decimal(0)
    worst_usd: Decimal = Decimal(0)
    expected_s: float | None = None


FREE = Quote()


@dataclass(frozen=True)
class Readiness:
    """Whether a backend can work here, for `suno-video backends` and `doctor`."""

    ready: bool
    detail: str
    """Ready: what it runs on. Not ready: what is missing and how to get it."""


@dataclass(frozen=True)
class BackendInfo:
    """What people want to know about a backend before they use it."""

    makes: MakesKind
    summary: str
    hardware: str
    price: str
    licence: str
    commercial_use: bool
    links: tuple[str, ...] = ()


class FailureKind:
    """Why a backend could not make something; the loop decides what follows."""

    RETRYABLE: ClassVar[str] = "retryable"
    REFUSED: ClassVar[str] = "refused"
    OUT_OF_MEMORY: ClassVar[str] = "out-of-memory"
    BAD_INPUT: ClassVar[str] = "bad-input"
    UNAVAILABLE: ClassVar[str] = "unavailable"
    BUG: ClassVar[str] = "bug"


class MakeFailed(Exception):  # noqa: N818 - classified failure, not an error of ours
    """A backend could not make a request. Carries its kind and what the attempt cost."""

    def __init__(self, kind: str, reason: str, cost_usd: Decimal = Decimal(0)) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.cost_usd = cost_usd


@dataclass
class Job:
    """One attempt at one request: where to put files, and what is remembered of a remote job."""

    scratch: Path
    ticket: str | None = None
    """Id of a remote job that an earlier run started for this very request."""
    tickets: list[str] = field(default_factory=list)

    def keep_ticket(self, ticket: str) -> None:
        """Remember the id of a remote job. Called before waiting for it, so that a crash cannot buy it twice."""
        self.ticket = ticket
        self.tickets.append(ticket)


class Backend(Protocol):
    """Life cycle shared by all backends: `open` once, `make` for each request, `trim` after each, `close`."""

    name: str
    version: str
    """Changes when the same request would give another picture; part of the fingerprint."""
    capabilities: Capabilities

    @classmethod
    def info(cls) -> BackendInfo:
        """Facts for people; loads nothing."""

    @classmethod
    def readiness(cls) -> Readiness:
        """Look whether it can work here; loads nothing heavy."""

    def open(self) -> None:
        """Load what all requests share."""

    def trim(self) -> None:
        """Return the memory that the last request took."""

    def close(self) -> None:
        """Return all memory."""


class ImageBackend(Backend, Protocol):
    """Makes stills."""

    def quote(self, request: StillRequest) -> Quote:
        """Price one request."""

    def make(self, request: StillRequest, job: Job) -> Path:
        """Make a PNG inside `job.scratch`. Raises `MakeFailed`."""


class VideoBackend(Backend, Protocol):
    """Makes clips, as files or as streams of frames."""

    def quote(self, request: ClipRequest) -> Quote:
        """Price one request."""

    def make(self, request: ClipRequest, job: Job) -> Footage:
        """Make a clip. Raises `MakeFailed`."""
