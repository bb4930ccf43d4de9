"""What a run works with, besides the film itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suno_video.backends.base import MakesKind
from suno_video.core.events import EventSink
from suno_video.media.reading import TextReader
from suno_video.pipeline.memory import MemoryKeeper
from suno_video.pipeline.remembering import StateKeeper
from suno_video.pipeline.spending import Spending
from suno_video.render.quality import ALL_CHECKS
from suno_video.render.review import Reviewer, ReviewRules


@dataclass(frozen=True)
class Crew:
    """What a run works with, besides the film itself."""

    events: EventSink
    jobs: int
    encoded_sound: Callable[[], Path]
    """Waits for the song's encoded sound and gives its file."""
    spending: Spending
    memory: MemoryKeeper
    state: StateKeeper
    soften: Callable[[str], str]
    isolate: Callable[[str, MakesKind], Any] | None = None
    """Gives a backend that works in a fresh process for each take."""
    checks: frozenset[str] = frozenset(ALL_CHECKS)
    """Names of the checks that each clip and still must pass."""
    reader: TextReader | None = None
    """Reads text in them; None where nothing that can is installed."""
    retry_refused: bool = False
    """Whether to ask again for what a service refused before (`--upgrade`)."""
    reviewer: Reviewer | None = None
    """Looks at each still and clip that passed the checks."""
    review: ReviewRules = field(default_factory=ReviewRules)
