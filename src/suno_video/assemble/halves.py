"""Halves of transitions that are burned into the scenes on both sides: the old one goes, the new one comes."""

from __future__ import annotations

import math

import cv2
import numpy as np

from suno_video.assemble.mattes import grid
from suno_video.assemble.optics import lift, move
from suno_video.core.frames import I420, planes

WHIP_TRAVEL = 0.55  # of the width, from standing still to the cut
ZOOM_TRAVEL = 0.9  # enlargement at the cut
ZOOM_ARRIVAL = 0.32
SPIN_TURN = 1.25  # radians at the cut
_BLADES = 6


def whip(frame: I420, nearness: float, *, leaving: bool, seed: int) -> None:
    """Throw the camera sideways: the old scene runs out of the picture, the new one runs in and stops."""
    direction = 1 if seed % 2 else -1
    speed = nearness * nearness
    travel = WHIP_TRAVEL * nearness**3 * (1 if leaving else -1)
    move(frame, 1.0, direction * travel, 0.0)
    for plane in planes(frame):
        reach = int(speed * 0.22 * plane.shape[1]) | 1
        if reach > 1:
            # Twice a box is a triangle: streaks without steps.
            for _ in range(2):
                plane[:] = cv2.blur(plane, (reach, 1), borderType=cv2.BORDER_REFLECT)
    lift(frame, 0.12 * speed)


def zoom(frame: I420, nearness: float, *, leaving: bool) -> None:
    """Fly through: the old scene comes towards us, the new one comes out of its middle."""
    ease = nearness * nearness
    move(frame, 1 + ZOOM_TRAVEL * ease if leaving else 1 / (1 + ZOOM_ARRIVAL * ease), 0.0, 0.0)
    for part in _halvings(0.17 * ease):
        ghost = frame.copy()
        move(ghost, 1 + part, 0.0, 0.0)
        cv2.addWeighted(frame, 0.5, ghost, 0.5, 0, dst=frame)


def spin(frame: I420, nearness: float, *, leaving: bool, seed: int) -> None:
    """Turn the camera about its axis, faster and faster, and land in the new scene upright."""
    direction = 1 if seed % 2 else -1
    turn = direction * SPIN_TURN * nearness**3 * (1 if leaving else -1)
    arc = 0.3 * nearness * nearness
    _rotate(frame, turn - direction * arc / 2, 1 + 0.35 * nearness * nearness)
    for part in _halvings(arc):
        ghost = frame.copy()
        _rotate(ghost, direction * part, 1.0)
        cv2.addWeighted(frame, 0.5, ghost, 0.5, 0, dst=frame)


def _halvings(way: float) -> tuple[float, ...]:
    """Parts of the way that the picture goes while the shutter is open.

    Each is laid over what is there already: three of them are eight sub-frames, for the price of three.
    """
    return (way / 2, way / 4, way / 8) if way > 0.01 else ()


def _rotate(frame: I420, angle: float, scale: float) -> None:
    for plane in planes(frame):
        height, width = plane.shape
        warp = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), math.degrees(angle), scale)
        plane[:] = cv2.warpAffine(plane, warp, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def blur(frame: I420, nearness: float) -> None:
    """Lose the focus and find it again in the new scene."""
    for plane in planes(frame):
        height, width = plane.shape
        shrink = max(1, round(nearness * nearness * 0.022 * planes(frame)[0].shape[1] * width / frame.shape[1]))
        if shrink == 1:
            continue
        small = cv2.resize(plane, (max(4, width // shrink), max(4, height // shrink)), interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), 1.3)
        plane[:] = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    luma, u, v = planes(frame)
    np.clip(luma, 16, 235, out=luma)
    for chroma in (u, v):
        np.clip(chroma, 16, 240, out=chroma)
    lift(frame, 0.12 * nearness * nearness)


def pixelate(frame: I420, nearness: float) -> None:
    """Fall apart into blocks that grow, and come together again."""
    luma, u, v = planes(frame)
    height, width = luma.shape
    columns = max(10, round(width / (1 + nearness**1.5 * width / 16)))
    if columns > width // 3:
        return
    rows = max(6, round(columns * height / width))
    for plane in (luma, u, v):
        small = cv2.resize(plane, (columns, rows), interpolation=cv2.INTER_AREA)
        plane[:] = cv2.resize(small, (plane.shape[1], plane.shape[0]), interpolation=cv2.INTER_NEAREST)


def ripple(frame: I420, nearness: float, phase: float) -> None:
    """Throw a stone into the picture: rings run outwards and settle in the new scene."""
    luma = planes(frame)[0]
    shape = (max(4, luma.shape[0] // 8), max(4, luma.shape[1] // 8))
    x, y = grid(shape)
    far = np.maximum(np.hypot(x, y), 1e-3)
    wave = np.sin(far * 13 - phase * 16) * np.float32(0.085 * nearness**1.2) * np.minimum(far * 4, 1)
    for plane in planes(frame):
        height, width = plane.shape
        push = cv2.resize(wave, (width, height), interpolation=cv2.INTER_LINEAR) * np.float32(height / 2)
        ux, uy = (cv2.resize(np.ascontiguousarray(part / far), (width, height)) for part in (x, y))
        columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        warped = cv2.remap(
            plane, columns + ux * push, rows + uy * push, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        plane[:] = warped
    lift(frame, 0.08 * nearness)


def shutter(frame: I420, nearness: float, *, seed: int) -> None:
    """Close an aperture of six blades to black, and open it on the new scene."""
    luma, u, v = planes(frame)
    shape = (max(4, luma.shape[0] // 2), max(4, luma.shape[1] // 2))
    x, y = grid(shape)
    turn = 0.9 * nearness * (1 if seed % 2 else -1) + seed % 7
    reach = np.full(shape, -np.inf, dtype=np.float32)
    for blade in range(_BLADES):
        angle = turn + blade * 2 * math.pi / _BLADES
        reach = np.maximum(reach, x * np.float32(math.cos(angle)) + y * np.float32(math.sin(angle)))
    opening = math.hypot(shape[1] / shape[0], 1) * (1 - nearness * nearness * (3 - 2 * nearness))
    light = np.clip((opening - reach) / np.float32(0.03), 0, 1).astype(np.float32)
    gain = cv2.resize(light, (luma.shape[1], luma.shape[0]), interpolation=cv2.INTER_LINEAR)
    luma[:] = (16 + (luma.astype(np.float32) - 16) * gain).astype(np.uint8)
    half = cv2.resize(light, (u.shape[1], u.shape[0]), interpolation=cv2.INTER_AREA)
    for plane in (u, v):
        plane[:] = (128.5 + (plane.astype(np.float32) - 128) * half).astype(np.uint8)


def glitch(frame: I420, nearness: float, *, seed: int) -> None:
    """Tear bands of the picture sideways, and their colour further."""
    random = np.random.default_rng(seed)
    luma, u, v = planes(frame)
    height, width = luma.shape
    for _ in range(2 + round(10 * nearness)):
        thick = 2 * max(1, int(random.uniform(0.01, 0.09) * height / 2))
        top = 2 * int(random.uniform(0, max(1, (height - thick) / 2)))
        shift = 2 * round(random.normal(0, 0.05 + 0.07 * nearness) * width / 2)
        luma[top : top + thick] = np.roll(luma[top : top + thick], shift, axis=1)
        for plane, pull in ((u, 1.6), (v, 0.4)):
            rows = slice(top // 2, (top + thick) // 2)
            plane[rows] = np.roll(plane[rows], round(shift / 2 * pull), axis=1)
    split = round(nearness * 0.012 * width)
    u[:] = np.roll(u, split, axis=1)
    v[:] = np.roll(v, -split, axis=1)
    if random.uniform() < 0.5 * nearness:
        # A line scan that lost its light.
        luma[::4] = (luma[::4].astype(np.uint16) * 3 // 4 + 4).astype(np.uint8)
