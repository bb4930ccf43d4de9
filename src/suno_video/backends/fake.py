"""Backends that break on cue, for tests and for plugin authors: test cards, and any failure at any attempt.

`FakeVideo(script=[busy(), refused()])` fails twice and then works. Each frame of a `FakeVideo` carries its number in
its light, so that a test can see which frame it got back: see `frame_number`.
"""

from __future__ import annotations

import threading
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image

from suno_video.backends.base import (
    BackendInfo,
    Capabilities,
    ClipRequest,
    FailureKind,
    Job,
    MakeFailed,
    Quote,
    Readiness,
    StillRequest,
)
from suno_video.core.frames import I420, FrameSize, planes

_N_BITS = 16
_LOW, _HIGH = 40, 210


def busy(cost_usd: str = "0") -> MakeFailed:
    """A service that has too much to do: worth a retry."""
    return MakeFailed(FailureKind.RETRYABLE, "the service is busy", Decimal(cost_usd))


def refused(cost_usd: str = "0") -> MakeFailed:
    """A service that does not want this prompt."""
    return MakeFailed(FailureKind.REFUSED, "the prompt was refused", Decimal(cost_usd))


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


def frame_number(frame: I420) -> int:
    """Read the number of a `FakeVideo` frame from its light; survives encoding."""
    light = planes(frame)[0]
    middle = light[light.shape[0] // 4 : -light.shape[0] // 4 or None]
    number = 0
    for bit, columns in enumerate(np.array_split(np.arange(light.shape[1]), _N_BITS)):
        # The edges of a stripe may bleed into its neighbours.
        inner = columns[len(columns) // 4 : len(columns) - len(columns) // 4]
        number |= int(middle[:, inner].mean() > (_LOW + _HIGH) / 2) << bit
    return number


class FakeStream:
    """Test cards: 16 upright stripes spell the frame number in binary, the colour comes from the seed."""

    def __init__(self, size: FrameSize, n_frames: int, seed: int) -> None:
        self._size, self._n_frames, self._seed = size, n_frames, seed
        self.is_closed = False

    @property
    def n_frames(self) -> int:
        """How many frames there are."""
        return self._n_frames

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[I420]:
        """Paint frames start..stop."""
        if self.is_closed:
            raise ValueError("the stream is closed")
        out = np.empty(self._size.i420_shape, dtype=np.uint8)
        light, u, v = planes(out)
        u[:], v[:] = 64 + self._seed % 128, 64 + self._seed // 128 % 128
        stripes = np.array_split(np.arange(self._size.width_px), _N_BITS)
        for number in range(start, self._n_frames if stop is None else min(stop, self._n_frames)):
            for bit, columns in enumerate(stripes):
                light[:, columns] = _HIGH if number >> bit & 1 else _LOW
            yield out

    def close(self) -> None:
        """Let go."""
        self.is_closed = True


class _Fake:
    """What the two fakes share: the script, and a memory of what happened, for tests to look at."""

    version: ClassVar[str] = "1"

    def __init__(
        self, script: Iterable[MakeFailed | None] = (), *, name: str = "fake", price_usd: str | None = None
    ) -> None:
        self.name = name
        self.price_usd = Decimal(price_usd or "0")
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

    def _follow_script(self) -> None:
        """Fail if the script says so for this attempt; after its end everything works."""
        with self._lock:
            step = self._script.popleft() if self._script else None
        if step is not None:
            raise step


class FakeVideo(_Fake):
    """A video backend that makes test cards.

    Args:
        script: For each attempt a failure, or None for one that works.
        price_usd: Asked for each clip.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(
        makes="clip", accepts=frozenset({"first_frame", "last_frame", "reference", "audio"}), concurrency="unlimited"
    )

    def __init__(
        self, script: Iterable[MakeFailed | None] = (), *, name: str = "fake", price_usd: str | None = None
    ) -> None:
        super().__init__(script, name=name, price_usd=price_usd)
        self.requests: list[ClipRequest] = []

    @classmethod
    def info(cls) -> BackendInfo:
        """Facts for people."""
        return BackendInfo("clip", "Test cards, for tests", "anything", "free", "MIT", True)

    def quote(self, request: ClipRequest) -> Quote:
        """Ask the price that it was given."""
        return Quote(expected_usd=self.price_usd, worst_usd=self.price_usd)

    def make(self, request: ClipRequest, job: Job) -> FakeStream:
        """Make test cards, or fail by the script."""
        self.requests.append(request)
        self._follow_script()
        return FakeStream(request.size, request.n_frames, request.seed)


class FakeImage(_Fake):
    """An image backend that makes plain pictures; prompt and seed decide the colour."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        makes="still", accepts=frozenset({"reference"}), concurrency="unlimited"
    )

    def __init__(
        self, script: Iterable[MakeFailed | None] = (), *, name: str = "fake-image", price_usd: str | None = None
    ) -> None:
        super().__init__(script, name=name, price_usd=price_usd)
        self.requests: list[StillRequest] = []

    @classmethod
    def info(cls) -> BackendInfo:
        """Facts for people."""
        return BackendInfo("still", "Plain pictures, for tests", "anything", "free", "MIT", True)

    def quote(self, request: StillRequest) -> Quote:
        """Ask the price that it was given."""
        return Quote(expected_usd=self.price_usd, worst_usd=self.price_usd)

    def make(self, request: StillRequest, job: Job) -> Path:
        """Write a PNG into `job.scratch`, or fail by the script."""
        self.requests.append(request)
        self._follow_script()
        mixed = zlib.crc32(f"{request.seed}\n{request.prompt}\n{request.negative_prompt}".encode())
        color = mixed & 255, mixed >> 8 & 255, mixed >> 16 & 255
        path = job.scratch / f"{request.scene}.png"
        Image.new("RGB", (request.size.width_px, request.size.height_px), color).save(path)
        return path
