"""The one place where a run gets the language model that it asks."""

from __future__ import annotations

from suno_video.core.errors import ConfigError
from suno_video.core.events import EventSink
from suno_video.direct.llm.question import Adviser
from suno_video.direct.llm.service import make_adviser
from suno_video.pipeline.options import FilmOptions
from suno_video.project.purse import Purse
from suno_video.project.workspace import Project


def adviser_for(options: FilmOptions, project: Project, purse: Purse | None, events: EventSink) -> Adviser | None:
    """Give who is asked in this project; None where the rules direct alone. Raises as `make_adviser`.

    Args:
        purse: Pays for answers; None where nothing may be spent.
    """
    return make_adviser(options.director, purse=purse, cache_folder=project.answers, events=events)


def require_adviser(
    options: FilmOptions, project: Project, purse: Purse | None, events: EventSink, *, what: str
) -> Adviser:
    """Give who is asked.

    Args:
        what: What it is needed for: `A review`.

    Raises:
        ConfigError: The rules direct alone, and they see nothing.
        SunoVideoError: As `make_adviser`.
    """
    adviser = adviser_for(options, project, purse, events)
    if adviser is None:
        raise ConfigError(
            f"{what} needs a director that sees pictures, and the rules direct here.",
            "Name one with --director (gemini, openai, anthropic or ollama) and set its key.",
        )
    return adviser
