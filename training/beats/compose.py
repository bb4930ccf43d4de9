"""Composes one excerpt: form, harmony, drums, bass, chords and a lead, all by lot within a style."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from beatmap import BeatMap, draw_beats
from parts import bass_bar, chord_bar, lead_phrase
from styles import STYLES, Style

LENGTH_S = 44.0
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 9, 10), (0, 2, 4, 5, 7, 9, 10))


@dataclass(frozen=True)
class Hit:
    """A drum in beats from the first downbeat."""

    beat: float
    drum: str
    level: float


@dataclass(frozen=True)
class Tone:
    """A note in beats; `late_s` shifts it (strummed strings)."""

    beat: float
    length: float
    pitch: int
    level: float
    late_s: float = 0.0


@dataclass(frozen=True)
class Wish:
    """What is not left to the lot; None (or empty) leaves it."""

    styles: tuple[str, ...] = ()
    bpm: tuple[float, float] | None = None
    rubato: float | None = None
    change: str | None = None
    """A change of tempo: `jump`, `ramp`, `pause`; empty for none."""
    drums_after: float | None = None
    """Share of the piece before which nobody drums; 1 for a piece without drums."""
    length_s: float = LENGTH_S


@dataclass
class Piece:
    """What was composed."""

    style: Style
    bpm: float
    beats: BeatMap
    n_beats: int
    strict: bool
    """Played by machines."""
    length_s: float = LENGTH_S
    drums_from: float = 0.0
    """The beat before which nobody drums."""
    hits: list[Hit] = field(default_factory=list)
    tones: dict[str, list[Tone]] = field(default_factory=lambda: {"bass": [], "chords": [], "pad": [], "lead": []})


@dataclass(frozen=True)
class Harmony:
    """Chords of a part, four or eight bars long, as scale degrees."""

    key: int
    scale: tuple[int, ...]
    degrees: tuple[int, ...]
    bars_per_chord: float

    def pitch(self, degree: int, octave: int) -> int:
        """MIDI pitch of a scale degree."""
        return 12 * (octave + 1) + self.key + self.scale[degree % 7] + 12 * (degree // 7)

    def degree_at(self, bar: float) -> int:
        """The chord that sounds somewhere."""
        return self.degrees[int(bar / self.bars_per_chord) % len(self.degrees)]


def compose(rng: np.random.Generator, wish: Wish = Wish()) -> Piece:
    """Compose about 44 seconds, or what is wished for."""
    styles = [style for style in STYLES if not wish.styles or style.name in wish.styles]
    weights = np.array([style.weight for style in styles])
    style = styles[int(rng.choice(len(styles), p=weights / weights.sum()))]
    bpm = float(np.exp(rng.uniform(*np.log(wish.bpm or style.bpm))))
    if rng.random() < 0.06 and wish.bpm is None:  # slower and faster than usual
        bpm = float(np.clip(bpm * np.exp(rng.normal(0, 0.2)), 40, 220))
    n_bars = max(6, int(np.ceil(wish.length_s * bpm / 60 / style.beats_per_bar)) + 1)
    strict = bool(rng.random() < style.machine)
    rubato = rng.uniform(0.03, 0.14) if rng.random() < style.rubato else 0.0
    if wish.rubato is not None:
        rubato, strict = wish.rubato, strict and wish.rubato == 0
    drift = 0.0 if strict else float(rng.choice([0, 0.005, 0.01, 0.02, 0.035]))
    change = ("any" if rng.random() < 0.14 else "") if wish.change is None else wish.change
    times = draw_beats(rng, n_bars, style.beats_per_bar, bpm, drift=drift, rubato=rubato, change=change)
    beats = BeatMap(times, style.beats_per_bar, float(rng.choice(style.swings)), style.swung_beat)
    n_beats = n_bars * style.beats_per_bar
    piece = Piece(style, bpm, beats, n_beats, strict, wish.length_s, n_beats * (wish.drums_after or 0.0))
    parts = [_Part.draw(rng, style) for _ in range(2 if rng.random() < 0.8 else 3)]
    key, scale = int(rng.integers(12)), _SCALES[int(rng.integers(len(_SCALES)))]
    for part in parts:
        part.harmony = _draw_harmony(rng, key, scale, style.beats_per_bar)
    bar, which = 0, 0
    while bar < n_bars:
        length = min(n_bars - bar, int(rng.choice([4, 8, 8, 8, 16])))
        _play(rng, piece, parts[which], bar, length, first=bar == 0)
        bar, which = bar + length, int(rng.integers(len(parts)))
    return piece


@dataclass
class _Part:
    """How a verse or chorus goes."""

    kick: str
    snare: str
    hat: str
    bass: str
    chords: str
    level: float
    hat_drum: str
    snare_drum: str
    lead_seed: int
    feel: float
    """1, or 0.5 and 2 for half and double time of the drums."""
    harmony: Harmony | None = None

    @classmethod
    def draw(cls, rng: np.random.Generator, style: Style) -> _Part:
        kick, snare, hat = style.grooves[int(rng.integers(len(style.grooves)))]
        if style.name == "any":
            kick, snare, hat = _by_lot(rng)
        if rng.random() < 0.35 and style.beats_per_bar == 4 and style.division == 2:
            kick = _stir(rng, kick)
        if rng.random() < 0.2:
            hat = "." * len(hat) if rng.random() < 0.5 else _stir(rng, hat)
        feel = 1.0
        if (
            style.beats_per_bar == 4
            and style.division == 2
            and style.name not in ("trap", "jazz", "bare", "dnb", "reggae")
        ):
            feel = float(rng.choice([1, 0.5, 2], p=[0.9, 0.06, 0.04])) if np.mean(style.bpm) > 80 else 1.0
        return cls(
            kick,
            snare,
            hat,
            str(rng.choice(style.bass)),
            str(rng.choice(style.chords)),
            float(rng.uniform(0.6, 1)),
            str(rng.choice(["hat", "hat", "hat", "ride", "open", "perc"])),
            str(rng.choice(["snare", "snare", "snare", "rim", "clap"])),
            int(rng.integers(2**31)),
            feel,
        )


def _by_lot(rng: np.random.Generator) -> tuple[str, str, str]:
    kick = "x" + "".join("x" if rng.random() < (0.35 if i % 4 == 3 else 0.15) else "." for i in range(15))
    snare = "".join("x" if rng.random() < (0.85 if i in (4, 12) else 0.08) else "." for i in range(16))
    dense = rng.uniform(0.2, 0.9)
    hat = "".join("x" if rng.random() < dense * (1 if i % 2 == 0 else 0.5) else "." for i in range(16))
    return kick, snare, hat


def _stir(rng: np.random.Generator, line: str) -> str:
    """Move or add a few hits, never the first."""
    out = list(line)
    for _ in range(int(rng.integers(1, 3))):
        at = int(rng.integers(1, len(out)))
        out[at] = "." if out[at] != "." and rng.random() < 0.5 else "x"
    return "".join(out)


def _draw_harmony(rng: np.random.Generator, key: int, scale: tuple[int, ...], beats_per_bar: int) -> Harmony:
    n = int(rng.choice([1, 2, 4, 4, 4, 8]))
    degrees = [int(d) for d in rng.choice([0, 1, 2, 3, 4, 5, 3, 4, 5], n)]
    if rng.random() < 0.7:
        degrees[0] = 0
    lengths = [1, 1, 1, 1, 2, 2, 4] + ([0.5] if beats_per_bar % 2 == 0 else [])
    return Harmony(key, scale, tuple(degrees), float(rng.choice(lengths)))


def _play(rng: np.random.Generator, piece: Piece, part: _Part, bar: int, n: int, first: bool) -> None:
    """Play a part over some bars; who plays along is drawn, and changes at the part's borders."""
    style, m = piece.style, piece.style.beats_per_bar
    assert part.harmony is not None
    drums = rng.random() > (0.3 if first else 0.1)
    bass, chords = rng.random() < (0.75 if first else 0.9), rng.random() < 0.92
    pad, lead = rng.random() < 0.35, rng.random() < (0.4 if first else 0.65)
    if not (drums or bass or chords):
        chords = True
    fill, stop = rng.random() < 0.6, rng.random() < 0.12
    lead_bars = int(rng.choice([1, 2, 2, 4]))
    lead_rng = np.random.default_rng(part.lead_seed)
    rests = rng.random() < 0.2
    for k in range(n):
        at = float((bar + k) * m)
        last = k == n - 1
        if stop and last:  # all stop on the first beat of the last bar
            if drums and at >= piece.drums_from:
                piece.hits += [Hit(at, "kick", 1.0), Hit(at, "crash", 0.9)]
            if chords:
                piece.tones["chords"] += chord_bar(
                    rng, "stab once", part.harmony, bar + k, m, style.division, part.level
                )
            continue
        if drums and at >= piece.drums_from:
            _drum_bar(rng, piece, part, at, fill=fill and (last or (k % 4 == 3 and rng.random() < 0.3)), crash=k == 0)
        if bass:
            piece.tones["bass"] += bass_bar(
                rng, part.bass, part.harmony, bar + k, m, style.division, part.level, part.kick
            )
        if chords and not (rests and k % 4 == 3):
            piece.tones["chords"] += chord_bar(rng, part.chords, part.harmony, bar + k, m, style.division, part.level)
        if pad:
            piece.tones["pad"] += chord_bar(rng, "held", part.harmony, bar + k, m, style.division, part.level)
        if lead and k % lead_bars == 0:
            if rng.random() < 0.25:
                lead_rng = np.random.default_rng(int(rng.integers(2**31)))
            else:
                lead_rng = np.random.default_rng(part.lead_seed)
            piece.tones["lead"] += lead_phrase(
                lead_rng, part.harmony, bar + k, min(lead_bars, n - k), m, style.division, style.busy
            )


def _drum_bar(rng: np.random.Generator, piece: Piece, part: _Part, at: float, *, fill: bool, crash: bool) -> None:
    m, division = piece.style.beats_per_bar, piece.style.division
    until = m - float(rng.choice([0.5, 1, 1, 2])) if fill else float(m)
    for drum, line in (("kick", part.kick), (part.snare_drum, part.snare), (part.hat_drum, part.hat)):
        step = m / len(line)
        for i, mark in enumerate(line * (2 if part.feel == 2 else 1)):
            beat = i * step / part.feel
            if part.feel == 0.5 and (at // m) % 2 == 1:
                beat -= m
            if mark == "." or not 0 <= beat < until:
                continue
            if piece.style.division == 2 and mark == "o" and rng.random() < 0.15:
                continue
            accent = 1.0 if mark == "x" else 0.5
            if line is part.hat:
                accent *= 0.75 if beat % 1 == 0 else 0.6
            piece.hits.append(Hit(at + beat, drum, part.level * accent * rng.uniform(0.9, 1.05)))
    if fill:
        step = 1 / (3 if division == 3 else int(rng.choice([2, 4, 4, 3])))
        drums = rng.choice(["snare", "tom", "tom", "kick"], 64)
        for i, beat in enumerate(np.arange(until, m - 1e-6, step)):
            if rng.random() < 0.9:
                piece.hits.append(Hit(at + float(beat), str(drums[i % 64]), part.level * rng.uniform(0.7, 1)))
    if crash and rng.random() < 0.6:
        piece.hits.append(Hit(at, "crash", part.level))
