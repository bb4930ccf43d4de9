"""Instruments of our own beside the sampled ones: drum machines, analogue-like tones, plucked strings, a voice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, sosfilt

RATE_HZ = 22050
Matrix: TypeAlias = NDArray[np.float32]
Tone: TypeAlias = Callable[[int], Matrix]
"""Gives two seconds of a pitch."""
_LONGEST_S = 2.5


def noise(rng: np.random.Generator, n: int, low_hz: float, high_hz: float) -> Matrix:
    """Noise between two frequencies."""
    high_hz = min(high_hz, 10800.0)
    sos = butter(2, [low_hz, high_hz], "band", fs=RATE_HZ, output="sos")
    return np.asarray(sosfilt(sos, rng.normal(0, 1, n)), dtype=np.float32)


def decay(n: int, tau_s: float) -> Matrix:
    """An exponential fall."""
    return np.exp(-np.arange(n) / (RATE_HZ * tau_s)).astype(np.float32)


def drum_machine(rng: np.random.Generator) -> dict[str, Matrix]:
    """One-shots of a drum machine whose knobs are turned at random: kick, snare, hat, open, ride, crash, tom, perc."""
    return {
        "kick": _kick(rng),
        "snare": _clap(rng) if rng.random() < 0.4 else _snare(rng),
        "hat": _metal(rng, rng.uniform(0.012, 0.05), rng.uniform(5000, 8000)),
        "open": _metal(rng, rng.uniform(0.1, 0.35), rng.uniform(4500, 8000)),
        "ride": _metal(rng, rng.uniform(0.2, 0.6), rng.uniform(3500, 7000)),
        "crash": _metal(rng, rng.uniform(0.5, 1.2), rng.uniform(2500, 5000)),
        "tom": _kick(rng, rng.uniform(90, 180)),
        "perc": _perc(rng),
    }


def _kick(rng: np.random.Generator, low_hz: float = 0.0) -> Matrix:
    low_hz = low_hz or rng.uniform(40, 65)
    n = int(rng.uniform(0.18, 0.45) * RATE_HZ)
    t = np.arange(n) / RATE_HZ
    hz = low_hz * (1 + rng.uniform(1, 6) * np.exp(-t / rng.uniform(0.008, 0.04)))
    body = np.sin(2 * np.pi * np.cumsum(hz) / RATE_HZ) * decay(n, rng.uniform(0.06, 0.25))
    click = rng.normal(0, 1, n) * decay(n, 0.003) * rng.uniform(0, 0.6)
    return np.tanh(rng.uniform(1, 4) * (body + click)).astype(np.float32)


def _snare(rng: np.random.Generator) -> Matrix:
    n = int(0.3 * RATE_HZ)
    t = np.arange(n) / RATE_HZ
    body = np.sin(2 * np.pi * rng.uniform(150, 240) * t * (1 + 0.3 * np.exp(-t / 0.015))) * decay(n, 0.07)
    rattle = noise(rng, n, rng.uniform(700, 2500), 10000) * decay(n, rng.uniform(0.04, 0.16))
    return (rng.uniform(0.2, 0.8) * body + rng.uniform(0.5, 1.2) * rattle).astype(np.float32)


def _clap(rng: np.random.Generator) -> Matrix:
    n = int(0.3 * RATE_HZ)
    out = np.zeros(n, dtype=np.float32)
    for k in range(int(rng.integers(2, 5))):
        start = int(k * rng.uniform(0.007, 0.012) * RATE_HZ)
        out[start:] += decay(n - start, 0.008)
    out += 0.6 * decay(n, rng.uniform(0.05, 0.12))
    return noise(rng, n, rng.uniform(700, 1200), rng.uniform(4000, 9000)) * out


def _metal(rng: np.random.Generator, tau_s: float, low_hz: float) -> Matrix:
    n = int(min(1.5, 5 * tau_s) * RATE_HZ)
    t = np.arange(n) / RATE_HZ
    squares = sum(np.sign(np.sin(2 * np.pi * hz * t)) for hz in rng.uniform(300, 900, 5)) / 5
    sos = butter(2, min(low_hz, 9000), "high", fs=RATE_HZ, output="sos")
    mix = rng.uniform(0, 1)
    return (sosfilt(sos, mix * squares + (1 - mix) * rng.normal(0, 1, n)) * decay(n, tau_s)).astype(np.float32)


def _perc(rng: np.random.Generator) -> Matrix:
    n = int(0.2 * RATE_HZ)
    if rng.random() < 0.5:
        return noise(rng, n, rng.uniform(2000, 5000), 10000) * decay(n, rng.uniform(0.02, 0.06))
    t = np.arange(n) / RATE_HZ
    return (np.sin(2 * np.pi * rng.uniform(300, 2500) * t) * decay(n, rng.uniform(0.01, 0.06))).astype(np.float32)


def synth_tone(rng: np.random.Generator) -> Tone:
    """A patch of an analogue-like synthesizer: detuned saws or squares, FM, or an organ; each pitch is made once."""
    kind = str(rng.choice(["saw", "square", "fm", "organ", "sine"], p=[0.4, 0.2, 0.2, 0.1, 0.1]))
    detune = rng.uniform(0.02, 0.15) * np.array([-1, -0.4, 0, 0.5, 1]) if rng.random() < 0.6 else np.zeros(1)
    cutoff_hz, attack_s = float(np.exp(rng.uniform(np.log(500), np.log(9000)))), float(rng.choice([0.003, 0.01, 0.08]))
    tau_s, ratio, depth = float(rng.choice([0.15, 0.4, 1.5, 9])), float(rng.choice([1, 2, 3.5])), rng.uniform(1, 6)
    known: dict[int, Matrix] = {}

    def tone(pitch: int) -> Matrix:
        if pitch not in known:
            known[pitch] = make(440 * 2 ** ((pitch - 69) / 12))
        return known[pitch]

    def make(hz: float) -> Matrix:
        t = np.arange(int(_LONGEST_S * RATE_HZ)) / RATE_HZ
        out = np.zeros(len(t))
        for cents in detune:
            phase = hz * 2 ** (cents / 12) * t + rng.random()
            if kind == "saw":
                out += 2 * (phase % 1) - 1
            elif kind == "square":
                out += np.sign((phase % 1) - 0.45)
            elif kind == "fm":
                out += np.sin(2 * np.pi * phase + depth * np.exp(-t / 0.3) * np.sin(2 * np.pi * ratio * phase))
            elif kind == "organ":
                out += sum(np.sin(2 * np.pi * k * phase) / k for k in (1, 2, 3, 4))
            else:
                out += np.sin(2 * np.pi * phase)
        out = lfilter(*butter(2, min(cutoff_hz, 10000), fs=RATE_HZ), out) / len(detune)
        return np.asarray(out * np.minimum(1, t / attack_s) * np.exp(-t / tau_s), dtype=np.float32)

    return tone


def string_tone(rng: np.random.Generator) -> Tone:
    """A plucked string (Karplus, Strong 1983), steel or nylon."""
    bright, damp = rng.uniform(0.2, 0.9), rng.uniform(0.988, 0.998)
    known: dict[int, Matrix] = {}

    def tone(pitch: int) -> Matrix:
        if pitch in known:
            return known[pitch]
        period = max(4, round(RATE_HZ / (440 * 2 ** ((pitch - 69) / 12)) - 0.5))
        burst = np.zeros(int(_LONGEST_S * RATE_HZ))
        burst[:period] = lfilter([bright], [1, bright - 1], rng.uniform(-1, 1, period))
        loop = np.zeros(period + 2)
        loop[0], loop[period], loop[period + 1] = 1, -0.5 * damp, -0.5 * damp
        known[pitch] = lfilter([1.0], loop, burst).astype(np.float32)
        return known[pitch]

    return tone


def place(out: Matrix, time_s: float, sound: Matrix, gain: float = 1.0) -> None:
    """Add a sound at a moment; what hangs over an end is cut."""
    start = max(0, round(time_s * RATE_HZ))
    end = min(len(out), start + len(sound))
    if end > start:
        out[start:end] += sound[: end - start] * np.float32(gain)


def held(sound: Matrix, length_s: float, release_s: float = 0.03) -> Matrix:
    """The first part of a sound, with a soft end."""
    n = min(len(sound), int((length_s + release_s) * RATE_HZ))
    out = sound[:n].copy()
    fade = min(n, int(release_s * RATE_HZ))
    if fade:
        out[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return out


_VOWELS = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
    (490, 1350, 1690),
)
"""First three formants of a, i, u, e, o and a neutral vowel, in Hz (Peterson, Barney 1952)."""


def sing(rng: np.random.Generator, hz: float, length_s: float, size: float, spoken: bool = False) -> Matrix:
    """One syllable: perhaps a consonant, then a vowel with a gliding, trembling pitch."""
    n = max(400, int(length_s * RATE_HZ))
    t = np.arange(n) / RATE_HZ
    glide = rng.uniform(0.8, 1.25) if spoken else 1.0
    scoop = 1 - rng.uniform(0, 0.06) * np.exp(-t / 0.05)
    pitch = (
        hz
        * np.geomspace(1, glide, n)
        * scoop
        * (1 + 0.012 * np.sin(2 * np.pi * 5.3 * t) * np.clip(t / 0.3 - 0.5, 0, 1))
    )
    phase = np.cumsum(pitch) / RATE_HZ
    source = np.diff(np.floor(phase), prepend=0.0) + 0.02 * rng.normal(0, 1, n)
    out = np.zeros(n)
    for formant, width in zip(_VOWELS[int(rng.integers(len(_VOWELS)))], (90, 110, 170), strict=True):
        radius = np.exp(-np.pi * width / RATE_HZ)
        angle = 2 * np.pi * formant * size / RATE_HZ
        out += lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius**2], source)
    rise_s = rng.uniform(0.01, 0.07)
    out *= np.minimum(1, t / rise_s) * np.minimum(1, (t[-1] - t) / 0.03)
    out /= np.sqrt(np.mean(out**2)) + 1e-9
    if rng.random() < 0.5:
        m = int(rng.uniform(0.02, 0.09) * RATE_HZ)
        burst = noise(rng, m, rng.uniform(1500, 4000), 9500) * np.hanning(m)
        out[: min(m, n)] += burst[: min(m, n)] * rng.uniform(0.3, 1.5)
    return (0.1 * out).astype(np.float32)
