"""Casting: which family plays each shot, how it is varied, how its camera moves."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

from suno_video.core.analysis import SongAnalysis
from suno_video.core.color import Palette
from suno_video.core.storyboard import Motif, Motion, Treatment
from suno_video.direct import palettes
from suno_video.direct.cutting import Shot
from suno_video.direct.motion import move_camera
from suno_video.direct.pacing import drive_of
from suno_video.direct.treatment import Role

FAMILY_PARAMS = {
    "nebula": ("scale", "stars", "warp"),
    "starfield": ("speed", "stars", "shafts"),
    "silk": ("folds", "shine"),
    "tunnel": ("speed", "bend", "twist"),
    "ribbons": ("density", "detail"),
    "crystal": ("cells",),
    "kaleidoscope": ("mirrors", "zoom"),
    "ring": ("bars", "dust"),
    "paint": ("swirl", "trails"),
    "reaction": ("pattern", "relief"),
    "aurora": ("curtains", "trees"),
    "ocean": ("swell", "clouds"),
    "galaxy": ("arms", "stars", "tilt"),
    "hills": ("ranges", "mist", "trees"),
    "city": ("towers", "windows", "rain"),
    "road": ("speed", "grid", "peaks"),
    "clouds": ("cover", "thunder", "speed"),
    "godrays": ("trunks", "shafts", "mist"),
    "neon": ("glow", "flicker", "size"),
    "lasers": ("beams", "haze", "crowd"),
    "fractal": ("depth", "relief"),
    "truchet": ("scale", "pulses"),
    "figures": ("crowd", "dance", "shafts"),
    "ink": ("drops", "swirl", "water"),
    "marbling": ("rings", "comb"),
    "halftone": ("dots", "paper", "motif"),
    "risograph": ("shapes", "offset", "paper"),
    "papercut": ("layers", "depth", "scene"),
    "ascii": ("letters", "rain"),
    "mosaic": ("tiles", "flips"),
    "glitch": ("amount", "smear"),
    "liquid": ("ripples", "shine"),
    "slitscan": ("delay", "corridor"),
    "particles": ("grain", "drift"),
}
"""What may be varied in the families we know; any other is played as it comes."""

LIVELY = frozenset({"speed", "twist", "warp", "swirl", "swell", "bars", "bend", "thunder", "dance", "flips", "ripples"})
"""Variations that follow how much the section drives."""

RICHER = frozenset(
    {"stars", "shafts", "density", "detail", "cells", "mirrors", "dust", "relief", "curtains", "shine"}
    | {"drops", "rings", "shapes", "layers"}
    | {"windows", "beams", "pulses", "glow", "trunks", "crowd"}
)
"""Variations that growth lifts, so that there is more to see each time."""

LESS_FOR = 8
"""Shots for which two pictures carry a first chorus."""


@dataclass(frozen=True)
class Cast:
    """What plays one shot."""

    family: str
    params: dict[str, float]
    palette: Palette
    motion: Motion
    energy: float
    seed: int
    """Of this shot: for prompts, transitions and painters."""


def cast_shots(
    shots: tuple[Shot, ...], analysis: SongAnalysis, treatment: Treatment, roles: tuple[Role, ...], seed: int
) -> tuple[Cast, ...]:
    """Cast every shot of the song. Two neighbours never share both family and camera move."""
    motifs = {motif.name: motif for motif in treatment.motifs}
    casts: list[Cast] = []
    for shot in shots:
        role = roles[shot.section]
        casts.append(_cast(shot, analysis, motifs[role.motif], role, casts[-1] if casts else None, seed))
    return tuple(casts)


def shot_seed(seed: int, number: int) -> int:
    """The seed of one shot; neighbours are far apart."""
    return int(hashlib.sha256(f"{seed}/{number}".encode()).hexdigest()[:7], 16)


def _cast(shot: Shot, analysis: SongAnalysis, motif: Motif, role: Role, before: Cast | None, seed: int) -> Cast:
    section = analysis.sections[shot.section]
    own_seed = shot_seed(seed, shot.number)
    drive = drive_of(section) * (0.6 if role.calmer else 1.0)
    position = shot.place / max(1, shot.n_places - 1)
    family = _family(motif, role, shot.place, drive, before.family if before else None)
    return Cast(
        family=family,
        params=_params(family, seed, own_seed, motif, role, drive, position),
        palette=_palette(motif, role, shot.place),
        motion=move_camera(
            section, position, before.motion.move if before else None, calmer=role.calmer, seed=own_seed
        ),
        energy=round(min(1.0, section.energy * (0.7 if role.calmer else 1.0)), 3),
        seed=own_seed,
    )


def _family(motif: Motif, role: Role, place: int, drive: float, last: str | None) -> str:
    """The lead family opens; calm sections stay with it longer, driving ones go round."""
    # Each return of the motif opens with its lead, so that it is recognised, and goes round in another order.
    n = len(motif.families)
    if n > 2 and place < LESS_FOR and role.growth < 0.4 and role.times == 1 and motif.name.startswith("chorus"):
        n = 2  # What is to grow begins with less: its third picture comes when it returns, or when it goes on for long.
    if drive < 0.35:
        at = (0, 0, 1, 0)[place % 4]
    elif drive < 0.65:
        at = (0, 1, 0, 2 if n > 2 else 1)[place % 4]
    else:
        # Two pictures are cut against each other for four shots, then another pair: a dialogue, not a carousel.
        pairs = ((0, 1), (0, 2), (1, 2)) if role.times % 2 else ((0, 2), (0, 1), (2, 1))
        at = pairs[place // 4 % 3][place % 2]
    family = motif.families[at % n]
    if family == last and drive >= 0.35 and n > 1 and place:
        family = motif.families[(at + 1) % n]
    return family


def _params(
    family: str, seed: int, own_seed: int, motif: Motif, role: Role, drive: float, position: float
) -> dict[str, float]:
    """Variations 0..1. The motif decides where they lie, the shot strays a little, growth lifts them all."""
    of_motif = random.Random(f"params {seed} {motif.name} {family}")
    of_shot = random.Random(f"params {own_seed}")

    def near(middle: float) -> float:
        return round(min(max(middle + of_shot.uniform(-0.12, 0.12), 0.0), 1.0), 3)

    params = {}
    for name in FAMILY_PARAMS.get(family, ()):
        middle = of_motif.uniform(0.25, 0.65)
        if name in LIVELY:
            middle = 0.15 + 0.6 * drive
        if name in LIVELY or name in RICHER:
            middle += 0.3 * role.growth
        params[name] = near(middle + 0.1 * (position - 0.5))
    return params


def _palette(motif: Motif, role: Role, place: int) -> Palette:
    """The motif's colours; a motif that has grown is more colourful, and every other shot leans to the side."""
    lean = (0.0, 8.0, 0.0, -8.0)[place % 4]
    chroma = 0.85 if role.calmer else 1.0 + 0.15 * role.growth
    if lean == 0 and chroma == 1.0:
        return motif.palette
    return palettes.vary(motif.palette, turn_deg=lean, chroma=chroma)
