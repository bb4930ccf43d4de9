"""A film by the command, with stills of a tiny FLUX and clips of a tiny Wan from a person's own cards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")

from suno_video.media.mp4 import read_mp4
from tests.cli.conftest import Run, run
from tests.e2e.conftest import write_song
from tests.models.tiny.cards import card_text

__all__ = ["run"]
SECONDS = 6.0


@pytest.mark.timeout(600)
@pytest.mark.slow
def test_a_film_is_whole_and_in_sync_and_made_again_for_nothing(
    run: Run, tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    models = tmp_path / "home" / "suno-video" / "models"
    models.mkdir(parents=True)
    cards = [card_text(name, tiny_folder(name), default=True) for name in ("flux", "wan22-5b")]
    (models / "tiny.toml").write_text("\n".join(cards), encoding="utf-8")
    # What random weights paint is noise, and would rightly not be shown.
    (models.parent / "config.toml").write_text("[checks]\nenabled = false\n", encoding="utf-8")
    song = write_song(tmp_path / "song.wav", SECONDS)
    film = tmp_path / "film.mp4"
    command = ["render", str(song), "--size", "128x72", "--quality", "draft", "--out", str(film)]
    command += ["--stills", "diffusers:tiny-flux", "--backend", "diffusers:tiny-wan22-5b"]
    made = run(*command, HF_HUB_OFFLINE="1")
    assert made.returncode == 0, made.stderr
    assert "stand-in" not in made.stderr and "it/s" not in made.stderr
    movie = read_mp4(film)
    picture, sound = movie.track("vide"), movie.track("soun")
    assert picture is not None and sound is not None
    assert picture.duration_s == pytest.approx(SECONDS, abs=0.05)
    assert abs(picture.duration_s - sound.duration_s) < 0.05
    clips = sorted(tmp_path.rglob("clips/*.mp4"))
    assert clips and sorted(tmp_path.rglob("stills/*.png"))
    before = {clip: clip.stat().st_mtime_ns for clip in clips}
    assert run(*command, HF_HUB_OFFLINE="1").returncode == 0
    assert {clip: clip.stat().st_mtime_ns for clip in sorted(tmp_path.rglob("clips/*.mp4"))} == before
