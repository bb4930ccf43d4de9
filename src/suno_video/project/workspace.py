"""The project folder of one video: where each stage leaves its file."""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from suno_video.core.errors import BadEditError, CannotCreateError, UsageError
from suno_video.core.song import Song
from suno_video.media.atomic import make_folder, write_text, write_trouble
from suno_video.media.mp4 import index_says
from suno_video.project.store import FilmReceipt

FOLDER_ENDING = ".suno-video"
FILM_ENDING = ".mp4"
SONG_FILE = "song.json"
SONG_ENDINGS = frozenset({".mp3", ".wav", ".flac", ".ogg", ".opus", ".m4a", ".aac", ".aiff", ".aif", ".wma"})
MADE_WITH = "Made with suno-video"
"""In the comment of every film of ours: what does not say so is never written over unasked."""
# The limit of every common file system is 255 bytes a name; leave room for our own endings.
MAX_STEM_BYTES = 200


def safe_stem(name: str) -> str:
    """Shorten a file name's stem to what every file system takes, keeping it unique and whole characters."""
    raw = name.encode("utf-8", errors="surrogateescape")
    if len(raw) <= MAX_STEM_BYTES:
        return name
    digest = hashlib.sha256(raw).hexdigest()[:8]
    return raw[: MAX_STEM_BYTES - 9].decode("utf-8", errors="ignore") + "-" + digest


@dataclass(frozen=True)
class Project:
    """One video's folder. Knows paths only; creates nothing until `create`."""

    root: Path

    @classmethod
    def beside(cls, song: Path) -> Project:
        """Choose the folder for a song: `song.suno-video/` next to it.

        Where that one is of another song (`song.wav` beside `song.mp3`), it is `song.mp3.suno-video/`.
        """
        return cls(song.with_name(own_name(song) + FOLDER_ENDING))

    def create(self) -> Project:
        """Make the folder and those within it. Raises `CannotCreateError` or `DiskError`."""
        for folder in (self.root, self.segments, self.clips, self.stills, self.thumbs, self.scratch, self.logs):
            make_folder(folder)
        return self

    def has_identity(self) -> bool:
        """Whether it has an id yet, which it gets when money is first spent on it."""
        return self._id_file.is_file()

    def known_identity(self) -> str | None:
        """Id of this project in the ledger, if it has one. Writes nothing."""
        with contextlib.suppress(OSError, ValueError):
            return uuid.UUID(self._id_file.read_text(encoding="ascii").strip()).hex
        return None

    def identity(self) -> str:
        """Id of this project in the ledger; stays when the folder moves. Made when it has none.

        Raises:
            CannotCreateError, DiskError: It cannot be written.
        """
        known = self.known_identity()
        if known is not None:
            return known
        made = uuid.uuid4().hex
        write_text(self._id_file, made + "\n")
        return made

    @property
    def _id_file(self) -> Path:
        return self.root / "project.id"

    @property
    def song_file(self) -> Path:
        """What the song is (`Song`)."""
        return self.root / SONG_FILE

    @property
    def analysis_file(self) -> Path:
        """What was heard (`SongAnalysis`)."""
        return self.root / "analysis.json"

    @property
    def heard_beats_file(self) -> Path:
        """The beats before anybody corrected them (`HeardBeats`)."""
        return self.root / "beats.heard.json"

    @property
    def grid_file(self) -> Path:
        """What a person said about the beats (`GridWish`)."""
        return self.root / "grid.json"

    @property
    def storyboard_file(self) -> Path:
        """The plan of the film (`Storyboard`); meant to be edited."""
        return self.root / "storyboard.json"

    @property
    def direction_file(self) -> Path:
        """From what the storyboard was made (`Direction`), to tell an edit by hand from a change of mind."""
        return self.root / "direction.json"

    @property
    def state_file(self) -> Path:
        """The memory of the film (`ProjectState`); who and where is meant to be edited."""
        return self.root / "state.json"

    @property
    def vibe_file(self) -> Path:
        """What a language model that listened said of the song (`Vibe`)."""
        return self.root / "vibe.json"

    @property
    def release_file(self) -> Path:
        """The texts of the release (`ReleaseTexts`); meant to be edited."""
        return self.root / "release.json"

    @property
    def release_origin_file(self) -> Path:
        """From what those texts were made (`ReleaseOrigin`)."""
        return self.root / "release-made.json"

    @property
    def stems_file(self) -> Path:
        """Where the stems lie that were named once (`--stems DIR`), as one line."""
        return self.root / "stems.txt"

    @property
    def stems(self) -> Path:
        """Stems that we separated ourselves (`--separate`)."""
        return self.root / "stems"

    @property
    def lyrics_fix_file(self) -> Path:
        """A person's fixes to the lyrics, as text."""
        return self.root / "lyrics.fix.txt"

    @property
    def aligned_file(self) -> Path:
        """When a model heard the written words (`KeptAlignment`)."""
        return self.root / "lyrics.aligned.json"

    @property
    def heard_file(self) -> Path:
        """Which words a model heard (`KeptHearing`)."""
        return self.root / "lyrics.heard.json"

    @property
    def marks_file(self) -> Path:
        """What a person said about the takes of each scene (`TakeMarks`)."""
        return self.root / "takes.json"

    @property
    def film_receipt(self) -> Path:
        """What the film was spliced from (`FilmReceipt`)."""
        return self.root / "film.json"

    @property
    def light_file(self) -> Path:
        """How the picture changes from frame to frame, by content of the pieces: measured once."""
        return self.root / "accents.npz"

    @property
    def captions_file(self) -> Path:
        """Which lyrics files beside the film are ours (`WrittenCaptions`)."""
        return self.root / "captions.json"

    @property
    def proof_file(self) -> Path:
        """Proof of sync, measured on the finished film."""
        return self.root / "sync.json"

    @property
    def report_file(self) -> Path:
        """The report for people."""
        return self.root / "report.html"

    @property
    def sheet_file(self) -> Path:
        """The contact sheet."""
        return self.root / "contact-sheet.png"

    @property
    def lock_file(self) -> Path:
        """Held while a run works here."""
        return self.root / "lock"

    @property
    def segments(self) -> Path:
        """Finished pieces of the film, each with its receipt."""
        return self.root / "segments"

    @property
    def clips(self) -> Path:
        """Footage of backends that make files."""
        return self.root / "clips"

    @property
    def enlarged(self) -> Path:
        """Enlarged copies of clips; made when there is one."""
        return self.clips / "upscaled"

    @property
    def stills(self) -> Path:
        """Pictures of image backends."""
        return self.root / "stills"

    @property
    def references(self) -> Path:
        """Pictures of who and what must look the same in every scene; made when there is one."""
        return self.root / "references"

    @property
    def answers(self) -> Path:
        """What language models answered, by content; made when there is one."""
        return self.root / "answers"

    @property
    def judgement_file(self) -> Path:
        """What a judge said about the film (`FilmJudgement`)."""
        return self.root / "judge.json"

    @property
    def thumbs(self) -> Path:
        """Small pictures of each scene, for the report."""
        return self.root / "thumbs"

    @property
    def scratch(self) -> Path:
        """Half-made things; emptied at the start of each run."""
        return self.root / "scratch"

    @property
    def logs(self) -> Path:
        """Logs of runs."""
        return self.root / "logs"


def own_name(song: Path) -> str:
    """Name what belongs to a song: its stem, or its whole name where another song beside it has that stem's folder."""
    stem = safe_stem(song.stem)
    try:
        owner = Song.load(song.with_name(stem + FOLDER_ENDING) / SONG_FILE).file_name
        is_of_another = owner not in (song.name, as_written(song.name)) and song.with_name(owner).is_file()
    except (OSError, ValueError, BadEditError):
        return stem
    return safe_stem(song.name) if is_of_another else stem


def as_written(name: str) -> str:
    """Give a file name as our records hold it, where it must be text."""
    return name.encode("utf-8", errors="replace").decode("utf-8")


def film_path(song: Path, out: Path | None, project: Project | None = None) -> Path:
    """Choose where the film goes: `out`, or `song.mp4` beside the song. Never the song itself.

    A folder as `out` gets a film named after the song. Without `out`, a file that is there and is no film of this song
    is left alone: the film is `song film.mp4` then.

    Raises:
        UsageError: `out` is the song, or does not end in .mp4.
        CannotCreateError: Both names are taken.
    """
    if out is None:
        return _free_film_path(song, project)
    try:
        if out.is_dir():
            out = out / (own_name(song) + FILM_ENDING)
        is_song = out.exists() and song.exists() and out.samefile(song)
    except OSError as exc:
        raise write_trouble(out, exc) from exc
    if out.suffix.lower() != FILM_ENDING:
        raise UsageError(f"--out {out.name!r} does not end in {FILM_ENDING}.", "Films are MP4 files: name it film.mp4.")
    if is_song:
        raise UsageError("--out names the song itself.", "Choose another name for the film.")
    return out


def _free_film_path(song: Path, project: Project | None) -> Path:
    name = own_name(song)
    first, second = song.with_name(name + FILM_ENDING), song.with_name(name + " film" + FILM_ENDING)
    # By ending and not by path: `Song.MP4` and `Song.mp4` are one file on macOS and Windows.
    if song.suffix.lower() != FILM_ENDING and _may_replace(first, song, project):
        return first
    if _may_replace(second, song, project):
        return second
    raise CannotCreateError(
        f"{second} is there already and is no film of this song.", "Name the film with --out, or move that file away."
    )


def _may_replace(film: Path, song: Path, project: Project | None) -> bool:
    """Whether a film may take this place: nothing is there, or a film that we made of this song."""
    if not os.path.lexists(film):
        return True
    if not index_says(film, MADE_WITH):
        return False
    if project is None or project.root == Project.beside(song).root or not _has_namesake(song):
        return True
    try:
        return Path(FilmReceipt.load(project.film_receipt).film).name == film.name
    except (OSError, BadEditError):
        return False


def _has_namesake(song: Path) -> bool:
    """Whether another song with the same stem lies beside this one."""
    return any(song.with_suffix(ending).is_file() for ending in SONG_ENDINGS - {song.suffix.lower()})
