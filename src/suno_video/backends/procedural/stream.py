"""The footage of one request: paints frames on demand, the same ones each time."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from suno_video.backends.base import ClipRequest, FailureKind, MakeFailed
from suno_video.backends.procedural.camera import CameraPath
from suno_video.backends.procedural.canvas import Canvas
from suno_video.backends.procedural.catalog import FAMILIES
from suno_video.backends.procedural.dance import Dance
from suno_video.backends.procedural.families import load_scene
from suno_video.backends.procedural.families.scene import Scene, Shot
from suno_video.backends.procedural.plugins import AllFamilies, Plugin, SceneFault, find_plugins, told
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
        plugin = None if request.family in FAMILIES else find_plugins().get(request.family)
        if plugin is None:
            yield from self._paint(request, start, stop)
            return
        try:
            yield from self._paint(request, start, stop, plugin)
        except SceneFault as exc:
            raise MakeFailed(FailureKind.BAD_INPUT, f"scene {request.family}: {exc}") from exc
        except (MakeFailed, MemoryError):
            raise
        except (Exception, SystemExit) as exc:  # code of somebody else fails in any way; GeneratorExit is none
            raise MakeFailed(FailureKind.BUG, f"scene {request.family} failed at {told(exc, plugin)}") from exc

    def _paint(
        self, request: ClipRequest, start: int, stop: int | None, plugin: Plugin | None = None
    ) -> Iterator[I420]:
        stop = self.n_frames if stop is None else min(stop, self.n_frames)
        if start >= stop:
            return
        # A frame is painted by one thread: shots run side by side, and a pool inside would fight the encoder.
        cv2.setNumThreads(1)
        scene, path = set_the_stage(request)
        shape = scene.canvas.light.shape
        for frame in range(stop):
            step = self._dance.at(frame)
            scene.advance(step)
            if frame >= start:
                scene.paint(step, path.at(step))
                if plugin is not None:
                    _check_light(scene.canvas.light, shape, frame, plugin)
                    _check_rest(scene, frame, plugin)
                picture = scene.develop(frame)
                if plugin is not None and (picture.shape != request.size.i420_shape or picture.dtype != np.uint8):
                    raise SceneFault(f"{plugin.source}: develop() gives {picture.dtype} of shape {picture.shape}")
                scene.overprint(picture, step, path.at(step))
                yield picture

    def close(self) -> None:
        """Let go of the request; buffers go with the last running `frames`."""
        self._request = None


def _check_light(light: object, shape: tuple[int, ...], frame: int, plugin: Plugin) -> None:
    """Look at what somebody else painted before it is developed. Raises `SceneFault`."""
    if not isinstance(light, np.ndarray) or light.shape != shape or light.dtype != np.float32:
        is_now = f"{light.dtype} of shape {light.shape}" if isinstance(light, np.ndarray) else type(light).__name__
        raise SceneFault(
            f"{plugin.source}: paint() made canvas.light {is_now}; it has to stay float32 of shape {shape}. "
            "Paint into it: canvas.light[:] = ..."
        )
    if not np.isfinite(light).all():
        n = int(light.size - np.isfinite(light).sum())
        raise SceneFault(f"{plugin.source}: paint() left {n} numbers of frame {frame} that are no numbers or infinite")


def _check_rest(scene: Scene, frame: int, plugin: Plugin) -> None:
    """Look at what else would make a frame black. Raises `SceneFault`."""
    if not np.isfinite(scene.exposure):
        raise SceneFault(f"{plugin.source}: self.exposure is {scene.exposure} in frame {frame}")
    canvas = scene.canvas
    if (canvas.marked & 2).any() and not np.isfinite(canvas.figures).all():
        raise SceneFault(f"{plugin.source}: a figure of frame {frame} has a place or radius that is no number")


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
