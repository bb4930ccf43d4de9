"""Ring: the cover as a disc, the spectrum around it, dust in orbit, the cover's colours blurred behind."""

from __future__ import annotations

import math

import cv2
import numpy as np

from suno_video.backends.procedural.camera import Camera, Points
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.develop import Bytes
from suno_video.backends.procedural.families.scene import Scene, Shot, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, fexp, fsin, noise, shade
from suno_video.backends.procedural.picture import blurred, into_palette, load_picture
from suno_video.core.color import linear_to_srgb
from suno_video.core.frames import I420, planes

_RADIUS = 0.26
"""Of the disc, in shorter sides."""
_LEAN = 0.4
"""How far the backdrop leans from the picture's colours to those of the motif."""
_BRIGHTEST = 0.22
"""Mean light of a backdrop, at most: the disc stands before it."""


@kernel
def _paint_backdrop(light: Floats, backdrop: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    clock, dim, glow, cx, cy, radius, smoke = p[0], p[1], p[2], p[3], p[4], p[5], p[6]
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        y = screen_y(view, j) - cy
        red, green, blue = light[0, j], light[1, j], light[2, j]
        r0, g0, b0 = backdrop[0, j], backdrop[1, j], backdrop[2, j]
        for i in range(w):
            x = screen_x(view, i) - cx
            r = np.sqrt(x * x + y * y)
            haze = noise(x * 2.6 + 20.0 + clock * 0.20, y * 2.6 + 30.0 - clock * 0.13)
            haze = haze * noise(x * 5.3 + 60.0 - clock * 0.17, y * 5.3 + 10.0 + 0.8 * fsin(x * 2.0 + clock * 0.2))
            halo = fexp(max(r - radius, 0.0) * -7.0) * glow + haze * haze * smoke
            red[i] = r0[i] * dim + shade(palette, 0.56, 0) * halo
            green[i] = g0[i] * dim + shade(palette, 0.56, 1) * halo
            blue[i] = b0[i] * dim + shade(palette, 0.56, 2) * halo


@kernel
def _paste(plane: Bytes, texture: Bytes, alpha: Bytes, left: int, top: int) -> None:
    first, last = max(0, -left), min(texture.shape[1], plane.shape[1] - left)
    for j in range(max(0, -top), min(texture.shape[0], plane.shape[0] - top)):
        row, source, cover = plane[top + j], texture[j], alpha[j]
        for i in range(first, last):
            below = np.float32(row[left + i])
            share = np.float32(cover[i]) * (1.0 / 255.0)
            row[left + i] = np.uint8(np.int32(below + (np.float32(source[i]) - below) * share + 0.5))


class Ring(Scene):
    """The spectrum stands on the disc, bass and kick make it breathe; a build draws dust in, a drop throws it out."""

    AREA_PX = 400 * 225

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        picture, _ = load_picture(shot.cover, shot.palette, rng, as_it_is=True)
        h, w = canvas.light.shape[1:]
        self._backdrop = _backdrop(into_palette(picture, shot.palette), shot, w, h)
        self._disc = _Disc(picture, canvas.unit_px, canvas.saturation)
        self._n_bars = int(rng.choice([96, 128, 160]))
        self._style = int(rng.integers(0, 3))
        self._spin = rng.uniform(0, 2 * math.pi)
        self._turn = rng.choice([-1.0, 1.0])
        room = (canvas.half_w - 0.5) * 0.6, (canvas.half_h - 0.5) * 0.5
        self._centre = rng.choice([-1.0, 0.0, 0.0, 1.0]) * room[0], rng.choice([-1.0, 0.0, 0.0]) * room[1]
        n = int((250 + 800 * shot.params["dust"]) * (0.6 + 0.8 * shot.growth))
        self._angle = rng.uniform(0, 2 * math.pi, n)
        self._away = rng.gamma(2.0, 0.075, n)
        self._rate = rng.uniform(0.05, 0.35, n) * np.where(rng.random(n) < 0.85, self._turn, -self._turn)
        self._size = np.clip(rng.pareto(2.2, n) * 0.35 + 0.15, 0, 1.8)
        self._phase = rng.uniform(0, 2 * math.pi, n)
        self._color = 1.4 * shot.color(rng.uniform(0.5, 1, n))

    def _geometry(self, step: Step, camera: Camera) -> tuple[float, float, float]:
        x, y = camera.project(np.array([self._centre[0]]), np.array([self._centre[1]]))
        radius = (
            _RADIUS
            * camera.zoom
            * (0.92 + 0.10 * self.shot.growth + 0.035 * step.bass + 0.025 * max(step.beat, step.kick))
        )
        return float(x[0]), float(y[0]), radius

    def paint(self, step: Step, camera: Camera) -> None:
        """Backdrop, bars and dust; the disc comes last."""
        cx, cy, radius = self._geometry(step, camera)
        settings = numbers(
            step.clock, 0.22 + 0.16 * step.energy, 0.10 + 0.24 * step.bass + 0.16 * step.beat + 0.14 * step.voice,
            cx, cy, radius,
            0.5 + 0.9 * step.mid,
        )  # fmt: skip
        _paint_backdrop(
            self.canvas.light, self._backdrop, self.shot.palette, self.canvas.view(Camera(0, 0, 1, 0)), settings
        )
        self._draw_spectrum(step, cx, cy, radius)
        self._draw_dust(step, cx, cy, radius)

    def _draw_spectrum(self, step: Step, cx: float, cy: float, radius: float) -> None:
        n = self._n_bars
        around = np.arange(n) / n
        level = np.interp(np.abs(2 * around - 1) * 26, np.arange(32), step.spectrum) ** 1.3
        reach = (0.09 + 0.16 * self.shot.params["bars"]) * (0.8 + 0.5 * self.shot.growth) * level + 0.004
        angle = 2 * math.pi * around + self._spin + 0.12 * self._turn * step.clock
        c, s = np.cos(angle), np.sin(angle)
        color = self.shot.color(np.clip(0.50 + 0.45 * level, 0, 1))
        inner = radius + 0.013
        if self._style == 0:
            self._draw_bars(cx + c * inner, cy + s * inner, c * reach, s * reach, level, color)
        elif self._style == 1:
            self._draw_bars(cx + c * (inner + 0.02), cy + s * (inner + 0.02), c * reach, s * reach, level, color)
            back = 0.35 * np.roll(reach, n // 2)
            tip = inner + 0.035 + 1.25 * reach
            x, y = cx + c * tip, cy + s * tip
            self.canvas.stroke(x, y, x + c * back * 0.1, y + s * back * 0.1, 1.4, 0.35 + 0.8 * level, 2.0 * color)
        else:
            for scale, weight in ((1.0, 1.2), (0.62, 0.55), (0.30, 0.35)):
                far = inner + 0.012 + scale * reach
                x, y = cx + c * far, cy + s * far
                self.canvas.stroke(x, y, np.roll(x, -1), np.roll(y, -1), 1.2, weight, 2.0 * weight * color)
        rim = radius + 0.005
        x, y = cx + c * rim, cy + s * rim
        glint = 0.25 + 0.35 * max(step.beat, step.snare) + 0.5 * step.burst
        self.canvas.stroke(x, y, np.roll(x, -1), np.roll(y, -1), 1.0, glint, glint * self.shot.color(0.85))

    def _draw_bars(self, x: Points, y: Points, dx: Points, dy: Points, level: Points, color: Floats) -> None:
        width = 1.9 * 128 / self._n_bars
        self.canvas.stroke(x, y, x + dx, y + dy, width, 0.8 + 1.0 * level, color * (1.0 + 2.0 * level)[:, None])

    def _draw_dust(self, step: Step, cx: float, cy: float, radius: float) -> None:
        # A build draws the dust in, a drop throws it out.
        spread = 1 + 0.35 * step.bass - 0.45 * step.tension + 1.6 * step.burst
        away = radius + 0.03 + self._away * spread + 0.008 * np.sin(1.6 * step.clock + self._phase)
        angle = self._angle + self._rate * step.clock
        x, y = cx + np.cos(angle) * away, cy + np.sin(angle) * away
        twinkle = 0.55 + 0.45 * np.sin(self._phase + 3.0 * step.clock)
        bright = self._size * (0.35 + 0.9 * max(step.treble, step.hat) + 0.3 * step.onset + 0.4 * step.burst) * twinkle
        self.canvas.stroke(x, y, x, y, 0.75 + 0.5 * self._size, 1.3 * bright, self._color * bright[:, None])

    def overprint(self, picture: I420, step: Step, camera: Camera) -> None:
        """Put the disc on."""
        cx, cy, radius = self._geometry(step, camera)
        tilt = math.degrees(camera.roll) + 2.5 * math.sin(0.5 * step.clock)
        place = ((cx + self.canvas.half_w) * self.canvas.unit_px, (cy + self.canvas.half_h) * self.canvas.unit_px)
        self._disc.paste(picture, place, radius * self.canvas.unit_px, tilt)


def _backdrop(picture: Floats, shot: Shot, width_px: int, height_px: int) -> Floats:
    """The picture's colours, blurred: turned another way in each shot, leaning to the motif, never brighter than it."""
    turned = np.rot90(picture, int(shot.rng.integers(0, 4)))
    soft = blurred(np.ascontiguousarray(turned[:, ::-1] if shot.rng.random() < 0.5 else turned), width_px, height_px)
    luma = np.tensordot(np.array([0.2126, 0.7152, 0.0722], np.float32), soft, 1)
    toned = shot.color(0.12 + 0.6 * np.sqrt(np.clip(luma, 0, 1))).transpose(2, 0, 1)
    mixed = soft + np.float32(_LEAN) * (toned - soft)
    level = (1 - _LEAN) * float(np.mean(luma)) + _LEAN * float(np.mean(toned))
    return np.ascontiguousarray(mixed * np.float32(min(1.0, _BRIGHTEST / (level + 1e-6))))


class _Disc:
    """A round picture as luma and chroma with soft edges, ready to be turned and pasted."""

    def __init__(self, picture: Floats, unit_px: int, saturation: float) -> None:
        side = max(16, int(2 * _RADIUS * unit_px * 1.1) // 2 * 2)
        best = cv2.INTER_AREA if side < picture.shape[0] else cv2.INTER_CUBIC
        rgb = linear_to_srgb(np.asarray(cv2.resize(picture, (side, side), interpolation=best), np.float64))
        rgb = rgb.astype(np.float32)
        axis = (np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1
        r = np.hypot(axis[:, None], axis[None, :])
        rgb *= (1 - 0.30 * np.clip(r, 0, 1) ** 5)[..., None]
        luma = rgb @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        # Only less colour: a cover is not made gaudier than it is.
        kept = min(1.0, saturation)
        u, v = 0.5389 * kept * (rgb[..., 2] - luma), 0.6350 * kept * (rgb[..., 0] - luma)
        alpha = np.clip((1 - r) * side / 2 - 1.0, 0, 1)
        full = np.stack([16 + 219 * np.clip(luma, 0, 1), 255 * alpha], -1)
        small = cv2.resize(np.stack([128 + 224 * u, 128 + 224 * v, 255 * alpha], -1), (side // 2, side // 2))
        self._full = np.clip(full + 0.5, 0, 255).astype(np.uint8)
        self._small = np.clip(small + 0.5, 0, 255).astype(np.uint8)

    def paste(self, frame: I420, centre_px: tuple[float, float], radius_px: float, degrees: float) -> None:
        y, u, v = planes(frame)
        luma, left, top = _turned(self._full, centre_px, radius_px, degrees)
        _paste(y, luma[0], luma[1], left, top)
        half = (centre_px[0] / 2, centre_px[1] / 2)
        chroma, left, top = _turned(self._small, half, radius_px / 2, degrees)
        _paste(u, chroma[0], chroma[2], left, top)
        _paste(v, chroma[1], chroma[2], left, top)


def _turned(
    texture: Bytes, centre_px: tuple[float, float], radius_px: float, degrees: float
) -> tuple[list[Bytes], int, int]:
    """Turn and scale a square texture to a radius; its channels, and where their upper left corner belongs."""
    side = math.ceil(2 * radius_px) + 4
    left, top = math.floor(centre_px[0] - side / 2), math.floor(centre_px[1] - side / 2)
    middle = texture.shape[0] / 2 - 0.5
    matrix = cv2.getRotationMatrix2D((middle, middle), degrees, 2 * radius_px / texture.shape[0])
    matrix[0, 2] += centre_px[0] - left - 0.5 - middle
    matrix[1, 2] += centre_px[1] - top - 0.5 - middle
    turned = cv2.warpAffine(texture, matrix, (side, side), flags=cv2.INTER_LINEAR)
    return [np.ascontiguousarray(channel) for channel in cv2.split(turned)], left, top


SCENE = Ring
