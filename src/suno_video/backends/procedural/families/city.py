"""City: a drive down a wet street at night between towers; each ray meets a few walls only, so nothing is marched."""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.camera import Camera, Points
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import inline, kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fexp, fract, hash2, mix, noise, shade, smooth

_EYE = 0.22
_BLOCK = 1.9
"""Length of a building along the street."""
_STEP_BACK = 1.15
"""How far the second row of buildings stands behind the first."""


@inline
def _pane(place: float, wide: float, foot: float) -> float:
    # How much of a pixel of width `foot` (in windows) lies within a window; far away, its share on average.
    inside = clamp01((0.5 * wide - abs(place - 0.5)) / foot + 0.5)
    return mix(inside, wide, smooth(0.45, 1.3, foot))


@kernel
def _paint_street(light: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    travel, horizon, half_street, towers, lens, lit, hit, beat_number, bass, mid, treble, haze, glow, seed, wet = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11], p[12], p[13], p[14],
    )  # fmt: skip
    h, w = light.shape[1], light.shape[2]
    pixel = view[0] * lens * 1.5
    for j in range(h):
        sy = screen_y(view, j)
        for i in range(w):
            sx = screen_x(view, i)
            rx = look_x(view, sx, sy) * lens
            ry = (horizon - look_y(view, sx, sy)) * lens
            side = 1.0 if rx > 0.0 else -1.0
            across = max(abs(rx), 0.004)
            # On the wet street the same ray goes on upside down.
            down = ry < 0.0
            reach = 0.22 / max(-ry, 0.004)
            ripple = noise(rx * reach * 9.0 + 70.0, (reach + travel) * 2.2 + 30.0) - 0.5
            ripple = (ripple + 0.6 * (noise(rx * reach * 31.0 + 10.0, (reach + travel) * 5.0) - 0.5)) * wet
            calm = 1.0 / (1.0 + 0.10 * reach * reach)
            rise = ry + (ripple * 0.050 * calm if down else 0.0)
            across = across * (1.0 + (ripple * 0.10 * calm if down else 0.0))
            depth, high, id_x, id_z, along, front, found = 60.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
            street = 0.0
            for row in range(2):
                wall = half_street + np.float32(row) * 1.15
                t = wall / across
                y = 0.22 + rise * t
                mirrored = y < 0.0
                y = abs(y)
                z = t + travel
                block = np.floor(z * 0.52631579)
                part = z * 0.52631579 - block
                who = side * 3.0 + np.float32(row) * 17.0 + seed
                tall = towers * (0.45 + 0.9 * hash2(block, who) + 0.85 * np.float32(row))
                gap = 0.86 + 0.12 * hash2(block + 31.0, who)
                hits = (y < tall) and (part < gap) and (t < 40.0)
                # Past the roof or through a gap, the ray may meet the front of the next building.
                t2 = (block + 1.0) * 1.9 - travel
                x2 = across * t2
                y2 = abs(0.22 + rise * t2)
                tall2 = towers * (0.45 + 0.9 * hash2(block + 1.0, who) + 0.85 * np.float32(row))
                hits2 = (not hits) and (y2 < tall2) and (x2 - wall < 1.0) and (t2 < 40.0)
                take = (hits or hits2) and found < 0.5
                depth = (t2 if hits2 else t) if take else depth
                high = (y2 if hits2 else y) if take else high
                along = ((x2 - wall) if hits2 else part * 1.9) if take else along
                id_x = who if take else id_x
                id_z = (block + 1.0 if hits2 else block) if take else id_z
                front = (1.0 if hits2 else 0.0) if take else front
                street = (1.0 if mirrored else 0.0) if take else street
                found = 1.0 if take else found
            street = (1.0 if down else 0.0) if found < 0.5 else street
            kind = hash2(id_z + 7.0, id_x + 3.0)
            # Windows: width and height of the grid differ from building to building.
            per_x, per_y = 8.0 + 4.0 * np.floor(kind * 2.99), 10.0 + 6.0 * fract(kind * 7.0)
            gx, gy = along * per_x, high * per_y
            foot_y = pixel * depth * per_y
            foot_x = pixel * depth * per_x * (1.0 if front > 0.5 else depth / (half_street + 0.2))
            blurred = 1.0 + 0.5 * street
            pane = _pane(fract(gx), 0.46 + 0.3 * fract(kind * 13.0), max(foot_x * blurred, 0.05))
            pane *= _pane(fract(gy), 0.46, max(foot_y * (1.0 + 7.0 * street) + 0.25 * street, 0.05))
            wx, wy = np.floor(gx) + id_z * 13.0, np.floor(gy) + id_x * 11.0
            mine = hash2(wx, wy + seed)
            on = smooth(lit + 0.04, lit - 0.04, mine)
            struck = smooth(0.66, 0.70, hash2(wx + beat_number * 5.0, wy + beat_number * 3.0)) * hit
            band = bass if kind < 0.34 else (mid if kind < 0.67 else treble)
            full = towers * (0.45 + 0.9 * hash2(id_z, id_x)) * band
            meter = smooth(0.10, -0.10, high - full) * (0.12 + 0.88 * smooth(0.35, 0.95, fract(mine * 17.0)))
            lamp = fract(mine * 9.0)
            shown = max(on * (0.10 + 0.90 * lamp * lamp), struck * (0.5 + lamp), meter * 0.75) * pane
            even = smooth(0.8, 2.2, max(foot_x, foot_y))
            shown = mix(shown, (0.35 * lit + 0.12 * hit + 0.30 * meter) * pane, even)
            ground = fexp(high * -2.4)
            floors = 0.8 + 0.2 * smooth(0.42, 0.5, abs(fract(gy) - 0.5)) * (1.0 - smooth(0.3, 0.8, foot_y))
            base = (0.050 + 0.17 * ground * (0.4 + glow) + 0.035 * front) * floors
            fog = 1.0 - fexp(depth * -haze)
            fog = fog if found > 0.5 else 1.0
            sky = 0.10 + (0.55 + 0.30 * glow) * fexp(abs(ry) * -2.2)
            far = (0.30 + 0.62 * glow) * fexp(abs(ry) * -3.0 - across * 0.8)
            mirror = 1.0
            if street > 0.5:
                mirror = (0.16 + 0.40 * fexp(ry * 1.6)) * (0.80 + 0.6 * ripple)
            wall_hue = 0.16 + 0.12 * ground + 0.10 * kind
            window_hue = 0.62 + 0.34 * fract(mine * 5.0 + kind)
            clear = 1.0 - fog
            e_wall, e_window = base * clear * mirror * found, shown * 1.55 * clear * mirror * found
            e_fog, e_far = fog * sky * mirror * 0.62, far * fog * mirror
            for c in range(3):
                value = shade(palette, wall_hue, c) * e_wall + shade(palette, window_hue, c) * e_window
                value += shade(palette, 0.34, c) * e_fog + shade(palette, 0.58, c) * e_far
                light[c, j, i] = value


class City(Scene):
    """The snare lights other windows, towers fill with bass, mid and treble, hats run along the street lamps."""

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._half = rng.uniform(0.50, 0.85)
        self._towers = (0.9 + 1.5 * shot.params["towers"]) * rng.uniform(0.85, 1.15)
        self._lens = rng.uniform(1.15, 1.7)
        self._horizon = rng.uniform(0.02, 0.16)
        self._seed, self._start = float(rng.integers(1, 400)), rng.uniform(0, 60)
        self._lit = 0.10 + 0.26 * shot.params["windows"] + 0.12 * shot.growth
        self._heading = rng.uniform(-0.10, 0.10)
        n = int(260 * shot.params["rain"])
        self._rain = rng.uniform(-1, 1, n), rng.uniform(0, 1, n), rng.uniform(0.3, 1, n)
        self._lane = rng.uniform(0.18, 0.42) * self._half

    def paint(self, step: Step, camera: Camera) -> None:
        """Walls, windows and their mirror image; then lamps, cars and rain at full sharpness."""
        shot = self.shot
        travel = (self._start + 0.26 * step.clock) % 1000
        snare = max(step.snare, 0.55 * step.onset)
        turned = Camera(camera.x + self._heading, camera.y, camera.zoom, 0.5 * camera.roll)
        glow = 0.35 + 0.35 * step.energy + 0.45 * max(step.kick, 0.6 * step.beat) + 0.7 * step.burst
        settings = numbers(
            travel, self._horizon, self._half, self._towers, self._lens, self._lit, snare + 0.8 * step.burst,
            np.floor(step.beats) % 61, step.bass, step.spectrum[9] * 1.2, step.spectrum[20] * 1.6,
            0.10, glow, self._seed, 0.6 + 0.5 * step.bass,
        )  # fmt: skip
        _paint_street(self.canvas.light, shot.palette, self.canvas.view(turned), settings)
        self._light_lamps(step, turned, travel)
        self._drive_cars(step, turned, travel)
        self._let_it_rain(step)

    def _place(self, x: Points, y: Points, depth: Points, camera: Camera) -> tuple[Points, Points]:
        """Picture place of points: x from the middle of the street, y above it."""
        return camera.project(x / depth / self._lens, self._horizon - (y - _EYE) / depth / self._lens)

    def _light_lamps(self, step: Step, camera: Camera, travel: float) -> None:
        n = 14
        post = np.floor(travel / 1.2) + np.arange(n, 0, -1)
        depth = post * 1.2 - travel
        near = np.clip(depth * 1.5 - 0.25, 0, 1) * np.exp(-0.10 * depth)
        for side in (-1, 1):
            turn = (post + (side > 0)) % 2
            bright = near * (0.40 + 1.0 * step.hat * turn + 0.25 * step.energy)
            x, y = self._place(side * (self._half - 0.10) + 0 * depth, 0.62 + 0 * depth, depth, camera)
            color = (3.2 * bright)[:, None] * self.shot.color(0.80)
            size = np.minimum(2.0 + 7.0 / depth, 16)
            self.canvas.stroke(x, y, x, y, size, 1.2 * bright, color)
            _, y0 = self._place(x * 0, -0.45 + 0 * depth, depth, camera)
            _, y1 = self._place(x * 0, -0.80 + 0 * depth, depth, camera)
            wobble = 0.004 * np.sin(7 * post + 5 * step.clock) / depth
            self.canvas.stroke(x + wobble, y0, x - wobble, y1, 0.8 * size, 0.16 * bright, 0.25 * color)

    def _drive_cars(self, step: Step, camera: Camera, travel: float) -> None:
        n = 9
        slot = np.arange(n)
        for side, pace, hue in ((-1, 1.5, 0.97), (1, -0.55, 0.56)):
            depth = (
                slot * 2.3 + 1.3 * np.sin(5 * slot + self._seed) - 0.6 * pace * (self._start + step.clock)
            ) % 21 + 0.35
            bright = np.clip(depth - 0.5, 0, 1) * np.exp(-0.09 * depth) * np.clip((21 - depth) * 0.5, 0, 1)
            bright = bright * (0.75 + 0.4 * step.kick)
            for lamp in (-0.055, 0.055):
                x, y = self._place(side * self._lane + lamp + 0 * depth, 0.075 + 0 * depth, depth, camera)
                size = np.minimum(1.0 + 3.6 / depth, 10)
                color = (2.4 * bright)[:, None] * self.shot.color(hue)
                self.canvas.stroke(x, y, x, y, size, (1.3 if side < 0 else 0.8) * bright, color)
                _, y0 = self._place(x * 0, -0.05 + 0 * depth, depth, camera)
                _, y1 = self._place(x * 0, -0.26 + 0 * depth, depth, camera)
                self.canvas.stroke(x, y0, x, y1, 0.9 * size, 0.15 * bright, 0.35 * color)

    def _let_it_rain(self, step: Step) -> None:
        x, y, near = self._rain
        if not len(x):
            return
        half_w, half_h = self.canvas.half_w, self.canvas.half_h
        y = ((y + (0.9 + 0.8 * near) * step.clock) % 1.2 - 0.1) * 2 * half_h - half_h
        x = x * half_w * 1.1
        weight = 0.10 * near * (0.6 + 0.5 * step.treble + 0.8 * step.hat)
        self.canvas.stroke(
            x, y, x - 0.006, y + 0.035 + 0.05 * near, 0.7, weight, (0.25 * weight)[:, None] * self.shot.color(0.85)
        )


SCENE = City
