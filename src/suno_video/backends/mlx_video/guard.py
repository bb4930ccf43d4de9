"""Runs a command for us and never outlives us: `python -I guard.py COMMAND ...`, with a pipe as standard input.

The command gets a group of its own. When the pipe closes, because we want an end or because we died, the whole group
is ended: asked first, killed after a moment. Needs nothing but Python, and no package of ours.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading

_GRACE_S = 0.5
_NOT_FOUND, _CANNOT_RUN = 127, 126


def run(argv: list[str]) -> int:
    """Run a command until it ends or our input does. Gives its exit status, 128 + n where signal n ended it."""
    try:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
    except FileNotFoundError:
        sys.stderr.write(f"there is no {argv[0]}\n")
        return _NOT_FOUND
    except OSError as exc:
        sys.stderr.write(f"{argv[0]} cannot be run: {exc.strerror}\n")
        return _CANNOT_RUN
    threading.Thread(target=_end_with_input, args=(child,), daemon=True).start()
    status = child.wait()
    _signal(child, kill=True)  # what it started and left behind goes with it
    return status if status >= 0 else 128 - status


def _end_with_input(child: subprocess.Popen[bytes]) -> None:
    """Wait for the end of our input, then end the group."""
    while os.read(0, 4096):
        pass
    _signal(child, kill=False)
    try:
        child.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        _signal(child, kill=True)


def _signal(child: subprocess.Popen[bytes], *, kill: bool) -> None:
    if os.name != "posix":
        child.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL if kill else signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
