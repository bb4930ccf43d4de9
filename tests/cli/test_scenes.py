"""Scenes of one's own as a new user meets them: written, seen, broken, mended, and in a film."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import FAST, Run, write_song

SMALL = ("--size", "128x72", "--seconds", "2", "--look", "cosmos")
LOOK = """
name = "mine"
idea = "Mine."
moods = ["mine"]
fallback_palette = ["#0a0614", "#2b1750", "#7a3c9e", "#e08a6a", "#fff0d8"]
style_words = "light"

[families]
default = ["my_waves"]
"""


@pytest.mark.slow  # five runs of the command
def test_a_scene_is_written_seen_broken_and_told_of(run: Run, work: Path) -> None:
    write_song(work / "song.wav")
    # 1. Written, and what to do next is said.
    written = run("new-scene", "my_waves")
    path, following = written.stdout.splitlines()
    assert following == "now: suno-video preview-scene my_waves SONG"
    # 2. Seen: nothing can open it here, so its place is said.
    seen = run("preview-scene", "my_waves", "song.wav", *SMALL)
    assert (seen.returncode, seen.stdout) == (0, "my_waves-preview.mp4\n"), seen.stderr
    film = work / "my_waves-preview.mp4"
    assert film.stat().st_size > 1000
    assert str(film) in seen.stderr
    # 3. Broken: file and line, no traceback, and the film of before stays.
    before = film.read_bytes()
    lines = Path(path).read_text().splitlines()
    at = lines.index("        canvas, shot = self.canvas, self.shot")
    lines[at] = "        canvas, shot = self.canvas, self.shoot"
    Path(path).write_text("\n".join(lines))
    broken = run("preview-scene", "my_waves", "song.wav", *SMALL)
    assert broken.returncode == 65
    assert f"{path}, line {at + 1}: AttributeError" in broken.stderr.replace("\n", " ")
    assert "Traceback" not in broken.stderr
    assert film.read_bytes() == before
    # 4. In a film another scene plays, and the run says why.
    look = Path(path).parents[1] / "looks" / "mine.toml"
    look.parent.mkdir()
    look.write_text(LOOK)
    filmed = run("render", "song.wav", *FAST, "--look", "mine", "--to", "0:02")
    assert filmed.returncode == 3
    assert "AttributeError" in filmed.stderr
    assert (work / "song.mp4").is_file()
