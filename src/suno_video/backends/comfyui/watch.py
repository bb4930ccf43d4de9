"""Listens to the server's WebSocket: for progress and previews, and to look sooner. The truth is in the history.

Without the package `websockets`, or when the connection is lost, nothing is missing but promptness.
"""

from __future__ import annotations

import contextlib
import json
import logging
import struct
import threading
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

_ENDS = frozenset({"execution_success", "execution_error", "execution_interrupted"})
_PREVIEW, _PREVIEW_WITH_FACTS = 1, 4


class Watch:
    """Listens from `start` to `stop`, in a thread of its own.

    Args:
        prompt_id: Whose events count; those of other prompts are ignored.
        on_progress: Is given the part that is done, 0..1, of the node that runs.
        on_preview: Is given a JPEG or PNG of what there is so far.
    """

    def __init__(
        self,
        address: str,
        client_id: str,
        prompt_id: str,
        on_progress: Callable[[float], None] | None = None,
        on_preview: Callable[[bytes], None] | None = None,
    ) -> None:
        self._url = f"ws{address.removeprefix('http')}/ws?clientId={client_id}"
        self._prompt_id, self._on_progress, self._on_preview = prompt_id, on_progress, on_preview
        self._socket: Any = None
        self.ended = threading.Event()
        """Set when the prompt is said to have ended: time to look."""

    def start(self) -> None:
        """Connect, if that is possible; called before the prompt is posted."""
        try:
            from websockets.exceptions import WebSocketException
            from websockets.sync.client import connect
        except ImportError:
            return
        try:
            # Entered here and left in `stop`: newer releases want to be used as a context.
            self._socket = connect(self._url, open_timeout=2, close_timeout=0.5, max_size=None, proxy=None).__enter__()
        except (OSError, WebSocketException, TimeoutError) as exc:
            log.info("no progress from ComfyUI: %s", exc)
            return
        threading.Thread(target=self._listen, args=(self._socket,), daemon=True).start()

    def stop(self) -> None:
        """Hang up. May be called twice."""
        socket, self._socket = self._socket, None
        if socket is not None:
            with contextlib.suppress(Exception):  # hanging up on whoever is gone may fail in any way
                socket.__exit__(None, None, None)

    def _listen(self, socket: Any) -> None:
        from websockets.exceptions import WebSocketException

        try:
            for message in socket:
                self._hear(message)
        except (OSError, WebSocketException) as exc:
            log.info("the connection for progress is lost, so we poll: %s", exc)

    def _hear(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            picture = preview_in(message)
            if picture is not None and self._on_preview is not None:
                self._on_preview(picture)
            return
        try:
            event = json.loads(message)
            name, facts = event["type"], event["data"]
            if facts.get("prompt_id") != self._prompt_id:
                return
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # newer servers say more than we know
        if name in _ENDS or (name == "executing" and facts.get("node") is None):
            self.ended.set()
        elif name == "progress" and facts.get("max") and self._on_progress is not None:
            self._on_progress(min(1.0, facts.get("value", 0) / facts["max"]))


def preview_in(message: bytes) -> bytes | None:
    """Give the picture in a binary message; None when it holds something else."""
    if len(message) < 8:
        return None
    kind, second = struct.unpack(">II", message[:8])
    if kind == _PREVIEW:
        return message[8:]
    if kind == _PREVIEW_WITH_FACTS:
        return message[8 + second :]
    return None
