"""The idea of the film from a language model, laid over the treatment that rules wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from suno_video.core.character import Character
from suno_video.core.color import Palette, hex_to_srgb, linear_to_oklch, srgb_to_linear
from suno_video.core.song import Lyrics
from suno_video.core.storyboard import Treatment
from suno_video.direct.lint import find_faults, mend_prompt
from suno_video.direct.llm.question import Adviser, Attachment, Question
from suno_video.direct.llm.shapes import CharacterIdea, TreatmentIdea
from suno_video.direct.llm.template import fill_template
from suno_video.direct.rules import Draft
from suno_video.direct.treatment import write_treatment

MAX_LYRIC_LINES = 200
MAX_LYRIC_CHARS = 160
MIN_LIGHTNESS_SPAN = 0.35
"""From the darkest to the lightest stop, in OKLab: a palette with less makes a film in which nothing stands out."""

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def treatment_question(
    draft: Draft, *, cover: Path | None = None, vibe: dict[str, Any] | None = None
) -> Question[TreatmentIdea]:
    """Ask for the idea of the film.

    Args:
        cover: The cover picture, a PNG.
        vibe: What a model that listened said, as plain data.
    """
    song, analysis, look = draft.song, draft.analysis, draft.look
    names = [motif.name for motif in draft.treatment.motifs]
    prompt = fill_template(
        "treatment",
        song={"title": song.title, "artist": song.artist, "album": song.album, "genre": song.genre},
        heard={
            "seconds": round(analysis.duration_s),
            "tempo_bpm": round(analysis.tempo_bpm, 1),
            "key": analysis.key,
            "moods": analysis.moods,
            "sections": [
                {"from_s": round(part.start_s), "label": part.label, "motif": role.motif, "energy": part.energy}
                for part, role in zip(analysis.sections, draft.roles, strict=True)
            ],
        },
        vibe=vibe,
        lyrics=lyric_lines(song.lyrics),
        look={"name": look.name, "idea": look.idea, "style": look.style_words},
        has_cover=cover is not None,
        n_references=len(draft.brief.references),
        motifs=names,
    )

    def check(answer: TreatmentIdea) -> Sequence[str]:
        known = {idea.name for idea in answer.motifs if idea.idea}
        missing = [name for name in names if name not in known]
        # A few motifs may be missing: rules fill them. More than half is no treatment.
        return [f"No idea for the motifs {', '.join(missing)}."] if 2 * len(missing) > len(names) else []

    attachments = (Attachment(cover, "image/png", "The cover of the song"),) if cover is not None else ()
    return Question(
        "treatment", prompt.version, prompt.system, prompt.text, TreatmentIdea, attachments=attachments, check=check
    )


def ask_for_treatment(
    draft: Draft, adviser: Adviser, *, cover: Path | None = None, vibe: dict[str, Any] | None = None
) -> Draft:
    """Give the draft the idea of a language model. Raises `NoAnswer`."""
    idea = adviser.ask(treatment_question(draft, cover=cover, vibe=vibe))
    return replace(draft, treatment=_laid_over(draft, idea))


def lyric_lines(lyrics: Lyrics | None) -> list[str]:
    """Give the words of a song for a prompt: bounded, whatever is in the file."""
    lines = lyrics.lines if lyrics is not None else ()
    return [line.text[:MAX_LYRIC_CHARS] for line in lines[:MAX_LYRIC_LINES] if line.text.strip()]


def _laid_over(draft: Draft, idea: TreatmentIdea) -> Treatment:
    treatment, artist = draft.treatment, draft.song.artist
    ideas = {each.name: mend_prompt(each.idea, artist=artist, max_chars=300) for each in idea.motifs}
    palette = _palette(idea.palette)
    if palette is not None and _may_colour(draft):
        treatment = _in_colours(draft, palette)
    motifs = tuple(motif.model_copy(update={"idea": ideas.get(motif.name) or motif.idea}) for motif in treatment.motifs)
    return treatment.model_copy(
        update={
            "logline": mend_prompt(idea.logline, artist=artist, max_chars=300) or treatment.logline,
            "world": mend_prompt(idea.world, artist=artist, max_chars=300),
            "motifs": motifs,
            "characters": _characters(idea.characters, artist),
            "camera_language": mend_prompt(idea.camera_language, artist=artist, max_chars=300),
            "style_words": mend_prompt(idea.style_words, artist=artist, max_chars=160) or treatment.style_words,
            "never_show": tuple(filter(None, (_avoidable(words) for words in idea.never_show))),
        }
    )


def _characters(ideas: Sequence[CharacterIdea], artist: str | None) -> tuple[Character, ...]:
    """Characters with names of their own, described in words that may stand in a prompt."""
    found: dict[str, Character] = {}
    for idea in ideas:
        name = mend_prompt(idea.name, max_chars=40)
        traits = {
            field: mend_prompt(getattr(idea, field), artist=artist, max_chars=120)
            for field in ("face", "hair", "clothing", "age", "notes")
        }
        if name and any(traits.values()):
            found.setdefault(name.casefold(), Character(name=name, **traits))
    return tuple(found.values())


def _avoidable(words: str) -> str:
    """What is never shown may well name text and logos; addresses and code it may not."""
    harmless = all("text" in fault.reason for fault in find_faults(words))
    return words if harmless and len(words) <= 120 else ""


def _may_colour(draft: Draft) -> bool:
    """The user's word comes first: a look that was chosen has its colours, and so has a cover."""
    return draft.brief.look == "auto" and draft.analysis.cover_palette is None


def _palette(colors: Sequence[str]) -> Palette | None:
    """Five colours from dark to light; None where they are not five, or hardly differ."""
    known = [color.lower() for color in colors if _HEX.fullmatch(color)]
    if len(known) != 5:
        return None
    lightness = {color: float(linear_to_oklch(srgb_to_linear(hex_to_srgb(color))[None])[0, 0]) for color in known}
    a, b, c, d, e = sorted(known, key=lightness.__getitem__)
    return (a, b, c, d, e) if lightness[e] - lightness[a] >= MIN_LIGHTNESS_SPAN else None


def _in_colours(draft: Draft, palette: Palette) -> Treatment:
    """The treatment of the rules in other colours: each motif turned from them as it was from the look's."""
    look = draft.look.model_copy(update={"palette": palette})
    return write_treatment(draft.analysis, look, draft.world, draft.families)[0]
