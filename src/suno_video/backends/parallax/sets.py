"""What is prepared once for each picture: textures, depth and framing. Read-only afterwards, so threads share it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, TypeVar, cast

import cv2
import numpy as np

from suno_video.backends.parallax.attention import find_attention, guess_depth, shrink_for_maps
from suno_video.backends.parallax.camera import Room
from suno_video.backends.parallax.framing import Framing, choose_framing, find_focus, spread_with_room
from suno_video.backends.parallax.picture import Pixels
from suno_video.backends.parallax.textures import (
    Plane,
    Texture,
    apply_grade,
    make_backdrop,
    resize_even,
    to_texture,
)
from suno_video.backends.parallax.views import Window
from suno_video.core.brief import Grade
from suno_video.core.color import Palette
from suno_video.core.frames import FrameSize

_Map = TypeVar("_Map", Pixels, Plane)

DETAIL = 1.12
"""Texture pixels for one frame pixel at zoom 1: sharp when the camera is close, no shimmer when it is far."""
CARD_OF_HEIGHT, CARD_OF_WIDTH = 0.68, 0.84
"""Low enough to stand free between the bars of a letterbox, which leave 0.74 of the height."""
CARD_OVERSCAN = 1.045
"""The picture inside a card is a little larger than the card, so that it can shift with depth."""


@dataclass(frozen=True)
class CoverSet:
    """The crop fills the frame."""

    texture: Texture
    depth: Plane
    window: Window
    room: Room
    focus: tuple[float, float]
    """Where the eye goes, off the middle of the crop, in crop widths and heights."""
    depth_share: float
    """Width of the crop as a share of the depth map."""


@dataclass(frozen=True)
class CardSet:
    """The whole picture as a card before its own blurred enlargement."""

    backdrop: Texture
    backdrop_window: Window
    texture: Texture
    alpha: Plane
    shadow: Plane
    """Coarse, over twice the card's width and height."""
    depth: Plane
    width: float
    """In frame heights."""
    height: float


PictureSet: TypeAlias = CoverSet | CardSet


def prepare_picture(pixels: Pixels, size: FrameSize, palette: Palette, grade: Grade) -> PictureSet:
    """Decide how a picture is shown in a frame size and make all that painting it needs."""
    small = shrink_for_maps(pixels)
    attention = find_attention(small)
    depth = guess_depth(small, attention)
    framing = choose_framing(pixels.shape[1], pixels.shape[0], size, attention)
    if framing.layout == "cover":
        return _prepare_cover(pixels, size, grade, depth, attention, framing)
    return _prepare_card(pixels, size, palette, grade, depth, framing)


def _prepare_cover(
    pixels: Pixels, size: FrameSize, grade: Grade, depth: Plane, attention: Plane, framing: Framing
) -> CoverSet:
    left, right = spread_with_room(framing.left, framing.width)
    top, bottom = spread_with_room(framing.top, framing.height)
    part = _cut(pixels, left, right, top, bottom)
    wide, high = (right - left) / framing.width, (bottom - top) / framing.height
    rgb = resize_even(part, round(size.width_px * wide * DETAIL), round(size.height_px * high * DETAIL))
    texture = to_texture(apply_grade(rgb, grade))
    height_px, width_px = texture.y.shape
    window = Window(
        (framing.left - left) / (right - left) * width_px,
        (framing.top - top) / (bottom - top) * height_px,
        width_px / wide,
        height_px / high,
    )
    room = Room(
        left=(framing.left - left) / framing.width,
        right=(right - framing.left - framing.width) / framing.width,
        top=(framing.top - top) / framing.height,
        bottom=(bottom - framing.top - framing.height) / framing.height,
    )
    focus = find_focus(attention, framing)
    return CoverSet(texture, _cut(depth, left, right, top, bottom), window, room, focus, 1 / wide)


def _prepare_card(
    pixels: Pixels, size: FrameSize, palette: Palette, grade: Grade, depth: Plane, framing: Framing
) -> CardSet:
    own = pixels.shape[1] / pixels.shape[0]
    height = min(CARD_OF_HEIGHT, CARD_OF_WIDTH * size.aspect / own)
    width = height * own
    scale = size.height_px * DETAIL
    rgb = apply_grade(resize_even(pixels, round(width * scale), round(height * scale)), grade)
    alpha = _rounded_alpha(rgb.shape[0], rgb.shape[1], size.height_px * DETAIL * 0.016)
    backdrop = _make_backdrop_texture(pixels, size, palette, grade.saturation, framing)
    return CardSet(
        backdrop=backdrop,
        backdrop_window=Window(0.0, 0.0, float(backdrop.y.shape[1]), float(backdrop.y.shape[0])),
        texture=to_texture(rgb),
        alpha=alpha,
        shadow=_card_shadow(width, height),
        depth=depth,
        width=width,
        height=height,
    )


def _make_backdrop_texture(
    pixels: Pixels, size: FrameSize, palette: Palette, saturation: float, framing: Framing
) -> Texture:
    part = _cut(pixels, framing.left, framing.left + framing.width, framing.top, framing.top + framing.height)
    # Blurred anyway: a small one holds all of it.
    height = 160
    rgb = resize_even(part, round(height * size.aspect), height)
    colour_only = Grade(saturation=min(1.0, saturation), bloom=0.0)
    return to_texture(apply_grade(make_backdrop(rgb, palette), colour_only))


def _cut(values: _Map, left: float, right: float, top: float, bottom: float) -> _Map:
    height, width = values.shape[:2]
    x0, y0 = min(round(left * width), width - 1), min(round(top * height), height - 1)
    x1, y1 = max(x0 + 1, round(right * width)), max(y0 + 1, round(bottom * height))
    return cast(_Map, np.ascontiguousarray(values[y0:y1, x0:x1]))


def _rounded_alpha(height: int, width: int, radius: float) -> Plane:
    """1 inside a rectangle with round corners, 0 from its outermost pixels on, smooth between."""
    x = np.abs(np.arange(width, dtype=np.float32) + 0.5 - width / 2)[None, :] - (width / 2 - 1.5 - radius)
    y = np.abs(np.arange(height, dtype=np.float32) + 0.5 - height / 2)[:, None] - (height / 2 - 1.5 - radius)
    outside = np.hypot(np.maximum(x, 0), np.maximum(y, 0)) + np.minimum(np.maximum(x, y), 0) - radius
    return np.asarray(np.clip(0.5 - outside, 0, 1), dtype=np.float32)


def _card_shadow(width: float, height: float) -> Plane:
    """How much light a card takes from what lies behind it, over twice its size."""
    scale = 96 / max(width, height)
    card_w, card_h = max(4, round(width * scale)), max(4, round(height * scale))
    canvas = np.zeros((2 * card_h, 2 * card_w), dtype=np.float32)
    canvas[card_h // 2 : card_h // 2 + card_h, card_w // 2 : card_w // 2 + card_w] = 1
    near = cv2.GaussianBlur(canvas, (0, 0), 0.022 * scale)
    wide = cv2.GaussianBlur(canvas, (0, 0), 0.07 * scale)
    return np.asarray(0.35 * near + 0.4 * wide, dtype=np.float32)
