"""The scene families as data: names, ideas, parameters. Loads nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from suno_video.backends.procedural.catalog_places import PLACES
from suno_video.backends.procedural.catalog_prints import COVERS, PRINTS
from suno_video.backends.procedural.family import FamilyInfo as FamilyInfo
from suno_video.backends.procedural.family import ParamInfo as ParamInfo
from suno_video.backends.procedural.family import share

_ALL = (
    FamilyInfo(
        "nebula",
        "Clouds of glowing gas fold into each other in front of deep space full of stars.",
        ("bass", "energy", "kick", "voice", "drop", "treble", "mid"),
        {
            "scale": share(0.5, "from wide clouds to fine filaments"),
            "stars": share(0.5, "how many stars"),
            "warp": share(0.5, "how strongly the gas is folded"),
        },
    ),
    FamilyInfo(
        "starfield",
        "A flight through thousands of coloured stars towards a far light.",
        ("energy", "kick", "tension", "drop", "bass", "treble", "voice"),
        {
            "speed": share(0.5, "speed of the flight"),
            "stars": share(0.5, "how many stars"),
            "shafts": share(0.5, "strength of the light shafts"),
        },
    ),
    FamilyInfo(
        "silk",
        "Liquid satin flows in slow folds with bright edges.",
        ("energy", "bass", "snare", "voice", "tension", "treble"),
        {"folds": share(0.5, "from broad to fine folds"), "shine": share(0.5, "strength of the highlights")},
    ),
    FamilyInfo(
        "tunnel",
        "A flight through luminous gates down a winding corridor.",
        ("kick", "spectrum", "snare", "bar_phase", "bass", "energy", "voice"),
        {
            "speed": share(0.5, "speed of the flight"),
            "bend": share(0.5, "how strongly the corridor winds"),
            "twist": share(0.5, "how strongly the gates turn"),
        },
    ),
    FamilyInfo(
        "ribbons",
        "Hundreds of fibres lie in a slow flow, and light runs along them.",
        ("energy", "kick", "bass", "voice", "hat", "treble", "mid"),
        {"density": share(0.5, "how many fibres"), "detail": share(0.5, "from wide waves to small eddies")},
    ),
    FamilyInfo(
        "crystal",
        "A wall of cut gems turns its facets to a wandering lamp.",
        ("kick", "bass", "treble", "energy", "snare", "drop"),
        {"cells": share(0.5, "from few large gems to many small ones")},
    ),
    FamilyInfo(
        "kaleidoscope",
        "Mirrors turn the cover, or a painted emblem, into an ever-changing rosette.",
        ("energy", "kick", "bass", "voice", "tension", "treble", "mid"),
        {"mirrors": share(0.5, "how many mirrors"), "zoom": share(0.5, "how large the pattern is")},
        uses_cover=True,
    ),
    FamilyInfo(
        "ring",
        "The cover as a disc inside a ring of the living spectrum, with dust in orbit.",
        ("spectrum", "bass", "kick", "drop", "treble", "energy", "voice"),
        {"bars": share(0.5, "length of the bars"), "dust": share(0.5, "how much dust")},
        uses_cover=True,
    ),
    FamilyInfo(
        "paint",
        "Luminous lines leave trails that swirl inwards and melt into each other.",
        ("spectrum", "bass", "kick", "tension", "energy", "treble"),
        {"swirl": share(0.5, "how strongly trails turn"), "trails": share(0.5, "how long trails last")},
        stateful=True,
    ),
    FamilyInfo(
        "reaction",
        "A living pattern of coral and labyrinth grows, divides and is seeded anew by the beat.",
        ("beat", "drop", "bass", "voice", "energy", "treble", "mid"),
        {"pattern": share(0.5, "from dots to labyrinth"), "relief": share(0.5, "depth of the relief")},
        stateful=True,
    ),
    FamilyInfo(
        "aurora",
        "Northern lights wave over mountains and mirror in a lake behind dark trees.",
        ("bass", "voice", "mid", "kick", "energy", "treble", "tension"),
        {"curtains": share(0.5, "how many curtains of light"), "trees": share(0.5, "how tall the trees are")},
    ),
    FamilyInfo(
        "ocean",
        "A low sun over the open sea, its light broken into a thousand sparks.",
        ("bass", "treble", "tension", "kick", "voice", "energy"),
        {"swell": share(0.5, "height of the waves"), "clouds": share(0.5, "how much cloud")},
    ),
)

FAMILIES: Mapping[str, FamilyInfo] = MappingProxyType({info.name: info for info in (*_ALL, *PLACES, *PRINTS, *COVERS)})
