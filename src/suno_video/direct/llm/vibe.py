"""A language model listens: tempo, genre, moods, structure, instruments, voices; asked with the sound and the cover."""

from __future__ import annotations

import math
import mimetypes
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict

from suno_video.core.analysis import SectionLabel
from suno_video.core.song import Song
from suno_video.core.text import without_addresses
from suno_video.core.vibe import (
    MAX_BPM,
    MAX_INSTRUMENTS,
    MAX_MOODS,
    MAX_SECTIONS,
    HeardSection,
    MoodStep,
    Vibe,
    VocalKind,
)
from suno_video.direct.keys import key_name, parse_key
from suno_video.direct.lint import cut_text
from suno_video.direct.llm.question import Adviser, Attachment, Question
from suno_video.direct.llm.shapes import Line, Name, Short
from suno_video.direct.llm.template import fill_template, template_version
from suno_video.direct.llm.treatment import lyric_lines

Step = TypeVar("Step", MoodStep, HeardSection)

MIN_GAP_S = 1.0
"""Parts that begin closer together are one."""
_SAID: dict[str, SectionLabel] = {
    "pre_chorus": "prechorus",
    "refrain": "chorus",
    "hook": "chorus",
    "post_chorus": "chorus",
    "interlude": "breakdown",
    "instrumental": "solo",
    "middle_eight": "bridge",
    "buildup": "build",
    "build_up": "build",
    "ending": "outro",
    "coda": "outro",
}


def _number(value: Any) -> float:
    """A number out of `128`, `"128 bpm"` or `"1:05"`; 0 out of anything else."""
    if isinstance(value, bool):
        return 0.0
    if isinstance(value, str):
        clock = re.match(r"\s*(\d{1,3}):(\d{1,2}(?:\.\d+)?)", value)
        if clock is not None:
            return 60.0 * int(clock[1]) + float(clock[2])
        found = re.match(r"\s*(\d{1,6}(?:\.\d+)?)", value)
        value = float(found[1]) if found else 0.0
    return float(value) if isinstance(value, int | float) and math.isfinite(value) and 0 <= value < 1e6 else 0.0


def _label(value: Any) -> str:
    word = re.sub(r"[\s_-]+", "_", value.strip().lower()[:40]) if isinstance(value, str) else ""
    word = re.sub(r"_?\d+$", "", word)
    return word if word in get_args(SectionLabel) else _SAID.get(word, "other")


def _vocals(value: Any) -> str:
    word = value.strip().lower()[:40] if isinstance(value, str) else ""
    return word if word in get_args(VocalKind) else "none" if word.startswith("instrumental") else "unclear"


def _first(n: int) -> BeforeValidator:
    def read(value: Any) -> list[Any]:
        parts = re.split(r"[,;]", value[:1000]) if isinstance(value, str) else value
        return list(parts[:n]) if isinstance(parts, Sequence) else []

    return BeforeValidator(read)


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)


class SaidMood(_Said):
    """A mood, and from when on it holds."""

    start_s: Annotated[float, BeforeValidator(_number)] = 0.0
    mood: Short


class SaidSection(_Said):
    """A part of the song."""

    start_s: Annotated[float, BeforeValidator(_number)] = 0.0
    label: Annotated[SectionLabel, BeforeValidator(_label)]


class SaidVibe(_Said):
    """A song as it was heard. Lenient: what can be read is read."""

    tempo_bpm: Annotated[float, BeforeValidator(_number)]
    key: Name = ""
    genre: Short = ""
    instruments: Annotated[list[Short], _first(MAX_INSTRUMENTS)] = []
    moods: Annotated[list[SaidMood], _first(MAX_MOODS)] = []
    sections: Annotated[list[SaidSection], _first(MAX_SECTIONS)] = []
    vocals: Annotated[VocalKind, BeforeValidator(_vocals)] = "unclear"
    summary: Line = ""


def vibe_question(song: Song, sound: Path, *, cover: Path | None = None) -> Question[SaidVibe]:
    """Ask for what is heard.

    Args:
        sound: The song itself; whoever asks the service makes it small.
        cover: The cover picture, a PNG.
    """
    prompt = fill_template(
        "vibe",
        seconds=round(song.duration_s),
        song={"title": song.title, "artist": song.artist, "genre": song.genre},
        lyrics=lyric_lines(song.lyrics),
        has_cover=cover is not None,
        labels=[label for label in get_args(SectionLabel) if label != "silence"],
    )
    pictures = (Attachment(cover, "image/png", "The cover of the song"),) if cover is not None else ()
    return Question(
        "vibe",
        prompt.version,
        prompt.system,
        prompt.text,
        SaidVibe,
        role="listen",
        attachments=(Attachment(sound, _media_type(sound), "The song"), *pictures),
        check=lambda answer: _faults(answer, song.duration_s),
        max_tokens=4096,
    )


def vibe_version(adviser: Adviser) -> str:
    """Name who listens, with the version of what is asked."""
    return f"{adviser.name}, {template_version('vibe')}"


def ask_for_vibe(song: Song, sound: Path, adviser: Adviser, *, cover: Path | None = None) -> Vibe:
    """Let a language model listen. Raises `NoAnswer`."""
    said = adviser.ask(vibe_question(song, sound, cover=cover))
    key = parse_key(said.key)
    moods = [MoodStep(start_s=each.start_s, mood=_words(each.mood, 80)) for each in said.moods if _words(each.mood, 80)]
    sections = [HeardSection(start_s=each.start_s, label=each.label) for each in said.sections]
    return Vibe(
        song_sha256=song.sha256,
        heard_by=vibe_version(adviser)[:300],
        tempo_bpm=round(min(said.tempo_bpm, MAX_BPM), 1),
        key=key_name(key) if key is not None else None,
        genre=_words(said.genre, 80),
        moods=tuple(_within(moods, song.duration_s)),
        sections=tuple(_within(sections, song.duration_s)),
        instruments=tuple(dict.fromkeys(filter(None, (_words(name, 80) for name in said.instruments)))),
        vocals=said.vocals,
        summary=_words(said.summary, 600),
    )


def _within(steps: Iterable[Step], duration_s: float) -> list[Step]:
    """Steps in order of time, those within the song, the first from its beginning, none right after another."""
    found: list[Step] = []
    for step in sorted(steps, key=lambda each: each.start_s):
        if step.start_s < duration_s and (not found or step.start_s - found[-1].start_s >= MIN_GAP_S):
            found.append(step if found else step.model_copy(update={"start_s": 0.0}))
    return found


def _words(text: str, max_chars: int) -> str:
    return cut_text(" ".join(without_addresses(text).split()), max_chars)


def _faults(answer: SaidVibe, duration_s: float) -> list[str]:
    starts = [*(part.start_s for part in answer.sections), *(step.start_s for step in answer.moods)]
    late = [start_s for start_s in starts if start_s > duration_s + 1]
    faults = [f"The song ends at {duration_s:.0f} s; {late[0]:.0f} s is after that."] if late else []
    if duration_s >= 60 and not answer.sections:
        faults.append("Say how the song is built: its sections are missing.")
    if answer.tempo_bpm and not 20 <= answer.tempo_bpm <= MAX_BPM:
        faults.append(f"{answer.tempo_bpm:g} beats per minute is no tempo of a song; 0 says that there is no beat.")
    return faults


def _media_type(sound: Path) -> str:
    kind = mimetypes.guess_type(sound.name)[0] or ""
    return kind if kind.startswith("audio/") else "audio/mpeg"
