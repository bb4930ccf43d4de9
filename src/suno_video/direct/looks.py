"""Looks: taste as data. Ours lie beside this file as TOML, a user's own in a folder that the caller names."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from suno_video.core.analysis import SongAnalysis
from suno_video.core.brief import Look
from suno_video.core.errors import BadEditError, UsageError
from suno_video.core.song import Song
from suno_video.core.storyboard import TransitionKind
from suno_video.core.toml import toml_fault, toml_faults, toml_reason
from suno_video.direct.genres import GENRE_MOODS

AUTO = "auto"
NAMED_GENRE = 2.6
"""Weight of the word by which looks know a genre; more than two moods that are heard."""


def load_looks(folder: Path | None = None, families: frozenset[str] | None = None) -> dict[str, Look]:
    """Load all looks by name, in order of name. A user's look replaces ours of the same name.

    Args:
        folder: Where the user keeps looks of their own; may be missing.
        families: Scene families that a user's look may name; None when nobody knows them yet.

    Raises:
        BadEditError: A look of the user's does not fit; names the file, the line and the reason.
    """
    looks = dict(_ours())
    for path in sorted(folder.glob("*.toml")) if folder and folder.is_dir() else ():
        look = load_look(path, families)
        looks[look.name] = look
    return dict(sorted(looks.items()))


@cache
def _ours() -> dict[str, Look]:
    looks = {}
    for entry in resources.files("suno_video.direct").joinpath("looks").iterdir():
        if entry.name.endswith(".toml"):
            look = read_look(entry.read_text(encoding="utf-8"), entry.name)
            looks[look.name] = look
    return looks


def load_look(path: Path, families: frozenset[str] | None = None) -> Look:
    """Read one look. Raises `BadEditError` with line and reason, and `OSError`."""
    try:
        return read_look(path.read_text(encoding="utf-8"), str(path), families)
    except UnicodeDecodeError as exc:
        raise BadEditError(str(path), [f"not UTF-8 text: {exc.reason} at byte {exc.start}"]) from exc


def read_look(text: str, source: str, families: frozenset[str] | None = None) -> Look:
    """Read a look from TOML. Raises `BadEditError` with line and reason."""
    try:
        look = Look.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as exc:
        raise BadEditError(source, [toml_reason(str(exc), text)]) from exc
    except ValidationError as exc:
        raise BadEditError(source, toml_faults(exc, text)) from exc
    reasons = [toml_fault(text, loc, reason) for loc, reason in _faults(look, families)]
    if reasons:
        raise BadEditError(source, reasons)
    return look


def _faults(look: Look, families: frozenset[str] | None) -> Iterator[tuple[tuple[str, ...], str]]:
    """What the record alone cannot know."""
    if look.name == AUTO or not look.name.strip():
        yield ("name",), f"{look.name!r} cannot be the name of a look"
    if not look.families.get("default"):
        yield ("families", "default"), "names no family, but has to serve the sections that have none of their own"
    kinds: dict[tuple[str, ...], tuple[str, ...]] = {("soft_transitions",): look.soft_transitions}
    kinds[("hard_transitions",)] = look.hard_transitions
    kinds |= {("entrances", label): names for label, names in look.entrances.items()}
    for place, names in kinds.items():
        for kind in names:
            if kind not in get_args(TransitionKind):
                yield place, f"there is no transition {kind!r}; there are {', '.join(get_args(TransitionKind))}"
    for label, names in look.families.items():
        for name in names:
            if families is not None and name not in families:
                yield ("families", label), f"there is no family {name!r}; there are {', '.join(sorted(families))}"


def choose_look(name: str, looks: dict[str, Look], song: Song, analysis: SongAnalysis) -> Look:
    """Take the look asked for; for `auto`, the one whose moods fit the song best.

    Raises:
        UsageError: There is no look of that name.
    """
    if name != AUTO:
        if name not in looks:
            raise UsageError(f"There is no look called {name!r}.", f"Use {AUTO}, {', '.join(looks)}.")
        return looks[name]
    weights = mood_weights(song, analysis)
    return max(looks.values(), key=lambda look: (_fit(look, weights), _lot(song, look)))


def mood_weights(song: Song, analysis: SongAnalysis) -> dict[str, float]:
    """Weigh the mood words of a song: what was heard first, then what genre, tempo and energy suggest."""
    weights: dict[str, float] = {}
    for rank, mood in enumerate(analysis.moods):
        weights[mood.lower()] = 1.0 / (1 + 0.5 * rank)
    genre = (song.genre or "").lower()
    # What is named first is what the song is: `lo-fi hip hop` is lo-fi, with something of hip hop.
    for rank, name in enumerate(_genres_in(genre)):
        for place, mood in enumerate(GENRE_MOODS[name]):
            weights[mood] = weights.get(mood, 0.0) + (NAMED_GENRE if place == 0 else 1.2) / (1 + rank)
    # Makers of songs write moods into the genre as well: `dark synthwave, dreamy, female vocals`.
    for mood in re.findall(r"[a-z]+", genre):
        weights[mood] = weights.get(mood, 0.0) + 1.2
    for mood in _suggested(analysis):
        weights[mood] = weights.get(mood, 0.0) + 0.35
    return weights


def _genres_in(text: str) -> list[str]:
    """Genres that a text names, in order; `drum and bass` is one, and `dance pop` is more than `pop`."""
    found = [match for name in GENRE_MOODS for match in re.finditer(rf"(?<![a-z]){re.escape(name)}(?![a-z])", text)]
    names: list[str] = []
    end = 0
    for match in sorted(found, key=lambda match: (match.start(), -len(match[0]))):
        if match.start() >= end and match[0] not in names:
            names.append(match[0])
            end = match.end()
    return names


def _suggested(analysis: SongAnalysis) -> list[str]:
    energy = sum(s.energy * (s.end_s - s.start_s) for s in analysis.sections) / analysis.duration_s
    moods = ["energetic"] if energy > 0.65 else ["calm"] if energy < 0.3 else []
    if analysis.tempo_bpm > 160 and energy > 0.5:
        moods.append("frantic")
    elif 0 < analysis.tempo_bpm < 80:
        moods.append("slow")
    elif analysis.tempo_bpm == 0:
        moods.append("serene")
    if analysis.key and analysis.key_confidence > 0.5:
        moods.append("dark" if "minor" in analysis.key else "bright")
    return moods


def _fit(look: Look, weights: dict[str, float]) -> float:
    # Rounded, so that float dust never decides; a look with few words is not worse off for it.
    return round(sum(weights.get(mood.lower(), 0.0) for mood in look.moods), 3)


def _lot(song: Song, look: Look) -> str:
    """Draw between looks that fit equally well: always the same for a song."""
    return hashlib.sha256(f"{song.sha256}/{look.name}".encode()).hexdigest()
