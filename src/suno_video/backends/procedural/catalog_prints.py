"""Families of two worlds as data: what is printed, poured and cut, and what becomes of the cover."""

from __future__ import annotations

from suno_video.backends.procedural.family import FamilyInfo, share

PRINTS = (
    FamilyInfo(
        "ink",
        "Drops of ink fall into water, bloom and curl like smoke.",
        ("kick", "bass", "energy", "drop", "mid", "voice"),
        {
            "drops": share(0.5, "how often and how much ink falls"),
            "swirl": share(0.5, "how strongly the water curls"),
            "water": share(0.5, "from black water with glowing ink to bright water with dark ink"),
        },
        stateful=True,
    ),
    FamilyInfo(
        "marbling",
        "Rings of paint on water are combed into marbled paper, a stroke on each beat.",
        ("beat", "kick", "bass", "energy", "drop"),
        {"rings": share(0.5, "from broad to fine rings"), "comb": share(0.5, "how far the comb pulls")},
        stateful=True,
    ),
    FamilyInfo(
        "halftone",
        "A comic print in two inks whose dots swell and shrink with the music.",
        ("spectrum", "kick", "bass", "snare", "energy"),
        {
            "dots": share(0.5, "from coarse to fine dots"),
            "paper": share(0.7, "from dark to light paper"),
            "motif": share(0.5, "which picture is printed: sun, ripples, bars or hills"),
        },
    ),
    FamilyInfo(
        "risograph",
        "Bold shapes in three spot colours, a little out of register, that turn and grow on the beat.",
        ("beat", "kick", "snare", "bass", "hat", "energy"),
        {
            "shapes": share(0.5, "from few large to many small shapes"),
            "offset": share(0.5, "how far the colours are out of register"),
            "paper": share(0.8, "from dark to light paper"),
        },
    ),
    FamilyInfo(
        "papercut",
        "Layers of cut paper with soft shadows open, close and breathe in depth.",
        ("kick", "bass", "spectrum", "energy", "voice"),
        {
            "layers": share(0.5, "how many sheets"),
            "depth": share(0.5, "how far the sheets lie apart"),
            "scene": share(0.5, "which scene is cut: a cave, or a landscape"),
        },
    ),
    FamilyInfo(
        "ascii",
        "A living picture set in characters, bright where the music is.",
        ("spectrum", "kick", "energy", "hat", "snare"),
        {"letters": share(0.5, "from large to small letters"), "rain": share(0.4, "how much text runs down")},
        uses_cover=True,
        stateful=True,
    ),
)

COVERS = (
    FamilyInfo(
        "mosaic",
        "The cover in tiles that turn over in waves on the beat.",
        ("beat", "kick", "snare", "spectrum", "drop"),
        {"tiles": share(0.5, "from few large to many small tiles"), "flips": share(0.5, "how many tiles turn at once")},
        uses_cover=True,
    ),
    FamilyInfo(
        "glitch",
        "The cover as a signal in trouble: bands slip and blocks smear when the snare hits.",
        ("snare", "kick", "hat", "bass", "drop", "energy"),
        {"amount": share(0.5, "how much is torn"), "smear": share(0.5, "how long blocks are dragged along")},
        uses_cover=True,
        stateful=True,
    ),
    FamilyInfo(
        "liquid",
        "The cover under clear water that is struck by the kick drum.",
        ("kick", "bass", "hat", "energy", "drop"),
        {"ripples": share(0.5, "how strong the waves are"), "shine": share(0.5, "strength of the light on the water")},
        uses_cover=True,
        stateful=True,
    ),
    FamilyInfo(
        "slitscan",
        "The cover seen through a slit in time: it twists into ribbons, or becomes a corridor of light.",
        ("energy", "bass", "kick", "treble", "drop"),
        {"delay": share(0.5, "how far back in time the edge is"), "corridor": share(0.5, "below half a twist, above a corridor")},
        uses_cover=True,
        stateful=True,
    ),
    FamilyInfo(
        "particles",
        "Thousands of sparks form the cover, drift off in quiet places and burst at the drop.",
        ("drop", "kick", "energy", "voice", "treble", "bass"),
        {"grain": share(0.5, "from few large to many small sparks"), "drift": share(0.5, "how far they stray")},
        uses_cover=True,
        stateful=True,
    ),
)
