"""What was said about the stills and clips of a film, in words for people. Reads no picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from suno_video.core.errors import BadEditError
from suno_video.project.reviews import REVIEW_ENDING, TakeReview
from suno_video.project.workspace import Project


def reviews_in_words(project: Project) -> dict[str, str]:
    """Say for each scene how its newest clip and still were found: `clip 0.80: the light is right; still 0.90: ...`.

    Scenes that nobody looked at are not in it.
    """
    words: dict[str, list[str]] = defaultdict(list)
    for folder in (project.clips, project.stills):
        for scene, review in sorted(_newest(folder).items()):
            words[scene].append(f"{review.kind} {review.score:.2f}: {review.reason}")
    return {scene: "; ".join(parts) for scene, parts in words.items()}


def newest_review_ns(project: Project) -> int:
    """When somebody last looked at something, as a file's time; 0 for never."""
    return max((_written_ns(path) for folder in (project.clips, project.stills) for path in _files(folder)), default=0)


def _newest(folder: Path) -> dict[str, TakeReview]:
    """For each scene the best review among the takes of the wish that was reviewed last."""
    families: dict[str, list[TakeReview]] = defaultdict(list)
    last: dict[str, str] = {}
    for path in sorted(_files(folder), key=_written_ns):
        try:
            review = TakeReview.load(path)
        except (OSError, BadEditError):
            continue
        families[review.first].append(review)
        last[review.scene] = review.first
    return {scene: max(families[first], key=lambda review: review.score) for scene, first in last.items()}


def _files(folder: Path) -> Iterator[Path]:
    yield from folder.glob(f"*{REVIEW_ENDING}")


def _written_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
