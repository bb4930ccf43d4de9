"""Paints a clip frame by frame from a prepared picture. Each call of `frames` has its own buffers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from suno_video.backends.base import ClipRequest
from suno_video.backends.parallax.attention import limit_slope
from suno_video.backends.parallax.camera import Room, plan_path
from suno_video.backends.parallax.finish import finish_colour, finish_light, lay_leak
from suno_video.backends.parallax.grounds import CardGround, CoverGround, Ground
from suno_video.backends.parallax.light import Dust, Leak, Leaks, make_grain, vignette
from suno_video.backends.parallax.place import plan_place
from suno_video.backends.parallax.sets import CoverSet, PictureSet
from suno_video.backends.parallax.textures import Plane, tint_of
from suno_video.backends.parallax.views import Cells
from suno_video.core.frames import I420, planes
from suno_video.core.music import MusicFrame

STRIP_PX = 96
"""Rows painted at once: few enough that all planes of a strip stay in the processor's cache."""
MAX_STRETCH = 0.16
"""How much depth may stretch the picture anywhere; more begins to look like rubber."""
BEAT_LIFT = 0.07
"""How much brighter a beat is when `Motion.on_beat` is 1."""
_GRAIN_PLAY_PX = 64


class ParallaxStream:
    """A `FrameStream`: a pure function of the frame number, whoever asks and from wherever."""

    def __init__(self, request: ClipRequest, picture: PictureSet) -> None:
        self._request = request
        self._picture: PictureSet | None = picture
        size, cover = request.size, isinstance(picture, CoverSet)
        path = plan_path(request.motion, request.music, request.fps, request.seed, request.energy)
        share = picture.depth_share if isinstance(picture, CoverSet) else 1.0
        room, focus = (picture.room, picture.focus) if isinstance(picture, CoverSet) else (Room(), (0.0, 0.0))
        self._path = path.towards(*focus).within(room, size.aspect)
        self._depth = limit_slope(picture.depth, MAX_STRETCH / max(1e-4, path.max_shear * share))
        self._cells = Cells.over(size)
        amount = request.grade.vignette * (1.0 if cover else 0.6)
        self._vignette = vignette(self._cells.columns, self._cells.rows, amount)
        self._dust, self._leak = Dust(size, request.seed), Leak(size, request.seed)
        self._tint = tint_of(request.palette[3])
        sigma = 0.35 + 2.9 * request.grade.grain
        self._grain = make_grain(sigma, request.seed, STRIP_PX + _GRAIN_PLAY_PX, size.width_px + _GRAIN_PLAY_PX)

    @property
    def n_frames(self) -> int:
        """How many frames there are."""
        return self._request.n_frames

    def close(self) -> None:
        """Let go of the picture."""
        self._picture = None

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[I420]:
        """Paint frames start..stop. The yielded array is used again for the next frame."""
        picture = self._picture
        if picture is None:
            raise ValueError("the stream is closed")
        ground: Ground
        if isinstance(picture, CoverSet):
            ground = CoverGround(picture, self._path, self._depth, self._request.size, self._cells)
        else:
            request = self._request
            card = picture.width, picture.height
            place = plan_place(request.params, self.n_frames, request.fps, request.size.aspect, card)
            ground = CardGround(picture, self._path, self._depth, request.size, self._cells, place)
        out = np.empty(self._request.size.i420_shape, dtype=np.uint8)
        canvas = self._dust.new_canvas()
        for frame in range(start, self.n_frames if stop is None else min(stop, self.n_frames)):
            self._paint(frame, ground, canvas, out)
            yield out

    def _paint(self, frame: int, ground: Ground, canvas: Plane, out: I420) -> None:
        request = self._request
        music = request.music.at(frame)
        # 1. Turn the camera; a beat lifts the light a little.
        ground.look(frame, self._vignette * np.float32(1 + BEAT_LIFT * request.motion.on_beat * music.beat))
        # 2. The light between the picture and us, at half resolution.
        leaks = self._shine(frame, music, canvas)
        pad = self._dust.pad
        shine = canvas[pad - 1 : 1 - pad, pad - 1 : 1 - pad]
        # 3. Strip by strip: picture, light over it, grain.
        y, u, v = planes(out)
        shifts = np.random.default_rng([request.seed, frame]).integers(0, _GRAIN_PLAY_PX, (request.size.height_px, 2))
        for number, row in enumerate(range(0, request.size.height_px, STRIP_PX)):
            n_rows = min(STRIP_PX, request.size.height_px - row)
            strip, half = ground.strip(row, n_rows), slice(row // 2, (row + n_rows) // 2)
            grain = self._grain[shifts[number, 0] :, shifts[number, 1] :]
            finish_light(strip.y, shine, grain, y[row : row + n_rows], row)
            for plane, tint, target in zip((strip.u, strip.v), self._tint, (u, v), strict=True):
                finish_colour(plane, shine, leaks.down, leaks.across, target[half], row // 2, np.float32(tint))

    def _shine(self, frame: int, music: MusicFrame, canvas: Plane) -> Leaks:
        """Paint leaks and dust into the canvas; give the leaks, which are what has colour."""
        pad, size = self._dust.pad, self._request.size
        leaks = self._leak.shine(music, self._request.motion.on_beat)
        canvas.fill(0)
        lay_leak(canvas[pad : pad + size.height_px // 2, pad : pad + size.width_px // 2], leaks.down, leaks.across)
        self._dust.paint(canvas, music, float(self._path.x[frame]), float(self._path.y[frame]))
        return leaks
