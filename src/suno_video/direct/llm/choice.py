"""Who is to direct, as plain values: what the surface reads from flags and settings, and hands down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

Provider: TypeAlias = Literal["gemini", "openai", "anthropic", "ollama"]

PROVIDERS: tuple[Provider, ...] = ("gemini", "openai", "anthropic", "ollama")
"""In the order in which `auto` looks for a key."""
RULES, AUTO = "rules", "auto"
OLLAMA_URL = "http://127.0.0.1:11434"
NEEDS_KEY: tuple[Provider, ...] = ("gemini", "openai", "anthropic")
KEY_NAMES: Mapping[Provider, str] = {
    "gemini": "GEMINI_API_KEY",
    "openai": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
}
"""The variable that is named to a person who has no key set."""


@dataclass(frozen=True)
class DirectorChoice:
    """Who directs, and how services are reached. By default rules do, and nobody is asked."""

    name: str = RULES
    """`rules`, `auto`, a provider, or `provider:model`."""
    listen_model: str | None = None
    """For hearing and looking: `model` of the director's provider, or `provider:model`."""
    write_model: str | None = None
    fallback: tuple[str, ...] = ()
    """Who is asked next where one refuses or is away: providers, or `provider:model`."""
    safety: str = "BLOCK_NONE"
    """Threshold of each of Gemini's filters."""
    offline: bool = False
    """Nobody is called; kept answers are used."""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By provider; one without a key is not in it."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """By provider, where they are not the usual ones; `ollama` is in it only when somebody set it."""
    models_file: Path | None = None
    """The user's own models and prices; may be missing."""

    @property
    def directs(self) -> bool:
        """Whether a language model is wished for at all."""
        return self.name != RULES
