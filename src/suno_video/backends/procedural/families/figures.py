"""Figures: dancers on a stage before a large lamp, and a crowd with raised hands in front."""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.people import Crowd, Pose, draw_dancer
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, fatan2, fbm, fexp, fsin, noise, shade, smooth


@kernel
def _paint_stage(light: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    clock, cx, cy, radius, lamp, rings, shafts, floor, wash, offset, turn = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10],
    )  # fmt: skip
    h, w = light.shape[1], light.shape[2]
    pixel = view[1] * 1.3
    for j in range(h):
        sy = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            below = y > floor
            # The stage mirrors the lamp, broken by its boards.
            board = noise(x * 3.0 / (abs(y - floor) + 0.15) + 40.0, (y - floor) * 30.0 + offset)
            my = floor - (y - floor) * 1.8 if below else y
            dx, dy = x - cx + ((board - 0.5) * 0.10 if below else 0.0), my - cy
            r = np.sqrt(dx * dx + dy * dy) + 1e-4
            a = fatan2(dy, dx)
            smoke = fbm(x * 1.8 + offset + clock * 0.10, y * 2.4 + offset - clock * 0.06, 4)
            ray = noise(abs(a) * 5.0 + offset, clock * 0.35 + turn) * noise(abs(a) * 11.0 + 20.0, clock * 0.25)
            ray = ray * smooth(radius * 0.8, radius * 1.5, r) * fexp(r * -1.3)
            disc = smooth(radius + pixel, radius - pixel, r)
            rim = fexp(abs(r - radius) * -60.0) + 0.5 * fexp(abs(r - radius * 1.16) * -90.0) * rings
            wave = 0.5 + 0.5 * fsin(r / radius * 16.0 - clock * 2.2)
            face = disc * lamp * (0.72 + 0.28 * (1.0 - r / radius) + 0.16 * rings * wave)
            halo = fexp(max(r - radius, 0.0) * -3.6)
            keep = (0.30 + 0.25 * board) * fexp((y - floor) * -2.0) if below else 1.0
            e = 0.03 + 0.30 * smoke * smoke * (0.4 + wash) + 0.36 * halo * wash
            hue = 0.22 + 0.26 * halo
            beam = shafts * ray * (0.5 + smoke) * 2.4
            glow = face * keep + rim * 0.35 * lamp * keep
            up = 0.90 - 0.32 * smooth(-1.0, 1.0, dy / radius)
            e = e * (0.4 + 0.6 * keep)
            red[i] = shade(palette, hue, 0) * e + shade(palette, up, 0) * glow + shade(palette, 0.56, 0) * beam * keep
            green[i] = shade(palette, hue, 1) * e + shade(palette, up, 1) * glow + shade(palette, 0.56, 1) * beam * keep
            blue[i] = shade(palette, hue, 2) * e + shade(palette, up, 2) * glow + shade(palette, 0.56, 2) * beam * keep


class Figures(Scene):
    """Kick and beat move the bodies, the snare claps and throws arms, voices lift the lead, energy raises hands."""

    AREA_PX = 448 * 252

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._seed = int(rng.integers(0, 1000))
        self._floor = rng.uniform(0.22, 0.30)
        self._radius = rng.uniform(0.22, 0.31) * (1 + 0.22 * shot.growth)
        self._lamp = rng.uniform(-0.10, 0.10) * canvas.half_w, self._floor - self._radius * rng.uniform(0.75, 1.15)
        self._offset, self._turn = rng.uniform(5, 200, 2)
        n = int(rng.choice([1, 1, 3, 3, 5]))
        spread = np.linspace(-1, 1, n) if n > 1 else np.zeros(1)
        self._dancers = [
            (self._lamp[0] + s * (0.19 + 0.06 * n), 0.46 * (1 - 0.10 * abs(s)) * rng.uniform(0.96, 1.04), k)
            for k, s in enumerate(spread)
        ]
        self._crowd = Crowd(rng, canvas.half_w, 0.050 + 0.06 * shot.params["crowd"], n_rows=3)
        self._heads = canvas.half_h + 0.01 - 0.11 * shot.params["crowd"]

    def paint(self, step: Step, camera: Camera) -> None:
        """Lamp and smoke, dancers, crowd."""
        shot = self.shot
        hit = max(step.kick, 0.6 * step.beat)
        settings = numbers(
            step.clock,
            *self._lamp,
            self._radius * (1 + 0.04 * hit + 0.08 * step.burst),
            0.55 + 0.25 * step.energy + 0.45 * hit + 0.6 * step.burst,
            0.3 + step.mid,
            (0.3 + 1.4 * shot.params["shafts"]) * (0.3 + 0.6 * step.bass + 0.25 * step.voice + 0.5 * step.burst),
            self._floor,
            0.5 + 0.5 * step.energy + 0.4 * hit,
            self._offset,
            self._turn,
        )
        _paint_stage(self.canvas.light, shot.palette, self.canvas.view(camera), settings)
        for x, tall, k in self._dancers:
            draw_dancer(self.canvas, camera, x, self._floor + 0.01, tall, self._pose(step, k))
        raised = 0.12 + 0.60 * step.energy + 0.35 * step.burst + 0.2 * step.tension
        self._crowd.draw(self.canvas, step, camera, self._heads, raised, 0.22)

    def _pose(self, step: Step, number: int) -> Pose:
        """A move for each two bars, the same for all dancers, with a little of their own."""
        size = (0.35 + 0.9 * self.shot.params["dance"]) * (0.35 + 0.65 * step.energy) + 0.15 * step.burst
        bar = step.beats / 8
        part = bar % 1
        now = _move((int(bar) + self._seed) % 4, step, number, size)
        if part < 0.0625 and step.beats:
            before = _move((int(bar) - 1 + self._seed) % 4, step, number, size)
            return _between(before, now, part / 0.0625)
        return now


def _move(kind: int, step: Step, number: int, size: float) -> Pose:
    late = 0.06 * (number % 3)
    clock = step.beats if step.beats else 0.8 * step.clock
    beat = 2 * np.pi * (clock - late)
    half, hit = beat / 2, max(step.kick, 0.6 * step.beat)
    snare = max(step.snare, 0.5 * step.onset)
    down = size * (0.018 + 0.030 * (0.5 + 0.5 * np.cos(beat))) + 0.012 * hit
    sway = 0.040 * size * np.sin(half)
    lift = 0.25 * step.voice
    if kind == 0:  # Step and swing.
        arm = 0.55 + 0.55 * size * np.sin(half)
        other = 0.55 - 0.55 * size * np.sin(half)
        return Pose(
            -down,
            sway,
            0.10 * size * np.sin(half),
            0.16 * np.sin(half),
            (arm + lift, other + lift),
            (0.9, 0.9),
            (0.10, 0.10),
            (max(0, np.sin(half)) * size, max(0, -np.sin(half)) * size),
        )
    if kind == 1:  # Arms up, waving.
        a = 2.35 + 0.35 * size * np.sin(half)
        b = 2.35 - 0.35 * size * np.sin(half)
        return Pose(
            -down,
            1.3 * sway,
            0.07 * size * np.sin(half + 0.5),
            0.12 * np.sin(half),
            (a, b),
            (0.45 + 0.3 * np.sin(half), 0.45 - 0.3 * np.sin(half)),
            (0.14, 0.14),
            (0, 0),
        )
    if kind == 2:  # One arm points to the sky on the snare, the other on the hip.
        right = np.sin(half) > 0
        up = 1.2 + 1.55 * max(snare, 0.35)
        arms = (up, 0.75) if right else (0.75, up)
        soft = 0.5 + 0.5 * np.tanh(6 * np.sin(half))
        a = 0.75 + (up - 0.75) * soft
        b = 0.75 + (up - 0.75) * (1 - soft)
        bend_a, bend_b = -1.9 + 2.1 * soft, -1.9 + 2.1 * (1 - soft)
        del arms
        return Pose(
            -1.1 * down,
            1.4 * sway,
            -0.12 * size * np.sin(half),
            0.15 * np.sin(half),
            (a, b),
            (bend_a, bend_b),
            (0.16, 0.16),
            (0, 0),
        )
    # Jump with fists.
    jump = size * 0.060 * abs(np.sin(half * 1.0 + np.pi / 4)) ** 1.5
    a = 1.55 + 0.9 * size * (0.5 + 0.5 * np.sin(beat)) + 0.3 * snare
    return Pose(
        jump - 0.6 * down,
        0.4 * sway,
        0.05 * np.sin(half),
        0.2 * hit,
        (a, a),
        (1.0 - 0.5 * hit, 1.0 - 0.5 * hit),
        (0.12, 0.12),
        (max(0.0, jump * 8), max(0.0, jump * 8)),
    )


def _between(one: Pose, other: Pose, share: float) -> Pose:
    share = share * share * (3 - 2 * share)

    def mix(a: float, b: float) -> float:
        return a + (b - a) * share

    def both(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
        return mix(a[0], b[0]), mix(a[1], b[1])

    return Pose(
        mix(one.bounce, other.bounce), mix(one.sway, other.sway), mix(one.lean, other.lean), mix(one.head, other.head),
        both(one.arms, other.arms), both(one.elbows, other.elbows), both(one.legs, other.legs),
        both(one.knees, other.knees),
    )  # fmt: skip


SCENE = Figures
