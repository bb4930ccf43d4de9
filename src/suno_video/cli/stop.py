"""What Ctrl-C and its kin do: the first asks to stop in good order, the second leaves at once."""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import dataclass
from types import FrameType

from suno_video.core.errors import Interrupted, Terminated

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
EXPLAINED = "Stopping; what is finished is kept. Ctrl-C again leaves at once."
_SHOW_CURSOR = b"\x1b[?25h"


@dataclass
class StopState:
    """What the live lines and the signals know of each other. Plain attributes: a signal handler must take no lock."""

    asked: bool = False
    """A run was asked to stop, and is about to."""
    drawn_over: bool = False
    """Live lines are on the screen and will explain; a word from elsewhere would tear them."""
    received: int | None = None
    """The signal that asked."""


state = StopState()


class StopSignals:
    """Turns the first SIGINT, SIGTERM or SIGHUP into a `KeyboardInterrupt`, which no `except Exception` swallows."""

    def install(self) -> None:
        """Listen from now on. A signal that we were started to ignore (`nohup`, `&` in a script) stays ignored."""
        state.asked, state.drawn_over, state.received = False, False, None
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._stop)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if state.received is not None:
            self._leave(number)
        state.received = number
        state.asked = True
        if number == signal.SIGINT and os.isatty(2) and not state.drawn_over:
            _tell(f"\n{EXPLAINED}\n".encode())
        raise KeyboardInterrupt

    def _leave(self, number: int) -> None:
        # Receipts and locks survive this: files are whole by rename, and the kernel frees the lock.
        if os.isatty(2):
            _tell(_SHOW_CURSOR)
        os._exit(128 + number)


def as_error() -> Interrupted:
    """Say that a run was stopped, with the exit status that belongs to the signal."""
    kind = Interrupted if state.received in (None, signal.SIGINT) else Terminated
    return kind("Stopped. What is finished is kept.", "Run the same command again to go on.")


def _tell(words: bytes) -> None:
    # A signal handler may interrupt a print, so it must not print.
    with contextlib.suppress(OSError):
        os.write(2, words)
