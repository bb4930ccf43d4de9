"""Directing: who writes the storyboard, what an earlier run left, and what a person edited."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from suno_video.core.analysis import SongAnalysis
from suno_video.core.brief import Brief
from suno_video.core.errors import BadEditError, KeyRefusedError, SunoVideoError, UsageError
from suno_video.core.events import EventSink, Notice, Warned
from suno_video.core.song import Song
from suno_video.core.storyboard import Storyboard
from suno_video.media.atomic import write_text
from suno_video.pipeline.options import EMBEDDED, FilmOptions
from suno_video.project.purchases import Caps

if TYPE_CHECKING:
    from suno_video.backends.base import MakesKind
    from suno_video.direct.llm.question import Adviser
    from suno_video.direct.llm.scenes import PromptHabits
    from suno_video.project.direction import Direction
    from suno_video.project.workspace import Project

_NEED_NO_NEW_PLAN = frozenset({"size", "captions", "safe_area", "references", "lock_seed"})
"""Wishes that can be met in a storyboard that a person edited."""


@dataclass(frozen=True)
class _Made:
    storyboard: Storyboard
    fell_back: str = ""
    """Why rules directed instead of who was asked; empty when nothing went wrong."""
    was_asked: bool = True
    """Whether the storyboard stays; if nobody was asked for want of money or leave, the next run may ask."""


def planning_adviser(project: Project, options: FilmOptions, *, write: bool, events: EventSink) -> Adviser | None:
    """Give the language model that directs; None where rules do. A plan that is not written asks nobody.

    Raises:
        UsageError, ConfigError, KeyRefusedError, BadEditError: Who was named cannot direct here.
    """
    if not options.director.directs:
        return None
    from suno_video.pipeline.advising import adviser_for
    from suno_video.pipeline.crew import open_purse

    if write:
        return adviser_for(options, project, open_purse(project, options, events), events)
    return adviser_for(replace(options, director=replace(options.director, offline=True)), project, None, events)


def direct_film(
    song: Song,
    analysis: SongAnalysis,
    project: Project,
    options: FilmOptions,
    *,
    sound: Path,
    adviser: Adviser | None,
    write: bool,
    events: EventSink,
) -> tuple[Storyboard, str]:
    """Give the storyboard, and how it came about: `made anew`, `kept` or `edited by hand`.

    Args:
        sound: The song's file, for a language model that listens before it directs.
        adviser: The language model that directs; None for rules.

    Raises:
        BadEditError: A storyboard edited by hand does not fit; names line and reason.
        UsageError: A flag asks for another film than the storyboard that was edited by hand.
    """
    from suno_video.project.direction import Direction, storyboard_state, text_sha256
    from suno_video.project.fingerprint import fingerprint

    brief, heard = options.brief, fingerprint(analysis, song)
    director = _director_of(options, adviser)
    direction = _load_direction(project)
    state = storyboard_state(project.storyboard_file, direction)
    if state == "edited":
        return _edited(analysis, project, brief, direction), "edited by hand"
    if state == "made" and direction is not None and direction.is_for(brief, heard, director):
        if direction.fell_back:
            # Not asked again by itself: another storyboard would throw away what was made, and paid, for this one.
            again = f"remove {project.storyboard_file.name} to ask again"
            events(Notice(f"this film was not directed as it was wished ({direction.fell_back}); {again}"))
        return Storyboard.load(project.storyboard_file), "kept"
    if adviser is None:
        made = _Made(_by_rules(song, analysis, options))
    else:
        made = _ask(song, analysis, project, options, adviser, sound=sound if write else None, events=events)
    if write:
        text = made.storyboard.to_json()
        note = Direction(
            brief=brief,
            analysis_fingerprint=heard,
            director=director if made.was_asked else f"{director}, not asked",
            fell_back=made.fell_back,
            storyboard_sha256=text_sha256(text),
        )
        # The note first: a storyboard without one counts as edited by hand and would never be made anew.
        write_text(project.direction_file, note.to_json())
        write_text(project.storyboard_file, text)
    return made.storyboard, "made anew"


def _ask(
    song: Song,
    analysis: SongAnalysis,
    project: Project,
    options: FilmOptions,
    adviser: Adviser,
    *,
    sound: Path | None,
    events: EventSink,
) -> _Made:
    """Let a language model direct; rules do where it gives no answer.

    Args:
        sound: None when nothing is asked, so that it is not listened to either.
    """
    from suno_video.direct.llm.director import direct_by_llm
    from suno_video.direct.llm.question import NoAnswer
    from suno_video.pipeline.hearing import hear_song, known_vibe

    hearing = hear_song(sound, song, analysis, project, adviser, events=events) if sound is not None else None
    vibe = hearing.vibe if hearing is not None else known_vibe(project, song)
    cover = project.root / song.cover if song.cover is not None else None
    try:
        directed = direct_by_llm(
            song,
            analysis,
            options.brief,
            adviser,
            families=painters(),
            looks_folder=options.looks_folder,
            longest_s=_longest_s(options),
            cover=cover if cover is not None and cover.is_file() else None,
            vibe=vibe.as_heard() if vibe is not None else None,
            habits=_habits(options),
        )
    except NoAnswer as exc:
        if exc.reason == "key":
            # Somebody meant it, and can mend it; a film by rules would be another one than they will want.
            raise KeyRefusedError(
                f"{adviser.name} cannot direct: {exc.words}.", "Check the key, or leave it to --director rules."
            ) from exc
        if sound is None:
            events(Notice(f"{adviser.name} would direct: {_price(song, analysis, options, is_heard=vibe is not None)}"))
        else:
            say = Notice if exc.reason == "offline" else Warned
            events(say(f"{adviser.name} does not direct, {exc.words}: rules do"))
        fell_back = f"{adviser.name} did not answer: {exc.words}"
        # Where money may be spent, clips are bought for this storyboard: a later run must not throw them away unasked.
        may_ask_later = exc.reason in ("offline", "budget") and options.caps == Caps()
        return _Made(_by_rules(song, analysis, options), fell_back, was_asked=not may_ask_later)
    if directed.note:
        events(Notice(directed.note))
    return _Made(directed.storyboard, directed.note if directed.is_cut_short else "")


def _price(song: Song, analysis: SongAnalysis, options: FilmOptions, *, is_heard: bool) -> str:
    """Say what it would cost to ask, and that the plan is not theirs yet."""
    from suno_video.direct.llm.estimate import price_director
    from suno_video.direct.llm.lineup import line_up
    from suno_video.direct.llm.vibe import vibe_question
    from suno_video.direct.rules import draft_by_rules

    lineup = line_up(options.director)
    assert lineup is not None
    draft = draft_by_rules(
        song,
        analysis,
        options.brief,
        families=painters(),
        looks_folder=options.looks_folder,
        longest_s=_longest_s(options),
    )
    listens = None if is_heard else vibe_question(song, Path(song.file_name))
    price = price_director(draft, lineup, _habits(options), listens=listens)
    return f"{price.words}. Nobody is asked before a plan is written, so this is the plan of the rules"


def _by_rules(song: Song, analysis: SongAnalysis, options: FilmOptions) -> Storyboard:
    from suno_video.direct.rules import direct_by_rules

    return direct_by_rules(
        song,
        analysis,
        options.brief,
        families=painters(),
        looks_folder=options.looks_folder,
        longest_s=_longest_s(options),
    )


def painters() -> frozenset[str]:
    """Scene families that the embedded renderer can paint."""
    from suno_video.backends.registry import backend_class

    return frozenset(backend_class(EMBEDDED).families())


def _longest_s(options: FilmOptions) -> float | None:
    from suno_video.pipeline.tasks import longest_shot_s

    return longest_shot_s(options.brief, options.setup)


def _habits(options: FilmOptions) -> PromptHabits:
    """How the models that paint from words want to be talked to: the image model first, which sees them first."""
    from suno_video.backends.registry import make_backend
    from suno_video.direct.llm.scenes import PromptHabits

    brief = options.brief
    named: tuple[tuple[str | None, MakesKind], ...] = ((brief.still_backend, "still"), (brief.video_backend, "clip"))
    known = []
    for name, kind in named:
        try:
            known += [make_backend(name, kind, options.setup).capabilities] if name is not None else []
        except SunoVideoError:
            continue  # what is wrong with it is said when it is needed
    return PromptHabits(
        max_chars=min((each.prompt_chars for each in known), default=600),
        keywords=bool(known) and known[0].keywords,
        reads_negative=any(each.takes_negative for each in known),
    )


def _director_of(options: FilmOptions, adviser: Adviser | None) -> str:
    """Name who directs, with all that changes what they do: limits of clips, templates, the user's own looks."""
    from suno_video.direct.rules import DIRECTOR
    from suno_video.project.fingerprint import fingerprint

    name, longest_s, looks = DIRECTOR, _longest_s(options), options.looks_folder
    if adviser is not None:
        from suno_video.direct.llm.director import director_version
        from suno_video.direct.llm.scenes import habits_as_text

        name = f"{director_version(adviser)}, {habits_as_text(_habits(options))}, {name}"
    # Another limit cuts otherwise: a storyboard that was made for one is not kept for another.
    if longest_s is not None:
        name = f"{name}, shots of {longest_s:.2f} s"
    if looks is None or not looks.is_dir():
        return name
    return f"{name} with {fingerprint(sorted(looks.glob('*.toml')))[:12]}"


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
    storyboard = load_storyboard(project.storyboard_file, analysis, painters(), backends, references=references)
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
