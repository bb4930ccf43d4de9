"""A small network that hears beats and downbeats: weights of our own, trained on music of our own, run in numpy.

A dilated temporal convolutional network (Davies and Böck 2019; Böck, Davies and Knees 2019) on log mel power and its
rises, 50 frames a second. How it was trained: `training/beats` in the repository; `data/beats.txt` beside the weights.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.spectra import RATE_HZ, Matrix, Spectra

NET_RATE_HZ = RATE_HZ // 2
"""Frames of the network a second; frame k describes the sound around (k + 0.5) / NET_RATE_HZ seconds."""
_LEAD = NET_RATE_HZ
"""Frames of silence before and after the music: one second."""
_SILENT = 1e-8
"""Power below which a frame does not count when loudness is judged."""


def hear_beats(spectra: Spectra) -> Matrix:
    """Say for each frame how much it is a beat, a downbeat, and within beats that fall into three.

    Shape (n, 3), 0..1.
    """
    # Silence on both sides: what sounds from the first sample on begins there, and is heard to begin.
    log = np.pad(compress(mel_power(spectra)), ((_LEAD, _LEAD), (0, 0)))
    rise = np.maximum(0, np.diff(log, axis=0, prepend=log[:1]))
    x = np.concatenate([log * np.float32(0.5) - np.float32(0.5), rise * np.float32(2)], axis=1)
    return _network(x)[_LEAD:-_LEAD]


def mel_power(spectra: Spectra) -> Matrix:
    """Mel power at `NET_RATE_HZ`, shape (n, N_MELS)."""
    n = spectra.n // 2
    db = spectra.mel_db[: 2 * n].astype(np.float32)
    power = np.exp(db * np.float32(np.log(10) / 10))
    return np.asarray(0.5 * (power[::2] + power[1::2]), dtype=np.float32)


def compress(power: Matrix, gain: float = 1.0) -> Matrix:
    """Log of amplitude against the loud frames of the song, 0 in silence, about 2 in its loudest bands.

    Silence before and after the music does not count, and how loud a song is mastered makes no difference.
    """
    peaks = power.max(axis=1)
    heard = peaks[peaks > max(_SILENT, 1e-6 * float(peaks.max(initial=0)))]
    loud = float(np.percentile(heard, 95)) if len(heard) else 1.0
    return np.asarray(np.log10(1 + np.float32(200 * gain) * np.sqrt(power / np.float32(loud))), dtype=np.float32)


@cache
def _weights() -> dict[str, NDArray[np.float32]]:
    path = resources.files("suno_video.analyze") / "data" / "beats.npz"
    with resources.as_file(path) as file, np.load(file, allow_pickle=False) as packed:
        return {name: packed[name].astype(np.float32) for name in packed.files}


def _network(x: Matrix) -> Matrix:
    w = _weights()
    x = _elu(_convolve(x, w["first.weight"], w["first.bias"], 1))
    skipped, k = np.zeros_like(x), 0
    while f"wide.{k}.weight" in w:
        y = _elu(_convolve(x, w[f"wide.{k}.weight"], w[f"wide.{k}.bias"], 2**k))
        y = y @ w[f"mix.{k}.weight"][:, :, 0].T + w[f"mix.{k}.bias"]
        x = x + y
        skipped += y
        k += 1
    logits = _elu(skipped) @ w["last.weight"][:, :, 0].T + w["last.bias"]
    return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)


def _elu(x: Matrix) -> Matrix:
    # Above zero the other side is 0, below it lies above x: the larger is the right one.
    return np.asarray(np.maximum(x, np.exp(np.minimum(x, 0)) - 1), dtype=np.float32)


def _convolve(x: Matrix, weight: NDArray[np.float32], bias: NDArray[np.float32], dilation: int) -> Matrix:
    """Convolve over time, shape (n, in) to (n, out), with zeros beyond the ends; weight has shape (out, in, width)."""
    n, width = len(x), weight.shape[2]
    out = np.tile(bias, (n, 1))
    for k in range(width):
        away = (k - width // 2) * dilation
        if abs(away) < n:
            low, high = max(0, -away), min(n, n - away)
            out[low:high] += x[low + away : high + away] @ weight[:, :, k].T
    return out
