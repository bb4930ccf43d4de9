"""Aurora: curtains of light over mountains, mirrored in a lake, with dark trees in front."""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.camera import Camera, Points
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.landscape import forest, mountains
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fexp, fsin, mix, noise, shade, smooth


@kernel
def _paint_sky(light: Floats, hills: Floats, trees: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    clock, curtains, strength, rays, reach, offset, horizon, height, ripple, tint = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9],
    )  # fmt: skip
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        sy = screen_y(view, j)
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            down = y - horizon
            in_lake = down > 0.0
            depth = max(down, 0.0)
            blur = (noise(x * 9.0 / (depth + 0.18) + 90.0, 30.0 / (depth + 0.10) + clock * 0.8) - 0.5) * ripple
            # Above the horizon this is the height in the sky; in the lake, the height of what is mirrored.
            up = abs(down) + (blur * (0.02 + 0.30 * depth) if in_lake else 0.0)
            mx = x + (blur * 0.10 * (0.2 + depth) if in_lake else 0.0)
            low, high = 0.0, 0.0
            for k in range(4):
                n = np.float32(k)
                q = mx * 0.75 + n * 2.9 + offset
                base = 0.16 + 0.13 * n * height + (noise(q * 1.05 + clock * 0.09, n * 3.7 + clock * 0.06) - 0.5) * 0.42
                base += 0.07 * fsin(q * 2.3 + clock * 0.28 + n * 1.9)
                above = up - base
                fold = noise(q * 1.6 + 30.0 + clock * 0.11, n * 5.0 + 2.0)
                ray = noise(q * 17.0 + base * 26.0 + 50.0, clock * 0.55 + n * 11.0)
                ray = (
                    0.30 + 0.95 * ray * ray * rays + 0.25 * noise(q * 47.0 + base * 60.0, clock * 0.9 + n * 7.0) * rays
                )
                veil = fexp(above * -reach) if above > 0.0 else fexp(above * 34.0)
                veil = veil * ray * smooth(0.20, 0.80, fold) * smooth(n - 0.5, n + 0.5, curtains)
                low += veil * fexp(max(above, 0.0) * -4.0)
                high += veil * clamp01(above * 2.6)
            night = fexp(up * -3.2)
            hill = hills[i]
            front = 1.0 - 0.96 * smooth(trees[i] - 0.006, trees[i] + 0.008, sy)
            edge = smooth(hill + 0.004, hill - 0.004, up)
            mist = fexp(up * -16.0)
            shine = strength * (1.0 if not in_lake else 0.62 * fexp(depth * -0.9))
            sum_low, sum_high = low * shine, high * shine
            for c in range(3):
                sky = palette[0, c] * 0.55 + palette[1, c] * (0.05 + 0.32 * night)
                sky += shade(palette, 0.62 + tint, c) * sum_low * 1.25 + shade(palette, 0.36 + tint, c) * sum_high * 1.1
                land = palette[0, c] * 0.30 + palette[1, c] * (0.07 + 0.24 * mist)
                land += shade(palette, 0.60, c) * (0.05 * strength * mist)
                light[c, j, i] = mix(sky, land, edge) * front * (0.82 if in_lake else 1.0)


class Aurora(Scene):
    """Bass and kick brighten the curtains, voices raise them, mid and a build draw their rays, hats light the stars."""

    AREA_PX = 512 * 288

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._offset = rng.uniform(5, 200)
        self._horizon = rng.uniform(0.16, 0.30) * 2 * canvas.half_h
        self._hills = mountains(rng, 5.0, rng.uniform(0.10, 0.24))
        self._trees = forest(rng, 3.6, (0.16 + 0.26 * shot.params["trees"]) * rng.uniform(0.8, 1.2), 95)
        self._side = rng.choice([-1.0, 1.0])
        self._height = rng.uniform(0.7, 1.2)
        self._tint = rng.uniform(-0.10, 0.12)
        n = 420
        self._x, self._y = rng.uniform(-1.6, 1.6, n), rng.uniform(-1.1, 1.0, n)
        self._size = np.clip(rng.pareto(2.2, n) * 0.35 + 0.12, 0, 2)
        self._phase = rng.uniform(0, 6.28, n)

    def paint(self, step: Step, camera: Camera) -> None:
        """Sky, hills and lake in light; stars and trees at full sharpness."""
        canvas, shot = self.canvas, self.shot
        camera = Camera(camera.x, 0.5 * camera.y, camera.zoom, 0.35 * camera.roll)
        view = canvas.view(camera)
        columns = (np.arange(canvas.light.shape[2]) + 0.5) * view[0] - view[2]
        hills = self._hills.at(columns / camera.zoom + camera.x + 2).astype(np.float32)
        strength = 0.60 + 0.40 * step.bass + 0.18 * max(step.beat, step.kick) + 0.25 * shot.growth + 0.5 * step.burst
        curtains = 1.6 + 2.0 * shot.params["curtains"] * (0.6 + 0.4 * step.energy) + 0.8 * shot.growth
        settings = numbers(
            step.clock, curtains, strength, 0.65 + 0.9 * step.mid + 0.6 * step.tension,
            4.6 - 1.3 * step.energy - 0.8 * shot.growth - 0.7 * step.voice - 0.6 * step.burst,
            self._offset, self._horizon, self._height, 0.5 + 0.6 * step.energy, self._tint,
        )  # fmt: skip
        _paint_sky(canvas.light, hills, self._tree_line(columns, camera), shot.palette, view, settings)
        self._draw_stars(step, camera)
        self._plant_trees(camera)

    def _draw_stars(self, step: Step, camera: Camera) -> None:
        x, y = camera.project(self._x + 0.7 * camera.x, self._y)
        clear = np.clip((self._horizon - self._hills.at(self._x + 2) - self._y) * 12 - 0.3, 0, 1)
        bright = (
            clear
            * self._size
            * (0.45 + 0.9 * max(step.treble, step.hat))
            * (0.7 + 0.3 * np.sin(self._phase + 4 * step.clock))
        )
        self.canvas.stroke(x, y, x, y, 0.7 + 0.35 * self._size, bright, (0.8 * bright)[:, None] * self.shot.color(0.95))

    def _plant_trees(self, camera: Camera) -> None:
        canvas = self.canvas
        x = (np.arange(canvas.width) + 0.5) / canvas.unit_px - canvas.half_w
        canvas.ridge = (self._tree_line(x, camera) + np.float32(canvas.half_h)) * np.float32(canvas.unit_px)

    def _tree_line(self, x: Points, camera: Camera) -> Floats:
        """Picture height of the tree tops at picture columns."""
        half_w, half_h = self.canvas.half_w, self.canvas.half_h
        # Higher to one side, open to the other: the trees frame the view.
        frame = 0.30 + 0.85 * np.clip(0.5 + 0.5 * self._side * x / half_w, 0, 1) ** 1.5
        tops = self._trees.at(x / camera.zoom + 1.7 * camera.x + 7) * frame * camera.zoom
        return (half_h + 0.01 - tops).astype(np.float32)


SCENE = Aurora
