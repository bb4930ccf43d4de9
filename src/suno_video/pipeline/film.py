"""Rendering and assembling: the film, from a plan."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from suno_video import __version__
from suno_video.core.events import EventSink, FilmDone, Notice, ignore
from suno_video.media.atomic import require_place, write_text
from suno_video.pipeline.options import (
    EMBEDDED,
    FilmOptions,
    FilmResult,
    PlannedFilm,
    default_jobs,
    project_of,
    stage,
)
from suno_video.pipeline.planning import make_plan, require_song, require_sound_for

if TYPE_CHECKING:
    from suno_video.assemble.profile import EncoderProfile
    from suno_video.assemble.proof import SyncProof
    from suno_video.project.workspace import Project
    from suno_video.render.pieces import PieceDone


def render_film(song: Path, options: FilmOptions, *, events: EventSink = ignore) -> FilmResult:
    """Make the whole film. What an earlier run finished and still fits is used again.

    Raises:
        SunoVideoError: See `core.errors`; whatever was finished is kept.
    """
    from suno_video.assemble.profile import encoder_profile
    from suno_video.pipeline.sound import sound_meanwhile
    from suno_video.project.lock import hold_project
    from suno_video.project.store import empty_folder
    from suno_video.project.workspace import film_path

    started = time.perf_counter()
    # 1. Where does everything go, and is it ours?
    require_song(song)
    project = project_of(song, options)
    out = film_path(song, options.out, project)
    require_place(out)
    require_sound_for(song, project)
    _say_names(song, out, project, options, events)
    with hold_project(project.create()):
        empty_folder(project.scratch)
        # 2. Listen and direct.
        plan = make_plan(song, project, options, write=True, events=events)
        # 3. Render what is missing, piece by piece.
        profile = encoder_profile(options.quality, plan.storyboard.size, plan.storyboard.fps)
        with (
            stage("render", f"{len(plan.storyboard.scenes)} scenes", events),
            sound_meanwhile(song, plan, project, profile) as encoded_sound,
        ):
            done = _render(plan, project, options, profile, events)
            sound = encoded_sound()
        # 4. Splice, prove it, and say so.
        with stage("assemble", out.name, events) as notes:
            notes.reused = _assemble(sound, out, plan, project, profile, done)
            proof = _prove(out, plan, project, done)
            seconds = time.perf_counter() - started
            if not (notes.reused and project.report_file.is_file() and project.sheet_file.is_file()):
                _tell(out, plan, project, proof, done, seconds)
        result = _result(out, plan, done, seconds)
    events(_film_done(result, plan, proof))
    return result


def _say_names(song: Path, out: Path, project: Project, options: FilmOptions, events: EventSink) -> None:
    """Say where this film and its project are, when others have the usual names."""
    from suno_video.project.workspace import FILM_ENDING, FOLDER_ENDING, safe_stem

    stem = safe_stem(song.stem)
    if options.project is None and project.root.name != stem + FOLDER_ENDING:
        events(Notice(f"{stem + FOLDER_ENDING} is of another song; this one's project is {project.root.name}"))
    if options.out is None and out.name != stem + FILM_ENDING:
        events(Notice(f"{stem + FILM_ENDING} is not ours to write over; the film is {out.name}"))


def _render(
    plan: PlannedFilm, project: Project, options: FilmOptions, profile: EncoderProfile, events: EventSink
) -> list[PieceDone]:
    """Make every piece of the film that is missing."""
    from suno_video.pipeline.tasks import backends_of, piece_tasks
    from suno_video.project.store import SegmentStore
    from suno_video.render.loop import RenderLoop

    backends = backends_of(plan.storyboard)
    loop = RenderLoop(
        backends,
        stand_in=EMBEDDED,
        store=SegmentStore(project.segments),
        scratch=project.scratch,
        events=events,
    )
    return loop.run(piece_tasks(plan, project, profile, backends), jobs=options.jobs or default_jobs())


def _assemble(
    sound: Path, out: Path, plan: PlannedFilm, project: Project, profile: EncoderProfile, done: Sequence[PieceDone]
) -> bool:
    """Splice the film, unless the one that is there is made of the same; then give True."""
    from suno_video.assemble.splice import FilmTags, splice
    from suno_video.pipeline.sound import sound_receipt
    from suno_video.project.fingerprint import file_sha256, fingerprint
    from suno_video.project.store import FilmReceipt, SegmentStore
    from suno_video.project.workspace import MADE_WITH, as_written

    board = plan.storyboard
    tags = FilmTags(plan.song.title, plan.song.artist, f"{MADE_WITH}. Pictures are computer-generated.")
    film_print = fingerprint(sound.name, [piece.receipt.sha256 for piece in done], tags)
    if FilmReceipt.fits(project.film_receipt, film_print, out):
        return True

    def prove(part: Path) -> None:
        _prove(part, plan, project, done)

    pieces = [piece.path for piece in done]
    splice(pieces, sound, out, profile=profile, n_frames=board.n_frames, tags=tags, on_whole=prove)
    receipt = FilmReceipt(fingerprint=film_print, film=as_written(str(out.absolute())), sha256=file_sha256(out))
    write_text(project.film_receipt, receipt.to_json())
    SegmentStore(project.segments).prune({sound, sound_receipt(sound), *(piece.path for piece in done)})
    return False


def _result(out: Path, plan: PlannedFilm, done: Sequence[PieceDone], seconds: float) -> FilmResult:
    board = plan.storyboard
    n_reused = sum(piece.reused for piece in done)
    return FilmResult(
        film=out,
        project=plan.project,
        duration_s=board.n_frames / board.fps,
        n_frames=board.n_frames,
        n_bytes=out.stat().st_size,
        seconds=round(seconds, 2),
        n_scenes_made=len(done) - n_reused,
        n_scenes_reused=n_reused,
        stand_ins=tuple(_stand_ins(done)),
    )


def _stand_ins(done: Sequence[PieceDone]) -> dict[str, str]:
    """Scenes that another backend should have played, and why it did not."""
    return {
        order.scene.id: piece.receipt.reason for piece in done if piece.receipt.stand_in for order in piece.task.orders
    }


def _film_done(result: FilmResult, plan: PlannedFilm, proof: SyncProof) -> FilmDone:
    return FilmDone(
        path=str(result.film),
        project=str(result.project),
        duration_s=round(result.duration_s, 3),
        n_frames=result.n_frames,
        size=str(plan.storyboard.size),
        n_bytes=result.n_bytes,
        seconds=result.seconds,
        max_drift_frames=proof.max_drift_frames,
        n_stand_ins=len(result.stand_ins),
    )


def _prove(out: Path, plan: PlannedFilm, project: Project, done: Sequence[PieceDone]) -> SyncProof:
    """Measure the finished film, keep the proof, and refuse to call it done when it is not in sync."""
    from suno_video.assemble.proof import prove_sync

    proof = prove_sync(out, [piece.path for piece in done], plan.storyboard, plan.analysis)
    write_text(project.proof_file, proof.to_json())
    proof.require_in_bounds()
    return proof


def _tell(
    out: Path, plan: PlannedFilm, project: Project, proof: SyncProof, done: Sequence[PieceDone], seconds: float
) -> None:
    """Leave the contact sheet and the report for people."""
    from suno_video.assemble.report import write_report
    from suno_video.assemble.sheet import contact_sheet, write_thumbnails
    from suno_video.media.ffmpeg import ffmpeg_version

    thumbnails = write_thumbnails(out, plan.storyboard, project.thumbs)
    contact_sheet(out, plan.storyboard, project.sheet_file, thumbnails=thumbnails)
    write_report(
        project.root,
        song=plan.song,
        analysis=plan.analysis,
        storyboard=plan.storyboard,
        proof=proof,
        stand_ins=_stand_ins(done),
        film_name=out.name,
        seconds=seconds,
        versions={"suno-video": __version__, "ffmpeg": ffmpeg_version(), "analysis": plan.analysis.analyzer},
        thumbnails=thumbnails,
    )
