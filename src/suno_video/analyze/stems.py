"""Stems of a song: the drums or the voice alone. Found by name, believed only where they are heard in the song.

Names are those that Suno gives (`Title (Vocals).mp3`, `0 Lead Vocals.wav` in `Title Stems/`) and those of separators
(`vocals.wav`, `drums.flac`). Names are hostile input: they are matched, and shown without control characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from suno_video.analyze.spectra import Spectra, measure_spectra
from suno_video.analyze.tags import clean_text
from suno_video.core.errors import BadSongError, NoSuchInputError, SongTooLongError
from suno_video.media.audio import open_sound

StemRole: TypeAlias = Literal["vocals", "backing", "drums", "percussion", "bass", "instrumental", "other"]

USED_ROLES: tuple[StemRole, ...] = ("drums", "vocals")
"""Roles that sharpen something: the others are known, and left alone."""
_ENDINGS = frozenset({".mp3", ".wav", ".flac", ".ogg", ".opus", ".m4a", ".aac", ".aiff", ".aif"})
_MAX_FILES = 500
# The first that fits: `backing vocals` are no lead, `instrumental` is all but the voice.
_ROLES: tuple[tuple[StemRole, str], ...] = (
    ("backing", r"(backing|background|harmony|harmonies|choir|bgv)([ _-]*(vocals?|vox|voices?))?"),
    ("instrumental", r"instrumental|accompaniment|karaoke|no[ _-]*vocals?|minus[ _-]*one|music only"),
    ("vocals", r"(lead[ _-]*)?(vocals?|vox|voice|acapella|a cappella)"),
    ("percussion", r"percussion"),
    ("drums", r"drums?|beats?|drum[ _-]*kit"),
    ("bass", r"bass"),
    ("other", r"guitars?|keyboards?|keys|piano|synths?|strings|brass|woodwinds?|fx|effects|other|lead|pads?"),
)
_NUMBERED = re.compile(r"^\d{1,2}[ ._-]+")
_FOLDERS = ("{} Stems", "{} stems", "{} (Stems)", "{}-stems", "{}_stems", "{}.stems")
_LENGTH_TOLERANCE_S, _LENGTH_TOLERANCE = 1.5, 0.01
_MOST_SPREAD_DB = 10.0
_SILENT_DB = -65.0


@dataclass(frozen=True)
class Stem:
    """A file that is one part of a song, by its name."""

    role: StemRole
    path: Path

    @property
    def shown_name(self) -> str:
        """Its file name, safe to show."""
        return clean_text(self.path.name, 120) or self.role


def stem_role(name: str, song_stem: str | None = None) -> StemRole | None:
    """Say which part a file is, by its name without ending; None where the name does not say so.

    Args:
        song_stem: Name of the song: what follows it must be the role and nothing else. None: the file lies among stems,
            where the role may follow any title.
    """
    rest = name.strip()
    if song_stem is not None:
        if not rest.casefold().startswith(song_stem.casefold()):
            return None
        rest = rest[len(song_stem) :]
        if not rest[:1] or rest[0] not in " ([_-.":
            return None
    rest = _NUMBERED.sub("", rest[-120:].strip(" ()[]_-.")).casefold()
    for role, pattern in _ROLES:
        if re.fullmatch(pattern, rest):
            return role
    if song_stem is None:
        last = re.search(r"[ _([.-]([^()\[\]_.-]+)[)\]]?$", rest)
        if last is not None:
            return next((role for role, pattern in _ROLES if re.fullmatch(pattern, last[1].strip())), None)
    return None


def find_stems(song: Path, folder: Path | None = None) -> tuple[Stem, ...]:
    """Find the stems of a song, one per role, in order of their names.

    Args:
        folder: Where they lie; None: beside the song under its name, or in a folder of stems with its name.

    Raises:
        NoSuchInputError: The folder that was named is not there, or holds nothing that is a stem by its name.
    """
    if folder is not None:
        return _stems_in(folder)
    found = list(_beside(song))
    for pattern in _FOLDERS:
        place = song.with_name(pattern.format(song.stem))
        if not found and _is_folder(place):
            found = [stem for stem in _named(place, None) if stem.path.name != song.name]
    return _one_each(found)


def _stems_in(folder: Path) -> tuple[Stem, ...]:
    if not _is_folder(folder):
        raise NoSuchInputError(f"{str(folder)!r} is no folder of stems.", "Name the folder that holds them.")
    found = _one_each(list(_named(folder, None)))
    if not found:
        raise NoSuchInputError(
            f"No file in {str(folder)!r} is a stem by its name.", "Name them vocals.wav, drums.wav and so on."
        )
    return found


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _beside(song: Path) -> Iterator[Stem]:
    return _named(song.parent, song.stem)


def _named(folder: Path, song_stem: str | None) -> Iterator[Stem]:
    try:
        names = sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS)[:_MAX_FILES]
    except OSError:
        return
    for path in names:
        role = stem_role(path.stem, song_stem)
        if role is not None and path.is_file():
            yield Stem(role, path)


def _one_each(found: list[Stem]) -> tuple[Stem, ...]:
    roles: dict[StemRole, Stem] = {}
    for stem in found:
        roles.setdefault(stem.role, stem)
    return tuple(roles.values())


def used_stems(stems: tuple[Stem, ...]) -> tuple[Stem, ...]:
    """Those that sharpen something."""
    return tuple(stem for stem in stems if stem.role in USED_ROLES)


@dataclass(frozen=True)
class HeardStems:
    """Stems that were listened to and belong to the song."""

    spectra: dict[StemRole, Spectra]
    notes: tuple[str, ...] = ()
    """Which were refused, and why."""


def hear_stems(stems: tuple[Stem, ...], mix: Spectra) -> HeardStems:
    """Listen to the stems that are of use; one that is damaged or of another song is left out with a note."""
    heard: dict[StemRole, Spectra] = {}
    notes = []
    for stem in used_stems(stems):
        try:
            with open_sound(stem.path, max_duration_s=mix.duration_s + 60) as sound:
                spectra = measure_spectra(sound)
        except (BadSongError, NoSuchInputError, SongTooLongError) as exc:
            notes.append(f"the stem {stem.shown_name} was left out: {exc.message}")
            continue
        doubt = doubt_stem(spectra, mix)
        if doubt is None:
            heard[stem.role] = spectra
        else:
            notes.append(f"the stem {stem.shown_name} was left out: {doubt}")
    return HeardStems(heard, tuple(notes))


def doubt_stem(stem: Spectra, mix: Spectra) -> str | None:
    """Say why a stem cannot belong to a song; None where it can. A silent stem belongs: nobody sings, or drums.

    Where a stem is loud, the song is at least as loud, and by the same amount all along; another song is at times much
    softer there.
    """
    away_s = abs(stem.duration_s - mix.duration_s)
    if away_s > max(_LENGTH_TOLERANCE_S, _LENGTH_TOLERANCE * mix.duration_s):
        return f"it lasts {stem.duration_s:.1f} s, the song {mix.duration_s:.1f} s"
    n = min(stem.n, mix.n) // 10 * 10
    if n == 0 or float(stem.mel_db[:n].max()) < _SILENT_DB:
        return None
    # Peaks of a tenth of a second forgive what an encoder shifts.
    alone, whole = (each.mel_db[:n].reshape(n // 10, 10, -1).max(axis=1).astype(np.float32) for each in (stem, mix))
    loud = alone > max(float(np.percentile(alone, 80)), float(alone.max()) - 40)
    above = (whole - alone)[loud]
    low, middle = np.percentile(above, [10, 50])
    if middle - low > _MOST_SPREAD_DB:
        return "it is not heard in the song"
    return None
