"""LoRA files that a card adds to a model: a person's own from the disk, or a distillation from the hub."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from suno_video.backends.catalog import ModelCard
from suno_video.backends.diffusers.weights import check_file, file_from_hub
from suno_video.core.errors import BackendUnavailableError, ConfigError

_KEYS = frozenset({"path", "repo", "file", "revision", "weight", "part"})
_SECOND = "transformer_2"


@dataclass(frozen=True)
class Lora:
    """One file, and how much it counts."""

    path: str
    """On this disk; empty where the hub has it."""
    repo: str
    file: str
    revision: str | None
    weight: float
    part: str
    """`transformer_2` where it is for the second of two painters; empty: for the one that its keys name."""

    @property
    def name(self) -> str:
        """What people call it."""
        return self.path or f"{self.repo}/{self.file}"


def loras_of(card: ModelCard) -> tuple[Lora, ...]:
    """Read `extra.lora` of a card, a table or several.

    Raises:
        ConfigError: It says neither `path` nor `repo` and `file`, says something else, or names no safetensors.
    """
    found = card.extra.get("lora", [])
    return tuple(_read(card, entry) for entry in (found if isinstance(found, list) else [found]))


def _read(card: ModelCard, entry: Any) -> Lora:
    said = dict(entry) if isinstance(entry, dict) else {}
    texts = {key: str(said.get(key, "")) for key in ("path", "repo", "file", "part")}
    weight = said.get("weight", 1.0)
    fits = bool(texts["path"]) != bool(texts["repo"] and texts["file"]) and isinstance(weight, int | float)
    if not fits or set(said) - _KEYS or texts["part"] not in ("", _SECOND):
        raise ConfigError(
            f"extra.lora of {card.spec} cannot be understood: {entry}",
            'Write { path = "/path/to/file.safetensors", weight = 0.8 } or { repo = "owner/name", file = "..." }.',
        )
    if not (texts["path"] or texts["file"]).endswith(".safetensors"):
        raise ConfigError(
            f"The LoRA of {card.spec} is no safetensors file: {texts['path'] or texts['file']}", "Correct extra.lora."
        )
    revision = str(said["revision"]) if "revision" in said else None
    return Lora(**texts, revision=revision, weight=float(weight))


def find_loras(card: ModelCard) -> tuple[Path, ...]:
    """Give the files that a card names, in its order; those of the hub are downloaded once, where that is allowed.

    Raises:
        ConfigError: A file is not on the disk, or the card cannot be understood.
        BackendUnavailableError: The hub has no such file, downloads are switched off, or it is damaged.
    """
    return tuple(_find(card, lora) for lora in loras_of(card))


def _find(card: ModelCard, lora: Lora) -> Path:
    path = Path(lora.path).expanduser() if lora.path else file_from_hub(lora.repo, lora.file, lora.revision)
    if not path.is_file():
        raise ConfigError(f"The LoRA of {card.spec} is not there: {path}", "Correct extra.lora.")
    check_file(path)
    return path


def add_loras(pipe: Any, card: ModelCard) -> None:
    """Load the LoRA files of a card into a pipeline. Raises as `find_loras` does, and when peft is missing."""
    loras = loras_of(card)
    if not loras:
        return
    if find_spec("peft") is None:
        raise BackendUnavailableError(f"{card.spec} uses a LoRA, which needs peft.", "Run: pip install peft")
    names = [f"lora-{number}" for number in range(len(loras))]
    for name, lora, path in zip(names, loras, find_loras(card), strict=True):
        _load(pipe, name, lora, path)
    _weigh(pipe, dict(zip(names, loras, strict=True)))


def _load(pipe: Any, name: str, lora: Lora, path: Path) -> None:
    second = {"load_into_transformer_2": True} if lora.part == _SECOND else {}
    try:
        pipe.load_lora_weights(
            str(path.parent), weight_name=path.name, adapter_name=name, local_files_only=True, **second
        )
    except (ValueError, KeyError, AttributeError, RuntimeError) as exc:
        reason = (str(exc).splitlines() or [type(exc).__name__])[0][:300]
        raise BackendUnavailableError(
            f"The LoRA {lora.name} does not fit {type(pipe).__name__}: {reason}", "Correct extra.lora."
        ) from exc


def _weigh(pipe: Any, loras: dict[str, Lora]) -> None:
    """Switch them on, each in the parts that have it."""
    for part in pipe.components.values():
        known = [name for name in getattr(part, "peft_config", None) or {} if name in loras]
        if known and hasattr(part, "set_adapters"):
            part.set_adapters(known, [loras[name].weight for name in known])
