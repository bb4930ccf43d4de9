"""Running ffmpeg: found, fed, read, and stopped in good order."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from suno_video.core.errors import DiskError, EncoderError, ToolMissingError
from suno_video.core.frames import FrameSize
from suno_video.media import ffmpeg

TINY = FrameSize(width_px=64, height_px=36)
RAW = ["-f", "rawvideo", "-pix_fmt", "yuv420p"]
TONE = ["-f", "lavfi", "-i", "sine=d=2", "-f", "f32le", "pipe:1"]


@pytest.fixture
def _fresh_search() -> Iterator[None]:
    for found in (ffmpeg.ffmpeg_path, ffmpeg.ffmpeg_version):
        found.cache_clear()
    yield
    for found in (ffmpeg.ffmpeg_path, ffmpeg.ffmpeg_version):
        found.cache_clear()


def test_frames_survive_the_way_through_files_and_pipes(tmp_path: Path) -> None:
    out = tmp_path / "a.mkv"
    frames = [np.full(TINY.i420_shape, level, np.uint8) for level in (40, 90, 140)]
    args = [*RAW, "-s", str(TINY), "-r", "30", "-i", "pipe:0", "-c:v", "ffv1", ffmpeg.file_url(out)]
    with ffmpeg.FrameWriter(args) as writer:
        for frame in frames:
            writer.write(frame)
        writer.finish()
    read = list(ffmpeg.read_frames(["-i", ffmpeg.file_url(out), *RAW, "pipe:1"], TINY))
    assert [int(frame[0, 0]) for frame in read] == [40, 90, 140]
    assert all(np.array_equal(a, b) for a, b in zip(read, frames, strict=True))


def test_a_writer_whose_ffmpeg_died_says_why(tmp_path: Path) -> None:
    args = [*RAW, "-s", str(TINY), "-i", "pipe:0", "-c:v", "no_such_encoder", ffmpeg.file_url(tmp_path / "a.mp4")]
    frame = np.zeros(TINY.i420_shape, np.uint8)
    with pytest.raises(EncoderError, match="no_such_encoder"), ffmpeg.FrameWriter(args) as writer:
        for _ in range(10_000):
            writer.write(frame)
        writer.finish()


def test_an_ffmpeg_that_does_not_end_is_an_encoder_error_and_is_stopped() -> None:
    endless = ["-f", "lavfi", "-i", "sine=d=36000000"]
    args = [*endless, *RAW, "-s", str(TINY), "-i", "pipe:0", "-map", "0:a", "-f", "null", "-"]
    with pytest.raises(EncoderError, match="did not finish"), ffmpeg.FrameWriter(args) as writer:
        writer.finish(timeout_s=0.3)
    assert writer._child.process.poll() is not None


def test_a_program_that_is_no_ffmpeg_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _fresh_search: None
) -> None:
    wrong = tmp_path / "ffmpeg"
    wrong.write_bytes(b"not a program for this machine")
    wrong.chmod(0o755)
    monkeypatch.setenv("SUNO_VIDEO_FFMPEG", str(wrong))
    with pytest.raises(ToolMissingError, match="does not answer like ffmpeg"):
        ffmpeg.ffmpeg_version()


def test_a_full_disk_is_told_from_other_troubles() -> None:
    assert isinstance(ffmpeg.failure(228, "av_interleaved_write_frame(): No space left on device"), DiskError)
    assert isinstance(ffmpeg.failure(1, "Invalid data found"), EncoderError)


def test_a_talkative_ffmpeg_does_not_hang_us() -> None:
    chunks = list(ffmpeg.read_chunks(["-loglevel", "debug", *TONE], 4096))
    assert sum(map(len, chunks)) == 2 * 44100 * 4


def test_leaving_a_reader_early_stops_its_ffmpeg() -> None:
    reader = ffmpeg.read_chunks(["-f", "lavfi", "-i", "sine=d=3600", "-f", "f32le", "pipe:1"], 4096)
    next(reader)
    reader.close()
    with pytest.raises(StopIteration):
        next(reader)


def test_python_can_end_while_a_reader_is_open() -> None:
    code = (
        "from suno_video.media.ffmpeg import read_chunks\n"
        "reader = read_chunks(['-f', 'lavfi', '-i', 'sine=d=3600', '-f', 'f32le', 'pipe:1'], 4096)\n"
        "next(reader)\n"
        "import sys; sys.keep = reader; sys.exit(7)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 7
    assert "Fatal" not in done.stderr


@pytest.mark.usefixtures("_fresh_search")
def test_an_ffmpeg_that_cannot_be_run_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNO_VIDEO_FFMPEG", "/nowhere/ffmpeg")
    with pytest.raises(ToolMissingError, match="/nowhere/ffmpeg"):
        ffmpeg.ffmpeg_path()
    monkeypatch.delenv("SUNO_VIDEO_FFMPEG")
    ffmpeg.ffmpeg_path.cache_clear()
    assert ffmpeg.ffmpeg_version()[0].isdigit()
