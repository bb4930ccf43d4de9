"""Several songs in one run: in turn, whatever one of them does, with one summary at the end."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from suno_video.cli import app, batch
from suno_video.cli.rendering import Made
from suno_video.cli.stop import StopSignals
from suno_video.core.errors import BackendUnavailableError, DiskError, EncoderError
from suno_video.pipeline import FilmResult
from suno_video.project.lock import hold_project, hold_songs
from suno_video.project.workspace import Project
from tests.cli.conftest import Run, clean_environment, script, write_song

ROOT = Path(__file__).resolve().parents[2]
UNATTENDED = (ROOT / "docs" / "unattended.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
SMALL = ("--size", "64x36", "--fps", "24", "--quality", "draft")
needs_posix = pytest.mark.skipif(os.name == "nt", reason="cron, signals and sh are POSIX")


def summary_of(stdout: str) -> dict[str, Any]:
    """The last line of an answer in JSON."""
    last: dict[str, Any] = json.loads(stdout.splitlines()[-1])
    assert (last["v"], last["event"]) == (1, "summary")
    return last


@pytest.fixture
def songs(work: Path) -> Path:
    """A folder of two songs of a second, and one file that is none."""
    folder = work / "songs"
    folder.mkdir()
    write_song(folder / "track 10.wav", seconds=1)
    write_song(folder / "track 2.wav", seconds=1)
    (folder / "a diary.mp3").write_text("dear diary, today I wrote a song\n" * 99)
    return folder


def test_a_folder_becomes_films_and_one_bad_song_stops_nobody(run: Run, songs: Path) -> None:
    done = run("render", "songs", *SMALL)
    assert done.returncode == 65
    assert done.stdout.splitlines() == ["songs/track 2.mp4", "songs/track 10.mp4"]
    assert all((songs / name).stat().st_size > 1000 for name in ("track 2.mp4", "track 10.mp4"))
    lines = done.stderr.splitlines()
    assert lines[:2] == [
        "song 1 of 3: songs/a diary.mp3",
        "error [bad-song] songs/a diary.mp3: 'a diary.mp3' is text, not sound.",
    ]
    assert "song 3 of 3: songs/track 10.wav" in lines
    assert lines[-2:] == [
        "summary: 2 of 3 songs done, 0 of them unchanged; 1 failed",
        "         65  songs/a diary.mp3: 'a diary.mp3' is text, not sound.",
    ]


@pytest.mark.slow
def test_what_is_done_and_unchanged_is_passed_over_and_the_summary_says_so(run: Run, songs: Path) -> None:
    (songs / "a diary.mp3").unlink()
    first = run("render", "songs", *SMALL, "--json")
    films = {path: path.stat() for path in songs.glob("*.mp4")}
    again = run("render", "songs", *SMALL, "--json", "--summary", "told.json")
    assert (first.returncode, again.returncode) == (0, 0)
    assert {path: path.stat() for path in songs.glob("*.mp4")} == films
    before, after = summary_of(first.stdout), summary_of(again.stdout)
    assert (before["n_done"], before["n_unchanged"]) == (2, 0)
    assert json.loads((songs.parent / "told.json").read_text()) == after
    counts = {"n_songs": 2, "n_done": 2, "n_unchanged": 2, "n_failed": 0, "n_left": 0, "exit_status": 0}
    assert {key: after[key] for key in after if key != "songs"} == {"v": 1, "event": "summary", **counts}
    assert all(song.pop("seconds") > 0 for song in after["songs"])
    assert after["songs"] == [
        {"song": f"songs/{name}.wav", "film": f"songs/{name}.mp4", "exit_status": 0, "code": None}
        | {"message": None, "unchanged": True}
        for name in ("track 2", "track 10")
    ]
    results = [json.loads(line) for line in again.stdout.splitlines() if '"event": "result"' in line]
    assert [(result["song"], result["unchanged"]) for result in results] == [
        *(("songs/track 2.wav", True), ("songs/track 10.wav", True))
    ]
    # A film that is gone is made again from its pieces, and so is not unchanged.
    (songs / "track 2.mp4").unlink()
    mended = summary_of(run("render", "songs", *SMALL, "--json").stdout)
    assert [song["unchanged"] for song in mended["songs"]] == [False, True]


@pytest.mark.slow
def test_quiet_prints_paths_and_errors_alone(run: Run, songs: Path) -> None:
    done = run("render", "songs/track 2.wav", "songs/a diary.mp3", "gone.mp3", *SMALL, "--quiet", "--out", ".")
    assert (done.returncode, done.stdout) == (66, "track 2.mp4\n")
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        *("error [bad-song] songs/a diary.mp3", "hint", "error [no-such-input] gone.mp3", "hint")
    ]


@pytest.mark.slow
def test_each_songs_own_settings_count_for_it_alone(run: Run, songs: Path) -> None:
    (songs / "a diary.mp3").unlink()
    for name, text in (("track 2", 'size = "36x64"\n'), ("track 10", "fps = 0\n")):
        (songs / f"{name}.suno-video").mkdir()
        (songs / f"{name}.suno-video" / "suno-video.toml").write_text(text)
    done = run("render", "songs", "--json", "--quality", "draft", "--to", "0.5")
    assert done.returncode == 78
    sizes = [json.loads(line)["size"] for line in done.stdout.splitlines() if '"event": "film.done"' in line]
    assert sizes == ["36x64"]
    assert [song["code"] for song in summary_of(done.stdout)["songs"]] == [None, "config"]


@pytest.mark.parametrize(
    "args",
    [
        ["--title", "One for all"],
        ["--project", "p"],
        ["--out", "film.mp4"],
        ["--out", "missing/"],
        ["--look", "no-such-look"],
        ["--summary", "songs/track 2.wav"],
    ],
)
def test_what_cannot_hold_for_several_songs_is_refused_once_and_makes_nothing(
    songs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], args: list[str]
) -> None:
    monkeypatch.chdir(songs.parent)
    monkeypatch.setattr(StopSignals, "install", lambda self: None)
    content = (songs / "track 2.wav").read_bytes()
    assert app.run(["render", "songs", *args]) == 2
    assert capsys.readouterr().err.count("error [") == 1
    assert sorted(path.name for path in songs.iterdir()) == ["a diary.mp3", "track 10.wav", "track 2.wav"]
    assert (songs / "track 2.wav").read_bytes() == content


def test_a_run_that_is_refused_leaves_no_summary_of_yesterday(run: Run, songs: Path) -> None:
    (songs.parent / "summary.json").write_text('{"exit_status": 0}')
    (songs.parent / "suno-video.toml").write_text("fps = 0\n")
    done = run("render", "songs", "--summary", "summary.json")
    assert done.returncode == 78
    told = json.loads((songs.parent / "summary.json").read_text())
    assert (told["exit_status"], told["songs"]) == (78, [])


@pytest.mark.slow
def test_one_song_can_have_a_summary_and_is_titled_as_ever(run: Run, songs: Path) -> None:
    done = run("render", "songs/track 2.wav", "--summary", "one.json", "--title", "One", *SMALL, "--json")
    assert done.returncode == 0, done.stderr
    told = summary_of(done.stdout)
    assert json.loads((songs.parent / "one.json").read_text()) == told
    assert (told["n_songs"], told["songs"][0]["song"]) == (1, "songs/track 2.wav")


Turn = Callable[[Path], None]


@pytest.fixture
def turns(songs: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, BaseException]], list[str]]:
    """Let the songs `one` to `four` have their turn in this process; those that are named meet an error."""
    monkeypatch.chdir(songs.parent)
    monkeypatch.setattr(StopSignals, "install", lambda self: None)

    def with_errors(errors: dict[str, BaseException]) -> list[str]:
        begun: list[str] = []

        def make(song: Path, *_: object) -> Made:
            begun.append(song.name)
            if song.name in errors:
                raise errors[song.name]
            return Made(FilmResult(song.with_suffix(".mp4"), song, 1.0, 30, 1, 0.0, 1, 0, {}), unchanged=False)

        monkeypatch.setattr(batch, "make_film", make)
        return begun

    return with_errors


FOUR = ["one", "two", "three", "four"]


@pytest.mark.parametrize(
    ("error", "status"),
    [(EncoderError("It fell over.", "Look."), 74), (BackendUnavailableError("Gone.", "Look."), 69), (KeyError("x"), 1)],
)
def test_an_error_of_one_song_leaves_the_others_their_turn(turns, capsys, error: Exception, status: int) -> None:  # type: ignore[no-untyped-def]
    begun = turns({"two": error})
    assert app.run(["render", *FOUR, "--json"]) == status
    assert begun == FOUR
    out = capsys.readouterr().out
    told = summary_of(out)
    assert (told["n_done"], told["n_failed"], told["n_left"], told["exit_status"]) == (3, 1, 0, status)
    errors = [json.loads(line) for line in out.splitlines() if '"event": "error"' in line]
    assert [(error["song"], error["exit_status"]) for error in errors] == [("two", status)]


@pytest.mark.parametrize("error", [DiskError("Full.", "Free some."), OSError(errno.ENOSPC, "No space left")])
def test_a_full_disk_ends_the_run_and_the_summary_says_who_is_left(turns, capsys, error: Exception) -> None:  # type: ignore[no-untyped-def]
    begun = turns({"two": error})
    assert app.run(["render", *FOUR]) == 74
    assert begun == ["one", "two"]
    assert capsys.readouterr().err.splitlines()[-4:] == [
        "summary: 1 of 4 songs done, 0 of them unchanged; 1 failed; 2 not begun",
        f"         74  two: {'Full.' if isinstance(error, DiskError) else 'The disk is full: No space left.'}",
        "  not begun  three",
        "  not begun  four",
    ]


def test_ctrl_c_ends_the_run_and_is_told_once(turns, capsys) -> None:  # type: ignore[no-untyped-def]
    begun = turns({"two": KeyboardInterrupt()})
    assert app.run(["render", *FOUR, "--json", "--summary", "s.json"]) == 130
    assert begun == ["one", "two"]
    captured = capsys.readouterr()
    assert captured.err.count("error [interrupted]") == 1
    told = summary_of(captured.out)
    assert json.loads(Path("s.json").read_text()) == told
    assert [song["code"] for song in told["songs"]] == [None, "interrupted", None, None]
    assert [song["exit_status"] for song in told["songs"]] == [0, 130, None, None]


def test_a_summary_that_cannot_be_written_at_the_end_is_told(turns, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    turns({})

    def fail(path: Path, text: str) -> None:
        raise DiskError("Full.", "Free some.")

    monkeypatch.setattr("suno_video.cli.summary.write_text", fail)
    assert app.run(["render", *FOUR, "--json", "--summary", "s.json"]) == 74
    assert summary_of(capsys.readouterr().out)["exit_status"] == 74


def test_a_second_run_on_a_busy_folder_ends_with_75_and_one_on_a_busy_song_makes_the_others(
    run: Run, songs: Path
) -> None:
    with hold_songs(songs):
        folder = run("render", "songs", *SMALL)
    with hold_project(Project.beside(songs / "track 2.wav").create()):
        one = run("render", *(f"songs/track {number}.wav" for number in (2, 10)), *SMALL)
    assert (folder.returncode, folder.stdout) == (75, "")
    assert folder.stderr.startswith(
        "error [project-busy] songs: Another run works through the songs in 'songs' (process "
    )
    assert (one.returncode, one.stdout) == (75, "songs/track 10.mp4\n")


@pytest.mark.slow
@needs_posix
def test_sigterm_stops_a_folder_in_good_order_and_the_next_run_goes_on(run: Run, songs: Path, tmp_path: Path) -> None:
    write_song(songs / "track 10.wav", seconds=20)
    options = ["render", "songs", "--size", "320x180", "--jobs", "1", "--json"]
    child = subprocess.Popen(
        [*script(), *options],
        cwd=songs.parent,
        env=clean_environment(tmp_path / "home"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    n_films = 0
    for line in child.stdout:
        n_films += '"event": "film.done"' in line
        if n_films and '"event": "scene.done"' in line:
            break
    child.send_signal(signal.SIGTERM)
    out, words = child.communicate(timeout=60)
    assert child.returncode == 143, words
    told = summary_of(out)
    assert (told["n_done"], told["songs"][2]["code"]) == (1, "terminated")
    done = run(*options)
    assert [song["unchanged"] for song in summary_of(done.stdout)["songs"]] == [False, True, False]
    assert '"reused": true' in done.stdout


MEASURED = """
import sys, psutil
from suno_video.cli import app, batch
clear_up = batch.clear_up
def measured():
    clear_up()
    me = psutil.Process()
    print(me.memory_info().rss, len(me.open_files()), file=sys.stderr)
batch.clear_up = measured
app.main(sys.argv[1:])
"""


@pytest.mark.slow
def test_memory_does_not_grow_from_song_to_song(work: Path, tmp_path: Path) -> None:
    for number in range(6):
        write_song(work / f"{number}.wav", seconds=4, bpm=90 + 10 * number)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "render", ".", "--size", "320x180", "--quality", "draft", "--quiet"],
        cwd=work,
        # With one arena, what grows is ours, and not the C library's that spreads over the threads.
        env={**clean_environment(tmp_path / "home"), "MALLOC_ARENA_MAX": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    rss_mb = [int(line.split()[0]) / 1e6 for line in done.stderr.splitlines()]
    n_files = [int(line.split()[1]) for line in done.stderr.splitlines()]
    sys.stdout.write(f"RSS after each song: {', '.join(f'{mb:.1f}' for mb in rss_mb)} MB; open files: {n_files}\n")
    assert len(rss_mb) == 6
    # The first song loads libraries and compiles; from the second on nothing may pile up.
    assert max(rss_mb[2:]) - rss_mb[1] < 8
    assert n_files[1:] == n_files[:-1]


def cron_commands(page: str) -> list[str]:
    """The command of each crontab line on a page."""
    blocks = re.findall(r"```cron\n(.*?)```", page, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line.split(maxsplit=5)[5] for line in lines if re.match(r"[\d*]", line)]


def test_the_readme_shows_the_crontab_line_that_is_tried_here() -> None:
    assert cron_commands(README) == cron_commands(UNATTENDED)


@needs_posix
@pytest.mark.slow
def test_the_crontab_line_works_in_the_poor_environment_of_cron(tmp_path: Path) -> None:
    (command,) = cron_commands(UNATTENDED)
    home = tmp_path / "home of a person"
    songs = home / "songs"
    songs.mkdir(parents=True)
    (songs / "cron.toml").write_text((ROOT / "configs" / "cron.toml").read_text())
    write_song(songs / "лето.wav", seconds=0.6)
    write_song(songs / "-f 100%.wav", seconds=0.6)
    # What was compiled on this machine is taken along: it would be compiled once, and then kept like this.
    cache = Path(platformdirs.user_cache_dir("suno-video"))
    (home / ".cache").mkdir()
    cache.mkdir(parents=True, exist_ok=True)
    (home / ".cache" / cache.name).symlink_to(cache)
    folder = Path(script()[0]).parent
    # Where the tests run from a source tree that is not installed, cron's Python needs to know it.
    source = [f"PYTHONPATH={path}"] if (path := os.environ.get("PYTHONPATH")) else []
    times = []
    for _ in range(2):
        started = time.perf_counter()
        done = subprocess.run(
            ["/usr/bin/env", "-i", f"HOME={home}", f"PATH={folder}", *source, "/bin/sh", "-c", command],
            cwd=home,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        times.append(time.perf_counter() - started)
        log = (songs / "films.log").read_bytes().decode()
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), log
    assert log.splitlines() == [str(songs / name) for name in ("-f 100%.mp4", "лето.mp4")] * 2
    told = json.loads((songs / "summary.json").read_text())
    assert (told["n_songs"], told["n_unchanged"], told["exit_status"]) == (2, 2, 0)
    assert times[1] < times[0]


@needs_posix
@pytest.mark.parametrize(
    ("answers", "status", "pauses"),
    [
        ([0], 0, [0]),
        ([75, 69, 65], 65, [0, 600, 1800]),
        ([75, 69, 74, 75], 75, [0, 600, 1800, 7200]),
        ([143], 143, [0]),
    ],
)
def test_the_retry_in_the_docs_tries_again_where_it_may_help(
    tmp_path: Path, answers: list[int], status: int, pauses: list[int]
) -> None:
    (snippet,) = re.findall(r"```sh\n(.*?)```", UNATTENDED, re.DOTALL)
    (tmp_path / "films.sh").write_text(snippet)
    (tmp_path / "answers").write_text("".join(f"{answer}\n" for answer in answers))
    stubs = {
        "sleep": 'echo "$1" >> pauses',
        # Gives the first of the answers that are left, and takes it away.
        "suno-video": 'echo "$*" >> calls; read -r answer < answers; sed -i 1d answers; exit "$answer"',
    }
    for name, line in stubs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", "films.sh", "my songs", "--quiet"],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        check=False,
    )
    assert done.returncode == status
    assert [int(line) for line in (tmp_path / "pauses").read_text().splitlines()] == pauses
    assert (tmp_path / "calls").read_text() == "render my songs --quiet\n" * len(pauses)
