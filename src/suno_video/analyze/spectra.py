"""One pass over the decoded sound: spectra in blocks, so that memory holds features and never the whole song."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suno_video.core.analysis import N_BANDS
from suno_video.media.audio import Sound
from suno_video.media.kept import kept_array

Matrix = NDArray[np.float32]

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
    rate = sound.sample_rate_hz
    fast, slow = _Stft(rate, RATE_HZ, WINDOW_S), _Stft(rate, SLOW_RATE_HZ, SLOW_WINDOW_S)
    attack, banks = _Attack(rate), _Banks(rate, fast.n_fft, slow.n_fft)
    for block in sound.blocks:
        for power in fast.push(block):
            banks.add_fast(power)
        for power in slow.push(block):
            banks.add_slow(power)
        attack.push(block)
    for power in fast.finish(sound.n_channels):
        banks.add_fast(power)
    for power in slow.finish(sound.n_channels):
        banks.add_slow(power)
    return banks.spectra(sound, attack.finish())


class _Stft:
    """Power spectra of frames whose centres lie at (j + 0.5) / rate_hz, whatever the sample rate."""

    def __init__(self, sample_rate_hz: int, rate_hz: int, window_s: float) -> None:
        self.n_fft = 2 ** round(np.log2(window_s * sample_rate_hz))
        self._sample_rate_hz, self._rate_hz = sample_rate_hz, rate_hz
        window = np.hanning(self.n_fft + 1)[:-1]
        self._window = window.astype(np.float32)
        # So that the sum over the one-sided bins is the mean square of the sound (Parseval).
        self._scale = np.float32(2 / (self.n_fft * np.sum(window**2)))
        self._buffer: Matrix | None = None
        self._buffer_start = -(self.n_fft // 2)
        self._next = 0

    def push(self, block: Matrix) -> Iterator[Matrix]:
        """Give the power of new frames, shape (n, bins), summed over channels."""
        if self._buffer is None:
            self._buffer = np.zeros((self.n_fft // 2, block.shape[1]), dtype=np.float32)
        self._buffer = np.concatenate([self._buffer, block])
        yield from self._frames(self._buffer_start + len(self._buffer))

    def finish(self, n_channels: int) -> Iterator[Matrix]:
        """Give the frames that reach beyond the end, and some beyond those."""
        yield from self.push(np.zeros((2 * self.n_fft, n_channels), dtype=np.float32))

    def _frames(self, end: int) -> Iterator[Matrix]:
        assert self._buffer is not None
        last = ((end - self.n_fft // 2) * 2 * self._rate_hz // self._sample_rate_hz - 1) // 2
        while self._next <= last:
            index = np.arange(self._next, min(last + 1, self._next + 512))
            starts = (2 * index + 1) * self._sample_rate_hz // (2 * self._rate_hz) - self.n_fft // 2
            view = np.lib.stride_tricks.sliding_window_view(self._buffer, self.n_fft, axis=0)
            frames = view[starts - self._buffer_start]
            bins = np.fft.rfft(frames * self._window, axis=2)
            power = (bins.real**2 + bins.imag**2).sum(axis=1) * self._scale
            yield np.asarray(power, dtype=np.float32)
            self._next = int(index[-1]) + 1
        keep_from = (2 * self._next + 1) * self._sample_rate_hz // (2 * self._rate_hz) - self.n_fft // 2
        drop = max(0, min(keep_from - self._buffer_start, len(self._buffer)))
        self._buffer, self._buffer_start = self._buffer[drop:], self._buffer_start + drop


class _Attack:
    """Power of the pre-emphasised sound in steps of a millisecond."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._seen, self._parts = 0, list[Matrix]()
        self._last: Matrix | None = None

    def push(self, block: Matrix) -> None:
        before = self._last if self._last is not None else np.zeros((1, block.shape[1]), dtype=np.float32)
        self._last = block[-1:]
        # Pre-emphasis lets an attack stand out against sustained bass.
        sharp = block - np.float32(0.9) * np.concatenate([before, block[:-1]])
        power = np.einsum("ij,ij->i", sharp, sharp)
        index = np.arange(self._seen, self._seen + len(block)) * ATTACK_RATE_HZ // self._sample_rate_hz
        first = int(self._seen * ATTACK_RATE_HZ // self._sample_rate_hz)
        sums = np.bincount(index - first, weights=power).astype(np.float32)
        # A step that straddles two blocks is continued, not begun anew.
        if self._parts and (self._seen * ATTACK_RATE_HZ) // self._sample_rate_hz == (
            (self._seen - 1) * ATTACK_RATE_HZ // self._sample_rate_hz
        ):
            self._parts[-1][-1] += sums[0]
            sums = sums[1:]
        self._seen += len(block)
        if len(sums):
            self._parts.append(sums)

    def finish(self) -> Matrix:
        return np.concatenate(self._parts) if self._parts else np.zeros(1, dtype=np.float32)


class _Banks:
    """Turns spectra into the features that are kept."""

    def __init__(self, sample_rate_hz: int, n_fft: int, slow_n_fft: int) -> None:
        hz = np.arange(n_fft // 2 + 1) * sample_rate_hz / n_fft
        banks = (
            mel_bank(sample_rate_hz, n_fft, N_MELS, 27.5, min(11000.0, sample_rate_hz / 2)),
            interval_bank(hz, np.geomspace(40.0, min(16000.0, sample_rate_hz / 2), N_BANDS + 1)),
            interval_bank(hz, np.array(SPLIT_HZ)),
            k_weights(hz)[:, None],
            np.stack([hz, np.ones_like(hz)], axis=1).astype(np.float32),
        )
        # One product over all banks: the spectra are read from memory once.
        self._all = np.hstack(banks)
        self._ends = np.cumsum([bank.shape[1] for bank in banks])[:-1]
        self._chroma = chroma_bank(np.arange(slow_n_fft // 2 + 1) * sample_rate_hz / slow_n_fft)
        self._fast: dict[str, list[NDArray[np.generic]]] = {}
        self._slow: list[Matrix] = []

    def add_fast(self, power: Matrix) -> None:
        mel, bands, parts, weighted, centre = np.split(power @ self._all, self._ends, axis=1)
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
    return np.asarray(10 * np.log10(np.maximum(power, np.float32(1e-12))), dtype=np.float32)


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

    Made by librosa once on each machine and then kept: to import it takes longer than to listen to a song.
    """

    def make() -> Matrix:
        from librosa.filters import mel

        bank = mel(sr=sample_rate_hz, n_fft=n_fft, n_mels=n, fmin=low_hz, fmax=high_hz, htk=True, norm=None)
        return np.asarray(bank.T, dtype=np.float32)

    return kept_array(f"mel-{sample_rate_hz}-{n_fft}-{n}-{low_hz:g}-{high_hz:g}", (n_fft // 2 + 1, n), make)


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
