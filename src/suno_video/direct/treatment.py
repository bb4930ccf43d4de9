"""The idea of the whole film: one motif for each kind of section, its colours, and how it grows when it returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from suno_video.core.analysis import Section, SectionLabel, SongAnalysis
from suno_video.core.brief import Look, PaletteRule
from suno_video.core.color import Palette
from suno_video.core.storyboard import Motif, Treatment
from suno_video.direct import palettes
from suno_video.direct.worlds import World

CHAPTER_S = 300.0
"""A song of more than eight minutes changes its world about every five."""

LONG_S = 480.0
ONE_OF_A_KIND = ("intro", "chorus", "drop", "bridge", "outro", "silence", "build", "breakdown")
"""Sections of these kinds share a motif even when they sound different."""

DROP_REACH_S = 1.5
"""A drop belongs to the section that begins so near to it."""

SPREAD: dict[PaletteRule, float] = {"neighbours": 1.0, "mono": 0.25, "wide": 1.6, "complement": 0.8}
"""How far the colours of the parts lie apart, against `TURN_DEG`."""
ACROSS: frozenset[SectionLabel] = frozenset({"chorus", "drop"})
"""Parts that `complement` gives the colours that lie across."""
ACROSS_DEG = 150.0
"""Not quite opposite: shadow and light of one picture would cancel out to grey where scenes are mixed."""

TURN_DEG: dict[SectionLabel, float] = {
    "prechorus": 12,
    "chorus": 24,
    "build": 32,
    "drop": -30,
    "breakdown": -20,
    "solo": 36,
}
GROWS: dict[SectionLabel, float] = {"chorus": 1.0, "drop": 1.0, "build": 0.7}
"""How far a motif grows by its last return; where nothing is said, less than half, so that choruses stand out."""

CHROMA: dict[SectionLabel, float] = {"intro": 0.85, "breakdown": 0.8, "chorus": 1.12, "drop": 1.2, "silence": 0.5}


@dataclass(frozen=True)
class Role:
    """What a section plays in the film."""

    motif: str
    growth: float
    """How far the motif has grown by now, 0..1."""
    times: int
    """1 when the motif is new, 2 when it is back for the first time."""
    calmer: bool
    """The outro comes back to the motif of the intro, and takes it easy."""
    goes_on: bool
    """The section before had the same motif."""


def write_treatment(
    analysis: SongAnalysis, look: Look, world: World, families: frozenset[str], *, chosen: bool = True
) -> tuple[Treatment, tuple[Role, ...]]:
    """Give each section its motif.

    Args:
        chosen: Whether the user named the look. If not, the colours of the cover come before those of the look.

    Returns:
        The treatment, and the role of each section, in order of the sections.
    """
    names = _motif_names(analysis)
    base = base_palette(analysis, look, chosen=chosen)
    motifs = _motifs(analysis, look, world, families, names, base)
    treatment = Treatment(
        logline=world.logline,
        look=look.name,
        moods=analysis.moods,
        palette=base,
        motifs=motifs,
        grade=look.grade,
        lut=look.lut,
        lut_amount=look.lut_amount,
        type_style=look.type_style,
        title_style=look.title_style,
        style_words=look.style_words,
    )
    return treatment, _roles(analysis, names)


def base_palette(analysis: SongAnalysis, look: Look, *, chosen: bool = True) -> Palette:
    """The colours of the film: the look's own, or those of the cover where the look or nobody says otherwise."""
    own = look.fallback_palette if look.palette == "cover" else look.palette
    if look.palette == "cover" or not chosen:
        return analysis.cover_palette or own
    return own


def _chapter(analysis: SongAnalysis, start_s: float) -> int:
    if analysis.duration_s <= LONG_S:
        return 0
    n_chapters = max(2, round(analysis.duration_s / CHAPTER_S))
    return min(int(start_s / analysis.duration_s * n_chapters), n_chapters - 1)


def _motif_names(analysis: SongAnalysis) -> list[str]:
    has_intro = any(section.label == "intro" for section in analysis.sections)
    names = []
    for section in analysis.sections:
        label = part_of(section, analysis)
        chapter = _chapter(analysis, section.start_s)
        if label == "outro" and has_intro:
            names.append("intro")  # whatever the chapter: the film ends where it began
            continue
        name = label if label in ONE_OF_A_KIND else f"{label} {section.group}"
        if label == "intro" or chapter == 0:
            names.append(name)
        else:
            names.append(f"{name} {chapter + 1}")
    if len(set(names)) == 1 and len(names) > 2:
        # One picture does not carry a film: where no parts were told apart, three take turns.
        names = [f"{name} {nth % 3 + 1}" for nth, name in enumerate(names)]
    return names


def drops_in(section: Section, analysis: SongAnalysis) -> bool:
    """Whether a drop is heard where a section begins."""
    return any(
        event.kind == "drop" and abs(event.start_s - section.start_s) <= DROP_REACH_S for event in analysis.events
    )


def part_of(section: Section, analysis: SongAnalysis) -> SectionLabel:
    """What a section is to the film: where a drop is heard and no name says more, it is one."""
    is_nameless = section.label in ("other", "verse", "solo", "build")
    return "drop" if is_nameless and drops_in(section, analysis) else section.label


def _roles(analysis: SongAnalysis, names: list[str]) -> tuple[Role, ...]:
    # Two sections in a row with one motif are one appearance of it, and not a return.
    goes_on = [name == before for name, before in zip(names, ["", *names], strict=False)]
    totals = Counter(name for name, same in zip(names, goes_on, strict=True) if not same)
    seen = Counter[str]()
    roles = []
    for section, name, same in zip(analysis.sections, names, goes_on, strict=True):
        seen[name] += 0 if same else 1
        calmer = section.label == "outro"
        grown = (seen[name] - 1) / max(2, totals[name] - 1) * GROWS.get(part_of(section, analysis), 0.4)
        growth = 0.0 if calmer else round(min(grown, 1.0), 3)
        roles.append(Role(name, growth, seen[name], calmer=calmer, goes_on=same))
    return tuple(roles)


def _motifs(
    analysis: SongAnalysis,
    look: Look,
    world: World,
    families: frozenset[str],
    names: list[str],
    base: Palette,
) -> tuple[Motif, ...]:
    motifs: dict[str, Motif] = {}
    alike = Counter[str]()
    before: str | None = None
    for section, name in zip(analysis.sections, names, strict=True):
        if name not in motifs:
            label = part_of(section, analysis)
            nth, chapter = alike[label], _chapter(analysis, section.start_s)
            alike[label] += 1
            own = _families_for(look, label, families, nth + chapter)
            motifs[name] = Motif(
                name=name,
                families=_turned(label, own, motifs, before, look, families),
                idea=world.idea_for(label, nth),
                palette=_palette_for(base, label, nth, chapter, look.palette_rule),
            )
        before = name
    return tuple(motifs.values())


def _turned(
    label: SectionLabel,
    own: tuple[str, ...],
    motifs: Mapping[str, Motif],
    before: str | None,
    look: Look,
    known: frozenset[str],
) -> tuple[str, ...]:
    """A drop shares no picture with what led up to it, and a bridge leads with one that was not seen before."""
    if label == "drop" and before is not None:
        seen = set(motifs[before].families)
    elif label == "bridge":
        seen = {family for motif in motifs.values() for family in motif.families}
    else:
        return own
    spare = [name for name in look.families.get("default", ()) if name in known and name not in own]
    fresh = [name for name in (*own, *spare) if name not in seen]
    if label == "drop":
        return tuple(fresh[: len(own)]) if len(fresh) >= 2 else own
    return (fresh[0], *(name for name in own if name != fresh[0])) if fresh else own


def _families_for(look: Look, label: SectionLabel, known: frozenset[str], nth: int) -> tuple[str, ...]:
    """Families that a look gives to a kind of section; the next motif of that kind leads with another."""
    own = [name for name in look.families.get(label, ()) if name in known]
    spare = [name for name in look.families.get("default", ()) if name in known and name not in own]
    own, spare = (own, spare) if own else (spare or sorted(known), [])
    turn = nth % len(own)
    # A motif needs two pictures at least, one that carries long passages three; a further motif brings one of its own.
    n_spare = max(0, (3 if label in ("verse", "chorus", "drop", "other") else 2) - len(own)) + (1 if nth else 0)
    return tuple(own[turn:] + own[:turn] + spare[:n_spare])


def _palette_for(base: Palette, label: SectionLabel, nth: int, chapter: int, rule: PaletteRule) -> Palette:
    turned = palettes.turn_over(base) if label == "bridge" else base
    # Motifs of one kind lie 15 degrees apart, left and right of the base in turn; chapters 40.
    aside = (15.0 * ((nth + 1) // 2)) * (1 if nth % 2 else -1) if not chapter else 0.0
    turn, aside = _turn_for(base, label, rule) + 40.0 * chapter, SPREAD[rule] * aside
    turn = _clearest(base, (turn + aside, turn - aside))
    if turn == 0 and label not in CHROMA:
        return turned
    return palettes.vary(turned, turn_deg=turn % 360, chroma=CHROMA.get(label, 1.0))


def _turn_for(base: Palette, label: SectionLabel, rule: PaletteRule) -> float:
    """How far the hues of a part are turned: to the side on which they stay clear, and a drop away from its chorus."""
    turn = SPREAD[rule] * TURN_DEG.get(label, 0.0)
    across = ACROSS_DEG if rule == "complement" and label in ACROSS else 0.0
    ways = [across + turn, across - turn]
    if label == "drop":
        chorus = _turn_for(base, "chorus", rule)
        ways += [across + 1.8 * turn, across - 1.8 * turn]
        ways = [way for way in ways if abs(way - chorus) >= 0.8 * abs(turn)]
    return _clearest(base, ways)


def _clearest(base: Palette, ways: Sequence[float]) -> float:
    return min(ways, key=lambda way: round(palettes.murk(palettes.vary(base, turn_deg=way)), 2))
