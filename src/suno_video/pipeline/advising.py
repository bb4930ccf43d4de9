"""The one place where a run gets the language model that it asks."""

from __future__ import annotations

from suno_video.core.errors import (
    BackendUnavailableError,
    BudgetReachedError,
    ConfigError,
    KeyRefusedError,
    SunoVideoError,
)
from suno_video.core.events import EventSink
from suno_video.direct.llm.lineup import line_up
from suno_video.direct.llm.question import Adviser, NoAnswer
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
        ConfigError: The rules direct alone, or the model that would look at pictures cannot.
        SunoVideoError: As `make_adviser`.
    """
    adviser = adviser_for(options, project, purse, events)
    if adviser is None:
        raise ConfigError(
            f"{what} needs a director that sees pictures, and the rules direct here.",
            "Name one with --director (gemini, openai, anthropic or ollama) and set its key.",
        )
    lineup = line_up(options.director)
    if lineup is not None and not any(model.sees for model in lineup.look):
        raise ConfigError(
            f"{what} needs a director that sees pictures, and {lineup.name} names none that does.",
            "Set director.listen_model to a model that sees, or choose another --director.",
        )
    return adviser


def unanswered(exc: NoAnswer, adviser: Adviser, *, what: str) -> SunoVideoError:
    """Give the error for an answer that somebody waits for and that is not to be had.

    Args:
        what: What was asked for: `a judgement`.
    """
    message = f"{adviser.name} gave no answer when asked for {what}: {exc.words}."
    if exc.reason == "key":
        return KeyRefusedError(message, "Check the key of the director, or choose another --director.")
    if exc.reason == "budget":
        return BudgetReachedError(message, "Allow it with --budget.")
    if exc.reason == "offline":
        return ConfigError(message, "Leave out --director-offline.")
    return BackendUnavailableError(message, "Try again later, or choose another --director.")
