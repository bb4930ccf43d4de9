"""The ids of our prompts, by which a run that died finds again what it left at the server."""

from __future__ import annotations

import uuid

from suno_video.backends.comfyui.client import ComfyClient
from suno_video.backends.comfyui.told import failure, saved_files

_NAMESPACE = uuid.UUID("6f1d6a0c-5d0e-5c6b-9d53-2f1f3c1f7a10")


def id_for(attempt: str) -> str:
    """Give the id of the prompt of an attempt: the same, whoever asks."""
    return str(uuid.uuid5(_NAMESPACE, attempt))


def is_of_use(client: ComfyClient, prompt_id: str) -> bool:
    """Whether the server has a prompt queued, running or well finished. One that failed is forgotten."""
    # The queue first: a prompt that ends between the two questions is in the history by the second.
    if client.place(prompt_id) is not None:
        return True
    entry = client.history(prompt_id)
    if entry is None:
        return False
    if failure(entry, {}) is None and saved_files(entry):
        return True
    client.forget(prompt_id)
    return False
