"""Envelopes for pictures: one value per video frame, scaled so that things move as the music feels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.onsets import SILENCE_DB, Onsets
from suno_video.analyze.spectra import RATE_HZ, Matrix, Spectra
from suno_video.core.analysis import EnergyCurve
from suno_video.core.frames import FrameGrid

# Stevens' law: a sound feels twice as loud at 10 dB more, that is amplitude to the power 0.6.
_LOUDNESS_EXPONENT = 0.6 / 2  # of power
_WEAKEST_BAND_DB = 40.0
"""A register this far below the whole song is noise, and not blown up to full scale."""


def energy_curve(spectra: Spectra, onsets: Onsets, grid: FrameGrid) -> EnergyCurve:
    """Draw the envelopes of a song for a frame grid. Silence is 0; the loud passages of a song lie near 1.

    Frame k describes the sound from k / fps to (k + 1) / fps.
    """
    whole = loud_level(spectra.weighted, 95)
    weakest = whole * 10 ** (-_WEAKEST_BAND_DB / 10)
    bass, mid, treble = (_felt(_per_frame(part, grid), max(loud_level(part, 97), weakest)) for part in spectra.parts.T)
    return EnergyCurve(
        fps=grid.fps,
        loudness=_as_tuple(_felt(_per_frame(spectra.weighted, grid), whole)),
        bass=_as_tuple(bass),
        mid=_as_tuple(mid),
        treble=_as_tuple(treble),
        onset=_as_tuple(_onset_curve(onsets, grid)),
        spectrum_b64=EnergyCurve.pack_spectrum(_spectrum(spectra, grid)),
    )


def loud_level(power: Matrix, percent: float) -> float:
    """Power that the loud part of a song reaches, heard over the time that is not silent; 0 for silence."""
    heard = power[power > 10 ** (SILENCE_DB / 10)]
    return float(np.percentile(heard, percent)) if len(heard) else 0.0


def _felt(power: Matrix, reference: float) -> Matrix:
    if reference <= 0:
        return np.zeros_like(power)
    quiet = np.float32(10 ** (SILENCE_DB / 10))
    felt = np.minimum(1, np.maximum(0, power - quiet * 0.1) / np.float32(reference)) ** np.float32(_LOUDNESS_EXPONENT)
    # Stevens' law never reaches 0; what lies 50 dB below the loud passages is dark on a screen.
    dark = np.float32(10 ** (-5 * _LOUDNESS_EXPONENT))
    return np.asarray(np.maximum(0, (felt - dark) / (1 - dark)), dtype=np.float32)


def _per_frame(values: Matrix, grid: FrameGrid) -> Matrix:
    """Mean over each video frame of a curve at `RATE_HZ`; shape (n_frames, ...) from (n, ...)."""
    sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0, dtype=np.float64)])
    edges = np.minimum(np.arange(grid.n_frames + 1) * RATE_HZ / grid.fps, len(values))
    whole = np.minimum(edges.astype(np.int64), len(values) - 1)
    part = (edges - whole).reshape(-1, *([1] * (values.ndim - 1)))
    at_edges = sums[whole] + part * (sums[whole + 1] - sums[whole])
    span = np.maximum(np.diff(edges), 1e-3).reshape(-1, *([1] * (values.ndim - 1)))
    return np.asarray(np.maximum(0, np.diff(at_edges, axis=0) / span), dtype=np.float32)


def _spectrum(spectra: Spectra, grid: FrameGrid) -> Matrix:
    """Levels of the bands, shape (n_frames, N_BANDS), 0..1; each band against its neighbourhood's own loud level."""
    db = spectra.spectrum
    sample = db[:: max(1, len(db) // 20_000)]
    heard = sample[sample.max(axis=1) > SILENCE_DB]
    if not len(heard):
        return np.zeros((grid.n_frames, db.shape[1]), dtype=np.float32)
    loud = np.percentile(heard.astype(np.float32), 98, axis=0)
    smooth = np.convolve(np.pad(loud, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    reference = np.maximum(smooth, loud.max() - 50)
    out = np.zeros((grid.n_frames, db.shape[1]), dtype=np.float32)
    for band in range(db.shape[1]):
        power = np.asarray(10 ** (db[:, band].astype(np.float32) / 10), dtype=np.float32)
        out[:, band] = _felt(_per_frame(power, grid), 10 ** (reference[band] / 10))
    return out


def _onset_curve(onsets: Onsets, grid: FrameGrid) -> Matrix:
    """Strength of the strongest onset in each frame; exact to the frame."""
    curve = np.zeros(grid.n_frames, dtype=np.float32)
    frames = np.clip((onsets.times_s * grid.fps).astype(np.int64), 0, grid.n_frames - 1)
    np.maximum.at(curve, frames, onsets.strengths)
    return curve


def _as_tuple(values: NDArray[np.float32]) -> tuple[float, ...]:
    # Three decimals: the file stays a third of the size, and no eye sees a thousandth.
    return tuple(np.round(np.clip(values, 0, 1).astype(np.float64), 3).tolist())
