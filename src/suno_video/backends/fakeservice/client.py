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
from suno_video.backends.fakeservice.patience import Asking, Patience
from suno_video.backends.fakeservice.remote import RemoteJob, read_job
from suno_video.backends.fakeservice.wire import JobOrder, is_loopback
from suno_video.core.errors import KeyRefusedError
from suno_video.media.atomic import replacing

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

_PASSING = frozenset({429, 500, 502, 503, 504})
"""Answers after which another try may do better."""
_GONE = frozenset({404, 410})
_KEY_REFUSED = frozenset({401, 403})
_PAGE, _MOST_PAGES = 100, 100
_MOST_CLIP_BYTES = 1 << 30


class ServiceAway(Exception):  # noqa: N818 - classified here, told by the backend
    """No useful answer, after all tries."""


class Gone(Exception):  # noqa: N818 - classified here, told by the backend
    """The service does not have it, or not any more."""


class NotAClip(Exception):  # noqa: N818 - classified here, told by the backend
    """What the service sends cannot be a video."""


class _Passing(Exception):  # noqa: N818 - never leaves this module
    """Another try may do better."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


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
        n_bytes = 0
        with self._http.stream("GET", url) as response:
            _sort_out(response)
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if not kind.startswith("video/") and kind != "application/octet-stream":
                raise NotAClip(f"the service sends {kind or 'something nameless'} for a clip")
            with replacing(path) as part, open(part, "wb") as file:
                for chunk in response.iter_bytes():
                    check_stop()
                    n_bytes += file.write(chunk)
                    if n_bytes > _MOST_CLIP_BYTES:
                        raise NotAClip("the clip does not end")

    def _call(self, method: str, url: str) -> Any:
        response = self._http.request(method, url, headers=self._key)
        _sort_out(response)
        return response.json()

    def _repeat(self, ask: Callable[[], T], check_stop: Callable[[], None]) -> T:
        """Ask until there is an answer, a few times: only for what buys nothing."""
        import httpx

        n_tried = 0
        while True:
            n_tried += 1
            try:
                return Asking(ask).result(check_stop)
            except (httpx.RequestError, _Passing, ValueError) as exc:
                if n_tried >= self._patience.n_tries:
                    raise ServiceAway(str(exc) or type(exc).__name__) from exc
                asked_s = exc.retry_after_s if isinstance(exc, _Passing) else None
            self._patience.pause_before_try(n_tried, asked_s, check_stop)


def _sort_out(response: httpx.Response) -> None:
    """Let a good answer pass. Raises what `ServiceClient.look` says, and `_Passing`."""
    status = response.status_code
    if status in _PASSING:
        raise _Passing(f"the service answers {status}", _retry_after_s(response))
    if status in _GONE:
        raise Gone
    if status in _KEY_REFUSED:
        raise key_refused()
    if not response.is_success:
        raise ServiceAway(f"the service answers {status}")


def raise_refusal(response: httpx.Response) -> None:
    """Raise what an answer to an order means that is not `created`."""
    status, says = response.status_code, f"the service answers {response.status_code} {response.reason_phrase}"
    if status in (429, 503):
        raise MakeFailed(FailureKind.RETRYABLE, says, retry_after_s=_retry_after_s(response))
    if status in _KEY_REFUSED:
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


def _retry_after_s(response: httpx.Response) -> float | None:
    """Read `Retry-After` in seconds; None where it is missing, or a date."""
    try:
        seconds = float(response.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
