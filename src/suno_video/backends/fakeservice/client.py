"""Speaks the protocol of the fake service.

A call that buys nothing is repeated a few times. The call that buys is sent once, whatever happens.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from suno_video.backends.base import FailureKind, MakeFailed
from suno_video.backends.calling import (
    KEY_REFUSED,
    NotAClip,
    ServiceAway,
    is_loopback,
    repeat,
    retry_after_s,
    save,
    sort_out,
)
from suno_video.backends.fakeservice.remote import RemoteJob, read_job
from suno_video.backends.fakeservice.wire import JobOrder
from suno_video.backends.patience import Patience
from suno_video.core.errors import KeyRefusedError

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
_PAGE, _MOST_PAGES = 100, 100
_KINDS = ("video/", "application/octet-stream")


class ServiceClient:
    """A connection to the service. Safe to use from several threads."""

    def __init__(self, address: str, token: str, patience: Patience) -> None:
        import httpx

        self._address = address.rstrip("/")
        # Sent with each call to the service, and with no other: a clip may lie somewhere else.
        self._key = {"Authorization": f"Bearer {token}"}
        self._patience = patience
        # No proxy and no .netrc: they are for the world outside, and this is our own machine.
        self._http = httpx.Client(timeout=patience.answer_s, trust_env=False, follow_redirects=False)
        self._sent_s: dict[str, float] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def buy(self, order: JobOrder) -> str:
        """Send an order, exactly once, and give the id of the accepted job. Raises `MakeFailed`."""
        import httpx

        try:
            response = self._send(order)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as exc:
            # No connection, so not a byte of the order got out.
            raise MakeFailed(FailureKind.UNAVAILABLE, f"the service cannot be reached: {exc}") from exc
        except httpx.RequestError as exc:
            raise MakeFailed(FailureKind.UNKNOWN, f"no answer to the order came: {exc or type(exc).__name__}") from exc
        if not response.is_success:
            raise_refusal(response)
        try:
            return read_job(response.json()).id
        except ValueError as exc:
            raise MakeFailed(FailureKind.UNKNOWN, "the order was accepted, but the answer has no job id") from exc

    def _send(self, order: JobOrder) -> httpx.Response:
        """Send an order. Until the service has answered or hung up, it is on its way."""
        import httpx

        body, headers = order.model_dump_json().encode(), {**self._key, "Content-Type": "application/json"}
        with self._lock:
            self._sent_s[order.metadata.attempt] = time.monotonic()
        is_on_its_way = False
        try:
            return self._http.post(f"{self._address}/v1/jobs", content=body, headers=headers)
        except (httpx.ReadTimeout, httpx.WriteTimeout):
            is_on_its_way = True
            raise
        finally:
            with self._lock:
                if not is_on_its_way:
                    self._sent_s.pop(order.metadata.attempt, None)

    def may_still_arrive(self, attempt: str) -> bool:
        """Whether an order of ours went out so short a time ago, unanswered, that the service may yet accept it."""
        with self._lock:
            since_s = self._sent_s.get(attempt)
        return since_s is not None and time.monotonic() - since_s < self._patience.settle_s

    def look(self, job: str, check_stop: Callable[[], None]) -> RemoteJob:
        """Give the present state of a job. Raises `ServiceAway`, `Gone`, `KeyRefusedError`."""
        return self._repeat(lambda: read_job(self._call("GET", f"{self._address}/v1/jobs/{job}")), check_stop)

    def cancel(self, job: str, check_stop: Callable[[], None]) -> RemoteJob:
        """Ask that a job be ended, and give its state after that. Raises as `look` does."""
        return self._repeat(lambda: read_job(self._call("POST", f"{self._address}/v1/jobs/{job}/cancel")), check_stop)

    def jobs(self) -> Iterator[RemoteJob]:
        """Give all jobs, the newest first. Raises as `look` does, also when there are too many to go through."""
        url = f"{self._address}/v1/jobs?limit={_PAGE}"
        for _ in range(_MOST_PAGES):
            jobs, following = self._repeat(partial(self._page, url), lambda: None)
            yield from jobs
            if following is None:
                return
            url = following
        raise ServiceAway("it has too many jobs to go through")

    def _page(self, url: str) -> tuple[list[RemoteJob], str | None]:
        body = self._call("GET", url)
        if not isinstance(body, dict) or not isinstance(body.get("results"), list):
            raise ValueError("the service lists its jobs in words that we do not know")
        following = body.get("next")
        if following is not None and not str(following).startswith(f"{self._address}/"):
            raise ValueError("the service sends us to another address")
        return [read_job(job) for job in body["results"]], following

    def fetch(self, url: str, path: Path, check_stop: Callable[[], None]) -> None:
        """Download a clip, whole or not at all. Raises as `look` does, `NotAClip`, and as `replacing` does."""
        if not is_loopback(url):
            raise NotAClip("the service names a clip on another machine")
        self._repeat(lambda: self._download(url, path, check_stop), check_stop)

    def _download(self, url: str, path: Path, check_stop: Callable[[], None]) -> None:
        with self._http.stream("GET", url) as response:
            sort_out(response, key_refused)
            save(response, path, _KINDS, check_stop)

    def _call(self, method: str, url: str) -> Any:
        response = self._http.request(method, url, headers=self._key)
        sort_out(response, key_refused)
        return response.json()

    def _repeat(self, ask: Callable[[], T], check_stop: Callable[[], None]) -> T:
        return repeat(ask, self._patience, check_stop)


def raise_refusal(response: httpx.Response) -> None:
    """Raise what an answer to an order means that is not `created`."""
    status, says = response.status_code, f"the service answers {response.status_code} {response.reason_phrase}"
    if status in (429, 503):
        raise MakeFailed(FailureKind.RETRYABLE, says, retry_after_s=retry_after_s(response))
    if status in KEY_REFUSED:
        raise MakeFailed(FailureKind.UNAVAILABLE, "the service refuses the key") from key_refused()
    if status >= 500:
        # It may have been accepted before something between us and the service broke.
        raise MakeFailed(FailureKind.UNKNOWN, says)
    if status == 402:
        raise MakeFailed(FailureKind.UNAVAILABLE, "there is no credit left at the service")
    if status in (400, 413, 422):
        raise MakeFailed(FailureKind.BAD_INPUT, says)
    raise MakeFailed(FailureKind.UNAVAILABLE, says)


def key_refused() -> KeyRefusedError:
    """Give the error of a key that is not right."""
    return KeyRefusedError(
        "The fake service refuses the key.", "Set SUNO_VIDEO_FAKE_SERVICE_TOKEN to the one that it was started with."
    )
