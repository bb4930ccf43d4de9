"""The texts of a release from a language model: asked for, looked through, cut by the limits that rules keep."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from suno_video.core.analysis import SongAnalysis
from suno_video.core.release import MAX_TAGS, MAX_TITLE, Chapter, ReleaseTexts, tidy_texts
from suno_video.core.song import Lyrics, Song
from suno_video.core.storyboard import Storyboard
from suno_video.core.text import clean_line, clean_lines, cut_text, has_address, without_addresses
from suno_video.direct.llm.question import Adviser, Question
from suno_video.direct.llm.template import fill_template, template_version
from suno_video.direct.llm.treatment import lyric_lines

MAX_DESCRIPTION = 1500
MIN_LYRIC_CHARS = 12
MAX_QUOTED_LINES = 1
CALLS = re.compile(
    r"\b(?:subscribe|smash\s+that|like\s+and\s+|follow\s+(?:me|us|for)|link\s+in\s+bio)\b", re.IGNORECASE
)


def _texts(n: int, max_chars: int) -> BeforeValidator:
    def read(value: Any) -> list[str]:
        parts = re.split(r"[,\n]", value[: 2 * n * max_chars]) if isinstance(value, str) else value
        if not isinstance(parts, Sequence):
            return []
        return [part[: 4 * max_chars] for part in parts[:n] if isinstance(part, str)]

    return BeforeValidator(read)


def _text(max_chars: int) -> BeforeValidator:
    return BeforeValidator(lambda value: value[: 8 * max_chars] if isinstance(value, str) else "")


class ReleaseIdea(BaseModel):
    """What a film is released with. Lenient: everything is cleaned and cut afterwards."""

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)

    title: Annotated[str, _text(MAX_TITLE)]
    """With the song's title in it; at most 100 characters."""
    description: Annotated[str, _text(MAX_DESCRIPTION)]
    tags: Annotated[list[str], _texts(MAX_TAGS, 60)] = []
    hashtags: Annotated[list[str], _texts(MAX_TAGS, 40)] = []
    visual_style: Annotated[str, _text(600)] = ""
    alt_text: Annotated[str, _text(400)] = ""
    chapter_titles: Annotated[list[str], _texts(50, 40)] = []
    """One for each chapter that was given, in their order."""


def release_question(
    song: Song, analysis: SongAnalysis, board: Storyboard | None, chapters: Sequence[Chapter]
) -> Question[ReleaseIdea]:
    """Ask for the texts.

    Args:
        chapters: Those of the film; the model may name them, and move none.
    """
    prompt = fill_template(
        "release",
        song={"title": song.title, "artist": song.artist, "album": song.album, "genre": song.genre},
        heard={
            "seconds": round(analysis.duration_s),
            "tempo_bpm": round(analysis.tempo_bpm),
            "key": analysis.key,
            "moods": analysis.moods,
        },
        lyrics=lyric_lines(song.lyrics),
        film=_film(board),
        max_description=MAX_DESCRIPTION,
        chapters=[{"start_s": each.start_s, "section": each.title} for each in chapters],
    )

    def check(answer: ReleaseIdea) -> Sequence[str]:
        return find_faults(answer, song, len(chapters))

    return Question("release", prompt.version, prompt.system, prompt.text, ReleaseIdea, check=check, max_tokens=4096)


def release_version(adviser: Adviser) -> str:
    """Name who writes, with the version of what is asked."""
    return f"{adviser.name}, {template_version('release')}"


def ask_for_texts(
    song: Song, analysis: SongAnalysis, board: Storyboard | None, adviser: Adviser, *, plain: ReleaseTexts
) -> ReleaseTexts:
    """Let a language model write the texts.

    Args:
        plain: What rules wrote: it gives the chapters, and whatever the answer lacks.

    Raises:
        NoAnswer: There is none to be had.
    """
    idea = adviser.ask(release_question(song, analysis, board, plain.chapters))
    titles = idea.chapter_titles if len(idea.chapter_titles) == len(plain.chapters) else []
    named = [
        Chapter(start_s=chapter.start_s, title=clean_line(without_addresses(title), 60) or chapter.title)
        for chapter, title in zip(plain.chapters, titles or [each.title for each in plain.chapters], strict=True)
    ]
    return tidy_texts(
        song_sha256=song.sha256,
        writer=adviser.name,
        title=without_addresses(idea.title) if _holds_title(idea.title, song) else plain.title,
        description=_told(idea.description) or plain.description,
        tags=[*map(without_addresses, idea.tags)] or plain.tags,
        hashtags=idea.hashtags or plain.hashtags,
        visual_style=without_addresses(cut_text(idea.visual_style, lambda text: len(text) <= 600))
        or plain.visual_style,
        alt_text=without_addresses(cut_text(idea.alt_text, lambda text: len(text) <= 400)) or plain.alt_text,
        chapters=named,
    )


def find_faults(answer: ReleaseIdea, song: Song, n_chapters: int) -> list[str]:
    """Name what is wrong with an answer, in words for who gave it."""
    title, told = clean_line(answer.title, 4 * MAX_TITLE), answer.description
    every = "\n".join([title, told, answer.alt_text, answer.visual_style, *answer.tags, *answer.chapter_titles])
    n_titles = len(answer.chapter_titles)
    faults = {
        f"The title has {len(title)} characters; {MAX_TITLE} are the most.": len(title) > MAX_TITLE,
        "The title must not have < or > in it.": "<" in title and "<" not in song.title,
        f"The title must have the song's title in it: {song.title}": not _holds_title(title, song),
        f"The description is longer than {MAX_DESCRIPTION} characters.": len(told) > MAX_DESCRIPTION,
        "There is no description.": not told.strip(),
        "Leave out addresses of pages and mail.": has_address(every) and not has_address(song.title),
        "Leave out calls to subscribe, like or follow.": CALLS.search(told) is not None,
        f"Quote at most {MAX_QUOTED_LINES} line of the lyrics.": n_quoted(every, song.lyrics) > MAX_QUOTED_LINES,
        f"There are {n_chapters} chapters, and {n_titles} titles for them.": n_titles not in (0, n_chapters),
    }
    return [words for words, is_wrong in faults.items() if is_wrong]


def n_quoted(text: str, lyrics: Lyrics | None) -> int:
    """How many different lines of the lyrics stand in a text; lines of a word or two are nobody's."""
    said = _bare(text)
    lines = {_bare(line.text) for line in (lyrics.lines if lyrics else ())}
    return sum(len(line) >= MIN_LYRIC_CHARS and line in said for line in lines)


def _bare(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", text.casefold()).split())


def _holds_title(title: str, song: Song) -> bool:
    wanted = clean_line(song.title, MAX_TITLE)
    # Of a title that fills the whole line, its beginning is enough.
    return _bare(wanted)[:60] in _bare(title)


def _told(text: str) -> str:
    told = clean_lines(without_addresses(text), MAX_DESCRIPTION)
    return cut_text(told, lambda part: len(part) <= MAX_DESCRIPTION)


def _film(board: Storyboard | None) -> dict[str, Any] | None:
    if board is None:
        return None
    treatment = board.treatment
    return {
        "idea": treatment.logline,
        "motifs": [motif.idea for motif in treatment.motifs[:8]],
        "look": treatment.look,
        "style": treatment.style_words,
        "colours": treatment.palette,
    }
