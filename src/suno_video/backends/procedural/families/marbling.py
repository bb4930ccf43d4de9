"""Marbling: rings of paint float on water, and a comb, or a stick in a circle, is drawn through them on each beat.

The strokes are those of Jaffer, "Mathematics of Marbling": shears along lines and circles, whose inverse is exact, so
that the rings stay sharp however often they are combed. Finished strokes are kept as a map of where the paint was.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.develop import Bytes
from suno_video.backends.procedural.families.scene import Scene, Shot, numbers
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fbm, fcos, fexp, flog2, fract, fsin, smooth
from suno_video.backends.procedural.press import Noise, Press, paper_tooth
from suno_video.core.frames import I420

_MAP_AREA_PX = 480 * 270
_WARM_UP_STROKES = 5


@kernel
def _stroke_map(map_x: Floats, map_y: Floats, p: Floats) -> None:
    """For each place of the water, where its paint was before a stroke, in pixels of the map.

    Args:
        p: kind (0 comb, 1 circle), direction x and y, spacing, phase, pull, front, centre x and y, half sizes, wave.
    """
    kind, dx, dy, spacing, phase, pull, front, cx, cy, half_w, half_h, wave = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11],
    )  # fmt: skip
    h, w = map_x.shape
    to_x, to_y = np.float32(w) / (2.0 * half_w), np.float32(h) / (2.0 * half_h)
    for j in range(h):
        y = (np.float32(j) + 0.5) / to_y - half_h
        for i in range(w):
            x = (np.float32(i) + 0.5) / to_x - half_w
            if kind < 0.5:
                along, across = x * dx + y * dy, y * dx - x * dy
                tooth = fcos(across * spacing + phase + wave * fsin(along * 5.0))
                tooth = tooth * (0.6 + 0.4 * tooth * tooth)
                # The comb has passed here already, or not yet.
                passed = smooth(0.22, -0.22, along - front)
                moved = pull * tooth * passed
                px, py = x - dx * moved, y - dy * moved
            else:
                ox, oy = x - cx, y - cy
                r = np.sqrt(ox * ox + oy * oy) + 1e-4
                ring = (r - phase) * spacing
                angle = pull * front / (0.20 + r) * fexp(ring * ring * -1.0)
                c, s = fcos(angle), fsin(angle)
                px, py = cx + ox * c + oy * s, cy + oy * c - ox * s
            map_x[j, i] = (px + half_w) * to_x - 0.5
            map_y[j, i] = (py + half_h) * to_y - 0.5


@kernel
def _find_rings(field: Floats, from_x: Floats, from_y: Floats, drops: Floats, p: Floats) -> None:
    """Number of the ring that each place shows, with fraction."""
    fine, clock, to_x, to_y, half_w, half_h, seed, join = p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]
    h, w = field.shape
    total = np.empty(w, np.float32)
    for j in range(h):
        row_x, row_y, row = from_x[j], from_y[j], field[j]
        for i in range(w):
            total[i] = 1e-9
        # Drop by drop along a row: all at once would be too long for the vectoriser.
        for k in range(drops.shape[0]):
            dx, dy, thick = drops[k, 0] + half_w, drops[k, 1] + half_h, -join * drops[k, 2]
            for i in range(w):
                ox, oy = (row_x[i] + 0.5) / to_x - dx, (row_y[i] + 0.5) / to_y - dy
                total[i] += fexp(np.sqrt(ox * ox + oy * oy) * thick)
        for i in range(w):
            x, y = (row_x[i] + 0.5) / to_x - half_w, (row_y[i] + 0.5) / to_y - half_h
            wobble = fbm(x * 2.2 + seed, y * 2.2 - seed, 3) - 0.45
            # A soft minimum: rings of neighbours run into each other.
            away = -0.6931472 * flog2(total[i]) / join
            ring = (away + 0.16 * wobble) * fine - clock
            row[i] = ring + 0.10 * fsin(ring * 2.3) + 0.08 * fsin(ring * 1.1)


@kernel
def _print_rings(
    out: Bytes, wide: Floats, stops: Floats, vignette: Floats, paper: Floats, noise: Noise, p: Floats
) -> None:
    """One plane of the rings whose numbers `wide` (h, columns + 2) holds.

    Args:
        stops: One value of each of five colours: of the veins, and of four inks from dark to light.
    """
    low, high, gloss, amount, drift, offset = p[0], p[1], p[2], p[3], p[6], p[7]
    grain_x, grain_y = np.int64(p[4]), np.int64(p[5])
    h = wide.shape[0]
    rows, columns = out.shape
    per_row = np.float32(h) / np.float32(rows)
    ground, s1, s2, s3, s4 = stops[0], stops[1], stops[2], stops[3], stops[4]
    for j in range(rows):
        y = (np.float32(j) + 0.5) * per_row - 0.5
        a = np.int64(np.floor(y))
        t = y - np.float32(a)
        top, bottom = wide[min(max(a, 0), h - 1)], wide[min(max(a + 1, 0), h - 1)]
        above, below, left, right = top[1 : columns + 1], bottom[1 : columns + 1], top[:columns], top[2 : columns + 2]
        shade, row, fibre = vignette[j], out[j], paper[j & 255]
        grain = noise[(j + grain_y) & 255, grain_x : grain_x + columns]
        for i in range(columns):
            v = above[i] + (below[i] - above[i]) * t
            gy = (below[i] - above[i]) * per_row
            gx = (right[i] - left[i]) * 0.5
            inverse = 1.0 / (np.sqrt(gx * gx + gy * gy) + 1e-4)
            # A thin vein of the ground, then a broad band of ink. Inks run into each other, there and back again.
            pair = v * 0.5
            f = fract(pair) * 2.0
            q = abs(fract(pair * drift + offset) * 2.0 - 1.0) * 3.0
            ink = s1 + (s2 - s1) * clamp01(q) + (s3 - s2) * clamp01(q - 1.0) + (s4 - s3) * clamp01(q - 2.0)
            # Ink lies from 0.26 to 2 of each pair. Finer than a pixel, both are seen as their mean.
            near = min(f - 0.26, 2.0 - f)
            share = clamp01(near * inverse + 0.5) if near > -0.26 else 0.0
            blur = clamp01(0.45 / inverse - 0.35)
            share = share + (0.87 - share) * blur
            bulge = near * (2.0 - near)
            wet = 1.0 + gloss * (gx * 0.5 + gy * 0.8) * inverse * (1.0 - clamp01(bulge * 1.4)) * share
            value = (ground + (ink - ground) * share) * (wet + fibre[i] * gloss * 0.4) * shade[i] + low
            row[i] = np.uint8(np.int32(min(max(value + np.float32(grain[i]) * amount, 16.0), high) + 0.5))


class Marbling(Scene):
    """Each beat is a stroke of the comb, kick and bass make the rings grow, a drop swirls everything."""

    AREA_PX = 64 * 36

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._rng = rng
        self._press = Press(canvas)
        shrink = math.sqrt(_MAP_AREA_PX / (canvas.width * canvas.height))
        h, w = (max(24, round(side * min(1.0, shrink))) for side in (canvas.height, canvas.width))
        self._half = 1.25 * canvas.half_w, 1.25 * canvas.half_h
        self._then = np.empty((2, h, w), np.float32)
        self._map = np.empty((2, h, w), np.float32)
        self._seen = np.empty((2, h, w), np.float32)
        self._field = np.empty((h, w), np.float32)
        self._rest = np.stack(np.meshgrid(np.arange(w), np.arange(h))).astype(np.float32)
        self._then[:] = self._rest
        n = int(rng.integers(4, 8))
        spots = rng.uniform((-0.9 * canvas.half_w, -0.9 * canvas.half_h, 0.8),
                            (0.9 * canvas.half_w, 0.9 * canvas.half_h, 1.25), (n, 3))  # fmt: skip
        self._drops = spots.astype(np.float32)
        self._seed = rng.uniform(5, 300)
        self._fine = (12 + 18 * shot.params["rings"]) * (0.8 + 0.4 * shot.growth)
        self._tooth = paper_tooth(rng, canvas.width)
        self._drift = rng.uniform(0.09, 0.16)
        self._colors = self._mix_paints(shot, rng)
        self._heading = rng.uniform(0, math.pi)
        self._spacing = rng.uniform(15, 34)
        self._swelling = 0.0
        self._kinds = rng.permutation(4)
        self._last_beat: float | None = None
        self._stroke = self._next_stroke(0)
        self._n_strokes = 0
        self._beat_progress = 0.0
        self._camera = Camera(0, 0, 1, 0)
        for _ in range(_WARM_UP_STROKES):
            self._finish()

    def _mix_paints(self, shot: Shot, rng: np.random.Generator) -> Floats:
        """Ground and four paints, in order of their light: luma and chroma, shape (3, 5)."""
        # Flat paints in any order are camouflage where a palette has one hue.
        on_light = rng.random() < 0.6
        hues = np.array([1.0, 0.04, 0.26, 0.48, 0.72] if on_light else [0.03, 0.30, 0.50, 0.74, 0.98])
        return np.ascontiguousarray(self._press.color(shot.color(hues)).T)

    def _next_stroke(self, number: int) -> Floats:
        rng, half_w, half_h = self._rng, *self._half
        kind = int(self._kinds[number % 4])
        amount = (0.05 + 0.12 * self.shot.params["comb"]) * rng.uniform(0.75, 1.15)
        if kind < 3:
            heading = self._heading + (kind % 2) * math.pi / 2 + (math.pi if rng.random() < 0.5 else 0)
            dx, dy = math.cos(heading), math.sin(heading)
            wave = rng.uniform(0.4, 1.2) if kind == 2 else 0.0
            tooth = self._spacing * (1.0 if kind != 1 else rng.choice([0.5, 1.0]))
            return numbers(0, dx, dy, tooth, rng.uniform(0, 6.28), amount, 0, 0, 0, half_w, half_h, wave)
        cx, cy = rng.uniform(-0.5, 0.5) * half_w, rng.uniform(-0.4, 0.4) * half_h
        pull = rng.choice([-1.0, 1.0]) * 2.6 * amount
        return numbers(1, 1, 0, rng.uniform(5, 9), rng.uniform(0.08, 0.3), pull, 0, cx, cy, half_w, half_h, 0)

    def advance(self, step: Step) -> None:
        """Draw the comb on; a new stroke begins with each beat."""
        # In silence there is no beat: then a slow stroke follows the clock.
        ticks = step.beats if step.beats != 0 else 0.35 * step.clock
        beat = math.floor(ticks)
        if self._last_beat is not None and beat != self._last_beat:
            self._finish()
        self._last_beat = beat
        part = ticks - beat
        self._beat_progress = part * part * (3 - 2 * part)
        push = 0.10 * max(step.kick, 0.5 * step.beat) * (0.4 + step.bass) + 0.25 * max(step.drop, 0.0)
        self._swelling += (0.10 * push + 0.0008 + 0.010 * step.energy) * 30 / self.shot.fps

    def _finish(self) -> None:
        """Keep the finished stroke; old ones relax a little, so that the paint is never stirred to mud."""
        self._aim(1.0)
        map_x, map_y = self._map
        for now, old, rest in zip(self._seen, self._then, self._rest, strict=True):
            cv2.remap(old, map_x, map_y, cv2.INTER_CUBIC, dst=now, borderMode=cv2.BORDER_REPLICATE)
            now += (rest - now) * np.float32(0.13)
        self._then, self._seen = self._seen, self._then
        self._n_strokes += 1
        self._stroke = self._next_stroke(self._n_strokes)

    def _aim(self, progress: float) -> None:
        reach = math.hypot(*self._half) + 0.25
        stroke = self._stroke.copy()
        stroke[6] = reach * (2 * progress - 1) if stroke[0] < 0.5 else progress
        _stroke_map(*self._map, stroke)

    def paint(self, step: Step, camera: Camera) -> None:
        """Find the ring that lies at each place."""
        self._aim(self._beat_progress)
        map_x, map_y = self._map
        for now, old in zip(self._seen, self._then, strict=True):
            cv2.remap(old, map_x, map_y, cv2.INTER_LINEAR, dst=now, borderMode=cv2.BORDER_REPLICATE)
        h, w = self._field.shape
        half_w, half_h = self._half
        sway = 0.02 * np.sin(0.5 * step.clock + self._seed + np.arange(len(self._drops)))
        drops = self._drops.copy()
        drops[:, 0] += sway
        settings = numbers(
            self._fine, 0.25 * step.clock + self._swelling * self._fine * 0.25, w / (2 * half_w), h / (2 * half_h),
            half_w, half_h, self._seed, 7.0,
        )  # fmt: skip
        _find_rings(self._field, *self._seen, drops, settings)
        self._camera = camera

    def develop(self, frame: int) -> I420:
        """Enlarge what the camera sees of the water, and print it."""
        press, canvas, camera = self._press, self.canvas, self._camera
        h, w = self._field.shape
        rows = h
        to_x, to_y = w / (2 * self._half[0]), h / (2 * self._half[1])
        c, s = math.cos(camera.roll) / camera.zoom, math.sin(camera.roll) / camera.zoom
        # From a pixel of the enlarged strip (one column more on each side) to a pixel of the map.
        px, py = 2 * canvas.half_w / canvas.width, 2 * canvas.half_h / rows
        x0, y0 = (-1 + 0.5) * px - canvas.half_w, 0.5 * py - canvas.half_h
        ox, oy = camera.x + self._half[0], camera.y + self._half[1]
        matrix = np.array([
            [c * px * to_x, -s * py * to_x, (c * x0 - s * y0 + ox) * to_x - 0.5],
            [s * px * to_y, c * py * to_y, (s * x0 + c * y0 + oy) * to_y - 0.5],
        ])  # fmt: skip
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        amount, *grain_place, _ = press.settings(frame)
        for plane, channel, vignette in press.kinds():
            turn = matrix if channel == 0 else matrix @ _HALF
            columns = plane.shape[1]
            wide = cv2.warpAffine(self._field, turn, (columns + 2, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)
            low, high, gloss = (16.0, 235.0, 0.05) if channel == 0 else (128.0, 240.0, 0.0)
            p = numbers(low, high, gloss, amount if channel == 0 else 0.0, *grain_place, self._drift, self._seed)
            _print_rings(plane, wide, self._colors[channel], vignette, self._tooth, press.noise, p)
        return press.frame


_HALF = np.array([[2.0, 0.0, -0.5], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
"""A column of a plane of chroma, with one beside it, among the columns of luma, with one beside them."""

SCENE = Marbling
