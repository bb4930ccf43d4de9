"""A tiny ESRGAN with random weights enlarges real clips: frames, rate, size, tiles, memory, and the film around it."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

from suno_video.assemble.enlarge import enlarge_clip
from suno_video.assemble.graphs import picture_args
from suno_video.backends import registry
from suno_video.backends.base import FileFootage
from suno_video.backends.fake import FakeVideo
from suno_video.core.brief import Brief
from suno_video.core.errors import ConfigError
from suno_video.core.events import Event, Notice, Warned
from suno_video.core.frames import FrameSize
from suno_video.media import upscaler as module
from suno_video.media.ffmpeg import FrameWriter
from suno_video.media.mp4 import read_mp4
from suno_video.media.upscaler import TooLittleMemory, Upscaler, missing_packages
from suno_video.pipeline import FilmOptions, render_film
from suno_video.pipeline.cleaning import CleanWishes, clean_project
from suno_video.pipeline.enlarging import Enlarging
from suno_video.pipeline.foresight import foresee_film
from suno_video.project.fingerprint import file_sha256
from suno_video.project.takes import Take, TakeReceipt, TakeStore
from suno_video.project.workspace import Project
from tests.e2e.conftest import write_song

if missing_packages():
    pytest.skip("spandrel is not installed", allow_module_level=True)

SMALL, FILM = FrameSize(width_px=96, height_px=54), FrameSize(width_px=256, height_px=144)
N, FPS = 7, Fraction(24000, 1001)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from safetensors.torch import save_file

    with module._without_torchvision():
        from spandrel.architectures.ESRGAN import ESRGAN

    torch.set_num_threads(1)  # many threads wait for each other longer than such small pictures take
    torch.manual_seed(1)
    model = ESRGAN(in_nc=3, out_nc=3, num_filters=16, num_blocks=2, scale=4)
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_file(model.state_dict(), path)
    return path


def picture(number: int = 0, size: FrameSize = SMALL) -> np.ndarray:
    rows, columns = np.mgrid[: size.height_px, : size.width_px]
    waves = [127 + 120 * np.sin((columns * a + rows * b) / 9 + number) for a, b in ((1, 0), (0, 1), (1, 1))]
    return np.stack(waves, axis=-1).astype(np.uint8)


def clip(folder: Path, scene: str = "s001") -> Take:
    path = folder / f"made-{scene}.mp4"
    with FrameWriter(picture_args(path, (SMALL.width_px, SMALL.height_px), SMALL, FPS)) as writer:
        for number in range(N):
            writer.write(picture(number + sum(map(ord, scene))))
        writer.finish()
    receipt = TakeReceipt(
        scene=scene,
        kind="clip",
        fingerprint=f"{scene}{'0' * 60}",
        file="",
        sha256="",
        backend="fake",
        n_frames=N,
        fps=float(FPS),
        width_px=SMALL.width_px,
        height_px=SMALL.height_px,
        prompt="",
        seed=1,
        seconds=0,
    )
    return TakeStore(folder).keep(path, receipt)


def footage(take: Take) -> FileFootage:
    return FileFootage(take.path, N, float(FPS), SMALL)


def test_nothing_that_stands_in_for_torchvision_stays(weights: Path) -> None:
    Upscaler(weights).close()
    assert not [
        name for name in sys.modules if name.startswith("torchvision") and not hasattr(sys.modules[name], "__file__")
    ]


def test_a_picture_in_tiles_is_the_picture_in_one(weights: Path) -> None:
    whole, tiled = Upscaler(weights), Upscaler(weights, tiles_px=(40,))
    one, many = whole.enlarge(picture()).astype(int), tiled.enlarge(picture()).astype(int)
    assert one.shape == many.shape == (54 * 4, 96 * 4, 3)
    assert one.std() > 1  # random weights, but a picture
    assert np.abs(one - many).max() <= 1


def test_a_clip_keeps_its_frames_and_its_rate(weights: Path, tmp_path: Path) -> None:
    take = clip(tmp_path)
    size = enlarge_clip(footage(take), FILM, Upscaler(weights), tmp_path / "large.mp4")
    track = read_mp4(tmp_path / "large.mp4").track("vide")
    assert size == FILM
    assert track is not None
    assert (track.n_samples, track.width_px, track.height_px) == (N, 256, 144)
    assert track.fps == FPS


def test_a_film_that_is_too_large_gets_what_the_model_can_do(weights: Path, tmp_path: Path) -> None:
    film = FrameSize(width_px=1920, height_px=1080)
    size = enlarge_clip(footage(clip(tmp_path)), film, Upscaler(weights), tmp_path / "large.mp4")
    assert str(size) == "384x216"


def test_a_copy_is_made_once_and_the_clip_left_alone(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, told = clip(tmp_path), list[Event]()
    before = file_sha256(take.path)
    enlarging = Enlarging(tmp_path / "upscaled", weights, FILM)
    assert enlarging.footage(take, footage(take)) == footage(take)  # not there yet
    foreseen = Enlarging(tmp_path / "upscaled", weights, FILM, foresees=True).footage(take, footage(take))
    enlarging.make([take], told.append)
    copy = enlarging.footage(take, footage(take))
    assert (copy.size, copy.n_frames, copy.fps) == (FILM, N, float(FPS))
    assert copy.enlarged == foreseen.enlarged != ""
    assert copy.path.parent == tmp_path / "upscaled"
    assert [type(event) for event in told] == [Notice]
    assert file_sha256(take.path) == before
    assert [each.path for each in TakeStore(tmp_path).all()] == [take.path]

    monkeypatch.setattr("suno_video.pipeline.enlarging.Upscaler", None)  # would be called for a second copy
    enlarging.make([take], told.append)
    assert len(told) == 1


class Full:
    """Torch runs out of memory for everything larger than so many pixels."""

    def __init__(self, model: Any, most_px: int) -> None:
        self._model, self._most_px = model, most_px
        self.sizes: list[tuple[int, int]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __call__(self, tensor: Any) -> Any:
        import torch

        self.sizes.append((tensor.shape[-1], tensor.shape[-2]))
        if tensor.shape[-1] * tensor.shape[-2] > self._most_px:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")
        return self._model(tensor)


def test_out_of_memory_leads_to_smaller_tiles_that_stay(weights: Path) -> None:
    upscaler = Upscaler(weights, tiles_px=(96, 24))
    upscaler._model = full = Full(upscaler._model, most_px=96 * 53)
    assert upscaler.enlarge(picture()).shape == (54 * 4, 96 * 4, 3)
    assert full.sizes[0] == (96, 54)
    assert upscaler.tile_px == 24
    n_before = len(full.sizes)
    upscaler.enlarge(picture())
    assert (96, 54) not in full.sizes[n_before:]


def test_without_memory_clips_are_left_to_be_scaled_and_it_is_said(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> Upscaler:
        upscaler = Upscaler(path)
        upscaler._model = Full(upscaler._model, most_px=0)
        with pytest.raises(TooLittleMemory):
            upscaler.enlarge(picture())
        return upscaler

    monkeypatch.setattr("suno_video.pipeline.enlarging.Upscaler", full)
    takes, told = [clip(tmp_path, "s001"), clip(tmp_path, "s002")], list[Event]()
    enlarging = Enlarging(tmp_path / "upscaled", weights, FILM)
    enlarging.make(takes, told.append)
    assert [type(event) for event in told] == [Warned]
    assert "s001, s002" in told[0].text  # type: ignore[attr-defined]
    assert enlarging.footage(takes[0], footage(takes[0])) == footage(takes[0])
    assert list((tmp_path / "upscaled").iterdir()) == []


def test_files_that_are_no_such_model_are_refused(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    broken, other = tmp_path / "broken.safetensors", tmp_path / "other.safetensors"
    broken.write_bytes(b"not a model")
    save_file({"a": torch.zeros(3)}, other)
    for path in (broken, other):
        with pytest.raises(ConfigError, match=path.name):
            Upscaler(path)


def test_a_film_of_small_clips_is_what_the_plan_says_and_stays_as_it_is(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = FakeVideo()
    video.capabilities = replace(video.capabilities, footage="file", max_side_px=64)
    make = registry.make_backend
    monkeypatch.setattr(
        "suno_video.pipeline.tasks.make_backend",
        lambda name, kind, setup: video if name == video.name else make(name, kind, setup),
    )
    song = write_song(tmp_path / "song.wav", 4.0)
    film = FrameSize(width_px=128, height_px=72)
    plain = FilmOptions(brief=Brief(look="cosmos", size=film, video_backend=video.name), quality="draft")
    large = replace(plain, upscale_model=weights)

    first = render_film(song, plain)
    assert all(scene.action == "keep" for scene in foresee_film(song, plain).scenes)
    assert any(scene.action == "make" and "clip" in scene.why for scene in foresee_film(song, large).scenes)
    n_clips = len(video.requests)

    told: list[Event] = []
    second = render_film(song, large, events=told.append)
    assert second.n_scenes_made == first.n_scenes_made
    assert len(video.requests) == n_clips  # no clip was made again
    assert any("enlarged from 64x36 to 128x72" in event.text for event in told if isinstance(event, Notice))
    assert all(scene.action == "keep" for scene in foresee_film(song, large).scenes)
    assert render_film(song, large).n_scenes_made == 0

    project = Project(second.project)
    copies = list(project.enlarged.glob("*.mp4"))
    assert len(copies) == n_clips
    assert not [path for path in clean(project) if path.parent == project.enlarged]  # all of them play
    for take in TakeStore(project.clips).all():
        take.path.with_suffix(".json").unlink()
    assert set(copies) < set(clean(project))
    assert list(project.enlarged.iterdir()) == []


def clean(project: Project) -> list[Path]:
    return clean_project(project, CleanWishes(takes=True)).files
