"""Remembers from what a storyboard or a release's texts were made, so that an edit by hand is never overwritten."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal, TypeAlias

from suno_video.core.brief import Brief
from suno_video.core.record import Record

FileState: TypeAlias = Literal["missing", "made", "edited"]
StoryboardState: TypeAlias = FileState


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


class ReleaseOrigin(Record):
    """What the texts on disk were made from (`release-made.json`)."""

    made_from: str
    """Fingerprint of song, analysis and storyboard, as far as they are told of."""
    writer: str
    """Who wrote it, with the version of what they were asked; rules where nobody answered."""
    texts_sha256: str
    """Hash of the file as we wrote it; another hash means that a person edited it."""


def text_sha256(text: str) -> str:
    """Hash a text as it is written to disk."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def storyboard_state(storyboard: Path, direction: Direction | None) -> StoryboardState:
    """Tell whether a storyboard is missing, as we made it, or edited (also: brought along by the user)."""
    return file_state(storyboard, direction.storyboard_sha256 if direction is not None else None)


def file_state(path: Path, made_sha256: str | None) -> FileState:
    """Tell whether a file is missing, as we made it, or edited.

    Args:
        made_sha256: Hash of the file as we wrote it; None where we know of none, so that it is a person's.
    """
    if not path.is_file():
        return "missing"
    if made_sha256 is None:
        return "edited"
    return "made" if hashlib.sha256(path.read_bytes()).hexdigest() == made_sha256 else "edited"


def changed_fields(old: Brief, new: Brief) -> list[str]:
    """Name the wishes that differ between two briefs."""
    return [name for name in Brief.model_fields if getattr(old, name) != getattr(new, name)]
