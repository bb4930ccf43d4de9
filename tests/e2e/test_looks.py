"""A film in every look: nobody is harmed by its light, and there is always something to see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from suno_video.assemble.proof import SyncProof
from suno_video.core.brief import Brief
from suno_video.core.frames import FrameSize, planes
from suno_video.core.storyboard import Storyboard
from suno_video.direct.looks import load_looks
from suno_video.pipeline import FilmOptions, FilmResult, render_film
from tests.e2e.conftest import write_song
from tests.unit.films import decode

SIZE = FrameSize(width_px=96, height_px=54)
FPS = 30
BLACK, WHITE = 20.0, 215.0
"""Mean light of a frame, in codes of video; 16 is black."""


@pytest.fixture(scope="module")
def loud_song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_song(tmp_path_factory.mktemp("looks") / "song.wav", seconds=12.0)


@pytest.mark.slow
@pytest.mark.parametrize("look", sorted(load_looks()))
def test_a_film_keeps_the_flash_limit_and_is_never_black_or_white_for_half_a_second(
    loud_song: Path, tmp_path: Path, look: str
) -> None:
    film, storyboard = _film_in(look, loud_song, tmp_path)
    proof = SyncProof.load(film.project / "sync.json")
    assert proof.flashes is not None
    assert proof.flashes.is_safe, proof.flashes

    # Out of black and into it is how a film opens and closes.
    light = [planes(frame)[0].mean() for frame in decode(film.film, SIZE)]
    shown = np.array(light[storyboard.fade_in_frames : len(light) - storyboard.fade_out_frames])
    halves = np.lib.stride_tricks.sliding_window_view(shown, FPS // 2)
    assert halves.max(axis=1).min() > BLACK
    assert halves.min(axis=1).max() < WHITE


def _film_in(look: str, song: Path, folder: Path) -> tuple[FilmResult, Storyboard]:
    brief = Brief.model_validate({"size": SIZE, "look": look, "fps": FPS, "seed": 4})
    options = FilmOptions(brief=brief, quality="draft", jobs=2, project=folder / "project", out=folder / "film.mp4")
    result = render_film(song, options)
    return result, Storyboard.load(result.project / "storyboard.json")
