"""Backends that break on cue, for tests and for plugin authors: test cards, and any failure at any attempt.

`FakeVideo(script=[busy(), refused()])` fails twice and then works. Each frame of a `FakeVideo` carries its number in
its light, so that a test can see which frame it got back: see `frame_number`.
"""

from __future__ import annotations

import secrets
import threading
import time
import zlib
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Literal

from PIL import Image

from suno_video.backends.base import (
    BackendInfo,
    Capabilities,
    ClipRequest,
    Economy,
    FailureKind,
    FileFootage,
    Job,
    MakeFailed,
    Quote,
    Readiness,
    StillRequest,
)
from suno_video.backends.testcards import FakeStream, frame_number, write_clip

__all__ = [
    "FakeImage",
    "FakeStream",
    "FakeVideo",
    "bad_input",
    "bug",
    "busy",
    "flawed",
    "frame_number",
    "out_of_memory",
    "refused",
    "unavailable",
    "unknown_outcome",
]

_WAIT_STEP_S = 0.02


def busy(cost_usd: str = "0", *, retry_after_s: float | None = None) -> MakeFailed:
    """A service that has too much to do: worth a retry."""
    return MakeFailed(FailureKind.RETRYABLE, "the service is busy", Decimal(cost_usd), retry_after_s=retry_after_s)


def refused(cost_usd: str = "0") -> MakeFailed:
    """A service that does not want this prompt."""
    return MakeFailed(FailureKind.REFUSED, "the prompt was refused", Decimal(cost_usd))


def flawed(cost_usd: str = "0") -> MakeFailed:
    """A backend that noticed by itself that what it made is of no use."""
    return MakeFailed(FailureKind.FLAWED, "the picture came out badly", Decimal(cost_usd))


def out_of_memory() -> MakeFailed:
    """A model that does not fit."""
    return MakeFailed(FailureKind.OUT_OF_MEMORY, "out of memory")


def bad_input() -> MakeFailed:
    """A request that can never work."""
    return MakeFailed(FailureKind.BAD_INPUT, "the picture cannot be read")


def unavailable() -> MakeFailed:
    """A service that is away."""
    return MakeFailed(FailureKind.UNAVAILABLE, "the service does not answer")


def bug() -> MakeFailed:
    """A backend that is broken."""
    return MakeFailed(FailureKind.BUG, "index out of range")


def unknown_outcome() -> MakeFailed:
    """A service that was asked and gave no answer: it may have sold something."""
    return MakeFailed(FailureKind.UNKNOWN, "the connection was lost before the answer")


class _Fake:
    """What the two fakes share: the script, the want of memory, and a memory of what happened, for tests to look at.

    Args:
        script: For each attempt a failure, or None for one that works.
        price_usd: Asked for each piece.
        needs: Runs out of memory unless `job.economies` holds all of these.
        needs_smaller_than_px: Runs out of memory unless the longer side of the request is shorter than this.
        economies: What it says it can do with less memory; what it needs, unless told otherwise.
    """

    version: str = "1"
    capabilities: Capabilities
    _usual_name: ClassVar[str]

    def __init__(
        self,
        script: Iterable[MakeFailed | None] = (),
        *,
        name: str | None = None,
        price_usd: str | None = None,
        needs: Iterable[Economy] = (),
        needs_smaller_than_px: int | None = None,
        economies: Iterable[Economy] | None = None,
    ) -> None:
        self.name = name or self._usual_name
        self.price_usd = Decimal(price_usd or "0")
        self.needs = frozenset(needs)
        self.needs_smaller_than_px = needs_smaller_than_px
        offered = self.needs - {"smaller"} if economies is None else frozenset(economies)
        self.capabilities = replace(self.capabilities, economies=offered, spends_money=self.price_usd > 0)
        self.requests: list[Any] = []
        self.jobs: list[Job] = []
        self.n_opened = self.n_trimmed = self.n_closed = 0
        self._script = deque(script)
        self._lock = threading.Lock()

    @classmethod
    def readiness(cls) -> Readiness:
        """Always ready."""
        return Readiness(True, "runs anywhere")

    def open(self) -> None:
        """Count the call."""
        self.n_opened += 1

    def trim(self) -> None:
        """Count the call."""
        self.n_trimmed += 1

    def close(self) -> None:
        """Count the call."""
        self.n_closed += 1

    def quote(self, request: ClipRequest | StillRequest) -> Quote:
        """Ask the price that it was given."""
        return Quote(expected_usd=self.price_usd, worst_usd=self.price_usd)

    def _begin(self, request: ClipRequest | StillRequest, job: Job) -> None:
        """Fail if the script says so for this attempt, or for want of memory; after its end everything works."""
        with self._lock:
            self.requests.append(request)
            self.jobs.append(job)
            step = self._script.popleft() if self._script else None
        if step is not None:
            raise step
        longer_px, limit_px = max(request.size.width_px, request.size.height_px), self.needs_smaller_than_px
        if not self.needs <= job.economies or (limit_px is not None and longer_px >= limit_px):
            raise out_of_memory()


class FakeVideo(_Fake):
    """A video backend that makes test cards. Takes what all fakes take, and more.

    Args:
        footage: `stream`, or `file`: an MP4 in `job.scratch`, as slow and paid backends give.
        takes_s: How long a clip takes; `job.check_stop` is called meanwhile.
        cost_usd: What a clip costs in the end (files only); the price, unless told otherwise.
    """

    capabilities = Capabilities(
        makes="clip", accepts=frozenset({"last_frame", "reference", "audio"}), concurrency="unlimited"
    )  # no first frame: a test card begins with no still
    _usual_name = "fake"

    def __init__(
        self,
        script: Iterable[MakeFailed | None] = (),
        *,
        name: str | None = None,
        price_usd: str | None = None,
        needs: Iterable[Economy] = (),
        needs_smaller_than_px: int | None = None,
        economies: Iterable[Economy] | None = None,
        footage: Literal["stream", "file"] = "stream",
        takes_s: float = 0.0,
        cost_usd: str | None = None,
    ) -> None:
        super().__init__(
            script,
            name=name,
            price_usd=price_usd,
            needs=needs,
            needs_smaller_than_px=needs_smaller_than_px,
            economies=economies,
        )
        self.takes_s = takes_s
        self.cost_usd = self.price_usd if cost_usd is None else Decimal(cost_usd)
        self.capabilities = replace(self.capabilities, footage=footage)

    @classmethod
    def info(cls) -> BackendInfo:
        """Facts for people."""
        return BackendInfo("clip", "Test cards, for tests", "anything", "free", "MIT", True)

    def make(self, request: ClipRequest, job: Job) -> FakeStream | FileFootage:
        """Make test cards, or fail by the script or for want of memory."""
        self._begin(request, job)
        self._take_time(job)
        stream = FakeStream(request.size, request.n_frames, request.seed)
        if self.capabilities.footage == "stream":
            return stream
        path = job.scratch / f"{request.scene}-{secrets.token_hex(4)}.mp4"
        write_clip(path, stream.frames(), request.size, request.fps)
        return FileFootage(path, request.n_frames, float(request.fps), request.size, self.cost_usd)

    def _take_time(self, job: Job) -> None:
        end_s = time.monotonic() + self.takes_s
        while time.monotonic() < end_s:
            job.check_stop()
            time.sleep(_WAIT_STEP_S)


class FakeImage(_Fake):
    """An image backend that makes plain pictures, coloured by prompt and seed. Takes what all fakes take."""

    capabilities = Capabilities(makes="still", accepts=frozenset({"reference"}), concurrency="unlimited")
    _usual_name = "fake-image"

    @classmethod
    def info(cls) -> BackendInfo:
        """Facts for people."""
        return BackendInfo("still", "Plain pictures, for tests", "anything", "free", "MIT", True)

    def make(self, request: StillRequest, job: Job) -> Path:
        """Write a PNG into `job.scratch`, or fail by the script."""
        self._begin(request, job)
        mixed = zlib.crc32(f"{request.seed}\n{request.prompt}\n{request.negative_prompt}".encode())
        color = mixed & 255, mixed >> 8 & 255, mixed >> 16 & 255
        path = job.scratch / f"{request.scene}.png"
        width, height = request.size.width_px, request.size.height_px
        picture = Image.new("RGB", (width, height), color)
        # A picture of one colour and nothing else would be taken for a failed one.
        other = color[0] ^ 128, color[1] ^ 128, color[2] ^ 128
        picture.paste(other, (width // 3, height // 3, width * 2 // 3, height * 2 // 3))
        picture.save(path)
        return path
