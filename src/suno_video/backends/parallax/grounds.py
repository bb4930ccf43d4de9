"""The two ways to show a picture, painted strip by strip: filling the frame, or as a card before its own blur."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from suno_video.backends.parallax.camera import MAX_PARALLAX, CameraPath
from suno_video.backends.parallax.finish import lay_over
from suno_video.backends.parallax.place import Place
from suno_video.backends.parallax.sets import CARD_OVERSCAN, CardSet, CoverSet
from suno_video.backends.parallax.textures import Plane
from suno_video.backends.parallax.views import (
    CELL_PX,
    Cells,
    card_points,
    chroma_points,
    enlarge,
    sample,
    view_points,
)
from suno_video.core.frames import FrameSize


@dataclass(frozen=True)
class Strip:
    """Some rows of a frame before light and grain."""

    y: Plane
    """0..219."""
    u: Plane
    """Around 0, half as wide and high; `v` likewise."""
    v: Plane


class Ground(Protocol):
    """What is seen behind dust, leak and grain. Has the buffers of one pass; used by one thread."""

    def look(self, frame: int, gain: Plane) -> None:
        """Turn to a frame. `gain` is the light on the coarse grid of the whole frame."""

    def strip(self, row_px: int, n_rows_px: int) -> Strip:
        """Paint some rows; both numbers are even, the first a multiple of the cell."""


class CoverGround:
    """The crop fills the frame."""

    def __init__(self, picture: CoverSet, path: CameraPath, depth: Plane, size: FrameSize, cells: Cells) -> None:
        self._picture, self._path, self._depth, self._size, self._cells = picture, path, depth, size, cells

    def look(self, frame: int, gain: Plane) -> None:
        """Turn to a frame."""
        texture = self._picture.texture
        self._points = view_points(
            self._cells, self._size.aspect, self._path, frame, self._depth, self._picture.window, texture.y.shape
        )
        self._colour_points = chroma_points(self._points)
        self._gain = gain

    def strip(self, row_px: int, n_rows_px: int) -> Strip:
        """Paint some rows."""
        width_px, texture = self._size.width_px, self._picture.texture
        y = sample(texture.y, enlarge(self._points, CELL_PX, row_px, n_rows_px, width_px))
        np.multiply(y, enlarge(self._gain, CELL_PX, row_px, n_rows_px, width_px), out=y)
        points = enlarge(self._colour_points, CELL_PX // 2, row_px // 2, n_rows_px // 2, width_px // 2)
        return Strip(y, sample(texture.u, points), sample(texture.v, points))


class CardGround:
    """The whole picture stands as a card before its own blurred enlargement."""

    def __init__(
        self, picture: CardSet, path: CameraPath, depth: Plane, size: FrameSize, cells: Cells, place: Place
    ) -> None:
        self._picture, self._path, self._depth, self._size, self._cells = picture, path, depth, size, cells
        self._place = place
        self._relative_zoom = path.zoom / float(path.zoom.mean())

    def look(self, frame: int, gain: Plane) -> None:
        """Turn to a frame: work out backdrop, shadow and where the card lies."""
        self._look_at_backdrop(frame, gain)
        self._look_at_card(frame)
        self._gain = float(gain.max())

    def _look_at_backdrop(self, frame: int, gain: Plane) -> None:
        picture, size = self._picture, self._size
        shape = picture.backdrop.y.shape
        flat = np.full((2, 2), 0.5, dtype=np.float32)
        points = view_points(self._cells, size.aspect, self._path, frame, flat, picture.backdrop_window, shape)
        half = chroma_points(points)
        self._backdrop_y = sample(picture.backdrop.y, points) * gain
        self._backdrop_u, self._backdrop_v = sample(picture.backdrop.u, half), sample(picture.backdrop.v, half)

    def _look_at_card(self, frame: int) -> None:
        picture, path = self._picture, self._path
        swing = float(path.parallax_x[frame]) / MAX_PARALLAX, float(path.parallax_y[frame]) / MAX_PARALLAX
        zoom = min(1.12, 1 + 0.6 * (float(self._relative_zoom[frame]) - 1))
        at = card_points(
            self._cells,
            self._size.aspect,
            (picture.width, picture.height),
            1.5 * float(path.roll[frame]),
            zoom * float(self._place.scale[frame]),
            (0.09 * swing[0], 0.07 * swing[1]),
            (float(self._place.x[frame]), float(self._place.y[frame])),
        )
        at[..., 0] += np.float32(0.6 * path.x[frame])
        at[..., 1] += np.float32(0.6 * path.y[frame])
        self._cast_shadow(at)
        height_px, width_px = picture.alpha.shape
        scale = np.array([width_px, height_px], dtype=np.float32)
        self._edge_points = (at + np.float32(0.5)) * scale - np.float32(0.5)
        inside = at / np.float32(CARD_OVERSCAN) + np.float32(0.5)
        near = sample(self._depth, inside * np.array(self._depth.shape[::-1], dtype=np.float32) - np.float32(0.5))
        shift = np.array([path.parallax_x[frame], path.parallax_y[frame]], dtype=np.float32) * np.float32(0.6)
        inside = inside + (near - np.float32(0.5))[..., None] * shift
        self._points = inside * scale - np.float32(0.5)
        self._colour_points = chroma_points(self._points)
        # A cell further out than its neighbours' distance shows nothing of the card, however narrow that is.
        step = np.abs(np.diff(at[..., 0], axis=1)).max(), np.abs(np.diff(at[..., 1], axis=0)).max()
        self._columns = _span(np.abs(at[..., 0]).min(axis=0) < 0.5 + step[0], self._size.width_px)
        self._rows = _span(np.abs(at[..., 1]).min(axis=1) < 0.5 + step[1], self._size.height_px)

    def _cast_shadow(self, at: Plane) -> None:
        shadow = self._picture.shadow
        # The map spans twice the card; the shadow falls a little below it.
        below = at - np.array([0.0, 0.03], dtype=np.float32)
        points: Plane = (below / np.float32(2) + np.float32(0.5)) * np.array(
            shadow.shape[::-1], dtype=np.float32
        ) - np.float32(0.5)
        self._backdrop_y *= 1 - sample(shadow, points, outside=0)

    def strip(self, row_px: int, n_rows_px: int) -> Strip:
        """Paint some rows."""
        cell, width, row, n_rows = CELL_PX // 2, self._size.width_px // 2, row_px // 2, n_rows_px // 2
        behind = Strip(
            enlarge(self._backdrop_y, CELL_PX, row_px, n_rows_px, self._size.width_px),
            enlarge(self._backdrop_u, cell, row, n_rows, width),
            enlarge(self._backdrop_v, cell, row, n_rows, width),
        )
        top, bottom = max(row_px, self._rows[0]), min(row_px + n_rows_px, self._rows[1])
        if top < bottom and self._columns[0] < self._columns[1]:
            self._lay_card(behind, top, bottom, row_px)
        return behind

    def _lay_card(self, behind: Strip, top: int, bottom: int, row_px: int) -> None:
        texture, (left, right) = self._picture.texture, self._columns
        alpha = sample(self._picture.alpha, _part(self._edge_points, CELL_PX, top, bottom, left, right), outside=0)
        card = sample(texture.y, _part(self._points, CELL_PX, top, bottom, left, right))
        card *= np.float32(self._gain)
        lay_over(behind.y[top - row_px : bottom - row_px, left:right], card, alpha)
        # Where the chroma samples lie: on the left column, between two rows.
        half_alpha = (alpha[::2, ::2] + alpha[1::2, ::2]) * np.float32(0.5)
        points = _part(self._colour_points, CELL_PX // 2, top // 2, bottom // 2, left // 2, right // 2)
        here = slice((top - row_px) // 2, (bottom - row_px) // 2), slice(left // 2, right // 2)
        lay_over(behind.u[here], sample(texture.u, points), half_alpha)
        lay_over(behind.v[here], sample(texture.v, points), half_alpha)


def _span(inside: np.ndarray, length_px: int) -> tuple[int, int]:
    """Pixels that the true cells of a padded row or column cover, as start and end."""
    found = np.flatnonzero(inside)
    if len(found) == 0:
        return 0, 0
    # Cell 0 is padding.
    first, last = max(0, int(found[0]) - 1), int(found[-1])
    return first * CELL_PX, min(last * CELL_PX, length_px)


def _part(grid: Plane, cell_px: int, top: int, bottom: int, left: int, right: int) -> Plane:
    """Enlarge a rectangle of a padded grid; its left edge is a multiple of the cell."""
    return enlarge(grid[:, left // cell_px : math.ceil(right / cell_px) + 2], cell_px, top, bottom - top, right - left)
