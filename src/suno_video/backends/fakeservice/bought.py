"""A clip that is ordered: what goes into the order, and what happens from the moment the service accepted it.

From then on it may have been paid for. What cannot be learned of it is an unknown outcome, never a failure: a failure
would be a reason to order another.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from pydantic import ValidationError

from suno_video.backends.base import ClipRequest, FailureKind, Job, MakeFailed
from suno_video.backends.calling import Gone, NotAClip, ServiceAway
from suno_video.backends.fakeservice.client import ServiceClient
from suno_video.backends.fakeservice.remote import RemoteJob
from suno_video.backends.fakeservice.wire import MODERATION, ClipWish, JobMetadata, JobOrder
from suno_video.backends.patience import Patience
from suno_video.core.errors import KeyRefusedError


def clip_order(request: ClipRequest, attempt: str) -> JobOrder:
    """Write the order for a request. Raises `MakeFailed` (`BAD_INPUT`): a bad picture, or too long."""
    picture = None if request.first_frame is None else _picture_url(request.first_frame)
    try:
        wish = ClipWish(
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            seed=request.seed,
            size=request.size,
            fps=request.fps,
            n_frames=request.n_frames,
            first_frame=picture,
        )
    except ValidationError as exc:
        raise MakeFailed(FailureKind.BAD_INPUT, f"the service does not make such clips: {exc}") from exc
    return JobOrder(input=wish, metadata=JobMetadata(attempt=attempt))


def _picture_url(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise MakeFailed(FailureKind.BAD_INPUT, f"picture {path.name} cannot be read: {exc.strerror}") from exc
    kind = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


class BoughtClip:
    """The clip whose ticket a job holds.

    Args:
        assumed_usd: What it costs where the service does not say.
    """

    def __init__(self, client: ServiceClient, job: Job, patience: Patience, assumed_usd: Decimal) -> None:
        assert job.ticket is not None
        self._client, self._ticket, self._check_stop = client, job.ticket, job.check_stop
        self._patience = patience
        self._url: str | None = None
        self.cost_usd = assumed_usd
        """What it cost, as far as is known by now."""

    def wait(self) -> None:
        """Wait until it is made.

        Raises:
            MakeFailed: It was not, with what that cost; or nothing can be learned of it.
        """
        job = self._wait_for_end()
        if job.cost_usd is not None:
            self.cost_usd = job.cost_usd
        if job.status == "succeeded":
            self._url = job.output_url
        elif job.error_code == MODERATION:
            raise MakeFailed(FailureKind.REFUSED, f"the service refuses it: {job.error}", self.cost_usd)
        else:
            raise MakeFailed(FailureKind.RETRYABLE, f"the job ended as {job.status}: {job.error}", self.cost_usd)

    def _wait_for_end(self) -> RemoteJob:
        with self._as_failures():
            for _ in self._patience.polls(self._check_stop):
                job = self._client.look(self._ticket, self._check_stop)
                if job.is_ended:
                    return job
            job = self._client.cancel(self._ticket, self._check_stop)
            if not job.is_ended:
                raise ServiceAway("the job does not end, and cannot be cancelled")
            return job

    def download(self, path: Path) -> Path:
        """Bring the clip to `path`, whole, and give the path. Raises `MakeFailed`."""
        with self._as_failures():
            try:
                self._fetch(path)
            except Gone:
                # Its address may have grown old: a fresh look gives a fresh one, if there still is one.
                self._url = self._client.look(self._ticket, self._check_stop).output_url
                self._fetch(path)
        return path

    def _fetch(self, path: Path) -> None:
        if self._url is None:
            raise Gone
        self._client.fetch(self._url, path, self._check_stop)

    @contextmanager
    def _as_failures(self) -> Iterator[None]:
        """Tell trouble with a job that is bought in the words of the loop."""
        try:
            yield
        except Gone as exc:
            raise MakeFailed(FailureKind.RETRYABLE, "the service has deleted it", self.cost_usd) from exc
        except NotAClip as exc:
            raise MakeFailed(FailureKind.RETRYABLE, f"the clip cannot be used: {exc}", self.cost_usd) from exc
        except KeyRefusedError as exc:
            raise MakeFailed(FailureKind.UNKNOWN, "it is ordered, but the service now refuses the key") from exc
        except ServiceAway as exc:
            raise MakeFailed(FailureKind.UNKNOWN, f"it is ordered, but {exc}") from exc
