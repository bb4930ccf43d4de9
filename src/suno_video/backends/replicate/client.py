"""Speaks the HTTP API of Replicate. Why it is our own, and not the published package: docs/decisions/0009.

A call that buys nothing is repeated a few times. The call that buys is sent once, whatever happens.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

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
from suno_video.backends.patience import Patience
from suno_video.backends.replicate.prediction import Prediction, mapping, read_prediction
from suno_video.core.errors import BackendUnavailableError, KeyRefusedError

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

USUAL_URL = "https://api.replicate.com"
KEY_HINT = "Set REPLICATE_API_TOKEN to a token from https://replicate.com/account/api-tokens."
ATTEMPT_KEY = "suno_video_attempt"
"""Under this name an uploaded file carries our own id of the attempt that it is for."""
RUN_LIMIT_S = 1800
"""A run is ended by the service after this long in any case."""
_MOST_PAGES = 50
_MOST_LIST_S = 60.0
_MOST_UPLOAD_BYTES = 100 << 20


@dataclass(frozen=True)
class Published:
    """What a model publishes of itself."""

    version: str = ""
    """Id of its newest version, or of the one that was asked for."""
    schemas: Mapping[str, Any] = field(default_factory=dict)
    """`components.schemas`: its `Input`, and what that refers to."""


class ReplicateClient:
    """A connection to the service. Safe to use from several threads.

    Args:
        address: Of the service; the token goes nowhere else.

    Raises:
        BackendUnavailableError: The address is neither https nor this very machine.
        KeyRefusedError: There is no token, or it cannot be one.
    """

    def __init__(self, address: str, token: str, patience: Patience) -> None:
        import httpx

        self._address = (address or USUAL_URL).rstrip("/")
        if not is_safe(self._address):
            raise BackendUnavailableError(
                "The address of Replicate must begin with https://.", f"Unset REPLICATE_BASE_URL: it is {USUAL_URL}."
            )
        if not re.fullmatch(r"[!-~]+", token):  # what a header can carry
            raise KeyRefusedError("There is no Replicate token, or it has signs that no token has.", KEY_HINT)
        self._key = {"Authorization": f"Bearer {token}"}
        self._patience = patience
        # A redirect is never followed: it could carry the token, or us, to some other machine. No .netrc for the same
        # reason; a proxy is taken from the environment only for the world outside.
        self._http = httpx.Client(
            timeout=patience.answer_s,
            follow_redirects=False,
            auth=_no_auth,
            trust_env=not is_loopback(self._address),
        )
        self._sent_s: dict[str, float] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def create(self, model: str, version: str, wish: Mapping[str, Any], attempt: str) -> Prediction:
        """Order a prediction, exactly once, and give it as accepted. Raises `MakeFailed`."""
        import httpx

        path = "/v1/predictions" if version else f"/v1/models/{model}/predictions"
        body: dict[str, Any] = {"input": dict(wish)}
        if version:
            body["version"] = version
        try:
            response = self._send(f"{self._address}{path}", body, attempt)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as exc:
            # No connection, so not a byte of the order got out.
            raise MakeFailed(FailureKind.UNAVAILABLE, f"Replicate cannot be reached: {exc}") from exc
        except httpx.RequestError as exc:
            raise MakeFailed(FailureKind.UNKNOWN, f"no answer to the order came: {exc or type(exc).__name__}") from exc
        if not response.is_success:
            raise_refusal(response)
        try:
            return read_prediction(response.json())
        except ValueError as exc:
            raise MakeFailed(FailureKind.UNKNOWN, "the order was accepted, but the answer has no id") from exc

    def _send(self, url: str, body: Mapping[str, Any], attempt: str) -> httpx.Response:
        """Send an order. Until the service has answered or hung up, it is on its way."""
        import httpx

        # `Prefer: wait` is not sent: a clip takes longer than the service would wait, and we want the id at once.
        headers = {**self._key, "Cancel-After": f"{min(round(self._patience.give_up_s), RUN_LIMIT_S)}s"}
        with self._lock:
            self._sent_s[attempt] = time.monotonic()
        is_on_its_way = False
        try:
            return self._http.post(url, json=body, headers=headers)
        except (httpx.ReadTimeout, httpx.WriteTimeout):
            is_on_its_way = True
            raise
        finally:
            with self._lock:
                if not is_on_its_way:
                    self._sent_s.pop(attempt, None)

    def may_still_arrive(self, attempt: str) -> bool:
        """Whether an order of ours went out so short a time ago, unanswered, that the service may yet accept it."""
        with self._lock:
            since_s = self._sent_s.get(attempt)
        return since_s is not None and time.monotonic() - since_s < self._patience.settle_s

    def look(self, job: str, check_stop: Callable[[], None]) -> Prediction:
        """Give the present state of a prediction. Raises `ServiceAway`, `Gone`, `KeyRefusedError`."""
        return self._repeat(lambda: read_prediction(self._call("GET", f"/v1/predictions/{job}")), check_stop)

    def cancel(self, job: str, check_stop: Callable[[], None]) -> Prediction:
        """Ask that a prediction be ended, and give its state after that. Raises as `look` does."""
        return self._repeat(lambda: read_prediction(self._call("POST", f"/v1/predictions/{job}/cancel")), check_stop)

    def predictions(self) -> Iterator[Prediction]:
        """Give all predictions, the newest first. Raises as `look` does, also when there are too many to go through."""
        url, end_s = "/v1/predictions", time.monotonic() + _MOST_LIST_S
        for _ in range(_MOST_PAGES):
            found, following = self._repeat(partial(self._page, url), lambda: None)
            yield from found
            if following is None:
                return
            if time.monotonic() > end_s:
                break
            url = following
        raise ServiceAway("it has too many predictions to go through")

    def _page(self, url: str) -> tuple[list[Prediction], str | None]:
        body = self._call("GET", url)
        if not isinstance(body, dict) or not isinstance(body.get("results"), list):
            raise ValueError("the service lists its predictions in words that we do not know")
        following = body.get("next")
        if following is not None and not str(following).startswith(f"{self._address}/"):
            raise ValueError("the service sends us to another address")
        page = [read_prediction(each) for each in body["results"]]
        return page, None if following is None else str(following)[len(self._address) :]

    def model(self, name: str, version: str, check_stop: Callable[[], None]) -> Published:
        """Give what a model publishes of itself. Raises as `look` does."""
        path = f"/v1/models/{name}" + (f"/versions/{version}" if version else "")
        body = mapping(self._repeat(lambda: self._call("GET", path), check_stop))
        newest = body if version else mapping(body.get("latest_version"))
        schemas = mapping(mapping(mapping(newest.get("openapi_schema")).get("components")).get("schemas"))
        return Published(str(newest.get("id") or version), schemas)

    def upload(self, path: Path, kind: str, attempt: str, check_stop: Callable[[], None]) -> str:
        """Upload a file and give the address by which models read it. Raises as `look` does, and `MakeFailed`."""
        try:
            content = path.read_bytes()
        except OSError as exc:
            raise MakeFailed(FailureKind.BAD_INPUT, f"{path.name} cannot be read: {exc.strerror}") from exc
        if len(content) > _MOST_UPLOAD_BYTES:
            raise MakeFailed(FailureKind.BAD_INPUT, f"{path.name} is larger than the 100 MB that Replicate takes")
        # Uploads buy nothing, so a lost answer is no harm: what is left over is deleted by the service.
        url = self._repeat(lambda: self._upload(content, path.suffix, kind, attempt), check_stop)
        if not url.startswith(f"{self._address}/"):
            raise MakeFailed(FailureKind.UNAVAILABLE, "Replicate put the upload on another machine")
        return url

    def _upload(self, content: bytes, suffix: str, kind: str, attempt: str) -> str:
        # Its own name may tell something about its owner, and is not needed.
        parts: dict[str, tuple[str | None, bytes | str, str]] = {
            "content": (f"{attempt or 'file'}{suffix}", content, kind),
            "metadata": (None, json.dumps({ATTEMPT_KEY: attempt}), "application/json"),
        }
        response = self._http.post(f"{self._address}/v1/files", files=parts, headers=self._key)
        sort_out(response, key_refused)
        url = mapping(mapping(response.json()).get("urls")).get("get")
        if not isinstance(url, str):
            raise ValueError("the service describes an upload in words that we do not know")
        return url

    def attempt_of(self, url: str) -> str | None:
        """Give our own id of the attempt that an uploaded file was for; None: not told. Raises as `look` does."""
        if not re.fullmatch(re.escape(self._address) + r"/v1/files/[A-Za-z0-9_-]{1,80}", url):
            return None
        file = mapping(self._repeat(lambda: self._call("GET", urlsplit(url).path), lambda: None))
        attempt = mapping(file.get("metadata")).get(ATTEMPT_KEY)
        return attempt if isinstance(attempt, str) and attempt else None

    def fetch(self, url: str, path: Path, kinds: tuple[str, ...], check_stop: Callable[[], None]) -> None:
        """Download an output, whole or not at all, without the token. Raises as `look` does, and `NotAClip`."""
        if not is_safe(url) or (is_loopback(url) and not is_loopback(self._address)):
            raise NotAClip("the service names an output at an address that is not safe to read")
        self._repeat(lambda: self._download(url, path, kinds, check_stop), check_stop)

    def _download(self, url: str, path: Path, kinds: tuple[str, ...], check_stop: Callable[[], None]) -> None:
        with self._http.stream("GET", url) as response:
            sort_out(response, key_refused)
            save(response, path, kinds, check_stop)

    def _call(self, method: str, path: str) -> Any:
        response = self._http.request(method, f"{self._address}{path}", headers=self._key)
        sort_out(response, key_refused)
        return response.json()

    def _repeat(self, ask: Callable[[], T], check_stop: Callable[[], None]) -> T:
        return repeat(ask, self._patience, check_stop)


def _no_auth(request: httpx.Request) -> httpx.Request:
    """Leave a request as it is: without this, httpx would add what a .netrc says."""
    return request


def is_safe(url: str) -> bool:
    """Whether what goes to a URL can be read by nobody on the way: https, or this very machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    is_https = parts.scheme == "https" and bool(host) and parts.username is None and " " not in url
    return is_https or is_loopback(url)


def raise_refusal(response: httpx.Response) -> None:
    """Raise what an answer to an order means that is not `created`."""
    status = response.status_code
    says = f"Replicate answers {status}: {_detail(response)}"
    if status == 429:
        raise MakeFailed(FailureKind.RETRYABLE, says, retry_after_s=retry_after_s(response))
    if status in KEY_REFUSED:
        raise key_refused()
    if status == 402:
        raise MakeFailed(
            FailureKind.UNAVAILABLE, f"{says} Add credit at https://replicate.com/account/billing, then run again."
        )
    if status >= 500:
        # It may have been accepted before something between us and the service broke.
        raise MakeFailed(FailureKind.UNKNOWN, says)
    if status in (400, 413, 422):
        raise MakeFailed(FailureKind.BAD_INPUT, says)
    raise MakeFailed(FailureKind.UNAVAILABLE, says)


def _detail(response: httpx.Response) -> str:
    try:
        problem = mapping(response.json())
    except ValueError:
        problem = {}
    return str(problem.get("detail") or problem.get("title") or response.reason_phrase)[:300]


def key_refused() -> KeyRefusedError:
    """Give the error of a token that is not right."""
    return KeyRefusedError("Replicate refuses the token.", KEY_HINT)
