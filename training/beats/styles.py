"""What kinds of music there are: tempo, metre, swing and how their drums go. Patterns are common property of each genre."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Style:
    """A kind of music. Patterns hold one bar (or two) in equal steps: `x` accented, `o` soft, `.` nothing."""

    name: str
    weight: float
    bpm: tuple[float, float]
    grooves: tuple[tuple[str, str, str], ...]
    """Kick, snare and hat lines that go together."""
    beats_per_bar: int = 4
    division: int = 2
    swings: tuple[float, ...] = (0.5,)
    swung_beat: float = 1.0
    machine: float = 0.15
    """Share of songs played by a drum machine in strict time."""
    rubato: float = 0.0
    """Share of songs that breathe."""
    bass: tuple[str, ...] = ("root", "eighths", "kick", "sync", "octaves", "half")
    chords: tuple[str, ...] = ("held", "eighths", "strum", "arpeggio", "quarters", "push", "stabs")
    busy: float = field(default=0.3)
    """How often a lead line plays between the beats."""


_H8, _H4, _H16, _OFF = "x.o.x.o.x.o.x.o.", "x...x...x...x...", "xooxxooxxooxxoox", "..x...x...x...x."
_BACK = "....x.......x..."

STYLES = (
    Style(
        "rock",
        15,
        (76, 176),
        (
            ("x.......x.......", _BACK, _H8),
            ("x.......x.x.....", _BACK, _H8),
            ("x..x....x.x.....", _BACK, _H8),
            ("x.x.....x.x.....", _BACK, _H4),
            ("x.....x.x.......", _BACK, _H8),
            ("x......xx.x.....", _BACK, _H8),
            ("x.........x.....", _BACK, _H8),
            ("x.x....xx.......", "....x..o.o..x..o", _H16),
        ),
        machine=0.1,
    ),
    Style(
        "pop",
        14,
        (72, 136),
        (
            ("x.....x.x.......", _BACK, _H8),
            ("x..x..x.x.....x.", _BACK, _H16),
            ("x...x...x...x...", _BACK, _OFF),
            ("x..x..x...x.....", _BACK, _H8),
            ("x.....x...x.....", "....x.......x..o", _H8),
            ("x.......x..x....", _BACK, _H16),
        ),
        machine=0.5,
    ),
    Style(
        "ballad",
        9,
        (46, 92),
        (
            ("x.......x.......", _BACK, _H8),
            ("x.....x.x.......", _BACK, _H8),
            ("x..............x", _BACK, _H8),
            ("x.........x.....", _BACK, _H16),
            ("x...............", "............x...", _H4),
        ),
        rubato=0.25,
        bass=("root", "half", "root"),
        chords=("held", "arpeggio", "quarters", "strum", "eighths"),
        busy=0.2,
    ),
    Style(
        "house",
        10,
        (108, 150),
        (
            (_H4, _BACK, _OFF),
            (_H4, "................", _OFF),
            (_H4, _BACK, "oox.oox.oox.oox."),
            (_H4, "....x..o.o..x...", _OFF),
            (_H4, "............x...", _H16),
        ),
        machine=0.95,
        bass=("off", "eighths", "kick", "sync", "octaves", "roll"),
        chords=("stabs", "held", "off", "eighths", "arpeggio"),
    ),
    Style(
        "hiphop",
        8,
        (68, 108),
        (
            ("x.....x...x.....", _BACK, _H8),
            ("x..x...x..x.....", _BACK, _H8),
            ("x.......x.x....x", _BACK, _H16),
            ("x.x....x..xx....", "....x..o.o..x...", _H8),
            ("x......x..x.....", _BACK, _H8),
        ),
        swings=(0.5, 0.54, 0.58, 0.62),
        swung_beat=0.5,
        machine=0.5,
        bass=("kick", "root", "sync"),
        chords=("held", "stabs", "arpeggio", "push"),
    ),
    Style(
        "trap",
        5,
        (122, 170),
        (
            ("x.....x.........", "........x.......", _H8),
            ("x..........x..x.", "........x.......", "x.o.x.o.x.oox.o."),
            ("x.....x.....x...", "........x.......", "x.o.xoo.x.o.x.oo"),
            ("x.........x.....", "........x......o", _H8),
        ),
        machine=0.95,
        bass=("kick", "root"),
        chords=("held", "arpeggio", "quarters"),
    ),
    Style(
        "dnb",
        6,
        (158, 184),
        (
            ("x.........x.....", _BACK, _H8),
            ("x.........x.....", "....x..o.o..x..o", _H8),
            ("x..x......x.....", _BACK, _H16),
            ("x.....x...x.....", _BACK, _H4),
        ),
        machine=0.7,
        bass=("root", "sync", "half", "kick"),
        chords=("held", "stabs", "push"),
    ),
    Style(
        "punk",
        5,
        (150, 220),
        (
            ("x.......x.......", _BACK, _H8),
            ("x.......x.......", _BACK, _H4),
            ("x.......x.x.....", _BACK, _H4),
            ("x...x...x...x...", "....x.......x...", _H4),
            ("x.x.....x.x.....", _BACK, _H4),
        ),
        machine=0.02,
        bass=("eighths", "quarters", "root"),
        chords=("power", "eighths", "power", "held"),
    ),
    Style(
        "metal",
        4,
        (84, 220),
        (
            ("x.x.x.x.x.x.x.x.", _BACK, _H4),
            ("xxxxxxxxxxxxxxxx", _BACK, _H4),
            ("x..x..x.x..x..x.", _BACK, _H4),
            ("xx.xxx.xxx.xxx.x", "........x.......", _H4),
            ("x...x...x...x...", "..x...x...x...x.", _H4),
        ),
        machine=0.05,
        bass=("kick", "eighths"),
        chords=("power", "chug"),
    ),
    Style(
        "funk",
        6,
        (84, 128),
        (
            ("x.x....x..x.....", "....x..o.o..x..o", _H16),
            ("x.....x..x.x....", "....x..o....x.o.", _H16),
            ("x..x......x..x..", "....x.o..o..x..o", _H8),
            ("x.x.......xx....", "....x.......x..o", "x.oxx.ox.xox.x.o"),
        ),
        swings=(0.5, 0.5, 0.54),
        swung_beat=0.5,
        bass=("sync", "funk", "octaves"),
        chords=("scratch", "stabs", "push"),
        busy=0.5,
    ),
    Style(
        "disco",
        3,
        (102, 132),
        ((_H4, _BACK, _OFF), (_H4, _BACK, "x.xox.xox.xox.xo"), (_H4, _BACK, _H8)),
        machine=0.3,
        bass=("octaves", "sync", "eighths"),
        chords=("scratch", "stabs", "off", "held"),
    ),
    Style(
        "motown",
        3,
        (96, 144),
        (("x.....x.x.......", "x...x...x...x...", _H8), ("x..x....x..x....", "x...x...x...x...", _H4)),
        machine=0.05,
    ),
    Style(
        "latin",
        5,
        (84, 134),
        (
            ("x..x..x.x..x..x.", "...x..x....x..x.", _H8),
            ("x.....xx......x.", "x..x..x...x.x...", _H16),
            ("x...x...x...x...", "...x..x....x..x.", _OFF),
            ("...x..x....x..x.", "x..x...x..x.x...", _H8),
        ),
        machine=0.3,
        bass=("tresillo", "tumbao", "sync"),
        chords=("montuno", "stabs", "off"),
    ),
    Style(
        "reggaeton",
        2,
        (84, 104),
        (("x...x...x...x...", "...x..x....x..x.", _H8),),
        machine=0.9,
        bass=("tresillo", "kick"),
        chords=("stabs", "held", "off"),
    ),
    Style(
        "reggae",
        4,
        (62, 96),
        (
            ("........x.......", "........x.......", _H8),
            ("x.......x.......", "........x.......", _H8),
            (_H4, "........x.......", _H8),
        ),
        swings=(0.5, 0.5, 0.58),
        swung_beat=0.5,
        machine=0.15,
        bass=("sync", "tresillo", "half"),
        chords=("skank", "off"),
    ),
    Style(
        "shuffle",
        5,
        (62, 148),
        (
            ("x.......x.......", _BACK, _H8),
            ("x...x...x...x...", _BACK, _H8),
            ("x.....x.x.......", _BACK, _H8),
        ),
        swings=(0.6, 0.64, 0.667),
        machine=0.05,
        bass=("walk", "eighths", "root"),
        chords=("quarters", "eighths", "stabs", "push", "held"),
    ),
    Style(
        "jazz",
        5,
        (76, 224),
        (
            ("x.......o.......", "................", "x...x.o.x...x.o."),
            ("o...o...o...o...", "......o.........", "x...x.o.x...x.o."),
            ("................", "...............o", "x...x.o.x...x.o."),
            ("x...............", "....o.......o...", "x...x.o.x...x.o."),
        ),
        swings=(0.58, 0.62, 0.667),
        machine=0.0,
        bass=("walk", "walk", "half"),
        chords=("comp", "push", "held"),
        busy=0.55,
    ),
    Style(
        "country",
        4,
        (76, 176),
        (
            ("x.......x.......", _BACK, _H8),
            ("x.......x.......", "..x...x...x...x.", _H8),
            ("x.......x.......", "ooxoooxoooxoooxo", "................"),
        ),
        machine=0.02,
        bass=("half", "half", "walk"),
        chords=("strum", "off", "strum"),
    ),
    Style(
        "bare",
        9,
        (56, 176),
        (("................", "................", "................"),),
        rubato=0.35,
        machine=0.0,
        bass=("none", "root", "half", "none"),
        chords=("strum", "arpeggio", "eighths", "quarters", "held", "alberti"),
        busy=0.35,
    ),
    Style(
        "march",
        3,
        (60, 140),
        (
            ("x.......x.......", "x.oox.oox.oox.oo", "................"),
            ("x...x...x...x...", "..x...x...x...x.", "................"),
            ("x...............", "x...x...x.oox...", "................"),
        ),
        machine=0.0,
        bass=("half", "quarters"),
        chords=("off", "quarters", "held", "stabs"),
    ),
    Style(
        "waltz",
        6,
        (82, 200),
        (
            ("x...........", "....o...o...", "x...o...o..."),
            ("x...........", "........x...", "x.o.x.o.x.o."),
            ("x...........", "............", "............"),
            ("x...........", "....x...x...", "............"),
            ("x.....o.....", "........x...", "x.o.x.o.x.o."),
        ),
        beats_per_bar=3,
        machine=0.05,
        rubato=0.15,
        bass=("root", "root", "walk", "quarters"),
        chords=("waltz", "waltz", "arpeggio", "strum", "held"),
        swings=(0.5, 0.5, 0.5, 0.64),
    ),
    Style(
        "three",
        4,
        (60, 140),
        (
            ("x.......o...", "....x.......", "x.o.x.o.x.o."),
            ("x.....o.....", "........x...", "x.o.x.o.x.o."),
            ("x...........", "....x...x...", "x...x...x..."),
            ("x..o..o.....", "....x.......", "xoooxoooxooo"),
        ),
        beats_per_bar=3,
        machine=0.3,
        rubato=0.1,
    ),
    Style(
        "six",
        8,
        (38, 96),
        (
            ("x.....", "...x..", "xxxxxx"),
            ("x....o", "...x..", "xxxxxx"),
            ("x.o...", "...x..", "xooxoo"),
            ("x.....", "...x..", "x..x.."),
            ("x..o.o", "...x..", "xxxxxx"),
            ("......", "......", "......"),
        ),
        beats_per_bar=2,
        division=3,
        machine=0.15,
        rubato=0.15,
        bass=("root", "half", "kick", "quarters"),
        chords=("arpeggio", "held", "eighths", "strum", "quarters"),
    ),
    Style(
        "jig",
        3,
        (84, 136),
        (
            ("x..x..", "......", "x.xx.x"),
            ("x..o..", "...x..", "xxxxxx"),
            ("x....o", "..x..x", "x..x.."),
            ("x..x..", "..o..o", "xooxoo"),
        ),
        beats_per_bar=2,
        division=3,
        machine=0.05,
        bass=("root", "half", "quarters"),
        chords=("strum", "quarters", "eighths", "arpeggio"),
        busy=0.7,
    ),
    Style(
        "twelve",
        3,
        (44, 92),
        (
            ("x.....x.....", "...x.....x..", "xxxxxxxxxxxx"),
            ("x....xx.....", "...x.....x..", "x.xx.xx.xx.x"),
            ("x.....x....o", "...x.....x..", "xxxxxxxxxxxx"),
        ),
        beats_per_bar=4,
        division=3,
        machine=0.1,
        rubato=0.1,
        bass=("root", "quarters", "half", "kick"),
        chords=("eighths", "arpeggio", "held", "quarters"),
    ),
    Style("any", 5, (56, 200), (("x...x...x...x...", _BACK, _H8),), machine=0.4, busy=0.5),
)
"""`any` gets its patterns by lot."""
