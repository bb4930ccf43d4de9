"""A small network that hears beats and downbeats: weights of our own, trained on music of our own, run in numpy.

A dilated temporal convolutional network (Davies and Böck 2019; Böck, Davies and Knees 2019) on log mel power and its
rises, 50 frames a second. How it was trained: `training/beats` in the repository; `data/beats.txt` beside the weights.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.onsets import running_max
from suno_video.analyze.spectra import RATE_HZ, Matrix, Spectra

NET_RATE_HZ = RATE_HZ // 2
"""Frames of the network a second; frame k describes the sound around (k + 0.5) / NET_RATE_HZ seconds."""
_LEAD = NET_RATE_HZ
"""Frames of silence before and after the music: one second."""
_CHUNK = 8192
"""Frames that are computed at once where the whole is not needed."""
_REGISTERS = (slice(None), slice(0, 10), slice(40, 80))
_SILENT = 1e-8
"""Power below which a frame does not count when loudness is judged."""


def hear_beats(spectra: Spectra) -> Matrix:
    """Say for each frame how much it is a beat, a downbeat, and within beats that fall into three.

    Shape (n, 3), 0..1.
    """
    return hear_log(compress(mel_power(spectra)))


def hear_log(log: Matrix) -> Matrix:
    """`hear_beats`, from the levels that `compress` gives."""
    # Silence on both sides: what sounds from the first sample on begins there, and is heard to begin.
    log = np.pad(log, ((_LEAD, _LEAD), (0, 0)))
    w = _weights()
    first = [_first(log, start, w) for start in range(0, len(log), _CHUNK)]
    del log  # an hour of it is 60 MB
    return _network(np.concatenate(first), w)[_LEAD:-_LEAD]


def rises(log: Matrix) -> Matrix:
    """How much levels rise near each frame, against a clear rise of the same song.

    Shape (n, 3): in all bands, in low ones (kick, bass), in high ones (snare, cymbals).
    """
    rise = np.zeros((len(log), len(_REGISTERS)), dtype=np.float32)
    for start in range(0, len(log), _CHUNK):
        before = max(0, start - 1)
        change = np.maximum(0, np.diff(log[before : start + _CHUNK], axis=0, prepend=log[before][None, :]))
        for k, bands in enumerate(_REGISTERS):
            rise[start : start + _CHUNK, k] = change[start - before :, bands].mean(axis=1)
    strong = np.maximum(np.percentile(rise, 95, axis=0), 1e-3) if len(rise) else np.ones(len(_REGISTERS))
    rise = np.minimum(rise / strong, 1.5).astype(np.float32)
    return np.stack([running_max(rise[:, k], 3) for k in range(len(_REGISTERS))], axis=1)


def _first(log: Matrix, start: int, w: dict[str, NDArray[np.float32]]) -> Matrix:
    """The first layer over some frames: their levels and how they rise."""
    margin = w["first.weight"].shape[2] // 2
    low, high = max(0, start - margin), min(len(log), start + _CHUNK + margin)
    part = log[low:high]
    rise = np.maximum(0, np.diff(part, axis=0, prepend=log[max(0, low - 1)][None, :]))
    x = np.concatenate([part * np.float32(0.5) - np.float32(0.5), rise * np.float32(2)], axis=1)
    return _elu(_convolve(x, w["first.weight"], w["first.bias"], 1))[start - low :][:_CHUNK]


def mel_power(spectra: Spectra) -> Matrix:
    """Mel power at `NET_RATE_HZ`, shape (n, N_MELS)."""
    n = spectra.n // 2
    out = np.empty((n, spectra.mel_db.shape[1]), dtype=np.float32)
    for start in range(0, n, _CHUNK):
        db = spectra.mel_db[2 * start : 2 * min(n, start + _CHUNK)].astype(np.float32)
        power = np.exp(db * np.float32(np.log(10) / 10))
        np.add(power[::2], power[1::2], out=out[start : start + _CHUNK])
    out *= np.float32(0.5)
    return out


def compress(power: Matrix, gain: float = 1.0) -> Matrix:
    """Log of amplitude against the loud frames of the song, 0 in silence, about 2 in its loudest bands.

    Silence before and after the music does not count, and how loud a song is mastered makes no difference.
    """
    peaks = power.max(axis=1)
    heard = peaks[peaks > max(_SILENT, 1e-6 * float(peaks.max(initial=0)))]
    loud = float(np.percentile(heard, 95)) if len(heard) else 1.0
    out = np.empty_like(power)
    for start in range(0, len(power), _CHUNK):
        part = np.sqrt(power[start : start + _CHUNK] / np.float32(loud))
        out[start : start + _CHUNK] = np.log(1 + np.float32(200 * gain) * part) * np.float32(1 / np.log(10))
    return out


@cache
def _weights() -> dict[str, NDArray[np.float32]]:
    path = resources.files("suno_video.analyze") / "data" / "beats.npz"
    with resources.as_file(path) as file, np.load(file, allow_pickle=False) as packed:
        return {name: packed[name].astype(np.float32) for name in packed.files}


def _network(x: Matrix, w: dict[str, NDArray[np.float32]]) -> Matrix:
    """All layers after the first."""
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
