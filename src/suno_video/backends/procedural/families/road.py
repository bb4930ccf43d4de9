"""Road: an endless road into the sun, over desert sand or a grid of light that rises beside it with the spectrum."""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.camera import Camera, Points
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.landscape import mountains
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fbm, fexp, fract, mix, noise, shade, smooth

_EYE = 0.20
_ROAD = 0.34
"""Half the width of the road."""


@kernel
def _paint_land(light: Floats, land: Floats, palette: Floats, view: Floats, p: Floats) -> None:
    travel, horizon, sun_x, sun_y, radius, bars, halo, grid, bend, offset, clock, warm, shine = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11], p[12],
    )  # fmt: skip
    h, w = light.shape[1], light.shape[2]
    pixel = view[1]
    for j in range(h):
        sy = screen_y(view, j)
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            down = y - horizon
            below = down > 0.0
            # Sky.
            dx, dy = x - sun_x, y - sun_y
            r = np.sqrt(dx * dx + dy * dy)
            near = fexp(r * -2.4)
            low = fexp(min(down, 0.0) * 2.7)
            edge = smooth(radius + pixel, radius - pixel, r)
            # Dark bars across the lower half of the sun, wider towards its foot.
            rung = fract((dy / radius) * 4.5 - clock * 0.25)
            width = clamp01(0.10 + 0.42 * (dy / radius)) * bars
            rung = (
                smooth(0.5 * width + 0.04, 0.5 * width - 0.04, abs(rung - 0.5))
                * smooth(-0.05, 0.10, dy / radius)
                * smooth(0.0, 0.10, bars)
            )
            disc = edge * (1.0 - rung)
            band = fbm(x * 1.2 + offset, y * 8.0 + offset + clock * 0.02, 4)
            streak = smooth(0.46, 0.78, band) * smooth(0.0, -0.10, down)
            sky_e = 0.07 + 0.50 * low
            face = disc * (1.7 - 0.5 * smooth(-1.0, 1.0, dy / radius)) * (1.0 - 0.55 * streak)
            face_hue = 0.90 - 0.26 * smooth(-0.6, 1.0, dy / radius)
            ridge = smooth(land[i] - pixel, land[i] + pixel, -down)
            crest = fexp((-down - land[i]) * 60.0) * (1.0 - ridge)
            # Land.
            depth = 0.20 / max(down, 0.0016)
            gx = (x - sun_x) * depth - bend * depth * depth
            gz = depth + travel
            foot = depth * depth * pixel * 5.0
            fine = noise(gx * 7.0 + offset, gz * 7.0) * smooth(0.28, 0.05, foot)
            dune = noise(gx * 1.1 + offset, gz * 0.8) + 0.5 * noise(gx * 2.7 + 30.0, gz * 1.9)
            asphalt = smooth(0.34 + foot * 0.05 + 0.012, 0.34 - 0.012, abs(gx))
            haze = fexp(depth * -0.10)
            sand = (0.10 + 0.34 * dune * dune + 0.12 * fine) * (1.0 - 0.86 * grid)
            glare = fexp((x - sun_x) * (x - sun_x) / (0.012 + 0.30 * down) * -1.0) * fexp(down * -2.2)
            tarmac = 0.035 + 0.05 * fine + 0.02 * dune + glare * (0.26 + 0.5 * shine)
            land_e = mix(sand * (0.5 + 0.8 * fexp(abs(x - sun_x) * -1.2)), tarmac, asphalt) * haze + (1.0 - haze) * (
                0.30 + 0.20 * warm
            )
            land_hue = mix(0.34 + 0.16 * dune, 0.46, asphalt) * haze + (1.0 - haze) * 0.46
            for c in range(3):
                sky = (
                    shade(palette, 0.16 + 0.36 * low, c) * sky_e * (1.0 - edge) + shade(palette, 0.62, c) * near * halo
                )
                sky += shade(palette, face_hue, c) * face + shade(palette, 0.50, c) * streak * (0.12 + 0.8 * near) * 0.7
                dark = (
                    palette[0, c] * 0.6
                    + shade(palette, 0.30, c) * (0.06 + 0.22 * (1.0 - fexp(down * 6.0)))
                    + shade(palette, 0.75, c) * crest * (0.10 + 0.9 * near) * 0.5
                )
                sky = mix(dark, sky, ridge)
                ground = shade(palette, land_hue, c) * land_e + shade(palette, 0.70, c) * glare * asphalt * 0.15
                light[c, j, i] = ground if below else sky


class Road(Scene):
    """The kick swells the sun, the spectrum lifts the grid beside the road, snare and hat light the posts."""

    AREA_PX = 576 * 324

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._grid = float(np.clip((shot.params["grid"] - 0.5) * 2 + rng.uniform(-0.6, 0.6), 0, 1) > 0.25)
        self._horizon = rng.uniform(0.00, 0.12)
        self._radius = rng.uniform(0.16, 0.27) * (1 + 0.3 * shot.growth)
        self._sun = rng.uniform(-0.22, 0.22) * canvas.half_w, self._horizon - self._radius * rng.uniform(0.25, 0.95)
        self._offset, self._start = rng.uniform(5, 200, 2)
        self._bend = rng.uniform(0.2, 1.0, 2)
        self._phase = rng.uniform(0, 6.28)
        self._land = mountains(rng, 3.8, (0.05 + 0.20 * shot.params["peaks"]) * rng.uniform(0.8, 1.2), 1.35)
        self._speed = 1.3 + 2.2 * shot.params["speed"]
        self._plants = rng.uniform(0, 1, (40, 4))
        m = 300
        self._star = (
            rng.uniform(-1.3, 1.3, m),
            rng.uniform(-0.7, 0.1, m),
            np.clip(rng.pareto(2.2, m) * 0.3 + 0.1, 0, 1.6),
            rng.uniform(0, 6.28, m),
        )

    def paint(self, step: Step, camera: Camera) -> None:
        """Sky and land in light; stars, grid, lines and posts at full sharpness, plants before them."""
        canvas, shot = self.canvas, self.shot
        travel = self._start + self._speed * step.clock
        bend = 0.010 * self._bend[0] * np.sin(0.11 * travel * self._bend[1] + self._phase)
        camera = Camera(camera.x, 0.4 * camera.y, camera.zoom, 0.25 * camera.roll - 1.5 * bend)
        view = canvas.view(camera)
        columns = (np.arange(canvas.light.shape[2]) + 0.5) * view[0] - view[2]
        land = self._land.at(columns / camera.zoom + 0.6 * camera.x + 2).astype(np.float32)
        hit = max(step.kick, 0.6 * step.beat)
        settings = numbers(
            travel % 512, self._horizon, *self._sun, self._radius * (1 + 0.05 * hit + 0.10 * step.burst), self._grid,
            0.30 + 0.30 * step.energy + 0.30 * hit + 0.6 * step.burst, self._grid, bend, self._offset, step.clock,
            step.energy, step.bass,
        )  # fmt: skip
        _paint_land(canvas.light, land, shot.palette, view, settings)
        self._draw_stars(step, camera)
        if self._grid:
            self._draw_grid(step, camera, travel, bend)
        self._draw_lines(step, camera, travel, bend)
        self._plant(step, camera, travel, bend)

    def _place(self, x: Points, y: Points, depth: Points, bend: float, camera: Camera) -> tuple[Points, Points]:
        flat = (x + bend * depth * depth) / depth + self._sun[0]
        return camera.project(flat, self._horizon + (_EYE - y) / depth)

    def _draw_stars(self, step: Step, camera: Camera) -> None:
        x, y, size, phase = self._star
        away = np.hypot(x - self._sun[0], y - self._sun[1]) / self._radius
        shown = np.clip(away - 1.3, 0, 1) * np.clip((self._horizon - 0.22 - y) * 4, 0, 1) * size
        shown = shown * (0.35 + 0.4 * step.treble + 0.6 * step.hat * (np.sin(phase + 40 * step.hat) > 0))
        px, py = camera.project(x + 0.8 * camera.x, y)
        self.canvas.stroke(px, py, px, py, 0.7 + 0.35 * size, shown, (0.6 * shown)[:, None] * self.shot.color(0.95))

    def _rise(self, x: Points, z: Points, step: Step) -> Points:
        """Height of the grid beside the road: a band of the spectrum for each line, higher outwards."""
        out = np.clip((np.abs(x) - 0.5) / 2.2, 0, 1)
        band = np.clip(np.abs(x) * 6, 0, 31).astype(int)
        wave = 0.55 + 0.45 * np.sin(1.9 * z + 3 * np.abs(x))
        return out**1.3 * (0.05 + 0.75 * step.spectrum[band] ** 1.2 * wave + 0.3 * step.burst * wave)

    def _draw_grid(self, step: Step, camera: Camera, travel: float, bend: float) -> None:
        lines_x = np.concatenate([-np.arange(3.6, 0.4, -0.30), np.arange(0.6, 3.8, 0.30)])
        row = np.floor(travel / 0.5) + np.arange(34, 0, -1)
        z = row * 0.5
        depth = np.maximum(z - travel, 0.16)
        gx, gz = np.meshgrid(lines_x, z)
        gd = np.broadcast_to(depth[:, None], gx.shape)
        x, y = self._place(gx, self._rise(gx, gz, step), gd, bend, camera)
        fade = np.exp(-0.16 * depth) * np.clip(depth * 1.2 - 0.1, 0, 1)
        flash = np.exp(-((((gz - 6 * step.bar_phase - travel) % 8) - 1) ** 2) * 2)
        bright = (
            fade[:, None]
            * (0.20 + 0.30 * step.energy + 0.35 * max(step.kick, 0.6 * step.beat))
            * (1 + 1.2 * flash * step.beat)
        )
        hue = self.shot.color(np.clip(0.58 + 0.3 * self._rise(gx, gz, step), 0, 0.9))
        color = 1.5 * bright[..., None] * hue
        radius = np.broadcast_to(np.minimum(0.8 + 0.9 / depth, 3.2)[:, None], gx.shape)
        ok = np.abs(gx[:, 1:] - gx[:, :-1]) < 0.5
        for a, b in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
            keep = ok if a == np.s_[:, :-1] else np.ones(gx[a].shape, bool)
            self.canvas.stroke(
                x[a][keep], y[a][keep], x[b][keep], y[b][keep], radius[a][keep], 0.8 * bright[a][keep], color[a][keep]
            )

    def _draw_lines(self, step: Step, camera: Camera, travel: float, bend: float) -> None:
        z = travel + np.geomspace(0.10, 26, 40)[::-1]
        depth = z - travel
        fade = np.exp(-0.10 * depth) * (0.5 + 0.4 * step.energy)
        for side in (-1, 1):
            x, y = self._place(side * (_ROAD - 0.02) + 0 * depth, 0 * depth, depth, bend, camera)
            radius = np.minimum(0.7 + 1.3 / depth, 9)[1:]
            light = fade[1:] * (0.45 + 0.5 * max(step.snare, 0.4 * step.onset))
            self.canvas.stroke(
                x[:-1], y[:-1], x[1:], y[1:], -radius, 0.8 * light, (1.4 * light)[:, None] * self.shot.color(0.80)
            )
        dash = np.floor(travel) + np.arange(16, -1, -1)
        near, far = dash - travel, dash + 0.45 - travel
        keep = far > 0.12
        near, far = np.maximum(near[keep], 0.10), far[keep]
        x0, y0 = self._place(0 * near, 0 * near, near, bend, camera)
        x1, y1 = self._place(0 * far, 0 * far, far, bend, camera)
        light = np.exp(-0.14 * far) * (0.6 + 0.5 * step.energy)
        self.canvas.stroke(
            x0, y0, x1, y1, np.minimum(0.7 + 1.6 / far, 9), 0.9 * light, (1.2 * light)[:, None] * self.shot.color(0.9)
        )
        post = np.floor(travel / 1.5) + np.arange(12, 0, -1)
        depth = post * 1.5 - travel
        hit = np.where(post % 2 == 0, max(step.snare, 0.5 * step.onset), step.hat)
        light = np.exp(-0.10 * depth) * np.clip(2 * depth - 0.4, 0, 1) * (0.30 + 1.3 * hit)
        for side in (-1, 1):
            x, y = self._place(side * (_ROAD + 0.08) + 0 * depth, 0.09 + 0 * depth, depth, bend, camera)
            self.canvas.stroke(
                x, y, x, y, np.minimum(1.2 + 2.6 / depth, 9), light, (3 * light)[:, None] * self.shot.color(0.72)
            )

    def _plant(self, step: Step, camera: Camera, travel: float, bend: float) -> None:
        place, side, size, kind = self._plants.T
        z = (place * 30 - travel) % 30 + 0.25
        order = np.argsort(-z)
        z, side, size, kind = z[order], side[order], size[order], kind[order]
        x = np.where(side < 0.5, -1, 1) * (0.75 + 3.6 * (side * 2 % 1) ** 1.5)
        tall = (0.16 + 0.22 * size) * np.clip((30 - z) * 0.3, 0, 1)
        haze = np.clip(0.045 * z - 0.02, 0, 0.85)
        wide = 0.085 * tall
        for fx, fy0, fy1, gx, share, shown in (
            (0, 0, 1, 0, 1, kind < 2),
            (0.0, 0.42, 0.46, 0.30, 0.75, kind < 0.8),
            (0.30, 0.46, 0.78, 0.30, 0.75, kind < 0.8),
            (0.0, 0.30, 0.34, -0.26, 0.7, kind > 0.35),
            (-0.26, 0.34, 0.58, -0.26, 0.7, kind > 0.35),
        ):
            x0, y0 = self._place(x + fx * tall, fy0 * tall, z, bend, camera)
            x1, y1 = self._place(x + gx * tall, fy1 * tall, z, bend, camera)
            r = share * wide / z * camera.zoom
            self.canvas.figure(x0[shown], y0[shown], x1[shown], y1[shown], r[shown], r[shown], haze[shown])


SCENE = Road
