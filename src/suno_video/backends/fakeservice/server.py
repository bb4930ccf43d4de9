"""The fake service as a real HTTP server on this machine."""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from suno_video.backends.fakeservice.answers import Answer, Call, problem
from suno_video.backends.fakeservice.book import Book
from suno_video.backends.fakeservice.clips import ClipShelf
from suno_video.backends.fakeservice.mischief import Door, Mischief
from suno_video.backends.fakeservice.shop import Shop
from suno_video.backends.fakeservice.wire import ADDRESS_VARIABLE, TOKEN_VARIABLE, USUAL_TOKEN, Tariff

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
_MOST_BODY_BYTES = 64 << 20


class FakeService:
    """A make-believe paid service: sells test cards, keeps its own purchase book, misbehaves as told.

    Args:
        book: SQLite file of the purchase book; an existing one is continued.
        port: 0 takes a free one.
        now: Seconds since the epoch; tests of expiry give their own.
        shop: Speaks the protocol; another one makes it the double of another service.

    Use as a context manager, or call `start` and `stop`.
    """

    def __init__(
        self,
        book: Path,
        *,
        token: str = USUAL_TOKEN,
        tariff: Tariff | None = None,
        mischief: Mischief | None = None,
        port: int = 0,
        now: Callable[[], float] | None = None,
        shop: type[Shop] = Shop,
    ) -> None:
        self.token = token
        self.book = Book(book)
        self._clips = tempfile.TemporaryDirectory(prefix="suno-video-fake-service-")
        shelf = ClipShelf(Path(self._clips.name))
        options = {} if now is None else {"now": now}
        self._shop = shop(
            self.book, shelf, token=token, tariff=tariff or Tariff(), mischief=mischief or Mischief(), **options
        )
        self._server = _Server(self._shop, port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.port}"

    def environment(self) -> dict[str, str]:
        """The variables that lead `PaidFakeVideo` here, in this process or another."""
        return {ADDRESS_VARIABLE: self.url, TOKEN_VARIABLE: self.token}

    def set_mischief(self, mischief: Mischief) -> None:
        """Let other things go wrong from now on; calls are counted from 1 again."""
        self._shop.set_mischief(mischief)

    def n_calls(self, door: Door) -> int:
        """How many calls came to a door since the mischief was set."""
        return self._shop.n_calls(door)

    @property
    def shop(self) -> Shop:
        """What speaks the protocol."""
        return self._shop

    def start(self) -> Self:
        """Begin to answer, in a thread of its own."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop answering, break all connections and close the book."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._close()

    def run(self) -> None:
        """Answer in this thread, until interrupted."""
        try:
            self._server.serve_forever()
        finally:
            self._close()

    def _close(self) -> None:
        self._shop.close()
        self._server.server_close()
        self.book.close()
        self._clips.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    """Knows its open connections, so that stopping it is like a service that goes away."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, shop: Shop, port: int) -> None:
        self.shop = shop
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Buyers that are killed leave broken connections; anything else is a bug of ours."""
        level = logging.DEBUG if isinstance(sys.exception(), ConnectionError) else logging.ERROR
        log.log(level, "a call was not answered", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        n_bytes = int(self.headers.get("Content-Length") or 0)
        if n_bytes > _MOST_BODY_BYTES:
            self.close_connection = True  # what we do not read must not be taken for the next call
            self._send(problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large"))
            return
        key = self.headers.get("Authorization", "")
        base_url = f"http://{HOST}:{self.server.server_address[1]}"
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(n_bytes)
        self._send(self.server.shop.answer(Call(self.command, self.path, body, key, base_url, headers)))

    def _send(self, answer: Answer) -> None:
        if answer.delivery == "none":
            self._hang_up()
            return
        self.send_response(answer.status)
        for name, value in {"Content-Type": answer.content_type, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.delivery == "cut":
            self.wfile.write(answer.body[: len(answer.body) // 2])
            self._hang_up()
            return
        self.wfile.write(answer.body)

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:
        """Say it to the log, not to stderr."""
        log.debug(format, *args)
