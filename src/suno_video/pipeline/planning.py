"""Listening and directing, with what an earlier run left and what a person edited."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from suno_video.core.analysis import SongAnalysis
from suno_video.core.errors import BadEditError
from suno_video.core.events import EventSink, Notice, Warned, ignore
from suno_video.core.song import Song
from suno_video.media.atomic import write_text
from suno_video.pipeline.directing import direct_film, planning_adviser
from suno_video.pipeline.options import FilmOptions, PlannedFilm, project_of, stage
from suno_video.pipeline.stems import stems_of

if TYPE_CHECKING:
    from suno_video.analyze.stems import Stem
    from suno_video.core.grid import GridWish
    from suno_video.project.workspace import Project

KnownRecord = TypeVar("KnownRecord", Song, SongAnalysis)


def analyze_song(
    song: Path, options: FilmOptions, *, write: bool = False, events: EventSink = ignore
) -> tuple[Song, SongAnalysis]:
    """Listen to a song; take the result of an earlier run when song and analyzer are the same.

    Args:
        write: Keep `song.json` and `analysis.json` in the project folder.

    Raises:
        BadEditError: A person's fixes to the lyrics do not fit; names each line and reason.
        NoSuchInputError: The folder of stems is not there, or holds none.
        BadBeatsError, UsageError: What was said about the beats cannot be of this song, or contradicts itself.
    """
    from suno_video.analyze.listen import listen
    from suno_video.pipeline.grid import grid_of, keep_grid, known_beats
    from suno_video.pipeline.lyrics import with_timed_lyrics

    project = project_of(song, options)
    with stage("analyze", song.name, events) as notes:
        stems = stems_of(song, project, options, write=write, events=events)
        wish = grid_of(project, options)
        known = _known_analysis(song, project, options, stems, wish, events)
        if known is not None:
            notes.reused = True
            timed = with_timed_lyrics(song, *known, project)
            if write:
                keep_grid(project, wish)
            if write and timed is not known[0]:
                write_text(project.song_file, timed.to_json())
            return timed, known[1]
        cover_folder = project.root if write else None
        heard = listen(
            song,
            fps=options.brief.fps,
            max_duration_s=options.max_duration_s,
            cover_folder=cover_folder,
            stems=stems,
            wish=wish,
            known_beats=known_beats(project),
        )
        for note in heard.song.notes:
            events(Notice(note))
        timed = with_timed_lyrics(song, heard.song, heard.analysis, project)
        if write:
            write_text(project.song_file, timed.to_json())
            write_text(project.analysis_file, heard.analysis.to_json())
            write_text(project.heard_beats_file, heard.beats.to_json())
            keep_grid(project, wish)
        return timed, heard.analysis


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
    song: Path, project: Project, options: FilmOptions, stems: tuple[Stem, ...], wish: GridWish, events: EventSink
) -> tuple[Song, SongAnalysis] | None:
    """Give the analysis of an earlier run if it is of the same sound and beats, by the same code, at the same rate."""
    from suno_video.analyze.listen import ANALYZER, song_digest

    old_song = _load_known(Song, project.song_file, events)
    old = _load_known(SongAnalysis, project.analysis_file, events)
    if old_song is None or old is None:
        return None
    same = (
        old.analyzer == ANALYZER
        and old.correction == wish.digest()
        and old.energy.fps == options.brief.fps
        and old.song_sha256 == old_song.sha256 == song_digest(song, stems)
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
    from suno_video.project.memory import recall_state

    heard, analysis = analyze_song(song, options, write=write, events=events)
    with stage("direct", options.brief.look, events) as notes:
        if write:
            for reference in options.references:
                reference.keep(project.references)
        adviser = planning_adviser(project, options, write=write, events=events)
        storyboard, origin = direct_film(
            heard, analysis, project, options, sound=song, adviser=adviser, write=write, events=events
        )
        state = recall_state(project, storyboard, write=write)
        notes.reused = origin != "made anew"
        notes.detail = f"{len(storyboard.scenes)} scenes, look {storyboard.treatment.look}, {origin}"
    given = {each.name: each.source for each in options.references if not (project.references / each.name).is_file()}
    return PlannedFilm(heard, analysis, storyboard, project.root, origin, state, song, given)
