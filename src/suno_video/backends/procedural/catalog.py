"""The scene families as data: names, ideas, parameters. Loads nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class ParamInfo:
    """One variation of a family."""

    low: float
    high: float
    default: float
    meaning: str


@dataclass(frozen=True)
class FamilyInfo:
    """What people and directors want to know about a scene family."""

    name: str
    idea: str
    """One sentence."""
    driven_by: tuple[str, ...]
    """Fields of `MusicFrame` that visibly move it, the strongest first."""
    params: Mapping[str, ParamInfo] = field(default_factory=dict)
    uses_cover: bool = False
    stateful: bool = False
    """Frames build on each other, so that starting late costs the frames before."""

    def settings(self, given: Mapping[str, float]) -> dict[str, float]:
        """All parameters: those given, kept within their range, and defaults for the rest. Others are ignored."""
        return {
            name: min(max(float(given.get(name, info.default)), info.low), info.high)
            for name, info in self.params.items()
        }


def _share(default: float, meaning: str) -> ParamInfo:
    return ParamInfo(0.0, 1.0, default, meaning)


_ALL = (
    FamilyInfo(
        "nebula",
        "Clouds of glowing gas fold into each other in front of deep space full of stars.",
        ("bass", "energy", "beat", "treble", "mid"),
        {
            "scale": _share(0.5, "from wide clouds to fine filaments"),
            "stars": _share(0.5, "how many stars"),
            "warp": _share(0.5, "how strongly the gas is folded"),
        },
    ),
    FamilyInfo(
        "starfield",
        "A flight through thousands of coloured stars towards a far light.",
        ("energy", "beat", "bass", "treble", "onset"),
        {
            "speed": _share(0.5, "speed of the flight"),
            "stars": _share(0.5, "how many stars"),
            "shafts": _share(0.5, "strength of the light shafts"),
        },
    ),
    FamilyInfo(
        "silk",
        "Liquid satin flows in slow folds with bright edges.",
        ("energy", "bass", "mid", "treble", "beat"),
        {"folds": _share(0.5, "from broad to fine folds"), "shine": _share(0.5, "strength of the highlights")},
    ),
    FamilyInfo(
        "tunnel",
        "A flight through luminous gates down a winding corridor.",
        ("beat", "spectrum", "bar_phase", "bass", "energy", "treble"),
        {
            "speed": _share(0.5, "speed of the flight"),
            "bend": _share(0.5, "how strongly the corridor winds"),
            "twist": _share(0.5, "how strongly the gates turn"),
        },
    ),
    FamilyInfo(
        "ribbons",
        "Hundreds of fibres lie in a slow flow, and light runs along them.",
        ("energy", "beat", "bass", "treble", "mid"),
        {"density": _share(0.5, "how many fibres"), "detail": _share(0.5, "from wide waves to small eddies")},
    ),
    FamilyInfo(
        "crystal",
        "A wall of cut gems turns its facets to a wandering lamp.",
        ("beat", "bass", "treble", "energy", "onset", "mid"),
        {"cells": _share(0.5, "from few large gems to many small ones")},
    ),
    FamilyInfo(
        "kaleidoscope",
        "Mirrors turn the cover, or a painted emblem, into an ever-changing rosette.",
        ("energy", "beat", "bass", "treble", "mid"),
        {"mirrors": _share(0.5, "how many mirrors"), "zoom": _share(0.5, "how large the pattern is")},
        uses_cover=True,
    ),
    FamilyInfo(
        "ring",
        "The cover as a disc inside a ring of the living spectrum, with dust in orbit.",
        ("spectrum", "bass", "beat", "treble", "energy"),
        {"bars": _share(0.5, "length of the bars"), "dust": _share(0.5, "how much dust")},
        uses_cover=True,
    ),
    FamilyInfo(
        "paint",
        "Luminous lines leave trails that swirl inwards and melt into each other.",
        ("spectrum", "bass", "beat", "energy", "treble"),
        {"swirl": _share(0.5, "how strongly trails turn"), "trails": _share(0.5, "how long trails last")},
        stateful=True,
    ),
    FamilyInfo(
        "reaction",
        "A living pattern of coral and labyrinth grows, divides and is seeded anew by the beat.",
        ("beat", "bass", "energy", "treble", "mid"),
        {"pattern": _share(0.5, "from dots to labyrinth"), "relief": _share(0.5, "depth of the relief")},
        stateful=True,
    ),
    FamilyInfo(
        "aurora",
        "Northern lights wave over mountains and mirror in a lake behind dark trees.",
        ("bass", "mid", "beat", "energy", "treble"),
        {"curtains": _share(0.5, "how many curtains of light"), "trees": _share(0.5, "how tall the trees are")},
    ),
    FamilyInfo(
        "ocean",
        "A low sun over the open sea, its light broken into a thousand sparks.",
        ("bass", "treble", "beat", "energy", "downbeat"),
        {"swell": _share(0.5, "height of the waves"), "clouds": _share(0.5, "how much cloud")},
    ),
)

FAMILIES: Mapping[str, FamilyInfo] = MappingProxyType({info.name: info for info in _ALL})
