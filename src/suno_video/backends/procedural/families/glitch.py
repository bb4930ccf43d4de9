"""Glitch: the cover as a broken signal; bands slip sideways, colours part, and blocks are dragged along."""

from __future__ import annotations

import math

import cv2
import numpy as np

from suno_video.backends.procedural.camera import Camera
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Step
from suno_video.backends.procedural.families.scene import Scene, Shot, numbers
from suno_video.backends.procedural.jit import kernel
from suno_video.backends.procedural.mathf import Floats, clamp01, shade
from suno_video.backends.procedural.picture import load_picture
from suno_video.backends.procedural.poster import lay_out, undeveloped

_BLOCK_PX = 16


@kernel
def _drag_blocks(out: Floats, old: Floats, clean: Floats, motion: Floats, heal: Floats, block: int) -> None:
    """Blocks copy from where they are dragged from in the frame before, and turn back to the clean picture."""
    h, w = out.shape[1], out.shape[2]
    for j in range(h):
        bj = j // block
        for bi in range(heal.shape[1]):
            first, last = bi * block, min((bi + 1) * block, w)
            share = heal[bj, bi]
            dx, dy = np.int64(motion[0, bj, bi]), np.int64(motion[1, bj, bi])
            y = min(max(j + dy, 0), h - 1)
            for c in range(3):
                row, source, fresh = out[c, j], old[c, y], clean[c, j]
                if share > 0.995:
                    for i in range(first, last):
                        row[i] = fresh[i]
                else:
                    for i in range(first, last):
                        was = source[min(max(i + dx, 0), w - 1)]
                        row[i] = was + (fresh[i] - was) * share


@kernel
def _send(light: Floats, picture: Floats, slips: Floats, palette: Floats, p: Floats) -> None:
    """Send the picture line by line: each may slip, and its three colours slip apart."""
    parting, hum, lines, flash, clock = p[0], p[1], p[2], p[3], p[4]
    h, w = light.shape[1], light.shape[2]
    for j in range(h):
        slip, torn = slips[j, 0], slips[j, 1]
        bright = 1.0 + torn * 0.35
        scan = 1.0 - lines * np.float32(j & 1)
        roll = (np.float32(j) / np.float32(h) + clock * 0.07) % 1.0
        bar = 1.0 + hum * clamp01(1.0 - abs(roll - 0.5) * 9.0)
        gain = scan * bar * bright
        for c in range(3):
            shift = slip + (np.float32(c) - 1.0) * (parting + 0.7 * torn * parting)
            whole = np.floor(shift)
            t = shift - whole
            s = np.int64(whole)
            row, source = light[c, j], picture[c, j]
            glow = shade(palette, 0.72, c) * flash * torn
            for i in range(w):
                a = min(max(i + s, 0), w - 1)
                b = min(max(i + s + 1, 0), w - 1)
                row[i] = (source[a] + (source[b] - source[a]) * t) * gain + glow


class Glitch(Scene):
    """The snare tears bands, the kick parts the colours, the hat dots the lines, a drop breaks the whole picture."""

    def __init__(self, shot: Shot, canvas: Canvas) -> None:
        super().__init__(shot, canvas)
        rng = shot.rng
        self._rng = rng
        picture, _ = load_picture(shot.cover, shot.palette, rng, 720)
        _, h, w = canvas.light.shape
        laid = lay_out(picture, round(w * 1.3), round(h * 1.3), float(rng.choice([0.0, 0.55, 1.0])))
        self._picture = undeveloped(laid) / np.float32(canvas.evening)
        self._clean = np.empty((3, h, w), np.float32)
        self._old, self._shown = np.zeros((2, 3, h, w), np.float32)
        rows, columns = math.ceil(h / _BLOCK_PX), math.ceil(w / _BLOCK_PX)
        self._motion = np.zeros((2, rows, columns), np.float32)
        self._heal = np.ones((rows, columns), np.float32)
        self._slips = np.zeros((h, 2), np.float32)
        self._was_snare = 0.0
        self._phase = rng.uniform(0, 6.28, 4)
        self._is_fresh = True
        self._hit_seed = int(rng.integers(0, 2**31))
        self._hits = 0

    def advance(self, step: Step) -> None:
        """Break some blocks when the snare hits; all heal by and by."""
        snare = max(step.snare, 0.5 * step.onset, 0.45 * step.downbeat)
        if snare > self._was_snare + 0.2:
            self._hits += 1
            self._break(0.25 + 0.75 * snare + 2.0 * max(step.drop, 0.0))
        self._was_snare = snare
        rate = 0.03 + 0.09 * (1 - self.shot.params["smear"])
        self._heal += rate * (30 / self.shot.fps)
        np.minimum(self._heal, 1, out=self._heal)
        self._smear(step)

    def _break(self, strength: float) -> None:
        rows, columns = self._heal.shape
        rng = self._rng
        for _ in range(round((2 + 7 * self.shot.params["amount"]) * strength)):
            y, x = int(rng.integers(0, rows)), int(rng.integers(0, columns))
            tall, wide = int(rng.integers(1, max(2, rows // 5))), int(rng.integers(2, max(3, columns // 2)))
            part = np.s_[y : y + tall, x : x + wide]
            self._heal[part] = rng.uniform(0.0, 0.12)
            self._motion[0][part] = round(rng.normal(0, 3.0))
            self._motion[1][part] = round(rng.normal(0, 1.0))

    def _smear(self, step: Step) -> None:
        h, w = self._clean.shape[1:]
        _, ph, pw = self._picture.shape
        breath = 1.18 - 0.05 * step.bass - 0.16 * self.shot.growth - 0.03 * step.shot
        turn = 0.02 * math.sin(0.3 * step.clock + self._phase[0])
        matrix = cv2.getRotationMatrix2D((pw / 2, ph / 2), math.degrees(turn), 1.0)[:, :2] * (pw / w / 1.3 * breath)
        centre = np.array([pw / 2, ph / 2]) + 0.05 * pw * np.sin(0.23 * step.clock + self._phase[1:3])
        offset = centre - matrix @ np.array([w / 2, h / 2])
        full = np.column_stack([matrix, offset])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        for source, clean in zip(self._picture, self._clean, strict=True):
            cv2.warpAffine(source, full, (w, h), dst=clean, flags=flags, borderMode=cv2.BORDER_REFLECT)
        if self._is_fresh:
            self._old[:] = self._clean
            self._is_fresh = False
        heal = self._heal**1.5
        _drag_blocks(self._shown, self._old, self._clean, self._motion, heal, _BLOCK_PX)
        self._old, self._shown = self._shown, self._old

    def paint(self, step: Step, camera: Camera) -> None:
        """Send the picture through the bad line."""
        canvas, shot = self.canvas, self.shot
        h, w = canvas.light.shape[1:]
        self._slip(step, h, w)
        picture = self._old
        if camera.zoom != 1 or camera.x or camera.y or camera.roll:
            picture = self._seen(camera)
        amount = 0.4 + 1.2 * shot.params["amount"]
        settings = numbers(
            (0.0012 + 0.006 * max(step.kick, 0.6 * step.beat) * amount + 0.010 * max(step.drop, 0.0)) * w, 0.10,
            0.06 + 0.10 * step.hat, 0.30 * step.treble, step.clock,
        )  # fmt: skip
        _send(canvas.light, picture, self._slips, shot.palette, settings)
        self.exposure = 0.86 + 0.12 * step.energy + 0.08 * step.beat

    def _seen(self, camera: Camera) -> Floats:
        h, w = self._old.shape[1:]
        unit = min(w, h)
        c, s = math.cos(camera.roll) / camera.zoom, math.sin(camera.roll) / camera.zoom
        mx, my = w / 2 - 0.5, h / 2 - 0.5
        matrix = np.array([
            [c, -s, mx - c * mx + s * my + camera.x * unit], [s, c, my - s * mx - c * my + camera.y * unit],
        ])  # fmt: skip
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        for source, plane in zip(self._old, self._shown, strict=True):
            cv2.warpAffine(source, matrix, (w, h), dst=plane, flags=flags, borderMode=cv2.BORDER_REFLECT)
        return self._shown

    def _slip(self, step: Step, h: int, w: int) -> None:
        amount = 0.3 + 1.2 * self.shot.params["amount"]
        y = np.arange(h) / h
        sway = 0.0012 * w * np.sin(20 * y + 3 * step.clock) * (0.3 + step.bass)
        self._slips[:, 0] = sway
        self._slips[:, 1] = 0
        tear = max(step.snare, 0.35 * step.downbeat) + max(step.drop, 0.0)
        if tear < 0.02:
            return
        own = np.random.default_rng([self._hit_seed, self._hits])
        for _ in range(1 + round(5 * amount)):
            top, tall = own.uniform(0, 1), own.uniform(0.008, 0.09)
            band = (y >= top) & (y < top + tall)
            self._slips[band, 0] += own.normal(0, 0.07) * w * tear * amount
            self._slips[band, 1] = min(1.0, tear)


SCENE = Glitch
