"""The places that settings come from, each read into one flat layer that knows where a value was written.

Keys of a group are flat here, `memory.warning_mb`, so that layers merge key by key whatever they look like outside.
"""

from __future__ import annotations

import io
import os
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dotenv.parser import Binding, parse_stream
from pydantic import BaseModel
from pydantic_settings import BaseSettings, EnvSettingsSource
from pydantic_settings.exceptions import SettingsError

from suno_video.core.errors import ConfigError, SunoVideoError, UsageError

ENV_PREFIX = "SUNO_VIDEO_"
FLAG = "flag"
DOTENV_FILE = Path(".env")

PLAIN_NAMES = {
    "MEMORY_WARNING_THRESHOLD_MB": "memory.warning_mb",
    "MEMORY_CRITICAL_THRESHOLD_MB": "memory.critical_mb",
    "ENABLE_MEMORY_LOGGING": "memory.logging",
    "AGGRESSIVE_MEMORY_CLEANUP": "memory.aggressive_cleanup",
    "MEMORY_CLEANUP_INTERVAL": "memory.cleanup_interval",
    "ENABLE_AUDIO_CACHE": "memory.audio_cache",
    "AUDIO_CACHE_CLEANUP_HOURS": "memory.audio_cache_hours",
    "ENABLE_MODEL_CACHE": "memory.model_cache",
    "USE_QUANTIZATION": "models.quantize",
    "USE_FAST_MODELS": "models.fast",
    "REPLICATE_API_TOKEN": "services.replicate_token",
    # Three names for one key: of those that are set, the last in this list counts.
    "GOOGLE_API_KEY": "services.gemini_key",
    "GEMINI_API_KEY": "services.gemini_key",
    "GOOGLE_GENERATIVE_AI_API_KEY": "services.gemini_key",
    "OPENAI_API_KEY": "services.openai_key",
    "ANTHROPIC_API_KEY": "services.anthropic_key",
}
"""Variables that people have already, without our prefix: they count in the environment and in a `.env` file."""
ADDRESS_NAMES = {
    "COMFYUI_URL": "services.comfyui_url",
    "REPLICATE_BASE_URL": "services.replicate_url",
    "GOOGLE_GEMINI_BASE_URL": "services.gemini_url",
    "OPENAI_BASE_URL": "services.openai_url",
    "ANTHROPIC_BASE_URL": "services.anthropic_url",
    "OLLAMA_HOST": "services.ollama_url",
    "OLLAMA_BASE_URL": "services.ollama_url",
}
"""The same, but in the environment alone: a `.env` file may come with a download, and must not say where keys go."""

_OWN_FLAGS = {"director.name": "director", "director.offline": "director-offline"}
"""Flags that are not named after the last part of their setting."""


@dataclass(frozen=True)
class Layer:
    """One place that settings come from."""

    origin: str
    """`flag`, `environment`, or the path of a file."""
    values: Mapping[str, Any] = field(repr=False)
    """By flat key; keys to services are among them, so they are never shown."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Where each value was set, as a person would look for it; a flag's is made from its key."""
    is_project: bool = False

    def place_of(self, key: str) -> str:
        """Say where `key` was set."""
        return self.places.get(key) or f"--{_flag_name(key)}"

    def refuse(self, key: str, reason: str, hint: str | None = None) -> SunoVideoError:
        """Give the error for a value from here that does not fit."""
        kind = UsageError if self.origin == FLAG else ConfigError
        listed = "suno-video config" if "." in key else "suno-video render --help"
        return kind(f"{self.place_of(key)}: {reason}", hint or f"See what --{_flag_name(key)} takes: {listed}")


def _flag_name(key: str) -> str:
    if key in _OWN_FLAGS:
        return _OWN_FLAGS[key]
    return key.rpartition(".")[2].removesuffix("_s").replace("_", "-")


def read_variables(settings_cls: type[BaseSettings]) -> Layer:
    """Read `SUNO_VIDEO_*`; a group's key after two underscores, `SUNO_VIDEO_MEMORY__WARNING_MB`."""
    given = {name.upper() for name in os.environ}
    try:
        values = flatten(EnvSettingsSource(settings_cls)(), groups_of(settings_cls))
    except SettingsError as exc:
        names = " or ".join(_variable(group) for group in groups_of(settings_cls) if _variable(group) in given)
        raise ConfigError(
            f"{names}: this is a group of settings, and the value is no JSON object.",
            "Set its keys one by one; suno-video config lists them.",
        ) from exc
    places = {key: _variable(key) if _variable(key) in given else _variable(key.partition(".")[0]) for key in values}
    return Layer("environment", values, places)


def _variable(key: str) -> str:
    return ENV_PREFIX + key.replace(".", "__").upper()


def read_plain_variables() -> Layer:
    """Read the variables of `PLAIN_NAMES` and `ADDRESS_NAMES`; an empty one counts as unset."""
    names = PLAIN_NAMES | ADDRESS_NAMES
    found = {name: os.environ[name] for name in names if os.environ.get(name)}
    return Layer(
        "environment",
        {names[name]: value for name, value in found.items()},
        {names[name]: name for name in found},
    )


def read_dotenv(path: Path = DOTENV_FILE) -> Layer:
    """Read the names of `PLAIN_NAMES`, and no others, from a `.env` file.

    The file belongs to other programs as well: what else is in it, what cannot be parsed, and a file that cannot be
    read are passed over. Values are taken as written; `${HOME}` is not filled in, so no variable leaks into a message.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    except OSError:
        text = ""
    found = [b for b in parse_stream(io.StringIO(text)) if b.key in PLAIN_NAMES and b.value and not b.error]
    found.sort(key=lambda b: list(PLAIN_NAMES).index(str(b.key)))  # as in the environment, whatever their order here
    return Layer(
        str(path),
        {PLAIN_NAMES[str(b.key)]: b.value for b in found},
        {PLAIN_NAMES[str(b.key)]: f"{path}, line {_line_of_binding(b)}: {b.key}" for b in found},
    )


def _line_of_binding(binding: Binding) -> int:
    """The parser counts empty lines to the line that follows them."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def read_file(path: Path, groups: Collection[str], *, is_project: bool) -> Layer:
    """Read a TOML file. Raises `ConfigError` when it is not there or not TOML."""
    try:
        text = path.read_text(encoding="utf-8")
        values = flatten(tomllib.loads(text), groups)
    except OSError as exc:
        raise ConfigError(
            f"The settings file {path} cannot be read: {exc.strerror}.", "Check the name given with --config."
        ) from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path}: not valid TOML: {exc}", 'Mend that line; texts need quotes: look = "auto"') from exc
    places = {key: _place_in(str(path), line_of(text, key), key) for key in values}
    return Layer(str(path), values, places, is_project)


def _place_in(path: str, line: int | None, key: str) -> str:
    return f"{path}, line {line}: {key}" if line else f"{path}: {key}"


def groups_of(settings_cls: type[BaseSettings]) -> list[str]:
    """Name the settings that are groups of others."""
    kinds = {name: field.annotation for name, field in settings_cls.model_fields.items()}
    return [name for name, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, BaseModel)]


def flatten(values: Mapping[str, Any], groups: Collection[str]) -> dict[str, Any]:
    """Turn `{"memory": {"logging": True}}` into `{"memory.logging": True}`."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if key in groups and isinstance(value, Mapping):
            flat.update({f"{key}.{name}": inner for name, inner in value.items()})
        else:
            flat[key] = value
    return flat


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Turn `{"memory.logging": True}` into `{"memory": {"logging": True}}`."""
    nested: dict[str, Any] = {}
    for key, value in flat.items():
        group, dot, name = key.partition(".")
        if dot:
            nested.setdefault(group, {})[name] = value
        else:
            nested[key] = value
    return nested


def line_of(text: str, key: str) -> int | None:
    """Find the 1-based line on which a TOML text sets a key, or begins the table of it.

    `memory.logging` may be written as `logging` below `[memory]`, as `memory.logging`, or inside `memory = {...}`.
    """
    group, dot, name = key.partition(".")
    found = _find_in_table(text, group, name) if dot else _find(rf"(?:\[\s*)?{_quoted(key)}\s*[=.\]]", text)
    if found is None:
        return line_of(text, group) if dot else None
    return text.count("\n", 0, found) + 1


def _find_in_table(text: str, group: str, name: str) -> int | None:
    dotted = _find(rf"{_quoted(group)}\s*\.\s*{_quoted(name)}\s*=", text)
    table = _find(rf"\[\s*{_quoted(group)}\s*\]", text)
    if dotted is not None or table is None:
        return dotted
    begin = text.index("]", table)
    next_table = _find(r"\[", text[begin:])
    end = len(text) if next_table is None else begin + next_table
    found = _find(rf"{_quoted(name)}\s*=", text[begin:end])
    return None if found is None else begin + found


def _quoted(key: str) -> str:
    return rf"[\"']?{re.escape(key)}[\"']?"


def _find(pattern: str, text: str) -> int | None:
    """Where a line begins with `pattern`."""
    match = re.search(rf"^[ \t]*{pattern}", text, re.MULTILINE)
    return match.start() if match else None
