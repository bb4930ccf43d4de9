"""Turns scenes into requests that any backend understands: the one place where a storyboard meets a backend's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from suno_video.backends.base import Capabilities, ClipRequest, FileFootage, StillRequest
from suno_video.core.frames import FrameSize
from suno_video.core.music import MusicCurves
from suno_video.core.storyboard import Scene, Storyboard
from suno_video.project.fingerprint import fingerprint, part_prints
from suno_video.project.takes import Take, TakeKind

_NOT_IN_A_PICTURE = frozenset({"scene"})


@dataclass(frozen=True)
class ClipOrder:
    """A request together with the backend that is to make it."""

    scene: Scene
    backend: str
    request: ClipRequest
    start_frame: int
    """Frame of the song's grid that the first frame of the footage is for."""
    take: FileFootage | None = None
    """Footage that is there already; nothing has to be made then."""
    stand_in_reason: str = ""
    """Why `backend` plays the scene for another one; empty when it was asked for."""

    def from_backend(self, name: str, reason: str = "") -> ClipOrder:
        """The same order, given to another backend."""
        return replace(self, backend=name, take=None, stand_in_reason=reason or self.stand_in_reason)


@dataclass(frozen=True, eq=False)
class Wish:
    """A still or clip that is wanted as a file: made once, and kept."""

    scene: str
    kind: TakeKind
    backend: str
    request: StillRequest | ClipRequest
    """Legal for the backend."""
    fingerprint: str
    made_from: Mapping[str, str] = field(default_factory=dict)
    worth: int = 0
    """Place in the order of making: 0 first."""


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


def still_request(storyboard: Storyboard, scene: Scene, capabilities: Capabilities) -> StillRequest:
    """Order the still of one scene, in a size that the backend can make."""
    return StillRequest(
        scene=scene.id,
        prompt=scene.prompt,
        negative_prompt=scene.negative_prompt,
        seed=scene.seed,
        size=legal_size(storyboard.size, capabilities),
    )


def legal_clip(request: ClipRequest, capabilities: Capabilities) -> ClipRequest:
    """Snap a request to what a backend can make: the next longer legal length (or its longest), the nearest size."""
    n_frames = legal_length(request.n_frames, capabilities)
    size = legal_size(request.size, capabilities)
    return replace(request, n_frames=n_frames, size=size, music=request.music.first(n_frames))


def legal_length(n_frames: int, capabilities: Capabilities) -> int:
    """The next longer legal length in frames, or the longest there is."""
    if capabilities.n_frames is None:
        return n_frames
    return min((n for n in capabilities.n_frames if n >= n_frames), default=max(capabilities.n_frames))


def legal_size(size: FrameSize, capabilities: Capabilities, scale: Fraction = Fraction(1)) -> FrameSize:
    """The nearest legal size of about the same shape.

    Args:
        scale: Below 1 for less than the film's own size.
    """
    step = max(2, capabilities.size_multiple)
    longest = max(size.width_px, size.height_px)
    limit = Fraction(capabilities.max_side_px or longest, longest)
    factor = min(scale, limit)
    # A limit is kept by rounding down, a wish by rounding to the nearest.
    sides = [max(step, round(side * factor / step) * step) for side in (size.width_px, size.height_px)]
    if capabilities.max_side_px is not None:
        sides = [min(side, capabilities.max_side_px // step * step) for side in sides]
    return FrameSize(width_px=sides[0], height_px=sides[1])


def make_wish(
    kind: TakeKind, request: StillRequest | ClipRequest, backend: str, version: str, capabilities: Capabilities
) -> Wish:
    """Describe what is wanted, with the fingerprint by which it is found again."""
    read = capabilities.reads or frozenset(field.name for field in fields(request))
    parts = {name: getattr(request, name) for name in sorted(read - _NOT_IN_A_PICTURE) if hasattr(request, name)}
    parts |= {"backend": backend, "backend version": version}
    whole = fingerprint(kind, parts)
    return Wish(request.scene, kind, backend, request, whole, part_prints(parts))


def footage_of(take: Take, n_frames: int, fps: int) -> FileFootage:
    """Give a take as footage for `n_frames` frames at `fps`. One that is too short is played slower, to the end."""
    receipt = take.receipt
    # The last frame that is asked for is (n_frames - 1) / fps seconds in, and must lie within the file.
    longest_fps = Fraction(receipt.n_frames * fps, n_frames)
    return FileFootage(
        path=take.path,
        n_frames=receipt.n_frames,
        fps=min(receipt.fps, float(longest_fps)),
        size=FrameSize(width_px=receipt.width_px, height_px=receipt.height_px),
        cost_usd=Decimal(receipt.cost_usd),
    )
