"""What goes over the wire between `PaidFakeVideo` and its service: the order, its price, and the states of a job."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal, InvalidOperation
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from suno_video.core.errors import ConfigError
from suno_video.core.frames import MAX_FPS, FrameSize
from suno_video.core.record import Record

ADDRESS_VARIABLE = "SUNO_VIDEO_FAKE_SERVICE_URL"
TOKEN_VARIABLE = "SUNO_VIDEO_FAKE_SERVICE_TOKEN"  # noqa: S105 - its name, not a token
USUAL_TOKEN = "fake-token"  # noqa: S105 - guards nothing
PER_CLIP_VARIABLE = "SUNO_VIDEO_FAKE_SERVICE_USD_PER_CLIP"
SETTLE_VARIABLE = "SUNO_VIDEO_FAKE_SERVICE_SETTLE_S"
PER_S_VARIABLE = "SUNO_VIDEO_FAKE_SERVICE_USD_PER_S"
MAX_FRAMES = 5000
_CENT_PARTS = Decimal("0.0001")

JobStatus: TypeAlias = Literal["starting", "processing", "succeeded", "failed", "canceled", "aborted"]
ENDED: frozenset[str] = frozenset({"succeeded", "failed", "canceled", "aborted"})
MODERATION = "moderation"
"""The `error_code` of a failed job that was refused for what it asks."""


class ClipWish(Record):
    """What a job is asked to make: the `input` of `POST /v1/jobs`."""

    prompt: str
    negative_prompt: str = ""
    seed: int
    size: FrameSize
    fps: Annotated[int, Field(ge=1, le=MAX_FPS)]
    n_frames: Annotated[int, Field(ge=1, le=MAX_FRAMES)]
    first_frame: str | None = None
    """A picture as a `data:` URL; the book keeps its hash."""

    def for_the_book(self) -> str:
        """Give it as one line of JSON, in which a hash stands for the picture."""
        picture = self.first_frame
        if picture is not None and picture.startswith("data:"):
            picture = f"sha256:{hashlib.sha256(picture.encode()).hexdigest()}"
        return self.model_copy(update={"first_frame": picture}).model_dump_json()


class JobMetadata(Record):
    """What the service keeps beside a job and gives back as it is."""

    attempt: str = ""
    """The buyer's own id of the attempt."""


class JobOrder(Record):
    """The body of `POST /v1/jobs`."""

    input: ClipWish
    metadata: JobMetadata = JobMetadata()


@dataclass(frozen=True)
class Tariff:
    """What a clip costs."""

    per_clip_usd: Decimal = Decimal(0)
    per_s_usd: Decimal = Decimal("0.05")

    @classmethod
    def from_environment(cls) -> Tariff:
        """Take what the variables say, and the usual for the rest. Raises `ConfigError`."""
        usual = cls()
        return cls(
            _money_in(PER_CLIP_VARIABLE, usual.per_clip_usd),
            _money_in(PER_S_VARIABLE, usual.per_s_usd),
        )

    def price_usd(self, n_frames: int, fps: int) -> Decimal:
        """Price a clip, rounded up to a hundredth of a cent."""
        return (self.per_clip_usd + self.per_s_usd * n_frames / fps).quantize(_CENT_PARTS, ROUND_UP)


def _money_in(variable: str, usual: Decimal) -> Decimal:
    text = os.environ.get(variable)
    if not text:
        return usual
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or value < 0:
        raise ConfigError(f"{variable}: {text!r} is not an amount in US dollars.", "Write it like 0.05, or unset it.")
    return value
