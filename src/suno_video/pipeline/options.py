"""What a film depends on besides the song, what comes out, and how a stage says that it began and ended."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from suno_video.assemble.profile import EncoderProfile, encoder_profile
from suno_video.backends.base import BackendSetup
from suno_video.core.analysis import SongAnalysis
from suno_video.core.brief import Brief, EncoderName, Quality
from suno_video.core.errors import ExitStatus, UsageError
from suno_video.core.events import EventSink, StageDone, StageStarted
from suno_video.core.grid import GridWish
from suno_video.core.song import DEFAULT_MAX_DURATION_S, Song
from suno_video.core.state import ProjectState
from suno_video.core.storyboard import Storyboard
from suno_video.direct.llm.choice import DirectorChoice
from suno_video.pipeline.memory import MemoryOptions
from suno_video.project.purchases import Caps
from suno_video.project.references import Reference
from suno_video.project.workspace import Project
from suno_video.render.quality import ALL_CHECKS
from suno_video.render.review import ReviewRules

EMBEDDED = "procedural"
"""The backend that can play any scene, and so stands in for the others."""


@dataclass(frozen=True)
class FilmOptions:
    """Everything that a film depends on besides the song."""

    brief: Brief = field(default_factory=Brief)
    quality: Quality = "standard"
    encoder: EncoderName = "x264"
    out: Path | None = None
    """The film; by default `song.mp4` beside `song.mp3`."""
    project: Path | None = None
    """The project folder; by default `song.suno-video/` beside the song."""
    jobs: int | None = None
    """Scenes rendered at once; by default as many as there are cores."""
    max_duration_s: float = DEFAULT_MAX_DURATION_S
    stems: Path | None = None
    """Folder with stems of the song; None: those beside it by their names."""
    separate: str | None = None
    """Model of Demucs that separates drums and voice where no stems are found; None: nothing is separated."""
    grid: GridWish = field(default_factory=GridWish)
    """What a person says about the beats; laid over what the project remembers."""
    forget_grid: bool = False
    """Whether what it remembers is forgotten first."""
    looks_folder: Path | None = None
    """Folder with the user's own looks."""
    ledger: Path | None = None
    """The user's ledger; None where nothing may be spent."""
    caps: Caps = field(default_factory=Caps)
    """What may be spent; nothing may when all of them are None."""
    run: str = ""
    """Id of the run that the cap per run holds for; each film is a run of its own when it is empty."""
    memory: MemoryOptions = field(default_factory=MemoryOptions)
    setup: BackendSetup = field(default_factory=BackendSetup)
    """What holds for all backends: model cards, prices, addresses and keys."""
    director: DirectorChoice = field(default_factory=DirectorChoice)
    """Who directs, and how language models are reached."""
    checks: frozenset[str] = frozenset(ALL_CHECKS)
    """Names of the checks that each clip and still of a model must pass (`render.quality`)."""
    review: ReviewRules | None = None
    """How the director reviews stills and clips; None: nobody does."""
    deflicker: bool = True
    """Whether the light of clips that flicker is steadied."""
    allow_flashes: bool = False
    """Whether flashes stay as they are, however many there are."""
    lut: Path | None = None
    """A `.cube` file for the finished picture, instead of the look's colour table."""
    references: tuple[Reference, ...] = ()
    """The pictures that the brief names, where they were given."""
    upscale_model: Path | None = None
    """Safetensors file of the model that enlarges clips that are smaller than the film; None: they are scaled."""
    upgrade: bool = False
    """Ask again for what a service refused before."""
    redo: tuple[str, ...] = ()
    """Scenes to be made again, by id or number."""
    keep: tuple[str, ...] = ()
    """Scenes whose take is to be kept whatever changes."""
    reject: tuple[str, ...] = ()
    """Scenes whose take is never to be played again."""

    def as_one_run(self) -> FilmOptions:
        """The same, with an id of the run: whoever pays in it, pays out of one budget."""
        return self if self.run else replace(self, run=secrets.token_hex(8))


@dataclass(frozen=True)
class PlannedFilm:
    """A film before it is rendered."""

    song: Song
    analysis: SongAnalysis
    storyboard: Storyboard
    project: Path
    storyboard_origin: str
    """`made anew`, `kept` or `edited by hand`."""
    state: ProjectState
    """The memory of the film, with what a person edited."""
    song_path: Path | None = None
    """The song's file; None where only the project is known."""
    references: Mapping[str, Path] = field(default_factory=dict)
    """Where the reference pictures lie that are not in the project yet, by name."""


@dataclass(frozen=True)
class FilmResult:
    """A film that is on disk."""

    film: Path
    project: Path
    duration_s: float
    n_frames: int
    n_bytes: int
    seconds: float
    n_scenes_made: int
    n_scenes_reused: int
    stand_ins: dict[str, str]
    """Scenes that the embedded renderer plays for another backend, and why."""
    short_of_money: bool = False
    """Whether the budget is why there are stand-ins."""
    cost_usd: Decimal = Decimal(0)
    """What this run has paid."""

    @property
    def exit_status(self) -> ExitStatus:
        """How a command ends that made this film."""
        if self.short_of_money:
            return ExitStatus.BUDGET
        return ExitStatus.STAND_INS if self.stand_ins else ExitStatus.DONE


class StageNotes:
    """What a stage has to say about itself when it ends."""

    reused = False
    detail = ""


@contextmanager
def stage(name: str, detail: str, events: EventSink) -> Iterator[StageNotes]:
    """Tell when a stage begins, and when it has ended well."""
    events(StageStarted(name, detail))
    started, notes = time.perf_counter(), StageNotes()
    yield notes
    events(StageDone(name, round(time.perf_counter() - started, 3), notes.reused, notes.detail))


def profile_of(options: FilmOptions, board: Storyboard) -> EncoderProfile:
    """How the film of a storyboard is encoded."""
    return encoder_profile(options.quality, board.size, board.fps, options.encoder)


def project_of(song: Path, options: FilmOptions) -> Project:
    """Choose the project folder. Raises `UsageError` when it is a file."""
    if options.project is None:
        return Project.beside(song)
    if options.project.exists() and not options.project.is_dir():
        raise UsageError(f"--project {options.project} is a file.", "Name a folder; it is made when it is missing.")
    return Project(options.project)


def default_jobs() -> int:
    """Scenes rendered at once when nobody says: as many as this process has cores, eight at most."""
    return min(usable_cores(), 8)


def usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
