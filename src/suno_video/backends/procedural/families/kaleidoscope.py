"""Kaleidoscope: mirrors around the middle show pieces of the cover (or of a painted emblem) that wander and turn."""

from __future__ import annotations

import cv2
import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fatan2, fcos, fexp, fract, fsin, mix, shade
from suno_video.backends.procedural.picture import enriched, load_picture, plainness
from suno_video.backends.procedural.poster import brightness, undeveloped

_THROUGH_GLASS = 0.8
"""Share of the light of a cover that comes through the mirrors, before the music lights them."""


@kernel
def _aim_mirrors(map_x: Floats, map_y: Floats, folded: Floats, view: Floats, p: Floats) -> None:
    clock, sectors, zoom, ripple, turn, ox, oy, fold_x, fold_y, side = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9],
    )  # fmt: skip
    h, w = map_x.shape
    sector = 6.2831853 / sectors
    c, s = fcos(turn), fsin(turn)
    for j in range(h):
        y = screen_y(view, j)
        row_x, row_y, angle = map_x[j], map_y[j], folded[j]
        for i in range(w):
            x = screen_x(view, i)
            r = np.sqrt(x * x + y * y) + 1e-5
            a = fatan2(y, x)
            a = abs(fract(a / sector) - 0.5) * sector
            angle[i] = a
            r = r * (1.0 + ripple * fsin(r * 8.0 - clock * 2.0)) * zoom
            u, v = fcos(a) * r, fsin(a) * r
            # Two more mirrors make lace out of plain areas.
            u = abs(u - fold_x) + 0.04
            v = abs(v - fold_y)
            tu = (u * c - v * s + ox) * 0.5
            tv = (u * s + v * c + oy) * 0.5
            row_x[i] = abs(fract(tu) * 2.0 - 1.0) * side
            row_y[i] = abs(fract(tv) * 2.0 - 1.0) * side


@kernel
def _light_glass(light: Floats, glass: Floats, folded: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    clock, sectors, gain, glow, lines, tint, wave = p[0], p[1], p[2], p[3], p[4], p[5], p[6]
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        y = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        glass_red, glass_green, glass_blue, angle = glass[0, j], glass[1, j], glass[2, j], folded[j]
        for i in range(w):
            x = screen_x(view, i)
            r = np.sqrt(x * x + y * y) + 1e-5
            a = angle[i]
            g0, g1, g2 = glass_red[i], glass_green[i], glass_blue[i]
            luma = 0.2126 * g0 + 0.7152 * g1 + 0.0722 * g2
            luma = np.sqrt(luma + 1e-5)
            facing = 0.66 + 0.5 * fsin(a * 3.0 + 0.6) * (0.5 + 0.5 * fcos(r * 15.0 - clock * 2.6))
            e = gain * facing * (1.06 - 0.42 * r)
            petal = r - 0.30 - 0.10 * fcos(a * sectors * 0.5) - 0.04 * fsin(clock)
            ring = r - wave
            line = fexp(petal * petal * -5200.0) + 0.7 * fexp(ring * ring * -700.0) * (1.0 - clamp01(wave))
            halo = fexp(r * -7.5) * glow + line * lines
            hue = clamp01(0.08 + 0.95 * luma)
            red[i] = mix(g0, shade(palette, hue, 0) * (0.25 + luma), tint) * e + shade(palette, 0.82, 0) * halo
            green[i] = mix(g1, shade(palette, hue, 1) * (0.25 + luma), tint) * e + shade(palette, 0.82, 1) * halo
            blue[i] = mix(g2, shade(palette, hue, 2) * (0.25 + luma), tint) * e + shade(palette, 0.82, 2) * halo


class Kaleidoscope(Scene):
    """Energy turns the glass, bass and beats breathe through it, each bar sends a ring outwards.

    All symmetric pictures with an even number of mirrors repeat in four quarters, so one is painted, very sharply.
    """

    QUARTER = True
    AREA_PX = 560 * 315

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        picture, has_cover = load_picture(shot.cover, shot.palette, rng)
        # A plain cover gives the light, and the film its colours: half of each would be mud.
        self._tint = (0.2 + 0.7 * plainness(picture)) if has_cover else 0.12
        if has_cover:
            picture = enriched(picture * np.float32(brightness(picture)), shot.palette, rng)
            picture = undeveloped(picture) * np.float32(_THROUGH_GLASS / canvas.evening)
        self._picture = np.ascontiguousarray(picture.transpose(2, 0, 1))
        low = 6 + 2 * round(2 * shot.params["mirrors"])
        self._sectors = float(low + 2 * rng.integers(0, 3))
        self._zoom = 2.9 - 1.3 * shot.params["zoom"] + rng.uniform(-0.15, 0.15)
        self._place = rng.uniform(0, 2, 2)
        self._turn = rng.uniform(0, 6.28)
        self._fold = rng.uniform((0.12, 0.05), (0.32, 0.18))
        h, w = canvas.light.shape[1:]
        self._map_x, self._map_y, self._folded = np.empty((3, h, w), np.float32)
        self._glass = np.empty((3, h, w), np.float32)

    def paint(self, step: Step, camera: Camera) -> None:
        """Look through the mirrors, then add light."""
        canvas, clock = self.canvas, step.clock
        view = canvas.view(Camera(0, 0, 1, 0))
        zoom = self._zoom * (1.25 - 0.25 * self.shot.growth) / camera.zoom * (1 - 0.05 * max(step.beat, step.kick))
        ox = self._place[0] + 0.07 * clock + camera.x
        oy = self._place[1] + 0.05 * clock + camera.y
        aim = numbers(
            clock, self._sectors, zoom, 0.05 + 0.08 * step.bass, self._turn + 0.10 * clock + camera.roll, ox, oy,
            *(self._fold + 0.05 * np.sin([0.31 * clock, 0.23 * clock + 1])), self._picture.shape[1] - 1,
        )  # fmt: skip
        _aim_mirrors(self._map_x, self._map_y, self._folded, view, aim)
        for source, glass in zip(self._picture, self._glass, strict=True):
            cv2.remap(source, self._map_x, self._map_y, cv2.INTER_LINEAR, dst=glass)
        wave = 1.1 * step.bar_phase
        shine = numbers(
            clock, self._sectors, 1.0 + 0.35 * step.energy + 0.25 * step.beat,
            0.10 + 0.7 * step.bass + 0.25 * step.voice + 0.5 * step.burst,
            (0.10 + 0.5 * max(step.treble,
            step.hat) + 0.25 * step.mid + 0.4 * step.tension) * (0.5 + self.shot.growth), self._tint, wave,
        )  # fmt: skip
        _light_glass(canvas.light, self._glass, self._folded, self.shot.palette, view, shine)


SCENE = Kaleidoscope
