"""Remembers from what a storyboard was made, so that an edit by hand is never overwritten and never mistaken."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal, TypeAlias

from suno_video.core.brief import Brief
from suno_video.core.record import Record

StoryboardState: TypeAlias = Literal["missing", "made", "edited"]


class Direction(Record):
    """What the storyboard on disk was made from (`direction.json`)."""

    brief: Brief
    analysis_fingerprint: str
    director: str
    """Who was asked, with all that changes what they do."""
    fell_back: str = ""
    """Why rules directed instead; empty when nothing went wrong."""
    storyboard_sha256: str
    """Hash of the file as we wrote it; another hash means that a person edited it."""

    def is_for(self, brief: Brief, analysis_fingerprint: str, director: str) -> bool:
        """Whether the storyboard was made for these wishes, from this sound, by this director."""
        return (self.brief, self.analysis_fingerprint, self.director) == (brief, analysis_fingerprint, director)


def text_sha256(text: str) -> str:
    """Hash a text as it is written to disk."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def storyboard_state(storyboard: Path, direction: Direction | None) -> StoryboardState:
    """Tell whether a storyboard is missing, as we made it, or edited (also: brought along by the user)."""
    if not storyboard.is_file():
        return "missing"
    if direction is None:
        return "edited"
    on_disk = hashlib.sha256(storyboard.read_bytes()).hexdigest()
    return "made" if on_disk == direction.storyboard_sha256 else "edited"


def changed_fields(old: Brief, new: Brief) -> list[str]:
    """Name the wishes that differ between two briefs."""
    return [name for name in Brief.model_fields if getattr(old, name) != getattr(new, name)]
