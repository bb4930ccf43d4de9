"""A second ear: a language model listens, and what it says is kept and laid beside our own analysis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from suno_video.core.analysis import SongAnalysis
from suno_video.core.errors import BadEditError
from suno_video.core.events import EventSink, Warned, ignore
from suno_video.core.song import Song
from suno_video.core.vibe import Vibe
from suno_video.direct.hearing import Opinion, compare
from suno_video.media.atomic import write_text
from suno_video.pipeline.options import FilmOptions, project_of, stage
from suno_video.pipeline.planning import analyze_song, require_sound_for
from suno_video.project.workspace import Project

if TYPE_CHECKING:
    from suno_video.direct.llm.question import Adviser


@dataclass(frozen=True)
class Hearing:
    """What a language model heard, and where it agrees with us."""

    vibe: Vibe
    opinions: tuple[Opinion, ...]
    reused: bool
    """Whether it was heard in an earlier run."""

    @property
    def disagreements(self) -> tuple[Opinion, ...]:
        """Where the two differ."""
        return tuple(opinion for opinion in self.opinions if not opinion.agree)


def analyze_and_hear(
    sound: Path, options: FilmOptions, *, events: EventSink = ignore
) -> tuple[Song, SongAnalysis, Hearing | None]:
    """Analyze a song, and let a language model listen too; both are kept in the project folder.

    Where the rules direct, the first model that has a key listens: listening is asked for.

    Raises:
        ProjectBusyError: Another run works in the project.
        ConfigError, KeyRefusedError: Who was named cannot listen.
    """
    from suno_video.direct.llm.choice import AUTO
    from suno_video.pipeline.advising import adviser_for
    from suno_video.pipeline.crew import open_purse
    from suno_video.project.lock import hold_project

    project = project_of(sound, options)
    require_sound_for(sound, project)
    if not options.director.directs:
        options = replace(options, director=replace(options.director, name=AUTO))
    with hold_project(project.create()):
        song, analysis = analyze_song(sound, options, write=True, events=events)
        adviser = adviser_for(options, project, open_purse(project, options, events), events)
        return song, analysis, hear_song(sound, song, analysis, project, adviser, events=events)


def hear_song(
    sound: Path,
    song: Song,
    analysis: SongAnalysis,
    project: Project,
    adviser: Adviser | None,
    *,
    events: EventSink = ignore,
) -> Hearing | None:
    """Let a language model listen, and compare. What was heard of the same song before is not asked for again.

    Args:
        project: Its folder is there; `vibe.json` is kept in it.
        adviser: Who listens; None where nobody does, and only what is kept can be shown.

    Returns:
        What was heard; None where nobody listens or gives an answer. That is said as an event, and nothing is lost:
        our own analysis keeps the clock.
    """
    from suno_video.direct.llm.question import NoAnswer
    from suno_video.direct.llm.vibe import ask_for_vibe, vibe_version

    known = known_vibe(project, song, events)
    if known is not None and (adviser is None or known.heard_by == vibe_version(adviser)):
        return Hearing(known, compare(song, analysis, known), reused=True)
    if adviser is None:
        return None
    cover = project.root / song.cover if song.cover is not None else None
    try:
        with stage("listen", adviser.name, events):
            vibe = ask_for_vibe(song, sound, adviser, cover=cover if cover is not None and cover.is_file() else None)
    except NoAnswer as exc:
        events(Warned(f"{adviser.name} did not listen, {exc.words}: our own analysis stands alone"))
        return None
    write_text(project.vibe_file, vibe.to_json())
    return Hearing(vibe, compare(song, analysis, vibe), reused=False)


def known_vibe(project: Project, song: Song, events: EventSink = ignore) -> Vibe | None:
    """Give what was heard of this song in an earlier run, or written by a person; None where there is nothing."""
    try:
        vibe = Vibe.load(project.vibe_file)
    except OSError:
        return None
    except BadEditError as exc:
        events(Warned(f"{project.vibe_file.name} does not fit and is not used: {exc.reasons[0]}"))
        return None
    return vibe if vibe.song_sha256 == song.sha256 else None
