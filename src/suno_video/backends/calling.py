"""Calls to a service that may be slow, throttled or away. Whatever buys nothing is repeated; nothing here buys."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from suno_video.backends.patience import Asking, Patience
from suno_video.media.atomic import replacing

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

PASSING = frozenset({429, 500, 502, 503, 504})
"""Answers after which another try may do better."""
GONE = frozenset({404, 410})
KEY_REFUSED = frozenset({401, 403})
MOST_FILE_BYTES = 1 << 30
_RESETS_IN = re.compile(r"(?:resets|available) in ~?(\d+(?:\.\d+)?) ?s", re.IGNORECASE)


class ServiceAway(Exception):  # noqa: N818 - classified here, told by the backend
    """No useful answer, after all tries."""


class Gone(Exception):  # noqa: N818 - classified here, told by the backend
    """The service does not have it, or not any more."""


class NotAClip(Exception):  # noqa: N818 - classified here, told by the backend
    """What the service sends cannot be what was bought."""


class Passing(Exception):  # noqa: N818 - caught by `repeat`
    """Another try may do better."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


def repeat(ask: Callable[[], T], patience: Patience, check_stop: Callable[[], None]) -> T:
    """Ask until there is an answer, a few times: only for what buys nothing. Raises `ServiceAway`."""
    import httpx

    n_tried = 0
    while True:
        n_tried += 1
        try:
            return Asking(ask).result(check_stop)
        except (httpx.RequestError, Passing, ValueError) as exc:
            if n_tried >= patience.n_tries:
                raise ServiceAway(str(exc) or type(exc).__name__) from exc
            asked_s = exc.retry_after_s if isinstance(exc, Passing) else None
        patience.pause_before_try(n_tried, asked_s, check_stop)


def sort_out(response: httpx.Response, key_refused: Callable[[], Exception]) -> None:
    """Let a good answer pass. Raises `Passing`, `Gone`, `ServiceAway`, and what `key_refused` gives."""
    status = response.status_code
    if status in PASSING:
        raise Passing(f"the service answers {status}", retry_after_s(response))
    if status in GONE:
        raise Gone
    if status in KEY_REFUSED:
        raise key_refused()
    if not response.is_success:
        raise ServiceAway(f"the service answers {status}")


def retry_after_s(response: httpx.Response) -> float | None:
    """Read how long we are asked to wait: from `Retry-After` in seconds, else from words such as `resets in ~30s`."""
    try:
        seconds = float(response.headers.get("Retry-After", ""))
    except ValueError:
        # A streamed answer has not been read, and has no words yet.
        found = _RESETS_IN.search(response.text[:2000]) if response.is_stream_consumed else None
        return float(found[1]) if found else None
    return seconds if 0 <= seconds < float("inf") else None


def save(response: httpx.Response, path: Path, kinds: tuple[str, ...], check_stop: Callable[[], None]) -> None:
    """Write a streamed answer to `path`, whole or not at all.

    Args:
        kinds: Beginnings of the content types that will do.

    Raises:
        NotAClip: It is something else, or does not end.
    """
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not kind.startswith(kinds):
        raise NotAClip(f"the service sends {kind or 'something nameless'}")
    n_bytes = 0
    with replacing(path) as part, open(part, "wb") as file:
        for chunk in response.iter_bytes():
            check_stop()
            n_bytes += file.write(chunk)
            if n_bytes > MOST_FILE_BYTES:
                raise NotAClip("the file does not end")


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this very machine, over plain HTTP."""
    if not re.fullmatch(r"[!-~]+", url):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port  # a port that is no number is told here
    except ValueError:
        return False
    local = host in ("localhost", "::1") or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None
    return parts.scheme == "http" and local and parts.username is None
