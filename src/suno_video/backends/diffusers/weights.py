"""Finds the folder with a model's weights, downloads it once where that is allowed, and looks whether it is whole."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from suno_video.backends.catalog import ModelCard
from suno_video.core.errors import BackendUnavailableError

_GB = 10**9
_OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "DIFFUSERS_OFFLINE")
_AGAIN = "Remove the folder and download it again."


def find_weights(card: ModelCard) -> Path:
    """Give the folder of a pipeline: the one that the card names, or the hub's, downloaded when it is not there.

    Raises:
        BackendUnavailableError: It is not there, not whole, may not be downloaded, or the disk is too small.
    """
    folder = local_folder(card) or _from_hub(card)
    check_whole(folder)
    return folder


def local_folder(card: ModelCard) -> Path | None:
    """Give the folder that a card names, whether it exists or not; None where the card names a model of the hub."""
    place = Path(card.remote_name).expanduser()
    looks_local = place.is_absolute() or card.remote_name.startswith((".", "~")) or place.is_dir()
    return place if looks_local else None


def is_offline() -> bool:
    """Whether somebody asked for no downloads."""
    return any(os.environ.get(name, "").lower() in ("1", "true", "yes", "on") for name in _OFFLINE_VARIABLES)


def check_whole(folder: Path) -> None:
    """Look whether a pipeline's folder has all its parts, as safetensors, to the last byte.

    Raises:
        BackendUnavailableError: Names what is missing, cut short, or of a kind that could run code.
    """
    index = folder / "model_index.json"
    if not index.is_file():
        raise BackendUnavailableError(
            f"{folder} holds no model in the manner of diffusers: model_index.json is missing.",
            "Set `source` in the model's card to a folder that `save_pretrained` made, or to a model of the hub.",
        )
    for name, kind in _read_json(index).items():
        if not name.startswith("_") and isinstance(kind, list) and kind[0] is not None:
            _check_part(folder / name)


def _check_part(part: Path) -> None:
    if not part.is_dir() or not any(part.iterdir()):
        raise BackendUnavailableError(f"{part.parent} is not whole: its part {part.name!r} is missing.", _AGAIN)
    for shards in part.glob("*.safetensors.index.json"):
        for shard in sorted(set(_read_json(shards).get("weight_map", {}).values())):
            if not (part / shard).is_file():
                raise BackendUnavailableError(f"{part.parent} is not whole: {part.name}/{shard} is missing.", _AGAIN)
    tensors = list(part.glob("*.safetensors"))
    for file in tensors:
        check_file(file)
    if not tensors and any(any(part.glob(pattern)) for pattern in ("*.bin", "*.pt", "*.pth", "*.ckpt")):
        raise BackendUnavailableError(
            f"{part} has no safetensors, only a format that can run code when it is loaded.",
            "Take a version of the model with safetensors.",
        )


def check_file(file: Path) -> None:
    """Look whether a safetensors file is as long as it says in its head. Raises `BackendUnavailableError`."""
    n_bytes = file.stat().st_size
    try:
        with file.open("rb") as stream:
            n_head = int.from_bytes(stream.read(8), "little")
            head = json.loads(stream.read(n_head)) if n_head < n_bytes else None
        ends = [entry["data_offsets"][1] for name, entry in (head or {}).items() if name != "__metadata__"]
    except (ValueError, KeyError, TypeError, AttributeError):
        head, ends = None, []
    if head is None or 8 + n_head + max(ends, default=0) != n_bytes:
        raise BackendUnavailableError(f"{file.parent.name}/{file.name} is damaged or cut short.", _AGAIN)


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as exc:
        raise BackendUnavailableError(f"{file} is damaged: {exc}.", _AGAIN) from exc
    if not isinstance(content, dict):
        raise BackendUnavailableError(f"{file} is damaged.", _AGAIN)
    return content


def _from_hub(card: ModelCard) -> Path:
    from diffusers import DiffusionPipeline

    def download(*, local_files_only: bool) -> str:
        folder: str = DiffusionPipeline.download(
            card.remote_name,
            revision=card.version or None,
            use_safetensors=True,
            local_files_only=local_files_only,
            trust_remote_code=False,
        )
        return folder

    return _here_or_fetched(download, card.remote_name, lambda: _require_room(card))


def file_from_hub(repo: str, file: str, revision: str | None) -> Path:
    """Give one file of the hub, downloaded when it is not there.

    Raises:
        BackendUnavailableError: It is not there, or may not be downloaded.
    """
    from huggingface_hub import hf_hub_download

    def download(*, local_files_only: bool) -> str:
        return str(hf_hub_download(repo, file, revision=revision, local_files_only=local_files_only))

    return _here_or_fetched(download, repo, lambda: None)


def _here_or_fetched(download: Callable[..., str], name: str, require_room: Callable[[], None]) -> Path:
    """Look on the disk first: what is there needs no network."""
    try:
        return Path(download(local_files_only=True))
    except (OSError, ValueError):
        if is_offline():
            raise BackendUnavailableError(
                f"The weights of {name} are not on this machine, and downloads are switched off.",
                "Unset HF_HUB_OFFLINE, or set `source` in the card to a folder that holds them.",
            ) from None
    require_room()
    try:
        return Path(download(local_files_only=False))
    except (OSError, ValueError) as exc:
        raise _no_download(name, exc) from exc


def _require_room(card: ModelCard) -> None:
    from huggingface_hub.constants import HF_HUB_CACHE

    place = Path(HF_HUB_CACHE)
    while not place.exists():
        place = place.parent
    free_gb = shutil.disk_usage(place).free / _GB
    if card.download_gb is not None and free_gb < card.download_gb:
        raise BackendUnavailableError(
            f"{card.remote_name} takes {card.download_gb:g} GB, and {free_gb:.1f} GB are free at {place}.",
            "Make room, or set HF_HOME to a folder on a larger disk.",
        )


def _no_download(name: str, exc: Exception) -> BackendUnavailableError:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    page = f"https://huggingface.co/{name}"
    causes = {type(exc), type(exc.__cause__), type(exc.__context__)}
    if GatedRepoError in causes:
        hint = f"Accept the licence at {page}, then run `hf auth login` or set HF_TOKEN."
        return BackendUnavailableError(f"{name} is only for those who accepted its licence.", hint)
    if RepositoryNotFoundError in causes:
        return BackendUnavailableError(f"The hub has no model {name}.", "Look at `source` in its card.")
    reason = (str(exc).splitlines() or ["no reason given"])[0]
    return BackendUnavailableError(f"{name} cannot be downloaded: {reason}", "Try again later.")
