"""What plays each scene at a moment: its own backend, a take that is there, or a stand-in and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from suno_video.assemble.cutlist import footage_span
from suno_video.backends.base import Capabilities, ClipRequest
from suno_video.core.music import music_curves
from suno_video.core.storyboard import Scene, Storyboard
from suno_video.pipeline.options import EMBEDDED, PlannedFilm
from suno_video.project.takes import Take, TakeMarks, take_seed
from suno_video.project.workspace import Project
from suno_video.render.orders import ClipOrder, Wish, clip_order, footage_of, legal_clip, make_wish, still_request

STILL_MOVER = "parallax"
"""Plays a scene whose still is there and whose clip is not."""
NOT_YET = "its footage is not there yet"


@dataclass(frozen=True)
class StandIn:
    """Why a scene is not played by the backend that it asks for."""

    reason: str
    kind: str = ""
    """A `FailureKind`, `budget`, `held`; empty while its footage is still to be made."""


@dataclass
class Footing:
    """What there is for each scene, by scene id. Grows while a run makes footage."""

    stills: dict[str, Take] = field(default_factory=dict)
    clips: dict[str, Take] = field(default_factory=dict)
    missing: dict[str, StandIn] = field(default_factory=dict)
    """Scenes whose wanted footage is not there."""


def with_marks(storyboard: Storyboard, marks: TakeMarks) -> Storyboard:
    """Give each scene the seed of the take that is to play."""
    scenes = tuple(
        scene.model_copy(update={"seed": take_seed(scene.seed, marks.of(scene.id).current)})
        for scene in storyboard.scenes
    )
    return storyboard.model_copy(update={"scenes": scenes})


class Stage:
    """The film that is being made: storyboard, music and backends, and the orders that follow from them."""

    def __init__(
        self,
        plan: PlannedFilm,
        project: Project,
        backends: Mapping[str, Any],
        marks: TakeMarks,
        *,
        deflicker: bool = True,
    ) -> None:
        self.board = with_marks(plan.storyboard, marks)
        self.backends = backends
        self._deflicker = deflicker
        self._music = music_curves(plan.analysis, self.board.first_frame, self.board.n_frames)
        self._cover = project.root / plan.song.cover if plan.song.cover else None

    def scene(self, name: str) -> Scene:
        """Give a scene by its id."""
        return next(scene for scene in self.board.scenes if scene.id == name)

    def makes_files(self, scene: Scene) -> bool:
        """Whether the scene's backend makes a file once, instead of painting on demand."""
        return makes_files(self.backends[scene.video_backend])

    def order(self, scene: Scene, footing: Footing) -> ClipOrder:
        """Say what plays a scene now."""
        still = footing.stills.get(scene.id)
        span = footage_span(self.board, scene)
        order = clip_order(
            self.board, scene, self._music, span, cover=self._cover, still=still.path if still is not None else None
        )
        clip = footing.clips.get(scene.id)
        if clip is not None:
            footage = footage_of(clip, span[1] - span[0], self.board.fps, deflicker=self._deflicker)
            return ClipOrder(scene, scene.video_backend, order.request, span[0], footage)
        if scene.id not in footing.missing:
            return order
        mover = STILL_MOVER if still is not None and STILL_MOVER in self.backends else EMBEDDED
        return order.from_backend(mover, footing.missing[scene.id].reason)

    def still_wishes(self) -> Iterator[Wish]:
        """The stills that the storyboard asks for."""
        for scene in self.board.scenes:
            if scene.still_backend is not None:
                backend = self.backends[scene.still_backend]
                request = still_request(self.board, scene, backend.capabilities)
                yield make_wish("still", request, scene.still_backend, backend.version, backend.capabilities)

    def clip_wishes(self, footing: Footing) -> Iterator[Wish]:
        """The clips that the storyboard asks for as files; stills that are there begin them."""
        bare = Footing(stills=footing.stills)
        for scene in self.board.scenes:
            if self.makes_files(scene):
                backend = self.backends[scene.video_backend]
                request: ClipRequest = legal_clip(self.order(scene, bare).request, backend.capabilities)
                yield make_wish("clip", request, scene.video_backend, backend.version, backend.capabilities)


def makes_files(backend: Any) -> bool:
    """Whether a backend makes files (stills are), instead of painting frames on demand."""
    capabilities: Capabilities = backend.capabilities
    return capabilities.footage == "file" or capabilities.makes == "still"
