"""What a project folder says about its film: what is done, held, suspect or played by a stand-in, and where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from suno_video.backends.base import BackendSetup
from suno_video.core.errors import BadEditError, NoSuchInputError, SunoVideoError
from suno_video.core.record import Record
from suno_video.core.song import Song
from suno_video.core.storyboard import Storyboard
from suno_video.pipeline.held import OpenPurchase, open_purchases
from suno_video.pipeline.state import SceneState, scene_states
from suno_video.project.direction import Direction, StoryboardState, storyboard_state
from suno_video.project.ledger import Ledger
from suno_video.project.lock import is_held
from suno_video.project.purchases import Entry
from suno_video.project.store import FilmReceipt
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
    """Scenes that are played by what they ask for."""
    n_stand_ins: int
    n_held: int
    """Purchases that are in the making, or that a run left open."""
    n_suspect: int
    """Purchases of which nobody knows what became of them."""
    spent_usd: Decimal
    """In all, whatever came of it."""
    held_usd: Decimal
    """Set aside for what is held or suspect."""
    money_trouble: str | None
    """Why the ledger could not be read."""
    stand_ins: dict[str, str]
    """Scenes that a stand-in plays, each with the reason."""
    scenes: tuple[SceneState, ...]
    purchases: tuple[OpenPurchase, ...]
    """What is held and suspect."""
    finished: bool
    """Whether a film was finished."""
    film: Path | None
    """The film, when it is where it was written, beside the project folder, or in it."""
    report: Path | None


def read_status(path: Path, ledger: Path | None = None, setup: BackendSetup | None = None) -> ProjectStatus:
    """Look into a project folder, or into that of a song. Writes nothing, and waits for no run.

    Args:
        ledger: Where money is written down; None where nobody asks for it.
        setup: What backends are made with, which decides what an open purchase is good for.

    Raises:
        NoSuchInputError: There is no project.
    """
    project = find_project(path)
    song, board = _load(Song, project.song_file), _load(Storyboard, project.storyboard_file)
    receipt, busy = _load(FilmReceipt, project.film_receipt), is_held(project)
    entries, trouble = _entries(project, ledger)
    scenes = scene_states(project, board, entries) if board else []
    purchases = open_purchases(project, entries, setup or BackendSetup(), busy=busy)
    return ProjectStatus(
        project=project.root,
        busy=busy,
        title=song.title if song else None,
        duration_s=song.duration_s if song else None,
        analyzed=project.analysis_file.is_file(),
        storyboard=storyboard_state(project.storyboard_file, _load(Direction, project.direction_file)),
        n_scenes=len(scenes),
        n_scenes_done=sum(scene.state == "done" for scene in scenes),
        n_stand_ins=sum(scene.state == "stand-in" for scene in scenes),
        n_held=sum(purchase.state == "held" for purchase in purchases),
        n_suspect=sum(purchase.state == "suspect" for purchase in purchases),
        spent_usd=sum((entry.spent_usd for entry in entries), Decimal(0)),
        held_usd=sum((entry.held_usd for entry in entries), Decimal(0)),
        money_trouble=trouble,
        stand_ins={scene.scene: scene.reason for scene in scenes if scene.state == "stand-in"},
        scenes=tuple(scenes),
        purchases=tuple(purchases),
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


def finished_film(path: Path) -> tuple[Project, Path]:
    """Give the project of a folder or of a song, and its film.

    Raises:
        NoSuchInputError: There is no project, or no finished film of it.
    """
    project = find_project(path)
    film = _film_of(project, _load(FilmReceipt, project.film_receipt))
    if film is None:
        raise NoSuchInputError(f"{str(project.root)!r} has no finished film.", "Render the song first.")
    return project, film


def _load(kind: type[AnyRecord], path: Path) -> AnyRecord | None:
    try:
        return kind.load(path)
    except (OSError, BadEditError):
        return None


def _entries(project: Project, ledger: Path | None) -> tuple[Sequence[Entry], str | None]:
    """Read a project's attempts. A ledger that cannot be read is told, for the rest can be said nevertheless."""
    identity = project.known_identity()
    if ledger is None or identity is None or not ledger.is_file():
        return (), None
    try:
        return Ledger(ledger).entries(project=identity), None
    except SunoVideoError as exc:
        return (), exc.message


def _film_of(project: Project, receipt: FilmReceipt | None) -> Path | None:
    if receipt is None:
        return None
    film = Path(receipt.film)
    # A project that was moved takes its film along.
    places = [film, project.root.parent / film.name, project.root / film.name]
    found = next((place for place in places if place.is_file()), None)
    here = Path.cwd()
    return found.relative_to(here) if found is not None and found.is_relative_to(here) else found


def put_status(found: ProjectStatus, *, json: bool, scenes: bool = False) -> None:
    """Print a status for people, or as one object."""
    from suno_video.cli.answer import put_event

    if json:
        put_event("status", **asdict(found))
        return
    _put_project(found)
    if scenes and found.scenes:
        _put_scenes(found.scenes)


def _put_project(found: ProjectStatus) -> None:
    from suno_video.cli.tables import put_fields
    from suno_video.core.clock import clock
    from suno_video.core.money import usd

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
            *((purchase.state, _words(purchase)) for purchase in found.purchases),
            ("spent", usd(found.spent_usd) if found.spent_usd else None),
            ("money", found.money_trouble),
            ("film", found.film or ("finished, where --out put it" if found.finished else "not yet made")),
            ("report", found.report),
            ("now", "a run is at work" if found.busy else None),
        ]
    )


def _words(purchase: OpenPurchase) -> str:
    from suno_video.core.money import usd

    ticket = f"as {purchase.ticket}" if purchase.ticket else "without an id yet"
    note = f" ({purchase.note})" if purchase.note else ""
    bought = f"{purchase.scene}: {usd(purchase.held_usd)} at {purchase.backend} since {purchase.since}, {ticket}"
    return f"{bought}{note}; {purchase.next}"


def _put_scenes(scenes: Sequence[SceneState]) -> None:
    from suno_video.cli.answer import put
    from suno_video.cli.tables import put_table
    from suno_video.cli.wording import plain
    from suno_video.core.clock import clock_tenths
    from suno_video.core.money import usd

    reviewed = any(scene.review for scene in scenes)
    put("")
    put_table(
        ["scene", "section", "from", "to", "played by", "marks", "cost", "why", *(["review"] if reviewed else [])],
        [
            (
                scene.scene,
                scene.section,
                clock_tenths(scene.start_s),
                clock_tenths(scene.end_s),
                scene.plays,
                _marks(scene),
                usd(scene.cost_usd) + (f" + {usd(scene.held_usd)} held" if scene.held_usd else ""),
                scene.reason,
                *([plain(scene.review)] if reviewed else []),
            )
            for scene in scenes
        ],
    )


def _marks(scene: SceneState) -> str:
    rejected = f"rejected {', '.join(map(str, scene.rejected))}" if scene.rejected else ""
    return ", ".join(filter(None, ("kept" if scene.kept else "", rejected))) or "-"
