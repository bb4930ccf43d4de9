"""A running service, a buyer and a job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from suno_video.backends.base import Job
from suno_video.backends.fakeservice import FakeService, Mischief, PaidFakeVideo
from tests.unit.fakeservice.buying import HURRIED


@pytest.fixture
def service(tmp_path: Path) -> Iterator[FakeService]:
    with FakeService(tmp_path / "book.sqlite", mischief=Mischief(work_s=0.005)) as running:
        yield running


@pytest.fixture
def buyer(service: FakeService) -> Iterator[PaidFakeVideo]:
    made = PaidFakeVideo(service.url, service.token, patience=HURRIED)
    made.open()
    yield made
    made.close()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Job(scratch, attempt="attempt-1")
