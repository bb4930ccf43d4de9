"""Speaks ComfyUI's HTTP interface. Whatever asks twice for the same prompt is decided by the backend, not here."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from suno_video.backends.calling import NotAClip, save
from suno_video.backends.comfyui.graph import Nodes
from suno_video.backends.patience import Asking
from suno_video.core.errors import ConfigError

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
QueuePlace: TypeAlias = Literal["running", "pending"]
_KINDS = ("image/", "video/", "application/octet-stream")


class ServerAway(Exception):  # noqa: N818 - classified here, told by the backend
    """No useful answer."""


class AnswerLost(ServerAway):
    """The call went out, and no answer came: it may have been heard."""


class Turned(Exception):  # noqa: N818 - classified here, told by the backend
    """The server did not accept a prompt. Carries what it says."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__(str(body)[:200])
        self.body = body


@dataclass(frozen=True)
class SavedFile:
    """A file that a node of a prompt has written."""

    filename: str
    subfolder: str
    type: str


class ComfyClient:
    """A connection to one server. Safe to use from several threads."""

    def __init__(self, address: str, answer_s: float = 30.0) -> None:
        import httpx

        if not re.match(r"https?://[^/\s]+", address):
            raise ConfigError(f"{address!r} is no address of a ComfyUI server.", "Set COMFYUI_URL to http://host:8188.")
        self.address = address.rstrip("/")
        self.client_id = secrets.token_hex(16)
        self._http = httpx.Client(base_url=self.address, timeout=answer_s, trust_env=False, follow_redirects=False)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def json(self, path: str) -> Any:
        """GET something that changes nothing. Raises `ServerAway`."""
        try:
            return self._checked(self._call("GET", path)).json()
        except ValueError as exc:
            raise ServerAway(f"{path} is answered with something that is no JSON") from exc

    def object_info(self) -> dict[str, Any]:
        """Describe every node class that the server knows. Raises `ServerAway`."""
        found = self.json("/object_info")
        return found if isinstance(found, dict) else {}

    def upload(self, path: Path, subfolder: str) -> str:
        """Send a picture or sound, and give the name by which a graph loads it. Raises `ServerAway`."""
        form = {"type": "input", "subfolder": subfolder, "overwrite": "true"}
        with open(path, "rb") as file:
            answer = self._call("POST", "/upload/image", data=form, files={"image": (path.name, file)})
        try:
            told = self._checked(answer).json()
            # The server may have chosen another name, `kf (1).png`.
            return "/".join(part for part in (told.get("subfolder", ""), told["name"]) if part)
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise ServerAway(f"the server does not say under which name it keeps {path.name}") from exc

    def post(self, nodes: Nodes, prompt_id: str) -> None:
        """Queue a prompt under our own id, once. Raises `Turned`, `ServerAway`, `AnswerLost`."""
        body = {"prompt": nodes, "client_id": self.client_id, "prompt_id": prompt_id}
        answer = self._call("POST", "/prompt", json=body)
        if answer.status_code == 400:
            try:
                raise Turned(answer.json())
            except ValueError as exc:
                raise ServerAway("the server refuses the prompt and does not say why") from exc
        self._checked(answer)

    def place(self, prompt_id: str) -> QueuePlace | None:
        """Where in the queue a prompt is; None when it is not, or not any more. Raises `ServerAway`."""
        queue = self.json("/queue")
        places: tuple[QueuePlace, ...] = ("running", "pending")
        return next((p for p in places if any(e[1] == prompt_id for e in queue.get(f"queue_{p}", ()))), None)

    def history(self, prompt_id: str) -> dict[str, Any] | None:
        """What became of a prompt; None while it is not finished, or not known. Raises `ServerAway`."""
        found = self.json(f"/history/{prompt_id}").get(prompt_id)
        return found if isinstance(found, dict) else None

    def forget(self, prompt_id: str) -> None:
        """Take a prompt out of the history, so that its id can be used again. Raises `ServerAway`."""
        self._checked(self._call("POST", "/history", json={"delete": [prompt_id]}))

    def withdraw(self, prompt_id: str) -> None:
        """End our own prompt, waiting or running, and nobody else's. Raises `ServerAway`."""
        self._checked(self._call("POST", "/queue", json={"delete": [prompt_id]}))
        if self.place(prompt_id) == "running":  # older servers end whatever runs, whatever id is named
            self._checked(self._call("POST", "/interrupt", json={"prompt_id": prompt_id}))

    def free(self) -> None:
        """Have the server unload its models. Raises `ServerAway`."""
        self._checked(self._call("POST", "/free", json={"unload_models": True, "free_memory": True}))

    def fetch(self, saved: SavedFile, path: Path, check_stop: Callable[[], None]) -> None:
        """Download what was saved, whole or not at all. Raises `ServerAway`, and as `replacing` does."""
        import httpx

        asked = {"filename": saved.filename, "subfolder": saved.subfolder, "type": saved.type}
        try:
            with self._http.stream("GET", "/view", params=asked) as answer:
                save(self._checked(answer), path, _KINDS, check_stop)
        except NotAClip as exc:
            raise ServerAway(f"{saved.filename}: {exc}") from exc
        except httpx.RequestError as exc:
            raise ServerAway(f"{saved.filename} did not come: {exc or type(exc).__name__}") from exc

    def _call(self, method: str, path: str, **more: Any) -> httpx.Response:
        import httpx

        try:
            return self._http.request(method, path, **more)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as exc:
            raise ServerAway(f"no ComfyUI server answers at {self.address}") from exc
        except httpx.RequestError as exc:
            raise AnswerLost(f"the server does not answer: {exc or type(exc).__name__}") from exc

    @staticmethod
    def _checked(answer: httpx.Response) -> httpx.Response:
        if not answer.is_success:
            raise ServerAway(f"{answer.request.url.path} is answered {answer.status_code}")
        return answer


def patiently(ask: Callable[[], T], check_stop: Callable[[], None]) -> T:
    """Make a call, and still hear that the run is to end."""
    return Asking(ask).result(check_stop)
