"""The texts of a release and the second ear, asked for as a user does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from suno_video.core.release import ReleaseTexts
from tests.cli.conftest import Run, write_song

SMALL = ("--size", "64x36", "--fps", "24")


@pytest.fixture
def song(work: Path) -> Path:
    """Four seconds of a song at 160 bpm, with its storyboard to be made."""
    return write_song(work / "evening 夜.wav", seconds=4)


def test_release_writes_the_texts_into_the_project_and_prints_them(run: Run, song: Path, work: Path) -> None:
    run("storyboard", song.name, *SMALL, "-q")
    done = run("release", song.name)
    file = work / "evening 夜.suno-video" / "release.json"

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].split(maxsplit=1) == ["title", "evening 夜 (music video)"]
    assert "release.json: made anew" in done.stderr
    texts = ReleaseTexts.load(file)
    assert texts.description.splitlines()[-1] in done.stdout

    file.write_text(file.read_text("utf-8").replace("evening 夜 (music video)", "<Mine> _now_"), "utf-8")
    shown = run("release", file.parent.name, "--for", "linkedin")
    assert shown.returncode == 0, shown.stderr
    assert "\\<Mine\\> \\_now\\_" in shown.stdout.splitlines()
    assert "release.json: edited by hand" in shown.stderr
    answer = json.loads(run("release", song.name, "--for", "youtube", "--json").stdout)
    assert (answer["v"], answer["event"], answer["origin"]) == (1, "release", "edited by hand")
    assert (answer["texts"]["title"], answer["platform"]["title"]) == ("<Mine> _now_", "Mine _now_")

    file.write_text("{}", "utf-8")
    refused = run("release", song.name)
    assert refused.returncode == 65
    assert "release.json" in refused.stderr
    assert "title" in refused.stderr


def test_a_platform_that_takes_no_texts_is_a_wrong_usage_said_before_anything_else(run: Run, song: Path) -> None:
    done = run("release", song.name, "--for", "canvas")
    assert done.returncode == 2
    assert "youtube" in done.stderr


def test_a_song_without_a_project_has_no_texts(run: Run, song: Path) -> None:
    assert run("release", song.name).returncode == 66


def test_listen_shows_another_ear_beside_our_own_and_says_where_nobody_listens(
    run: Run, song: Path, work: Path
) -> None:
    alone = run("analyze", song.name, "--listen", "--json")
    assert alone.returncode == 0, alone.stderr
    ours, theirs = (json.loads(line) for line in alone.stdout.splitlines())
    assert ours["tempo_bpm"] == pytest.approx(160, rel=0.02)
    assert theirs == {"v": 1, "event": "heard", "vibe": None, "opinions": [], "n_disagreements": 0}

    project = work / "evening 夜.suno-video"
    sha256 = json.loads((project / "song.json").read_text("utf-8"))["sha256"]
    vibe = {"song_sha256": sha256, "heard_by": "a friend", "tempo_bpm": 97, "genre": "clicks", "vocals": "none"}
    (project / "vibe.json").write_text(json.dumps(vibe), "utf-8")
    done = run("analyze", song.name, "--listen")
    assert done.returncode == 0, done.stderr
    assert "no key for a language model is set" in done.stderr
    assert "heard by  a friend (in an earlier run)" in done.stdout
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("DIFFERS")]
    assert row.split() == ["DIFFERS", "tempo", "160.0", "bpm", "97.0", "bpm"]
    assert "our own analysis is used" in done.stdout
