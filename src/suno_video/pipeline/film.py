"""Rendering and assembling: the film, from a plan."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from suno_video import __version__
from suno_video.core.clock import clock_tenths
from suno_video.core.events import EventSink, FilmDone, Notice, Warned, ignore
from suno_video.media.atomic import remove_parts, require_place
from suno_video.pipeline.options import FilmOptions, FilmResult, PlannedFilm, project_of, stage
from suno_video.pipeline.planning import make_plan, require_song, require_sound_for

if TYPE_CHECKING:
    from suno_video.assemble.proof import SyncProof
    from suno_video.pipeline.filming import Filming
    from suno_video.project.workspace import Project


def render_film(song: Path, options: FilmOptions, *, events: EventSink = ignore) -> FilmResult:
    """Make the whole film. What an earlier run finished and still fits is used again.

    Raises:
        SunoVideoError: See `core.errors`; whatever was finished is kept.
    """
    from suno_video.core.memory import keep_one_heap, sweep_old_files
    from suno_video.pipeline.captioning import leave_captions
    from suno_video.pipeline.crew import on_set
    from suno_video.pipeline.sound import SOUND_FILES
    from suno_video.project.lock import hold_project
    from suno_video.project.orphans import end_orphans
    from suno_video.project.store import empty_folder
    from suno_video.project.workspace import film_path

    started = time.perf_counter()
    options = options.as_one_run()
    if options.jobs == 1:
        keep_one_heap()
    # 1. Where does everything go, and is it ours?
    require_song(song)
    project = project_of(song, options)
    out = film_path(song, options.out, project)
    require_place(out)
    require_sound_for(song, project)
    _say_names(song, out, project, options, events)
    with hold_project(project.create()):
        end_orphans(project.root)
        empty_folder(project.scratch)
        clear_halves(project, out)
        sweep_old_files(project.segments, older_than_hours=options.memory.keep_sound_hours, patterns=SOUND_FILES)
        # 2. Listen and direct.
        plan = make_plan(song, project, options, write=True, events=events)
        # 3. Make footage and pieces; whenever footage takes its time, the film on disk is whole at every moment.
        with (
            stage("render", f"{len(plan.storyboard.scenes)} scenes", events),
            on_set(song, out, plan, project, options, events) as filming,
        ):
            filming.shoot()
            filming.finish_pieces()
        # 4. Splice, prove it, and say so.
        with stage("assemble", out.name, events) as notes:
            notes.reused = filming.join() and not filming.made
            proof = filming.prove()
            _warn_of_flashes(proof, events)
            filming.leave()
            remarks = leave_captions(out, plan, project, events)
            _note_stand_ins(project, filming)
            seconds = time.perf_counter() - started
            if not (notes.reused and _is_told(project)):
                _tell(out, plan, project, proof, filming, seconds, remarks)
        result = _result(out, plan, filming, seconds)
    events(_film_done(result, plan, proof))
    return result


def _warn_of_flashes(proof: SyncProof, events: EventSink) -> None:
    read = proof.flashes
    if read is not None and not read.is_safe:
        most, kind = max((read.max_general, "flashes"), (read.max_red, "red flashes"))
        at = f" at {clock_tenths(read.too_many_s[0])} of the film" if read.too_many_s else ""
        events(Warned(f"There are {most} {kind} within a second{at}; more than {read.limit} can harm people"))


def clear_halves(project: Project, out: Path) -> None:
    """Remove what runs that died left half-written: beside the film, and in the project."""
    remove_parts(out.absolute())
    for folder in (project.root, project.segments, project.clips, project.enlarged, project.stills, project.thumbs):
        for pattern in (".*.part*", "*.ffconcat"):
            for half in folder.glob(pattern):
                half.unlink(missing_ok=True)


def _say_names(song: Path, out: Path, project: Project, options: FilmOptions, events: EventSink) -> None:
    """Say where this film and its project are, when others have the usual names."""
    from suno_video.project.workspace import FILM_ENDING, FOLDER_ENDING, safe_stem

    stem = safe_stem(song.stem)
    if options.project is None and project.root.name != stem + FOLDER_ENDING:
        events(Notice(f"{stem + FOLDER_ENDING} is of another song; this one's project is {project.root.name}"))
    if options.out is None and out.name != stem + FILM_ENDING:
        events(Notice(f"{stem + FILM_ENDING} is not ours to write over; the film is {out.name}"))


def _note_stand_ins(project: Project, filming: Filming) -> None:
    """Keep beside the film why it is not as it was wanted: what was refused, what the budget did not reach."""
    from suno_video.media.atomic import write_text
    from suno_video.project.store import FilmReceipt

    receipt, stand_ins = FilmReceipt.load(project.film_receipt), filming.stand_ins()
    if receipt.stand_ins != stand_ins:
        write_text(project.film_receipt, receipt.model_copy(update={"stand_ins": stand_ins}).to_json())


def _result(out: Path, plan: PlannedFilm, filming: Filming, seconds: float) -> FilmResult:
    board = plan.storyboard
    return FilmResult(
        film=out,
        project=plan.project,
        duration_s=board.n_frames / board.fps,
        n_frames=board.n_frames,
        n_bytes=out.stat().st_size,
        seconds=round(seconds, 2),
        n_scenes_made=len(filming.made),
        n_scenes_reused=sum(piece.task.piece not in filming.made for piece in filming.done),
        stand_ins=filming.stand_ins(),
        short_of_money=filming.short_of_money,
        cost_usd=filming.spent_usd,
    )


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


def _is_told(project: Project) -> bool:
    """Whether contact sheet and report are there, and the report is no older than what it shows: memory, reviews."""
    from suno_video.pipeline.reviewed import newest_review_ns

    try:
        told_ns = project.report_file.stat().st_mtime_ns
        newest_ns = max(project.state_file.stat().st_mtime_ns, newest_review_ns(project))
    except OSError:
        return False
    return project.sheet_file.is_file() and told_ns >= newest_ns


def _tell(
    out: Path,
    plan: PlannedFilm,
    project: Project,
    proof: SyncProof,
    filming: Filming,
    seconds: float,
    remarks: tuple[str, ...],
) -> None:
    """Leave the contact sheet and the report for people."""
    from suno_video.assemble.costs import cost_report
    from suno_video.assemble.remembered import memory_report
    from suno_video.assemble.report import write_report
    from suno_video.assemble.sheet import contact_sheet, write_thumbnails
    from suno_video.media.ffmpeg import ffmpeg_version
    from suno_video.pipeline.reviewed import reviews_in_words

    thumbnails = write_thumbnails(out, plan.storyboard, project.thumbs)
    contact_sheet(out, plan.storyboard, project.sheet_file, thumbnails=thumbnails)
    write_report(
        project.root,
        song=plan.song,
        analysis=plan.analysis,
        storyboard=plan.storyboard,
        proof=proof,
        stand_ins=filming.stand_ins(),
        film_name=out.name,
        seconds=seconds,
        versions={"suno-video": __version__, "ffmpeg": ffmpeg_version(), "analysis": plan.analysis.analyzer},
        thumbnails=thumbnails,
        costs=cost_report(plan.storyboard, filming.entries()),
        memory=memory_report(filming.state),
        reviews=reviews_in_words(project),
        remarks=(*filming.loose_chains().values(), *remarks),
    )
