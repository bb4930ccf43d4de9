"""Hills: ranges one behind the other, each fading into mist at its foot, before a low sun or a moon."""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.camera import Camera, Points
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.landscape import Outline, forest, mountains
from suno_video.backends.procedural.families.scene import Scene, Shot, look_x, look_y, numbers, screen_x, screen_y
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, fbm, fexp, fsin, mix, noise, shade, smooth

_N_RANGES = 6


@kernel
def _paint_ranges(
    light: Floats, tops: Floats, crests: Floats, trees: Floats, palette: Floats, view: Floats, p: Floats
) -> None:
    clock, horizon, sun_x, sun_y, radius, halo, mist, cloud, offset, rays, night, lift = (
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11],
    )  # fmt: skip
    h, w = light.shape[1], light.shape[2]
    pixel = view[1] * 1.2
    for j in range(h):
        sy = screen_y(view, j)
        for i in range(w):
            sx = screen_x(view, i)
            x, y = look_x(view, sx, sy), look_y(view, sx, sy)
            dx, dy = x - sun_x, y - sun_y
            r = np.sqrt(dx * dx + dy * dy) + 1e-4
            near = fexp(r * -2.6)
            up = max(horizon - y, 0.0)
            low = fexp(up * -2.4)
            disc = smooth(radius + 0.0035, radius - 0.0035, r)
            craters = 0.85 + 0.15 * fsin(dx * 47.0 + 3.0 * fsin(dy * 31.0)) * fsin(dy * 41.0 + dx * 13.0)
            band = fbm(x * 1.1 + offset + clock * 0.035, y * 6.5 + offset, 4)
            streak = smooth(0.50 - 0.16 * cloud, 0.80 - 0.16 * cloud, band) * smooth(0.0, 0.12, up)
            around = 0.5 + 0.5 * noise(dx / r * 3.0 + 20.0, dy / r * 3.0 + 30.0 + clock * 0.12)
            glow = near * halo * (1.0 - rays + rays * 1.5 * around)
            sky_hue = 0.20 + 0.42 * low * (1.0 - 0.5 * night)
            sky_e = 0.10 + 0.62 * low * (1.0 - 0.55 * night)
            lit = streak * (0.10 + 0.9 * near)
            face = disc * (1.55 * (1.0 - night) + night * 1.35 * craters) * (1.0 - 0.65 * streak)
            hue, e = sky_hue, sky_e
            fog_hue, bare = 0.46 + 0.16 * near, 1.0
            rim = 0.0
            drift_far = noise(x * 1.9 + clock * 0.10 + offset, y * 6.0)
            drift_near = noise(x * 1.5 + clock * 0.26 + offset + 31.0, y * 5.0 + 17.0)
            for k in range(_N_RANGES):
                # The first is 0, the last of _N_RANGES is 1; whole numbers would make it double.
                n = np.float32(k) * (1.0 / 5.0)
                under = y - tops[k, i]
                land = smooth(-pixel, pixel, under)
                foot = 1.0 - fexp(under * (-4.6 - 3.0 * n))
                fog = mist * (1.0 - 0.55 * n) * foot * (0.70 + 0.5 * mix(drift_far, drift_near, n))
                bright = (0.34 - 0.31 * n) * (0.55 + 0.9 * near) * (1.0 - 0.45 * night) + 0.012
                fog_e = (0.74 - 0.40 * n) * (0.55 + 0.75 * near * halo) * (1.0 - 0.40 * night) + 0.10 * lift
                tint = 0.42 - 0.26 * n + 0.14 * near
                amount = clamp01(fog)
                e = mix(e, mix(bright, fog_e, amount), land)
                hue = mix(hue, mix(tint, fog_hue - 0.10 * n, amount), land)
                edge = fexp(max(under, 0.0) * -80.0) * land * crests[k] * (0.10 + 1.1 * near)
                rim = rim * (1.0 - land) + edge
                bare = bare * (1.0 - land)
            front = smooth(trees[i] - 0.006, trees[i] + 0.008, sy)
            keep = 1.0 - 0.97 * front
            shine = glow * (0.35 + 0.65 * bare)
            for c in range(3):
                value = shade(palette, clamp01(hue), c) * e + shade(palette, 0.62, c) * lit * bare * 0.55
                value += shade(palette, 0.70, c) * shine + shade(palette, 0.95, c) * face * bare
                value += shade(palette, 0.82, c) * rim
                light[c, j, i] = value * keep


class Hills(Scene):
    """Ranges glow with bands of the spectrum, the kick swells the sun, hats wake fireflies, voices thin the mist."""

    AREA_PX = 480 * 270

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._horizon = rng.uniform(-0.02, 0.12)
        self._night = float(rng.random() < 0.35)
        self._radius = rng.uniform(0.05, 0.10) * (1 + 0.7 * shot.growth)
        self._sun = rng.uniform(-0.6, 0.6) * canvas.half_w, self._horizon - rng.uniform(0.10, 0.24) - 0.5 * self._radius
        self._offset, self._side = rng.uniform(5, 200), rng.choice([-1.0, 1.0])
        sharp = shot.params["ranges"]
        self._ranges: list[Outline] = []
        for k in range(_N_RANGES):
            tall = (0.10 + 0.20 * sharp) * rng.uniform(0.8, 1.2) * (1.1 - 0.08 * k)
            if k < 4:
                self._ranges.append(mountains(rng, 4.5 + 0.8 * k, tall, 1.75 - 0.5 * sharp))
            else:
                self._ranges.append(
                    forest(rng, 4.0, (0.045 + 0.06 * shot.params["trees"]) * (0.6 + 0.35 * (k - 3)), 130 - 20 * (k - 4))
                )
        self._roll = [mountains(rng, 3.2, 0.12, 2.4) for _ in range(2)]
        self._trees = forest(rng, 3.6, (0.20 + 0.30 * shot.params["trees"]) * rng.uniform(0.8, 1.2), 60)
        n = 160
        self._fly = (
            rng.uniform(-1.2, 1.2, n),
            rng.uniform(0.12, 0.46, n),
            rng.uniform(0, 6.28, n),
            rng.uniform(0.4, 1.0, n),
        )
        m = 320
        self._star = (
            rng.uniform(-1.4, 1.4, m),
            rng.uniform(-0.8, 0.3, m),
            np.clip(rng.pareto(2.2, m) * 0.3 + 0.1, 0, 1.6),
        )
        self._flock = rng.normal(0, 1, (9, 2)) * (0.07, 0.03), rng.uniform(0, 6.28, 9), rng.uniform(-0.3, 0.3)

    def paint(self, step: Step, camera: Camera) -> None:
        """Sky and ranges in light; stars, fireflies, birds and the nearest trees at full sharpness."""
        canvas, shot = self.canvas, self.shot
        camera = Camera(camera.x, 0.5 * camera.y, camera.zoom, 0.3 * camera.roll)
        view = canvas.view(camera)
        columns = (np.arange(canvas.light.shape[2]) + 0.5) * view[0] - view[2]
        hit = max(step.kick, 0.6 * step.beat)
        bands = step.spectrum[[1, 4, 8, 12, 17, 22]]
        crests = ((0.04 + 0.62 * bands**1.4) * (0.4 + 0.6 * step.energy) + 0.25 * step.burst).astype(np.float32)
        mist = (0.35 + 0.9 * shot.params["mist"]) * (1.0 - 0.22 * step.voice + 0.12 * step.bass)
        settings = numbers(
            step.clock, self._horizon, *self._sun, self._radius * (1 + 0.05 * hit + 0.12 * step.burst),
            0.34 + 0.22 * step.energy + 0.30 * hit + 0.6 * step.burst, mist, 0.3 + 0.7 * step.mid, self._offset,
            0.25 + 0.45 * step.energy, self._night, step.bass,
        )  # fmt: skip
        _paint_ranges(
            canvas.light,
            self._tops(columns, camera, step),
            crests,
            self._tree_line(columns, camera, step),
            shot.palette,
            view,
            settings,
        )
        self._draw_points(step, camera)
        self._fly_birds(step, camera)
        x = (np.arange(canvas.width) + 0.5) / canvas.unit_px - canvas.half_w
        canvas.ridge = (self._tree_line(x, camera, step) + np.float32(canvas.half_h)) * np.float32(canvas.unit_px)

    def _tops(self, columns: Points, camera: Camera, step: Step) -> Floats:
        """Height of each range in the world at picture columns, far ones first."""
        tops = np.empty((_N_RANGES, len(columns)), np.float32)
        x = columns / camera.zoom
        for k, outline in enumerate(self._ranges):
            n = k / (_N_RANGES - 1)
            pace = 0.25 + 1.4 * n * n
            place = x + camera.x * pace + self._side * 0.05 * step.clock * n * n + 2 + 3 * k
            height = outline.at(place)
            if k >= 4:
                height = height + self._roll[k - 4].at(place)
            tops[k] = self._horizon + 0.02 + 0.34 * n**1.4 - height
        return tops

    def _tree_line(self, x: Points, camera: Camera, step: Step) -> Floats:
        half_w, half_h = self.canvas.half_w, self.canvas.half_h
        frame = 0.22 + 0.85 * np.clip(0.5 - 0.5 * np.sign(self._sun[0]) * x / half_w, 0, 1) ** 1.6
        tops = (
            self._trees.at(x / camera.zoom + 1.9 * camera.x + self._side * 0.06 * step.clock + 7) * frame * camera.zoom
        )
        return (half_h + 0.012 - tops).astype(np.float32)

    def _draw_points(self, step: Step, camera: Camera) -> None:
        x, y, phase, size = self._fly
        x = x + 0.05 * np.sin(0.8 * step.clock + phase) + 0.3 * camera.x
        y = y + 0.025 * np.sin(1.1 * step.clock + 2 * phase)
        bright = (
            size
            * np.clip(np.sin(phase * 3 + 1.7 * step.clock), 0, 1) ** 2
            * (0.12 + 1.1 * step.hat + 0.3 * step.treble)
        )
        px, py = camera.project(x, y)
        self.canvas.stroke(px, py, px, py, 1.1 + size, bright, (1.6 * bright)[:, None] * self.shot.color(0.82))
        if self._night:
            x, y, size = self._star
            shown = np.clip((self._horizon - 0.16 - y) * 6, 0, 1) * size * (0.5 + 0.5 * step.treble)
            px, py = camera.project(x + 0.8 * camera.x, y)
            self.canvas.stroke(px, py, px, py, 0.7 + 0.3 * size, shown, (0.5 * shown)[:, None] * self.shot.color(0.95))

    def _fly_birds(self, step: Step, camera: Camera) -> None:
        (away, phase, height) = self._flock
        x, y = camera.project(
            away[:, 0] + (self._side * 0.10 * step.clock + 0.9 * phase[0]) % 2.6 - 1.3,
            away[:, 1] + self._horizon - 0.24 + 0.15 * height + 0.02 * np.sin(step.clock + phase),
        )
        span = 0.012 * camera.zoom
        flap = 0.7 * np.sin(2 * np.pi * (step.beats if step.beats else step.clock) + phase) * span
        thin = np.full(9, 0.0016)
        for side in (-1, 1):
            self.canvas.figure(x, y, x + side * span, y - flap - 0.003, thin, 0.4 * thin, 0.12)


SCENE = Hills
