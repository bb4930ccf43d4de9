"""Listening and directing, with what an earlier run left and what a person edited."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from suno_video.core.analysis import SongAnalysis
from suno_video.core.brief import Brief
from suno_video.core.errors import BadEditError, UsageError
from suno_video.core.events import EventSink, Notice, Warned, ignore
from suno_video.core.song import Song
from suno_video.core.storyboard import Storyboard
from suno_video.media.atomic import write_text
from suno_video.pipeline.options import EMBEDDED, FilmOptions, PlannedFilm, project_of, stage

if TYPE_CHECKING:
    from suno_video.project.direction import Direction
    from suno_video.project.workspace import Project

_NEED_NO_NEW_PLAN = frozenset({"size", "captions", "references", "lock_seed"})
"""Wishes that can be met in a storyboard that a person edited."""
KnownRecord = TypeVar("KnownRecord", Song, SongAnalysis)


def analyze_song(
    song: Path, options: FilmOptions, *, write: bool = False, events: EventSink = ignore
) -> tuple[Song, SongAnalysis]:
    """Listen to a song; take the result of an earlier run when song and analyzer are the same.

    Args:
        write: Keep `song.json` and `analysis.json` in the project folder.
    """
    from suno_video.analyze.listen import listen

    project = project_of(song, options)
    with stage("analyze", song.name, events) as notes:
        known = _known_analysis(song, project, options, events)
        if known is not None:
            notes.reused = True
            return known
        cover_folder = project.root if write else None
        heard = listen(song, fps=options.brief.fps, max_duration_s=options.max_duration_s, cover_folder=cover_folder)
        for note in heard.song.notes:
            events(Notice(note))
        if write:
            write_text(project.song_file, heard.song.to_json())
            write_text(project.analysis_file, heard.analysis.to_json())
        return heard.song, heard.analysis


def plan_film(song: Path, options: FilmOptions, *, write: bool = True, events: EventSink = ignore) -> PlannedFilm:
    """Listen and direct: the storyboard, not yet rendered. With `write=False` nothing is left on disk.

    Raises:
        BadEditError: A storyboard edited by hand does not fit; names line and reason.
        UsageError: A flag asks for another film than the storyboard that was edited by hand.
    """
    project = project_of(song, options)
    if not write:
        return make_plan(song, project, options, write=False, events=events)
    from suno_video.project.lock import hold_project

    require_song(song)
    require_sound_for(song, project)
    with hold_project(project.create()):
        return make_plan(song, project, options, write=True, events=events)


def require_song(song: Path) -> None:
    """Refuse a song that is not there before anything is created for it."""
    from suno_video.media.audio import check_song_file

    check_song_file(song)


def require_sound_for(song: Path, project: Project) -> None:
    """Refuse a file that is no song before a project folder is made for it; an existing one tells soon enough."""
    from suno_video.media.audio import require_sound

    if not project.root.exists():
        require_sound(song)


def _known_analysis(
    song: Path, project: Project, options: FilmOptions, events: EventSink
) -> tuple[Song, SongAnalysis] | None:
    """Give the analysis of an earlier run if it is of the same sound, by the same code, at the same frame rate."""
    from suno_video.analyze.listen import ANALYZER, song_digest

    old_song = _load_known(Song, project.song_file, events)
    old = _load_known(SongAnalysis, project.analysis_file, events)
    if old_song is None or old is None:
        return None
    same = (
        old.analyzer == ANALYZER
        and old.energy.fps == options.brief.fps
        and old.song_sha256 == old_song.sha256 == song_digest(song)
        and (old_song.cover is None or (project.root / old_song.cover).is_file())
    )
    return (old_song, old) if same else None


def _load_known(kind: type[KnownRecord], path: Path, events: EventSink) -> KnownRecord | None:
    """Read what an earlier run left; what does not fit (an edit, an older version) is made anew, and not in silence."""
    try:
        return kind.load(path)
    except OSError:
        return None
    except BadEditError as exc:
        events(Warned(f"{path.name} does not fit and is made anew: {exc.reasons[0]}"))
        return None


def make_plan(song: Path, project: Project, options: FilmOptions, *, write: bool, events: EventSink) -> PlannedFilm:
    """Plan within a project whose lock is held (or without one, when nothing is written)."""
    heard, analysis = analyze_song(song, options, write=write, events=events)
    with stage("direct", options.brief.look, events) as notes:
        if write:
            for reference in options.references:
                reference.keep(project.references)
        storyboard, origin = _direct(heard, analysis, project, options, write=write)
        notes.reused = origin != "made anew"
        notes.detail = f"{len(storyboard.scenes)} scenes, look {storyboard.treatment.look}, {origin}"
    given = {each.name: each.source for each in options.references if not (project.references / each.name).is_file()}
    return PlannedFilm(heard, analysis, storyboard, project.root, origin, song, given)


def _direct(
    song: Song, analysis: SongAnalysis, project: Project, options: FilmOptions, *, write: bool
) -> tuple[Storyboard, str]:
    from suno_video.direct.rules import DIRECTOR, direct_by_rules
    from suno_video.pipeline.tasks import longest_shot_s
    from suno_video.project.direction import Direction, storyboard_state, text_sha256
    from suno_video.project.fingerprint import fingerprint

    brief, heard = options.brief, fingerprint(analysis, song)
    longest_s = longest_shot_s(brief, options.setup)
    # Another limit cuts otherwise: a storyboard that was made for one is not kept for another.
    director = DIRECTOR if longest_s is None else f"{DIRECTOR}, shots of {longest_s:.2f} s"
    direction = _load_direction(project)
    state = storyboard_state(project.storyboard_file, direction)
    if state == "edited":
        return _edited(analysis, project, brief, direction), "edited by hand"
    if state == "made" and direction is not None:
        wanted = (brief, heard, _director_of(director, options))
        if (direction.brief, direction.analysis_fingerprint, direction.director) == wanted:
            return Storyboard.load(project.storyboard_file), "kept"
    storyboard = direct_by_rules(
        song, analysis, brief, families=_families(), looks_folder=options.looks_folder, longest_s=longest_s
    )
    if write:
        text = storyboard.to_json()
        made = Direction(
            brief=brief,
            analysis_fingerprint=heard,
            director=_director_of(director, options),
            storyboard_sha256=text_sha256(text),
        )
        # The note first: a storyboard without one counts as edited by hand and would never be made anew.
        write_text(project.direction_file, made.to_json())
        write_text(project.storyboard_file, text)
    return storyboard, "made anew"


def _director_of(director: str, options: FilmOptions) -> str:
    """Name the director together with the user's own looks, which change what it does."""
    from suno_video.project.fingerprint import fingerprint

    folder = options.looks_folder
    if folder is None or not folder.is_dir():
        return director
    return f"{director} with {fingerprint(sorted(folder.glob('*.toml')))[:12]}"


def _load_direction(project: Project) -> Direction | None:
    from suno_video.project.direction import Direction

    try:
        return Direction.load(project.direction_file)
    except (OSError, BadEditError):
        return None


def _edited(analysis: SongAnalysis, project: Project, brief: Brief, direction: Direction | None) -> Storyboard:
    """Use a storyboard that a person edited, with those wishes that need no new plan."""
    from suno_video.backends.registry import backend_names
    from suno_video.direct.check import load_storyboard
    from suno_video.project.direction import changed_fields

    backends = frozenset(backend_names())
    references = project.references
    storyboard = load_storyboard(project.storyboard_file, analysis, _families(), backends, references=references)
    changed = changed_fields(direction.brief, brief) if direction is not None else []
    clash = [name for name in changed if name not in _NEED_NO_NEW_PLAN]
    if clash or storyboard.fps != brief.fps:
        flags = ", ".join(f"--{name.removesuffix('_s').replace('_', '-')}" for name in clash or ["fps"])
        raise UsageError(
            f"{project.storyboard_file} was edited by hand, and {flags} would need a new one.",
            "Leave the option away to render your edit, or rename the file to have a new storyboard made.",
        )
    patch = {name: getattr(brief, name) for name in changed}
    return storyboard.model_copy(update=patch)


def _families() -> frozenset[str]:
    """Scene families that the embedded renderer can paint."""
    from suno_video.backends.registry import backend_class

    return frozenset(backend_class(EMBEDDED).families())
