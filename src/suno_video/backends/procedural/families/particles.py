"""Particles: sparks that form the cover, stray in quiet places, and burst at the drop."""

from __future__ import annotations

import math

import cv2
import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.develop import Bytes
from suno_video.backends.procedural.families.scene import Scene, Shot, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, fcos, fexp, fsin, noise, shade
from suno_video.backends.procedural.picture import load_picture
from suno_video.backends.procedural.poster import brightness, luma_of, undeveloped

_SIDE = 0.88
"""Of the cover, in shorter sides."""


@kernel
def _move(sparks: Floats, p: Floats) -> None:
    """Springs to the home of each spark, a flow that carries it, and blows from the middle.

    Args:
        sparks: Shape (n, 8): x, y, speed x and y, home x and y, own number 0..1, way ahead (depth, -1..1).
    """
    pull, drag, stray, clock, blow, blow_x, blow_y, reach, dt, lift, wind = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10],
    )  # fmt: skip
    for k in range(sparks.shape[0]):
        x, y, own = sparks[k, 0], sparks[k, 1], sparks[k, 6]
        hx, hy = sparks[k, 4], sparks[k, 5]
        # Sparks leave one after the other: those at the end of a drifting front first.
        front = noise(hx * 3.1 + 40.0 + 0.10 * clock, hy * 3.1 + 70.0)
        free = min(max((stray * 1.7 - front * 0.8 - 0.25 * own) * 2.2, 0.0), 1.0)
        u = fsin(3.1 * y + 1.3 * clock + 2.0 * fsin(1.9 * x + own)) + 0.6 * fsin(7.3 * y - clock + 5.0 * own)
        v = fcos(2.7 * x - 1.1 * clock + 2.0 * fcos(2.2 * y + own)) + 0.6 * fcos(6.1 * x + clock + 5.0 * own)
        ax = (hx - x) * pull * (1.0 - 0.92 * free) + u * free * wind
        ay = (hy - y) * pull * (1.0 - 0.92 * free) + v * free * wind - lift * free
        if blow > 0.0:
            dx, dy = x - blow_x, y - blow_y
            r = np.sqrt(dx * dx + dy * dy) + 0.03
            force = blow * fexp(r * r * -reach) * (0.45 + own)
            ax += dx / r * force
            ay += dy / r * force
        sparks[k, 2] = (sparks[k, 2] + ax * dt) * drag
        sparks[k, 3] = (sparks[k, 3] + ay * dt) * drag
        sparks[k, 0] = x + sparks[k, 2] * dt
        sparks[k, 1] = y + sparks[k, 3] * dt


@kernel
def _splat(light: Floats, sharp: Floats, marked: Bytes, sparks: Floats, colors: Floats, p: Floats) -> None:
    """Draw sparks as soft discs: their colour into the light, their brightness into the sharp plane too."""
    unit, half_w, half_h, zoom, cx, cy, c, s, size, weight, twinkle, clock, shrink = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11], p[12],
    )  # fmt: skip
    h, w = light.shape[1], light.shape[2]
    height, width = sharp.shape
    scale = np.float32(w) / np.float32(width)
    for k in range(sparks.shape[0]):
        deep = 1.0 + 0.10 * sparks[k, 7]
        x, y = (sparks[k, 0] - cx * deep) * zoom * deep, (sparks[k, 1] - cy * deep) * zoom * deep
        fx = (x * c + y * s + half_w) * unit - 0.5
        fy = (y * c - x * s + half_h) * unit - 0.5
        speed = np.sqrt(sparks[k, 2] * sparks[k, 2] + sparks[k, 3] * sparks[k, 3])
        gleam = 1.0 + twinkle * fsin(sparks[k, 6] * 60.0 + 5.0 * clock) + min(speed * 0.5, 1.0)
        radius = size * (1.0 + 0.25 * sparks[k, 7]) * (1.0 - shrink * min(speed * 0.6, 0.55))
        lx, ly, lr = (fx + 0.5) * scale - 0.5, (fy + 0.5) * scale - 0.5, max(radius * scale, 0.62)
        fade = min(radius * scale / lr, 1.0)
        fade = fade * fade * gleam
        red, green, blue = colors[k, 0] * fade, colors[k, 1] * fade, colors[k, 2] * fade
        inverse = 1.0 / (lr * lr)
        reach = 1.7 * lr
        if lx < -reach or ly < -reach or lx > np.float32(w) + reach or ly > np.float32(h) + reach:
            continue
        for j in range(max(int(ly - reach) + 1, 0), min(int(ly + reach) + 1, h)):
            for i in range(max(int(lx - reach) + 1, 0), min(int(lx + reach) + 1, w)):
                dx, dy = np.float32(i) - lx, np.float32(j) - ly
                d = (dx * dx + dy * dy) * inverse
                g = max(1.0 - d * 0.36, 0.0)
                g = g * g
                light[0, j, i] += red * g
                light[1, j, i] += green * g
                light[2, j, i] += blue * g
        strong = weight * colors[k, 3] * gleam
        if strong > 0.02:
            r = max(radius * 0.62, 0.7)
            inverse = 1.0 / (r * r)
            strong = strong * min(radius * 0.62 / r, 1.0)
            for j in range(max(int(fy - 1.5 * r) + 1, 0), min(int(fy + 1.5 * r) + 1, height)):
                marked[j] = 1
                for i in range(max(int(fx - 1.5 * r) + 1, 0), min(int(fx + 1.5 * r) + 1, width)):
                    dx, dy = np.float32(i) - fx, np.float32(j) - fy
                    g = max(1.0 - (dx * dx + dy * dy) * inverse * 0.45, 0.0)
                    sharp[j, i] += strong * g * g


@kernel
def _paint_haze(light: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    clock, strength, glow, cx, cy, seed = p[0], p[1], p[2], p[3], p[4], p[5]
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        y = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        for i in range(w):
            x = screen_x(view, i)
            dx, dy = x - cx, y - cy
            n = noise(x * 1.7 + seed + 0.12 * clock, y * 1.7 + seed) * noise(
                x * 3.3 - 0.1 * clock + seed, y * 3.1 + seed
            )
            halo = fexp((dx * dx + dy * dy) * -2.2) * glow
            e = 0.30 + strength * n
            red[i] = palette[0, 0] * e + shade(palette, 0.34, 0) * (halo + 0.16 * strength * n)
            green[i] = palette[0, 1] * e + shade(palette, 0.34, 1) * (halo + 0.16 * strength * n)
            blue[i] = palette[0, 2] * e + shade(palette, 0.34, 2) * (halo + 0.16 * strength * n)


class Particles(Scene):
    """A drop bursts it, kicks shake it, energy and voice gather the sparks, treble makes them twinkle."""

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        picture, _ = load_picture(shot.cover, shot.palette, rng, 512)
        side = int(84 + 84 * shot.params["grain"])
        small = np.clip(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), 0, 4).astype(np.float32)
        rest = (np.arange(side) + 0.5) / side - 0.5
        hx, hy = np.meshgrid(rest * _SIDE, rest * _SIDE)
        # Each second row is set off by half a step: no chessboard.
        hx[::2] += _SIDE / side / 2
        luma = luma_of(np.asarray(small, np.float32).transpose(2, 0, 1))
        keep = (luma > 0.004) | (rng.random(luma.shape) < 0.35)
        n = int(keep.sum())
        self._cell = _SIDE / side
        sparks = np.zeros((n, 8), np.float32)
        sparks[:, 4] = hx[keep] + rng.normal(0, 0.10 * self._cell, n)
        sparks[:, 5] = hy[keep] + rng.normal(0, 0.10 * self._cell, n)
        sparks[:, :2] = sparks[:, 4:6]
        sparks[:, 6] = rng.uniform(0, 1, n)
        sparks[:, 7] = np.clip(2.2 * (np.sqrt(luma[keep]) - 0.45) + rng.normal(0, 0.15, n), -1, 1)
        self._sparks = sparks
        rgb = undeveloped(small[keep] * brightness(small)) * (
            0.85 + 0.3 * shot.growth
        ) / canvas.evening + 0.012 * shot.color(0.5)
        self._colors = np.column_stack([rgb, np.sqrt(luma[keep]) * 0.30]).astype(np.float32)
        self._phase = rng.uniform(0, 6.28, 3)
        self._seed = rng.uniform(5, 200)
        self._place = rng.uniform(-0.25, 0.25) * (canvas.half_w - 0.42), rng.uniform(-0.06, 0.06)
        self._was_kick = self._was_drop = 0.0
        self._stray = 0.5
        self._is_fresh = True

    def advance(self, step: Step) -> None:
        """Move all sparks by one frame."""
        rounds = 40 if self._is_fresh else 1
        wanted = self._wanted_stray(step)
        if self._is_fresh:
            self._stray = wanted
        self._stray += (wanted - self._stray) * (1 - math.exp(-1.6 / self.shot.fps))
        kick = max(step.kick, 0.6 * step.beat)
        blow = 0.0
        if kick > self._was_kick + 0.25:
            blow = (5 + 10 * step.bass) * (0.4 + self.shot.params["drift"])
        if step.drop > self._was_drop + 0.3:
            blow += 150
        self._was_kick, self._was_drop = kick, step.drop
        x, y = 0.2 * np.sin([1.7 * step.clock + self._phase[0], 1.3 * step.clock + self._phase[1]])
        dt = 1 / self.shot.fps
        for number in range(rounds):
            # Only the last round is music; those before let a shot begin in the middle of things.
            force = 0.0 if number < rounds - 1 else blow
            clock = step.clock - dt * (rounds - number) * 0.4
            settings = numbers(
                26.0, math.exp(-2.6 * dt), self._stray, clock, force, x, y, 4.0, dt, 0.02 + 0.08 * step.energy,
                0.08 + 0.57 * step.energy,
            )  # fmt: skip
            _move(self._sparks, settings)
        self._is_fresh = False

    def _wanted_stray(self, step: Step) -> float:
        held = 0.55 * step.energy + 0.35 * step.voice + 0.25 * step.level
        loose = 0.62 + 0.5 * self.shot.params["drift"] - held - 0.2 * self.shot.growth
        return float(np.clip(loose + 0.55 * max(step.drop, 0.0) + 0.25 * step.tension * step.treble, 0.05, 1))

    def paint(self, step: Step, camera: Camera) -> None:
        """Haze first, then all sparks."""
        canvas, shot = self.canvas, self.shot
        glow = 0.05 + 0.14 * step.bass + 0.08 * step.beat + 0.06 * step.voice
        haze = numbers(0.6 * step.clock, 1.0 + 1.4 * step.mid, glow, *self._place, self._seed)
        _paint_haze(canvas.light, shot.palette, canvas.view(Camera(0, 0, 1, 0)), haze)
        size = 0.62 * self._cell * canvas.unit_px * camera.zoom * (1 + 0.05 * step.bass)
        settings = numbers(
            canvas.unit_px, canvas.half_w, canvas.half_h, camera.zoom,
            camera.x - self._place[0], camera.y - self._place[1],
            math.cos(camera.roll), math.sin(camera.roll), size, 1.0, 0.12 + 0.35 * step.treble, step.clock, 0.6,
        )  # fmt: skip
        _splat(canvas.light, canvas.sharp, canvas.marked, self._sparks, self._colors, settings)


SCENE = Particles
