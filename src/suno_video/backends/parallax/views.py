"""From frame pixels to picture pixels: coarse maps that are exact at cell centres and enlarged strip by strip."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from suno_video.backends.parallax.camera import CameraPath
from suno_video.backends.parallax.textures import Plane
from suno_video.core.frames import FrameSize

CELL_PX = 8
"""Maps are smooth, so one value for 8 x 8 pixels is enough; in between they are interpolated."""


_ONE_MAP = cast(NDArray[np.float32], None)
"""Says that the first map has both coordinates. OpenCV takes None, its type stubs do not; an empty array instead
makes OpenCV 5.0 read beyond it."""


def enlarge(grid: Plane, cell_px: int, row_px: int, n_rows_px: int, width_px: int) -> Plane:
    """Enlarge a strip of a grid that has one cell of padding on each side.

    Args:
        grid: Shape (rows + 2, columns + 2) or with channels; cell (1, 1) covers the frame's first pixels.
        row_px: First pixel row of the strip, a multiple of `cell_px`.

    The padding makes the outermost pixels as exact as the inner ones (a plain resize would flatten them).
    """
    first = row_px // cell_px
    n_cells = -(-n_rows_px // cell_px)
    part = grid[first : first + n_cells + 2]
    big = cv2.resize(part, (part.shape[1] * cell_px, part.shape[0] * cell_px), interpolation=cv2.INTER_LINEAR)
    inner = big[cell_px : cell_px + n_rows_px, cell_px : cell_px + width_px]
    return np.asarray(inner, dtype=np.float32)


@dataclass(frozen=True)
class Cells:
    """Centres of the padded grid's cells over the whole frame."""

    columns: Plane
    """Across the frame, -0.5..0.5, shape (n + 2,)."""
    rows: Plane

    @classmethod
    def over(cls, size: FrameSize) -> Cells:
        """Lay cells over the frame."""

        def centres(length_px: int) -> Plane:
            index = np.arange(-1, -(-length_px // CELL_PX) + 1, dtype=np.float64)
            return ((index + 0.5) * CELL_PX / length_px - 0.5).astype(np.float32)

        return cls(centres(size.width_px), centres(size.height_px))


@dataclass(frozen=True)
class Window:
    """Where the crop lies on a texture, in texture pixels."""

    left_px: float
    top_px: float
    width_px: float
    height_px: float


def view_points(
    cells: Cells, aspect: float, path: CameraPath, frame: int, depth: Plane, window: Window, texture: tuple[int, int]
) -> Plane:
    """Find for each cell which texture pixel it shows, shape (rows, columns, 2): x, y.

    Args:
        depth: Over the whole texture, any resolution.
        texture: Height and width of the texture in pixels.
    """
    across, down = _turn(cells, aspect, float(path.roll[frame]), float(path.zoom[frame]))
    x = np.float32(window.left_px + window.width_px * (0.5 + path.x[frame])) + across * np.float32(window.width_px)
    y = np.float32(window.top_px + window.height_px * (0.5 + path.y[frame])) + down * np.float32(window.height_px)
    near = _look_up(depth, x / np.float32(texture[1]), y / np.float32(texture[0])) - np.float32(0.5)
    shrink = near * np.float32(-path.dolly[frame])
    x += (np.float32(path.parallax_x[frame]) * near + across * shrink) * np.float32(window.width_px)
    y += (np.float32(path.parallax_y[frame]) * near + down * shrink) * np.float32(window.height_px)
    return np.stack([x - np.float32(0.5), y - np.float32(0.5)], axis=-1)


def _turn(cells: Cells, aspect: float, roll: float, zoom: float) -> tuple[Plane, Plane]:
    """Turn and zoom the frame's points about its centre, in crop widths and heights."""
    cos, sin = np.float32(math.cos(roll) / zoom), np.float32(math.sin(roll) / zoom)
    columns, rows = cells.columns[None, :], cells.rows[:, None]
    across = columns * cos - rows * (sin / np.float32(aspect))
    down = columns * (sin * np.float32(aspect)) + rows * cos
    return across, down


def sample(plane: Plane, points: Plane, outside: float | None = None) -> Plane:
    """Take values at pixel positions (..., 2: x, y); beyond the border the nearest one, or `outside`."""
    border = cv2.BORDER_REPLICATE if outside is None else cv2.BORDER_CONSTANT
    taken = cv2.remap(plane, points, _ONE_MAP, cv2.INTER_LINEAR, borderMode=border, borderValue=outside or 0.0)
    return np.asarray(taken, dtype=np.float32)


def _look_up(values: Plane, x: Plane, y: Plane) -> Plane:
    """Sample a map at fractions of its width and height."""
    across = x * np.float32(values.shape[1]) - np.float32(0.5)
    down = y * np.float32(values.shape[0]) - np.float32(0.5)
    return np.asarray(
        cv2.remap(values, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32
    )


def chroma_points(points: Plane) -> Plane:
    """Turn luma texture pixels into chroma texture pixels for the same cells.

    Chroma samples of the frame lie on the left one of their two columns (the H.264 default), those of a texture in
    the middle of four pixels: a quarter of a chroma pixel to the left.
    """
    step = (points[0, 1] - points[0, 0]) / np.float32(CELL_PX)
    middle: Plane = points + np.float32(0.5) - np.float32(0.5) * step
    return middle / np.float32(2) - np.float32(0.5)


def card_points(
    cells: Cells,
    aspect: float,
    card: tuple[float, float],
    roll: float,
    zoom: float,
    tilt: tuple[float, float],
    centre: tuple[float, float] = (0.0, 0.0),
) -> NDArray[np.float32]:
    """Find for each cell where it lies on a card before the camera, -0.5..0.5 of the card, shape (rows, columns, 2).

    Args:
        card: Width and height of the card in frame heights.
        tilt: Perspective to the side and up, about -0.1..0.1.
        centre: Of the card, off the middle of the frame, in frame heights.
    """
    columns = cells.columns[None, :] * np.float32(aspect) - np.float32(centre[0])
    rows = cells.rows[:, None] - np.float32(centre[1])
    cos, sin = np.float32(math.cos(roll) / zoom), np.float32(math.sin(roll) / zoom)
    across, down = columns * cos - rows * sin, columns * sin + rows * cos
    depth = 1 + np.float32(tilt[0]) * across + np.float32(tilt[1]) * down
    return np.stack([across / depth / np.float32(card[0]), down / depth / np.float32(card[1])], axis=-1)
