"""Writes to stdout (the answer) and stderr (for people), whatever stands at the other end."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from suno_video.cli.wording import plain

_writing = threading.Lock()


def prepare_streams() -> None:
    """Make both streams take any character; a stream that was closed by the caller swallows everything."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - lives as long as we do
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def put(text: str) -> None:
    """Write a line of the answer."""
    with _writing:
        _write(sys.stdout, text + "\n")


def put_path(path: Path) -> None:
    """Write a path: safe to look at on a terminal, byte for byte in a pipe, so that `$(...)` gets it whole."""
    if sys.stdout.isatty() or not hasattr(sys.stdout, "buffer"):
        put(plain(path))
        return
    with _writing:
        _write(sys.stdout, "")
        with _reader_may_leave(sys.stdout):
            sys.stdout.buffer.write(os.fsencode(path) + b"\n")
            sys.stdout.buffer.flush()


def put_json(fields: Mapping[str, Any]) -> None:
    """Write one object as one line of ASCII."""
    put(json.dumps(fields, default=str, allow_nan=False))


def put_event(name: str, **fields: Any) -> None:
    """Write one event as `core.events` does: `v`, `event`, then its own fields."""
    put_json({"v": 1, "event": name, **fields})


def say(text: str) -> None:
    """Write a line for people. A terminal that is gone is no reason to stop."""
    with _writing, contextlib.suppress(OSError):
        _write(sys.stderr, text + "\n")


def _write(stream: TextIO, text: str) -> None:
    with _reader_may_leave(stream):
        stream.write(text)
        stream.flush()


class _reader_may_leave(contextlib.AbstractContextManager[None]):  # noqa: N801 - reads as a phrase
    """After the reader of a pipe has left (`| head`), write to nowhere and go on: the film matters more."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: object) -> bool:
        if not isinstance(exc, BrokenPipeError):
            return False
        silence(self._stream)
        return True


def silence(stream: TextIO) -> None:
    """Point a stream at nothing, so that what is left in its buffer cannot fail once more when Python ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        stream.flush()
