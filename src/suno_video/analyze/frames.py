"""Cuts a stream of samples into overlapping windows and milliseconds, and measures their power as it passes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = NDArray[np.float32]

_BATCH_SAMPLES = 1 << 17
"""Samples that are transformed at once: half a megabyte, which stays in the cache of a core."""


class PowerFrames:
    """Power spectra of frames whose centres lie at (j + 0.5) / rate_hz, whatever the sample rate."""

    def __init__(self, sample_rate_hz: int, n_channels: int, rate_hz: int, window_s: float) -> None:
        self.n_fft = 2 ** round(np.log2(window_s * sample_rate_hz))
        self._sample_rate_hz, self._rate_hz = sample_rate_hz, rate_hz
        window = np.hanning(self.n_fft + 1)[:-1]
        # So that the sum over the one-sided bins is the mean square of the sound (Parseval).
        self._window = (window * np.sqrt(2 / (self.n_fft * np.sum(window**2)))).astype(np.float32)
        self._batch = max(8, _BATCH_SAMPLES // self.n_fft)
        # One place for all transforms: fresh memory for each would cost more than the transform.
        self._frames = np.empty((self._batch, self.n_fft), dtype=np.float32)
        self._packed, self._squares = np.empty_like(self._frames), np.empty_like(self._frames)
        self._buffer: Matrix = np.zeros((n_channels, self.n_fft // 2), dtype=np.float32)
        self._buffer_start = -(self.n_fft // 2)
        self._next = 0

    def push(self, block: Matrix) -> Iterator[Matrix]:
        """Give the power of new frames, shape (n, bins), summed over channels; `block` is (n, n_channels)."""
        self._buffer = np.concatenate([self._buffer, block.T], axis=1)
        end = self._buffer_start + self._buffer.shape[1]
        last = ((end - self.n_fft // 2) * 2 * self._rate_hz // self._sample_rate_hz - 1) // 2
        while self._next <= last:
            windows = np.lib.stride_tricks.sliding_window_view(self._buffer, self.n_fft, axis=1)
            index = np.arange(self._next, min(last + 1, self._next + self._batch))
            yield self._power(windows, self._starts(index) - self._buffer_start)
            self._next = int(index[-1]) + 1
        drop = int(self._starts(np.array([self._next]))[0]) - self._buffer_start
        drop = max(0, min(drop, self._buffer.shape[1]))
        self._buffer, self._buffer_start = self._buffer[:, drop:], self._buffer_start + drop

    def beyond_end(self) -> Matrix:
        """Give the silence to push at the end, for the frames that reach beyond it and some beyond those."""
        return np.zeros((2 * self.n_fft, len(self._buffer)), dtype=np.float32)

    def _starts(self, index: NDArray[np.int64]) -> NDArray[np.int64]:
        starts = (2 * index + 1) * self._sample_rate_hz // (2 * self._rate_hz) - self.n_fft // 2
        return np.asarray(starts, dtype=np.int64)

    def _power(self, windows: Matrix, starts: NDArray[np.int64]) -> Matrix:
        import cv2

        n = len(starts)
        frames, packed, squares = self._frames[:n], self._packed[:n], self._squares[:n]
        squares.fill(0)
        for channel in windows:
            np.multiply(_rows(channel, starts), self._window, out=frames)
            # Single floats, many rows at once: a tenth of the time of NumPy's, which takes row after row.
            cv2.dft(frames, packed, cv2.DFT_ROWS)
            cv2.accumulateSquare(packed, squares)
        # Packed are Re 0, Re 1, Im 1, Re 2, Im 2 ... Re n/2.
        power = np.empty((n, self.n_fft // 2 + 1), dtype=np.float32)
        power[:, 0], power[:, -1] = squares[:, 0], squares[:, -1]
        np.add(squares[:, 1:-1:2], squares[:, 2::2], out=power[:, 1:-1])
        return power


def _rows(windows: Matrix, starts: NDArray[np.int64]) -> Matrix:
    """Pick windows; those at equal distances without a copy."""
    steps = np.diff(starts)
    if len(steps) and steps.min() == steps.max() > 0:
        return windows[starts[0] : starts[-1] + 1 : steps[0]]
    return windows[starts]


class AttackCurve:
    """Power of the pre-emphasised sound in steps of a millisecond or so, summed over channels."""

    def __init__(self, sample_rate_hz: int, n_channels: int, rate_hz: int) -> None:
        self._sample_rate_hz, self._n_channels, self._rate_hz = sample_rate_hz, n_channels, rate_hz
        self._seen, self._parts = 0, list[Matrix]()
        self._last = np.zeros(n_channels, dtype=np.float32)

    def push(self, block: Matrix) -> None:
        """Take the next samples, shape (n, n_channels)."""
        n = self._n_channels
        line = np.ascontiguousarray(block, dtype=np.float32).reshape(-1)
        # Pre-emphasis lets an attack stand out against sustained bass.
        sharp = line.copy()
        sharp[n:] -= np.float32(0.9) * line[:-n]
        sharp[:n] -= np.float32(0.9) * self._last
        self._last = line[-n:].copy()
        sharp *= sharp
        first, end = self._step_of(self._seen), self._step_of(self._seen + len(block) - 1) + 1
        # The first sample of each step; the first step may have begun in the block before.
        starts = -(-np.arange(first, end) * self._sample_rate_hz // self._rate_hz) - self._seen
        sums = np.add.reduceat(sharp, np.maximum(0, starts) * n)
        # A step that straddles two blocks is continued, not begun anew.
        if self._parts and first == self._step_of(self._seen - 1):
            self._parts[-1][-1] += sums[0]
            sums = sums[1:]
        self._seen += len(block)
        if len(sums):
            self._parts.append(sums)

    def finish(self) -> Matrix:
        """Give the whole curve."""
        return np.concatenate(self._parts) if self._parts else np.zeros(1, dtype=np.float32)

    def _step_of(self, sample: int) -> int:
        return sample * self._rate_hz // self._sample_rate_hz
