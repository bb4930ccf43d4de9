"""Puts what the server says into our words: why a prompt was refused or failed, and what it has saved."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from suno_video.backends.base import FailureKind, MakeFailed
from suno_video.backends.comfyui.client import SavedFile
from suno_video.backends.comfyui.graph import Nodes, title_of

_MOST_SHOWN = 6
_LOADS = {
    "CheckpointLoaderSimple": "checkpoints",
    "UNETLoader": "diffusion_models",
    "CLIPLoader": "text_encoders",
    "DualCLIPLoader": "text_encoders",
    "VAELoader": "vae",
    "ControlNetLoader": "controlnet",
    "CLIPVisionLoader": "clip_vision",
    "UpscaleModelLoader": "upscale_models",
    "AudioEncoderLoader": "audio_encoders",
    "LoraLoaderModelOnly": "loras",
    "IPAdapterModelLoader": "ipadapter",
}
"""Folders under `models/` from which node classes load."""


def refusal(body: Mapping[str, Any], nodes: Nodes, found_at: Mapping[str, str]) -> MakeFailed:
    """Say why a prompt was not accepted.

    Args:
        found_at: Where to get the custom nodes of the graph, by class.
    """
    error = body.get("error")
    error = error if isinstance(error, dict) else {"message": str(error or "no reason given")}
    missing = re.search(r"node (\S+) does not exist", str(error.get("message", "")))
    if missing:
        return MakeFailed(FailureKind.UNAVAILABLE, missing_node(missing[1], found_at))
    told = list(_node_errors(body.get("node_errors"), nodes))
    has_models = not any(words.startswith("the model file") for words in told)
    words = "; ".join(told) or f"{error.get('message')} {error.get('details') or ''}".strip()
    kind = FailureKind.BAD_INPUT if has_models else FailureKind.UNAVAILABLE
    return MakeFailed(kind, f"ComfyUI does not accept the graph: {words}")


def missing_node(name: str, found_at: Mapping[str, str]) -> str:
    """Say that a node class is not there, and how to get it."""
    where = found_at.get(name)
    how = f"it comes with {where}" if where else "update ComfyUI, or search its name in ComfyUI-Manager"
    return f"the server has no node {name}: {how}"


def missing_file(class_type: str, input_name: str, wanted: object, there: object) -> str:
    """Say that a model file is not there, where it belongs, and what is there."""
    folder = _LOADS.get(class_type)
    place = f" in models/{folder}" if folder else ""
    names = [str(name) for name in there] if isinstance(there, list | tuple) else []
    rest = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    has = ", ".join(names[:_MOST_SHOWN]) + rest if names else "none"
    return f"the model file {wanted} ({input_name} of {class_type}) is not{place}; the server has: {has}"


def _node_errors(errors: object, nodes: Nodes) -> Iterator[str]:
    for number, each in errors.items() if isinstance(errors, dict) else ():
        class_type = str(each.get("class_type", ""))
        title = title_of(nodes[number]) if number in nodes else class_type
        for error in each.get("errors", ()):
            more = error.get("extra_info") or {}
            config, name = more.get("input_config") or [[]], str(more.get("input_name", ""))
            if error.get("type") == "value_not_in_list" and class_type in _LOADS:
                yield missing_file(class_type, name, more.get("received_value"), config[0])
            else:
                yield f"{title} ({class_type}): {error.get('message')}: {error.get('details')}"


def failure(entry: Mapping[str, Any], nodes: Nodes) -> MakeFailed | None:
    """Say why a finished prompt failed; None when it did not."""
    status = entry.get("status") or {}
    events = {message[0]: message[1] for message in status.get("messages", ()) if len(message) == 2}
    if (error := events.get("execution_error")) is not None:
        return _execution_error(error, nodes)
    if "execution_interrupted" in events:
        return MakeFailed(FailureKind.RETRYABLE, "somebody interrupted it at the server")
    if status.get("status_str", "success") != "success":
        return MakeFailed(FailureKind.RETRYABLE, "ComfyUI says that it failed, and not why")
    return None


def was_interrupted(entry: Mapping[str, Any]) -> bool:
    """Whether a finished prompt was ended by somebody."""
    messages = (entry.get("status") or {}).get("messages", ())
    return any(message[0] == "execution_interrupted" for message in messages)


def _execution_error(error: Mapping[str, Any], nodes: Nodes) -> MakeFailed:
    name, message = str(error.get("exception_type", "")), str(error.get("exception_message", "")).strip()
    number, class_type = str(error.get("node_id", "")), str(error.get("node_type", ""))
    where = f"{title_of(nodes[number]) if number in nodes else class_type} ({class_type})"
    if name.rpartition(".")[2] in ("OutOfMemoryError", "OOM_EXCEPTION") or "out of memory" in message.lower():
        return MakeFailed(FailureKind.OUT_OF_MEMORY, f"{where} ran out of memory: {message}")
    return MakeFailed(FailureKind.BAD_INPUT, f"{where} failed: {name}: {message}")


def saved_files(entry: Mapping[str, Any]) -> list[SavedFile]:
    """All files that a prompt has saved, whatever their nodes call them (images, gifs, videos, audio)."""
    lists = [
        value
        for output in (entry.get("outputs") or {}).values()
        for value in (output.values() if isinstance(output, dict) else ())
        if isinstance(value, list)
    ]
    found = [
        SavedFile(item["filename"], str(item.get("subfolder", "")), str(item.get("type", "output")))
        for items in lists
        for item in items
        if isinstance(item, dict) and isinstance(item.get("filename"), str)
    ]
    return sorted(found, key=lambda each: each.type != "output")
