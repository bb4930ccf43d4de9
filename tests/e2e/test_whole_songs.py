"""Whole songs, from the first sample to the last: `make test-slow`.

`SUNO_VIDEO_SONGS=FOLDER make test-slow` takes every mp3 of a folder as well.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from suno_video.assemble.proof import SyncProof
from suno_video.core.brief import Brief
from suno_video.core.frames import FrameSize
from suno_video.pipeline import FilmOptions, render_film

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "lantern-season.mp3"
SONGS = [EXAMPLE, *sorted(Path(os.environ.get("SUNO_VIDEO_SONGS", "/nowhere")).glob("*.mp3"))]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("fps", [24, 30])
@pytest.mark.parametrize("song", SONGS, ids=lambda song: song.stem)
def test_a_whole_song_is_a_whole_film_without_drift(tmp_path: Path, song: Path, fps: int) -> None:
    brief = Brief(size=FrameSize(width_px=160, height_px=90), fps=fps)
    options = FilmOptions(brief=brief, quality="draft", out=tmp_path / "film.mp4", project=tmp_path / "project")
    result = render_film(song, options)
    proof = SyncProof.load(result.project / "sync.json")
    assert proof.n_frames_written == proof.n_frames_planned
    assert proof.max_drift_frames == 0
    assert 0 <= proof.duration_error_s < 1 / fps
    assert result.stand_ins == ()
