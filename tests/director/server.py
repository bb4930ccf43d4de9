"""Language services on loopback: one server that speaks the protocols of Gemini, OpenAI, Ollama and Anthropic.

What it answers is scripted by the name of the question, which goes with the form of the answer that is asked for:

    with LanguageServer() as server:
        server.answer("treatment", {"logline": "..."})              # stays until something else is scripted
        server.answer("vibe", Status(429, retry_after=2), {...})    # in turn; the last one stays
        server.answer("storyboard", lambda asked: {...})            # made from the question
        options = FilmOptions(director=server.choice("gemini"), ...)

Every request is recorded in `server.asked` (questions) and `server.requests` (all of them).
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, TypeAlias

from pydantic import BaseModel

from suno_video.direct.llm.choice import DirectorChoice
from tests.director import wire

KEY = "test-key-1234567890"


@dataclass(frozen=True)
class Status:
    """The service says no."""

    code: int
    message: str = "Resource has been exhausted (e.g. check quota)."
    retry_after: float | None = None
    """As a header."""
    retry_info: float | None = None
    """As Google says it in the body."""


@dataclass(frozen=True)
class Text:
    """A text as the answer, whatever it is."""

    text: str
    finish: str = "stop"
    """`stop`, `length` (cut off) or `filter` (stopped by a content filter)."""


@dataclass(frozen=True)
class Blocked:
    """The question itself is not taken in; no answer at all."""


@dataclass(frozen=True)
class HangUp:
    """The connection ends before the answer."""


@dataclass(frozen=True)
class Page:
    """Status 200, and a page of HTML where JSON should be."""


@dataclass(frozen=True)
class Moved:
    """Somebody wants the question sent elsewhere."""

    to: str


Reply: TypeAlias = Mapping[str, Any] | BaseModel | Status | Text | Blocked | HangUp | Page | Moved
Script: TypeAlias = Reply | Callable[["Asked"], Reply]


@dataclass(frozen=True)
class Request:
    """One HTTP request."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True)
class Asked:
    """One question, whichever protocol it came in."""

    provider: str
    model: str
    name: str
    """Of the question."""
    key: str
    """The key it came with."""
    system: str
    texts: tuple[str, ...]
    """All text of the talk, in order: labels, the prompt, earlier answers, what was wrong with them."""
    sounds: tuple[bytes, ...]
    pictures: tuple[bytes, ...]
    schema: Mapping[str, Any]
    """Of the answer."""
    max_tokens: int
    body: Mapping[str, Any] = field(repr=False)

    @property
    def prompt(self) -> str:
        return "\n".join(self.texts)


class LanguageServer:
    """Use it in a `with`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.asked: list[Asked] = []
        self.files: dict[str, wire.File] = {}
        self.upload_status = 200
        self.polls_until_active = 1
        self._scripts: dict[str, list[Script]] = {}
        self._lock = threading.Lock()
        self._http = _Server(("127.0.0.1", 0), _handler_of(self))
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def answer(self, name: str, *replies: Script) -> None:
        """Say what is answered to questions of a name, in turn; the last one stays."""
        with self._lock:
            self._scripts[name] = list(replies)

    def choice(self, name: str = "gemini", **changes: Any) -> DirectorChoice:
        """A director whose services are all here."""
        addresses = {"gemini": self.url, "openai": f"{self.url}/v1", "anthropic": self.url, "ollama": self.url}
        keys = {"gemini": KEY, "openai": KEY, "anthropic": KEY}
        return DirectorChoice(**{"name": name, "keys": keys, "addresses": addresses, **changes})

    def variables(self) -> dict[str, str]:
        """The same as variables, for a command."""
        return {
            "GEMINI_API_KEY": KEY,
            "OPENAI_API_KEY": KEY,
            "ANTHROPIC_API_KEY": KEY,
            "GOOGLE_GEMINI_BASE_URL": self.url,
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "ANTHROPIC_BASE_URL": self.url,
            "OLLAMA_BASE_URL": self.url,
        }

    def named(self, name: str) -> list[Asked]:
        """What was asked under a name."""
        return [each for each in self.asked if each.name == name]

    def reply_to(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            scripts = self._scripts.get(asked.name)
            if not scripts:
                return Status(400, f"nobody scripted an answer to {asked.name!r}")
            script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        return script(asked) if callable(script) else script

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that went away


def _handler_of(server: LanguageServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._note(content)
            if re.match(r"/upload/v1(beta)?/files", self.path):
                self._upload(content)
            elif match := re.fullmatch(r"/(?:v1|v1beta)/models/([^:]+):generateContent", self.path):
                self._answer(wire.GEMINI, match[1], json.loads(content))
            elif self.path == "/v1/chat/completions":
                self._answer(wire.OPENAI, "", json.loads(content))
            elif self.path.split("?")[0] == "/v1/messages":
                self._answer(wire.ANTHROPIC, "", json.loads(content))
            else:
                self._send(404, wire.GEMINI.error(Status(404, "not found")))

        def do_GET(self) -> None:
            self._note(b"")
            file = server.files.get(re.sub(r"^/v1(beta)?/", "", self.path).split("?")[0])
            if file is None:
                self._send(404, wire.GEMINI.error(Status(404, "not found")))
            else:
                file.n_looks += 1
                self._send(200, file.as_json(server.polls_until_active))

        def do_DELETE(self) -> None:
            self._note(b"")
            found = server.files.get(re.sub(r"^/v1(beta)?/", "", self.path).split("?")[0])
            if found is not None:
                found.deleted = True
            self._send(200, {})

        def _note(self, content: bytes) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.requests.append(Request(self.command, self.path, headers, content))

        def _upload(self, content: bytes) -> None:
            if server.upload_status != 200:
                self._send(server.upload_status, wire.GEMINI.error(Status(server.upload_status, "no uploads today")))
                return
            commands = self.headers.get("X-Goog-Upload-Command", "")
            if "start" in commands:
                name = f"files/f{len(server.files) + 1}"
                server.files[name] = wire.File(name, self.headers.get("X-Goog-Upload-Header-Content-Type") or "")
                place = f"http://{self.headers['Host']}/upload/v1beta/files?upload_id={name}"
                self._send(200, {}, {"X-Goog-Upload-URL": place, "X-Goog-Upload-Status": "active"})
                return
            file = server.files[self.path.split("upload_id=")[1].replace("%2F", "/")]
            file.content += content
            done = "finalize" in commands
            shown = {"file": file.as_json(server.polls_until_active)} if done else {}
            self._send(200, shown, {"X-Goog-Upload-Status": "final" if done else "active"})

        def _answer(self, protocol: wire.Protocol, model: str, body: dict[str, Any]) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(**protocol.read(body, headers, model, server.files), body=body)
            reply = server.reply_to(asked)
            if isinstance(reply, HangUp):
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            elif isinstance(reply, Moved):
                self._send_bytes(307, b"", {"Location": reply.to + self.path})
            elif isinstance(reply, Page):
                self._send_bytes(200, b"<html><body>Bad gateway</body></html>", {"Content-Type": "text/html"})
            elif isinstance(reply, Status):
                more = {"Retry-After": f"{reply.retry_after:g}"} if reply.retry_after is not None else {}
                self._send(reply.code, protocol.error(reply), more)
            else:
                self._send(200, protocol.write(asked, _as_text(reply)))

        def _send(self, code: int, shown: Any, headers: Mapping[str, str] | None = None) -> None:
            more = {"Content-Type": "application/json; charset=UTF-8", **(headers or {})}
            self._send_bytes(code, json.dumps(shown).encode(), more)

        def _send_bytes(self, code: int, content: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler


def _as_text(reply: Any) -> Any:
    if isinstance(reply, BaseModel):
        return Text(reply.model_dump_json())
    return Text(json.dumps(reply)) if isinstance(reply, Mapping) else reply
