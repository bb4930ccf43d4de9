"""A small singer: harmonics through moving formants, and noise for the consonants. It sounds like a synth."""

from __future__ import annotations

import numpy as np
from score import Syllable, hertz
from synth import SR, Sound, band, noise, seconds

_CONTROL_HZ = 200
_N_HARMONICS = 44

# First three formants in Hz (a high voice).
_VOWELS = {
    "aa": (820, 1250, 2800), "ae": (800, 1900, 2850), "ah": (700, 1400, 2780), "ao": (580, 950, 2710),
    "eh": (600, 2200, 2950), "er": (500, 1550, 1950), "ih": (430, 2400, 3050), "iy": (320, 2700, 3300),
    "uh": (460, 1160, 2680), "uw": (360, 980, 2670),
}  # fmt: skip
_GLIDES = {"ey": ("eh", "iy"), "ay": ("aa", "iy"), "aw": ("aa", "uw"), "ow": ("ao", "uw")}
# Formants, level against a vowel, length in seconds.
_VOICED = {
    "m": (260, 1050, 2300, 0.28, 0.07), "n": (270, 1650, 2650, 0.28, 0.06), "l": (370, 1250, 2900, 0.5, 0.06),
    "r": (340, 1200, 1700, 0.5, 0.06), "w": (310, 680, 2300, 0.45, 0.06), "y": (290, 2300, 3100, 0.45, 0.05),
    "v": (300, 1300, 2400, 0.22, 0.05), "dh": (300, 1600, 2600, 0.2, 0.04), "z": (300, 1700, 2700, 0.15, 0.07),
    "b": (250, 900, 2300, 0.06, 0.05), "d": (260, 1700, 2650, 0.06, 0.04), "g": (260, 1900, 2500, 0.06, 0.05),
}  # fmt: skip
# Band of the noise in Hz, its level, length in seconds, time in which it falls.
_NOISY = {
    "s": (5200, 11000, 0.16, 0.09, 0.2), "z": (5000, 10000, 0.07, 0.07, 0.2), "f": (3500, 10000, 0.05, 0.08, 0.2),
    "th": (3000, 9000, 0.05, 0.08, 0.2), "h": (900, 4500, 0.06, 0.07, 0.2), "t": (3200, 9000, 0.22, 0.05, 0.016),
    "k": (1500, 4200, 0.22, 0.05, 0.018), "p": (500, 2500, 0.22, 0.045, 0.014), "d": (2600, 7000, 0.1, 0.03, 0.012),
    "b": (400, 2000, 0.1, 0.03, 0.012), "g": (1300, 3500, 0.1, 0.03, 0.014), "v": (3000, 8000, 0.02, 0.05, 0.2),
}  # fmt: skip


class _Track:
    """Points of the voice over time: formants, level of the harmonics, and bursts of noise."""

    def __init__(self) -> None:
        self.points: list[tuple[float, tuple[float, ...], float]] = []
        self.bursts: list[tuple[float, str]] = []

    def add(self, time_s: float, formants: tuple[float, ...], level: float) -> None:
        # Time must rise; a squeezed syllable gives way by a millisecond.
        floor = self.points[-1][0] + 0.001 if self.points else 0.0
        self.points.append((max(time_s, floor), formants[:3], level))


def sing(
    syllables: tuple[Syllable, ...], *, octave: int = 0, seed: int = 0, cents: float = 0.0, shift: int = 0
) -> tuple[float, Sound]:
    """Sing a line. Gives the moment of the song at which the sound starts, and the mono sound.

    Args:
        cents: Offset of the pitch, for doubles.
        shift: Semitones for a harmony.
    """
    start_s, end_s = syllables[0].start_s - 0.25, syllables[-1].end_s + 0.3
    track = _Track()
    track.add(start_s, _VOWELS["ah"], 0.0)
    for k, syllable in enumerate(syllables):
        gap = k + 1 == len(syllables)
        _articulate(track, syllable, is_last=gap)
    track.add(end_s, _VOWELS["ah"], 0.0)
    control_s = np.arange(start_s, end_s, 1 / _CONTROL_HZ)
    pitch_hz = _melody(syllables, control_s, seed) * 2 ** (octave + shift / 12 + cents / 1200)
    out = _harmonics(track, control_s, pitch_hz, seconds(end_s - start_s))
    for j, (time_s, phone) in enumerate(track.bursts):
        _burst(out, phone, time_s - start_s, 500 + seed * 97 + j)
    return start_s, out


def _articulate(track: _Track, syllable: Syllable, *, is_last: bool) -> None:
    """Lay the phones of one syllable; its vowel begins on the beat, consonants before the vowel lead into it."""
    where = next(k for k, phone in enumerate(syllable.phones) if phone in _VOWELS or phone in _GLIDES)
    onset, vowel, coda = syllable.phones[:where], syllable.phones[where], syllable.phones[where + 1 :]
    first, last = _GLIDES.get(vowel, (vowel, vowel))
    time_s = syllable.start_s - 0.8 * sum(_length_s(phone) for phone in onset)
    for phone in onset:
        time_s = _consonant(track, phone, time_s)
    end_s = syllable.end_s - sum(_length_s(phone) for phone in coda) - (0.06 if is_last else 0.03)
    end_s = max(end_s, time_s + 0.07)
    hold_s = time_s + (end_s - time_s) * (0.55 if first != last else 0.9)
    track.add(time_s + 0.025, _VOWELS[first], 1.0)
    track.add(hold_s, _VOWELS[first], 0.95)
    track.add(end_s, _VOWELS[last], 0.8)
    for phone in coda:
        end_s = _consonant(track, phone, end_s + 0.01)
    if is_last or (coda and coda[-1] not in _VOICED):
        track.add(end_s + 0.05, _VOWELS[last], 0.0)


def _length_s(phone: str) -> float:
    return _VOICED[phone][4] if phone in _VOICED else _NOISY[phone][3]


def _consonant(track: _Track, phone: str, time_s: float) -> float:
    if phone in _VOICED:
        f1, f2, f3, level, length_s = _VOICED[phone]
        track.add(time_s + 0.012, (f1, f2, f3), level)
        track.add(time_s + length_s - 0.01, (f1, f2, f3), level)
    else:
        length_s = _NOISY[phone][3]
        formants = track.points[-1][1]
        track.add(time_s + 0.012, formants, 0.0)
        track.add(time_s + length_s - 0.008, formants, 0.0)
    if phone in _NOISY:
        stop = phone in ("b", "d", "g")
        track.bursts.append((time_s + (length_s - 0.012 if stop else 0.012), phone))
    return time_s + length_s


def _melody(syllables: tuple[Syllable, ...], control_s: Sound, seed: int) -> Sound:
    """Pitch in Hz: notes with short glides, vibrato on what is held, and a little human drift."""
    times, pitches = [], []
    for syllable in syllables:
        times += [syllable.start_s + 0.02, syllable.end_s - 0.035]
        pitches += [float(syllable.pitch)] * 2
    pitch = np.interp(control_s, times, pitches)
    for syllable in syllables:
        held = np.clip((control_s - syllable.start_s - 0.28) / 0.3, 0, 1) * (control_s < syllable.end_s)
        pitch += 0.28 * held * np.sin(2 * np.pi * 5.4 * control_s + seed)
    drift = np.convolve(noise(len(control_s), 300 + seed), np.hanning(60) / 30, mode="same")
    return np.array([hertz(p) for p in pitch + 0.05 * drift])


def _harmonics(track: _Track, control_s: Sound, pitch_hz: Sound, n: int) -> Sound:
    """Add up the harmonics, each as loud as the vocal tract lets it through."""
    times = [point[0] for point in track.points]
    formants = [np.interp(control_s, times, [point[1][j] for point in track.points]) for j in range(3)]
    formants += [np.full(len(control_s), 3900.0), np.full(len(control_s), 4900.0)]
    level = np.interp(control_s, times, [point[2] for point in track.points])
    clock = np.arange(n) / SR
    grid = control_s - control_s[0]
    phase = 2 * np.pi * np.cumsum(np.interp(clock, grid, pitch_hz)) / SR
    tract = _tract(np.outer(np.arange(1, _N_HARMONICS + 1), pitch_hz), np.array(formants))
    # Equal loudness for all vowels: divide by the energy that the tract lets through.
    tract *= level / np.sqrt((tract**2).sum(axis=0) + 1e-9)
    out = np.zeros(n)
    for k in range(_N_HARMONICS):
        if pitch_hz.min() * (k + 1) < 12_000:
            out += np.interp(clock, grid, tract[k]) * np.sin((k + 1) * phase + 0.6 * k * k)
    return out


def _tract(f: Sound, formants: Sound) -> Sound:
    """Level of harmonics at frequencies `f` (harmonics, time): glottal slope times five resonances."""
    response = f[0] / f
    for formant, width in zip(formants, (90, 110, 160, 220, 280), strict=True):
        response = response * formant**2 / np.sqrt((formant**2 - f**2) ** 2 + (width * f) ** 2)
    return response * np.sqrt(1 + (f / 1200) ** 2)


def _burst(out: Sound, phone: str, time_s: float, seed: int) -> None:
    low_hz, high_hz, level, length_s, fall_s = _NOISY[phone]
    n = seconds(length_s + 0.02)
    t = np.arange(n) / SR
    hiss = noise(n, seed) * np.exp(-t / fall_s) * np.clip(t / 0.004, 0, 1) * np.clip((t[-1] - t) / 0.02, 0, 1)
    at = seconds(time_s)
    stop = min(at + n, len(out))
    if 0 <= at < stop:
        out[at:stop] += level * 2.2 * band(hiss, low_hz, high_hz)[: stop - at]
