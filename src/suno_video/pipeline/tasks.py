"""From a plan to the pieces that the render loop makes: what each is made from, and how."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from suno_video.assemble.conform import conform
from suno_video.assemble.cutlist import footage_span
from suno_video.assemble.plan import conform_plans
from suno_video.assemble.profile import EncoderProfile
from suno_video.backends.base import VideoBackend
from suno_video.backends.registry import backend_class
from suno_video.core.errors import UsageError
from suno_video.core.music import music_curves
from suno_video.core.storyboard import Storyboard
from suno_video.media.ffmpeg import ffmpeg_version
from suno_video.pipeline.options import EMBEDDED, PlannedFilm
from suno_video.project.fingerprint import fingerprint
from suno_video.project.workspace import Project
from suno_video.render.orders import ClipOrder, clip_order
from suno_video.render.pieces import PieceTask


def backends_of(storyboard: Storyboard) -> Mapping[str, VideoBackend]:
    """Make the backends that the scenes ask for, and the stand-in, by name; none is opened.

    Raises:
        UsageError: There is no such backend, or stills are asked for, which nothing makes yet.
        BackendUnavailableError: A backend cannot be imported.
    """
    painters = sorted({scene.still_backend for scene in storyboard.scenes if scene.still_backend})
    if painters:
        raise UsageError(
            f"Stills by {', '.join(painters)} are asked for, but this version makes none.",
            "Leave --stills out, and take still_backend out of the storyboard.",
        )
    names = {EMBEDDED, *(scene.video_backend for scene in storyboard.scenes)}
    return {name: backend_class(name)() for name in sorted(names)}


def piece_tasks(
    plan: PlannedFilm, project: Project, profile: EncoderProfile, backends: Mapping[str, VideoBackend]
) -> list[PieceTask]:
    """Say for each piece what it is made from, and how."""
    board, orders = plan.storyboard, _orders(plan, project)
    versions = {name: (name, backend.version) for name, backend in backends.items()}
    # Another ffmpeg brings another x264: its pieces may describe themselves otherwise, and are not spliced with ours.
    encoder = ffmpeg_version()
    tasks = []
    for piece_plan in conform_plans(board, plan.analysis, plan.song.lyrics, profile):
        used = tuple(orders[scene] for scene in piece_plan.piece.scenes)
        made_from = [(order.request, versions[order.backend]) for order in used]
        tasks.append(
            PieceTask(
                piece=piece_plan.piece.name,
                n_frames=piece_plan.piece.n_frames,
                fingerprint=fingerprint(piece_plan, made_from, encoder),
                orders=used,
                deliver=partial(conform, piece_plan),
            )
        )
    return tasks


def _orders(plan: PlannedFilm, project: Project) -> dict[str, ClipOrder]:
    board = plan.storyboard
    cover = project.root / plan.song.cover if plan.song.cover else None
    music = music_curves(plan.analysis, board.first_frame, board.n_frames)
    return {
        scene.id: clip_order(board, scene, music, footage_span(board, scene), cover=cover) for scene in board.scenes
    }
