"""Plays a composed piece as people or machines would: stems of drums, bass, chords and lead."""

from __future__ import annotations

import numpy as np
from compose import LENGTH_S, Hit, Piece, Tone
from instruments import RATE_HZ, Matrix, drum_machine, held, noise, place, sing, string_tone, synth_tone
from soundfont import Note, Sampler

STEMS = ("drums", "bass", "chords", "lead")
_KIT = {
    "kick": (36, 35),
    "snare": (38, 40),
    "rim": (37,),
    "clap": (39,),
    "hat": (42, 44),
    "open": (46,),
    "ride": (51, 59),
    "crash": (49, 57),
    "tom": (50, 47, 43, 41),
    "perc": (70, 54, 69, 75, 56),
}
_KITS = (0, 0, 0, 8, 16, 24, 25, 32, 40)
_BASSES = (32, 33, 33, 33, 34, 35, 36, 38, 39, 87, 43, 58)
_CHORDS = (
    0,
    0,
    1,
    2,
    4,
    5,
    6,
    7,
    11,
    16,
    17,
    18,
    19,
    21,
    22,
    24,
    25,
    25,
    26,
    27,
    28,
    29,
    30,
    46,
    48,
    49,
    50,
    51,
    52,
    61,
    62,
    63,
    80,
    81,
    88,
    90,
    99,
    104,
    105,
    106,
)
_PLUCKED = (24, 25, 25, 26, 27, 28, 29, 30, 30, 15, 46, 104, 105, 106)
_LOUD_GUITARS = (29, 30, 30, 29)
_LEADS = (
    0,
    4,
    11,
    12,
    22,
    25,
    26,
    29,
    30,
    40,
    42,
    52,
    53,
    56,
    57,
    60,
    64,
    65,
    66,
    68,
    71,
    73,
    75,
    80,
    81,
    82,
    84,
    87,
    104,
    110,
)
_PADS = (48, 49, 50, 51, 52, 54, 88, 89, 90, 91, 92, 94, 95, 16, 19)


class Player:
    """Turns pieces into sound with a few banks of samples and instruments of our own."""

    def __init__(self, samplers: list[Sampler]) -> None:
        self._samplers = samplers

    def stems(self, rng: np.random.Generator, piece: Piece) -> dict[str, Matrix]:
        """Play all stems, each shape (n_samples,); a stem that rests is silent."""
        sampler = self._samplers[int(rng.integers(len(self._samplers)))]
        loose = 0.0015 if piece.strict else float(rng.uniform(0.003, 0.014))
        return {
            "drums": self._drums(rng, piece, loose, sampler),
            "bass": self._tones(
                rng, piece, piece.tones["bass"], loose, sampler, _BASSES, synth=0.6 if piece.strict else 0.1
            ),
            "chords": self._chords(rng, piece, loose, sampler),
            "lead": self._lead(rng, piece, loose, sampler),
        }

    def _drums(self, rng: np.random.Generator, piece: Piece, loose: float, sampler: Sampler) -> Matrix:
        out = np.zeros(int(piece.length_s * RATE_HZ), dtype=np.float32)
        if not piece.hits:
            return out
        machine = rng.random() < (0.75 if piece.strict else 0.06)
        both = piece.strict and rng.random() < 0.2
        if machine or both:
            shots = drum_machine(rng)
            other = {"rim": "perc", "clap": "snare"}
            tilt = {name: float(np.exp(rng.normal(0, 0.35))) for name in shots}
            for hit, time_s in self._moments(rng, piece, loose):
                name = other.get(hit.drum, hit.drum)
                place(out, time_s, shots[name], 0.3 * hit.level * tilt[name])
        if not machine:
            tilt = {name: float(np.exp(rng.normal(0, 0.2))) for name in _KIT}
            choice = {name: int(rng.choice(keys)) for name, keys in _KIT.items()}
            notes = []
            for hit, time_s in self._moments(rng, piece, loose):
                key = int(rng.choice(_KIT["tom"])) if hit.drum == "tom" else choice[hit.drum]
                velocity = 105 * hit.level * tilt[hit.drum] + rng.normal(0, 3 if piece.strict else 7)
                notes.append(Note(time_s, time_s + 0.12, key, int(np.clip(velocity, 10, 127))))
            out += sampler.play(notes, int(rng.choice(_KITS)), piece.length_s, drums=True)
        return out

    def _moments(self, rng: np.random.Generator, piece: Piece, loose: float) -> list[tuple[Hit, float]]:
        """When each drum is really hit: each limb has its habit, and wanders."""
        if not piece.hits:
            return []
        habit = {name: float(rng.normal(0, 0.6 * loose)) for name in _KIT}
        if not piece.strict and rng.random() < 0.3:
            habit["snare"] += rng.uniform(0, 0.015)  # laid back
        times = piece.beats.seconds([hit.beat for hit in piece.hits])
        times = times + rng.normal(0, 0.6 * loose, len(times)) + np.array([habit[hit.drum] for hit in piece.hits])
        return [(hit, max(0.0, float(t))) for hit, t in zip(piece.hits, times, strict=True) if t < piece.length_s]

    def _tones(
        self,
        rng: np.random.Generator,
        piece: Piece,
        tones: list[Tone],
        loose: float,
        sampler: Sampler,
        programs: tuple[int, ...],
        synth: float,
        strings: float = 0.0,
    ) -> Matrix:
        out = np.zeros(int(piece.length_s * RATE_HZ), dtype=np.float32)
        if not tones:
            return out
        late = float(rng.normal(0, 0.7 * loose))
        starts = piece.beats.seconds([tone.beat for tone in tones]) + late + rng.normal(0, loose, len(tones))
        ends = piece.beats.seconds([tone.beat + tone.length for tone in tones])
        starts = np.maximum(0, starts + np.array([tone.late_s for tone in tones]))
        played = [
            (t, float(a), max(float(b), float(a) + 0.05))
            for t, a, b in zip(tones, starts, ends, strict=True)
            if a < piece.length_s
        ]
        kind = rng.random()
        if kind < synth + strings:
            voice = synth_tone(rng) if kind < synth else string_tone(rng)
            for tone, start, end in played:
                place(out, start, held(voice(tone.pitch), end - start), 0.15 * tone.level)
            return out
        notes = [Note(a, b, t.pitch, int(np.clip(100 * t.level + rng.normal(0, 5), 15, 127))) for t, a, b in played]
        return sampler.play(notes, int(rng.choice(programs)), piece.length_s)

    def _chords(self, rng: np.random.Generator, piece: Piece, loose: float, sampler: Sampler) -> Matrix:
        name = piece.style.name
        heavy = name in ("punk", "metal") or (name in ("rock", "any", "shuffle") and rng.random() < 0.4)
        plucked = heavy or name in ("country", "reggae", "funk", "jig") or rng.random() < 0.25
        programs = _LOUD_GUITARS if heavy else _PLUCKED if plucked else _CHORDS
        synth = 0.65 if piece.strict and not heavy else 0.05
        out = self._tones(
            rng, piece, piece.tones["chords"], loose, sampler, programs, synth, strings=0.25 if plucked else 0.05
        )
        if heavy or rng.random() < 0.06:  # an amplifier driven hard: peaks flatten, attacks soften
            level = float(np.percentile(np.abs(out), 95)) + 1e-9
            out = (np.tanh(out / level * rng.uniform(1, 8)) * level).astype(np.float32)
        if piece.tones["pad"]:
            pad = self._tones(rng, piece, piece.tones["pad"], loose + 0.01, sampler, _PADS, synth=0.4)
            out += pad * np.float32(rng.uniform(0.3, 1.2))
        return out

    def _lead(self, rng: np.random.Generator, piece: Piece, loose: float, sampler: Sampler) -> Matrix:
        tones = piece.tones["lead"]
        if rng.random() < 0.5:
            return self._tones(rng, piece, tones, 1.5 * loose, sampler, _LEADS, synth=0.4 if piece.strict else 0.08)
        return sung(rng, piece, tones, loose)


def sung(rng: np.random.Generator, piece: Piece, tones: list[Tone], loose: float) -> Matrix:
    """A voice: late and early as singers are."""
    out = np.zeros(int(piece.length_s * RATE_HZ), dtype=np.float32)
    if not tones:
        return out
    size, low = rng.uniform(0.85, 1.25), rng.random() < 0.5
    starts = piece.beats.seconds([tone.beat for tone in tones]) + rng.normal(
        rng.normal(0.01, 0.015), 0.02 + loose, len(tones)
    )
    ends = piece.beats.seconds([tone.beat + tone.length for tone in tones])
    spoken = rng.random() < (0.6 if piece.style.name in ("hiphop", "trap") else 0.05)
    for tone, start, end in zip(tones, starts, ends, strict=True):
        if 0 <= start < piece.length_s:
            hz = 440 * 2 ** ((tone.pitch - (12 if low else 0) - 69) / 12)
            place(
                out,
                float(start),
                sing(rng, rng.uniform(100, 180) if spoken else hz, max(0.08, end - start), size, spoken),
                tone.level,
            )
    return out


def without_beat(rng: np.random.Generator) -> dict[str, Matrix]:
    """Stems in which nobody can tap along: speech, noise, drones, bells and steps at random."""
    n = int(LENGTH_S * RATE_HZ)
    stems = {name: np.zeros(n, dtype=np.float32) for name in STEMS}
    kind = rng.choice(["speech", "noise", "drone", "steps"], p=[0.3, 0.2, 0.3, 0.2])
    if kind == "speech":
        t, size, hz = rng.uniform(0, 1), rng.uniform(0.85, 1.25), rng.uniform(90, 230)
        while t < LENGTH_S:
            length = rng.uniform(0.08, 0.3)
            place(
                stems["lead"], t, sing(rng, hz * rng.uniform(0.8, 1.3), length, size, spoken=True), rng.uniform(0.5, 1)
            )
            t += length + (rng.uniform(0.2, 1.2) if rng.random() < 0.15 else rng.uniform(0, 0.06))
    if kind == "noise" or rng.random() < 0.2:
        swell = np.interp(np.arange(n), np.linspace(0, n, 12), rng.uniform(0.2, 1, 12))
        stems["drums"] += (0.1 * noise(rng, n, rng.uniform(50, 500), rng.uniform(1500, 10000)) * swell).astype(
            np.float32
        )
    if kind in ("drone", "steps"):
        voice, t = (synth_tone(rng), string_tone(rng))[int(rng.integers(2))], 0.0
        while t < LENGTH_S:
            length = rng.uniform(0.1, 0.8) if kind == "steps" else rng.uniform(1, 6)
            sound = held(voice(int(rng.integers(36, 80))), length, min(length, 0.5))
            if kind == "drone":
                sound = sound * np.hanning(len(sound)).astype(np.float32)
            place(stems["chords"], t, sound, rng.uniform(0.05, 0.2))
            t += float(rng.exponential(0.5 if kind == "steps" else 1.5))
    return stems
