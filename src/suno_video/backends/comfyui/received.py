"""Downloads what a prompt has saved, and looks what it really is."""

from __future__ import annotations

import uuid
from decimal import Decimal
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from suno_video.backends.base import ClipRequest, FailureKind, FileFootage, Job, MakeFailed, StillRequest
from suno_video.backends.comfyui.client import ComfyClient, SavedFile, ServerAway, patiently
from suno_video.backends.received import receive_clip

_CLIPS = (".mp4", ".mov", ".m4v")
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")


def receive(
    client: ComfyClient, saved: list[SavedFile], request: ClipRequest | StillRequest, job: Job, prompt_id: str
) -> Path | FileFootage:
    """Give the still or clip that is among the saved files, inside `job.scratch`. Raises `MakeFailed`."""
    endings = _CLIPS if isinstance(request, ClipRequest) else _PICTURES
    fitting = [each for each in saved if each.filename.lower().endswith(endings)]
    if not fitting:
        names = ", ".join(each.filename for each in saved) or "nothing"
        raise MakeFailed(FailureKind.BAD_INPUT, f"the graph saves {names}, and none of {', '.join(endings)}")
    path = job.scratch / f"{request.scene}-{uuid.uuid4().hex[:12]}{Path(fitting[0].filename).suffix.lower()}"
    try:
        patiently(lambda: client.fetch(fitting[0], path, job.check_stop), job.check_stop)
        if isinstance(request, ClipRequest):
            return receive_clip(path, request, Decimal(0), job.check_stop)
        return _as_png(path)
    except (ServerAway, MakeFailed) as exc:
        # What is in the history is of no use: the next attempt must make it anew, under the same id.
        _forget(client, prompt_id)
        if isinstance(exc, MakeFailed):
            raise
        raise MakeFailed(FailureKind.RETRYABLE, str(exc)) from exc


def _forget(client: ComfyClient, prompt_id: str) -> None:
    try:
        client.forget(prompt_id)
    except ServerAway:
        return


def _as_png(path: Path) -> Path:
    try:
        with Image.open(path) as picture:
            picture.load()
            if picture.format == "PNG" and picture.mode == "RGB" and not picture.info:
                return path
            # Its metadata hold the whole graph, which is nobody's business.
            plain = path.with_name(f"{path.stem}-plain.png")
            Image.frombytes("RGB", picture.size, picture.convert("RGB").tobytes()).save(plain)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError) as exc:
        path.unlink(missing_ok=True)
        raise MakeFailed(FailureKind.RETRYABLE, f"the still cannot be read: {exc}") from exc
    path.unlink()
    return plain
