"""Runs another environment's command as a child that cannot outlive us, and says what its failure means."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from suno_video.backends.base import FailureKind, MakeFailed

log = logging.getLogger(__name__)

_GUARD = Path(__file__).with_name("guard.py")
_LOOK_S = 0.05
_GOODBYE_S = 1.2  # longer than the guard's own moment of grace
_N_TAIL = 30
_SHOWN_CHARS = 400
_KILLED, _NOT_FOUND, _CANNOT_RUN = 137, 127, 126
_OUT_OF_MEMORY = re.compile(
    r"out of memory|insufficient memory|OutOfMemory|MemoryError|unable to allocate|"
    r"\[metal::malloc\]|greater than the maximum allowed buffer size",
    re.IGNORECASE,
)
_NO_WEIGHTS = re.compile(
    r"gated repo|GatedRepoError|RepositoryNotFound|LocalEntryNotFound|401 Client Error|403 Client Error|"
    r"Model not found|will not download model files|"  # mlx-gen 0.38, which downloads nothing by itself
    r"No module named|No space left|unrecognized arguments|the following arguments are required",
    re.IGNORECASE,
)
_NOT_FOR_OTHERS = re.compile(r"^(PYTHON(PATH|HOME)|VIRTUAL_ENV|__PYVENV_LAUNCHER__|SUNO_VIDEO_.*)$")
_SECRET = re.compile(r"(TOKEN|SECRET|PASSWORD|API_?KEY)", re.IGNORECASE)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    """Its exit status; 128 + n where signal n ended it."""
    tail: tuple[str, ...]
    """The last lines that it printed."""


def run_command(argv: Sequence[str], folder: Path, check_stop: Callable[[], None], *, timeout_s: float) -> Ended:
    """Run a command in `folder` until it ends. What `check_stop` raises ends it and goes through.

    Raises:
        MakeFailed: `UNAVAILABLE` when nothing can be started, `RETRYABLE` when it takes longer than `timeout_s`.
    """
    ends_at_s = time.monotonic() + timeout_s
    process = _start(argv, folder)
    tail: deque[str] = deque(maxlen=_N_TAIL)
    reader = threading.Thread(target=_read, args=(process, tail), daemon=True)
    reader.start()
    try:
        while (status := _status(process)) is None:
            check_stop()
            if time.monotonic() > ends_at_s:
                raise MakeFailed(FailureKind.RETRYABLE, f"the command was not done after {timeout_s:g} s")
    finally:
        _end(process)
        reader.join(_GOODBYE_S)
    return Ended(status, tuple(tail))


def failure_of(ended: Ended) -> MakeFailed:
    """Say what a failed command means."""
    said = "\n".join(ended.tail)
    shown = said[-_SHOWN_CHARS:].strip() or "it said nothing"
    reason = f"the command ended with status {ended.status}: {shown}"
    if ended.status == _KILLED or _OUT_OF_MEMORY.search(said):
        return MakeFailed(FailureKind.OUT_OF_MEMORY, reason)
    if ended.status in (_NOT_FOUND, _CANNOT_RUN) or _NO_WEIGHTS.search(said):
        return MakeFailed(FailureKind.UNAVAILABLE, reason)
    return MakeFailed(FailureKind.RETRYABLE, reason)


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Give what a foreign command needs to know of our environment: no keys of services but Hugging Face's."""
    return {
        name: value
        for name, value in given.items()
        if not _NOT_FOR_OTHERS.match(name) and (name.startswith("HF_") or not _SECRET.search(name))
    }


def _start(argv: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [sys.executable, "-I", str(_GUARD), *argv],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**environment(os.environ), "PYTHONUNBUFFERED": "1"},
            # In its own session: a Ctrl-C goes to us alone, and we end the command in good order.
            start_new_session=True,
        )
    except OSError as exc:
        raise MakeFailed(FailureKind.UNAVAILABLE, f"no process could be started: {exc}") from exc


def _status(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(_LOOK_S)
    except subprocess.TimeoutExpired:
        return None


def _read(process: subprocess.Popen[bytes], tail: deque[str]) -> None:
    """Keep the last lines. A progress bar goes back to the start of its line: what it overwrites is a line as well."""
    assert process.stdout is not None
    rest = b""
    with process.stdout as output, contextlib.suppress(OSError):
        while chunk := os.read(output.fileno(), 65536):
            *lines, rest = re.split(rb"[\r\n]+", rest + chunk)
            rest = rest[-65536:]  # a line that never ends is not kept whole
            _keep(lines, tail)
    _keep([rest], tail)


def _keep(lines: list[bytes], tail: deque[str]) -> None:
    for line in lines:
        if text := line.decode("utf-8", "replace").strip():
            log.debug("command: %s", text)
            tail.append(text)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the guard by closing its input; it ends the command and all that this started."""
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(_GOODBYE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
