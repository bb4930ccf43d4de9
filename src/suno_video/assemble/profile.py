"""How segments are encoded. Every setting is pinned, because segments are spliced and compared byte for byte."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt

from suno_video.assemble.encoders import ENCODERS
from suno_video.core.brief import EncoderName, Quality
from suno_video.core.frames import FrameSize
from suno_video.core.record import Record

ENCODER_THREADS = 2
"""Part of the profile: another number of threads gives other bytes, and from eight on other pictures."""

_FAST_PARAMS = (
    # ultrafast with its blocks smoothed: as good to the eye as veryfast for 40 % of its time, but twice the bytes.
    "deblock=0,0",
    "aq-mode=1",
    "cabac=1",
)


class EncoderProfile(Record):
    """One way to encode, part of the fingerprint of each segment."""

    version: Literal[1] = 1
    """Raised whenever the same settings would give other bytes."""
    encoder: EncoderName = "x264"
    quality: Quality = "standard"
    """What the encoders other than x264 go by."""
    size: FrameSize
    fps: PositiveInt
    preset: str
    crf: Annotated[int, Field(ge=0, le=51)]
    x264_params: tuple[str, ...] = ()
    b_frames: Annotated[int, Field(ge=0, le=4)] = 2
    threads: PositiveInt = ENCODER_THREADS
    audio_kbps: PositiveInt = 320

    @property
    def gop_frames(self) -> int:
        """Frames from one key frame to the next."""
        return max(1, round(self.fps * ENCODERS[self.encoder].gop_s))

    @property
    def timescale(self) -> int:
        """Ticks per second of the video track: a whole number for each frame."""
        return self.fps * TICKS_PER_FRAME


TICKS_PER_FRAME = 512


def encoder_profile(quality: Quality, size: FrameSize, fps: int, encoder: EncoderName = "x264") -> EncoderProfile:
    """Choose how to encode for a quality: `draft`, `standard` or `high`."""
    common: dict[str, Any] = {"encoder": encoder, "quality": quality, "size": size, "fps": fps}
    if quality == "draft":
        return EncoderProfile(
            **common, preset="ultrafast", crf=26, x264_params=_FAST_PARAMS, b_frames=0, audio_kbps=192
        )
    if quality == "high":
        return EncoderProfile(**common, preset="medium", crf=17, audio_kbps=384)
    return EncoderProfile(**common, preset="veryfast", crf=19)
