"""Finds a model's folder: a path, or a model of the hub, downloaded once where that is allowed."""

from __future__ import annotations

import os
from pathlib import Path

from suno_video.core.errors import BackendUnavailableError

_FILES = ["*.json", "*.safetensors", "*.txt", "*.bin.index.json", "vocab*", "model.bin"]
_OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


def model_folder(name: str) -> Path:
    """Give the folder of a model.

    Args:
        name: A folder, or a model of the hub (`facebook/wav2vec2-base-960h`).

    Raises:
        BackendUnavailableError: It is not there, and may not or cannot be downloaded.
    """
    place = Path(name).expanduser()
    if place.is_absolute() or name.startswith((".", "~")) or place.is_dir():
        if not place.is_dir():
            raise BackendUnavailableError(f"There is no folder {place}.", "Name a model of the hub, or its folder.")
        return place
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=_FILES, local_files_only=True))
    except (OSError, ValueError):
        if any(os.environ.get(each, "").lower() in ("1", "true", "yes", "on") for each in _OFFLINE_VARIABLES):
            raise BackendUnavailableError(
                f"The model {name} is not on this machine, and downloads are switched off.",
                "Unset HF_HUB_OFFLINE, or name a folder that holds it.",
            ) from None
    try:
        return Path(snapshot_download(name, allow_patterns=_FILES))
    except (OSError, ValueError) as exc:
        reason = (str(exc).splitlines() or ["no reason given"])[0]
        raise BackendUnavailableError(f"{name} cannot be downloaded: {reason}", "Try again later.") from exc
