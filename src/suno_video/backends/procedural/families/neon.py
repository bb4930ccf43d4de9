"""Neon: a sign of glass tubes on a brick wall; their light falls on the wall, the floor and the smoke between."""

from __future__ import annotations

import cv2
import numpy as np

from suno_video.backends.procedural.camera import Camera, Points
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.draw import draw_strokes
from suno_video.backends.procedural.families import signs
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, fexp, fract, hash2, mix, noise, smooth

_WASH_PX = 160
_BRIGHTEST_WALL = 0.55


@kernel
def _paint_wall(light: Floats, wash: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    floor, scale, seed, ambient, wet = p[0], p[1], p[2], p[3], p[4]
    h, w = light.shape[1], light.shape[2]
    pixel = view[0] * scale
    for j in range(h):
        sy = screen_y(view, j)
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            below = y > floor
            # Bricks, laid with an offset from row to row.
            row = np.floor(y * scale * 2.6)
            bx = x * scale + 0.5 * fract(row * 0.5) * 2.0
            brick = np.floor(bx)
            u, v = bx - brick, fract(y * scale * 2.6)
            rough = noise(x * 60.0 + seed, y * 60.0) * 0.5 + noise(x * 23.0, y * 23.0 + seed) * 0.5
            edge_u = min(u, 1.0 - u) + (rough - 0.5) * 0.03
            edge_v = (min(v, 1.0 - v) + (rough - 0.5) * 0.05) / 2.6
            edge = min(edge_u, edge_v)
            stone = smooth(0.012, 0.045 + pixel, edge)
            tone = 0.55 + 0.45 * hash2(brick + seed, row) + 0.5 * (rough - 0.5)
            bevel = (smooth(0.10, 0.0, v) - smooth(0.90, 1.0, v)) * stone
            albedo = mix(0.30 + 0.2 * rough, tone * (1.0 + 0.45 * bevel), stone)
            puddle = noise(x * 2.2 / (y - floor + 0.20) + seed, 1.0 / (y - floor + 0.20) * 1.2)
            slick = wet * smooth(0.35, 0.65, puddle) if below else 0.0
            mirror = fexp((y - floor) * -2.2) * (0.16 + 0.95 * slick) if below else 0.0
            pave = 0.16 + 0.22 * rough
            amount = (pave * 0.9 * fexp((y - floor) * -1.4) + mirror) if below else albedo
            corner = 1.0 - 0.75 * fexp(abs(y - floor) * -26.0)
            for c in range(3):
                dark = palette[0, c] * 0.5 + palette[1, c] * ambient
                light[c, j, i] = (
                    wash[c, j, i] * amount * 1.15 + dark * (0.35 + 0.65 * albedo) * (0.35 if below else 1.0)
                ) * corner


class Neon(Scene):
    """Kick, snare and hat each light tubes of their own; voices light the heart of the sign, a drop all of it."""

    AREA_PX = 576 * 324

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        tubes = signs.design(rng, shot.growth)
        size = (0.82 + 0.36 * shot.params["size"]) * min(1.0, canvas.half_w / 0.55)
        self._place = rng.uniform(-0.16, 0.16) * canvas.half_w, -0.09
        self._floor = rng.uniform(0.31, 0.38)
        self._ends, self._tube, self._listens, self._hue = signs.lay_out(tubes, size, self._place)
        self._phase = rng.uniform(0, 6.28, len(self._listens))
        self._scale = rng.uniform(4.0, 6.5)
        self._seed = rng.uniform(5, 100)
        self._tint = rng.uniform(-0.06, 0.06)
        h, w = canvas.light.shape[1:]
        self._small = np.zeros((3, _WASH_PX * h // w, _WASH_PX), np.float32)
        self._unseen = np.zeros((8, 8), np.float32), np.zeros(8, np.uint8)

    def paint(self, step: Step, camera: Camera) -> None:
        """The wall in the light of the tubes, then the tubes, and their mirror image on the floor."""
        canvas, shot = self.canvas, self.shot
        camera = Camera(camera.x, 0.6 * camera.y, camera.zoom, 0.4 * camera.roll)
        burn = self._burning(step)
        hue = np.clip(self._hue + self._tint + 0.10 * step.burst, 0.45, 0.95)
        color = (shot.color(hue) * 1.15 + 0.02) * burn[:, None]
        power, tint = burn[self._tube], color[self._tube]
        h, w = canvas.light.shape[1:]
        wash = self._wash(camera, tint, w, h)
        settings = numbers(self._floor, self._scale, self._seed, 0.06 + 0.06 * step.energy, 0.4 + 0.6 * step.bass)
        _paint_wall(canvas.light, wash, shot.palette, canvas.view(camera), settings)
        # The tubes hang a little before the wall: they move more than it.
        x0, y0, x1, y1 = self._seen(camera, 1.06)
        glass = 0.07 + 0.02 * (1 - power)
        canvas.stroke(x0, y0, x1, y1, -3.6, glass, 0.02 * tint)
        canvas.stroke(x0, y0, x1, y1, -9.0, 0.12 * power, 1.5 * tint)
        canvas.stroke(x0, y0, x1, y1, -2.9, 1.15 * power, 0.8 * tint)
        self._mirror(step, camera, power, tint)

    def _burning(self, step: Step) -> Points:
        """Light of each tube: a glow that stays, what it listens to, and the flicker of old glass."""
        kick, snare, hat = (
            max(step.kick, 0.6 * step.beat),
            max(step.snare, 0.5 * step.onset),
            max(step.hat, 0.5 * step.treble),
        )
        heard = np.array([kick, snare, hat, 0.35 + 0.65 * step.voice, step.level])[self._listens]
        stays = 0.22 + 0.30 * step.energy
        nervous = self.shot.params["flicker"]
        buzz = 1 - 0.10 * nervous * (0.5 + 0.5 * np.sin(61 * step.clock + self._phase)) * (
            np.sin(3.1 * step.clock + self._phase) > 0.55
        )
        off = (np.sin(0.9 * step.clock + 2 * self._phase) > 0.93) & (nervous > 0.25)
        return (stays + 0.75 * heard + 0.7 * step.burst) * buzz * np.where(off, 0.45, 1.0)

    def _seen(self, camera: Camera, closer: float) -> tuple[Points, Points, Points, Points]:
        moved = Camera(camera.x * closer, camera.y * closer, camera.zoom, camera.roll)
        return (*moved.project(self._ends[:, 0], self._ends[:, 1]), *moved.project(self._ends[:, 2], self._ends[:, 3]))

    def _wash(self, camera: Camera, tint: Points, w: int, h: int) -> Floats:
        """Light that the tubes throw on the wall, and mirrored below its foot."""
        small = self._small
        small[:] = 0
        rows, columns = small.shape[1:]
        x0, y0, x1, y1 = self._seen(camera, 1.0)
        strokes = np.empty((len(x0), 9), np.float32)
        per = columns / (2 * self.canvas.half_w)
        for column, value in enumerate((x0, y0, x1, y1)):
            strokes[:, column] = (value + (self.canvas.half_h if column % 2 else self.canvas.half_w)) * per - 0.5
        strokes[:, 4], strokes[:, 5] = 0.9, 0.0
        strokes[:, 6:] = 1.4 * tint
        draw_strokes(np.zeros((rows, columns), np.float32), np.zeros(rows, np.uint8), small, strokes)
        power = 0.5 + 1.1 * self.shot.params["glow"]
        _, foot = camera.project(np.zeros(1), np.array([self._floor]))
        line = float((foot[0] + self.canvas.half_h) * per)
        source = np.clip(2 * line - np.arange(rows) - 1, 0, rows - 1).astype(int)
        planes = []
        for plane in small:
            near, far = cv2.GaussianBlur(plane, (0, 0), 5.0), cv2.GaussianBlur(plane, (0, 0), 19)
            total = (0.16 * np.asarray(near) + 1.15 * np.asarray(far)) * np.float32(power)
            total = np.where((np.arange(rows) > line)[:, None], total[source] * 0.85, total)
            planes.append(cv2.resize(total.astype(np.float32), (w, h), interpolation=cv2.INTER_LINEAR))
        light = np.asarray(planes, np.float32)
        # A wall that is lit as brightly as the tubes would hide the sign.
        light /= 1 + light.max(axis=0) / np.float32(_BRIGHTEST_WALL)
        return light

    def _mirror(self, step: Step, camera: Camera, power: Points, tint: Points) -> None:
        e = self._ends
        wave0 = 0.006 * np.sin(60 * e[:, 1] + 3 * step.clock)
        wave1 = 0.006 * np.sin(60 * e[:, 3] + 3 * step.clock)
        squash = 0.62
        y0 = self._floor + (self._floor - e[:, 1]) * squash
        y1 = self._floor + (self._floor - e[:, 3]) * squash
        x0, y0 = camera.project(e[:, 0] + wave0, y0)
        x1, y1 = camera.project(e[:, 2] + wave1, y1)
        self.canvas.stroke(x0, y0, x1, y1, -5.0, 0.06 * power, 0.30 * tint)


SCENE = Neon
