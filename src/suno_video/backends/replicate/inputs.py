"""Writes the input of a model from a request, in the words of its card."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from suno_video.backends.base import AudioSpan, ClipRequest, FailureKind, MakeFailed, StillRequest
from suno_video.backends.catalog import ModelCard, Role
from suno_video.core.errors import EncoderError
from suno_video.media.ffmpeg import SAFE_INPUT, file_url, run_ffmpeg

Request = StillRequest | ClipRequest
Upload = Callable[[Path, str], str]
"""Takes a file and its content type, gives the address by which the model reads it."""


def plain_input(card: ModelCard, request: Request) -> dict[str, Any]:
    """Write everything that needs no upload: what prices hang on, and what a lost order is found by."""
    values: dict[Role, Any] = {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt or None,
        "seed": request.seed % (1 << 31),  # signed 32 bits at most models
        "width": request.size.width_px,
        "height": request.size.height_px,
        "resolution": card.resolution,
        "aspect_ratio": aspect_ratio(request),
        "steps": card.steps,
        "guidance": card.guidance,
    }
    if isinstance(request, ClipRequest):
        seconds = clip_seconds(card, request)
        whole = int(seconds) if seconds.is_integer() else seconds
        values |= {"seconds": whole, "n_frames": request.n_frames, "fps": request.fps}
    named = {key: values[role] for role, key in card.inputs.items() if values.get(role) is not None}
    fixed = {key: list(value) if isinstance(value, tuple) else value for key, value in card.fixed.items()}
    return {**fixed, **named}


def clip_seconds(card: ModelCard, request: ClipRequest) -> float:
    """Give the length that is ordered and paid: the legal one that holds all frames, or the longest."""
    wanted_s = request.n_frames / request.fps
    slack_s = 0.5 / request.fps  # lengths were rounded to whole frames
    return min(
        (each for each in card.seconds if each >= wanted_s - slack_s), default=max(card.seconds, default=wanted_s)
    )


def aspect_ratio(request: Request) -> str:
    """Name the common shape that is nearest: `16:9`, `9:16`, `1:1`, `4:3` or `3:4`."""
    shapes = ((16, 9), (9, 16), (1, 1), (4, 3), (3, 4))
    wide, high = min(shapes, key=lambda shape: abs(math.log(shape[0] / shape[1] / request.size.aspect)))
    return f"{wide}:{high}"


def files_of(card: ModelCard, request: Request) -> Mapping[str, tuple[Path, ...]]:
    """Give the pictures that the model is shown, by the names of its inputs.

    Raises:
        MakeFailed: `BAD_INPUT`: the model needs one that is not there.
    """
    given: dict[Role, tuple[Path, ...]] = {"reference": request.references[: card.max_references]}
    if isinstance(request, ClipRequest):
        given["first_frame"] = (request.first_frame,) if request.first_frame else ()
        given["last_frame"] = (request.last_frame,) if request.last_frame else ()
    for role in card.needs:
        if not given.get(role) and not (role == "audio" and isinstance(request, ClipRequest) and request.audio):
            raise MakeFailed(
                FailureKind.BAD_INPUT,
                f"{card.spec} needs a {role.replace('_', ' ')}, and the scene has none: "
                "choose a backend for stills as well (--stills), or a model that works from words alone",
            )
    return {card.inputs[role]: paths for role, paths in given.items() if paths and role in card.inputs}


def whole_input(card: ModelCard, request: Request, scratch: Path, upload: Upload) -> dict[str, Any]:
    """Write the input, its pictures and sound uploaded. Raises `MakeFailed`, and as `upload` does."""
    wish = plain_input(card, request)
    takes_list = set(card.extra.get("lists", ()))
    for key, paths in files_of(card, request).items():
        urls = [upload(path, content_type(path)) for path in paths]
        wish[key] = urls if key in takes_list else urls[0]
    if isinstance(request, ClipRequest) and request.audio is not None and "audio" in card.inputs:
        sound = _cut_sound(request.audio, scratch)
        try:
            wish[card.inputs["audio"]] = upload(sound, "audio/wav")
        finally:
            sound.unlink(missing_ok=True)
    return wish


def _cut_sound(span: AudioSpan, scratch: Path) -> Path:
    path = scratch / f"sound-{secrets.token_hex(6)}.wav"
    where = ("-ss", f"{span.start_s:.6f}", "-t", f"{span.duration_s:.6f}")
    try:
        run_ffmpeg(["-y", *SAFE_INPUT, *where, "-i", file_url(span.path), "-vn", "-f", "wav", file_url(path)])
    except EncoderError as exc:
        path.unlink(missing_ok=True)
        raise MakeFailed(FailureKind.BAD_INPUT, f"the sound of the scene cannot be cut: {exc.message}") from exc
    return path


def content_type(path: Path) -> str:
    """Tell what is in a file by how it begins. Raises `MakeFailed` (`BAD_INPUT`)."""
    try:
        with path.open("rb") as file:
            start = file.read(12)
    except OSError as exc:
        raise MakeFailed(FailureKind.BAD_INPUT, f"{path.name} cannot be read: {exc.strerror}") from exc
    if start.startswith(b"\x89PNG"):
        return "image/png"
    if start.startswith(b"\xff\xd8"):
        return "image/jpeg"
    if start[:4] == b"RIFF":
        return "image/webp" if start[8:] == b"WEBP" else "audio/wav"
    return "video/mp4" if start[4:8] == b"ftyp" else "application/octet-stream"
