"""Turns scenes into requests that any backend understands: the one place where a storyboard meets a backend's words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from suno_video.backends.base import ClipRequest
from suno_video.core.music import MusicCurves
from suno_video.core.storyboard import Scene, Storyboard


@dataclass(frozen=True)
class ClipOrder:
    """A request together with the backend that is to make it."""

    scene: Scene
    backend: str
    request: ClipRequest
    start_frame: int
    """Frame of the song's grid that the first frame of the footage is for."""

    def from_backend(self, name: str) -> ClipOrder:
        """The same order, given to another backend."""
        return replace(self, backend=name)


def clip_order(
    storyboard: Storyboard,
    scene: Scene,
    music: MusicCurves,
    span: tuple[int, int],
    *,
    cover: Path | None = None,
    still: Path | None = None,
) -> ClipOrder:
    """Order the footage of one scene.

    Args:
        music: Of the whole film, from its first frame on.
        span: Frames start..stop of the song's grid that the footage covers: the scene and its handles.
        cover: The song's cover picture.
        still: The scene's still, once an image backend has made it.
    """
    start, stop = span
    request = ClipRequest(
        scene=scene.id,
        prompt=scene.prompt,
        negative_prompt=scene.negative_prompt,
        seed=scene.seed,
        size=storyboard.size,
        fps=storyboard.fps,
        n_frames=stop - start,
        family=scene.family,
        params=dict(scene.params),
        palette=scene.palette,
        grade=storyboard.treatment.grade,
        motion=scene.motion,
        growth=scene.growth,
        energy=scene.energy,
        music=music.span(start - storyboard.first_frame, stop - storyboard.first_frame),
        first_frame=still,
        cover=cover,
    )
    return ClipOrder(scene=scene, backend=scene.video_backend, request=request, start_frame=start)
