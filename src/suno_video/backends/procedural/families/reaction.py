"""Reaction: the chemistry of Gray and Scott grows coral and labyrinths, lit like wet relief."""

from __future__ import annotations

import cv2
import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fexp, fsin, shade, smooth

_CELLS = 384 * 216
"""Cells of the chemistry, whatever the size of the picture."""
_ROUNDS = 8
"""Chemical steps in one frame."""
_WARM_UP_ROUNDS = 900
_RECIPES = ((0.0367, 0.0615), (0.0290, 0.0570), (0.0545, 0.0620), (0.0390, 0.0580), (0.0460, 0.0630))
"""Feed and kill rates: labyrinth, dividing coral, worms, lace, dots and dashes."""


@kernel
def _react(a: Floats, b: Floats, a_next: Floats, b_next: Floats, p: Floats) -> None:
    feed, kill = p[0], p[1]
    h, w = a.shape
    for j in range(h):
        up = j - 1 if j > 0 else h - 1
        down = j + 1 if j < h - 1 else 0
        a0, a1, a2 = a[up], a[j], a[down]
        b0, b1, b2 = b[up], b[j], b[down]
        a_row, b_row = a_next[j], b_next[j]
        for i in range(1, w - 1):
            here, other = a1[i], b1[i]
            spread_a = (a1[i - 1] + a1[i + 1] + a0[i] + a2[i]) * 0.2
            spread_a += (a0[i - 1] + a0[i + 1] + a2[i - 1] + a2[i + 1]) * 0.05 - here
            spread_b = (b1[i - 1] + b1[i + 1] + b0[i] + b2[i]) * 0.2
            spread_b += (b0[i - 1] + b0[i + 1] + b2[i - 1] + b2[i + 1]) * 0.05 - other
            turned = here * other * other
            a_row[i] = here + spread_a - turned + feed * (1.0 - here)
            b_row[i] = other + 0.5 * spread_b + turned - (kill + feed) * other
        a_row[0], a_row[w - 1] = a_row[w - 2], a_row[1]
        b_row[0], b_row[w - 1] = b_row[w - 2], b_row[1]


@kernel
def _drop(b: Floats, drops: Floats) -> None:
    h, w = b.shape
    for n in range(drops.shape[0]):
        x, y, radius = drops[n, 0] * np.float32(w), drops[n, 1] * np.float32(h), drops[n, 2]
        for j in range(max(int(y - radius), 0), min(int(y + radius) + 1, h)):
            for i in range(max(int(x - radius), 0), min(int(x + radius) + 1, w)):
                dx, dy = np.float32(i) - x, np.float32(j) - y
                if dx * dx + dy * dy < radius * radius:
                    b[j, i] = max(b[j, i], 0.45)


@kernel
def _light_relief(light: Floats, height: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    lamp_x, lamp_y, relief, rim, gleam, clock, pulse, deep = p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        sy = screen_y(view, j)
        above, here, below = height[j], height[j + 1], height[j + 2]
        red, green, blue = light[0, j], light[1, j], light[2, j]
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            b = here[i + 1]
            gx = (here[i + 2] - here[i]) * relief
            gy = (below[i + 1] - above[i + 1]) * relief
            lx, ly = lamp_x - x, lamp_y - y
            near = 0.72 / (lx * lx + ly * ly + 0.55)
            inverse = 1.0 / np.sqrt((gx * gx + gy * gy + 1.0) * (lx * lx + ly * ly + 0.35))
            lit = max((0.55 - gx * lx - gy * ly) * inverse, 0.0)
            gloss = lit * lit
            gloss = gloss * gloss
            gloss = gloss * gloss * gloss
            body = smooth(0.10, 0.32, b)
            edge = b - 0.17
            border = fexp(edge * edge * -800.0)
            wave = fsin(3.0 * x + 2.2 * y + 0.7 * clock)
            hue = clamp01(0.14 + body * (0.34 + 0.16 * wave) + 0.22 * lit * near * body)
            e = near * (0.05 + body * (0.06 + 0.95 * lit * lit)) + deep * (1.0 - body)
            ring = np.sqrt(x * x + y * y) - pulse
            flash = fexp(ring * ring * -30.0) * (1.0 - clamp01(pulse * 0.7))
            glow = gloss * gleam * near * body + border * (rim + 0.35 * flash)
            red[i] = shade(palette, hue, 0) * e + shade(palette, 0.82, 0) * glow
            green[i] = shade(palette, hue, 1) * e + shade(palette, 0.82, 1) * glow
            blue[i] = shade(palette, hue, 2) * e + shade(palette, 0.82, 2) * glow


class Reaction(Scene):
    """Each beat drops new seeds, a drop very many; bass and voice light the borders, hats the gloss."""

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        h, w = canvas.light.shape[1:]
        fine = (_CELLS / (canvas.half_h * canvas.half_w)) ** 0.5 * (0.85 + 0.3 * shot.growth)
        gh, gw = max(48, int(canvas.half_h * fine)), max(48, int(canvas.half_w * fine))
        self._a, self._b = np.ones((gh, gw), np.float32), np.zeros((gh, gw), np.float32)
        self._a_next, self._b_next = np.empty_like(self._a), np.empty_like(self._b)
        which = min(len(_RECIPES) - 1, int(rng.integers(0, len(_RECIPES))))
        if shot.params["pattern"] > 0.75:
            which = 0
        elif shot.params["pattern"] < 0.25:
            which = 4
        self._feed, self._kill = _RECIPES[which]
        self._height = np.empty((h + 2, w + 2), np.float32)
        self._rng = rng
        self._lamp = rng.uniform(0, 6.28, 2)
        self._flow = rng.uniform(-0.25, 0.25, 2)
        self._spin = rng.uniform(-0.0012, 0.0012)
        self._last_beat = -1.0
        self._is_bare = True
        self._drop_seeds(int(rng.integers(90, 180)), 5.0)

    def _drop_seeds(self, count: int, radius: float) -> None:
        spots = self._rng.uniform((0.0, 0.0, 0.6 * radius), (1.0, 1.0, 1.4 * radius), (count, 3))
        _drop(self._b, spots.astype(np.float32))

    def advance(self, step: Step) -> None:
        """Let it grow; before the first frame long enough to cover the picture."""
        if self._is_bare:
            self._is_bare = False
            self._grow(_WARM_UP_ROUNDS, self._feed)
        if np.floor(step.beats) != self._last_beat:
            if self._last_beat >= 0:
                self._drop_seeds(1 + int(3 * step.energy + 14 * step.burst), 3.5)
            self._last_beat = float(np.floor(step.beats))
        self._stir(step)
        self._grow(_ROUNDS, self._feed + 0.0025 * step.bass * step.energy)

    def _grow(self, rounds: int, feed: float) -> None:
        rates = numbers(feed, self._kill)
        for _ in range(rounds):
            _react(self._a, self._b, self._a_next, self._b_next, rates)
            self._a, self._a_next = self._a_next, self._a
            self._b, self._b_next = self._b_next, self._b

    def _stir(self, step: Step) -> None:
        h, w = self._a.shape
        zoom = 1 - 0.0006 - 0.0022 * step.energy - 0.0030 * max(step.beat, step.kick) - 0.004 * step.burst
        matrix = cv2.getRotationMatrix2D((w / 2, h / 2), np.degrees(self._spin * (0.5 + step.energy)), zoom)
        matrix[0, 2] += self._flow[0] * (0.3 + step.energy)
        matrix[1, 2] += self._flow[1] * (0.3 + step.energy)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        for now, then in ((self._a, self._a_next), (self._b, self._b_next)):
            cv2.warpAffine(now, matrix, (w, h), dst=then, flags=flags, borderMode=cv2.BORDER_REFLECT)
        self._a, self._a_next = self._a_next, self._a
        self._b, self._b_next = self._b_next, self._b

    def paint(self, step: Step, camera: Camera) -> None:
        """Enlarge the chemistry smoothly and light it."""
        canvas = self.canvas
        h, w = self._height.shape
        self._show(camera, w, h)
        lamp = 0.5 * np.array([canvas.half_w, canvas.half_h]) * np.sin(0.5 * step.clock + self._lamp)
        settings = numbers(
            *lamp, 8.0 + 12.0 * self.shot.params["relief"], 0.03 + 0.34 * step.bass + 0.12 * max(step.beat,
            step.snare) + 0.14 * step.voice + 0.3 * step.burst,
            0.5 + 1.6 * max(step.treble, step.hat) + 0.8 * step.tension, step.clock, 1.4 * step.bar_phase,
            0.03 + 0.03 * step.mid,
        )  # fmt: skip
        _light_relief(canvas.light, self._height, self.shot.palette, canvas.view(camera), settings)

    def _show(self, camera: Camera, w: int, h: int) -> None:
        gh, gw = self._b.shape
        zoom = max(w / gw, h / gh) * 1.12 * camera.zoom
        matrix = cv2.getRotationMatrix2D((gw / 2, gh / 2), np.degrees(camera.roll), zoom)
        unit = min(w, h)
        matrix[0, 2] += w / 2 - gw / 2 - camera.x * unit * 0.4
        matrix[1, 2] += h / 2 - gh / 2 - camera.y * unit * 0.4
        cv2.warpAffine(self._b, matrix, (w, h), dst=self._height, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


SCENE = Reaction
