"""A worker process: started, talked to, and ended without a trace.

Not `multiprocessing.Process`: that one starts the main script again, gives no command line by which an orphan could be
found, shares our terminal and its Ctrl-C, and lets whatever a model library prints fall into the progress display.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

from suno_video.project.orphans import WORKER_MODULE

log = logging.getLogger(__name__)

_GRACE_S = 0.5
_GOODBYE_S = 1.5
_OWN_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)


class ChildDied(Exception):  # noqa: N818 - a fact, not an error of ours
    """The worker is gone, or has hung up."""


class Child:
    """A worker process and the pipe to it.

    Args:
        folder: Inside the project that it works for; shown in its command line.

    Raises:
        OSError: It could not be started.
    """

    def __init__(self, folder: Path) -> None:
        self._connection, theirs = Pipe()
        self._over = threading.Event()
        started: Future[subprocess.Popen[bytes]] = Future()
        self._keeper = threading.Thread(target=self._keep, args=(started, theirs.fileno(), folder), daemon=True)
        self._keeper.start()
        try:
            self._process = started.result()
        except BaseException:
            self._connection.close()
            raise
        finally:
            theirs.close()

    def _keep(self, started: Future[subprocess.Popen[bytes]], handle: int, folder: Path) -> None:
        """Start the process, and stay as long as it lives: Linux ends it with the thread that started it."""
        try:
            process = _start(handle, folder)
        except BaseException as exc:  # noqa: BLE001 - raised where the child is wanted
            started.set_exception(exc)
            return
        started.set_result(process)
        assert process.stdout is not None
        with process.stdout as output:
            _log_lines(output.fileno(), process.pid)
        self._over.wait()

    @property
    def lives(self) -> bool:
        """Whether it is still there."""
        return self._process.poll() is None

    def send(self, message: object) -> None:
        """Tell it something. Raises `ChildDied`."""
        try:
            self._connection.send(message)
        except OSError as exc:
            raise ChildDied from exc

    def receive(self, timeout_s: float) -> Any:
        """Give what it says next; None when it says nothing in time. Raises `ChildDied`."""
        try:
            return self._connection.recv() if self._connection.poll(timeout_s) else None
        except (EOFError, OSError) as exc:
            raise ChildDied from exc

    def leave(self, message: object) -> None:
        """Let it leave in good order, or end it when that takes too long."""
        with contextlib.suppress(ChildDied):
            self.send(message)
            self._ended_within(_GOODBYE_S)
        self.end()

    def end(self) -> int:
        """End it now, asked first and killed after a moment; give how it ended, as `Popen.returncode`."""
        if not self._ended_within(0):
            self._process.terminate()
            if not self._ended_within(_GRACE_S):
                self._kill()
        self._connection.close()
        self._over.set()
        self._keeper.join(timeout=_GRACE_S)
        return self._process.wait()

    def exit_status(self) -> int:
        """How it died, as `Popen.returncode`. One that hung up without dying is ended."""
        self._ended_within(_GOODBYE_S)
        return self.end()

    def _ended_within(self, timeout_s: float) -> bool:
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _kill(self) -> None:
        if os.name == "posix":
            # It leads a group of its own: what it started and did not end goes with it.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()


def _start(handle: int, folder: Path) -> subprocess.Popen[bytes]:
    # Where we find modules it finds them too, in the same order and nowhere else.
    paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    return subprocess.Popen(
        [sys.executable, "-u", "-P", "-m", WORKER_MODULE, str(handle), str(folder.absolute())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": paths},
        # In its own session: a Ctrl-C goes to us alone, and we end the worker in good order.
        start_new_session=True,
        creationflags=_OWN_GROUP,
        **_inherited(handle),
    )


def _inherited(handle: int) -> dict[str, Any]:
    """Say how the child gets its end of the pipe, and nothing else that is open here."""
    if sys.platform == "win32":
        os.set_handle_inheritable(handle, True)
        return {"startupinfo": subprocess.STARTUPINFO(lpAttributeList={"handle_list": [handle]})}
    return {"pass_fds": (handle,)}


def _log_lines(fd: int, pid: int) -> None:
    """Put all that it prints into the log, until it has no more to say."""
    rest = b""
    # Not through the buffered reader: while Python shuts down, a frozen thread would hold its lock for ever.
    with contextlib.suppress(OSError):
        while chunk := os.read(fd, 1 << 16):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                log.debug("worker %d: %s", pid, line.decode(errors="replace").rstrip())
    if rest:
        log.debug("worker %d: %s", pid, rest.decode(errors="replace"))
