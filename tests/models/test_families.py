"""Every family of pipelines, tiny and random, through the code that real weights go through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")

from PIL import Image

from suno_video.backends.base import AudioSpan, BackendSetup, ClipRequest, FailureKind, FileFootage, Job, MakeFailed
from suno_video.media.ffmpeg import file_url, read_frames
from suno_video.media.mp4 import read_mp4
from tests.models.tiny.cards import FPS, SIZE, picture, request_for
from tests.models.tiny.pipelines import TINY

STILLS = [name for name, tiny in TINY.items() if tiny.makes == "still"]
CLIPS = [name for name, tiny in TINY.items() if tiny.makes == "clip"]


def pixels(made: Path | FileFootage) -> np.ndarray:
    if isinstance(made, Path):
        with Image.open(made) as opened_file:
            return np.asarray(opened_file).copy()
    raw = ["-i", file_url(made.path), "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1"]
    return np.stack([frame.copy() for frame in read_frames(raw, made.size)])


@pytest.mark.parametrize("name", STILLS)
def test_a_still_has_the_size_that_was_asked_for(opened: Callable[..., Any], name: str, tmp_path: Path) -> None:
    made = opened(name).make(request_for(name, tmp_path), Job(tmp_path))
    assert pixels(made).shape == (SIZE.height_px, SIZE.width_px, 3)
    assert pixels(made).std() > 1


@pytest.mark.parametrize("name", CLIPS)
def test_a_clip_has_size_rate_and_length_that_were_asked_for(
    opened: Callable[..., Any], name: str, tmp_path: Path
) -> None:
    made = opened(name).make(request_for(name, tmp_path), Job(tmp_path))
    track = read_mp4(made.path).track("vide")
    assert track is not None
    assert (track.n_samples, track.width_px, track.height_px, float(track.fps)) == (9, 96, 64, FPS)
    assert (made.n_frames, made.size, made.fps) == (9, SIZE, FPS)
    assert pixels(made)[:, : SIZE.height_px].std() > 1


@pytest.mark.parametrize("name", list(TINY))
def test_the_seed_decides_and_the_same_one_gives_the_same(
    opened: Callable[..., Any], name: str, tmp_path: Path
) -> None:
    backend, request = opened(name), request_for(name, tmp_path)
    first, again, other = (
        pixels(backend.make(each, Job(tmp_path))) for each in (request, request, replace(request, seed=8))
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", list(TINY))
def test_what_it_says_it_reads_counts(opened: Callable[..., Any], name: str, tmp_path: Path) -> None:
    backend, request = opened(name), request_for(name, tmp_path)
    changes: dict[str, Any] = {"prompt": "a fox"}
    other = picture(tmp_path / "other.png", seed=4)
    if "first_frame" in TINY[name].inputs:
        changes["first_frame"] = other
    if "last_frame" in TINY[name].inputs:
        changes["last_frame"] = other
    if "reference" in TINY[name].inputs:
        changes["references"] = (other,)
    before = pixels(backend.make(request, Job(tmp_path)))
    for field, value in changes.items():
        after = pixels(backend.make(replace(request, **{field: value}), Job(tmp_path)))
        assert not np.array_equal(before, after), field


@pytest.mark.parametrize("name", ["wan22-5b", "ltx", "ltx2"])
@pytest.mark.parametrize("economies", [frozenset(), frozenset({"tiling", "offload"})], ids=["", "saving"])
def test_a_model_that_can_do_without_a_still_paints_from_words_between_two_that_have_one(
    opened: Callable[..., Any], name: str, economies: frozenset[Any], tmp_path: Path
) -> None:
    backend, request = opened(name), request_for(name, tmp_path)
    assert isinstance(request, ClipRequest)
    before, words, other, after = (
        pixels(backend.make(each, Job(tmp_path, economies=economies)))
        for each in (
            request,
            replace(request, first_frame=None),
            replace(request, first_frame=None, prompt="a fox"),
            request,
        )
    )
    assert words.shape == before.shape and words[:, : SIZE.height_px].std() > 1
    assert not np.array_equal(words, before) and not np.array_equal(words, other)
    assert np.array_equal(before, after)


@pytest.mark.parametrize("name", ["wan22-a14b", "cogvideox", "hunyuan"])
def test_a_model_that_begins_with_a_still_says_so_where_there_is_none(
    opened: Callable[..., Any], name: str, tmp_path: Path
) -> None:
    request = replace(request_for(name, tmp_path), first_frame=None, last_frame=None)
    with pytest.raises(MakeFailed, match="starts from a still") as caught:
        opened(name).make(request, Job(tmp_path))
    assert caught.value.kind == FailureKind.BAD_INPUT


def test_what_is_sung_moves_the_picture(opened: Callable[..., Any], tmp_path: Path) -> None:
    backend, request = opened("ltx2"), request_for("ltx2", tmp_path)
    assert isinstance(request, ClipRequest)
    heard = []
    for pitch_hz in (220, 880):
        song = tmp_path / f"{pitch_hz}.wav"
        write_tone(song, pitch_hz)
        span = AudioSpan(song, 0.5, 9 / FPS)
        heard.append(pixels(backend.make(replace(request, audio=span), Job(tmp_path))))
    again = pixels(backend.make(replace(request, audio=AudioSpan(tmp_path / "220.wav", 0.5, 9 / FPS)), Job(tmp_path)))
    assert not np.array_equal(heard[0], heard[1])
    assert np.array_equal(heard[0], again)


def write_tone(path: Path, pitch_hz: float) -> None:
    import soundfile

    at_s = np.arange(2 * 44100) / 44100
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * pitch_hz * at_s).astype(np.float32), 44100)


def test_fewer_bits_give_nearly_the_same_picture(opened: Callable[..., Any], tmp_path: Path) -> None:
    request = request_for("flux", tmp_path)
    full = pixels(opened("flux").make(request, Job(tmp_path))).astype(float)
    small = opened("flux", BackendSetup(quantize=True))
    fewer = pixels(small.make(request, Job(tmp_path))).astype(float)
    assert small.version != opened("flux").version
    assert 0 < np.abs(full - fewer).mean() < 40
