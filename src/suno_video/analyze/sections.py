"""Sections with names: silence, intro, verse, chorus, drop ... from the form of a song and how it rises and falls."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.form import BarTable, Form, bar_likeness, bar_novelty, find_form, tabulate_bars
from suno_video.analyze.naming import bar_intensity, has_drops, join_builds, join_tail, name_parts, relative_levels
from suno_video.analyze.onsets import Onsets
from suno_video.analyze.spectra import RATE_HZ, Spectra
from suno_video.analyze.tagged import TaggedForm, TaggedPart, lay_tags
from suno_video.analyze.voices import Voices
from suno_video.analyze.wanted import WantedPart, wanted_parts
from suno_video.core.analysis import Section, SectionLabel
from suno_video.core.grid import BeatGrid
from suno_video.core.song import Lyrics

MIN_SILENCE_S = 2.0
_HEARD_POWER = 1e-7  # -70 LUFS or so, the absolute gate of BS.1770
_LEAST_FIT = 0.35
"""Tags that fit worse belong to another song, or another cut of it, and are not believed."""
_LONG_GAP = 16  # bars without a tag from which there may be several parts
_DROP_GENRES = re.compile(
    r"\b(edm|house|techno|trance|dubstep|drum (and|&|n) bass|dnb|d&b|jungle|hardstyle|electro|garage|future bass"
    r"|big room|rave|breakbeat|psytrance|brostep|riddim|bass music|dance)\b",
    re.IGNORECASE,
)


def leading_silence_s(spectra: Spectra) -> float:
    """How long the song is silent before it begins; the whole song when it never does."""
    heard = np.flatnonzero(spectra.weighted > _HEARD_POWER)
    return float(heard[0]) / RATE_HZ if len(heard) else spectra.duration_s


def trailing_silence_s(spectra: Spectra) -> float:
    """How long the song is silent after its last sound."""
    heard = np.flatnonzero(spectra.weighted > _HEARD_POWER)
    return max(0.0, spectra.duration_s - float(heard[-1] + 1) / RATE_HZ) if len(heard) else spectra.duration_s


def find_sections(
    spectra: Spectra,
    onsets: Onsets,
    beats: BeatGrid,
    genre: str | None = None,
    lyrics: Lyrics | None = None,
    voices: Voices | None = None,
) -> tuple[Section, ...]:
    """Cut a song into sections that tile it exactly; leading silence of two seconds or more is one of its own.

    Args:
        genre: As the tags of the file say; decides whether the loudest parts are called chorus or drop.
        lyrics: Their section tags are laid over what is heard, and name the parts where they fit.
        voices: Who sings when.
    """
    start_s = leading_silence_s(spectra)
    if start_s >= spectra.duration_s - 0.25:
        return (_silence(0.0, spectra.duration_s),)
    has_lead = start_s >= MIN_SILENCE_S
    # The first bar of the music is a better border than the first sample above a threshold.
    if has_lead and beats.downbeats_s and abs(beats.downbeats_s[0] - start_s) < 0.3:
        start_s = beats.downbeats_s[0]
    end_s = spectra.duration_s - trailing_silence_s(spectra)
    table = tabulate_bars(spectra, onsets.flux, beats, start_s if has_lead else 0.0, end_s)
    wanted = wanted_parts(lyrics)
    heard = find_form(table)
    sung = voices.per_bar(table.edges_s) if voices is not None else np.full(table.n, 0.5)
    laid = lay_tags(table, bar_novelty(table), wanted, sung, bar_intensity(table)) if wanted else None
    if laid is not None and laid.fit >= _LEAST_FIT:
        form, labels = _named_by_tags(table, heard, laid, sung)
    else:
        form = join_tail(table, heard)
        drops = _wants_drops(genre, wanted)
        labels = name_parts(table, form, electronic=has_drops(table, form) if drops is None else drops)
        form, labels = join_builds(form, labels)
    parts = _make_sections(table, form, labels, beats.confidence, spectra.duration_s)
    return (_silence(0.0, parts[0].start_s), *parts) if has_lead else parts


def _named_by_tags(
    table: BarTable, heard: Form, laid: TaggedForm, sung: NDArray[np.float64]
) -> tuple[Form, list[SectionLabel]]:
    """Take the tagged parts, and name what lies between them by ear."""
    parts = _without_splinters(laid.parts, table.n)
    parts = [piece for part in parts for piece in _cut_gap(part, heard)]
    labels = [part.label or _name_gap(table, parts, i, sung) for i, part in enumerate(parts)]
    joined = [i for i in range(len(parts)) if i == 0 or labels[i] != labels[i - 1] or parts[i].label is not None]
    names = [labels[i] for i in joined]
    kinds = list(dict.fromkeys(names))
    clear = dict(zip(heard.borders, heard.clearness, strict=False))
    clearness = tuple(0.5 * laid.fit + 0.5 * clear.get(parts[i].start, 0.3) for i in joined)
    borders = (*(parts[i].start for i in joined), table.n)
    return Form(borders, tuple(kinds.index(name) for name in names), clearness), names


def _without_splinters(parts: tuple[TaggedPart, ...], n: int) -> list[TaggedPart]:
    """Count a few bars without a tag to the part they lead into or echo."""
    out = list(parts)
    if len(out) > 1 and out[-1].label is None and out[-1].stop - out[-1].start < (5 if out[-2].label == "outro" else 2):
        out[-2:] = [TaggedPart(out[-2].start, n, out[-2].label)]
    if len(out) > 1 and out[0].label is None and out[0].stop < (5 if out[1].label == "intro" else 2):
        out[:2] = [TaggedPart(0, out[1].stop, out[1].label)]
    return out


def _cut_gap(part: TaggedPart, heard: Form) -> list[TaggedPart]:
    """Cut a long stretch without a tag where the sound changes."""
    if part.label is not None or part.stop - part.start < _LONG_GAP:
        return [part]
    inner = [border for border in heard.borders if part.start + 4 <= border <= part.stop - 4]
    edges = [part.start, *inner, part.stop]
    return [TaggedPart(a, b, None) for a, b in zip(edges, edges[1:], strict=False)]


def _name_gap(table: BarTable, parts: list[TaggedPart], index: int, sung: NDArray[np.float64]) -> SectionLabel:
    """Name what no tag names: the ends by their place, what is sung by what it sounds like, the rest is played."""
    part = parts[index]
    if index == 0:
        return "intro"
    if index == len(parts) - 1 and part.stop - part.start <= _LONG_GAP:
        return "outro"
    if float(sung[part.start : part.stop].mean()) < 0.5:
        return "solo"
    likeness = bar_likeness(table)[part.start : part.stop]
    known = [other for other in parts if other.label in ("verse", "chorus", "prechorus", "bridge")]
    scores = {
        other.label: float(likeness[:, other.start : other.stop].max(axis=1).mean())
        for other in known
        if other.label is not None
    }
    return max(scores, key=lambda label: scores[label]) if scores else "other"


def _make_sections(
    table: BarTable, form: Form, labels: list[SectionLabel], confidence: float, duration_s: float
) -> tuple[Section, ...]:
    levels = relative_levels(table, form)
    edges = [round(float(table.edges_s[border]), 4) for border in form.borders]
    edges[-1] = duration_s
    return tuple(
        Section(
            start_s=edges[i],
            end_s=edges[i + 1],
            label=labels[i],
            group=_letter(form.groups[i]),
            energy=levels[i],
            confidence=round(0.3 + 0.6 * form.clearness[i] * max(0.3, confidence), 3),
        )
        for i in range(len(form.groups))
    )


def _wants_drops(genre: str | None, wanted: tuple[WantedPart, ...]) -> bool | None:
    """What people wrote about it: drops, a chorus, or nothing (None)."""
    names = {part.label for part in wanted}
    if "drop" in names:
        return True
    if "chorus" in names:
        return False
    return bool(_DROP_GENRES.search(genre)) if genre else None


def _silence(start_s: float, end_s: float) -> Section:
    return Section(start_s=start_s, end_s=end_s, label="silence", group="-", energy=0.0, confidence=1.0)


def _letter(number: int) -> str:
    return chr(65 + number) if number < 26 else chr(65 + number // 26 - 1) + chr(65 + number % 26)
