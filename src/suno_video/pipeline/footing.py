"""What plays each scene at a moment: its own backend, a take that is there, or a stand-in and why."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from suno_video.assemble.cutlist import footage_span
from suno_video.assemble.plan import Finish
from suno_video.backends.base import AudioSpan, Capabilities, ClipRequest
from suno_video.core.music import music_curves
from suno_video.core.storyboard import Scene, Storyboard
from suno_video.direct.continuity import prompt_with_state, references_with_state
from suno_video.pipeline.enlarging import Enlarging
from suno_video.pipeline.options import EMBEDDED, PlannedFilm
from suno_video.project.fingerprint import part_prints
from suno_video.project.takes import Take, TakeMarks, take_seed
from suno_video.project.workspace import Project
from suno_video.render.orders import ClipOrder, Wish, clip_order, footage_of, legal_clip, make_wish, still_request

STILL_MOVER = "parallax"
"""Plays a scene whose still is there and whose clip is not."""
NOT_YET = "its footage is not there yet"
CHAINED = part_prints({"chain": True})
"""Stands in what a chained clip is made from, besides the picture that it begins with."""


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
    kept: set[str] = field(default_factory=set)
    """Scenes whose clip a person keeps, whatever has changed."""
    stays: set[str] = field(default_factory=set)
    """Chained scenes whose clip was bought and stays, although the clip before it is another one now, or will be."""

    def is_settled(self, scene: str) -> bool:
        """Whether the clip of a scene stays, whatever becomes of the one before it."""
        return scene in self.kept or scene in self.stays


def with_marks(storyboard: Storyboard, marks: TakeMarks) -> Storyboard:
    """Give each scene the seed of the take that is to play."""
    scenes = tuple(
        scene.model_copy(update={"seed": take_seed(scene.seed, marks.of(scene.id).current)})
        for scene in storyboard.scenes
    )
    return storyboard.model_copy(update={"scenes": scenes})


def _show_whole(clip: Take, number: int) -> Path:
    """Where nothing is made, no picture has to be cut out of a clip: it is known by the clip and its number."""
    return clip.path


class Stage:
    """The film that is being made: storyboard, music and backends, and the orders that follow from them.

    Args:
        cut_out: Gives one frame of a clip as a picture.
    """

    def __init__(
        self,
        plan: PlannedFilm,
        project: Project,
        backends: Mapping[str, Any],
        marks: TakeMarks,
        cut_out: Callable[[Take, int], Path] = _show_whole,
        *,
        deflicker: bool = True,
        enlarging: Enlarging | None = None,
        finish: Finish = Finish(),  # noqa: B008 - frozen
    ) -> None:
        self.board = with_marks(plan.storyboard, marks)
        # Of stills and clips: where the seed is locked, takes of a scene still differ from each other.
        self._seeds = {
            scene.id: take_seed(plan.storyboard.first_seed(scene), marks.of(scene.id).current)
            for scene in plan.storyboard.scenes
        }
        self.state = plan.state
        self._given, self._folder = plan.references, project.references
        self._song = (plan.song_path or project.root.absolute().parent / plan.song.file_name).absolute()
        self._song_sha256 = plan.song.sha256
        self._cut_out = cut_out
        self.backends = backends
        self.enlarging = enlarging
        self.finish = finish
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
            if self.enlarging is not None:
                footage = self.enlarging.footage(clip, footage)
            return ClipOrder(scene, scene.video_backend, order.request, span[0], footage)
        if scene.id not in footing.missing:
            return order
        mover = STILL_MOVER if still is not None and STILL_MOVER in self.backends else EMBEDDED
        return order.from_backend(mover, footing.missing[scene.id].reason)

    def references(self, scene: Scene) -> tuple[Path, ...]:
        """What a model is shown: who is seen in the scene, then what is seen in all of them."""
        names = dict.fromkeys((*references_with_state(scene, self.state), *self.board.references))
        return tuple(self._given.get(name, self._folder / name) for name in names)

    def still_wishes(self) -> Iterator[Wish]:
        """The stills that the storyboard asks for."""
        for scene in self.board.scenes:
            if scene.still_backend is not None:
                backend = self.backends[scene.still_backend]
                request = still_request(self.board, scene, backend.capabilities, self.references(scene))
                request = replace(request, seed=self._seeds[scene.id], prompt=self._prompt(scene))
                yield make_wish("still", request, scene.still_backend, backend.version, backend.capabilities)

    def clip_wishes(self, footing: Footing) -> Iterator[Wish]:
        """The clips that the storyboard asks for as files; stills that are there begin them.

        Looks into the footing for each scene in its turn, so that a clip which is put there meanwhile counts for the
        next one of a chain.
        """
        unsure: set[str] = set()
        for scene in self.board.scenes:
            if self.makes_files(scene):
                wish = self.clip_wish(scene, footing, unsure)
                if wish.follows and not footing.is_settled(scene.id):
                    unsure.add(scene.id)
                yield wish

    def clip_wish(self, scene: Scene, footing: Footing, unsure: Container[str] = ()) -> Wish:
        """The clip that the storyboard asks for in one scene.

        Args:
            unsure: Scenes whose clip may still become another one.
        """
        backend = self.backends[scene.video_backend]
        request = self.order(scene, Footing(stills=footing.stills)).request
        start, stop = footage_span(self.board, scene)
        fps = self.board.fps
        audio = AudioSpan(self._song, start / fps, (stop - start) / fps)
        following = self.board.after(scene) if scene.end_on_next else None
        ending = footing.stills.get(following.id) if following is not None else None
        request = replace(
            request,
            seed=self._seeds[scene.id],
            prompt=self._prompt(scene),
            references=self.references(scene),
            audio=audio,
            last_frame=ending.path if ending is not None else None,
        )
        known_by: dict[str, Any] = {}
        before, follows = self._goes_on_from(scene, footing, unsure)
        if before is not None:
            number = self._last_shown(before.receipt.scene, before)
            known_by["first_frame"] = {"clip": before.receipt.sha256, "frame": number}
            request = replace(request, first_frame=self._cut_out(before, number))
        legal: ClipRequest = legal_clip(request, backend.capabilities)
        if legal.audio is not None:
            # Not by the file's content: another tag in it is no other sound, and the project has the song's hash.
            known_by["audio"] = (self._song_sha256, legal.audio.start_s, legal.audio.duration_s)
        wish = make_wish(
            "clip",
            legal,
            scene.video_backend,
            backend.version,
            backend.capabilities,
            known_by=known_by,
            follows=follows,
        )
        # Only written down: what is in the picture is the same, whether it was meant to go on from something or not.
        return replace(wish, made_from={**wish.made_from, **CHAINED}) if self.goes_on(scene) else wish

    def goes_on(self, scene: Scene) -> bool:
        """Whether a scene's clip is to begin where the clip before it ends."""
        accepts = self.backends[scene.video_backend].capabilities.accepts
        return scene.chain and self.board.before(scene) is not None and "first_frame" in accepts

    def _prompt(self, scene: Scene) -> str:
        """What a model is told: the scene, and what is remembered of who and where."""
        return prompt_with_state(scene, self.state, self.board.treatment)

    def _goes_on_from(self, scene: Scene, footing: Footing, unsure: Container[str]) -> tuple[Take | None, str]:
        """Give the clip that a chained scene goes on from, or the scene whose clip it has to wait for."""
        before = self.board.before(scene)
        if before is None or not self.goes_on(scene):
            return None, ""
        missing = footing.missing.get(before.id)
        if self.makes_files(before) and before.id in unsure:
            return None, before.id
        if before.id in footing.clips:
            return footing.clips[before.id], ""
        waits = self.makes_files(before) and (missing is None or not missing.kind)
        return None, before.id if waits else ""

    def _last_shown(self, name: str, clip: Take) -> int:
        """Number of the last frame that the film shows of a clip."""
        scene = self.scene(name)
        start, stop = footage_span(self.board, scene)
        footage = footage_of(clip, stop - start, self.board.fps)
        # To the nearest: the moment of the film's last frame lies within half a frame of the clip's.
        return min(round((stop - start - 1) * footage.fps / self.board.fps), footage.n_frames - 1)


def makes_files(backend: Any) -> bool:
    """Whether a backend makes files (stills are), instead of painting frames on demand."""
    capabilities: Capabilities = backend.capabilities
    return capabilities.footage == "file" or capabilities.makes == "still"
