"""A song becomes a film: whole, in sync, and never made twice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from suno_video.assemble.proof import SyncProof
from suno_video.core.brief import Brief
from suno_video.core.errors import BadEditError, UsageError
from suno_video.core.events import Event, SceneDone, Warned
from suno_video.core.frames import FrameSize
from suno_video.core.storyboard import Storyboard
from suno_video.media.mp4 import read_mp4
from suno_video.pipeline import FilmOptions, FilmResult, plan_film, render_film

TINY = FrameSize(width_px=64, height_px=36)


def options(**changes: object) -> FilmOptions:
    brief = Brief.model_validate({"size": TINY, "look": "cosmos", **changes})
    return FilmOptions(brief=brief, quality="draft", jobs=2)


def render(song: Path, **changes: object) -> tuple[FilmResult, list[str]]:
    """Render, and give the names of the pieces that were really made."""
    made: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, SceneDone) and not event.reused:
            made.append(event.scene)

    return render_film(song, options(**changes), events=listen), made


def test_a_song_becomes_a_whole_film_in_sync(song: Path) -> None:
    result, made = render(song)
    assert result.film == song.with_suffix(".mp4")
    assert result.n_frames == 180
    assert made
    proof = SyncProof.load(result.project / "sync.json")
    assert proof.max_drift_frames == 0
    assert abs(proof.duration_error_s) < 1 / 30
    assert proof.picture_start_ms == proof.sound_start_ms == 0
    picture = read_mp4(result.film).track("vide")
    assert picture is not None
    assert picture.n_samples == 180
    for name in ("song.json", "analysis.json", "storyboard.json", "report.html", "contact-sheet.png"):
        assert (result.project / name).stat().st_size > 0


def test_a_second_run_makes_nothing_and_leaves_the_film_alone(song: Path) -> None:
    first, _ = render(song)
    before = first.film.stat().st_mtime_ns
    second, made = render(song)
    assert made == []
    assert second.film.stat().st_mtime_ns == before


def test_rendering_anew_gives_the_same_bytes(song: Path) -> None:
    first, _ = render(song)
    content = first.film.read_bytes()
    shutil.rmtree(first.project)
    first.film.unlink()
    render(song)
    assert first.film.read_bytes() == content


def test_changing_one_scene_encodes_one_scene(song: Path) -> None:
    result, _ = render(song)
    board = Storyboard.load(result.project / "storyboard.json")
    assert len(board.scenes) > 1
    edited = board.scenes[0].model_copy(update={"seed": 12345})
    board = board.model_copy(update={"scenes": (edited, *board.scenes[1:])})
    (result.project / "storyboard.json").write_text(board.to_json(), encoding="utf-8")
    _, made = render(song)
    assert [name for name in made if "-" not in name] == [edited.id]
    assert len(made) <= 2


def test_an_edit_by_hand_survives_and_a_flag_against_it_is_refused(song: Path) -> None:
    plan = plan_film(song, options())
    path = plan.project / "storyboard.json"
    path.write_text(path.read_text().replace('"seed": ', '"seed":  ', 1))
    assert plan_film(song, options()).storyboard_origin == "edited by hand"
    with pytest.raises(UsageError, match="--look"):
        plan_film(song, options(look="noir"))
    assert plan_film(song, options(size=FrameSize(width_px=36, height_px=64))).storyboard.size.height_px == 64


def test_an_analysis_that_does_not_fit_is_made_anew_and_not_in_silence(song: Path) -> None:
    path = plan_film(song, options()).project / "analysis.json"
    whole = path.read_text()
    path.write_text(whole.replace('"tempo_bpm": ', '"tempo_bpm": -', 1))
    said: list[Event] = []
    plan_film(song, options(), events=said.append)
    assert ["tempo_bpm" in event.text for event in said if isinstance(event, Warned)] == [True]
    assert path.read_text() == whole


def test_stills_by_a_backend_that_makes_none_are_refused_and_not_passed_over(song: Path) -> None:
    path = plan_film(song, options()).project / "storyboard.json"
    path.write_text(path.read_text().replace('"still_backend": null', '"still_backend": "parallax"', 1))
    with pytest.raises(UsageError, match="parallax makes no stills"):
        render(song)


def test_a_bad_edit_is_refused_with_its_line_and_the_file_is_left_alone(song: Path) -> None:
    plan = plan_film(song, options())
    path = plan.project / "storyboard.json"
    text = path.read_text().replace(f'"family": "{plan.storyboard.scenes[0].family}"', '"family": "unicorns"', 1)
    path.write_text(text)
    line = text[: text.index("unicorns")].count("\n") + 1
    with pytest.raises(BadEditError, match=f"line {line}.*unicorns"):
        render(song)
    assert path.read_text() == text


def test_another_wish_makes_the_storyboard_anew(song: Path) -> None:
    assert plan_film(song, options()).storyboard_origin == "made anew"
    assert plan_film(song, options()).storyboard_origin == "kept"
    assert plan_film(song, options(seed=7)).storyboard_origin == "made anew"


def test_planning_without_writing_leaves_nothing_behind(song: Path) -> None:
    before = sorted(song.parent.rglob("*"))
    plan = plan_film(song, options(), write=False)
    assert plan.storyboard.n_frames == 180
    assert sorted(song.parent.rglob("*")) == before


def test_a_part_of_a_song_is_a_film_of_that_part(song: Path) -> None:
    result, _ = render(song, from_s=1.0, to_s=3.0)
    assert result.n_frames == 60
    proof = SyncProof.load(result.project / "sync.json")
    assert proof.max_drift_frames == 0


def test_a_damaged_segment_is_made_again(song: Path) -> None:
    result, _ = render(song)
    segment = sorted((result.project / "segments").glob("s001*.mp4"))[0]
    segment.write_bytes(segment.read_bytes()[:100])
    result.film.unlink()
    _, made = render(song)
    assert made == ["s001"]


def start_cli(*args: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "suno_video", *args],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "SUNO_VIDEO_LOOK": "cosmos"},
    )


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
@pytest.mark.slow
def test_an_interrupted_run_leaves_in_time_and_the_next_one_goes_on(
    make_song: Callable[..., Path], number: int, status: int
) -> None:
    song = make_song("long.wav", 24.0)
    args = ("render", song.name, "--size", "320x180", "--json", "--jobs", "1")
    with start_cli(*args, cwd=song.parent) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if json.loads(line)["event"] == "scene.done":
                break
        run.send_signal(number)
        run.communicate(timeout=30)
        assert run.returncode == status
    project = song.with_name("long.suno-video")
    assert list((project / "segments").glob("*.json"))
    assert not song.with_suffix(".mp4").exists()
    with start_cli(*args, cwd=song.parent) as run:
        out, _ = run.communicate(timeout=120)
    events = [json.loads(line) for line in out.splitlines()]
    assert run.returncode == 0
    assert any(event["event"] == "scene.done" and event["reused"] for event in events)
    assert song.with_suffix(".mp4").exists()
    assert list((project / "scratch").iterdir()) == []


@pytest.mark.slow
def test_a_second_run_on_the_same_project_exits_75(make_song: Callable[..., Path]) -> None:
    song = make_song("long.wav", 24.0)
    args = ("render", song.name, "--size", "640x360", "--json")
    with start_cli(*args, cwd=song.parent) as first:
        assert first.stdout is not None
        for line in first.stdout:
            if json.loads(line)["event"] == "scene.started":
                break
        with start_cli(*args, cwd=song.parent) as second:
            _, err = second.communicate(timeout=60)
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=30)
    assert second.returncode == 75
    assert "project-busy" in err


NAMES = (
    "-leading dash.wav",
    "colon: a.wav",
    "quotes '\" `.wav",
    "emoji 🎵.wav",
    "new\nline.wav",
    "%d %s.wav",
    "[brackets] {braces} \\ $HOME.wav",
    "é" * 125 + "a.wav",
    " spaces .wav",
    "concat:x|y.wav",
)


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_render_like_any_other(make_song: Callable[..., Path], name: str) -> None:
    song = make_song(name, 1.5)
    result, _ = render(song)
    assert result.n_frames == 45
    assert result.film.parent == song.parent
    assert result.film.stat().st_size > 1000
