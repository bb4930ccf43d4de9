from __future__ import annotations

from pathlib import Path

import pytest

from suno_video.core.errors import CheckFailedError, UsageError
from suno_video.core.frames import FrameSize
from suno_video.media.ffmpeg import run_ffmpeg
from suno_video.publish.targets import CheckReport, check_file, load_target, target_names
from tests.unit.films import click_song, conform_all, splice_film
from tests.unit.songs import scene, steady_analysis, storyboard_of


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vertical film of four seconds."""
    folder = tmp_path_factory.mktemp("film")
    board = storyboard_of(scene(1, 0, 60), scene(2, 60, 120), size=FrameSize(width_px=360, height_px=640))
    segments = conform_all(board, steady_analysis(4.0), folder / "seg")
    return splice_film(board, segments, click_song(folder / "song.wav", [1.0], 4.0), folder / "film.mp4")


def _broken(report: CheckReport, level: str = "must") -> set[str]:
    return {finding.name for finding in report.findings if not finding.fine and finding.level == level}


def test_all_targets_load_and_name_their_source_and_date() -> None:
    assert target_names() == ("canvas", "linkedin", "reels", "shorts", "tiktok", "x", "youtube")
    for name in target_names():
        target = load_target(name)
        assert target.source.startswith("https://")
        assert target.checked_on.year >= 2026


def test_an_unknown_target_is_a_usage_error_that_lists_the_known_ones(film: Path) -> None:
    with pytest.raises(UsageError) as caught:
        check_file(film, "vhs")

    assert "youtube" in caught.value.hint


@pytest.mark.parametrize("target", ["youtube", "shorts", "reels", "tiktok", "x"])
def test_a_vertical_film_of_ours_passes(film: Path, target: str) -> None:
    report = check_file(film, target)

    assert _broken(report) == set()
    assert report.passed
    report.require_passed()


def test_limits_are_proved_on_the_file(film: Path) -> None:
    canvas = {f.name: f for f in check_file(film, "canvas").findings if f.level == "must"}

    assert canvas["length"].found == "4 s"
    assert canvas["length"].fine
    assert canvas["ratio"].found == "9:16"
    assert not canvas["height"].fine
    assert canvas["height"].found == "640 px"


def test_a_file_as_ffmpeg_writes_it_breaks_what_reels_asks_for(film: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.mp4"
    run_ffmpeg(["-i", f"file:{film}", "-c:v", "libx264", "-c:a", "aac", "-y", f"file:{plain}"])

    report = check_file(plain, "reels")

    assert _broken(report) == {"index", "edit lists"}
    with pytest.raises(CheckFailedError, match="edit lists is present"):
        report.require_passed()


def test_a_file_that_is_too_long_and_too_fast_is_named(film: Path, tmp_path: Path) -> None:
    fast = tmp_path / "fast.mp4"
    args = ["-f", "lavfi", "-i", "color=c=gray:s=64x36:r=120:d=9", "-c:v", "libx264", "-preset", "ultrafast"]
    run_ffmpeg([*args, "-y", f"file:{fast}"])

    assert _broken(check_file(fast, "canvas")) == {"length", "ratio", "height"}
    assert "frame rate" in _broken(check_file(fast, "tiktok"))


def test_an_index_without_a_sample_description_is_damaged_and_no_bug(film: Path, tmp_path: Path) -> None:
    content = film.read_bytes()
    at = content.index(b"stsd") + 4
    # The box keeps its length, what it holds becomes one box too short for a header.
    (tmp_path / "no.mp4").write_bytes(content.replace(content[at - 8 : at], b"\0\0\0\x10stsd", 1))
    with pytest.raises(CheckFailedError, match="damaged"):
        check_file(tmp_path / "no.mp4", "youtube")


@pytest.mark.parametrize("content", [b"", b"not a video at all, but long enough to look at"])
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "no.mp4").write_bytes(content)

    with pytest.raises(CheckFailedError):
        check_file(tmp_path / "no.mp4", "youtube")
