"""Judging a finished film: frames of it on a few sheets, what is known about the song, and what was measured."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suno_video.assemble.proof import SyncProof
from suno_video.assemble.sheet import draw_sheet, read_frames_of
from suno_video.core.analysis import SongAnalysis
from suno_video.core.errors import NoSuchInputError
from suno_video.core.judgement import FilmJudgement, group_means, mean_score
from suno_video.core.song import Song
from suno_video.core.storyboard import Storyboard
from suno_video.direct.llm.judge import Measured, judge_film
from suno_video.direct.llm.question import Adviser, Attachment
from suno_video.media.atomic import write_text
from suno_video.project.fingerprint import file_sha256
from suno_video.project.store import FilmReceipt
from suno_video.project.workspace import Project

MAX_FRAMES = 48
"""Frames of a film that are looked at, however long it is."""
MOST_PER_SCENE = 3
PER_SHEET = 12


def judge_project(project: Project, film: Path, adviser: Adviser) -> FilmJudgement:
    """Have a film judged, and keep what was said in the project (`judge.json`).

    Raises:
        NoAnswer: There is none to be had.
        NoSuchInputError: The film was never finished, or what belongs to it is missing.
        EncoderError: The film cannot be read.
        BadEditError: Something in the project was edited and does not fit.
    """
    try:
        board = Storyboard.load(project.storyboard_file)
        song, analysis = Song.load(project.song_file), SongAnalysis.load(project.analysis_file)
        proof, receipt = SyncProof.load(project.proof_file), FilmReceipt.load(project.film_receipt)
    except OSError as exc:
        raise NoSuchInputError(
            f"{project.root} holds no finished film: {Path(str(exc.filename)).name} is missing.",
            "Render the song first.",
        ) from exc
    frames = frames_to_see(board)
    with _sheets(film, board, frames) as sheets:
        found = judge_film(
            adviser,
            song=song,
            analysis=analysis,
            storyboard=board,
            measured=_measured(proof, receipt),
            sheets=sheets,
            n_frames_seen=len(frames),
        )
    judgement = FilmJudgement(
        film_sha256=file_sha256(film),
        by=adviser.name,
        asked_with=found.asked_with,
        n_frames_seen=len(frames),
        n_scenes=len(board.scenes),
        criteria=found.criteria,
        group_means=group_means(found.criteria),
        total=mean_score(found.criteria),
    )
    write_text(project.judgement_file, judgement.to_json())
    return judgement


def frames_to_see(board: Storyboard) -> list[int]:
    """Choose frames evenly by scenes, on the song's frame grid: up to three of each scene, `MAX_FRAMES` in all.

    Of more scenes than that, evenly spaced ones are seen, the first and the last among them.
    """
    n_scenes = len(board.scenes)
    n_seen = min(n_scenes, MAX_FRAMES)
    scenes = [board.scenes[round(k * (n_scenes - 1) / max(1, n_seen - 1))] for k in range(n_seen)]
    each = max(1, min(MOST_PER_SCENE, MAX_FRAMES // n_seen))
    frames = {
        scene.start_frame + (2 * place + 1) * scene.n_frames // (2 * each) for scene in scenes for place in range(each)
    }
    return sorted(frames)


@contextmanager
def _sheets(film: Path, board: Storyboard, frames: list[int]) -> Iterator[list[Attachment]]:
    """Draw the frames onto sheets; they are gone when there is an answer."""
    tiles = read_frames_of(film, board, frames)
    with tempfile.TemporaryDirectory(prefix="suno-video-") as folder:
        sheets = []
        for number, start in enumerate(range(0, len(tiles), PER_SHEET), start=1):
            part = tiles[start : start + PER_SHEET]
            path = Path(folder) / f"sheet-{number}.jpg"
            draw_sheet(part, board).save(path, format="JPEG", quality=85)
            sheets.append(Attachment(path, "image/jpeg", f"Sheet {number}, {part[0].scene.id} to {part[-1].scene.id}"))
        yield sheets


def _measured(proof: SyncProof, receipt: FilmReceipt) -> Measured:
    return Measured(
        n_cuts=proof.n_scene_cuts,
        on_beat=proof.on_beat,
        on_downbeat=proof.on_downbeat,
        max_drift_frames=proof.max_drift_frames,
        av_offset_ms=abs(proof.picture_start_ms - proof.sound_start_ms),
        n_stand_ins=len(receipt.stand_ins),
    )
