"""Ink: drops of ink fall into water; a small simulation of the water lets them bloom and curl.

The water is solved as in Stam, "Stable Fluids" (carried along itself, then made free of sources by relaxation), with
Fedkiw's confinement, which gives back the small curls that a coarse grid loses.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fexp, mix, noise, shade, smooth

_WATER_AREA_PX = 176 * 99
_RELAXATIONS = 16
_WARM_UP_FRAMES = 70


@kernel
def _swirl(u: Floats, v: Floats, curl: Floats, p: Floats) -> None:
    """Curl of the flow, and a push towards where it is strongest."""
    strength = p[0]
    h, w = u.shape
    for j in range(1, h - 1):
        for i in range(1, w - 1):
            curl[j, i] = 0.5 * (v[j, i + 1] - v[j, i - 1] - u[j + 1, i] + u[j - 1, i])
    for j in range(2, h - 2):
        for i in range(2, w - 2):
            gx = 0.5 * (abs(curl[j, i + 1]) - abs(curl[j, i - 1]))
            gy = 0.5 * (abs(curl[j + 1, i]) - abs(curl[j - 1, i]))
            inverse = strength * curl[j, i] / (np.sqrt(gx * gx + gy * gy) + 1e-4)
            u[j, i] += gy * inverse
            v[j, i] -= gx * inverse


@kernel
def _free_of_sources(u: Floats, v: Floats, pressure: Floats, sources: Floats, rounds: int) -> None:
    h, w = u.shape
    for j in range(1, h - 1):
        for i in range(1, w - 1):
            sources[j, i] = 0.5 * (u[j, i + 1] - u[j, i - 1] + v[j + 1, i] - v[j - 1, i])
    for n in range(rounds):
        # Red and black: each half uses what the other has just found. Over-relaxed, which saves half of the rounds.
        for colour in range(2):
            for j in range(1, h - 1):
                for i in range(1 + ((j + colour) & 1), w - 1, 2):
                    around = pressure[j, i - 1] + pressure[j, i + 1] + pressure[j - 1, i] + pressure[j + 1, i]
                    pressure[j, i] += 1.7 * (0.25 * (around - sources[j, i]) - pressure[j, i])
    for j in range(1, h - 1):
        for i in range(1, w - 1):
            u[j, i] -= 0.5 * (pressure[j, i + 1] - pressure[j, i - 1])
            v[j, i] -= 0.5 * (pressure[j + 1, i] - pressure[j - 1, i])
    for i in range(w):
        v[0, i], v[h - 1, i] = 0.0, 0.0
    for j in range(h):
        u[j, 0], u[j, w - 1] = 0.0, 0.0


@kernel
def _push(u: Floats, v: Floats, jets: Floats) -> None:
    """Add speed around points: x, y, radius, speed x, speed y (all in cells)."""
    h, w = u.shape
    for n in range(jets.shape[0]):
        cx, cy, radius = jets[n, 0], jets[n, 1], jets[n, 2]
        for j in range(max(int(cy - 3.0 * radius), 1), min(int(cy + 3.0 * radius) + 1, h - 1)):
            for i in range(max(int(cx - 3.0 * radius), 1), min(int(cx + 3.0 * radius) + 1, w - 1)):
                dx, dy = (np.float32(i) - cx) / radius, (np.float32(j) - cy) / radius
                g = fexp((dx * dx + dy * dy) * -1.0)
                u[j, i] += jets[n, 3] * g
                v[j, i] += jets[n, 4] * g


@kernel
def _pour(dye: Floats, pours: Floats) -> None:
    """Add ink: x, y, radius in pixels of the dye; amount; which of the two; a number that makes its edge uneven."""
    h, w = dye.shape[1], dye.shape[2]
    for n in range(pours.shape[0]):
        cx, cy, radius, amount, own = pours[n, 0], pours[n, 1], pours[n, 2], pours[n, 3], pours[n, 5]
        plane = dye[np.int64(pours[n, 4])]
        for j in range(max(int(cy - 2.0 * radius), 0), min(int(cy + 2.0 * radius) + 1, h)):
            for i in range(max(int(cx - 2.0 * radius), 0), min(int(cx + 2.0 * radius) + 1, w)):
                dx, dy = (np.float32(i) - cx) / radius, (np.float32(j) - cy) / radius
                r = np.sqrt(dx * dx + dy * dy) + 0.5 * (noise(dx * 2.0 + own, dy * 2.0 + own) - 0.5)
                plane[j, i] += amount * smooth(1.15, 0.45, r)


@kernel
def _light_ink(light: Floats, dye: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    bright, glow, deep, rim, clock, seed, lamp_x, lamp_y = p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        y = screen_y(view, j)
        up, down = max(j - 1, 0), min(j + 1, h - 1)
        for i in range(w):
            x = screen_x(view, i)
            left, right = max(i - 1, 0), min(i + 1, w - 1)
            a, b = max(dye[0, j, i], 0.0), max(dye[1, j, i], 0.0)
            gx = dye[0, j, right] - dye[0, j, left] + dye[1, j, right] - dye[1, j, left]
            gy = dye[0, down, i] - dye[0, up, i] + dye[1, down, i] - dye[1, up, i]
            lit = clamp01(0.5 - (gx * lamp_x + gy * lamp_y) * 1.6)
            dx, dy = x - 0.35 * lamp_x, y - 0.35 * lamp_y
            lamp = fexp((dx * dx + dy * dy) * -1.3)
            total = a + b
            thin = total / (0.22 + total)
            share = b / (total + 1e-4)
            hue = mix(0.36, 0.70, share) + 0.20 * (lit - 0.5) + 0.10 * thin
            body = (thin * thin * (0.30 + 1.25 * lit) + rim * thin * (1.0 - thin) * lit) * glow
            for c in range(3):
                # Dark water: ink that scatters light. Bright water: ink that swallows the light behind it.
                dark = (palette[0, c] * 0.5 + shade(palette, 0.20, c) * 0.30 * lamp) * (1.0 - 0.8 * thin) + deep * palette[
                    1, c
                ]
                dark += shade(palette, hue, c) * body
                water = mix(shade(palette, 0.88, c), shade(palette, 1.0, c), lamp) * (0.62 + 0.55 * lamp + deep)
                one, other = shade(palette, 0.22, c), shade(palette, 0.52, c)
                swallowed = fexp(-1.0 * (a * (1.35 - one) * 2.6 + b * (1.25 - other) * 1.8))
                day = water * swallowed + (one * a / (0.6 + a) + other * b / (0.6 + b)) * 0.42 * (0.5 + lit)
                light[c, j, i] = mix(dark, day, bright)


class Ink(Scene):
    """Each kick lets a drop fall, bass stirs, energy quickens the water, a drop of the song pours everything in."""

    AREA_PX = 560 * 315

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._rng = rng
        h, w = canvas.light.shape[1:]
        shrink = math.sqrt(_WATER_AREA_PX / (w * h))
        gh, gw = max(16, round(h * min(1.0, shrink))), max(16, round(w * min(1.0, shrink)))
        self._flow, self._flow_next = np.zeros((2, 2, gh, gw), np.float32)
        self._pressure, self._work = np.zeros((2, gh, gw), np.float32)
        self._grid = np.stack(np.meshgrid(np.arange(gw), np.arange(gh))).astype(np.float32)
        self._dye, self._dye_next = np.zeros((2, 2, h, w), np.float32)
        self._rest = np.stack(np.meshgrid(np.arange(w), np.arange(h))).astype(np.float32)
        self._map = np.empty((2, h, w), np.float32)
        self._shown = np.empty((2, h, w), np.float32)
        self._bright = 1.0 if shot.params["water"] + rng.uniform(-0.2, 0.2) > 0.5 else 0.0
        self._fall = float(rng.choice([1.0, 1.0, -1.0]))
        self._heading = rng.uniform(-0.5, 0.5)
        self._lamp = rng.uniform(-0.8, 0.8), rng.uniform(-0.9, -0.4)
        self._was_kick = 0.0
        self._until_drip = 0.0
        self._which = 0
        self._jets: list[list[float]] = []
        self._phase = rng.uniform(0, 6.28, 4)
        self._is_still = True

    def advance(self, step: Step) -> None:
        """Let drops fall, and the water move."""
        if self._is_still:
            self._is_still = False
            for number in range(_WARM_UP_FRAMES):
                if number % 16 == 0:
                    self._drip(0.8)
                self._move(step, 1.0)
        kick = max(step.kick, 0.7 * step.beat)
        if kick > self._was_kick + 0.25:
            self._drip(0.6 + 0.6 * kick + 0.4 * step.bass)
        self._was_kick = kick
        self._until_drip -= (0.35 + 0.6 * step.voice + 4.0 * max(step.drop, 0.0)) / self.shot.fps
        if self._until_drip < 0:
            self._until_drip = 1.0
            self._drip(0.55)
        self._move(step, 30 / self.shot.fps)

    def _drip(self, size: float) -> None:
        rng = self._rng
        h, w = self._dye.shape[1:]
        gh, gw = self._flow.shape[1:]
        size *= 0.6 + 0.8 * self.shot.params["drops"]
        x = rng.uniform(0.12, 0.88)
        y = rng.uniform(0.05, 0.45) if self._fall > 0 else rng.uniform(0.55, 0.95)
        self._which = 1 - self._which if rng.random() < 0.6 else self._which
        radius = 0.055 * min(h, w) * size * rng.uniform(0.7, 1.3)
        _pour(self._dye, numbers(x * w, y * h, radius, 1.0, self._which, rng.uniform(5, 200))[None])
        tilt = self._heading + rng.normal(0, 0.5)
        speed = 0.011 * gh * size * self._fall
        cell = radius * gh / h
        # A jet that goes on for a while, so that the drop sinks and rolls up.
        self._jets.append([x * gw, y * gh, 0.8 * cell + 1, speed * math.sin(tilt), speed * math.cos(tilt), 14.0])
        del self._jets[:-8]

    def _move(self, step: Step, frames: float) -> None:
        (u, v), (u_next, v_next) = self._flow, self._flow_next
        gh, gw = u.shape
        going = [jet for jet in self._jets if jet[5] > 0]
        if going:
            jets = np.array([jet[:5] for jet in going], np.float32)
            jets[:, 3:] *= np.float32(0.30 * frames)
            _push(u, v, jets)
            for jet in going:
                jet[5] -= frames
                jet[1] += jet[4] * 0.5 * frames
        pace = (0.55 + 0.9 * step.energy) * frames
        self._stir(step, frames)
        _swirl(u, v, self._work, numbers((0.05 + 0.22 * self.shot.params["swirl"]) * frames))
        _free_of_sources(u, v, self._pressure, self._work, _RELAXATIONS)
        map_x, map_y = self._grid[0] - u * np.float32(pace), self._grid[1] - v * np.float32(pace)
        for now, then in ((u, u_next), (v, v_next)):
            cv2.remap(now, map_x, map_y, cv2.INTER_LINEAR, dst=then, borderMode=cv2.BORDER_REPLICATE)
        self._flow_next *= np.float32(0.985**frames)
        self._flow, self._flow_next = self._flow_next, self._flow
        self._carry(pace, frames)

    def _stir(self, step: Step, frames: float) -> None:
        gh, gw = self._flow.shape[1:]
        x, y = self._grid[0] / gh, self._grid[1] / gh
        t, amount = step.clock, np.float32((0.006 + 0.020 * step.bass) * frames)
        a, b, c, d = self._phase
        self._flow[0] += amount * np.float32(1) * np.sin(5 * y + a + 0.6 * t) * np.cos(2.5 * x + b)
        self._flow[1] += amount * np.float32(1) * np.sin(4 * x + c - 0.5 * t) * np.cos(3 * y + d)

    def _carry(self, pace: float, frames: float) -> None:
        h, w = self._dye.shape[1:]
        gh, gw = self._flow.shape[1:]
        for axis, scale in ((0, w / gw), (1, h / gh)):
            speed = cv2.resize(self._flow[axis], (w, h), interpolation=cv2.INTER_LINEAR)
            np.multiply(speed, np.float32(-pace * scale), out=self._map[axis])
            self._map[axis] += self._rest[axis]
        keep = np.float32((0.9965 - 0.0015 * self.shot.params["drops"]) ** frames)
        for now, then in zip(self._dye, self._dye_next, strict=True):
            cv2.remap(now, *self._map, cv2.INTER_LINEAR, dst=then, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
            then *= keep
        self._dye, self._dye_next = self._dye_next, self._dye

    def paint(self, step: Step, camera: Camera) -> None:
        """Light the water as the camera sees it."""
        h, w = self._dye.shape[1:]
        c, s = math.cos(camera.roll) / (1.06 * camera.zoom), math.sin(camera.roll) / (1.06 * camera.zoom)
        unit, mx, my = min(w, h), w / 2 - 0.5, h / 2 - 0.5
        matrix = np.array([
            [c, -s, mx - c * mx + s * my + camera.x * unit * 0.5], [s, c, my - s * mx - c * my + camera.y * unit * 0.5],
        ])  # fmt: skip
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        for source, plane in zip(self._dye, self._shown, strict=True):
            cv2.warpAffine(source, matrix, (w, h), dst=plane, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        sway = 0.3 * math.sin(0.4 * step.clock)
        settings = numbers(
            self._bright, 0.85 + 0.5 * step.energy + 0.25 * step.beat + 0.3 * self.shot.growth,
            0.02 + 0.10 * step.bass, 0.5 + 1.2 * step.treble, step.clock, 0, self._lamp[0] + sway, self._lamp[1],
        )  # fmt: skip
        _light_ink(self.canvas.light, self._shown, self.shot.palette, self.canvas.view(camera), settings)


SCENE = Ink
