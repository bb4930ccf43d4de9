"""Decides what of a picture is shown: a crop that keeps the subject, or the whole picture as a card."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suno_video.core.frames import FrameSize

MIN_KEPT_AREA = 0.72
"""A crop that keeps this much of the picture needs no further reason."""
MIN_KEPT_ATTENTION = 0.84
"""Otherwise it must keep this much of what draws the eye ..."""
MAX_ENLARGEMENT = 3.0
"""... and must not be blown up more than this: then the card looks better."""
MIN_CARD_ASPECT, MIN_KEPT_BESIDE_STAMP = 0.4, 0.5
MAX_LEAN = 0.3
MAX_ROOM = 0.35
"""Picture kept outside the crop for pans, in widths (heights) of the crop."""


@dataclass(frozen=True)
class Framing:
    """What is shown. Lengths are fractions of the picture's width and height."""

    layout: str
    """`cover`: the crop fills the frame; `card`: the whole picture stands before its own blurred enlargement."""
    left: float
    top: float
    width: float
    height: float
    """The crop that has the frame's aspect."""


def choose_framing(width_px: int, height_px: int, size: FrameSize, attention: NDArray[np.float32]) -> Framing:
    """Choose crop or card for a picture.

    Args:
        size: Of the frame.
        attention: From `find_attention`, over the whole picture.
    """
    own, aspect = width_px / height_px, size.aspect
    width, height = min(1.0, aspect / own), min(1.0, own / aspect)
    left, kept_across = _best_span(attention, 0, width)
    top, kept_down = _best_span(attention, 1, height)
    enlargement = size.height_px / (height_px * height)
    keeps_all = width * height >= MIN_KEPT_AREA
    keeps_enough = min(kept_across, kept_down) >= MIN_KEPT_ATTENTION and enlargement <= MAX_ENLARGEMENT
    # A very wide picture in an upright frame (or the reverse) would be a card like a stamp.
    stamp = width * height < MIN_CARD_ASPECT and min(kept_across, kept_down) >= MIN_KEPT_BESIDE_STAMP
    cover = keeps_all or keeps_enough or stamp
    return Framing("cover" if cover else "card", left, top, width, height)


def _best_span(attention: NDArray[np.float32], axis: int, fraction: float) -> tuple[float, float]:
    """Find where a span of a given length loses least: its start, and the share of the attention that it holds.

    Args:
        axis: 0 for a span across the picture, 1 for one down.
    """
    if fraction >= 1:
        return 0.0, 1.0
    # The peak of each column (row) counts as much as its sum: a thin spire is as much subject as a broad base.
    peak, mean = attention.max(axis=axis).astype(np.float64), attention.mean(axis=axis).astype(np.float64)
    if axis == 1:
        # A head or a spire cut off at the top hurts more than feet or ground.
        headroom = np.linspace(1.35, 0.7, len(peak))
        peak, mean = peak * headroom, mean * headroom
    starts = np.linspace(0, 1 - fraction, 65)
    held = _held(peak**2, starts, fraction) + _held(mean**2, starts, fraction)
    # Of equal spans the one nearest to the middle.
    middle = (1 - fraction) / 2
    best = int(np.argmax(held - 0.05 * np.abs(starts - middle)))
    return float(starts[best]), float(_held(mean, starts, fraction)[best])


def _held(weights: NDArray[np.float64], starts: NDArray[np.float64], fraction: float) -> NDArray[np.float64]:
    """Share of the weights that each span holds; what a flat map holds when there are none."""
    total = np.concatenate([[0.0], np.cumsum(weights)])
    if total[-1] <= 0:
        return np.full(len(starts), fraction)
    edges = np.linspace(0, 1, len(total))
    held: NDArray[np.float64] = np.interp(starts + fraction, edges, total) - np.interp(starts, edges, total)
    share: NDArray[np.float64] = held / total[-1]
    return share


def find_focus(attention: NDArray[np.float32], framing: Framing) -> tuple[float, float]:
    """Find where the eye goes within the crop, off its middle, at most 0.3 of its width and height."""
    weights = attention.astype(np.float64) ** 3
    total = weights.sum()
    if total <= 0:
        return 0.0, 0.0
    across = float((weights.sum(axis=0) * _centres(attention.shape[1])).sum() / total)
    down = float((weights.sum(axis=1) * _centres(attention.shape[0])).sum() / total)
    x, y = (across - framing.left) / framing.width - 0.5, (down - framing.top) / framing.height - 0.5
    return min(max(x, -MAX_LEAN), MAX_LEAN), min(max(y, -MAX_LEAN), MAX_LEAN)


def _centres(n: int) -> NDArray[np.float64]:
    return (np.arange(n, dtype=np.float64) + 0.5) / n


def spread_with_room(start: float, length: float) -> tuple[float, float]:
    """Widen a span by up to `MAX_ROOM` of itself on both sides, within 0..1: its start and end."""
    return max(0.0, start - MAX_ROOM * length), min(1.0, start + length * (1 + MAX_ROOM))
