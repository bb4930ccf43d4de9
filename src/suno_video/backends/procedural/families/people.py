"""People as dark figures: a crowd that raises its hands, and dancers moved by a skeleton."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from suno_video.backends.procedural.camera import Camera, Points
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step


@dataclass(frozen=True)
class Pose:
    """Angles in radians, 0 hanging down, positive to the figure's outside; lengths in heights of the figure."""

    bounce: float = 0.0
    sway: float = 0.0
    lean: float = 0.0
    head: float = 0.0
    arms: tuple[float, float] = (0.2, 0.2)
    """Upper arms, left and right."""
    elbows: tuple[float, float] = (0.2, 0.2)
    """Bend of the forearms, added to the upper arm."""
    legs: tuple[float, float] = (0.12, 0.12)
    knees: tuple[float, float] = (0.0, 0.0)


class Crowd:
    """Rows of an audience seen from behind, far ones first."""

    def __init__(self, rng: np.random.Generator, half_w: float, size: float, n_rows: int = 3) -> None:
        """Place people.

        Args:
            size: Height of a head in the nearest row, in shorter sides.
        """
        rows = []
        for row in range(n_rows):
            near = row / max(1, n_rows - 1)
            head = size * (0.42 + 0.58 * near**1.2)
            n = int(2.3 * half_w / (head * 2.1)) + 2
            x = np.linspace(-1.12 * half_w, 1.12 * half_w, n) + rng.normal(0, 0.40 * head, n)
            rows.append(
                np.stack(
                    [
                        x,
                        np.full(n, near),
                        head * rng.uniform(0.88, 1.12, n),
                        rng.random(n),
                        rng.uniform(0, 6.28, n),
                        rng.random(n),
                        rng.normal(0, 1, n),
                    ],
                    -1,
                )
            )
        self._people = np.concatenate(rows)

    def draw(self, canvas: Canvas, step: Step, camera: Camera, floor: float, raised: float, haze: float = 0.4) -> None:
        """Draw everybody.

        Args:
            floor: Picture height of the heads in the nearest row.
            raised: 0..1, how many hands are up.
            haze: Of the farthest row.
        """
        x, near, head, will, phase, side, tall = self._people.T
        jump = max(step.kick, 0.7 * step.beat) * (0.25 + 0.75 * step.energy)
        bob = head * (
            0.10 * np.sin(2 * np.pi * step.beats + 0.6 * np.sin(phase)) * step.energy + 0.34 * jump * (0.4 + 0.6 * will)
        )
        sway = head * 0.22 * np.sin(np.pi * step.beats + 0.8 * np.sin(phase)) * (0.3 + 0.7 * step.energy)
        y = floor - (1 - near) * 0.13 - 0.22 * head * tall - bob
        x = (x + sway - camera.x * (0.3 + near)) * (0.75 + 0.25 * camera.zoom)
        veil = haze * (1 - near) ** 1.3
        up = np.clip((raised - will) * 5 + 0.3 * step.burst, 0, 1)
        wave = 0.16 * np.sin(np.pi * step.beats + phase)
        clap = max(step.snare, 0.5 * step.onset)
        order_of_rows = np.unique(near)
        for row in order_of_rows:
            k = near == row
            self._draw_row(canvas, x[k], y[k], head[k], veil[k], up[k], wave[k], side[k], will[k], clap, camera)

    def _draw_row(
        self,
        canvas: Canvas,
        x: Points,
        y: Points,
        head: Points,
        veil: Points,
        up: Points,
        wave: Points,
        side: Points,
        will: Points,
        clap: float,
        camera: Camera,
    ) -> None:
        shoulder = y + 1.02 * head
        canvas.figure(
            x - 0.62 * head,
            shoulder + 0.25 * head,
            x + 0.62 * head,
            shoulder + 0.25 * head,
            0.42 * head,
            0.42 * head,
            veil,
        )
        canvas.figure(x, shoulder + 0.5 * head, x, shoulder + 3 * head, 0.92 * head, 1.1 * head, veil)
        canvas.figure(x, y + 0.4 * head, x, shoulder + 0.1 * head, 0.24 * head, 0.36 * head, veil)
        canvas.figure(x, y - 0.08 * head, x, y + 0.14 * head, 0.40 * head, 0.36 * head, veil)
        for which in (-1, 1):
            # One hand or both: some people raise only the one on their side.
            shown = (up > 0.02) & ((side < 0.6) | (np.sign(side - 0.8) == which))
            if not shown.any():
                continue
            a, b, h, v, u, w, s = (
                x[shown],
                shoulder[shown],
                head[shown],
                veil[shown],
                up[shown],
                wave[shown],
                will[shown],
            )
            out = which * (0.95 - 0.25 * s - 0.45 * clap * (s < 0.4)) + w
            ex, ey = a + which * 0.72 * h + 0.5 * out * h, b + 0.2 * h - (1.2 * u - 0.5) * h
            hx, hy = ex + (0.12 * which + w * 1.6 - 0.35 * which * clap * (s < 0.4)) * h, ey - (1.55 * u - 0.3) * h
            canvas.figure(a + which * 0.66 * h, b + 0.22 * h, ex, ey, 0.25 * h, 0.20 * h, v)
            canvas.figure(ex, ey, hx, hy, 0.20 * h, 0.13 * h, v)
            canvas.figure(hx, hy - 0.06 * h, hx + 0.05 * which * h, hy - 0.20 * h, 0.17 * h, 0.13 * h, v)


def draw_dancer(
    canvas: Canvas, camera: Camera, x: float, floor: float, tall: float, pose: Pose, haze: float = 0.0
) -> None:
    """Draw one dancer.

    Args:
        floor: Height of the feet in the world.
        tall: Height of the dancer, in shorter sides.
    """
    hip = np.array([x + pose.sway * tall, floor - (0.475 - pose.bounce) * tall])
    chest = hip + 0.235 * tall * _toward(np.pi + pose.lean)
    neck = chest + 0.075 * tall * _toward(np.pi + 1.3 * pose.lean)
    head = neck + 0.085 * tall * _toward(np.pi + 1.3 * pose.lean + pose.head)
    parts = [
        (hip, chest, 0.058, 0.066),
        (chest, neck, 0.066, 0.028),
        (neck, head, 0.026, 0.042),
        (head, head - np.array([0, 0.018]) * tall, 0.047, 0.043),
    ]
    for which in (0, 1):
        sign = 1 if which else -1
        joint = hip + np.array([sign * 0.042, 0.01]) * tall
        foot = np.array([x + sign * (0.075 + 0.5 * pose.legs[which]) * tall, floor - 0.10 * pose.knees[which] * tall])
        knee = _bend(joint, foot, 0.245 * tall, 0.240 * tall, sign)
        parts += [
            (joint, knee, 0.052, 0.036),
            (knee, foot, 0.036, 0.022),
            (foot, foot + np.array([sign * 0.045, 0.006]) * tall, 0.022, 0.014),
        ]
        shoulder = chest + np.array([sign * 0.082, 0.0]) * tall
        angle = pose.arms[which]
        elbow = shoulder + 0.155 * tall * _toward(sign * angle)
        hand = elbow + 0.145 * tall * _toward(sign * (angle + pose.elbows[which]))
        tip = hand + 0.045 * tall * _toward(sign * (angle + pose.elbows[which]))
        parts += [
            (chest, shoulder, 0.058, 0.036),
            (shoulder, elbow, 0.033, 0.025),
            (elbow, hand, 0.025, 0.018),
            (hand, tip, 0.020, 0.011),
        ]
    a, b = np.array([p[0] for p in parts]), np.array([p[1] for p in parts])
    r = np.array([(p[2], p[3]) for p in parts]) * tall * camera.zoom
    canvas.figure(*camera.project(a[:, 0], a[:, 1]), *camera.project(b[:, 0], b[:, 1]), r[:, 0], r[:, 1], haze)


def _toward(angle: float) -> Points:
    """Unit vector: 0 down, pi / 2 to the right, pi up."""
    return np.array([np.sin(angle), np.cos(angle)])


def _bend(hip: Points, foot: Points, upper: float, lower: float, sign: int) -> Points:
    """The knee between hip and foot, bent to the outside."""
    way = foot - hip
    far = min(float(np.hypot(*way)), 0.999 * (upper + lower))
    along = (far * far + upper * upper - lower * lower) / (2 * far)
    out = np.sqrt(max(upper * upper - along * along, 0.0))
    unit = way / max(float(np.hypot(*way)), 1e-6)
    return np.asarray(hip + along * unit + sign * out * np.array([unit[1], -unit[0]]))
