"""Proving a film: what the file holds, and what its frames show. No piece is looked at twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from suno_video.assemble.accents import PictureLight, join_light, measure_light, prove_accents
from suno_video.assemble.flashes import count_packed
from suno_video.assemble.proof import SyncProof, prove_sync
from suno_video.core.storyboard import Storyboard
from suno_video.media.atomic import replacing, write_text
from suno_video.pipeline.options import PlannedFilm
from suno_video.pipeline.tasks import Lights
from suno_video.project.workspace import Project
from suno_video.render.pieces import PieceDone

_PARTS = ("change", "first", "last", "seen")


def prove_film(
    film: Path,
    done: Sequence[PieceDone],
    board: Storyboard,
    plan: PlannedFilm,
    project: Project,
    lights: Lights | None,
) -> SyncProof:
    """Measure a finished film, keep the proof (`sync.json`), and refuse to call it done when it is not in sync.

    Args:
        lights: What pieces made in this run show; the others are looked at now, which takes some seconds for a long
            film. None: accents and flashes are not measured.

    Raises:
        CheckFailedError: It is out of bounds, or no whole film.
        EncoderError: Its frames cannot be read.
    """
    accents = flashes = None
    if lights is not None:
        seen = _measure(done, project, lights)
        accents = prove_accents(join_light(seen), board.fps, board.first_frame, plan.analysis)
        flashes = count_packed(np.concatenate([light.seen for light in seen]), board.fps)
    pieces = [piece.path for piece in done]
    proof = prove_sync(film, pieces, board, plan.analysis, lyrics=plan.song.lyrics, accents=accents, flashes=flashes)
    write_text(project.proof_file, proof.to_json())
    proof.require_in_bounds()
    return proof


def _measure(done: Sequence[PieceDone], project: Project, seen: Lights) -> list[PictureLight]:
    """Look at every frame: the film holds the pieces unchanged, so each is looked at once.

    A piece made in this run was looked at as its frames went into the encoder; others are decoded.
    """
    known = _load(project.light_file)
    lights = {}
    for piece in done:
        sha256 = piece.receipt.sha256
        made_now = None if piece.reused else seen.get(piece.task.fingerprint)
        lights[sha256] = known.get(sha256) or made_now or measure_light(piece.path)
    if lights.keys() != known.keys():
        _save(project.light_file, lights)
    return [lights[piece.receipt.sha256] for piece in done]


def _load(path: Path) -> dict[str, PictureLight]:
    try:
        with np.load(path, allow_pickle=False) as file:
            names = {name.split(".")[0] for name in file.files}
            return {name: PictureLight(*(file[f"{name}.{part}"] for part in _PARTS)) for name in names}
    except Exception:  # noqa: BLE001 - a damaged file of what can be measured again counts as none
        return {}


def _save(path: Path, lights: dict[str, PictureLight]) -> None:
    arrays: dict[str, Any] = {
        f"{name}.{part}": getattr(light, part) for name, light in lights.items() for part in _PARTS
    }
    with replacing(path) as part, part.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
