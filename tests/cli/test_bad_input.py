"""Whatever goes wrong is said in two lines, with the right exit status, and without a traceback."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from suno_video.cli import app
from suno_video.cli.stop import StopSignals
from tests.cli.conftest import Run, write_song


def check_two_lines(stderr: str, code: str) -> None:
    """One line for what happened, one for what to try, nothing else."""
    lines = stderr.splitlines()
    assert len(lines) == 2, stderr
    assert lines[0].startswith(f"error [{code}] ")
    assert lines[1].startswith("hint: ")


@pytest.mark.parametrize("command", ["render", "storyboard", "analyze"])
def test_a_missing_song_ends_with_66(run: Run, command: str) -> None:
    done = run(command, "gone.mp3")
    assert done.returncode == 66
    assert done.stdout == ""
    check_two_lines(done.stderr, "no-such-input")
    assert "gone.mp3" in done.stderr


def test_a_folder_without_a_song_ends_with_66(run: Run, work: Path) -> None:
    (work / "songs").mkdir()
    (work / "songs" / "notes.txt").write_text("no song")
    done = run("render", "songs")
    assert done.returncode == 66
    check_two_lines(done.stderr, "no-such-input")
    assert [path.name for path in (work / "songs").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("command", ["storyboard", "analyze"])
def test_a_folder_ends_with_66_where_one_song_is_wanted(run: Run, work: Path, command: str) -> None:
    write_song(work / "song.wav", seconds=1)
    done = run(command, ".")
    assert done.returncode == 66
    check_two_lines(done.stderr, "no-such-input")


@pytest.mark.parametrize("content", [b"", b"dear diary, today I wrote a song\n" * 99, bytes(range(256)) * 400])
def test_a_file_without_sound_ends_with_65(run: Run, work: Path, content: bytes) -> None:
    (work / "song.mp3").write_bytes(content)
    done = run("render", "song.mp3")
    assert done.returncode == 65
    check_two_lines(done.stderr, "bad-song")
    assert not (work / "song.mp4").exists()


@pytest.mark.parametrize(
    "args",
    [
        ["--frobnicate"],
        ["--size", "3"],
        ["--fps", "1000"],
        ["--fps", "many"],
        ["--quality", "best"],
        ["--look", "no-such-look"],
        ["--backend", "no-such-backend"],
        ["--stills", "procedural"],
        ["--seed", "-1"],
        ["--jobs", "0"],
        ["--from", "1:70"],
        ["--from", "20", "--to", "10"],
        ["--max-duration", "long"],
        ["--preview", "--quality", "high"],
        ["--out", "film.avi"],
    ],
)
def test_a_bad_option_ends_with_2_and_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], args: list[str]
) -> None:
    # In this process: one of its own for each would take ten seconds to start them all.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(StopSignals, "install", lambda self: None)
    write_song(tmp_path / "song.wav", seconds=1)
    assert app.run(["render", "song.wav", *args]) == 2
    check_two_lines(capsys.readouterr().err, "usage")
    assert [path.name for path in tmp_path.iterdir()] == ["song.wav"]


def test_a_near_miss_is_told_what_was_meant(run: Run) -> None:
    assert "'storyboard'" in run("storybord", "x.mp3").stderr
    assert "Did you mean 'neon'?" in run("render", "x.mp3", "--look", "noen").stderr


def test_a_bad_settings_file_ends_with_78(run: Run, work: Path) -> None:
    write_song(work / "song.wav", seconds=1)
    (work / "suno-video.toml").write_text("fps = 0\n")
    done = run("render", "song.wav")
    assert done.returncode == 78
    check_two_lines(done.stderr, "config")
    assert "suno-video.toml, line 1: fps" in done.stderr


def test_a_bad_variable_ends_with_78(run: Run) -> None:
    done = run("config", SUNO_VIDEO_JOBS="none")
    assert done.returncode == 78
    assert "SUNO_VIDEO_JOBS" in done.stderr


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_folder_without_write_permission_ends_with_73(run: Run, work: Path) -> None:
    write_song(work / "song.wav", seconds=1)
    work.chmod(0o500)
    try:
        done = run("render", "song.wav")
    finally:
        work.chmod(0o700)
    assert done.returncode == 73
    check_two_lines(done.stderr, "cannot-create")


def test_an_output_in_a_file_as_folder_ends_with_73_or_2(run: Run, work: Path) -> None:
    write_song(work / "song.wav", seconds=1)
    (work / "notes").write_text("not a folder")
    done = run("render", "song.wav", "--project", "notes/song")
    assert done.returncode == 73
    check_two_lines(done.stderr, "cannot-create")


@pytest.mark.parametrize(
    "name",
    [
        "-rf.mp3",
        "so\nng.mp3",
        "100%d.mp3",
        'it\'s "quoted".mp3',
        "🎵 лето.mp3",
        "a:b.mp3",
        "\x1b]0;pwned\x07.mp3",
        "n" * 251 + ".mp3",
    ],
)
def test_a_hostile_name_is_shown_harmlessly(run: Run, work: Path, name: str) -> None:
    (work / name).write_text("dear diary, today I wrote a song\n" * 99)
    done = run("render", "--", name)
    assert done.returncode == 65
    check_two_lines(done.stderr, "bad-song")
    assert not any(ord(char) < 32 and char != "\n" for char in done.stderr)


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_a_name_that_is_no_text_is_taken(run: Run, work: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(work) + b"/caf\xe9.mp3"))
    try:
        path.write_text("dear diary, today I wrote a song\n" * 99)
    except OSError:
        pytest.skip("this file system takes only UTF-8")
    done = run("analyze", os.fsdecode(b"caf\xe9.mp3"))
    assert done.returncode == 65
    check_two_lines(done.stderr, "bad-song")


def test_with_json_an_error_is_an_object_too(run: Run) -> None:
    done = run("render", "gone.mp3", "--json")
    error = json.loads(done.stdout)
    assert (error["v"], error["event"], error["code"], error["exit_status"]) == (1, "error", "no-such-input", 66)
    assert error["hint"]


def test_with_json_a_mistake_of_usage_is_an_object_too(run: Run) -> None:
    done = run("render", "--json", "--frobnicate")
    assert json.loads(done.stdout)["code"] == "usage"
    assert done.returncode == 2


def test_a_song_called_json_does_not_make_it_json(run: Run) -> None:
    done = run("render", "--", "--json")
    assert done.stdout == ""
    assert done.returncode == 66


def test_debug_shows_the_traceback(run: Run) -> None:
    assert "Traceback" in run("render", "gone.mp3", SUNO_VIDEO_DEBUG="1").stderr
    assert "Traceback" not in run("render", "gone.mp3").stderr
