"""Fills a command template: a list of words, never a line for a shell.

`{prompt}` and the like stand for values. A list inside the list is left out where one of its values is missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from suno_video.backends.catalog import ModelCard
from suno_video.core.errors import ConfigError

_PLACE = re.compile(r"\{(\w+)\}")
KNOWN = frozenset(
    {"python", "bin", "model", "output", "prompt", "negative_prompt", "seed", "width", "height", "n_frames", "fps"}
    | {"seconds", "steps", "guidance", "first_frame", "last_frame", "reference", "audio", "audio_start"}
    | {"quantize", "saving"}
)
"""What may stand in braces."""


def fill(template: list[Any], values: Mapping[str, str]) -> list[str]:
    """Give the words of a command. A value is put in as it is: braces inside it mean nothing.

    Raises:
        KeyError: A value that is needed is missing.
    """
    words: list[str] = []
    for part in template:
        if isinstance(part, str):
            words.append(_PLACE.sub(lambda place: values[place[1]], part))
        elif all(name in values for word in part for name in _PLACE.findall(word)):
            words += fill(part, values)
    return words


def read_template(card: ModelCard) -> list[Any]:
    """Give the template of a card. Raises `ConfigError` when it is none."""
    template = card.extra.get("command")
    if not isinstance(template, list) or not template or not isinstance(template[0], str):
        raise _unfit(card, "extra.command must be a list of words that begins with a program")
    for part in template:
        words = part if isinstance(part, list) else [part]
        if not all(isinstance(word, str) and word and "\0" not in word for word in words):
            raise _unfit(card, f"extra.command: {part!r} is neither a word nor a list of words")
        if strange := sorted({name for word in words for name in _PLACE.findall(word)} - KNOWN):
            raise _unfit(card, f"extra.command: nothing is known by the name of {{{strange[0]}}}")
    named = {
        name
        for part in template
        for word in ([part] if isinstance(part, str) else part)
        for name in _PLACE.findall(word)
    }
    if "output" not in named:
        raise _unfit(card, "extra.command does not say where the clip goes: {output}")
    return template


def _unfit(card: ModelCard, reason: str) -> ConfigError:
    return ConfigError(f"{card.spec}: {reason}.", "backends/mlx-video.md shows cards that work.")
