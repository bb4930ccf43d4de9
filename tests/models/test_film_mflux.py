"""A film by the command: stills of a tiny FLUX.2 Klein by mflux, each in a process of its own, moved by parallax."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("mflux")
pytest.importorskip("mlx.core")
pytest.importorskip("diffusers")

from suno_video.media.mp4 import read_mp4
from tests.cli.conftest import Run, run
from tests.e2e.conftest import write_song
from tests.models.tiny_flux2 import tiny_card_text

__all__ = ["run"]
SECONDS = 4.0


@pytest.mark.timeout(900)
@pytest.mark.slow
def test_a_film_of_moved_stills_is_whole_and_in_sync(run: Run, tiny_flux2: Path, tmp_path: Path) -> None:
    models = tmp_path / "home" / "suno-video" / "models"
    models.mkdir(parents=True)
    (models / "tiny.toml").write_text(tiny_card_text(tiny_flux2), encoding="utf-8")
    # What random weights paint is noise, and would rightly not be shown.
    (models.parent / "config.toml").write_text("[checks]\nenabled = false\n", encoding="utf-8")
    song = write_song(tmp_path / "song.wav", SECONDS)
    film = tmp_path / "film.mp4"
    made = run(
        *("render", str(song), "--size", "64x48", "--quality", "draft", "--out", str(film)),
        *("--stills", "mflux:tiny", "--backend", "parallax"),
        HF_HUB_OFFLINE="1",
    )
    assert made.returncode == 0, made.stderr
    assert "stand-in" not in made.stderr
    movie = read_mp4(film)
    picture, sound = movie.track("vide"), movie.track("soun")
    assert picture is not None and sound is not None
    assert picture.duration_s == pytest.approx(SECONDS, abs=0.05)
    assert abs(picture.duration_s - sound.duration_s) < 0.05
    assert sorted(tmp_path.rglob("stills/*.png"))
