"""Frees space in a project. What can be made again for nothing goes first; what was paid for goes only when named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from suno_video.backends.base import BackendSetup
from suno_video.core.analysis import SongAnalysis
from suno_video.core.errors import SunoVideoError
from suno_video.core.song import Song
from suno_video.core.storyboard import Storyboard
from suno_video.pipeline.chains import take_known_clips
from suno_video.pipeline.crew import read_marks
from suno_video.pipeline.footing import Footing, Stage
from suno_video.pipeline.options import PlannedFilm
from suno_video.pipeline.tasks import backends_of
from suno_video.project.enlarged import EnlargedStore
from suno_video.project.lock import hold_project
from suno_video.project.memory import recall_state
from suno_video.project.reviews import REVIEW_ENDING, family_prints
from suno_video.project.takes import Take, TakeStore
from suno_video.project.workspace import Project


@dataclass(frozen=True)
class CleanWishes:
    """What may go besides half-made things."""

    segments: bool = False
    """Finished pieces: the next render makes them again."""
    takes: bool = False
    """Stills and clips that no scene plays and that cost nothing, and enlarged copies of what no scene plays."""
    paid: bool = False
    """Those that no scene plays and that were paid for."""
    dry_run: bool = False
    """Only say what would go."""
    setup: BackendSetup = field(default_factory=BackendSetup)
    """What backends are made with: it decides which takes are played."""


@dataclass
class Cleaned:
    """What went, or would go."""

    files: list[Path] = field(default_factory=list)
    n_bytes: int = 0
    kept_paid: int = 0
    """Files that were paid for, that nothing plays, and that stay because nobody said `--paid`."""

    def take(self, path: Path) -> None:
        """Count one file."""
        self.files.append(path)
        self.n_bytes += path.lstat().st_size


def clean_project(project: Project, wishes: CleanWishes) -> Cleaned:
    """Remove what the wishes allow, while no run works in the project.

    Raises:
        ProjectBusyError: A run works in it.
    """
    with hold_project(project):
        cleaned = Cleaned()
        for path in _goners(project, wishes, cleaned):
            cleaned.take(path)
            if not wishes.dry_run:
                path.unlink(missing_ok=True)
        return cleaned


def _goners(project: Project, wishes: CleanWishes, cleaned: Cleaned) -> Iterator[Path]:
    yield from _files(project.scratch)
    yield from _files(project.thumbs)
    if wishes.segments:
        yield from _files(project.segments)
    for store in (project.stills, project.clips):
        used = used_prints(project, wishes.setup) if store.is_dir() and any(store.iterdir()) else None
        for take in TakeStore(store).all() if store.is_dir() else []:
            if used is None or take.receipt.fingerprint in used:
                continue
            is_paid = bool(take.receipt.cost_usd or take.receipt.attempt)
            if wishes.paid if is_paid else wishes.takes:
                yield from _with_receipt(take)
            elif is_paid:
                cleaned.kept_paid += 1
        if wishes.takes and store == project.clips and used is not None:
            playing = [take for take in TakeStore(store).all() if take.receipt.fingerprint in used]
            yield from EnlargedStore(project.enlarged).unused(frozenset(take.receipt.sha256 for take in playing))


def _with_receipt(take: Take) -> Iterable[Path]:
    # The receipt first: without it the file is nobody's take, whatever happens in between.
    review = take.path.with_suffix(REVIEW_ENDING)
    return take.path.with_suffix(".json"), take.path, *([review] if review.is_file() else [])


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() or path.is_symlink()] if folder.is_dir() else []


def used_prints(project: Project, setup: BackendSetup) -> frozenset[str] | None:
    """Fingerprints of the takes that the storyboard plays; None when that cannot be told, and everything stays."""
    try:
        board = Storyboard.load(project.storyboard_file)
        song, analysis = Song.load(project.song_file), SongAnalysis.load(project.analysis_file)
        marks = read_marks(project)
        state = recall_state(project, board, write=False)
        plan = PlannedFilm(song, analysis, board, project.root, "kept", state)
        stage = Stage(plan, project, backends_of(board, setup), marks)
        footing = Footing()
        used = {kept for scene in board.scenes if (kept := marks.of(scene.id).kept_print)}
        for wish in stage.still_wishes():
            used.add(wish.fingerprint)
            take = TakeStore(project.stills).find(wish.scene, wish.fingerprint)
            if take is not None:
                footing.stills[wish.scene] = take
        clips = take_known_clips(stage, TakeStore(project.clips), footing, marks)
        used |= {wish.fingerprint for wish in clips}
        # Takes in place of one that a review found wanting belong to the same wish.
        return frozenset(printed for first in used for printed in family_prints(first))
    except (OSError, SunoVideoError):
        return None
