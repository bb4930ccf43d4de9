"""A ComfyUI server on this machine that runs no models: it speaks the recorded protocol and paints test cards."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import re
import struct
import threading
import time
from collections.abc import Iterator
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image

from suno_video.backends.testcards import FakeStream, write_clip
from suno_video.core.frames import FrameSize

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "comfyui_recorded.json").read_text())
_WS_KEY = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_SAVES = ("SaveImage", "SaveVideo")


def known_classes() -> dict[str, Any]:
    """Describe each class of the shipped graphs and of the recorded one, with the model files that they name."""
    folder = resources.files("suno_video.backends.comfyui").joinpath("graphs")
    graphs = [json.loads(each.read_text(encoding="utf-8")) for each in folder.iterdir() if each.name.endswith(".json")]
    info: dict[str, Any] = {}
    for node in (node for graph in [*graphs, RECORDED["graph"]] for node in graph.values()):
        inputs = info.setdefault(node["class_type"], {"input": {"required": {}, "optional": {}}})["input"]["required"]
        for name, value in node["inputs"].items():
            if isinstance(value, str) and value.endswith((".safetensors", ".pth")):
                choices = inputs.setdefault(name, [[]])[0]
                choices.append(value)
            else:
                inputs.setdefault(name, ["ANY", {}])
    tiled = {**info["VAEDecode"]["input"]["required"], "tile_size": ["INT", {}]}
    return {**info, **RECORDED["save_video"], "VAEDecodeTiled": {"input": {"required": tiled}}}


class ComfyServer:
    """Use as a context manager.

    Args:
        work_s: How long a prompt takes.
    """

    def __init__(self, folder: Path, work_s: float = 0.0) -> None:
        self.folder, self.work_s = folder, work_s
        self.fates: list[str] = []
        """What becomes of the next prompts: ok, oom, error, short, lost-answer, drop-ws, odd-events."""
        self.posts: list[str] = []
        """Ids of all prompts that were accepted."""
        self.calls: list[str] = []
        self.info = known_classes()
        self.stats = json.loads(json.dumps(RECORDED["system_stats"]))
        self.history: dict[str, Any] = {}
        self.pending: list[tuple[int, str, dict[str, Any], str, str]] = []
        self.running: tuple[int, str, dict[str, Any], str, str] | None = None
        self.uploads: dict[str, bytes] = {}
        self.sent: list[dict[str, Any]] = []
        """All events, in order."""
        self.sockets: dict[str, Any] = {}
        self._cache: dict[str, dict[str, Any]] = {}
        self._stopped: set[str] = set()
        self._number = 0
        self._change = threading.Condition()
        self._ends = False
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.comfy = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        threading.Thread(target=self._work, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        with self._change:
            self._ends = True
            self._change.notify_all()
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._server.open):
            with contextlib.suppress(OSError):
                connection.shutdown(2)

    def restart(self) -> None:
        """Forget everything, as a server that is started anew."""
        with self._change:
            self._stopped |= {entry[1] for entry in (self.running, *self.pending) if entry is not None}
            self.pending.clear()
            self.history.clear()
            self.running = None

    def accept(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer POST /prompt."""
        graph = body.get("prompt")
        if graph is None:
            return 400, RECORDED["no_prompt"]
        if (refused := self._refusal(graph)) is not None:
            return 400, refused
        with self._change:
            self._number += 1
            fate = self.fates.pop(0) if self.fates else "ok"
            self.pending.append((self._number, body["prompt_id"], graph, body.get("client_id", ""), fate))
            self.posts.append(body["prompt_id"])
            self._change.notify_all()
        return (0 if fate == "lost-answer" else 200), {
            "prompt_id": body["prompt_id"],
            "number": self._number,
            "node_errors": {},
        }

    def _refusal(self, graph: dict[str, Any]) -> dict[str, Any] | None:
        for number, node in graph.items():
            name = node["class_type"]
            if name not in self.info:
                told = json.loads(json.dumps(RECORDED["no_such_node"]))
                told["error"]["message"] = f"Cannot execute because node {name} does not exist."
                return told
            for key, value in node["inputs"].items():
                config = self.info[name]["input"]["required"].get(key, ["ANY"])
                if isinstance(config[0], list) and isinstance(value, str) and value not in config[0]:
                    more = {"input_name": key, "input_config": config, "received_value": value}
                    error = {
                        "type": "value_not_in_list",
                        "message": "Value not in list",
                        "details": f"{key}: '{value}'",
                    }
                    return _failed(number, name, {**error, "extra_info": more})
                if key in ("width", "height") and not isinstance(value, int | list):
                    return RECORDED["bad_value"]
            loads = node["inputs"].get("image" if name == "LoadImage" else "audio")
            if name in ("LoadImage", "LoadAudio") and loads not in self.uploads:
                return RECORDED["bad_file"]
        return None if any(node["class_type"] in _SAVES for node in graph.values()) else RECORDED["no_outputs"]

    def withdraw(self, ids: list[str]) -> None:
        with self._change:
            self.pending = [entry for entry in self.pending if entry[1] not in ids]

    def interrupt(self, prompt_id: str | None) -> None:
        with self._change:
            if self.running is not None and prompt_id in (None, self.running[1]):
                self._stopped.add(self.running[1])
                self._change.notify_all()

    def queue(self) -> dict[str, Any]:
        with self._change:
            running = [list(self.running[:3])] if self.running else []
            return {"queue_running": running, "queue_pending": [list(entry[:3]) for entry in self.pending]}

    def _work(self) -> None:
        while True:
            with self._change:
                while not self.pending and not self._ends:
                    self._change.wait()
                if self._ends:
                    return
                entry = self.running = self.pending.pop(0)
            outputs, messages, status = self._run(*entry[1:])
            with self._change:
                if self.running is entry:  # not restarted meanwhile
                    self.history[entry[1]] = {
                        "prompt": list(entry[:3]),
                        "outputs": outputs,
                        "status": {"status_str": status, "completed": status == "success", "messages": messages},
                        "meta": {},
                    }
                    self.running = None
                self._stopped.discard(entry[1])
            last = {"success": "execution_success"}.get(status)
            if last:
                self._tell(entry[3], last, {"prompt_id": entry[1], "timestamp": 0})
            self._status(entry[3])
            self._tell(entry[3], "executing", {"node": None, "prompt_id": entry[1]})

    def _run(self, pid: str, graph: dict[str, Any], client: str, fate: str) -> tuple[Any, list[Any], str]:
        messages: list[Any] = []

        def say(name: str, **facts: Any) -> None:
            facts = {"prompt_id": pid, **facts}
            if name.startswith("execution"):
                messages.append([name, facts])
            self._tell(client, name, facts)

        key = hashlib.sha256(json.dumps(graph, sort_keys=True).encode()).hexdigest()
        cached = self._cache.get(key)
        say("execution_start", timestamp=0)
        say("execution_cached", nodes=sorted(graph) if cached else [], timestamp=0)
        if fate == "odd-events":
            self._tell(client, "from_the_future", {"prompt_id": pid})
            self._tell(client, "executing", {"node": None, "prompt_id": "somebody-elses"})
            self._tell(client, "progress", {"value": 3, "max": 4, "node": "1", "prompt_id": pid})
            self._tell(client, "progress", {"value": 9, "max": 9, "node": "1", "prompt_id": "somebody-elses"})
            self._raw(client, struct.pack(">II", 1, 2) + b"preview", 2)
        if fate == "drop-ws":
            self.drop(client)
        if cached is None and not self._waits(pid):
            say("execution_interrupted", node_id="1", node_type=next(iter(graph.values()))["class_type"], executed=[])
            return {}, messages, "error"
        outputs: dict[str, Any] = {}
        for number in _in_order(graph):
            node = graph[number]
            if cached is not None and number not in cached:
                continue
            if cached is None:
                say("progress_state", nodes={number: {"value": 0.0, "max": 1.0, "state": "running"}})
                say("executing", node=number, display_node=number)
            if node["class_type"] in _SAVES:
                if fate in ("oom", "error"):
                    facts = {**RECORDED["execution_error"]["data"], "prompt_id": pid, "node_id": number}
                    facts |= {"node_type": node["class_type"]}
                    if fate == "oom":
                        facts |= {"exception_type": "torch.OutOfMemoryError", "exception_message": "Allocation failed"}
                    say("execution_error", **facts)
                    return outputs, messages, "error"
                outputs[number] = cached[number] if cached else self._save(node, graph, fate)
                say("executed", node=number, display_node=number, output=outputs[number])
            say("progress_state", nodes={number: {"value": 1.0, "max": 1.0, "state": "finished"}})
        self._cache[key] = outputs
        messages.append(["execution_success", {"prompt_id": pid, "timestamp": 0}])
        return outputs, messages, "success"

    def _waits(self, pid: str) -> bool:
        """Take the time of the work; False when somebody interrupts it."""
        end_s = time.monotonic() + self.work_s
        with self._change:
            while pid not in self._stopped and (rest := end_s - time.monotonic()) > 0:
                self._change.wait(rest)
            return pid not in self._stopped

    def _save(self, node: dict[str, Any], graph: dict[str, Any], fate: str) -> dict[str, Any]:
        prefix = Path(node["inputs"]["filename_prefix"])
        is_clip = node["class_type"] == "SaveVideo"
        folder = self.folder / prefix.parent
        folder.mkdir(parents=True, exist_ok=True)
        n_there = len(list(folder.glob(f"{prefix.name}_*")))
        path = folder / f"{prefix.name}_{n_there + 1:05}_{'.mp4' if is_clip else '.png'}"
        (_write_clip if is_clip else _write_still)(path, graph, fate)
        told = {"images": [{"filename": path.name, "subfolder": str(prefix.parent), "type": "output"}]}
        return {**told, "animated": [True]} if is_clip else told

    def _status(self, client: str) -> None:
        with self._change:
            left = len(self.pending) + (self.running is not None)
        self._tell(client, "status", {"status": {"exec_info": {"queue_remaining": left}}})

    def _tell(self, client: str, name: str, facts: dict[str, Any]) -> None:
        self.sent.append({"type": name, "data": facts})
        self._raw(client, json.dumps({"type": name, "data": facts}).encode(), 1)

    def _raw(self, client: str, body: bytes, opcode: int) -> None:
        head = bytes([0x80 | opcode])
        head += bytes([len(body)]) if len(body) < 126 else bytes([126]) + struct.pack(">H", len(body))
        with contextlib.suppress(OSError, KeyError):
            self.sockets[client].sendall(head + body)

    def drop(self, client: str) -> None:
        with contextlib.suppress(OSError, KeyError):
            self.sockets.pop(client).shutdown(2)


def _failed(number: str, name: str, error: dict[str, Any]) -> dict[str, Any]:
    told = {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation", "details": ""}
    return {"error": told, "node_errors": {number: {"errors": [error], "dependent_outputs": [], "class_type": name}}}


def _in_order(graph: dict[str, Any]) -> Iterator[str]:
    done: set[str] = set()

    def visit(number: str) -> Iterator[str]:
        if number in done:
            return
        done.add(number)
        for value in graph[number]["inputs"].values():
            if isinstance(value, list):
                yield from visit(value[0])
        yield number

    for number in graph:
        yield from visit(number)


def _number(graph: dict[str, Any], *names: str, default: int) -> int:
    values = [node["inputs"][name] for name in names for node in graph.values() if name in node["inputs"]]
    return int(next((value for value in values if isinstance(value, int | float)), default))


def _size(graph: dict[str, Any]) -> FrameSize:
    return FrameSize(width_px=_number(graph, "width", default=64), height_px=_number(graph, "height", default=64))


def _write_still(path: Path, graph: dict[str, Any], fate: str) -> None:
    rng, size = np.random.default_rng(_number(graph, "seed", default=1)), _size(graph)
    small = Image.fromarray(rng.integers(40, 220, (9, 16, 3), dtype=np.uint8))
    small.resize((size.width_px, size.height_px), Image.Resampling.BICUBIC).save(path)


def _write_clip(path: Path, graph: dict[str, Any], fate: str) -> None:
    size, fps = _size(graph), _number(graph, "fps", default=24)
    n_frames = _number(graph, "length", "amount", default=9)
    seed = _number(graph, "seed", "noise_seed", default=1)
    n_frames = max(1, n_frames // 2) if fate == "short" else n_frames
    write_clip(path, FakeStream(size, n_frames, seed).frames(), size, fps)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    comfy: ComfyServer

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.open: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that die leave broken connections."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        comfy, url = self.server.comfy, urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        comfy.calls.append(f"GET {url.path}")
        if url.path == "/ws":
            self._talk(asked["clientId"])
        elif url.path == "/system_stats":
            self._json(comfy.stats)
        elif url.path == "/object_info":
            self._json(comfy.info)
        elif url.path == "/queue":
            self._json(comfy.queue())
        elif match := re.fullmatch(r"/history/(.+)", url.path):
            self._json({match[1]: comfy.history[match[1]]} if match[1] in comfy.history else {})
        elif url.path == "/view":
            path = comfy.folder / asked["subfolder"] / asked["filename"]
            self._send(200, path.read_bytes(), "video/mp4") if path.is_file() else self._send(404, b"")
        else:
            self._send(404, b"")

    def do_POST(self) -> None:
        comfy = self.server.comfy
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        comfy.calls.append(f"POST {self.path}")
        if self.path == "/upload/image":
            self._upload(raw)
            return
        body = json.loads(raw or b"{}")
        if self.path == "/prompt":
            status, told = comfy.accept(body)
            if status == 0:
                self.close_connection = True
                self.connection.shutdown(2)
                return
            self._json(told, status)
            return
        if self.path == "/queue":
            comfy.withdraw(body.get("delete", []))
        elif self.path == "/interrupt":
            comfy.interrupt(body.get("prompt_id"))
        elif self.path == "/history":
            for prompt_id in body.get("delete", []):
                comfy.history.pop(prompt_id, None)
        self._send(200, b"")

    def _upload(self, raw: bytes) -> None:
        kind = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parts = {
            part.get_param("name", header="content-disposition"): part
            for part in BytesParser(policy=HTTP).parsebytes(kind + raw).iter_parts()
        }
        folder = parts["subfolder"].get_content().strip()
        if ".." in folder:
            self._send(400, b"")
            return
        name, data = parts["image"].get_filename(), parts["image"].get_payload(decode=True)
        if name.startswith("kf"):  # as when a file of that name with other bytes is there
            name = RECORDED["renamed"]["name"]
        self.server.comfy.uploads[f"{folder}/{name}"] = data
        self._json({"name": name, "subfolder": folder, "type": "input"})

    def _talk(self, client: str) -> None:
        token = base64.b64encode(hashlib.sha1((self.headers["Sec-WebSocket-Key"] + _WS_KEY).encode()).digest())
        self.send_response(101)
        for name, value in {"Upgrade": "websocket", "Connection": "Upgrade"}.items():
            self.send_header(name, value)
        self.send_header("Sec-WebSocket-Accept", token.decode())
        self.end_headers()
        self.server.comfy.sockets[client] = self.connection
        self.server.comfy._status(client)
        self.close_connection = True
        with contextlib.suppress(OSError, io.UnsupportedOperation):
            while heard := self.connection.recv(4096):
                if heard[0] & 0x0F == 8:  # a goodbye is answered
                    self.connection.sendall(b"\x88\x00")
                    return

    def _json(self, body: Any, status: int = 200) -> None:
        self._send(status, json.dumps(body).encode(), "application/json; charset=utf-8")

    def _send(self, status: int, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
