"""Looks, before anything is queued, whether a server has all that a graph needs; says everything missing at once."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from suno_video.backends.base import FailureKind, MakeFailed
from suno_video.backends.catalog import ModelCard
from suno_video.backends.comfyui.graph import Graph, Nodes, title_of
from suno_video.backends.comfyui.told import missing_file, missing_node

log = logging.getLogger(__name__)

_GB = 1 << 30
_FILE_ENDINGS = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pth", ".bin")


def found_at(card: ModelCard) -> Mapping[str, str]:
    """Where the custom nodes of a card's graph come from, by class."""
    told = card.extra.get("custom_nodes")
    return {str(name): str(where) for name, where in told.items()} if isinstance(told, dict) else {}


def what_is_missing(graph: Graph, card: ModelCard, info: Mapping[str, Any]) -> list[str]:
    """Name node classes, inputs and model files that a server lacks; empty when it has all.

    Args:
        info: Its `/object_info`.
    """
    classes = [missing_node(name, found_at(card)) for name in graph.classes() if name not in info]
    return [*classes, *_missing_inputs(graph, info), *_missing_files(_settled(graph), info)]


def _settled(graph: Graph) -> Nodes:
    return graph.filled({}, "suno-video")


def _missing_inputs(graph: Graph, info: Mapping[str, Any]) -> Iterator[str]:
    bound = [(f"our {role}", place) for role, places in graph.roles.items() for place in places]
    for what, place in [*bound, *(("a fixed value of the card", place) for place in graph.fixed)]:
        node = graph.nodes[place.node]
        known = info.get(node["class_type"])
        if known is not None and place.input not in _inputs(known):
            yield f"{title_of(node)} ({node['class_type']}) has no input {place.input} for {what}"


def _missing_files(nodes: Nodes, info: Mapping[str, Any]) -> Iterator[str]:
    for node in nodes.values():
        known = _inputs(info.get(node["class_type"]) or {})
        for name, value in node["inputs"].items():
            choices = _choices(known.get(name))
            is_file = isinstance(value, str) and value.lower().endswith(_FILE_ENDINGS)
            if choices is not None and is_file and value not in choices:
                yield missing_file(node["class_type"], name, value, choices)


def _inputs(known: Mapping[str, Any]) -> dict[str, Any]:
    groups = known.get("input") or {}
    return {**(groups.get("required") or {}), **(groups.get("optional") or {})}


def _choices(config: object) -> list[Any] | None:
    """What a COMBO offers: a list in its first place, or, in newer nodes, `options` in its second."""
    if not isinstance(config, list | tuple) or not config:
        return None
    if isinstance(config[0], list):
        return config[0]
    options = config[1].get("options") if len(config) > 1 and isinstance(config[1], dict) else None
    return options if config[0] == "COMBO" and isinstance(options, list) else None


def check_memory(card: ModelCard, stats: Mapping[str, Any]) -> None:
    """Warn when a model will hardly fit. Raises `MakeFailed` when it cannot.

    ComfyUI moves parts of a model between the memories of card and machine, so it is both together that must do.

    Args:
        stats: `/system_stats` of the server.
    """
    devices = stats.get("devices") or []
    if card.memory_gb is None or not devices:
        return
    device, system = devices[0], stats.get("system") or {}
    free_gb, total_gb = device.get("vram_free", 0) / _GB, device.get("vram_total", 0) / _GB
    ram_gb = system.get("ram_total", 0) / _GB if device.get("type") != "cpu" else 0
    least_gb = card.memory_saving_gb or card.memory_gb
    if total_gb + ram_gb < least_gb:
        raise MakeFailed(
            FailureKind.OUT_OF_MEMORY,
            f"{card.spec} needs {least_gb:g} GB; {device.get('name')} has {total_gb:.1f} GB "
            f"and its machine {ram_gb:.1f} GB",
        )
    if free_gb < card.memory_gb:
        log.warning("%s needs about %g GB, %.1f are free: it will be slow", card.spec, card.memory_gb, free_gb)
