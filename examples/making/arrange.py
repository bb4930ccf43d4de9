"""Plays the score: which instrument does what in which section, and the mix."""

from __future__ import annotations

import numpy as np
import synth
from score import BAR_S, BEAT_S, CHORDS, Line, Part, duration_s, lines, parts
from synth import SR, Sound, seconds
from voice import sing

EIGHTH_S = BEAT_S / 2


class Desk:
    """Stereo tracks of the whole song, by name."""

    def __init__(self) -> None:
        self.n = seconds(duration_s())
        self.tracks: dict[str, Sound] = {}
        self.kicks_s: list[float] = []

    def put(self, track: str, at_s: float, sound: Sound, gain: float = 1.0, pan: float = 0.0) -> None:
        """Lay a mono or stereo sound at a moment; `pan` -1 is left, 1 is right."""
        bus = self.tracks.setdefault(track, np.zeros((2, self.n)))
        at = seconds(at_s)
        if sound.ndim == 1:
            angle = (pan + 1) * np.pi / 4
            sound = np.array([[np.cos(angle)], [np.sin(angle)]]) * 1.414 * sound
        stop = min(at + sound.shape[1], self.n)
        if at < 0 or stop <= at:
            return
        bus[:, at:stop] += gain * sound[:, : stop - at]

    def kick(self, at_s: float, gain: float = 1.0) -> None:
        self.kicks_s.append(at_s)
        self.put("kick", at_s, synth.kick(), gain)

    def duck(self, depth: float) -> Sound:
        """Gain that bows to every kick and comes back within a beat."""
        t = np.arange(self.n) / SR
        kicks = np.array(sorted(self.kicks_s))
        where = np.searchsorted(kicks, t, side="right") - 1
        since = np.where(where >= 0, t - kicks[np.maximum(where, 0)], 9.0)
        return 1 - depth * np.exp(-((since / 0.16) ** 2))


def play() -> Sound:
    """The finished song, stereo, shape (2, n)."""
    desk = Desk()
    for index, part in enumerate(parts()):
        PLAYERS[part.label](desk, part, index)
    for line in lines():
        _vocals(desk, line)
    return _mix(desk)


def _bars(part: Part) -> list[tuple[int, float, int, tuple[int, ...]]]:
    """Bar number, start, bass note and voicing of each bar of a part."""
    return [(k, part.start_s + k * BAR_S, *CHORDS[chord]) for k, chord in enumerate(part.chords)]


def _pads(desk: Desk, part: Part, low_hz: float, high_hz: float, gain: float) -> None:
    """Chords whose filter opens from `low_hz` to `high_hz` over the part."""
    for k, at_s, _, voicing in _bars(part):
        n = seconds(BAR_S + 0.3)
        open_hz = low_hz * (high_hz / low_hz) ** (np.linspace(k, k + 1, n) / part.n_bars)
        desk.put("pad", at_s, synth.pad(voicing, n, open_hz), gain)


def _arpeggio(desk: Desk, part: Part, gain: float, bright: float, per_beat: int = 2) -> None:
    pattern = (0, 2, 1, 3, 2, 1, 3, 2)
    for _, at_s, _, voicing in _bars(part):
        for step in range(4 * per_beat):
            pitch = voicing[pattern[step % 8] % len(voicing)] + 12
            accent = 1.0 if step % per_beat == 0 else 0.7
            note = synth.pluck(pitch, seconds(0.3), bright)
            desk.put("pluck", at_s + step * BEAT_S / per_beat, note, gain * accent, pan=0.5 * (-1) ** step)


def _bass(desk: Desk, part: Part, pattern: tuple[int, ...], gain: float, bright: float) -> None:
    """`pattern`: for each eighth of a bar -1 rests, 0 plays the root, 12 its octave."""
    for _, at_s, root, _ in _bars(part):
        for step, up in enumerate(pattern):
            if up >= 0:
                desk.put("bass", at_s + step * EIGHTH_S, synth.bass(root + up, seconds(EIGHTH_S * 0.95), bright), gain)


def _beat(desk: Desk, part: Part, kick: float, clap: float, hats: float, open_hats: float = 0.0) -> None:
    for bar, at_s, _, _ in _bars(part):
        for beat in range(4):
            when = at_s + beat * BEAT_S
            if kick:
                desk.kick(when, kick)
            if clap and beat % 2:
                desk.put("clap", when, synth.clap(), clap)
            for half in (0, 1):
                swing = 1.0 if half else 0.55
                desk.put("hats", when + half * EIGHTH_S, synth.hat(seed=4 + (bar + beat) % 3), hats * swing, 0.25)
            if open_hats:
                desk.put("hats", when + EIGHTH_S, synth.hat(0.11, 9), open_hats, -0.2)


def _intro(desk: Desk, part: Part, _: int) -> None:
    _pads(desk, part, 350, 1100, 0.3)
    _arpeggio(desk, part, 0.2, 0.35)
    for bar, at_s, root, voicing in _bars(part):
        desk.put("bell", at_s, synth.bell(voicing[-1] + 12, seconds(1.8)), 0.22, -0.3)
        desk.put("bass", at_s, synth.bass(root, seconds(BAR_S * 0.97), 0.1), 0.25)
        if bar >= 2:
            for beat in range(4):
                desk.put("hats", at_s + beat * BEAT_S, synth.hat(), 0.16, 0.25)
                desk.kick(at_s + beat * BEAT_S, 0.4)


def _verse(desk: Desk, part: Part, _: int) -> None:
    _pads(desk, part, 700, 1000, 0.2)
    _arpeggio(desk, part, 0.15, 0.3)
    _bass(desk, part, (0, -1, -1, 0, 0, -1, 12, -1), 0.42, 0.35)
    _beat(desk, part, kick=0.72, clap=0.4, hats=0.16)
    desk.put("crash", part.start_s, synth.crash(), 0.12)


def _build(desk: Desk, part: Part, _: int) -> None:
    _pads(desk, part, 900, 6500, 0.3)
    _arpeggio(desk, part, 0.2, 0.7, per_beat=4)
    for bar, at_s, root, _voicing in _bars(part):
        if bar < 2:
            desk.put("bass", at_s, synth.bass(root, seconds(BAR_S * 0.97), 0.3), 0.4)
        per_beat = (1, 2, 2, 4)[bar]
        for step in range(4 * per_beat):
            beat = step / per_beat
            if bar == 3 and beat >= 3:
                continue  # the breath before the drop
            loudness = 0.12 + 0.34 * (bar * 4 + beat) / 16
            desk.put("snare", at_s + beat * BEAT_S, synth.snare(), loudness)
        if bar < 3:
            for beat in range(4):
                desk.kick(at_s + beat * BEAT_S, 0.7)
    desk.put("riser", part.start_s, synth.riser(seconds(4 * BAR_S - BEAT_S)), 0.3)


def _chorus(desk: Desk, part: Part, index: int) -> None:
    final = index == 5
    _beat(desk, part, kick=1.0, clap=0.6, hats=0.14, open_hats=0.2)
    _bass(desk, part, (-1, 0, 12, 0, -1, 0, 12, 0), 0.62, 0.9)
    _arpeggio(desk, part, 0.2 if final else 0.16, 0.8, per_beat=4)
    stabs = ((0, 1.45), (1.5, 1.45), (3, 0.95))  # start and length in beats
    for _, at_s, root, voicing in _bars(part):
        for start, length in stabs:
            n = seconds(length * BEAT_S + 0.12)
            bright = np.linspace(9000, 3500, n)
            desk.put("stab", at_s + start * BEAT_S, synth.pad((root + 12, *voicing), n, bright, 0.12), 0.42)
        if final:
            for beat in (0.5, 1.5, 2.5, 3.5):
                desk.put("bell", at_s + beat * BEAT_S, synth.bell(voicing[-1] + 12, seconds(0.5)), 0.2, 0.4)
    for bar in range(0, part.n_bars, 4):
        desk.put("crash", part.start_s + bar * BAR_S, synth.crash(), 0.3)
    for step in range(4):  # fill into what follows
        desk.put("snare", part.end_s - BEAT_S + step * BEAT_S / 4, synth.snare(), 0.2 + 0.08 * step)


def _break(desk: Desk, part: Part, _: int) -> None:
    _pads(desk, part, 1200, 2600, 0.3)
    for bar, at_s, root, voicing in _bars(part):
        desk.put("bass", at_s, synth.bass(root, seconds(BAR_S * 0.97), 0.1), 0.3)
        for step, pick in enumerate((0, 1, 2, 3, 2, 1, 2, 3)):
            desk.put(
                "bell", at_s + step * EIGHTH_S, synth.bell(voicing[pick] + 12, seconds(0.7)), 0.17, 0.4 * (-1) ** step
            )
        for beat in range(4):
            desk.put("hats", at_s + beat * BEAT_S + EIGHTH_S, synth.hat(), 0.1, 0.25)
            if bar >= 2:
                desk.put("clap", at_s + beat * BEAT_S, synth.clap(), 0.14 + 0.05 * beat * (bar - 1))
    desk.put("riser", part.start_s + 2 * BAR_S, synth.riser(seconds(2 * BAR_S)), 0.25)


def _outro(desk: Desk, part: Part, _: int) -> None:
    desk.put("crash", part.start_s, synth.crash(), 0.3)
    desk.kick(part.start_s, 0.8)
    _pads(desk, part, 2600, 500, 0.3)
    _arpeggio(desk, part, 0.15, 0.3)
    for at_s in (part.start_s, part.start_s + BAR_S):
        desk.put("hats", at_s, synth.hat(), 0.12)
    last = part.end_s
    for pitch in (67, 71, 74, 79):
        desk.put("bell", last, synth.bell(pitch, seconds(1.5)), 0.2)
    desk.put("bass", last, synth.bass(43, seconds(1.2), 0.1), 0.35)


PLAYERS = {
    "intro": _intro, "verse": _verse, "build": _build, "chorus": _chorus, "break": _break, "outro": _outro,
}  # fmt: skip

VOICE = 0.47
LEVELS = {
    "kick": 0.72, "clap": 1.3, "snare": 1.0, "hats": 1.7, "crash": 1.0, "bass": 0.5, "pad": 0.8, "stab": 0.72,
    "pluck": 1.0, "bell": 0.7, "riser": 0.8,
}  # fmt: skip
SENDS = {"pluck": 0.4, "bell": 0.6, "clap": 0.25, "pad": 0.25, "stab": 0.12, "snare": 0.15, "crash": 0.25}


def _vocals(desk: Desk, line: Line) -> None:
    """The lead; in a chorus two doubles and a third above it."""
    start_s, lead = sing(line.syllables)
    desk.put("voice", start_s, lead, 0.62)
    if line.section in ("chorus", "build"):
        for seed, cents, pan in ((1, 9, -0.8), (2, -8, 0.8)):
            start_s, double = sing(line.syllables, seed=seed, cents=cents)
            desk.put("voice", start_s + 0.012 * seed, double, 0.2, pan)
    if line.section == "chorus":
        start_s, low = sing(line.syllables, octave=-1, seed=3, cents=4)
        desk.put("voice", start_s, low, 0.2, 0.15)


def _mix(desk: Desk) -> Sound:
    """Balance, side-chain, room, echo, limiter."""
    soft, hard = desk.duck(0.45), desk.duck(0.75)
    tracks = desk.tracks
    for name, gain in (("pad", soft), ("stab", hard), ("bass", hard), ("pluck", soft), ("riser", soft)):
        tracks[name] = tracks[name] * gain
    voice = synth.band(tracks["voice"], 140, 12000)
    dry = sum(level * tracks[name] for name, level in LEVELS.items()) + VOICE * voice
    room = sum(level * tracks[name] for name, level in SENDS.items()) + 0.26 * voice
    wet = synth.reverb(room, 1.9) * 0.32
    echo = synth.ping_pong(voice * 0.3 + tracks["pluck"] * 0.5 + tracks["bell"] * 0.3, 1.5 * EIGHTH_S, 0.38)
    out = synth.band(0.68 * dry + 0.68 * wet + 0.34 * echo, 30, 17500)
    fade = np.clip((desk.n - np.arange(desk.n)) / seconds(0.9), 0, 1) ** 1.5
    return synth.limit(np.tanh(out) * fade)
