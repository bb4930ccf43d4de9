"""Lasers: fans of beams in drifting smoke above an audience; every bar another figure, opened by energy."""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.camera import Camera, Points
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.people import Crowd
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, fbm, fexp, shade

_PIECES = 14
"""Each beam is drawn in pieces, brighter where there is more smoke."""


@kernel
def _paint_hall(light: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    clock, smoke, wash, stage_y, offset, flood, sweep = p[0], p[1], p[2], p[3], p[4], p[5], p[6]
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        sy = screen_y(view, j)
        red, green, blue = light[0, j], light[1, j], light[2, j]
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            haze = fbm(x * 1.5 + offset - clock * 0.16, y * 2.2 + offset + clock * 0.05, 4)
            haze = haze * haze * 1.8
            stage = fexp(abs(y - stage_y) * -4.2) * fexp(x * x * -0.9)
            # Floodlights above, slowly turning.
            cone = 0.0
            for k in range(5):
                n = np.float32(k) - 2.0
                lean = (x - n * 0.42) - (y + 0.62) * (n * 0.16 + sweep * (1.0 if k % 2 == 0 else -1.0))
                wide = 0.03 + 0.20 * (y + 0.62)
                cone += fexp(lean * lean / (wide * wide) * -1.0) * fexp((y + 0.62) * -1.5)
            e = 0.016 + smoke * haze * (0.10 + wash * stage) + wash * stage * 0.25
            hue = 0.28 + 0.22 * stage
            beam = cone * flood * (0.25 + haze)
            red[i] = shade(palette, hue, 0) * e + shade(palette, 0.44, 0) * beam
            green[i] = shade(palette, hue, 1) * e + shade(palette, 0.44, 1) * beam
            blue[i] = shade(palette, hue, 2) * e + shade(palette, 0.44, 2) * beam


class Lasers(Scene):
    """The kick drives the beams, downbeats change their figure, energy opens the fans, hats are glints in the smoke."""

    AREA_PX = 448 * 252

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._seed = int(rng.integers(0, 1000))
        self._stage = rng.uniform(0.10, 0.20)
        self._offset = rng.uniform(5, 200)
        self._n_beams = int(5 + 7 * shot.params["beams"] + 4 * shot.growth)
        n = int(rng.choice([3, 4, 5]))
        self._lamps = np.linspace(-0.82, 0.82, n) * canvas.half_w * rng.uniform(0.75, 1.0)
        self._crowd = Crowd(rng, canvas.half_w, 0.060 + 0.06 * shot.params["crowd"])
        self._floor = canvas.half_h - 0.03 - 0.13 * shot.params["crowd"]
        self._haze = shot.params["haze"]
        self._hues = (rng.uniform(0.50, 0.66), rng.uniform(0.72, 0.90))
        self._room = np.random.default_rng(self._seed).uniform(0, 6.28, (8, 3))

    def paint(self, step: Step, camera: Camera) -> None:
        """Smoke and floodlights, the beams, and the audience before them."""
        shot = self.shot
        hit = max(step.kick, 0.6 * step.beat)
        settings = numbers(
            step.clock,
            0.5 + 1.2 * self._haze,
            0.30 + 0.45 * step.bass + 0.5 * hit + 0.8 * step.burst,
            self._stage,
            self._offset,
            0.10 + 0.24 * max(step.snare, 0.4 * step.onset) + 0.12 * step.voice + 0.4 * step.burst,
            0.5 * np.sin(0.5 * step.clock),
        )
        _paint_hall(self.canvas.light, shot.palette, self.canvas.view(camera), settings)
        self._shine(step, camera, hit)
        raised = 0.10 + 0.55 * step.energy + 0.35 * step.burst + 0.25 * step.tension
        self._crowd.draw(self.canvas, step, camera, self._floor, raised, 0.30)

    def _figure(self, bar: int, step: Step) -> tuple[Points, Points, Points]:
        """Angle (0 is up), strength and hue of each beam, shape (lamps, beams)."""
        kind = (bar * 7 + self._seed) % 5
        n_lamps, n = len(self._lamps), self._n_beams
        lamp = np.linspace(-1, 1, n_lamps)[:, None] if n_lamps > 1 else np.zeros((1, 1))
        beam = np.linspace(-1, 1, n)[None, :]
        width = (0.25 + 0.60 * step.energy) * (1 - 0.35 * step.tension) + 0.25 * step.burst
        turn = 0.9 * step.clock
        even = np.ones((n_lamps, n))
        hue = np.where((np.arange(n_lamps) % 2 == 0)[:, None], self._hues[0], self._hues[1]) * even
        if kind == 0:  # Fans that breathe.
            return beam * width * (0.85 + 0.25 * np.sin(turn)) - 0.35 * lamp, even, hue
        if kind == 1:  # Parallel beams that sway together.
            return 0.55 * np.sin(turn + 0.6 * lamp) + 0.16 * beam * width + 0 * lamp, even, hue
        if kind == 2:  # Beams crossing towards the middle, opening and closing like scissors.
            return -0.75 * lamp + beam * width * 0.8 * np.sin(turn * 0.8 + 1.3 * lamp), even, hue
        if kind == 3:  # A wave that runs through each fan.
            lit = 0.15 + 0.85 * np.clip(np.sin(2.5 * np.pi * beam + 3.2 * turn + 1.4 * lamp), 0, 1)
            return beam * (width + 0.25) - 0.25 * lamp, lit, hue
        lit = ((np.arange(n)[None, :] + np.arange(n_lamps)[:, None] + int(2 * step.beats)) % 2 == 0) * 0.85 + 0.15
        return beam * width * 1.15 + 0.30 * np.sin(turn + lamp), lit, hue

    def _shine(self, step: Step, camera: Camera, hit: float) -> None:
        bar = int(np.floor(step.beats / 4))
        angle, lit, hue = self._figure(bar, step)
        # Into a new figure within the first eighth of a bar.
        into = np.clip((step.beats / 4 % 1) * 8, 0, 1) if step.beats else 1.0
        if into < 1:
            before = self._figure(bar - 1, step)
            into = into * into * (3 - 2 * into)
            angle, lit, hue = (b + (a - b) * into for a, b in zip((angle, lit, hue), before, strict=True))
        power = 0.25 + 0.12 * self.shot.growth + 0.25 * step.energy + 0.55 * hit + 0.9 * step.burst
        reach = 1.9
        x0 = np.broadcast_to(self._lamps[:, None], angle.shape).ravel()
        y0 = np.full(x0.shape, self._stage)
        a, lit, hue = (
            angle.ravel(),
            np.broadcast_to(lit, angle.shape).ravel() * power,
            np.broadcast_to(hue, angle.shape).ravel(),
        )
        part = np.linspace(0, 1, _PIECES + 1) ** 1.4 * reach
        px = x0[:, None] + np.sin(a)[:, None] * part
        py = y0[:, None] - np.cos(a)[:, None] * part
        smoke = self._smoke(px[:, :-1], py[:, :-1], step)
        x, y = camera.project(px, py)
        bright = lit[:, None] * np.exp(-0.75 * part[:-1]) * (1 - self._haze * 0.75 + self._haze * 1.5 * smoke)
        width = np.broadcast_to(1.25 + 1.5 * part[:-1], bright.shape)
        none = np.zeros((bright.size, 3))
        self.canvas.stroke(
            x[:, :-1].ravel(),
            y[:, :-1].ravel(),
            x[:, 1:].ravel(),
            y[:, 1:].ravel(),
            -width.ravel(),
            0.75 * bright.ravel(),
            none,
        )
        # The colour in three pieces: fewer joints, where light would double.
        color = self.shot.color(hue) * 1.6 + 0.06
        for first, last in ((0, 5), (5, 9), (9, _PIECES)):
            level = bright[:, first:last].mean(axis=1)
            self.canvas.stroke(x[:, first], y[:, first], x[:, last], y[:, last], 1.9, 0.0, color * level[:, None])
        lx, ly = camera.project(self._lamps, np.full(len(self._lamps), self._stage))
        self.canvas.stroke(lx, ly, lx, ly, 7.0 + 3 * hit, 0.9 * power, 2.4 * power * self.shot.color(0.8))
        self._glint(step, px, py, bright, camera)

    def _smoke(self, x: Points, y: Points, step: Step) -> Points:
        total = np.zeros(x.shape)
        for k, (a, b, c) in enumerate(self._room):
            f = 2.0 + 1.3 * k
            total += np.sin(f * (x * np.cos(a) + y * np.sin(a)) + b + step.clock * (0.5 + 0.2 * c)) / (1 + 0.5 * k)
        return np.clip(0.5 + 0.22 * total, 0, 1)

    def _glint(self, step: Step, px: Points, py: Points, bright: Points, camera: Camera) -> None:
        rng = np.random.default_rng([self._seed, int(step.beats * 2)])
        n = 60
        which, part = rng.integers(0, px.shape[0], n), rng.integers(1, _PIECES - 1, n)
        shown = step.hat * np.clip(bright[which, part] * 2, 0, 1.5)
        x, y = camera.project(px[which, part], py[which, part])
        self.canvas.stroke(x, y, x, y, 1.8, 1.4 * shown, shown[:, None] * self.shot.color(0.95))


SCENE = Lasers
