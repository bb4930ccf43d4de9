"""What every backend must do whose footage is files, and above all those that buy it from a service."""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from suno_video.backends.base import FileFootage, Job, LooksUp
from suno_video.backends.fakeservice import FakeService, Mischief, PaidFakeVideo, Trick
from suno_video.media.ffmpeg import file_url, read_frames
from suno_video.render.inspect import Inspector
from tests.contract.test_contract import _request


class Stopped(Exception):  # noqa: N818 - a signal, as in the loop
    """The run is to end."""


@pytest.fixture
def files(backend: Any) -> Any:
    """A backend that gives files."""
    if backend.capabilities.footage != "file":
        pytest.skip("gives no files")
    return backend


@pytest.fixture
def remote(files: Any, service: FakeService | None) -> Iterator[Any]:
    """A backend that can be asked what became of an attempt."""
    if not isinstance(files, LooksUp):
        pytest.skip("asks no service")
    yield files
    if service is not None:
        service.set_mischief(Mischief())


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """An attempt with an empty folder of its own."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Job(scratch, attempt=f"contract-{secrets.token_hex(8)}")


def _n_bought(service: FakeService | None) -> int:
    return len(service.book.purchases()) if service is not None else 0


def test_a_file_lies_in_the_scratch_folder_and_is_all_that_is_left_there(files: Any, job: Job, tmp_path: Path) -> None:
    made = files.make(_request(files, tmp_path), job)
    assert isinstance(made, FileFootage)
    assert list(job.scratch.iterdir()) == [made.path]


def test_what_it_says_of_a_file_is_what_is_in_it(files: Any, job: Job, tmp_path: Path) -> None:
    request = _request(files, tmp_path)
    made = files.make(request, job)
    raw = ["-i", file_url(made.path), "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1"]
    assert sum(1 for _ in read_frames(raw, made.size)) == made.n_frames
    assert made.n_frames / made.fps >= (request.n_frames - 1) / request.fps
    assert 0 <= made.cost_usd <= files.quote(request).worst_usd


def test_what_it_makes_passes_the_checks(files: Any, job: Job, tmp_path: Path) -> None:
    request = _request(files, tmp_path)
    if "first_frame" in files.capabilities.accepts and isinstance(files, PaidFakeVideo):
        request = dataclasses.replace(request, first_frame=None)  # it sells test cards, whatever picture it gets
    made = files.make(request, job)
    facts = Inspector().clip(made, request, files.capabilities, job.check_stop)
    assert facts["n_frames"] == made.n_frames
    assert facts["measured"]["motion"] > 0


def test_two_clips_of_one_scene_do_not_overwrite_each_other(files: Any, job: Job, tmp_path: Path) -> None:
    request = _request(files, tmp_path)
    paths = {files.make(request, Job(job.scratch, attempt=secrets.token_hex(8))).path for _ in range(2)}
    assert len(paths) == len(list(job.scratch.iterdir())) == 2


def test_a_ticket_is_kept_before_anything_is_waited_for(
    remote: Any, job: Job, tmp_path: Path, service: FakeService | None
) -> None:
    def stop() -> None:
        if job.ticket is not None:
            raise Stopped

    job.check_stop, n_before = stop, _n_bought(service)
    # A backend that waits first, or that does not ask while it waits, comes back with a clip.
    with pytest.raises(Stopped):
        remote.make(_request(remote, tmp_path), job)

    again: list[str] = []
    later = Job(job.scratch, attempt=f"{job.attempt}-again", ticket=job.ticket, on_ticket=again.append)
    assert isinstance(remote.make(_request(remote, tmp_path), later), FileFootage)
    assert set(again) <= {job.ticket}
    assert remote.look_up(later.attempt, _request(remote, tmp_path)).known is not True
    if service is not None:
        assert _n_bought(service) - n_before == 1


def test_nothing_is_bought_for_a_run_that_is_to_end(
    remote: Any, job: Job, tmp_path: Path, service: FakeService | None
) -> None:
    def stop() -> None:
        raise Stopped

    job.check_stop, n_before = stop, _n_bought(service)
    with pytest.raises(Stopped):
        remote.make(_request(remote, tmp_path), job)
    assert job.ticket is None
    assert _n_bought(service) == n_before


def test_a_run_that_ends_is_left_within_two_seconds(
    remote: Any, job: Job, tmp_path: Path, service: FakeService | None
) -> None:
    if service is not None:
        service.set_mischief(Mischief(tricks=(Trick(what="never-ends"),)))
    kept_s: list[float] = []
    job.on_ticket = lambda _: kept_s.append(time.monotonic())

    def stop() -> None:
        if kept_s and time.monotonic() > kept_s[0] + 0.2:
            raise Stopped

    job.check_stop = stop
    with pytest.raises(Stopped):
        remote.make(_request(remote, tmp_path), job)
    assert time.monotonic() - kept_s[0] < 2.2


def test_an_attempt_is_known_to_the_service_by_our_own_id(remote: Any, job: Job, tmp_path: Path) -> None:
    request = _request(remote, tmp_path)
    assert remote.look_up(job.attempt, request).known is False
    remote.make(request, job)
    found = remote.look_up(job.attempt, request)
    assert (found.known, found.ticket) == (True, job.ticket)
