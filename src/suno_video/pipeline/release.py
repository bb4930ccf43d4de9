"""The texts of a release: who writes them, what an earlier run left, and what a person edited."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from suno_video.core.analysis import SongAnalysis
from suno_video.core.errors import BadEditError, NoSuchInputError
from suno_video.core.events import EventSink, Notice, Warned, ignore
from suno_video.core.record import Record
from suno_video.core.release import ReleaseTexts
from suno_video.core.song import Song
from suno_video.core.storyboard import Storyboard
from suno_video.media.atomic import write_text
from suno_video.project.direction import ReleaseOrigin, file_state, text_sha256
from suno_video.project.workspace import Project

if TYPE_CHECKING:
    from suno_video.direct.llm.question import Adviser

CameAbout: TypeAlias = Literal["made anew", "kept", "edited by hand"]
AnyRecord = TypeVar("AnyRecord", bound=Record)


@dataclass(frozen=True)
class Release:
    """The texts of a release, and where they are."""

    file: Path
    texts: ReleaseTexts
    origin: CameAbout


@dataclass(frozen=True)
class _Film:
    song: Song
    analysis: SongAnalysis
    board: Storyboard | None

    @property
    def told_of(self) -> str:
        """Fingerprint of all that the texts may speak of: another one, and they are written anew."""
        from suno_video.project.fingerprint import fingerprint

        heard = {name: getattr(self.analysis, name) for name in ("tempo_bpm", "key", "moods", "sections", "duration_s")}
        board = self.board
        told = [board.treatment, board.fps, board.first_frame, board.n_frames, len(board.scenes)] if board else []
        return fingerprint(self.song, heard, told)


def release_texts(project: Project, adviser: Adviser | None = None, *, events: EventSink = ignore) -> Release:
    """Give the texts of a project's release, and keep them in `release.json` for a person to edit.

    What a person edited is kept as it is. What was made for the same song and film is kept as well, unless another
    writer is asked for; texts that a language model wrote are not thrown away because nobody is asked.

    Args:
        adviser: The language model that writes; None for rules, which also write where it gives no answer.

    Raises:
        NoSuchInputError: Nobody has listened to the song of this project yet.
        BadEditError: The edited file, or the project's storyboard, does not fit; names line and reason.
        ProjectBusyError: The texts have to be made, and another run works in the project.
    """
    film = _film_of(project)
    found = _kept(project, film, adviser)
    if found is not None:
        return found
    from suno_video.project.lock import hold_project

    with hold_project(project):
        # Somebody else may have written them while we waited for nothing: what was paid for is not paid for again.
        return _kept(project, film, adviser) or _made(project, film, adviser, events)


def _film_of(project: Project) -> _Film:
    song, analysis = _load(Song, project.song_file), _load(SongAnalysis, project.analysis_file)
    if song is None or analysis is None or song.sha256 != analysis.song_sha256:
        raise NoSuchInputError(
            f"{str(project.root)!r} does not know its song yet.", "Make the film, or its storyboard, first."
        )
    return _Film(song, analysis, _load(Storyboard, project.storyboard_file))


def _load(kind: type[AnyRecord], path: Path) -> AnyRecord | None:
    try:
        return kind.load(path)
    except OSError:
        return None


def _kept(project: Project, film: _Film, adviser: Adviser | None) -> Release | None:
    origin = _origin_of(project)
    state = file_state(project.release_file, origin.texts_sha256 if origin is not None else None)
    if state == "edited":
        return Release(project.release_file, ReleaseTexts.load(project.release_file), "edited by hand")
    if state == "missing" or origin is None or origin.made_from != film.told_of:
        return None
    if adviser is None:
        from suno_video.publish.metadata import WRITER

        # Rules of another version write anew; a language model was asked once, and stands.
        wanted = WRITER if origin.writer.startswith("rules ") else origin.writer
    else:
        from suno_video.direct.llm.release import release_version

        wanted = release_version(adviser)
    if origin.writer != wanted:
        return None
    return Release(project.release_file, ReleaseTexts.load(project.release_file), "kept")


def _origin_of(project: Project) -> ReleaseOrigin | None:
    try:
        return ReleaseOrigin.load(project.release_origin_file)
    except (OSError, BadEditError):
        return None


def _made(project: Project, film: _Film, adviser: Adviser | None, events: EventSink) -> Release:
    texts, writer = _written(film, adviser, events)
    text = texts.to_json()
    origin = ReleaseOrigin(made_from=film.told_of, writer=writer, texts_sha256=text_sha256(text))
    # The note first: texts without one count as edited by hand and would never be made anew.
    write_text(project.release_origin_file, origin.to_json())
    write_text(project.release_file, text)
    return Release(project.release_file, texts, "made anew")


def _written(film: _Film, adviser: Adviser | None, events: EventSink) -> tuple[ReleaseTexts, str]:
    """The texts, and who wrote them with the version of what they were asked."""
    from suno_video.publish.metadata import WRITER, write_texts

    plain = write_texts(film.song, film.analysis, film.board)
    if adviser is None:
        return plain, WRITER
    from suno_video.direct.llm.question import NoAnswer
    from suno_video.direct.llm.release import ask_for_texts, release_version

    try:
        texts = ask_for_texts(film.song, film.analysis, film.board, adviser, plain=plain)
    except NoAnswer as exc:
        events(Warned(f"{adviser.name} does not write, {exc.words}: rules do"))
        return plain, WRITER
    events(Notice(f"{adviser.name} wrote the texts of the release: read them before they are public"))
    return texts, release_version(adviser)
