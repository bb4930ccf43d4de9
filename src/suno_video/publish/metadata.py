"""Texts for a release by rules: what can be said of a song and its film that is true, and helps to find them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from suno_video.core.analysis import STEADY, SectionLabel, SongAnalysis
from suno_video.core.clock import clock
from suno_video.core.color import hex_to_srgb, linear_to_oklch, srgb_to_linear
from suno_video.core.gridtrust import TRUSTED_BEATS, grid_spans
from suno_video.core.release import MAX_TITLE, ReleaseTexts, tidy_texts
from suno_video.core.song import Lyrics, Song
from suno_video.core.storyboard import Storyboard, Treatment
from suno_video.core.text import clean_line, cut_text
from suno_video.publish.chapters import find_chapters

WRITER = "rules 1"
MAX_QUOTE = 120
"""Code points of the lyrics that are quoted, and never more than a quarter of them."""
MIN_QUOTE = 12
TRUSTED_KEY = 0.3

_PARTS: dict[SectionLabel, str] = {
    "verse": "verse",
    "chorus": "chorus",
    "bridge": "bridge",
    "drop": "drop",
    "breakdown": "breakdown",
    "solo": "solo",
}
_NUMBERS = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_HUES = ((12, "pink"), (36, "red"), (75, "orange"), (112, "yellow"), (165, "green"), (215, "teal"))
_HUES_ON = ((285, "blue"), (312, "violet"), (350, "magenta"), (361, "pink"))


@dataclass(frozen=True)
class _Known:
    """What the texts are made of."""

    song: Song
    analysis: SongAnalysis
    board: Storyboard | None

    @property
    def genres(self) -> list[str]:
        parts = re.split(r"[,;/|]", clean_line(self.song.genre or "", 200).lower())
        return [part.strip() for part in parts if 0 < len(part.strip()) <= 30][:3]

    @property
    def moods(self) -> list[str]:
        said = " ".join(self.genres)
        return [mood for mood in self.analysis.moods if mood not in said][:2]

    @property
    def treatment(self) -> Treatment | None:
        return self.board.treatment if self.board else None


def write_texts(song: Song, analysis: SongAnalysis, storyboard: Storyboard | None) -> ReleaseTexts:
    """Write the texts of a release by rules.

    Args:
        storyboard: The film; without one the texts are those of the song.
    """
    known = _Known(song, analysis, storyboard)
    return tidy_texts(
        song_sha256=song.sha256,
        writer=WRITER,
        title=full_title(song),
        description="\n\n".join(filter(None, _paragraphs(known))),
        tags=_tags(known),
        hashtags=_hashtags(known),
        visual_style=_visual_style(known),
        alt_text=_alt_text(known),
        chapters=find_chapters(analysis, storyboard),
    )


def full_title(song: Song) -> str:
    """`Artist – Title (music video)`; what does not fit is left out, the title last."""
    title, artist = clean_line(song.title, MAX_TITLE), clean_line(song.artist or "", MAX_TITLE)
    named = f"{artist} – {title}" if artist and artist.casefold() not in title.casefold() else title
    if len(named) > MAX_TITLE:
        return title
    said = f"{named} (music video)"
    return named if len(said) > MAX_TITLE or "video" in named.casefold() else said


def _paragraphs(known: _Known) -> Iterable[str]:
    yield quote_of(known.song.lyrics)
    yield " ".join(filter(None, (_sound(known), _form(known.analysis))))
    yield _film(known)
    yield f"From the album {clean_line(known.song.album, 100)}." if known.song.album else ""


def quote_of(lyrics: Lyrics | None) -> str:
    """The first line or two of the lyrics in quotation marks: at most a quarter of them, and `MAX_QUOTE` characters."""
    lines = [clean_line(line.text, 400) for line in (lyrics.lines if lyrics else ())]
    lines = [line for line in lines if line]
    room = min(MAX_QUOTE, sum(map(len, lines)) // 4)
    if not lines or room < MIN_QUOTE:
        return ""
    both = " / ".join(lines[:2])
    words = both if len(both) <= room else cut_text(lines[0], lambda text: len(text) <= room)
    return f"“{words}”" if words else ""


def _sound(known: _Known) -> str:
    song, analysis = known.song, known.analysis
    is_keyed = analysis.key is not None and analysis.key_confidence >= TRUSTED_KEY
    measured = [
        f"in {analysis.key}" if is_keyed else "",
        f"at {analysis.tempo_bpm:.0f} bpm" if analysis.tempo_bpm and analysis.beat_confidence >= TRUSTED_BEATS else "",
    ]
    kind = ", ".join([*known.genres, *known.moods, " ".join(filter(None, measured)), clock(analysis.duration_s)])
    name = clean_line(song.title, MAX_TITLE)
    by = f"{name} by {clean_line(song.artist, MAX_TITLE)}" if song.artist else name
    return f"{by}: {re.sub('(, )+', ', ', kind)}."


def _form(analysis: SongAnalysis) -> str:
    """`Two verses, three choruses and a bridge.`; empty where too little was told apart."""
    labels = [part.label for part in analysis.sections]
    met = [label for label, before in zip(labels, [None, *labels], strict=False) if label != before]
    counts = Counter(label for label in met if label in _PARTS)
    if len(counts) < 2 or max(counts.values()) >= len(_NUMBERS):
        return ""
    said = [_counted(counts[label], name) for label, name in _PARTS.items() if counts[label]]
    text = f"{', '.join(said[:-1])} and {said[-1]}."
    return text[0].upper() + text[1:]


def _counted(number: int, name: str) -> str:
    if number == 1:
        return f"a {name}"
    return f"{_NUMBERS[number]} {name}{'es' if name.endswith('s') else 's'}"


def _film(known: _Known) -> str:
    board = known.board
    if board is None:
        return ""
    steady_s = sum(end - start for start, end, verdict in grid_spans(known.analysis) if verdict in STEADY)
    cut = "on the bars of the song" if steady_s >= known.analysis.duration_s / 2 else "on its phrases"
    shots = f"{len(board.scenes)} shots, cut {cut}." if len(board.scenes) > 1 else "One shot, from beginning to end."
    return f"The film: {_sentence(board.treatment.logline)} {shots}"


def _tags(known: _Known) -> list[str]:
    song, name = known.song, clean_line(known.song.title, 60)
    artist = clean_line(song.artist or "", 60)
    genres = [*known.genres, *(f"{genre} music video" for genre in known.genres[:1])]
    look = known.treatment.look if known.treatment else ""
    measured = f"{known.analysis.tempo_bpm:.0f} bpm" if known.analysis.beat_confidence >= TRUSTED_BEATS else ""
    both = f"{artist} {name}" if artist else ""
    moods = [f"{mood} music" for mood in known.moods]
    album = clean_line(song.album or "", 60)
    said = [name, artist, both, "music video", *genres, *moods, album, measured, f"{look} visuals" if look else ""]
    return [tag for tag in said if tag]


def _hashtags(known: _Known) -> list[str]:
    # The first three are shown above the title at YouTube, and are all that X gets.
    first = [*known.genres[:1], known.song.artist or "", known.song.title]
    return [*first, "music video", *known.genres[1:], *known.moods]


def _visual_style(known: _Known) -> str:
    treatment = known.treatment
    if treatment is None:
        return ""
    ideas = " ".join(_sentence(motif.idea) for motif in treatment.motifs[:2])
    style = f"Style: {_sentence(treatment.style_words)}" if treatment.style_words else ""
    colours = f"Colours: {_listed(colour_names(treatment.palette))}."
    return " ".join(filter(None, (_sentence(treatment.logline), ideas, style, colours)))


def _alt_text(known: _Known) -> str:
    song, treatment = known.song, known.treatment
    by = f"“{clean_line(song.title, 100)}”" + (f" by {clean_line(song.artist, 100)}" if song.artist else "")
    if treatment is None:
        return f"The music video of {by}."
    first = {motif.name: motif.idea for motif in reversed(treatment.motifs)}
    loud = next((idea for name, idea in first.items() if name.startswith(("chorus", "drop"))), "")
    seen = [idea for idea in dict.fromkeys((treatment.motifs[0].idea if treatment.motifs else "", loud)) if idea]
    colours = f"In {_listed(colour_names(treatment.palette))}."
    return " ".join([f"The music video of {by}.", *map(_sentence, seen), colours])


def colour_names(palette: Sequence[str]) -> list[str]:
    """Name colours in plain words, each once: `dark violet`, `pale orange`, `grey`."""
    return list(dict.fromkeys(_colour_name(color) for color in palette))


def _colour_name(color: str) -> str:
    light, chroma, hue = (float(part) for part in linear_to_oklch(srgb_to_linear(hex_to_srgb(color))[None])[0])
    if light < 0.2 or (chroma < 0.03 and light < 0.3):
        return "black"
    if chroma < 0.03:
        return "white" if light > 0.93 else "pale grey" if light > 0.75 else "grey"
    degrees = float(np.degrees(hue)) % 360
    name = next(name for most, name in (*_HUES, *_HUES_ON) if degrees < most)
    return f"dark {name}" if light < 0.42 else f"pale {name}" if light > 0.85 else name


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def _sentence(text: str) -> str:
    line = clean_line(text, 300)
    line = line[:1].upper() + line[1:]
    return line if not line or line[-1] in ".!?…。！？" else f"{line}."
