"""A running double of Replicate, and backends that buy from it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from suno_video.backends.base import ClipRequest, Job
from suno_video.backends.catalog import ModelCatalog
from suno_video.backends.fakeservice import FakeService
from suno_video.backends.patience import Patience
from suno_video.backends.replicate import ReplicateBackend
from suno_video.core.brief import Grade
from suno_video.core.frames import FrameSize
from suno_video.core.music import music_curves
from suno_video.core.storyboard import Motion
from tests.replicate.server import replicate_double, setup_for
from tests.unit.songs import PALETTE, steady_analysis

QUICK = Patience(
    answer_s=5, n_tries=3, first_pause_s=0.01, most_pause_s=0.02, first_poll_s=0.01, most_poll_s=0.05, settle_s=0.2
)
WAN, HAILUO = "wan-video/wan-2.2-i2v-fast", "minimax/hailuo-02"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[FakeService]:
    with replicate_double(tmp_path / "book.sqlite") as running:
        yield running


@pytest.fixture
def buyer(service: FakeService) -> Iterator[Callable[..., ReplicateBackend]]:
    """Give an opened backend for a model."""
    opened: list[ReplicateBackend] = []

    def make(model: str = WAN, kind: Any = "clip", patience: Patience = QUICK) -> ReplicateBackend:
        setup = setup_for(service)
        backend = ReplicateBackend(ModelCatalog.of(setup).find("replicate", model, kind), setup, patience=patience)
        opened.append(backend)
        backend.open()
        return backend

    yield make
    for backend in opened:
        backend.close()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return new_job(tmp_path)


def new_job(tmp_path: Path, **more: Any) -> Job:
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    return Job(scratch, attempt=secrets.token_hex(16), **more)


@pytest.fixture
def request_(tmp_path: Path) -> ClipRequest:
    """A legal request for the default card."""
    still = tmp_path / "still.png"
    Image.new("RGB", (64, 36), (200, 80, 10)).save(still)
    return clip_request(still)


def clip_request(still: Path | None, *, fps: int = 16, n_frames: int = 81, prompt: str = "a lighthouse") -> ClipRequest:
    return ClipRequest(
        scene="s001",
        prompt=prompt,
        negative_prompt="text",
        seed=7,
        size=FrameSize(width_px=832, height_px=480),
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
        first_frame=still,
    )
