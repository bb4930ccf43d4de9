"""Memory does not grow from song to song, from scene to scene, or from clip to clip of a model. Readings are printed.

The quick form runs with the others; `make test-slow` runs the whole of it. `-s` shows the readings.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.long_runs import make_songs
from tests.e2e.slopes import LongRun, Reading, slope, watch

N_CLIPS, N_WARM_SCENES = 14, 20
"""Until then libraries are loaded and painters compiled, and what they leave stays for good."""
MAX_MB_PER_SONG = 0.25
"""Measured: 0.03 at 160x90; it was 2.0 there, and 2.8 at 720p, before threads shared one heap."""
MAX_MB_PER_CLIP = 1.0
"""Measured: within 0.1, with up to 6 MB up and down from clip to clip."""
MAX_SHARE_PER_100_SCENES = 0.01
MAX_SHARE_WITH_OTHERS = 0.05
"""A reading counts what the scene beside it holds at that moment: 262 to 300 MB, and up to 0.9 % of slope by chance."""
MAX_SHARE_IN_FEW_SCENES = 0.03
"""One page that comes late weighs more in a short run."""

with_models = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("torch", "diffusers", "transformers", "accelerate")),
    reason="needs the packages that CONTRIBUTING.md names for tiny pipelines",
)


def show(what: str, run: LongRun, verdict: str) -> None:
    sys.stdout.write(f"\n{what}: {run}\n  {verdict}\n")


def check_songs(folder: Path, n: int, *size: str, seconds: float = 6, n_warm: int = 4) -> None:
    make_songs(folder, n, seconds)
    run = watch("long_runs", "songs", folder, *size)
    mb = run.slope_mb(n_warm)
    show(f"{n} songs, {size[0] if size else '720p'}", run, f"{mb:+.2f} MB a song from song {n_warm + 1} on")
    assert [reading.label for reading in run.readings] == [f"{number + 1:02d}" for number in range(n)]
    assert mb < MAX_MB_PER_SONG
    assert len({reading.n_files for reading in run.readings[1:]}) == 1


def check_scenes(folder: Path, n: int, jobs: int = 1, at_most: float = MAX_SHARE_PER_100_SCENES) -> None:
    run = watch("long_runs", "scenes", folder, n, jobs)
    share = 100 * run.slope_mb(N_WARM_SCENES) / run.readings[N_WARM_SCENES].rss_mb
    show(f"{n} scenes, {jobs} at once", run, f"{share:+.2%} in 100 scenes, after the first {N_WARM_SCENES}")
    # One reading for each scene, and one for each join of two.
    assert len(run.readings) == n + n // 5
    assert share < at_most
    # While another scene is in the making, its pipes are open: the least tells what stays.
    files = [reading.n_files for reading in run.readings]
    assert min(files[-N_WARM_SCENES:]) == min(files[:N_WARM_SCENES])


# Quick


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of others has no such limit, or does not keep it")
def test_the_kernel_keeps_the_limit_that_long_runs_are_under(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="Unable to allocate"):
        watch("long_runs", "greed", tmp_path)


def test_a_tree_above_its_limit_is_ended(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"the tree held .* MB of 64"):
        watch("long_runs", "scenes", tmp_path, 1, 1, limit_mb=64)


@pytest.mark.slow
def test_six_songs_leave_memory_as_it_was(tmp_path: Path) -> None:
    check_songs(tmp_path, 6, "128x72", seconds=3, n_warm=2)


@pytest.mark.slow
def test_sixty_scenes_leave_memory_as_it_was(tmp_path: Path) -> None:
    check_scenes(tmp_path, 60, at_most=MAX_SHARE_IN_FEW_SCENES)


# Long


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_twenty_songs_in_one_process_stay_under_the_limit_without_a_slope(tmp_path: Path) -> None:
    check_songs(tmp_path, 20, "160x90")


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_twenty_songs_in_the_size_of_the_settings_for_low_memory_do_so_too(tmp_path: Path) -> None:
    check_songs(tmp_path, 20)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("jobs", "at_most"), [(1, MAX_SHARE_PER_100_SCENES), (2, MAX_SHARE_WITH_OTHERS)])
def test_two_hundred_scenes_leave_memory_as_it_was(tmp_path: Path, jobs: int, at_most: float) -> None:
    check_scenes(tmp_path, 200, jobs, at_most)


# Models


@with_models
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_fourteen_clips_of_an_offloaded_model_leave_nothing_behind_and_no_failure_does(tmp_path: Path) -> None:
    run = watch("tiny_clips", "group", tmp_path, N_CLIPS)
    clips = last_of_each(run.readings[:-1])
    mb = slope([reading.rss_mb for reading in clips[1:]])
    tensors = ", ".join(f"{reading.n_tensors}" for reading in run.readings)
    show(f"{N_CLIPS} clips, group offload", run, f"{mb:+.2f} MB a clip from clip 2 on; live tensors: {tensors}")
    # The first clip fails three times, until its parts are offloaded; the seventh once, in the middle.
    labels = [reading.label for reading in run.readings]
    assert (labels.count("s001"), labels.count("s007"), len(labels)) == (4, 2, N_CLIPS + 5)
    assert {(reading.n_tensors, reading.tensor_mb) for reading in clips} == {(clips[0].n_tensors, clips[0].tensor_mb)}
    # After a failure the model itself is gone, and nothing of it may be left.
    failed = next(reading.tensor_mb for reading in run.readings if reading.label == "s007")
    assert failed < 0.25 * clips[0].tensor_mb
    assert run.readings[-1].tensor_mb < 0.01 * clips[0].tensor_mb
    assert mb < MAX_MB_PER_CLIP
    assert len({reading.n_files for reading in clips}) == 1


@with_models
@pytest.mark.gpu
@pytest.mark.skipif(shutil.which("nvidia-smi") is None, reason="needs a CUDA device")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("family", "billions"), [("wan", 5.0), ("cogvideox", 5.5), ("flux", 11.9)])
def test_fourteen_scenes_of_a_model_of_full_size_leave_the_graphics_card_as_it_was(
    tmp_path: Path, family: str, billions: float
) -> None:
    """Never run where this was written, for want of a graphics card; tests/models runs the same code with tiny ones.

    Takes about 24 GB there, FLUX about 30.
    """
    run = watch("tiny_clips", family, tmp_path, N_CLIPS, limit_mb=64 * 1024)
    clips = last_of_each(run.readings[:-1])
    vram = [reading.device_mb for reading in clips]
    seconds = [after.at_s - before.at_s for before, after in pairwise(clips)]
    what = f"{N_CLIPS} scenes of {family}, {billions:g} billion parameters"
    show(what, run, f"VRAM: {vram} MB; seconds a scene: {seconds}")
    assert vram[0] > 2 * billions * 1e9 / 2**20  # the weights, in two bytes each, lie on the card
    assert vram == pytest.approx([vram[0]] * N_CLIPS, rel=0.01)


def last_of_each(readings: Sequence[Reading]) -> list[Reading]:
    """The reading after the last attempt at each scene, in the order of their making."""
    return list({reading.label: reading for reading in readings}.values())
