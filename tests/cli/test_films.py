"""The commands that work on a song, run as a user runs them, on a song of a few seconds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import wave
from pathlib import Path

import pytest

from suno_video.core.analysis import SongAnalysis
from suno_video.core.storyboard import Storyboard
from tests.cli.conftest import Run, clean_environment, script, write_song

SMALL = ("--size", "64x36", "--fps", "24", "--quality", "draft")


@pytest.fixture
def song(work: Path) -> Path:
    """Four seconds of a song at 160 bpm."""
    return write_song(work / "song.wav", seconds=4)


@pytest.mark.slow
def test_render_prints_the_path_of_the_film_and_says_the_rest_on_stderr(run: Run, song: Path) -> None:
    done = run("render", song.name, *SMALL)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "song.mp4\n"
    assert song.with_suffix(".mp4").stat().st_size > 1000
    assert "\x1b" not in done.stderr
    stages = [line.split(":")[0] for line in done.stderr.splitlines() if ": done in" in line]
    assert stages == ["analyze", "direct", "render", "assemble"]
    assert "film: 0:04 long, 64x36" in done.stderr
    assert "render: 100 %, 96 of 96 frames" in done.stderr


@pytest.mark.slow
def test_check_passes_a_film_of_ours_and_refuses_what_is_no_film(run: Run, song: Path) -> None:
    run("render", song.name, *SMALL, "-q")
    done = run("check", "song.mp4", "--for", "youtube")
    assert done.returncode == 0, done.stderr
    assert "FAIL" not in done.stdout
    assert "sound offset" in done.stdout
    assert json.loads(run("check", "song.mp4", "--for", "youtube", "--json").stdout)["passed"] is True
    assert run("check", "song.wav", "--for", "youtube").returncode == 65
    assert run("check", "gone.mp4", "--for", "youtube").returncode == 66
    assert run("check", "song.mp4", "--for", "myspace").returncode == 2
    # A canvas is upright and at most eight seconds long.
    refused = run("check", "song.mp4", "--for", "canvas")
    assert refused.returncode == 65
    assert "FAIL  ratio" in refused.stdout
    assert "error [check-failed]" in refused.stderr


def test_render_again_says_what_was_kept(run: Run, song: Path) -> None:
    run("render", song.name, *SMALL, "-q")
    done = run("render", song.name, *SMALL)
    assert done.returncode == 0, done.stderr
    assert "analyze: kept from an earlier run" in done.stderr
    assert " 0 frames to make" in done.stderr


def test_quiet_prints_the_path_and_nothing_else(run: Run, song: Path) -> None:
    done = run("render", song.name, *SMALL, "--quiet", "--out", "film.mp4")
    assert (done.returncode, done.stdout, done.stderr) == (0, "film.mp4\n", "")


def test_json_gives_one_event_a_line_and_the_result_last(run: Run, song: Path) -> None:
    done = run("render", song.name, *SMALL, "--json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert {event["v"] for event in events} == {1}
    assert events[0] == {"v": 1, "event": "stage.started", "stage": "analyze", "detail": "song.wav"}
    assert [event["event"] for event in events[-2:]] == ["film.done", "result"]
    assert sum(event["n_frames"] for event in events if event["event"] == "frames.written") == 96
    result = events[-1]
    assert (result["film"], result["n_frames"], result["exit_status"]) == ("song.mp4", 96, 0)


@pytest.mark.parametrize("name", ["-rf.wav", "100%d 'it''s \"q\".wav", "so\nng.wav", "a:b 🎵.wav"])
@pytest.mark.slow
def test_a_song_with_a_hostile_name_becomes_a_film_beside_it(run: Run, work: Path, name: str) -> None:
    write_song(work / name, seconds=1)
    done = run("render", *SMALL, "-q", "--", name)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{Path(name).stem}.mp4\n"
    assert (work / f"{Path(name).stem}.mp4").is_file()


def test_dry_run_prints_the_scenes_and_writes_nothing(run: Run, song: Path) -> None:
    done = run("storyboard", song.name, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in song.parent.iterdir()] == ["song.wav"]
    header = next(line for line in done.stdout.splitlines() if line.startswith("scene"))
    assert header.split() == ["scene", "time", "bar", "section", "picture", "backend", "price", "prompt"]
    first = next(line for line in done.stdout.splitlines() if line.startswith("s0"))
    assert "0:00.0" in first
    assert "procedural" in first
    assert "free" in first


def test_storyboard_json_is_the_storyboard(run: Run, song: Path) -> None:
    done = run("storyboard", song.name, "--json", "--look", "neon", "--seed", "7", "--fps", "25", "--title", "")
    board = Storyboard.from_json(done.stdout)
    assert (board.treatment.look, board.seed, board.fps) == ("neon", 7, 25)
    assert board.title_card is None
    assert len(done.stdout.splitlines()) == 1
    assert Storyboard.load(song.parent / "song.suno-video" / "storyboard.json") == board


def test_from_and_to_cut_the_film_out_of_the_song(run: Run, song: Path) -> None:
    done = run("storyboard", song.name, "--dry-run", "--json", "--from", "0:01", "--to", "3", "--fps", "24")
    board = Storyboard.from_json(done.stdout)
    assert (board.first_frame, board.n_frames) == (24, 48)


@pytest.mark.slow
def test_preview_is_small_and_keeps_the_shape(run: Run, song: Path) -> None:
    board = Storyboard.from_json(run("storyboard", song.name, "--dry-run", "--json", "--size", "9:16").stdout)
    assert str(board.size) == "1080x1920"
    done = run("render", song.name, "--preview", "--size", "9:16", "--to", "0.5", "--json")
    assert json.loads(done.stdout.splitlines()[-2])["size"] == "480x854"


def test_analyze_json_is_the_analysis_and_writes_nothing(run: Run, song: Path) -> None:
    done = run("analyze", song.name, "--json")
    analysis = SongAnalysis.from_json(done.stdout)
    assert analysis.duration_s == pytest.approx(4.0, abs=0.01)
    assert done.stderr == ""
    assert [path.name for path in song.parent.iterdir()] == ["song.wav"]


def test_analyze_keeps_its_files_in_a_project_that_is_named(run: Run, song: Path) -> None:
    done = run("analyze", song.name, "--project", "new/song.suno-video")
    assert done.returncode == 0, done.stderr
    assert (song.parent / "new" / "song.suno-video" / "analysis.json").is_file()
    assert "kept from an earlier run" in run("analyze", song.name, "--project", "new/song.suno-video").stderr


def test_analyze_prints_what_was_heard(run: Run, song: Path) -> None:
    done = run("analyze", song.name)
    fields = dict(line.split("  ", 1) for line in done.stdout.splitlines() if "  " in line)
    assert fields["length"].strip() == "0:04.0"
    assert any(line.split()[1:3] == ["from", "to"] for line in done.stdout.splitlines() if line.startswith("section"))


def test_plot_draws_a_picture(run: Run, song: Path) -> None:
    done = run("analyze", song.name, "--plot", "heard.png")
    assert done.returncode == 0, done.stderr
    assert (song.parent / "heard.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_status_tells_what_is_done(run: Run, song: Path) -> None:
    assert run("status", song.name).returncode == 66
    run("storyboard", song.name)
    assert json.loads(run("status", song.name, "--json").stdout)["film"] is None
    run("render", song.name, "-q", *SMALL)
    status = json.loads(run("status", "song.suno-video", "--json").stdout)
    assert (status["analyzed"], status["storyboard"], status["busy"]) == (True, "made", False)
    assert status["n_scenes_done"] == status["n_scenes"] > 0
    assert (status["stand_ins"], status["film"]) == ({}, "song.mp4")
    assert "song.mp4" in run("status", "song.suno-video").stdout


def test_a_second_run_on_a_busy_project_ends_with_75(run: Run, song: Path) -> None:
    from suno_video.project.lock import hold_project
    from suno_video.project.workspace import Project

    with hold_project(Project.beside(song).create()):
        done = run("render", song.name, *SMALL)
        busy = run("storyboard", song.name)
    assert (done.returncode, busy.returncode) == (75, 75)
    assert "error [project-busy]" in done.stderr
    assert f"process {os.getpid()}" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_ctrl_c_leaves_a_project_that_the_next_run_continues(run: Run, work: Path, tmp_path: Path) -> None:
    write_song(work / "song.wav", seconds=20)
    options = ["render", "song.wav", "--size", "320x180", "--jobs", "1"]
    child = subprocess.Popen(
        [*script(), *options, "--json"],
        cwd=work,
        env=clean_environment(tmp_path / "home"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    for line in child.stdout:
        if json.loads(line)["event"] == "scene.done":
            break
    child.send_signal(signal.SIGINT)
    out, words = child.communicate(timeout=60)
    assert child.returncode == 130, words
    assert words.startswith("error [interrupted]")
    assert json.loads(out.splitlines()[-1])["code"] == "interrupted"
    assert not (work / "song.mp4").exists()
    done = run(*options)
    assert done.returncode == 0, done.stderr
    assert "kept from an earlier run" in next(line for line in done.stderr.splitlines() if line.startswith("render:"))


def test_a_person_sets_the_grid_right_and_hears_it(run: Run, work: Path) -> None:
    write_song(work / "song.wav", seconds=4)
    done = run("analyze", "song.wav", "--project", "kept", "--bpm", "80", "--click", "click.wav", "--json")
    heard = json.loads(done.stdout)
    assert (heard["grid_source"], heard["tempo_bpm"]) == ("tempo", pytest.approx(80, rel=0.01))
    assert json.loads((work / "kept" / "grid.json").read_text(encoding="utf-8"))["bpm"] == 80
    with wave.open(str(work / "click.wav"), "rb") as click, wave.open(str(work / "song.wav"), "rb") as song:
        assert click.getnframes() == song.getnframes()
