"""From a plan to the pieces that the render loop makes: what each is made from, and how."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeAlias

from suno_video.assemble.accents import PictureLight
from suno_video.assemble.conform import conform
from suno_video.assemble.graphs import DEFLICKER_FRAMES
from suno_video.assemble.plan import ConformPlan, conform_plans
from suno_video.assemble.profile import EncoderProfile
from suno_video.backends.base import BackendSetup
from suno_video.backends.parts import version_of
from suno_video.backends.registry import make_backend
from suno_video.core.brief import Brief
from suno_video.core.errors import SunoVideoError, UsageError
from suno_video.core.storyboard import Storyboard
from suno_video.media.ffmpeg import ffmpeg_version
from suno_video.pipeline.footing import STILL_MOVER, Footing, Stage
from suno_video.pipeline.options import EMBEDDED, PlannedFilm
from suno_video.project.fingerprint import fingerprint, part_prints
from suno_video.render.orders import ClipOrder, longest_clip_s
from suno_video.render.pieces import PieceTask


def backends_of(storyboard: Storyboard, setup: BackendSetup) -> Mapping[str, Any]:
    """Make the backends that the scenes ask for, and the stand-ins, as the scenes name them; none is opened.

    Raises:
        UsageError: There is no such backend or model, or it makes something else than it is asked for.
        BackendUnavailableError: A backend cannot be imported.
        BadEditError, ConfigError: A card of a model does not fit.
    """
    movers = {EMBEDDED, *(scene.video_backend for scene in storyboard.scenes)}
    stills = {scene.still_backend for scene in storyboard.scenes if scene.still_backend}
    if stills:
        movers |= {STILL_MOVER}
    # These first: one that makes no stills is told as such.
    made: dict[str, Any] = {name: make_backend(name, "still", setup) for name in sorted(stills)}
    if both := stills & movers:
        # One name stands for two models: which of them a scene means is not known from it.
        raise UsageError(
            f"{', '.join(sorted(both))} is named for stills and for clips.",
            "Name a model for each: `suno-video backends` lists them.",
        )
    made |= {name: make_backend(name, "clip", setup) for name in sorted(movers)}
    _require_stills(storyboard, made)
    return made


def _require_stills(storyboard: Storyboard, backends: Mapping[str, Any]) -> None:
    """Refuse a plan whose clips would have nothing to begin with: every one of them would be a stand-in."""
    for scene in storyboard.scenes:
        needs = backends[scene.video_backend].capabilities.needs
        if "first_frame" in needs and scene.still_backend is None and not scene.chain:
            raise UsageError(
                f"{scene.video_backend} begins each clip with a still, and none is asked for.",
                "Choose a backend for stills as well (--stills), or a model that works from words alone.",
            )


Lights: TypeAlias = dict[str, PictureLight]
"""What pieces that were made in this run show, by their fingerprint."""


def longest_shot_s(brief: Brief, setup: BackendSetup) -> float | None:
    """How long a scene may be for the video backend that was asked for; None when it makes any length."""
    try:
        capabilities = make_backend(brief.video_backend, "clip", setup).capabilities
    except SunoVideoError:
        return None  # what is wrong with it is said when it is needed
    return longest_clip_s(capabilities, brief.fps) if capabilities.footage == "file" else None


def piece_tasks(
    plan: PlannedFilm, stage: Stage, footing: Footing, profile: EncoderProfile, lights: Lights | None = None
) -> list[PieceTask]:
    """Say for each piece what it is made from, and how; `lights` is filled with what each shows when it is made."""
    seen: Lights = {} if lights is None else lights
    board = stage.board
    orders = {scene.id: stage.order(scene, footing) for scene in board.scenes}
    # Another ffmpeg brings another x264: its pieces may describe themselves otherwise, and are not spliced with ours.
    encoder = ffmpeg_version()
    tasks = []
    for piece_plan in conform_plans(board, plan.analysis, plan.song.lyrics, profile, stage.finish):
        used = tuple(orders[scene] for scene in piece_plan.piece.scenes)
        sources = [_source(order, stage) for order in used]
        made_of = fingerprint(piece_plan, sources, encoder)
        tasks.append(
            PieceTask(
                piece=piece_plan.piece.name,
                n_frames=piece_plan.piece.n_frames,
                fingerprint=made_of,
                orders=used,
                deliver=partial(conform, piece_plan, on_light=partial(seen.__setitem__, made_of)),
                made_from=_parts(piece_plan, used, sources, encoder),
            )
        )
    return tasks


def _source(order: ClipOrder, stage: Stage) -> dict[str, Any]:
    """Everything that decides what a scene's footage looks like."""
    if order.take is not None:
        # By content, whoever made it and whatever it was asked for; an enlarged copy by what it is made of.
        source: dict[str, Any] = {"take": order.take.enlarged or order.take.path, "rate": order.take.fps}
        return source | ({"deflicker": DEFLICKER_FRAMES} if order.take.deflicker else {})
    version = version_of(stage.backends[order.backend], order.request)
    source = {"request": order.request, "backend": order.backend, "version": version}
    return source | ({"stand-in": True} if order.stand_in_reason else {})


def _parts(
    plan: ConformPlan, orders: tuple[ClipOrder, ...], sources: list[dict[str, Any]], encoder: str
) -> dict[str, str]:
    """Name what a piece is made from, in the words of a storyboard, to say later what has changed."""
    parts: dict[str, Any] = {
        "cut": (plan.piece.start_frame, plan.piece.end_frame),
        "transitions": plan.piece.crossings,
        "effects": [layer.effects for layer in plan.layers],
        "captions": plan.subtitles,
        "fades": plan.fades,
        "colour table": plan.finish.lut,
        "flashes": plan.finish.softens,
        "time": [layer.timing for layer in plan.layers],
        "encoding": (plan.profile, encoder),
    }
    for order, source in zip(orders, sources, strict=True):
        told = f" of {order.scene.id}" if len(orders) > 1 else ""
        if order.take is not None:
            parts[f"clip{told}"] = source
            continue
        request = order.request
        parts |= {
            f"backend{told}": (order.backend, source["version"]),
            f"stand-in{told}": source.get("stand-in", False),
            f"family{told}": (request.family, request.params),
            f"seed{told}": request.seed,
            f"palette{told}": request.palette,
            f"motion{told}": request.motion,
            f"prompt{told}": (request.prompt, request.negative_prompt),
            f"size{told}": (request.size, request.fps),
            f"length{told}": request.n_frames,
            f"still{told}": (request.first_frame, request.cover),
            f"music{told}": request.music,
            f"grade{told}": (request.grade, request.growth, request.energy),
        }
    return part_prints(parts)
