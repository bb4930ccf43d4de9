"""Makes the adviser that stages ask: cache first, then the services, within the budget."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from suno_video.core.events import EventSink, Notice, ignore
from suno_video.direct.llm.choice import AUTO, DirectorChoice
from suno_video.direct.llm.lineup import line_up
from suno_video.direct.llm.question import Adviser
from suno_video.project.purse import Purse


def make_adviser(
    choice: DirectorChoice,
    *,
    purse: Purse | None,
    cache_folder: Path,
    events: EventSink = ignore,
    sleep: Callable[[float], None] = time.sleep,
) -> Adviser | None:
    """Make the one who is asked; None where rules direct.

    Args:
        purse: Pays; None where nothing may be spent, so that only free models and kept answers are left.
        cache_folder: Where answers are kept, by content; made when the first one comes.
        events: Hears what leaves the machine before it does, and what is paid.

    Raises:
        UsageError, ConfigError, KeyRefusedError, BadEditError: As `line_up` does.
    """
    lineup = line_up(choice)
    if lineup is None:
        if choice.name == AUTO:
            events(Notice("no key for a language model is set, so rules direct the film"))
        return None
    from suno_video.direct.llm.adviser import ModelAdviser

    return ModelAdviser(choice, lineup, purse=purse, cache_folder=cache_folder, events=events, sleep=sleep)
