from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from suno_video.assemble.loops import make_loop
from suno_video.core.errors import CheckFailedError
from suno_video.core.frames import FrameSize, planes
from suno_video.media.ffmpeg import FrameWriter, file_url
from suno_video.media.mp4 import read_mp4
from tests.unit.films import decode, middle_luma

SIZE, FPS, N_FRAMES = FrameSize(width_px=64, height_px=36), 30, 90


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds that become brighter by two levels a frame, with a tone."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    args = [
        "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "64x36", "-r", str(FPS), "-i", "pipe:0",
        "-f", "lavfi", "-i", "sine=440:sample_rate=48000:duration=3", "-c:v", "libx264", "-crf", "10", "-c:a", "aac",
        file_url(path),
    ]  # fmt: skip
    with FrameWriter(args) as writer:
        for number in range(N_FRAMES):
            frame = np.full(SIZE.i420_shape, 128, dtype=np.uint8)
            planes(frame)[0][:] = 20 + 2 * number
            writer.write(frame)
        writer.finish()
    return path


def test_the_last_picture_of_a_loop_leads_into_its_first(film: Path, tmp_path: Path) -> None:
    loop = make_loop(film, tmp_path / "loop.mp4", start_frame=20, n_frames=60, overlap=15)
    luma = [middle_luma(frame) for frame in decode(loop, SIZE)]
    assert len(luma) == 60
    assert abs(luma[0] - (20 + 2 * 20)) <= 2, "it begins where it was told to"
    assert max(luma) - min(luma) > 80
    # The hardest step, from the end into the beginning as well, is that of the dissolve: no jump of the whole way.
    assert abs(luma[0] - luma[-1]) <= 4
    assert max(abs(after - before) for before, after in pairwise(luma)) < 15


def test_a_loop_has_the_sound_of_its_length_or_none(film: Path, tmp_path: Path) -> None:
    heard = read_mp4(make_loop(film, tmp_path / "a.mp4", start_frame=20, n_frames=60, overlap=15)).track("soun")
    assert heard is not None and abs(heard.duration_s - 2.0) < 0.05
    silent = make_loop(film, tmp_path / "b.mp4", start_frame=20, n_frames=60, overlap=15, sound=False)
    assert read_mp4(silent).track("soun") is None


@pytest.mark.parametrize(("start", "n_frames", "overlap"), [(5, 60, 15), (40, 60, 15), (20, 10, 15)])
def test_a_loop_that_the_film_cannot_give_is_refused(film: Path, tmp_path: Path, start, n_frames, overlap) -> None:
    with pytest.raises(CheckFailedError, match="frames"):
        make_loop(film, tmp_path / "loop.mp4", start_frame=start, n_frames=n_frames, overlap=overlap)
    assert not list(tmp_path.iterdir())
