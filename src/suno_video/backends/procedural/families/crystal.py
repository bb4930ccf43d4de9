"""Crystal: a wall of cut stones, each facet catching light of its own; edges are drawn at full sharpness."""

from __future__ import annotations

import cv2
import numpy as np

from suno_video.backends.procedural.camera import Camera, Points
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import inline, kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fcos, fexp, fsin, hash2, shade, smooth


@inline
def _seed_x(gx: float, gy: float, clock: float) -> float:
    return 0.5 + 0.40 * fsin(clock * 0.50 + hash2(gx, gy) * 6.2831853)


@inline
def _seed_y(gx: float, gy: float, clock: float) -> float:
    return 0.5 + 0.40 * fcos(clock * 0.43 + hash2(gx + 57.0, gy + 113.0) * 6.2831853)


@kernel
def _place_seeds(seeds: Floats, p: Floats) -> None:
    clock, first_x, first_y = p[0], p[1], p[2]
    for j in range(seeds.shape[0]):
        for i in range(seeds.shape[1]):
            gx, gy = first_x + np.float32(i), first_y + np.float32(j)
            seeds[j, i, 0] = gx + _seed_x(gx, gy, clock)
            seeds[j, i, 1] = gy + _seed_y(gx, gy, clock)


@kernel
def _paint_stones(light: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    clock, scale, ox, oy, lit, beat_number, edge_glow, lamp_x, lamp_y, gleam = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9],
    )  # fmt: skip
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        sy = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        for i in range(w):
            sx = screen_x(view, i)
            wx, wy = look_x(view, sx, sy), look_y(view, sx, sy)
            x, y = wx * scale + ox, wy * scale + oy
            ix, iy = np.floor(x), np.floor(y)
            d1, x1, y1, own = 9.0, 0.0, 0.0, 0.0
            for b in range(-1, 2):
                for a in range(-1, 2):
                    gx, gy = ix + np.float32(a), iy + np.float32(b)
                    dx = gx + _seed_x(gx, gy, clock) - x
                    dy = gy + _seed_y(gx, gy, clock) - y
                    d = dx * dx + dy * dy
                    nearest = d < d1
                    x1 = dx if nearest else x1
                    y1 = dy if nearest else y1
                    d1 = d if nearest else d1
                    own = hash2(gx + 11.0, gy + 5.0) if nearest else own
            # Distance to the nearest border, the direction across it, and the distance to the next border.
            edge, next_edge, nx, ny = 9.0, 9.0, 0.0, 0.0
            for b in range(-1, 2):
                for a in range(-1, 2):
                    gx, gy = ix + np.float32(a), iy + np.float32(b)
                    dx = gx + _seed_x(gx, gy, clock) - x
                    dy = gy + _seed_y(gx, gy, clock) - y
                    vx, vy = dx - x1, dy - y1
                    length2 = vx * vx + vy * vy
                    apart = 1.0 / np.sqrt(length2 + 1e-6)
                    away = 0.5 * ((x1 + dx) * vx + (y1 + dy) * vy) * apart
                    away = 9.0 if length2 < 1e-5 else away
                    closer = away < edge
                    next_edge = edge if closer else min(next_edge, away)
                    nx = vx * apart if closer else nx
                    ny = vy * apart if closer else ny
                    edge = away if closer else edge
            mitre = smooth(0.0, 0.030, next_edge - edge)
            table = smooth(0.140, 0.185, edge)
            lx, ly = lamp_x - wx, lamp_y - wy
            near = 1.0 / (lx * lx + ly * ly + 0.30)
            to_lamp = 1.0 / np.sqrt(lx * lx + ly * ly + 0.15)
            slope = clamp01(0.42 + 0.58 * (nx * lx + ny * ly) * to_lamp)
            flat = clamp01(0.35 + 0.5 * fsin(own * 40.0 + clock * 0.6) + 0.35 * (x1 * lx + y1 * ly) * to_lamp)
            face = 0.16 + (slope * slope * 0.62 - 0.16) * mitre
            face += (flat * flat * 0.9 - face) * table
            spark = slope * slope * slope
            spark = spark * spark * (1.0 - table) * mitre
            on = smooth(0.35, 0.95, fsin(own * 43.0 + beat_number * 2.4)) * lit
            hue = clamp01(0.12 + 0.46 * own + 0.26 * face + 0.2 * on)
            e = near * (0.04 + 0.62 * face) + on * (0.30 + 0.9 * flat) * (0.45 + 0.55 * table)
            glow = spark * gleam * near + fexp(edge * -14.0) * edge_glow
            red[i] = shade(palette, hue, 0) * e + shade(palette, 0.84, 0) * glow
            green[i] = shade(palette, hue, 1) * e + shade(palette, 0.84, 1) * glow
            blue[i] = shade(palette, hue, 2) * e + shade(palette, 0.84, 2) * glow


class Crystal(Scene):
    """Each beat lights other stones, bass and voice make the edges glow, hats the sparks, energy moves the lamp."""

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._origin = rng.uniform(100, 900, 2)
        self._scale = 2.6 + 3.2 * shot.params["cells"] + rng.uniform(-0.4, 0.4) + 1.0 * shot.growth
        self._heading = rng.uniform(0, 2 * np.pi)
        self._lamp = rng.uniform(0, 2 * np.pi, 2)

    def paint(self, step: Step, camera: Camera) -> None:
        """Stones at the resolution of light, their edges at full resolution."""
        clock = 0.8 * step.clock
        drift = 0.16 * step.clock
        ox = self._origin[0] + drift * np.cos(self._heading)
        oy = self._origin[1] + drift * np.sin(self._heading)
        lamp_x = 0.55 * self.canvas.half_w * np.sin(0.45 * step.clock + self._lamp[0])
        lamp_y = 0.45 * self.canvas.half_h * np.cos(0.36 * step.clock + self._lamp[1])
        lit = (0.25 + 0.75 * step.energy) * (0.22 * step.mid + 0.55 * max(step.beat, step.kick) + 0.5 * step.burst)
        settings = numbers(
            clock, self._scale, ox, oy, lit, np.floor(step.beats) % 64,
            0.03 + 0.16 * step.bass + 0.06 * step.voice, lamp_x, lamp_y,
            0.15 + 0.8 * max(step.treble, step.hat) + 0.3 * max(step.onset, step.snare),
        )  # fmt: skip
        _paint_stones(self.canvas.light, self.shot.palette, self.canvas.view(camera), settings)
        self._draw_edges(step, camera, clock, ox, oy, (lamp_x, lamp_y))

    def _draw_edges(
        self, step: Step, camera: Camera, clock: float, ox: float, oy: float, lamp: tuple[float, float]
    ) -> None:
        c, k = abs(np.cos(camera.roll)) / camera.zoom, abs(np.sin(camera.roll)) / camera.zoom
        half_w, half_h = self.canvas.half_w, self.canvas.half_h
        reach = np.array([half_w * c + half_h * k, half_w * k + half_h * c])
        first = np.floor(np.array([ox, oy]) + (np.array([camera.x, camera.y]) - reach) * self._scale) - 1
        columns, rows = (int(n) + 3 for n in np.ceil(2 * reach * self._scale))
        seeds = np.empty((rows, columns, 2), np.float32)
        _place_seeds(seeds, numbers(clock, *first))
        ends = _borders(seeds.reshape(-1, 2) - first.astype(np.float32), max(columns, rows)) + np.tile(first, 2)
        x0, y0 = (ends[:, 0] - ox) / self._scale, (ends[:, 1] - oy) / self._scale
        x1, y1 = (ends[:, 2] - ox) / self._scale, (ends[:, 3] - oy) / self._scale
        far = np.hypot((x0 + x1) / 2 - lamp[0], (y0 + y1) / 2 - lamp[1])
        bright = (0.20 + 0.45 * step.bass + 0.15 * step.beat + 0.20 * step.tension + 0.35 * step.burst) * (
            0.35 + 0.65 * np.exp(-2.2 * far * far)
        )
        color = self.shot.color(0.82) * (1.2 * bright)[:, None]
        a, b = camera.project(x0, y0), camera.project(x1, y1)
        self.canvas.stroke(*a, *b, 1.0 + 0.5 * step.bass, bright, color)


def _borders(seeds: Points, count: int) -> Points:
    """Straight borders between the cells of seeds in 0..count; each once, shape (n, 4): x0, y0, x1, y1."""
    plane = cv2.Subdiv2D((-2, -2, count + 4, count + 4))
    plane.insert([(float(x), float(y)) for x, y in seeds])
    facets, _ = plane.getVoronoiFacetList([])
    ends = np.concatenate([np.hstack([facet, np.roll(facet, -1, axis=0)]) for facet in facets])
    once = (ends[:, 0] < ends[:, 2]) | ((ends[:, 0] == ends[:, 2]) & (ends[:, 1] < ends[:, 3]))
    return ends[once].astype(np.float64)


SCENE = Crystal
