"""From a request to the values that a graph is given: words, numbers, and the names of what was uploaded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from suno_video.backends.base import AudioSpan, ClipRequest, FailureKind, MakeFailed, StillRequest
from suno_video.backends.catalog import ModelCard
from suno_video.core.errors import EncoderError
from suno_video.media.ffmpeg import SAFE_INPUT, file_url, run_ffmpeg

_FIELDS = {
    "prompt": "prompt",
    "negative_prompt": "negative_prompt",
    "seed": "seed",
    "width": "size",
    "height": "size",
    "n_frames": "n_frames",
    "fps": "fps",
    "first_frame": "first_frame",
    "last_frame": "last_frame",
    "reference": "references",
    "audio": "audio",
}
_FILES = ("first_frame", "last_frame", "reference", "audio")


def read_fields(card: ModelCard) -> frozenset[str]:
    """Fields of a request that decide what a graph makes."""
    always = {"size", "seed"} | ({"n_frames", "fps"} if card.makes == "clip" else set())
    return frozenset(always | {_FIELDS[role] for role in card.inputs if role in _FIELDS})


def values_of(
    card: ModelCard, request: ClipRequest | StillRequest, folder: Path, upload: Callable[[Path], str]
) -> tuple[dict[str, Any], list[str]]:
    """Give the values by role, and the roles of pictures and sound that are to be left out of the graph.

    Args:
        folder: For what has to be cut out first.
        upload: Brings a file to the server and gives its name there.

    Raises:
        MakeFailed: A picture or sound is missing that the graph cannot do without.
    """
    plain = {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "seed": request.seed % (1 << 63),
        "width": request.size.width_px,
        "height": request.size.height_px,
        "steps": card.steps,
        "guidance": card.guidance,
    }
    if isinstance(request, ClipRequest):
        plain |= {"n_frames": request.n_frames, "fps": request.fps, "seconds": request.n_frames / request.fps}
    values: dict[str, Any] = {role: value for role, value in plain.items() if value is not None}
    left_out: list[str] = []
    for role in (role for role in _FILES if role in card.inputs):
        path = _file_of(role, request, folder)
        if path is not None:
            values[role] = upload(path)
        elif role in card.extra.get("optional", ()):
            left_out.append(role)
        else:
            raise MakeFailed(FailureKind.BAD_INPUT, f"{card.spec} needs a {role.replace('_', ' ')}, and there is none")
    return values, left_out


def _file_of(role: str, request: ClipRequest | StillRequest, folder: Path) -> Path | None:
    if role == "reference":
        return request.references[0] if request.references else None
    if isinstance(request, StillRequest):
        return None
    if role == "audio":
        return _cut_out(request.audio, folder) if request.audio is not None else None
    return request.first_frame if role == "first_frame" else request.last_frame


def _cut_out(span: AudioSpan, folder: Path) -> Path:
    path = folder / "span.wav"
    source = ["-ss", f"{span.start_s:.6f}", "-t", f"{span.duration_s:.6f}", *SAFE_INPUT, "-i", file_url(span.path)]
    try:
        run_ffmpeg(["-y", *source, "-map", "0:a:0", "-vn", "-c:a", "pcm_s16le", "-f", "wav", file_url(path)])
    except EncoderError as exc:
        raise MakeFailed(FailureKind.BAD_INPUT, f"the sound cannot be cut out: {exc.message}") from exc
    return path


def content_key(request: ClipRequest | StillRequest, name: str, version: str, economies: frozenset[str]) -> str:
    """Name what is asked for: the same words, numbers and contents of files, whichever run asks, give the same key."""
    told = [name, version, *sorted(economies), request.scene, request.prompt, request.negative_prompt]
    told += [str(request.seed), str(request.size), *map(_sha, request.references)]
    if isinstance(request, ClipRequest):
        told += [str(request.n_frames), str(request.fps), _sha(request.first_frame), _sha(request.last_frame)]
        span = request.audio
        told += [_sha(span.path), str(span.start_s), str(span.duration_s)] if span is not None else []
    return hashlib.sha256("\0".join(told).encode()).hexdigest()


def _sha(path: Path | None) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path is not None else ""
