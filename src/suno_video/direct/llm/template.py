"""Prompts as files that a person can read: a version, a part for the system, a part for the question."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

SYSTEM_MARK, PROMPT_MARK = "# System\n", "# Question\n"


@dataclass(frozen=True)
class Prompt:
    """A template that was filled in."""

    version: str
    """Changes whenever the file does."""
    system: str
    text: str


def fill_template(name: str, **values: Any) -> Prompt:
    """Fill in `templates/NAME.md`. Every name in it must be given; what comes from outside goes through `as_data`."""
    from jinja2 import Environment, StrictUndefined

    source = _source(name)
    # The output is no page: nothing is escaped as HTML. What is hostile is quoted as JSON by `as_data`.
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701
    environment.filters["data"] = as_data
    system, _, prompt = source.partition(PROMPT_MARK)
    system = system.partition(SYSTEM_MARK)[2]
    filled = [environment.from_string(part).render(values).strip() for part in (system, prompt)]
    return Prompt(template_version(name), *filled)


def template_version(name: str) -> str:
    """The version of a template: another one for every change of its file."""
    return f"{name} {hashlib.sha256(_source(name).encode()).hexdigest()[:12]}"


def _source(name: str) -> str:
    return files("suno_video.direct.llm").joinpath("templates", f"{name}.md").read_text(encoding="utf-8")


def as_data(value: Any) -> str:
    """Write what comes from outside (lyrics, titles, names) as JSON, so that it can only be read as quoted text."""
    return json.dumps(value, ensure_ascii=False)
