"""What every backend must do. `pytest tests/contract --backend NAME` proves one."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from suno_video.backends.base import (
    BackendInfo,
    Capabilities,
    ClipRequest,
    FileFootage,
    FrameStream,
    Job,
    Quote,
    Readiness,
    StillRequest,
)
from suno_video.core.brief import Grade
from suno_video.core.frames import FrameSize
from suno_video.core.music import music_curves
from suno_video.core.storyboard import Motion
from tests.unit.songs import PALETTE, steady_analysis

FPS = 30


def _legal(number: int, multiple: int) -> int:
    return max(multiple, -(-number // multiple) * multiple)


def _size(capabilities: Capabilities) -> FrameSize:
    if capabilities.sizes is not None:
        return capabilities.sizes[0]
    step = capabilities.size_multiple
    return FrameSize(width_px=_legal(64, step), height_px=_legal(36, step))


def _still(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    path = tmp_path / "still.png"
    Image.fromarray(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)).save(path)
    return path


def _request(backend: Any, tmp_path: Path, **changes: Any) -> ClipRequest | StillRequest:
    capabilities = backend.capabilities
    size = _size(capabilities)
    if capabilities.makes == "still":
        still = StillRequest("s001", "a lighthouse in the rain", "text", 7, size)
        return dataclasses.replace(still, **changes)
    fps = capabilities.fps or FPS
    n_frames = capabilities.n_frames[0] if capabilities.n_frames else 9
    if capabilities.seconds is not None:
        n_frames = round(capabilities.seconds[0] * fps)
    clip = ClipRequest(
        scene="s001",
        prompt="a lighthouse in the rain",
        negative_prompt="text",
        seed=7,
        size=size,
        fps=fps,
        n_frames=n_frames,
        family="nebula",
        params={},
        palette=PALETTE,
        grade=Grade(),
        motion=Motion(),
        growth=0.2,
        energy=0.6,
        music=music_curves(steady_analysis(fps=fps), 0, n_frames),
        first_frame=_still(tmp_path) if "first_frame" in capabilities.accepts else None,
        cover=_still(tmp_path),
    )
    return dataclasses.replace(clip, **changes)


def _all_frames(stream: FrameStream, start: int = 0, stop: int | None = None) -> list[np.ndarray]:
    return [frame.copy() for frame in stream.frames(start, stop)]


def _stream(backend: Any, request: Any, tmp_path: Path) -> FrameStream:
    footage = backend.make(request, Job(tmp_path))
    if not isinstance(footage, FrameStream):
        pytest.skip("gives files, not a stream")
    return footage


def test_name_and_version_say_something(backend_type: type[Any]) -> None:
    made = backend_type()
    assert made.name.strip()
    assert made.version.strip()


def test_capabilities_are_known_before_anything_is_loaded(backend_type: type[Any]) -> None:
    capabilities = backend_type().capabilities
    assert isinstance(capabilities, Capabilities)
    assert capabilities.makes in ("still", "clip")
    assert capabilities.size_multiple >= 2 and capabilities.size_multiple % 2 == 0
    if capabilities.n_frames is not None:
        assert list(capabilities.n_frames) == sorted(set(capabilities.n_frames))
        assert capabilities.n_frames[0] > 0
    if isinstance(capabilities.concurrency, int):
        assert capabilities.concurrency >= 1


def test_people_are_told_all_they_want_to_know(backend_type: type[Any]) -> None:
    info = backend_type.info()
    assert isinstance(info, BackendInfo)
    assert info.makes == backend_type().capabilities.makes
    assert all(text.strip() for text in (info.summary, info.hardware, info.price, info.licence))
    readiness = backend_type.readiness()
    assert isinstance(readiness, Readiness)
    assert readiness.detail.strip()


def test_a_price_is_known_before_it_is_opened(backend_type: type[Any], tmp_path: Path) -> None:
    made = backend_type()
    quote = made.quote(_request(made, tmp_path))
    assert isinstance(quote, Quote)
    assert Decimal(0) <= quote.expected_usd <= quote.worst_usd
    if not made.capabilities.spends_money and type(made).__module__ != "suno_video.backends.fake":
        assert quote.worst_usd == 0


def test_it_makes_exactly_what_was_asked(backend: Any, tmp_path: Path) -> None:
    request = _request(backend, tmp_path)
    made = backend.make(request, Job(tmp_path))
    if isinstance(request, StillRequest):
        with Image.open(made) as image:
            assert image.size == (request.size.width_px, request.size.height_px)
        assert made.parent == tmp_path
    elif isinstance(made, FileFootage):
        assert made.n_frames == request.n_frames
        assert made.size == request.size
        assert made.path.parent == tmp_path and made.path.stat().st_size > 0
    else:
        frames = _all_frames(made)
        assert made.n_frames == len(frames) == request.n_frames
        assert {frame.shape for frame in frames} == {request.size.i420_shape}
        assert {frame.dtype for frame in frames} == {np.dtype(np.uint8)}
        made.close()
    backend.trim()


def test_the_same_request_gives_the_same_again(backend: Any, tmp_path: Path) -> None:
    if not backend.capabilities.deterministic:
        pytest.skip("does not promise it")
    request = _request(backend, tmp_path)
    if isinstance(request, StillRequest):
        assert backend.make(request, Job(tmp_path)).read_bytes() == backend.make(request, Job(tmp_path)).read_bytes()
        return
    first = _all_frames(_stream(backend, request, tmp_path))
    second = _all_frames(_stream(backend, request, tmp_path))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_another_instance_gives_the_same(backend_type: type[Any], backend: Any, tmp_path: Path) -> None:
    if not backend.capabilities.deterministic or backend.capabilities.makes == "still":
        pytest.skip("does not promise it")
    request = _request(backend, tmp_path)
    other = backend_type()
    other.open()
    a, b = _all_frames(_stream(backend, request, tmp_path)), _all_frames(_stream(other, request, tmp_path))
    other.close()
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_a_stream_may_be_entered_anywhere_and_again(backend: Any, tmp_path: Path) -> None:
    if backend.capabilities.makes == "still":
        pytest.skip("makes stills")
    request = _request(backend, tmp_path)
    stream = _stream(backend, request, tmp_path)
    whole = _all_frames(stream)
    n_frames = len(whole)
    part = _all_frames(stream, n_frames // 2, n_frames - 1)
    assert len(part) == n_frames - 1 - n_frames // 2
    assert all(np.array_equal(a, b) for a, b in zip(part, whole[n_frames // 2 : -1], strict=True))
    assert _all_frames(stream, n_frames) == []


def test_scenes_painted_at_once_come_out_as_alone(backend: Any, tmp_path: Path) -> None:
    if backend.capabilities.makes == "still" or backend.capabilities.concurrency == 1:
        pytest.skip("makes one clip at a time")
    request = _request(backend, tmp_path)
    alone = _all_frames(_stream(backend, request, tmp_path))
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda _: _all_frames(_stream(backend, request, tmp_path)), range(3)))
    for frames in together:
        assert all(np.array_equal(a, b) for a, b in zip(frames, alone, strict=True))


def test_every_frame_keeps_to_limited_range(backend: Any, tmp_path: Path) -> None:
    if backend.capabilities.makes == "still":
        pytest.skip("makes stills")
    request = _request(backend, tmp_path)
    for frame in _stream(backend, request, tmp_path).frames():
        assert frame.flags.c_contiguous
        light, colour = frame[: request.size.height_px], frame[request.size.height_px :]
        assert light.min() >= 16 and light.max() <= 235
        assert colour.min() >= 16 and colour.max() <= 240


def test_closing_twice_and_opening_again_is_fine(backend_type: type[Any], tmp_path: Path) -> None:
    made = backend_type()
    made.open()
    made.close()
    made.close()
    made.open()
    assert made.make(_request(made, tmp_path), Job(tmp_path)) is not None
    made.close()


def test_a_stream_may_be_closed_twice(backend: Any, tmp_path: Path) -> None:
    if backend.capabilities.makes == "still":
        pytest.skip("makes stills")
    stream = _stream(backend, _request(backend, tmp_path), tmp_path)
    next(iter(stream.frames()))
    stream.close()
    stream.close()
