"""The contract between the render loop and whatever makes pictures.

A request is already legal for the backend (size, length and rate snapped from its capabilities). `make` makes exactly
that and reports what it really got. It does not retry, keep accounts, or print.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, TypeAlias, runtime_checkable

from suno_video.backends.remote import LooksUp as LooksUp
from suno_video.backends.remote import LooksUpSince as LooksUpSince
from suno_video.backends.remote import RemoteState as RemoteState
from suno_video.backends.requests import AudioSpan as AudioSpan
from suno_video.backends.requests import ClipRequest as ClipRequest
from suno_video.backends.requests import StillRequest as StillRequest
from suno_video.core.frames import I420, FrameSize
from suno_video.media.watch import Watched

if TYPE_CHECKING:
    from suno_video.backends.catalog import ModelCard

MakesKind: TypeAlias = Literal["still", "clip"]
AcceptsKind: TypeAlias = Literal["first_frame", "last_frame", "reference", "audio"]
"""What a backend can start from, besides words."""
Economy: TypeAlias = Literal["tiling", "offload", "smaller"]
"""A way to do with less memory, from the one that costs least to the one that costs most."""


@dataclass(frozen=True)
class FileFootage:
    """Footage that is a video file inside `Job.scratch`; kept for ever once its receipt is written."""

    path: Path
    n_frames: int
    """Counted in the file, not believed from the request."""
    fps: float
    size: FrameSize
    cost_usd: Decimal = Decimal(0)
    watched: Watched | None = field(default=None, compare=False, repr=False)
    """What was seen by a backend that decoded the clip to count its frames: it is not decoded again to be judged."""
    deflicker: bool = False
    """Whether its light is to be steadied when it is conformed."""
    enlarged: str = ""
    """Where `path` is an enlarged copy of a take: the fingerprint of how it is made, whether it is there yet or not."""


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
    needs: frozenset[AcceptsKind] = frozenset()
    """What of that it cannot do without."""
    n_frames: tuple[int, ...] | None = None
    """Legal lengths in frames; None when any length will do."""
    seconds: tuple[float, ...] | None = None
    """Legal lengths in seconds, of a model that is asked for a time and chooses its own rate."""
    fps: int | None = None
    """The one rate it makes frames at; None when it makes whatever is asked for. `n_frames` are frames at this rate."""
    size_multiple: int = 2
    sizes: tuple[FrameSize, ...] | None = None
    """The only legal sizes; None when any multiple of `size_multiple` within the limits will do."""
    max_side_px: int | None = None
    max_pixels: int | None = None
    """Width times height at most."""
    max_references: int = 0
    """How many reference pictures it takes in one request."""
    concurrency: int | Literal["cores", "unlimited"] = 1
    deterministic: bool = True
    spends_money: bool = False
    needs_network: bool = False
    footage: Literal["stream", "file"] = "stream"
    """`stream`: painted on demand, free and fast. `file`: made once and kept, because it costs money or long waits."""
    economies: frozenset[Economy] = frozenset()
    """What `make` can do with less memory when `Job.economies` asks for it (`smaller` is done by the loop itself)."""
    keeps_memory: bool = False
    """Whether its memory is known not to come back here (models on Metal): each take then gets a fresh process."""
    min_side_px: int = 64
    """A request is never shrunk below this on its short side."""
    prompt_chars: int = 600
    """How much of a prompt it reads, in characters."""
    keywords: bool = False
    """Whether it reads keywords better than sentences."""
    takes_negative: bool = False
    """Whether it can be told what not to show."""
    reads: frozenset[str] | None = None
    """Fields of the request that decide the picture; None: all. A change in the others makes nothing again."""


@dataclass(frozen=True)
class Quote:
    """What a request will cost at most, known before it is made."""

    expected_usd: Decimal = Decimal(0)
    worst_usd: Decimal = Decimal(0)
    expected_s: float | None = None
    note: str = ""
    """Where the price comes from, for people and for the ledger."""
    checked_on: date | None = None
    """When somebody last looked whether the price still holds; None where that is no question."""


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
    FLAWED: ClassVar[str] = "flawed"
    """Made, and not fit to be shown (black, frozen, garbled ...): another seed may do better."""
    BUG: ClassVar[str] = "bug"
    UNKNOWN: ClassVar[str] = "unknown-outcome"
    """Asked for, and no answer came: it may have been bought. Its hold stays until the service says more."""


class MakeFailed(Exception):  # noqa: N818 - classified failure, not an error of ours
    """A backend could not make a request. Carries its kind and what the attempt cost.

    Args:
        retry_after_s: How long the service asked us to wait before the next attempt.
    """

    def __init__(
        self, kind: str, reason: str, cost_usd: Decimal = Decimal(0), *, retry_after_s: float | None = None
    ) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.cost_usd = cost_usd
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class BackendSetup:
    """What a person decided once for all backends. It can be sent to another process."""

    models_folder: Path | None = None
    """Holds the user's own model cards (`*.toml`), which come before ours."""
    prices_file: Path | None = None
    """The user's own prices, which come before ours."""
    quantize: bool | None = None
    """Load models with fewer bits; None: as the backend thinks best."""
    fast: bool | None = None
    """Take the distilled variant of a model where there is one; None: as the backend thinks best."""
    keep_models: bool = True
    """Whether a model stays loaded from one request to the next."""
    services: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Addresses and keys by name: `comfyui_url`, `replicate_url`, `replicate_token`. Never shown."""


def _nothing() -> None:
    """Nobody asked to be told."""


@dataclass
class Job:
    """One attempt at one request: where to put files, and what is remembered of a remote job."""

    scratch: Path
    attempt: str = ""
    """Our own id of this attempt. A service that takes an id of ours, or keeps one somewhere, gets this one."""
    ticket: str | None = None
    """Id of a remote job that an earlier run started for this very request: pick it up, do not start another."""
    on_ticket: Callable[[str], None] | None = None
    cost_usd: Decimal | None = None
    """What it really cost, told by a backend whose footage does not say so (stills)."""
    economies: frozenset[Economy] = frozenset()
    """Ways to do with less memory that are asked for after an attempt ran out of it."""
    check_stop: Callable[[], None] = _nothing
    """Call it whenever you wait; it raises when the run is to end."""

    def keep_ticket(self, ticket: str) -> None:
        """Remember the id of a remote job. Called before waiting for it, so that a crash cannot buy it twice."""
        self.ticket = ticket
        if self.on_ticket is not None:
            self.on_ticket(ticket)


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


class HasModels(Protocol):
    """What the class of a backend offers beside `Backend` when it drives models that are data (`backends.catalog`)."""

    kinds: frozenset[MakesKind]
    """What its models make; `capabilities` of an instance say which of them it is."""

    @classmethod
    def for_model(cls, card: ModelCard, setup: BackendSetup) -> Backend:
        """Give a backend for one model; loads nothing. Raises `ConfigError` when the card does not fit it."""

    @classmethod
    def readiness_of(cls, card: ModelCard | None, setup: BackendSetup) -> Readiness:
        """Look whether one model (None: any) can work here; loads nothing heavy and calls no service that costs."""


@runtime_checkable
class Prepares(Protocol):
    """A backend that is quicker, or needs less memory, when it knows early what will be asked of it."""

    def prepare(self, requests: Sequence[ClipRequest | StillRequest], check_stop: Callable[[], None]) -> None:
        """Do beforehand what all requests of a pass need. Called once after `open`; `make` works without it too.

        A backend in a process of its own is not told: that process makes only a few requests.

        Args:
            check_stop: Call it whenever you wait; it raises when the run is to end.

        Raises:
            MakeFailed: It could not; each request is then tried by itself.
            BackendUnavailableError: It cannot work here.
        """


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
