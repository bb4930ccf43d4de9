"""Neon signs as tubes: motifs made of curves, each with what it listens to and its colour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suno_video.backends.procedural.camera import Points

KICK, SNARE, HAT, VOICE, ALWAYS = range(5)


@dataclass(frozen=True)
class Tube:
    """A bent tube."""

    path: Points
    """Shape (n, 2); the sign fits into -0.3..0.3, y down."""
    listens: int
    hue: float


def design(rng: np.random.Generator, growth: float) -> list[Tube]:
    """A motif and what surrounds it."""
    motif = (_heart, _sun, _note, _eye, _moon, _bolt, _diamond, _palm)[int(rng.integers(0, 8))]
    frame = (_rings, _polygons, _arch, _bars, _rays)[int(rng.integers(0, 5))]
    return [*frame(rng, 3 + int(2 * growth)), *motif()]


def lay_out(
    tubes: list[Tube], size: float, place: tuple[float, float]
) -> tuple[Points, NDArray[np.int64], NDArray[np.int64], Points]:
    """Pieces of all tubes, shape (n, 4); the tube of each piece; what each tube listens to; its hue."""
    pieces, number = [], []
    for k, tube in enumerate(tubes):
        path = tube.path * size + np.array(place)
        pieces.append(np.concatenate([path[:-1], path[1:]], axis=1))
        number.append(np.full(len(path) - 1, k))
    return (
        np.concatenate(pieces),
        np.concatenate(number),
        np.array([t.listens for t in tubes]),
        np.array([t.hue for t in tubes]),
    )


def _curve(function: Callable[[Points], tuple[Points, Points]], first: float, last: float, n: int = 40) -> Points:
    x, y = function(np.linspace(first, last, n))
    return np.stack([np.broadcast_to(x, n), np.broadcast_to(y, n)], -1)


def _ring(radius: float, first: float = 0.0, last: float = 2 * np.pi, x: float = 0.0, y: float = 0.0) -> Points:
    return _curve(lambda t: (x + radius * np.cos(t), y + radius * np.sin(t)), first, last, 48)


def _line(*points: tuple[float, float]) -> Points:
    return np.array(points, np.float64)


def _rings(rng: np.random.Generator, n: int) -> list[Tube]:
    gap = rng.uniform(0.05, 0.25)
    turn = rng.uniform(0, 6.28)
    return [
        Tube(
            _ring(0.235 + 0.034 * k, turn + gap * k, turn + 2 * np.pi - gap), (KICK, SNARE, HAT)[k % 3], 0.50 + 0.10 * k
        )
        for k in range(n)
    ]


def _polygons(rng: np.random.Generator, n: int) -> list[Tube]:
    sides = int(rng.choice([3, 4, 6]))
    start = -np.pi / 2 + (np.pi / sides if sides != 3 and rng.random() < 0.5 else 0)
    angle = start + 2 * np.pi * np.arange(sides + 1) / sides
    lift = 0.04 if sides == 3 else 0.0
    grow = {3: 1.45, 4: 1.22, 6: 1.08}[sides]
    return [
        Tube(
            np.stack([np.cos(angle), np.sin(angle)], -1) * (0.235 + 0.036 * k) * grow + (0, lift),
            (KICK, SNARE, HAT)[k % 3],
            0.52 + 0.10 * k,
        )
        for k in range(n)
    ]


def _arch(rng: np.random.Generator, n: int) -> list[Tube]:
    tubes = []
    for k in range(n):
        r = 0.23 + 0.035 * k
        top = _ring(r, np.pi, 2 * np.pi, 0, -0.02)
        tubes.append(Tube(np.concatenate([[(-r, 0.30)], top, [(r, 0.30)]]), (KICK, SNARE, HAT)[k % 3], 0.50 + 0.10 * k))
    return tubes


def _bars(rng: np.random.Generator, n: int) -> list[Tube]:
    tubes = []
    for side in (-1, 1):
        for k in range(n + 1):
            x = side * (0.27 + 0.060 * k)
            tall = 0.24 - 0.035 * k
            tubes.append(Tube(_line((x, -tall), (x, tall)), (KICK, SNARE, HAT)[k % 3], 0.50 + 0.09 * k))
    return tubes


def _rays(rng: np.random.Generator, n: int) -> list[Tube]:
    count = int(rng.choice([12, 16, 20]))
    tubes = [Tube(_ring(0.225), ALWAYS, 0.62)]
    for k in range(count):
        a = 2 * np.pi * k / count
        inner, outer = 0.255, 0.255 + (0.09 if k % 2 else 0.05 + 0.012 * n)
        d = np.array([np.cos(a), np.sin(a)])
        tubes.append(
            Tube(np.stack([inner * d, outer * d]), (KICK, HAT, SNARE, HAT)[k % 4], (0.56, 0.80, 0.68, 0.80)[k % 4])
        )
    return tubes


def _heart() -> list[Tube]:
    def line(scale: float) -> Points:
        return _curve(
            lambda t: (
                scale * 0.0098 * 16 * np.sin(t) ** 3,
                -scale * 0.0098 * (13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)),
            ),
            0.06,
            2 * np.pi - 0.06,
            60,
        )

    return [Tube(line(1.0), KICK, 0.60), Tube(line(0.72), VOICE, 0.72), Tube(line(0.42), SNARE, 0.86)]


def _sun() -> list[Tube]:
    half = _ring(0.145, np.pi, 2 * np.pi, 0, 0.02)
    wave = _curve(lambda t: (t, 0.008 * np.sin(6 * t)), -1, 1)
    waves = [
        Tube(wave * (0.17 - 0.03 * k, 1) + (0, 0.05 + 0.035 * k), (SNARE, HAT, SNARE)[k], 0.52 + 0.1 * k)
        for k in range(3)
    ]
    rays = [
        Tube(
            np.array([(0.170 * np.cos(a), 0.02 + 0.170 * np.sin(a)), (0.205 * np.cos(a), 0.02 + 0.205 * np.sin(a))]),
            HAT,
            0.82,
        )
        for a in np.linspace(np.pi * 1.08, np.pi * 1.92, 7)
    ]
    return [Tube(half, KICK, 0.74), Tube(_line((-0.145, 0.02), (0.145, 0.02)), VOICE, 0.74), *waves, *rays]


def _note() -> list[Tube]:
    def head(x: float, y: float) -> Points:
        return _curve(
            lambda t: (x + 0.050 * np.cos(t) - 0.010 * np.sin(t), y + 0.036 * np.sin(t) - 0.012 * np.cos(t)),
            0,
            2 * np.pi,
            30,
        )

    stem = _line((-0.055, 0.105), (-0.055, -0.120), (0.125, -0.155), (0.125, 0.070))
    beam = _line((-0.055, -0.075), (0.125, -0.110))
    return [
        Tube(head(-0.103, 0.115), KICK, 0.62),
        Tube(head(0.077, 0.080), SNARE, 0.74),
        Tube(stem, VOICE, 0.68),
        Tube(beam, HAT, 0.82),
    ]


def _eye() -> list[Tube]:
    upper = _curve(lambda t: (0.19 * t, -0.105 * (1 - t * t)), -1, 1)
    lower = _curve(lambda t: (0.19 * t, 0.085 * (1 - t * t)), -1, 1)
    lashes = [
        Tube(np.array([(0.15 * t, -0.125 * (1 - t * t) - 0.012), (0.21 * t, -0.185 * (1 - 0.55 * t * t))]), HAT, 0.84)
        for t in np.linspace(-0.8, 0.8, 7)
    ]
    return [
        Tube(upper, VOICE, 0.60),
        Tube(lower, VOICE, 0.60),
        Tube(_ring(0.068, y=-0.012), KICK, 0.74),
        Tube(_ring(0.030, y=-0.012), SNARE, 0.88),
        *lashes,
    ]


def _moon() -> list[Tube]:
    crescent = np.concatenate([_ring(0.15, 0.75, 2 * np.pi - 0.75), _ring(0.118, 2 * np.pi - 1.05, 1.05, 0.055)[::1]])
    crescent = np.concatenate([crescent, crescent[:1]])

    def star(x: float, y: float, size: float) -> Points:
        a = -np.pi / 2 + np.pi * np.arange(9) / 4
        r = size * np.where(np.arange(9) % 2 == 0, 1.0, 0.34)
        return np.stack([x + r * np.cos(a), y + r * np.sin(a)], -1)

    return [
        Tube(crescent, VOICE, 0.70),
        Tube(star(0.090, -0.055, 0.052), SNARE, 0.88),
        Tube(star(0.125, 0.070, 0.034), HAT, 0.80),
        Tube(star(0.030, 0.035, 0.028), KICK, 0.62),
    ]


def _bolt() -> list[Tube]:
    edge = np.array(
        [
            (0.035, -0.19),
            (-0.095, 0.025),
            (-0.010, 0.025),
            (-0.050, 0.19),
            (0.095, -0.045),
            (0.010, -0.045),
            (0.035, -0.19),
        ]
    )
    return [
        Tube(edge, KICK, 0.78),
        Tube(edge * 0.62 + (0.002, 0.0), SNARE, 0.90),
        Tube(_ring(0.20, 0.3, np.pi - 0.3), HAT, 0.58),
        Tube(_ring(0.20, np.pi + 0.3, 2 * np.pi - 0.3), HAT, 0.58),
    ]


def _diamond() -> list[Tube]:
    rim = _line((-0.18, -0.06), (-0.105, -0.145), (0.105, -0.145), (0.18, -0.06), (0.0, 0.165), (-0.18, -0.06))
    belt = _line((-0.18, -0.06), (0.18, -0.06))
    facets = [
        Tube(_line((-0.105, -0.145), (-0.065, -0.06), (0.0, 0.165)), SNARE, 0.82),
        Tube(_line((0.105, -0.145), (0.065, -0.06), (0.0, 0.165)), SNARE, 0.82),
    ]
    crown = Tube(_line((-0.065, -0.06), (0.0, -0.145), (0.065, -0.06)), HAT, 0.90)
    return [Tube(rim, KICK, 0.62), Tube(belt, VOICE, 0.72), *facets, crown]


def _palm() -> list[Tube]:
    trunk = _curve(lambda t: (0.015 + 0.05 * t * t - 0.03, 0.19 - 0.26 * t), 0, 1)
    top = trunk[-1]
    leaves = []
    for k, a in enumerate(np.linspace(-2.75, -0.4, 6)):
        far = np.array([np.cos(a), 0.75 * np.sin(a)]) * 0.16
        leaves.append(
            Tube(
                np.stack(
                    [
                        top[0] + far[0] * np.linspace(0, 1, 14),
                        top[1] + far[1] * np.linspace(0, 1, 14) + 0.085 * np.linspace(0, 1, 14) ** 2.2,
                    ],
                    -1,
                ),
                (SNARE, HAT)[k % 2],
                0.56 + 0.05 * k,
            )
        )
    ground = _curve(lambda t: (0.15 * t, 0.19 + 0.012 * np.sin(5 * t)), -1, 1)
    return [Tube(trunk, VOICE, 0.72), *leaves, Tube(ground, KICK, 0.62)]
