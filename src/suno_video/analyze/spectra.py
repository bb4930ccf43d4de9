"""One pass over the decoded sound: spectra in blocks, so that memory holds features and never the whole song."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.frames import AttackCurve, Matrix, PowerFrames
from suno_video.core.analysis import N_BANDS
from suno_video.media.audio import Sound

__all__ = ["Matrix", "Spectra", "measure_spectra"]

RATE_HZ = 100
"""Feature frames a second; frame j describes the sound around (j + 0.5) / RATE_HZ seconds."""
SLOW_RATE_HZ = 10
"""Chroma frames a second: pitch needs long windows and changes slowly."""
ATTACK_RATE_HZ = 1000
"""Steps a second of the attack curve, which says to the millisecond when something begins."""
N_MELS = 80
WINDOW_S = 0.046  # 2048 samples at 44.1 kHz: bass bins of 21 Hz, attacks still apart
SLOW_WINDOW_S = 0.186  # 8192 samples: semitones apart from A2 up
SPLIT_HZ = (20.0, 150.0, 2500.0, 20000.0)
"""Borders of bass, mid and treble."""


@dataclass(frozen=True)
class Spectra:
    """What the sound looks like over time. All levels are power, not decibels, unless said otherwise."""

    duration_s: float
    mel_db: NDArray[np.float16]
    """Shape (n, N_MELS), dB re full scale, floor -120; `RATE_HZ`. Half floats: an hour takes 58 MB."""
    parts: Matrix
    """Shape (n, 3): power of bass, mid and treble; `RATE_HZ`."""
    weighted: Matrix
    """Shape (n,): power as the ear weighs it (K weighting of ITU-R BS.1770), summed over channels; `RATE_HZ`."""
    spectrum: NDArray[np.float16]
    """Shape (n, N_BANDS), dB re full scale; `RATE_HZ`."""
    brightness_hz: Matrix
    """Shape (n,): centre of gravity of the spectrum; `RATE_HZ`."""
    chroma: Matrix
    """Shape (m, 12): amplitude of each pitch class from C up; `SLOW_RATE_HZ`."""
    attack: Matrix
    """Shape (k,): power of the pre-emphasised sound; `ATTACK_RATE_HZ`."""

    @property
    def n(self) -> int:
        """Number of frames at `RATE_HZ`."""
        return len(self.mel_db)


def measure_spectra(sound: Sound) -> Spectra:
    """Read a sound to its end and keep its features. Raises what `Sound.blocks` raises."""
    rate, n_channels = sound.sample_rate_hz, sound.n_channels
    fast, slow = (
        PowerFrames(rate, n_channels, RATE_HZ, WINDOW_S),
        PowerFrames(rate, n_channels, SLOW_RATE_HZ, SLOW_WINDOW_S),
    )
    attack, banks = AttackCurve(rate, n_channels, ATTACK_RATE_HZ), _Banks(rate, fast.n_fft, slow.n_fft)

    def take_fast(samples: Matrix) -> None:
        for power in fast.push(samples):
            banks.add_fast(power)

    def take_slow(samples: Matrix) -> None:
        for power in slow.push(samples):
            banks.add_slow(power)

    # The short windows are as much work as all the rest, decoding among it: NumPy lets both run at once.
    with ThreadPoolExecutor(1, thread_name_prefix="spectra") as pool:
        job: Future[None] | None = None
        for block in sound.blocks:
            if job is not None:
                job.result()
            job = pool.submit(take_fast, block)
            take_slow(block)
            attack.push(block)
        if job is not None:
            job.result()
        job = pool.submit(take_fast, fast.beyond_end())
        take_slow(slow.beyond_end())
        job.result()
    return banks.spectra(sound, attack.finish())


class _Banks:
    """Turns spectra into the features that are kept."""

    def __init__(self, sample_rate_hz: int, n_fft: int, slow_n_fft: int) -> None:
        hz = np.arange(n_fft // 2 + 1) * sample_rate_hz / n_fft
        mel = mel_bank(sample_rate_hz, n_fft, N_MELS, 27.5, min(11000.0, sample_rate_hz / 2))
        # Half of the bins lie above the last triangle: to leave them out spares a third of all work here.
        self._mel = np.ascontiguousarray(mel[: int(np.flatnonzero(mel.any(axis=1))[-1]) + 1])
        banks = (
            interval_bank(hz, np.geomspace(40.0, min(16000.0, sample_rate_hz / 2), N_BANDS + 1)),
            interval_bank(hz, np.array(SPLIT_HZ)),
            k_weights(hz)[:, None],
            np.stack([hz, np.ones_like(hz)], axis=1).astype(np.float32),
        )
        # One product over all others: the spectra are read from memory once.
        self._rest = np.hstack(banks)
        self._ends = np.cumsum([bank.shape[1] for bank in banks])[:-1]
        self._chroma = chroma_bank(np.arange(slow_n_fft // 2 + 1) * sample_rate_hz / slow_n_fft)
        self._fast: dict[str, list[NDArray[np.generic]]] = {}
        self._slow: list[Matrix] = []

    def add_fast(self, power: Matrix) -> None:
        mel = power[:, : len(self._mel)] @ self._mel
        bands, parts, weighted, centre = np.split(power @ self._rest, self._ends, axis=1)
        kept = {
            "mel_db": _decibel(mel).astype(np.float16),
            "parts": parts.copy(),
            "weighted": weighted[:, 0].copy(),
            "spectrum": _decibel(bands).astype(np.float16),
            "brightness_hz": centre[:, 0] / (centre[:, 1] + np.float32(1e-12)),
        }
        for name, values in kept.items():
            self._fast.setdefault(name, []).append(values)

    def add_slow(self, power: Matrix) -> None:
        self._slow.append(np.sqrt(power) @ self._chroma)

    def spectra(self, sound: Sound, attack: Matrix) -> Spectra:
        n = int(np.ceil(sound.duration_s * RATE_HZ))
        # Each list goes as soon as it is joined: an hour must not lie in memory twice.
        joined = {name: np.concatenate(self._fast.pop(name))[:n] for name in list(self._fast)}
        chroma = np.concatenate(self._slow)[: int(np.ceil(sound.duration_s * SLOW_RATE_HZ))]
        return Spectra(duration_s=sound.duration_s, chroma=chroma, attack=attack, **joined)


def _decibel(power: Matrix) -> Matrix:
    # NumPy has vectors for the natural logarithm of single floats, and none for the others.
    return np.asarray(np.float32(10 / np.log(10)) * np.log(np.maximum(power, np.float32(1e-12))), dtype=np.float32)


def interval_bank(hz: NDArray[np.float64], edges_hz: NDArray[np.float64]) -> Matrix:
    """Weights that sum power between neighbouring edges, shape (bins, len(edges_hz) - 1).

    A bin that straddles an edge, or is wider than a band, is shared by overlap, so that no low band stays empty.
    """
    half = (hz[1] - hz[0]) / 2
    low = np.maximum(hz[:, None] - half, edges_hz[None, :-1])
    high = np.minimum(hz[:, None] + half, edges_hz[None, 1:])
    return np.asarray(np.maximum(0, high - low) / (2 * half), dtype=np.float32)


def mel_bank(sample_rate_hz: int, n_fft: int, n: int, low_hz: float, high_hz: float) -> Matrix:
    """Triangles equally spaced on the mel scale (O'Shaughnessy), shape (bins, n).

    The scale of O'Shaughnessy (*Speech Communication*, 1987): m = 2595 log10(1 + f / 700). Triangles reach from the
    middle of the one below to the middle of the one above and are 1 high, as `librosa.filters.mel` makes them with
    `htk=True, norm=None`; to import that takes longer than to listen to a song.
    """
    hz = np.arange(n_fft // 2 + 1) * sample_rate_hz / n_fft
    low, high = 2595.0 * np.log10(1.0 + np.array([low_hz, high_hz]) / 700.0)
    mels = np.linspace(low, high, n + 2)
    edges_hz = 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    widths_hz = np.diff(edges_hz)
    rising = (hz[:, None] - edges_hz[None, :-2]) / widths_hz[:-1]
    falling = (edges_hz[None, 2:] - hz[:, None]) / widths_hz[1:]
    return np.asarray(np.maximum(0, np.minimum(rising, falling)), dtype=np.float32)


def chroma_bank(hz: NDArray[np.float64]) -> Matrix:
    """Weights from bins to the 12 pitch classes (C first), strongest around A4, shape (bins, 12)."""
    audible = (hz > 60) & (hz < 3000)
    pitch = 69 + 12 * np.log2(np.maximum(hz, 1) / 440)
    away = (pitch[:, None] - np.arange(12)[None, :] + 6) % 12 - 6
    loud = np.exp(-0.5 * (np.log2(np.maximum(hz, 1) / 440) / 1.5) ** 2) * audible
    return np.asarray(np.exp(-0.5 * (away / 0.35) ** 2) * loud[:, None], dtype=np.float32)


def k_weights(hz: NDArray[np.float64]) -> Matrix:
    """Power response of the K weighting of ITU-R BS.1770-4, shape (bins,)."""
    # The standard gives its two filters as coefficients for 48 kHz; we read their response at our bins.
    z = np.exp(-2j * np.pi * np.minimum(hz, 23999.0) / 48000)
    shelf_b, shelf_a = (1.53512485958697, -2.69169618940638, 1.19839281085285), (1, -1.69065929318241, 0.73248077421585)
    pass_b, pass_a = (1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)
    response = np.ones_like(z)
    for top, bottom in ((shelf_b, shelf_a), (pass_b, pass_a)):
        response *= np.polynomial.polynomial.polyval(z, top) / np.polynomial.polynomial.polyval(z, bottom)
    return np.asarray(np.abs(response) ** 2, dtype=np.float32)
