"""A ComfyUI graph in API format, and the places in it that our words are bound to: by title or class, never number."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeAlias

from suno_video.backends.catalog import ModelCard
from suno_video.core.errors import ConfigError

Nodes: TypeAlias = dict[str, dict[str, Any]]
"""Node id to `class_type`, `inputs` and, with a title, `_meta`."""
_HOW = "Export the graph with Workflow > Export (API), and give titles to the nodes that the card names."
_BETWEEN = "|"


@dataclass(frozen=True)
class Place:
    """One input of one node."""

    node: str
    input: str


@dataclass(frozen=True, eq=False)
class Graph:
    """A graph whose bindings have all been found."""

    nodes: Nodes
    roles: Mapping[str, tuple[Place, ...]]
    """Where each of our words goes."""
    fixed: Mapping[Place, Any]
    digest: str

    def classes(self) -> list[str]:
        """Names of all node classes, sorted."""
        return sorted({node["class_type"] for node in self.nodes.values()})

    def filled(self, values: Mapping[str, Any], prefix: str) -> Nodes:
        """Give a copy that has the values in their places, and saves its files under `prefix`."""
        nodes = copy.deepcopy(self.nodes)
        told = [(place, value) for role, value in values.items() for place in self.roles.get(role, ())]
        for place, value in [*self.fixed.items(), *told]:
            nodes[place.node]["inputs"][place.input] = value
        for number, node in nodes.items():
            if "filename_prefix" in node["inputs"]:
                node["inputs"]["filename_prefix"] = f"{prefix}/{number}"
        return nodes

    def without(self, nodes: Nodes, role: str) -> Nodes:
        """Take the loaders of a picture or sound out, with every link to them: what they feed is optional."""
        gone = {place.node for place in self.roles[role]}
        kept = {number: node for number, node in nodes.items() if number not in gone}
        for node in kept.values():
            node["inputs"] = {
                name: value for name, value in node["inputs"].items() if not (is_link(value) and value[0] in gone)
            }
        return kept


def is_link(value: object) -> bool:
    """Whether an input comes from another node: `[node id, output number]`."""
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], int)


def with_tiles(nodes: Nodes) -> Nodes:
    """Have pictures decoded in tiles, which needs less memory."""
    tiles = {"tile_size": 512, "overlap": 64, "temporal_size": 64, "temporal_overlap": 8}
    return {
        number: {**node, "class_type": "VAEDecodeTiled", "inputs": {**node["inputs"], **tiles}}
        if node["class_type"] == "VAEDecode"
        else node
        for number, node in nodes.items()
    }


def load_graph(card: ModelCard, folder: Path | None = None) -> Graph:
    """Read the graph that a card names, and find all its bindings.

    Args:
        folder: Of the user's own cards, where a graph of that name comes before ours.

    Raises:
        ConfigError: There is no graph, it is none, or a binding is missing or ambiguous.
    """
    text, origin = _read(card, folder)
    nodes = read_nodes(text, origin)
    roles: dict[str, tuple[Place, ...]] = {
        role: _places(nodes, bound, f"{card.spec}: {role}") for role, bound in card.inputs.items()
    }
    fixed = {
        place: list(value) if isinstance(value, tuple) else value
        for bound, value in card.fixed.items()
        for place in _places(nodes, bound, f"{card.spec}: fixed")
    }
    return Graph(nodes, roles, fixed, hashlib.sha256(json.dumps(nodes, sort_keys=True).encode()).hexdigest()[:12])


def _read(card: ModelCard, folder: Path | None) -> tuple[str, str]:
    name = card.extra.get("graph")
    if not isinstance(name, str) or not name:
        raise ConfigError(f"{card.spec} names no graph.", 'Write extra = { graph = "my-graph.json" } into its card.')
    own = Path(name).expanduser()
    own = own if own.is_absolute() or folder is None else folder / own
    try:
        if own.is_absolute() and own.is_file():
            return own.read_text(encoding="utf-8-sig"), str(own)
        shipped = resources.files(__package__).joinpath("graphs", Path(name).name)
        return shipped.read_text(encoding="utf-8"), name
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"The graph {name!r} of {card.spec} cannot be read: {exc}", _HOW) from exc


def read_nodes(text: str, origin: str) -> Nodes:
    """Read a graph in API format. Raises `ConfigError` when it is none, or a link leads nowhere."""
    try:
        nodes = json.loads(text)
    except ValueError as exc:
        raise ConfigError(f"{origin} is no JSON: {exc}", _HOW) from exc
    if isinstance(nodes, dict) and "nodes" in nodes and "links" in nodes:
        raise ConfigError(f"{origin} is a graph as the editor saves it, not in API format.", _HOW)
    if not isinstance(nodes, dict) or not nodes or not all(_is_node(node) for node in nodes.values()):
        raise ConfigError(f"{origin} is no graph in API format.", _HOW)
    for number, node in nodes.items():
        for name, value in node["inputs"].items():
            if is_link(value) and value[0] not in nodes:
                raise ConfigError(
                    f"{origin}: {name} of node {number} comes from node {value[0]}, which is missing.", _HOW
                )
    return nodes


def _is_node(node: object) -> bool:
    return isinstance(node, dict) and isinstance(node.get("class_type"), str) and isinstance(node.get("inputs"), dict)


def title_of(node: Mapping[str, Any]) -> str:
    """How people know a node: its title, else its class."""
    title = (node.get("_meta") or {}).get("title")
    return str(title or node["class_type"])


def _places(nodes: Nodes, bound: str, where: str) -> tuple[Place, ...]:
    return tuple(_place(nodes, each.strip(), where) for each in bound.split(_BETWEEN))


def _place(nodes: Nodes, bound: str, where: str) -> Place:
    """Find `Node Title.input` or `class:ClassType.input`."""
    name, dot, wanted = bound.rpartition(".")
    if not dot or not name or not wanted:
        raise ConfigError(f"{where}: {bound!r} is no binding.", 'Write "Node Title.input" or "class:ClassType.input".')
    of_class = name.removeprefix("class:") if name.startswith("class:") else None
    found = [
        number
        for number, node in nodes.items()
        if (node["class_type"] == of_class if of_class is not None else title_of(node) == name)
    ]
    if len(found) != 1:
        how_many = "no node" if not found else f"{len(found)} nodes"
        raise ConfigError(f"{where}: {how_many} of the graph are meant by {name!r}.", f"It has: {_names(nodes)}.")
    inputs = nodes[found[0]]["inputs"]
    if wanted not in inputs:
        raise ConfigError(f"{where}: {name!r} has no input {wanted!r}.", f"It has: {', '.join(sorted(inputs))}.")
    return Place(found[0], wanted)


def _names(nodes: Nodes) -> str:
    return ", ".join(sorted(_described(nodes)))


def _described(nodes: Nodes) -> Iterator[str]:
    for node in nodes.values():
        yield f"{title_of(node)!r} ({node['class_type']})"
