"""The words of a song and their times: as read, placed by us, aligned by a model, fixed by a person; in that order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from suno_video.core.analysis import SongAnalysis
from suno_video.core.errors import BadEditError
from suno_video.core.events import EventSink, Notice, Warned, ignore
from suno_video.core.lyrics_kept import KeptAlignment, KeptHearing
from suno_video.core.record import Record
from suno_video.core.song import Lyrics, Song
from suno_video.media.atomic import write_text
from suno_video.pipeline.options import FilmOptions, project_of, stage
from suno_video.pipeline.stems import stems_of
from suno_video.project.workspace import Project

if TYPE_CHECKING:
    from suno_video.analyze.align.compare import Comparison

Kept = TypeVar("Kept", bound=Record)
MAX_FIX_BYTES = 1_000_000


@dataclass(frozen=True)
class LyricsWishes:
    """What is to be done with the words, besides reading and placing them."""

    align: bool = False
    """Let a model find them in the voice."""
    align_model: str | None = None
    """Id or folder; None: chosen by script."""
    check: bool = False
    """Let a model hear the words without being told them, and compare."""
    check_model: str | None = None
    voice: Path | None = None
    """The voice alone, as long as the song; None: its stem where there is one, else the song."""


@dataclass(frozen=True)
class LyricsReport:
    """The words of a song with their times, and what does not fit."""

    song: Song
    fix_file: Path
    comparison: Comparison | None
    """Against what a model heard; None where none did."""


def lyrics_revision(project: Project, song: Song) -> str:
    """Name all that a song's lyrics are made from besides the song: our placing, what is kept, what a person fixed."""
    from suno_video.analyze.given_words import GIVEN_WORDS
    from suno_video.analyze.lyrics_fixes import fixes_digest
    from suno_video.analyze.placing import PLACER

    parts = [PLACER, GIVEN_WORDS]
    if _alignment(project, song) is not None:
        parts.append("aligned " + hashlib.sha256(project.aligned_file.read_bytes()).hexdigest()[:12])
    if digest := fixes_digest(_fix_text(project)):
        parts.append(f"fixed {digest}")
    return ", ".join(parts)


def with_timed_lyrics(path: Path, song: Song, analysis: SongAnalysis, project: Project) -> Song:
    """Give the song with its words as they are now known; the same song where nothing has changed.

    Raises:
        BadEditError: The file of fixes does not fit; names each line and reason.
    """
    from suno_video.analyze.given_words import GIVEN_WORDS
    from suno_video.analyze.lyrics import read_lyrics
    from suno_video.analyze.placing import PLACER

    revision = lyrics_revision(project, song)
    # A song without words is as it was, unless a person wrote some into the file for fixes.
    if (song.lyrics.made_with if song.lyrics is not None else f"{PLACER}, {GIVEN_WORDS}") == revision:
        return song
    found = read_lyrics(path, analysis.duration_s)
    lyrics = found.lyrics or Lyrics(source=project.lyrics_fix_file.name)
    timed = _timed(lyrics, song, analysis, project)
    return song.model_copy(update={"lyrics": timed.model_copy(update={"made_with": revision}) if timed.lines else None})


def _timed(read: Lyrics, song: Song, analysis: SongAnalysis, project: Project) -> Lyrics:
    from suno_video.analyze.given_words import with_given_words
    from suno_video.analyze.lyrics_fixes import apply_fixes, parse_fixes, take_times
    from suno_video.analyze.placing import place_lyrics, with_fixed_times

    # 1. Read and placed; a fix may mean one of several lines that say the same, by where it is
    placed = place_lyrics(read, analysis)
    # 2. A person's words and times
    name = project.lyrics_fix_file.name
    fixed = apply_fixes(placed, parse_fixes(_fix_text(project), name), name, analysis.duration_s)
    # 3. What a model heard, for all but those
    kept = _alignment(project, song)
    lyrics = take_times(fixed.lyrics, kept.lines) if kept is not None else fixed.lyrics
    # 4. The others once more, around those
    whole = with_fixed_times(lyrics, analysis, fixed.starts_s, fixed.ends_s)
    # 5. Words, where only lines came with times
    return with_given_words(whole, analysis)


def study_lyrics(
    path: Path,
    options: FilmOptions,
    wishes: LyricsWishes,
    *,
    on_heard: Callable[[float], None] = lambda _: None,
    events: EventSink = ignore,
) -> LyricsReport:
    """Read, time and check the words of a song; all of it is kept in the project, with a file for a person's fixes.

    Args:
        on_heard: Told how many seconds a model has heard; may raise to stop.

    Raises:
        ProjectBusyError: Another run works in the project.
        BackendUnavailableError: A model, or a package that it needs, cannot be had.
        BadEditError: The file of fixes does not fit.
    """
    from suno_video.pipeline.planning import analyze_song, require_sound_for
    from suno_video.project.lock import hold_project

    project = project_of(path, options)
    require_sound_for(path, project)
    with hold_project(project.create()):
        song, analysis = analyze_song(path, options, write=True, events=events)
        wishes = replace(wishes, voice=wishes.voice or _voice_stem(path, analysis, project, options))
        if wishes.align and song.lyrics is not None and song.lyrics.lines:
            with stage("align", song.file_name, events):
                events(_what_was_found(_align(path, song, project, wishes, on_heard)))
            song, _ = analyze_song(path, options, write=True, events=events)
        if wishes.check:
            with stage("check", song.file_name, events):
                _hear(path, song, project, wishes, on_heard)
        _offer_fixes(project, song)
        return LyricsReport(song, project.lyrics_fix_file, _comparison(project, song, events))


def _voice_stem(path: Path, analysis: SongAnalysis, project: Project, options: FilmOptions) -> Path | None:
    """Give the voice alone, where it lies with the other stems and was found to belong to the song."""
    if "vocals" not in analysis.stems:
        return None
    return next((stem.path for stem in stems_of(path, project, options) if stem.role == "vocals"), None)


def _align(
    path: Path, song: Song, project: Project, wishes: LyricsWishes, on_heard: Callable[[float], None]
) -> KeptAlignment:
    from suno_video.analyze.align.aligner import ALIGNER, Aligner
    from suno_video.analyze.align.letters import choose_model

    assert song.lyrics is not None
    model = wishes.align_model or choose_model(" ".join(line.text for line in song.lyrics.lines))
    aligned = Aligner().align(song.lyrics, wishes.voice or path, model, on_block=on_heard)
    kept = KeptAlignment(song_sha256=song.sha256, aligner=ALIGNER, model=model, lines=aligned.lines)
    write_text(project.aligned_file, kept.to_json())
    return kept


def _what_was_found(kept: KeptAlignment) -> Notice | Warned:
    n, n_found = len(kept.lines), sum(line.timed_by == "aligned" for line in kept.lines)
    if not n_found:
        return Warned(f"{kept.model} found none of the {n} lines in the voice: they keep the times that they had")
    return Notice(f"{kept.model} found {n_found} of {n} lines in the voice")


def _hear(path: Path, song: Song, project: Project, wishes: LyricsWishes, on_heard: Callable[[float], None]) -> None:
    from suno_video.analyze.align.transcribe import DEFAULT_MODEL, TRANSCRIBER, Transcriber

    model = wishes.check_model or DEFAULT_MODEL
    language = song.lyrics.language if song.lyrics is not None else None
    words = Transcriber().hear(wishes.voice or path, model, language=language, on_block=on_heard)
    kept = KeptHearing(song_sha256=song.sha256, transcriber=TRANSCRIBER, model=model, words=words)
    write_text(project.heard_file, kept.to_json())


def _comparison(project: Project, song: Song, events: EventSink) -> Comparison | None:
    from suno_video.analyze.align.compare import compare_words

    kept = _load(KeptHearing, project.heard_file, events)
    if kept is None or kept.song_sha256 != song.sha256 or song.lyrics is None:
        return None
    return compare_words(song.lyrics.lines, kept.words)


def _alignment(project: Project, song: Song) -> KeptAlignment | None:
    from suno_video.analyze.align.aligner import ALIGNER

    kept = _load(KeptAlignment, project.aligned_file, ignore)
    return kept if kept is not None and (kept.song_sha256, kept.aligner) == (song.sha256, ALIGNER) else None


def _load(kind: type[Kept], path: Path, events: EventSink) -> Kept | None:
    try:
        return kind.load(path)
    except OSError:
        return None
    except BadEditError as exc:
        events(Warned(f"{path.name} does not fit and is not used: {exc.reasons[0]}"))
        return None


def _fix_text(project: Project) -> str:
    """Read the file of fixes; empty where there is none. Raises `BadEditError`."""
    path = project.lyrics_fix_file
    try:
        if path.stat().st_size > MAX_FIX_BYTES:
            raise BadEditError(path.name, [f"it is larger than {MAX_FIX_BYTES // 1_000_000} MB"])
        raw = path.read_bytes()
    except FileNotFoundError:
        return ""
    except OSError as exc:
        raise BadEditError(path.name, [f"it cannot be read: {exc.strerror}"]) from exc
    from suno_video.analyze.lyrics import decode_text

    return decode_text(raw)


def _offer_fixes(project: Project, song: Song) -> None:
    """Write the file for fixes where there is none, or where nobody has touched it."""
    from suno_video.analyze.lyrics_fixes import is_untouched, write_sheet

    text = _fix_text(project)
    if song.lyrics is not None and (not project.lyrics_fix_file.exists() or is_untouched(text)):
        write_text(project.lyrics_fix_file, write_sheet(song.lyrics, song.title))
