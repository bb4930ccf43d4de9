"""Where the server is, and whether it can work."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from suno_video.backends.base import BackendSetup, Readiness
from suno_video.backends.catalog import ModelCard
from suno_video.backends.comfyui.client import ComfyClient, ServerAway
from suno_video.backends.comfyui.graph import load_graph
from suno_video.backends.comfyui.needs import what_is_missing
from suno_video.core.errors import ConfigError

DEFAULT_URL = "http://127.0.0.1:8188"
HINT = "Start ComfyUI, and set COMFYUI_URL to its address if that is not http://127.0.0.1:8188."
_LOOK_S = 2.0


def address_of(setup: BackendSetup) -> str:
    """Where the server is."""
    return setup.services.get("comfyui_url") or os.environ.get("COMFYUI_URL") or DEFAULT_URL


def model_readiness(card: ModelCard | None, setup: BackendSetup) -> Readiness:
    """Look whether the server answers, and has all that a graph needs. Raises `ConfigError`: the card does not fit."""
    address = address_of(setup)
    ready = server_readiness(address, _LOOK_S)
    if card is None or not ready.ready:
        return ready
    client = ComfyClient(address, answer_s=10)
    try:
        missing = what_is_missing(load_graph(card, setup.models_folder), card, client.object_info())
    except ServerAway as exc:
        return Readiness(False, f"{exc}. {HINT}")
    finally:
        client.close()
    return Readiness(False, "; ".join(missing)) if missing else ready


def server_readiness(address: str, within_s: float) -> Readiness:
    """Look whether a server answers in time, which version it is and how much memory it has."""
    try:
        client = ComfyClient(address, answer_s=within_s)
    except ConfigError as exc:
        return Readiness(False, f"{exc.message} {exc.hint}")
    try:
        stats: Mapping[str, Any] = client.json("/system_stats")
        devices = stats.get("devices") or [{}]
        version = (stats.get("system") or {}).get("comfyui_version", "unknown version")
        free_gb = devices[0].get("vram_free", 0) / (1 << 30)
    except (ServerAway, AttributeError, TypeError) as exc:
        return Readiness(False, f"{exc}. {HINT}")
    finally:
        client.close()
    return Readiness(True, f"ComfyUI {version} at {address}, {devices[0].get('name')}, {free_gb:.1f} GB free")
