"""What a service refused for good: not asked again unless somebody wants it, for each time may cost."""

from __future__ import annotations

from pathlib import Path

from suno_video.core.errors import BadEditError
from suno_video.core.record import Record
from suno_video.media.atomic import write_text
from suno_video.project.store import NAME_DIGITS
from suno_video.render.attempts import Missed
from suno_video.render.orders import Wish


class Miss(Record):
    """One wish that was refused."""

    fingerprint: str
    kind: str
    reason: str


class MissBook:
    """The refusals of a project, beside its takes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, wish: Wish) -> Miss | None:
        """Give the refusal of this very wish."""
        try:
            miss = Miss.load(self._path_of(wish))
        except (OSError, BadEditError):
            return None
        return miss if miss.fingerprint == wish.fingerprint else None

    def write(self, missed: Missed) -> None:
        """Remember a refusal. Raises as `write_text`."""
        miss = Miss(fingerprint=missed.wish.fingerprint, kind=missed.kind, reason=missed.reason)
        write_text(self._path_of(missed.wish), miss.to_json())

    def _path_of(self, wish: Wish) -> Path:
        return self._folder / f"{wish.scene}-{wish.fingerprint[:NAME_DIGITS]}.refused"
