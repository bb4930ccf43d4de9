"""The encoders a film can be written with, as data, and a look whether one of them works on this machine."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_args

from suno_video.core.brief import EncoderChoice, EncoderName, Quality
from suno_video.core.errors import SunoVideoError, ToolMissingError
from suno_video.media.ffmpeg import run_ffmpeg

if TYPE_CHECKING:
    from suno_video.assemble.profile import EncoderProfile

_LEVELS: Mapping[Quality, int] = {"draft": 0, "standard": 1, "high": 2}
_BITS_PER_PIXEL = (0.08, 0.2, 0.35)
"""For encoders without a constant quality: at 1080p and 30 frames a second 5, 12 and 22 Mbit/s."""
_PROBE_TIMEOUT_S = 30
_DEVICE = "/dev/dri/renderD128"
"""The first graphics card of a Linux machine; `vaapi` takes it."""

Options = dict[str, Any]


@dataclass(frozen=True)
class Encoder:
    """One way to write pictures."""

    name: EncoderName
    vcodec: str
    """ffmpeg's name of it."""
    idea: str
    """For people: what it is, and what it needs."""
    options: Callable[[EncoderProfile], Options]
    """ffmpeg's output options for a profile."""
    is_hardware: bool = True
    upload: str | None = None
    """Format in which frames go to the graphics card; None where ffmpeg sees to it itself."""
    device_args: tuple[str, ...] = ()
    """Arguments of ffmpeg itself, before its inputs."""
    gop_s: float = 0.5
    """Seconds from one key frame to the next; half a second is what platforms ask of H.264."""


def _x264(profile: EncoderProfile) -> Options:
    x264 = (
        f"keyint={profile.gop_frames}",
        f"min-keyint={max(1, profile.gop_frames // 2)}",
        "open-gop=0",
        # Each segment must describe itself with the same words, or players stumble where they are spliced.
        "stitchable=1",
        *profile.x264_params,
    )
    return {
        "preset": profile.preset,
        "crf": profile.crf,
        "profile:v": "high",
        "bf": profile.b_frames,
        "threads": profile.threads,
        "x264-params": ":".join(x264),
    }


def _av1(profile: EncoderProfile) -> Options:
    level = _LEVELS[profile.quality]
    # Its scale of quality is another: at 32 a painted film scores as x264 does at 19 (VMAF 97.6), in 71 % of the bytes.
    params = f"keyint={profile.gop_frames}:scd=0:lp={profile.threads}:film-grain=0"
    return {"preset": (10, 8, 6)[level], "crf": (42, 32, 24)[level], "svtav1-params": params}


def _nvenc(profile: EncoderProfile) -> Options:
    level = _LEVELS[profile.quality]
    quality = {"preset": ("p1", "p4", "p6")[level], "rc": "vbr", "cq": (28, 21, 18)[level], "b:v": 0}
    return {**quality, "profile:v": "high", "bf": 2, "g": profile.gop_frames, "no-scenecut": 1, "forced-idr": 1}


def _videotoolbox(profile: EncoderProfile) -> Options:
    # A constant quality is there on Apple silicon only: a bit rate works on every Mac.
    return {"b:v": _bit_rate(profile), "profile:v": "high", "g": profile.gop_frames, "allow_sw": 0, "realtime": 0}


def _qsv(profile: EncoderProfile) -> Options:
    level = _LEVELS[profile.quality]
    preset = ("veryfast", "medium", "slow")[level]
    return {"preset": preset, "global_quality": (28, 21, 18)[level], "profile:v": "high", "g": profile.gop_frames}


def _vaapi(profile: EncoderProfile) -> Options:
    qp = (28, 21, 18)[_LEVELS[profile.quality]]
    return {"rc_mode": "CQP", "qp": qp, "profile:v": "high", "g": profile.gop_frames, "bf": 0}


def _bit_rate(profile: EncoderProfile) -> int:
    size = profile.size
    bits = _BITS_PER_PIXEL[_LEVELS[profile.quality]] * size.width_px * size.height_px * profile.fps
    return math.ceil(bits / 1e5) * 100_000


_ALL = (
    Encoder("x264", "libx264", "H.264 on the processor: plays everywhere", _x264, is_hardware=False),
    Encoder(
        "av1",
        "libsvtav1",
        "AV1 on the processor (SVT-AV1): smaller files, several times slower; not yet played everywhere",
        _av1,
        is_hardware=False,
        gop_s=2.0,
    ),
    Encoder("videotoolbox", "h264_videotoolbox", "H.264 in hardware on a Mac", _videotoolbox),
    Encoder("nvenc", "h264_nvenc", "H.264 in hardware on an NVIDIA card", _nvenc),
    Encoder("qsv", "h264_qsv", "H.264 in hardware on an Intel processor (Quick Sync)", _qsv, upload="nv12"),
    Encoder(
        "vaapi",
        "h264_vaapi",
        "H.264 in hardware on Linux with an AMD or Intel card (VA-API)",
        _vaapi,
        upload="nv12",
        device_args=("-vaapi_device", _DEVICE),
    ),
)

ENCODERS: Mapping[EncoderName, Encoder] = MappingProxyType({encoder.name: encoder for encoder in _ALL})
assert set(ENCODERS) == set(get_args(EncoderName))


@cache
def why_not(name: EncoderName) -> str | None:
    """Write a few frames with an encoder. Gives None when it works here, else the reason in ffmpeg's words."""
    from suno_video.assemble.graphs import probe_args

    try:
        run_ffmpeg(probe_args(ENCODERS[name]), timeout_s=_PROBE_TIMEOUT_S)
    except SunoVideoError as exc:
        return exc.message
    return None


def choose_encoder(choice: EncoderChoice) -> EncoderName:
    """Take the encoder asked for; `hardware` is the first one in hardware that works here.

    Raises:
        ToolMissingError: It does not work here.
    """
    if choice == "x264":
        return choice
    if choice != "hardware":
        reason = why_not(choice)
        if reason is not None:
            raise ToolMissingError(
                f"The encoder {choice!r} does not work here. {reason}",
                "Leave --encoder out: x264 works everywhere. `suno-video doctor` lists what works.",
            )
        return choice
    for name, encoder in ENCODERS.items():
        if encoder.is_hardware and why_not(name) is None:
            return name
    raise ToolMissingError(
        "No encoder in hardware works here: there is no card for it, or ffmpeg cannot reach it.",
        "Leave --encoder out: x264 works everywhere.",
    )
