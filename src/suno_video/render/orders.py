"""Turns scenes into requests that any backend understands: the one place where a storyboard meets a backend's words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from suno_video.backends.base import Capabilities, ClipRequest, FileFootage, StillRequest
from suno_video.core.frames import FrameSize
from suno_video.core.music import MusicCurves
from suno_video.core.storyboard import Scene, Storyboard
from suno_video.project.fingerprint import fingerprint, part_prints
from suno_video.project.takes import Take, TakeKind

_NOT_IN_A_PICTURE = frozenset({"scene"})
_NOTHING: Mapping[str, Any] = {}
_SAME_SHAPE = 0.05
"""Two shapes that differ by less than this part are one: what is cropped away is not missed."""

FLICKERS = 0.8
"""Levels by which the light of a clip trembles from frame to frame (`quality.flicker_of`) before it is steadied: about
what an eye sees on a whole picture. Footage without flicker has 0.3 and less."""


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
    follows: str = ""
    """Scene whose clip is made first because this one goes on from it. Until then it begins with its own still."""
    retake_of: str = ""
    """Fingerprint of the wish, where this one is made in the place of a take that a review found wanting."""


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


def still_request(
    storyboard: Storyboard, scene: Scene, capabilities: Capabilities, references: tuple[Path, ...] = ()
) -> StillRequest:
    """Order the still of one scene, in a size that the backend can make, with as many references as it takes."""
    return StillRequest(
        scene=scene.id,
        prompt=scene.prompt,
        negative_prompt=scene.negative_prompt,
        seed=scene.seed,
        size=legal_size(storyboard.size, capabilities),
        references=references[: capabilities.max_references],
    )


def legal_clip(request: ClipRequest, capabilities: Capabilities) -> ClipRequest:
    """Snap a request to what a backend can make: its rate, the next longer legal length (or its longest), a legal size.

    Pictures and sound that the backend takes no notice of are left out, so that no change in them makes anything again.
    """
    fps = capabilities.fps or request.fps
    n_frames = legal_length(frames_at(request.n_frames, request.fps, fps), fps, capabilities)
    size = legal_size(request.size, capabilities)
    music = request.music.at_rate(request.fps, fps, n_frames)
    accepts = capabilities.accepts
    audio = request.audio
    if audio is not None:
        audio = replace(audio, duration_s=n_frames / fps) if "audio" in accepts else None
    return replace(
        request,
        fps=fps,
        n_frames=n_frames,
        size=size,
        music=music,
        last_frame=request.last_frame if "last_frame" in accepts else None,
        references=request.references[: capabilities.max_references],
        audio=audio,
    )


def frames_at(n_frames: int, fps: int, other_fps: int) -> int:
    """How many frames at another rate show everything up to the moment at which the last frame is shown."""
    return ((n_frames - 1) * other_fps) // fps + 1


def legal_length(n_frames: int, fps: int, capabilities: Capabilities) -> int:
    """The next longer legal length in frames at `fps`, or the longest there is."""
    legal = capabilities.n_frames
    if legal is None and capabilities.seconds is not None:
        legal = tuple(max(1, round(seconds * fps)) for seconds in capabilities.seconds)
    if legal is None:
        return n_frames
    return min((n for n in legal if n >= n_frames), default=max(legal))


def longest_clip_s(capabilities: Capabilities, fps: int) -> float | None:
    """The longest clip that a backend makes in one piece; None when any length will do.

    Args:
        fps: Of the film, for a backend that makes any rate.
    """
    if capabilities.n_frames is not None:
        return max(capabilities.n_frames) / (capabilities.fps or fps)
    return max(capabilities.seconds) if capabilities.seconds else None


def legal_size(size: FrameSize, capabilities: Capabilities, scale: Fraction = Fraction(1)) -> FrameSize:
    """The nearest legal size of about the same shape.

    Args:
        scale: Below 1 for less than the film's own size.
    """
    if capabilities.sizes is not None:
        return _nearest_size(size, capabilities.sizes, scale)
    step = max(2, capabilities.size_multiple)
    longest = max(size.width_px, size.height_px)
    limits = [scale, Fraction(capabilities.max_side_px or longest, longest)]
    if capabilities.max_pixels is not None:
        limits.append(Fraction(math.sqrt(capabilities.max_pixels / (size.width_px * size.height_px))))
    factor = min(limits)
    # A limit is kept by rounding down, a wish by rounding to the nearest.
    sides = [max(step, round(side * factor / step) * step) for side in (size.width_px, size.height_px)]
    if capabilities.max_side_px is not None:
        sides = [min(side, capabilities.max_side_px // step * step) for side in sides]
    if capabilities.max_pixels is not None:
        while sides[0] * sides[1] > capabilities.max_pixels and max(sides) > step:
            longer = sides.index(max(sides))
            sides[longer] -= step
    return FrameSize(width_px=sides[0], height_px=sides[1])


def _nearest_size(size: FrameSize, legal: tuple[FrameSize, ...], scale: Fraction) -> FrameSize:
    """The legal size whose shape is nearest, and among those of about that shape whose height is."""

    def shape_off(other: FrameSize) -> float:
        return abs(math.log(other.aspect / size.aspect))

    about = min(map(shape_off, legal)) + _SAME_SHAPE
    wanted_px = size.height_px * float(scale)
    return min(
        (other for other in legal if shape_off(other) <= about),
        key=lambda other: abs(math.log(other.height_px / wanted_px)),
    )


def make_wish(
    kind: TakeKind,
    request: StillRequest | ClipRequest,
    backend: str,
    version: str,
    capabilities: Capabilities,
    *,
    known_by: Mapping[str, Any] = _NOTHING,
    follows: str = "",
) -> Wish:
    """Describe what is wanted, with the fingerprint by which it is found again.

    Args:
        known_by: For fields of the request, what tells one content from another better than the file that holds it.
        follows: See `Wish.follows`.
    """
    read = capabilities.reads or frozenset(field.name for field in fields(request))
    parts = {name: getattr(request, name) for name in sorted(read - _NOT_IN_A_PICTURE) if hasattr(request, name)}
    parts |= {name: value for name, value in known_by.items() if parts.get(name) is not None}
    parts |= {"backend": backend, "backend version": version}
    whole = fingerprint(kind, parts)
    return Wish(request.scene, kind, backend, request, whole, part_prints(parts), follows=follows)


def footage_of(take: Take, n_frames: int, fps: int, *, deflicker: bool = False) -> FileFootage:
    """Give a take as footage for `n_frames` frames at `fps`. One that is too short is played slower, to the end.

    Args:
        deflicker: Steady its light, where its receipt says that it flickers more than `FLICKERS`.
    """
    receipt = take.receipt
    # The last frame that is asked for is (n_frames - 1) / fps seconds in, and must lie within the file.
    longest_fps = Fraction(receipt.n_frames * fps, n_frames)
    return FileFootage(
        path=take.path,
        n_frames=receipt.n_frames,
        fps=min(receipt.fps, float(longest_fps)),
        size=FrameSize(width_px=receipt.width_px, height_px=receipt.height_px),
        cost_usd=Decimal(receipt.cost_usd),
        deflicker=deflicker and receipt.measured.get("flicker", 0.0) > FLICKERS,
    )
