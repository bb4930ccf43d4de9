"""The footage of one request: paints frames on demand, the same ones each time."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from suno_video.backends.base import ClipRequest, FailureKind, MakeFailed
from suno_video.backends.procedural.camera import CameraPath
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.dance import Dance
from suno_video.backends.procedural.families import load_scene
from suno_video.backends.procedural.families.scene import Scene, Shot
from suno_video.backends.procedural.plugins import AllFamilies, SceneFault, find_plugins, told
from suno_video.core.color import linear_palette
from suno_video.core.frames import I420


class ProceduralStream:
    """Frames of one clip. Each call of `frames` paints on buffers of its own, so calls do not disturb each other."""

    def __init__(self, request: ClipRequest) -> None:
        self._request: ClipRequest | None = request
        self.n_frames = request.n_frames
        self._dance = Dance(request.music, request.fps, lurch=0.25 + 0.5 * request.motion.on_beat)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[I420]:
        """Paint frames start..stop; the yielded array is reused for the next frame.

        Raises:
            MakeFailed: A scene of somebody else went wrong; file and line are named.
        """
        request = self._request
        if request is None:
            return
        plugin = find_plugins().get(request.family)
        if plugin is None:
            yield from self._paint(request, start, stop)
            return
        try:
            yield from self._paint(request, start, stop)
        except SceneFault as exc:
            raise MakeFailed(FailureKind.BAD_INPUT, f"scene {request.family}: {exc}") from exc
        except (MakeFailed, MemoryError):
            raise
        except Exception as exc:  # code of somebody else fails in any way; GeneratorExit is none
            raise MakeFailed(FailureKind.BUG, f"scene {request.family} failed at {told(exc, plugin)}") from exc

    def _paint(self, request: ClipRequest, start: int, stop: int | None) -> Iterator[I420]:
        stop = self.n_frames if stop is None else min(stop, self.n_frames)
        if start >= stop:
            return
        # A frame is painted by one thread: shots run side by side, and a pool inside would fight the encoder.
        cv2.setNumThreads(1)
        scene, path = set_the_stage(request)
        for frame in range(stop):
            step = self._dance.at(frame)
            scene.advance(step)
            if frame >= start:
                scene.paint(step, path.at(step))
                picture = scene.develop(frame)
                scene.overprint(picture, step, path.at(step))
                yield picture

    def close(self) -> None:
        """Let go of the request; buffers go with the last running `frames`."""
        self._request = None


def set_the_stage(request: ClipRequest) -> tuple[Scene, CameraPath]:
    """The painter of a request with a canvas of its own, and the way of its camera."""
    painter = load_scene(request.family)
    palette = np.ascontiguousarray(linear_palette(request.palette))
    canvas = Canvas(request.size, request.grade, palette, request.seed & 0xFFFFFFFF, painter.AREA_PX, painter.QUARTER)
    shot = Shot(
        palette=palette,
        rng=np.random.default_rng(request.seed),
        params=AllFamilies()[request.family].settings(request.params),
        growth=request.growth,
        energy=request.energy,
        fps=request.fps,
        cover=request.cover,
    )
    path = CameraPath(request.motion, np.random.default_rng([request.seed, 1]))
    return painter(shot, canvas), path
