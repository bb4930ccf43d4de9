"""Where people look in a picture, and how near things are: guessed from the picture alone, without a network."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from suno_video.backends.parallax.picture import Pixels

MAP_SIDE_PX = 192
"""Longer side of the maps. Nothing that decides framing or depth is smaller than a pixel of this."""


def shrink_for_maps(pixels: Pixels) -> NDArray[np.float32]:
    """Make the small picture that all guesses are made from, sRGB 0..1, longer side `MAP_SIDE_PX`."""
    height, width = pixels.shape[:2]
    scale = MAP_SIDE_PX / max(height, width)
    size = max(8, round(width * scale)), max(8, round(height * scale))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return np.asarray(small, dtype=np.float32) / np.float32(255)


def find_attention(small: NDArray[np.float32]) -> NDArray[np.float32]:
    """Guess how much each place draws the eye, 0..1: what is rare in the spectrum, rare in colour, sharp, or skin."""
    lab = _lab(small)
    rare = _normal(_spectral_residual(lab[..., 0]))
    apart = _normal(np.linalg.norm(lab - lab.reshape(-1, 3).mean(axis=0), axis=2))
    sharp = _normal(_focus(lab[..., 0]))
    rows, columns = _grid(small.shape[0], small.shape[1])
    centre = np.exp(-(columns**2 + rows**2) * 3)
    draw = 0.34 * rare + 0.22 * apart + 0.24 * sharp + 0.2 * centre
    draw = draw + 0.5 * _skin(small) * (0.3 + centre)
    return _normal(cv2.GaussianBlur(draw.astype(np.float32), (0, 0), 3))


def guess_depth(small: NDArray[np.float32], attention: NDArray[np.float32]) -> NDArray[np.float32]:
    """Guess how near each place is, 0 far .. 1 near: the subject, sharp and colourful things, and the ground."""
    lab = _lab(small)
    rows, columns = _grid(small.shape[0], small.shape[1])
    colourful = _normal(np.linalg.norm(lab[..., 1:], axis=2))
    centre = np.exp(-((columns / 0.75) ** 2 + ((rows - 0.1) / 1.0) ** 2) * 2)
    ground = np.clip((rows + 1) / 2, 0, 1) ** 1.5
    sharp = _normal(_focus(lab[..., 0]))
    near = 0.34 * attention + 0.2 * centre + 0.26 * ground + 0.12 * sharp + 0.08 * colourful
    return _normal(_follow_edges(near.astype(np.float32), lab[..., 0]))


def limit_slope(depth: NDArray[np.float32], max_slope: float) -> NDArray[np.float32]:
    """Smooth a depth map until it nowhere rises by more than `max_slope` per map width: this bounds the stretching."""
    sigma = 1.5
    smooth = depth
    while _steepest(smooth) > max_slope and sigma < depth.shape[1]:
        sigma *= 1.35
        smooth = np.asarray(cv2.GaussianBlur(depth, (0, 0), sigma), dtype=np.float32)
    return smooth


def _steepest(depth: NDArray[np.float32]) -> float:
    down, right = np.gradient(depth)
    return float(np.hypot(down, right).max()) * int(depth.shape[1])


def _lab(small: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lab with all channels around 0..1."""
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), dtype=np.float32) / np.float32(100)


def _grid(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Coordinates from the centre, -1..1, as a column and a row that broadcast."""
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return rows, columns


def _normal(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Spread to 0..1; a flat map gives zeros."""
    low, high = np.percentile(values, (1, 99))
    if high - low < 1e-6:
        return np.zeros(values.shape, dtype=np.float32)
    spread: NDArray[np.float32] = np.clip((values - low) / (high - low), 0, 1).astype(np.float32)
    return spread


def _focus(light: NDArray[np.float32]) -> NDArray[np.float32]:
    edges = np.abs(cv2.Laplacian(light, cv2.CV_32F, ksize=3))
    return np.asarray(cv2.GaussianBlur(edges, (0, 0), 5), dtype=np.float32)


def _spectral_residual(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Saliency by Hou and Zhang (CVPR 2007): what the average spectrum does not foretell."""
    tile = cv2.resize(light, (64, 64), interpolation=cv2.INTER_AREA)
    spectrum = np.fft.fft2(tile)
    log_level = np.log(np.abs(spectrum) + 1e-8).astype(np.float32)
    residual = log_level - cv2.blur(log_level, (3, 3))
    back = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    smooth = cv2.GaussianBlur(back.astype(np.float32), (0, 0), 2.5)
    return np.asarray(cv2.resize(smooth, light.shape[::-1], interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _skin(small: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much a place looks like skin of any shade (their hues lie close together), 0..1."""
    ycc = cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb)
    distance = ((ycc[..., 1] - 0.6) / 0.045) ** 2 + ((ycc[..., 2] - 0.43) / 0.045) ** 2
    lit = np.clip((ycc[..., 0] - 0.12) * 6, 0, 1)
    return np.asarray(cv2.GaussianBlur((np.exp(-distance) * lit).astype(np.float32), (0, 0), 4), dtype=np.float32)


def _follow_edges(values: NDArray[np.float32], guide: NDArray[np.float32]) -> NDArray[np.float32]:
    """Smooth values within objects, but not across their edges (guided filter, He et al. 2010)."""
    side = (25, 25)
    mean_guide, mean = cv2.blur(guide, side), cv2.blur(values, side)
    covariance = cv2.blur(guide * values, side) - mean_guide * mean
    variance = cv2.blur(guide * guide, side) - mean_guide * mean_guide
    slope = covariance / (variance + 0.004)
    offset = mean - slope * mean_guide
    return np.asarray(cv2.blur(slope, side) * guide + cv2.blur(offset, side), dtype=np.float32)
