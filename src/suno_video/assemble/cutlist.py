"""The cut list: a storyboard as the pieces that are encoded one by one and spliced without encoding again.

A piece is the body of one scene, or a join in which two scenes are seen at once (dissolve, wipe). All other
transitions are burned into the bodies on their two sides, so that a changed scene costs one body and its short joins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from suno_video.core.errors import UsageError
from suno_video.core.storyboard import SHOWS_BOTH, Scene, Storyboard, TransitionKind

PieceKind: TypeAlias = Literal["scene", "join"]


@dataclass(frozen=True)
class Crossing:
    """One transition on the song's frame grid: it lies half before and half after its cut."""

    kind: TransitionKind
    cut_frame: int
    n_frames: int
    seed: int
    """Taken from its place in the film and not from a scene, so that a new scene leaves its neighbours alone."""

    @property
    def start_frame(self) -> int:
        """First frame that it touches."""
        return self.cut_frame - self.n_frames // 2

    @property
    def end_frame(self) -> int:
        """The frame after the last one that it touches."""
        return self.cut_frame + self.n_frames // 2

    def phase_at(self, frame: int) -> float:
        """How far it has gone at the middle of a frame, 0..1; 0.5 is the cut."""
        return (frame - self.start_frame + 0.5) / self.n_frames


@dataclass(frozen=True)
class Piece:
    """One file of the film: frames `start_frame` .. `end_frame` of the song's grid."""

    name: str
    kind: PieceKind
    start_frame: int
    end_frame: int
    scenes: tuple[str, ...]
    """Ids of the scenes that are seen: one, or two in a join."""
    crossings: tuple[Crossing, ...] = ()
    """A join: its one. A scene: those whose halves are burned into it (0 to 2)."""

    @property
    def n_frames(self) -> int:
        """Length in frames."""
        return self.end_frame - self.start_frame


def plan_pieces(storyboard: Storyboard) -> tuple[Piece, ...]:
    """Cut a film into pieces. They tile it in order, without gap or overlap."""
    pieces: list[Piece] = []
    scenes = storyboard.scenes
    crossings = [_crossing(storyboard, scene) for scene in scenes]
    for number, scene in enumerate(scenes):
        entry = crossings[number]
        leave = crossings[number + 1] if number + 1 < len(scenes) else None
        if entry is not None and _is_join(entry):
            pieces.append(
                Piece(
                    f"{scenes[number - 1].id}-{scene.id}",
                    "join",
                    entry.start_frame,
                    entry.end_frame,
                    (scenes[number - 1].id, scene.id),
                    (entry,),
                )
            )
        start = entry.end_frame if entry is not None and _is_join(entry) else scene.start_frame
        stop = leave.start_frame if leave is not None and _is_join(leave) else scene.end_frame
        burned = tuple(c for c in (entry, leave) if c is not None and not _is_join(c))
        pieces.append(Piece(scene.id, "scene", start, stop, (scene.id,), burned))
    return tuple(pieces)


def footage_span(storyboard: Storyboard, scene: Scene) -> tuple[int, int]:
    """Give the frames start..stop of the song's grid that a scene has to deliver: itself and its half of each join.

    Raises:
        UsageError: The scene is not in the storyboard.
    """
    if scene not in storyboard.scenes:
        raise UsageError(f"Scene {scene.id} is not in the storyboard.", "Take a scene of the same storyboard.")
    number = storyboard.scenes.index(scene)
    entry = _crossing(storyboard, scene)
    leave = _crossing(storyboard, storyboard.scenes[number + 1]) if number + 1 < len(storyboard.scenes) else None
    start = entry.start_frame if entry is not None and _is_join(entry) else scene.start_frame
    stop = leave.end_frame if leave is not None and _is_join(leave) else scene.end_frame
    return start, stop


def _is_join(crossing: Crossing) -> bool:
    return crossing.kind in SHOWS_BOTH


def _crossing(storyboard: Storyboard, scene: Scene) -> Crossing | None:
    """The transition into a scene; None for a cut. Into the first scene there is only its second half."""
    if scene.transition.kind == "cut":
        return None
    seed = (storyboard.seed * 1_000_003 + scene.start_frame) % (1 << 32)
    return Crossing(scene.transition.kind, scene.start_frame, scene.transition.n_frames, seed)
