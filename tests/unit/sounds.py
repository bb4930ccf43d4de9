"""Songs made for tests: click tracks, drums, tones, noise, silence, with known beats."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suno_video.media.ffmpeg import run_ffmpeg

RATE_HZ = 44100


def write_wav(path: Path, samples: NDArray[np.floating], rate_hz: int = RATE_HZ) -> Path:
    """Write samples of shape (n,) or (n, channels), -1..1, as 16-bit PCM."""
    rows = samples.reshape(len(samples), -1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(rows.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((np.clip(rows, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def encode(source: Path, target: Path, *args: str) -> Path:
    """Encode a sound file by ffmpeg in the format of the target's ending."""
    run_ffmpeg(["-i", str(source), *args, "-y", str(target)])
    return target


def silence(duration_s: float) -> NDArray[np.float64]:
    """Digital silence."""
    return np.zeros(round(duration_s * RATE_HZ))


def noise(duration_s: float, level: float = 0.1) -> NDArray[np.float64]:
    """White noise."""
    return np.random.default_rng(7).normal(0, level, round(duration_s * RATE_HZ))


def tone(duration_s: float, *hz: float, level: float = 0.2) -> NDArray[np.float64]:
    """A steady chord."""
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    return level * sum(np.sin(2 * np.pi * f * time_s) for f in hz) / len(hz)


def clicks(duration_s: float, times_s: NDArray[np.float64], hz: float = 1800.0) -> NDArray[np.float64]:
    """A decaying tick of 30 ms at each moment."""
    out = silence(duration_s)
    time_s = np.arange(int(0.03 * RATE_HZ)) / RATE_HZ
    tick = 0.8 * np.cos(2 * np.pi * hz * time_s) * np.exp(-time_s * 150)
    for start in np.round(np.asarray(times_s) * RATE_HZ).astype(int):
        n = min(len(tick), len(out) - start)
        out[start : start + n] += tick[:n]
    return out


def drums(duration_s: float, bpm: float, metre: int = 4, first_s: float = 0.0) -> NDArray[np.float64]:
    """A kick on each downbeat, a snare on the others (in 4: kick on 1 and 3), over a bass that changes each bar."""
    beats = np.arange(first_s, duration_s - 0.05, 60 / bpm)
    time_s = np.arange(int(0.18 * RATE_HZ)) / RATE_HZ
    kick = 0.9 * np.sin(2 * np.pi * (50 * time_s + 6 * (1 - np.exp(-time_s * 40)))) * np.exp(-time_s * 18)
    snare = 0.4 * np.random.default_rng(3).normal(0, 1, len(time_s)) * np.exp(-time_s * 35)
    out = silence(duration_s)
    for k, beat in enumerate(beats):
        place = k % metre
        hit = kick if place == 0 or (metre == 4 and place == 2) else snare
        weight = 1.0 if place != 2 or metre == 3 else 0.6
        start = round(beat * RATE_HZ)
        n = min(len(hit), len(out) - start)
        out[start : start + n] += weight * hit[:n]
        bass = (110.0, 87.3, 130.8, 98.0)[(k // metre) % 4]
        stop = min(len(out), round((beat + 60 / bpm) * RATE_HZ))
        out[start:stop] += 0.12 * np.sin(2 * np.pi * bass * np.arange(stop - start) / RATE_HZ)
    return out


def two_parts(duration_s: float, bpm: float = 160.0, rate_hz: int = 22050) -> NDArray[np.float64]:
    """A small band: kick and snare, a chord that changes each bar; from the bar at half on with hats, and brighter.

    At 160 bpm six seconds hold four bars: two parts, and so two scenes; eight and twelve seconds give three.
    """
    beat_s, out = 60 / bpm, np.zeros(round(duration_s * rate_hz))
    turn, rng = max(1, int(duration_s / (8 * beat_s))), np.random.default_rng(5)
    t = np.arange(round(4 * beat_s * rate_hz)) / rate_hz
    short = t[: rate_hz // 4]
    kick = 0.8 * np.exp(-short * 15) * np.sin(2 * np.pi * 55 * short)

    def add(start_s: float, sound: NDArray[np.float64]) -> None:
        part = out[round(start_s * rate_hz) :]
        part[: len(sound)] += sound[: len(part)]

    for number, at in enumerate(np.arange(0, duration_s, beat_s)):
        bar, is_late = number // 4, number // 4 >= turn
        add(at, 0.3 * rng.normal(0, 1, len(short)) * np.exp(-short * 25) if number % 2 else kick)
        if number % 4 == 0:
            level, overtones = (0.1, (1, 4, 6, 8)) if is_late else (0.05, (1, 2, 3))
            root_hz = (110, 82.4, 98, 73.4)[bar % 4]
            add(at, level * np.exp(-t) * sum(np.sin(2 * np.pi * k * root_hz * t) for k in overtones))
        for half in (0.0, 0.5) if is_late else ():
            add(at + half * beat_s, 0.08 * rng.normal(0, 1, len(short)) * np.exp(-short * 40))
    return out
