"""The commands in docs/money.md work as they stand there, with the make-believe service."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import write_song
from tests.e2e.crashes import bought_ids, environment, paid_service

PAGE = Path(__file__).resolve().parents[2] / "docs" / "money.md"
SMALL = {"SUNO_VIDEO_SIZE": "128x72", "SUNO_VIDEO_QUALITY": "draft", "SUNO_VIDEO_FPS": "12"}
ASIDE = ("SUNO_VIDEO_BACKEND", "SUNO_VIDEO_MONEY__BUDGET")
"""What the page says itself."""


def commands() -> list[list[str]]:
    """The commands between the marks, without their comments."""
    text = PAGE.read_text(encoding="utf-8").split("<!-- commands: begin -->")[1].split("<!-- commands: end -->")[0]
    lines = re.findall(r"^suno-video .*$", text, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the page shows a POSIX shell")
def test_the_commands_of_the_page_work_one_after_the_other(tmp_path: Path) -> None:
    write_song(tmp_path / "song.wav")
    said: dict[str, str] = {}
    with paid_service(tmp_path) as service:
        env = {name: value for name, value in environment(tmp_path, service, **SMALL).items() if name not in ASIDE}
        for words in commands():
            done = subprocess.run(
                [sys.executable, "-m", "suno_video", *words[1:]],
                cwd=tmp_path,
                env=env,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=240,
                check=False,
            )
            assert done.returncode == 0, (words, done.stderr)
            said[shlex.join(words)] = done.stdout
            if words[1] in ("storyboard", "plan"):
                assert bought_ids(tmp_path) == set(), "looking buys nothing"
    assert len(said) >= 10
    assert "clip take 1" in said["suno-video status song.suno-video --scenes"]
    assert "spent" in said["suno-video cost song.suno-video"]
    assert "at worst" in said["suno-video plan song.wav --backend fake-paid --budget 5"]


def test_every_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE.read_text(encoding="utf-8")))
    assert len(named) >= 9
    assert [name for name in named if not (PAGE.parents[1] / name).is_file()] == []
