"""What a project folder says about its film: what is done, what is not, and where the film is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from suno_video.core.errors import BadEditError, NoSuchInputError
from suno_video.core.record import Record
from suno_video.core.song import Song
from suno_video.core.storyboard import Storyboard
from suno_video.project.direction import Direction, StoryboardState, storyboard_state
from suno_video.project.store import FilmReceipt, Receipt
from suno_video.project.workspace import Project

AnyRecord = TypeVar("AnyRecord", bound=Record)


@dataclass(frozen=True)
class ProjectStatus:
    """A project folder at one moment."""

    project: Path
    busy: bool
    """Whether a run works in it right now."""
    title: str | None
    duration_s: float | None
    analyzed: bool
    storyboard: StoryboardState
    n_scenes: int
    n_scenes_done: int
    """Scenes of the storyboard with a finished piece."""
    stand_ins: dict[str, str]
    """Scenes that a stand-in plays, each with the reason."""
    finished: bool
    """Whether a film was finished."""
    film: Path | None
    """The film, when it is where it was written, beside the project folder, or in it."""
    report: Path | None


def read_status(path: Path) -> ProjectStatus:
    """Look into a project folder, or into that of a song.

    Raises:
        NoSuchInputError: There is no project.
    """
    project = find_project(path)
    song, board = _load(Song, project.song_file), _load(Storyboard, project.storyboard_file)
    receipt = _load(FilmReceipt, project.film_receipt)
    scenes = {scene.id for scene in board.scenes} if board else set()
    pieces = [piece for piece in _receipts(project) if piece.piece in scenes]
    made = {piece.piece for piece in pieces if not piece.stand_in}
    return ProjectStatus(
        project=project.root,
        busy=_is_busy(project),
        title=song.title if song else None,
        duration_s=song.duration_s if song else None,
        analyzed=project.analysis_file.is_file(),
        storyboard=storyboard_state(project.storyboard_file, _load(Direction, project.direction_file)),
        n_scenes=len(scenes),
        n_scenes_done=len({piece.piece for piece in pieces}),
        stand_ins={piece.piece: piece.reason for piece in pieces if piece.stand_in and piece.piece not in made},
        finished=receipt is not None,
        film=_film_of(project, receipt),
        report=project.report_file if project.report_file.is_file() else None,
    )


def find_project(path: Path) -> Project:
    """Give the project of a folder or of a song. Raises `NoSuchInputError`."""
    project = Project.beside(path) if path.is_file() else Project(path)
    if not (project.song_file.is_file() or project.storyboard_file.is_file()):
        raise NoSuchInputError(
            f"{str(project.root)!r} holds no project.", "Name a project folder (song.suno-video), or its song."
        )
    return project


def _load(kind: type[AnyRecord], path: Path) -> AnyRecord | None:
    try:
        return kind.load(path)
    except (OSError, BadEditError):
        return None


def _receipts(project: Project) -> list[Receipt]:
    loaded = (_load(Receipt, path) for path in sorted(project.segments.glob("*.json")))
    return [receipt for receipt in loaded if receipt is not None]


def _is_busy(project: Project) -> bool:
    if not project.lock_file.is_file():
        return False
    lock = FileLock(project.lock_file)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return True
    lock.release()
    return False


def _film_of(project: Project, receipt: FilmReceipt | None) -> Path | None:
    if receipt is None:
        return None
    film = Path(receipt.film)
    # A project that was moved takes its film along.
    places = [film, project.root.parent / film.name, project.root / film.name]
    found = next((place for place in places if place.is_file()), None)
    here = Path.cwd()
    return found.relative_to(here) if found is not None and found.is_relative_to(here) else found


def put_status(found: ProjectStatus, *, json: bool) -> None:
    """Print a status for people, or as one object."""
    from suno_video.cli.answer import put_event
    from suno_video.cli.tables import put_fields
    from suno_video.core.clock import clock

    if json:
        put_event("status", **asdict(found))
        return
    boards = {"missing": "not yet made", "made": "made", "edited": "edited by hand"}
    put_fields(
        [
            ("project", found.project),
            ("title", found.title),
            ("length", clock(found.duration_s) if found.duration_s is not None else None),
            ("analysis", "done" if found.analyzed else "not yet made"),
            ("storyboard", boards[found.storyboard]),
            ("scenes", f"{found.n_scenes_done} of {found.n_scenes} done" if found.n_scenes else None),
            *(("stand-in", f"{scene}: {reason}") for scene, reason in found.stand_ins.items()),
            ("film", found.film or ("finished, where --out put it" if found.finished else "not yet made")),
            ("report", found.report),
            ("now", "a run is at work" if found.busy else None),
        ]
    )
