"""Instruments and effects in plain numpy: drums, wavetable synths, reverb, delay, limiter. No samples."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SR = 44_100
Sound = NDArray[np.float64]
"""Mono (n,) or stereo (2, n)."""
_TABLE = 2048
_BRIGHTNESS_HZ = (250.0, 600.0, 1400.0, 3200.0, 7000.0, 14000.0)


def seconds(n_seconds: float) -> int:
    """Samples in `n_seconds`."""
    return round(n_seconds * SR)


def noise(n: int, seed: int) -> Sound:
    """White noise, the same for the same seed."""
    return np.random.default_rng(seed).standard_normal(n)


def band(sound: Sound, low_hz: float, high_hz: float) -> Sound:
    """Band-pass with soft, zero-phase edges."""
    f = np.fft.rfftfreq(sound.shape[-1], 1 / SR)
    gain = 1 / np.sqrt(1 + (low_hz / np.maximum(f, 1e-3)) ** 6) / np.sqrt(1 + (f / high_hz) ** 6)
    return np.fft.irfft(np.fft.rfft(sound) * gain, sound.shape[-1])


def envelope(n: int, attack_s: float, decay_s: float, sustain: float, release_s: float) -> Sound:
    """Attack, exponential fall to `sustain`, release inside the `n` samples."""
    t = np.arange(n) / SR
    level = sustain + (1 - sustain) * np.exp(-t / decay_s)
    level *= np.clip(t / attack_s, 0, 1)
    return level * np.clip((n / SR - t) / release_s, 0, 1)


@lru_cache(maxsize=256)
def _table(pitch_hz: float, cutoff_hz: float, odd_only: bool) -> Sound:
    """One cycle of a saw (or square) with harmonics rolled off above the cutoff; none beyond 17 kHz."""
    k = np.arange(1, max(2, int(17_000 / pitch_hz)))
    level = 1 / k / np.sqrt(1 + (k * pitch_hz / cutoff_hz) ** 4)
    if odd_only:
        level = level * (k % 2)
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=complex)
    kept = k[k < _TABLE // 2]
    spectrum[kept] = -0.5j * _TABLE * level[: len(kept)]
    return np.fft.irfft(spectrum, _TABLE)


def tone(
    pitch_hz: float, n: int, cutoff_hz: Sound, *, detune: float = 0.0, phase: float = 0.0, odd: bool = False
) -> Sound:
    """A saw or square of `n` samples through a low-pass that moves as `cutoff_hz` (n,) does."""
    where = (pitch_hz * (1 + detune) * np.arange(n) / SR + phase) % 1 * _TABLE
    ring = np.arange(_TABLE + 1)
    rungs = np.log2(np.clip(cutoff_hz, _BRIGHTNESS_HZ[0], _BRIGHTNESS_HZ[-1] * 0.999))
    marks = np.log2(_BRIGHTNESS_HZ)
    out = np.zeros(n)
    for j, cutoff in enumerate(_BRIGHTNESS_HZ):
        weight = np.interp(rungs, marks, np.eye(len(marks))[j])
        if weight.any():
            cycle = _table(pitch_hz, cutoff, odd)
            out += weight * np.interp(where, ring, np.append(cycle, cycle[0]))
    return out


def kick() -> Sound:
    t = np.arange(seconds(0.36)) / SR
    sweep = 46 * t + 115 * 0.028 * (1 - np.exp(-t / 0.028))
    body = np.sin(2 * np.pi * sweep) * np.exp(-t / 0.13)
    click = band(noise(len(t), 1), 1800, 7000) * np.exp(-t / 0.004) * 0.25
    return (np.tanh(1.6 * body) + click) * np.clip((t[-1] - t) / 0.02, 0, 1)


def clap() -> Sound:
    t = np.arange(seconds(0.32)) / SR
    bursts = sum(
        np.where(t >= d, np.exp(-(t - d) / (0.012 if d < 0.03 else 0.085)), 0) for d in (0.0, 0.011, 0.022, 0.032)
    )
    tone_part = np.sin(2 * np.pi * 188 * t) * np.exp(-t / 0.06)
    return 0.55 * band(noise(len(t), 2), 900, 6500) * bursts + 0.35 * tone_part


def snare() -> Sound:
    t = np.arange(seconds(0.2)) / SR
    return 0.7 * band(noise(len(t), 3), 700, 9000) * np.exp(-t / 0.05) + 0.4 * np.sin(2 * np.pi * 205 * t) * np.exp(
        -t / 0.04
    )


def hat(open_s: float = 0.035, seed: int = 4) -> Sound:
    t = np.arange(seconds(max(0.09, open_s * 5))) / SR
    return band(noise(len(t), seed), 7200, 15500) * np.exp(-t / open_s)


def crash() -> Sound:
    t = np.arange(seconds(2.4)) / SR
    return band(noise(len(t), 5), 3200, 15000) * np.exp(-t / 0.6) * np.clip(t / 0.002, 0, 1)


def riser(n: int) -> Sound:
    """Noise whose band climbs, as before a drop."""
    out, t = np.zeros(n), np.linspace(0, 1, n)
    for j, low in enumerate((400, 900, 1900, 3800, 7000)):
        out += band(noise(n, 60 + j), low, low * 2.1) * np.exp(-(((t - (j + 1) / 5.5) / 0.22) ** 2))
    return out * t**2


def pluck(pitch: float, n: int, bright: float = 1.0) -> Sound:
    t = np.arange(n) / SR
    f = 440 * 2 ** ((pitch - 69) / 12)
    cutoff = 350 + 5200 * bright * np.exp(-t / 0.09)
    return (tone(f, n, cutoff) + 0.7 * tone(f, n, cutoff, detune=0.004, phase=0.3)) * envelope(
        n, 0.002, 0.16, 0.08, 0.04
    )


def bell(pitch: float, n: int) -> Sound:
    """Two-operator FM, soft."""
    t = np.arange(n) / SR
    f = 440 * 2 ** ((pitch - 69) / 12)
    wobble = 1.1 * np.exp(-t / 0.25) * np.sin(2 * np.pi * f * 3.5 * t)
    return np.sin(2 * np.pi * f * t + wobble) * envelope(n, 0.003, 0.4, 0.0, 0.08)


def bass(pitch: float, n: int, bright: float) -> Sound:
    t = np.arange(n) / SR
    f = 440 * 2 ** ((pitch - 69) / 12)
    saw = tone(f, n, 180 + 1500 * bright * np.exp(-t / 0.12), odd=False)
    return np.tanh(1.3 * (0.8 * np.sin(2 * np.pi * f * t) + 0.55 * saw)) * envelope(n, 0.005, 0.3, 0.6, 0.03)


def pad(pitches: tuple[int, ...], n: int, cutoff_hz: Sound, release_s: float = 0.35) -> Sound:
    """A wide supersaw chord, stereo."""
    out = np.zeros((2, n))
    for i, pitch in enumerate(pitches):
        f = 440 * 2 ** ((pitch - 69) / 12)
        for j, detune in enumerate((-0.0062, -0.0027, 0.0, 0.0031, 0.0058)):
            voice = tone(f, n, cutoff_hz, detune=detune, phase=(0.37 * i + 0.23 * j) % 1)
            lean = 0.5 + 0.42 * (1 if (i + j) % 2 else -1) * abs(detune) / 0.0062
            out += np.sqrt(np.array([[1 - lean], [lean]])) * voice
    return out * envelope(n, 0.05, 1.0, 0.9, release_s) / len(pitches)


def reverb(sound: Sound, length_s: float, low_hz: float = 250, high_hz: float = 7500) -> Sound:
    """Convolve stereo with a decaying stereo noise; only the wet part."""
    n = seconds(length_s)
    t = np.arange(n) / SR
    fall = np.exp(-6.9 * t / length_s) * np.clip(t / 0.015, 0, 1)
    room = np.stack([band(noise(n, 70 + side), low_hz, high_hz) * fall for side in (0, 1)])
    room /= np.sqrt((room**2).sum(axis=1, keepdims=True))
    size = sound.shape[1] + n
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(room, size), size)[:, : sound.shape[1]]


def ping_pong(sound: Sound, delay_s: float, feedback: float, n_echoes: int = 5) -> Sound:
    """Echoes of a stereo sound that change sides; only the wet part."""
    out, step = np.zeros_like(sound), seconds(delay_s)
    centre = sound.mean(axis=0)
    for k in range(1, n_echoes + 1):
        if step * k < sound.shape[1]:
            out[k % 2, step * k :] += feedback**k * centre[: -step * k]
    return band(out, 300, 5000)


def limit(sound: Sound, ceiling: float = 0.84) -> Sound:
    """Look-ahead limiter: gain follows the highest peak of the next 5 ms and recovers in 120 ms, in blocks of 1 ms."""
    block = SR // 1000
    n = -(-sound.shape[1] // block)
    padded = np.pad(np.abs(sound).max(axis=0), (0, n * block - sound.shape[1]))
    peaks = padded.reshape(n, block).max(axis=1)
    ahead = np.max(np.lib.stride_tricks.sliding_window_view(np.pad(peaks, (2, 6)), 9), axis=1)[:n]
    wanted, gain, state = np.minimum(1, ceiling / np.maximum(ahead, 1e-9)), np.empty(n), 1.0
    for k in range(n):
        state = min(wanted[k], state + (1 - state) / 120)
        gain[k] = state
    smooth = np.interp(np.arange(sound.shape[1]), np.arange(n) * block + block / 2, gain)
    return np.clip(sound * smooth, -ceiling * 1.02, ceiling * 1.02)
