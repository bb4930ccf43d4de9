"""Runs one backend in a process of its own: `python -m suno_video.render.worker HANDLE FOLDER`.

Started by `render.child` alone. FOLDER is for those who look at the list of processes, `project.orphans` among them.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import logging
import os
import queue
import re
import signal
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from suno_video.backends.base import FileFootage, Job, MakeFailed
from suno_video.core.errors import SunoVideoError
from suno_video.render.messages import (
    Answer,
    Begin,
    Broke,
    Failed,
    Foreseen,
    Leave,
    Make,
    Order,
    StopNow,
    Ticket,
    TicketKept,
    Trim,
    job_facts,
)

_PR_SET_PDEATHSIG = 1
_GO_FIRST = 500  # of 1000: as if it held half of the machine's memory more
_TERMINATED = 143  # 128 + SIGTERM


class StopAsked(Exception):  # noqa: N818 - a signal between our own processes
    """The run is ending; leave at once."""


class Worker:
    """Does what the run says, one thing after the other, in the main thread.

    A thread of its own listens meanwhile. When the run is gone, it ends this process, whatever that is busy with.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._orders: queue.SimpleQueue[Order | Exception] = queue.SimpleQueue()
        self._ticket_kept = threading.Semaphore(0)
        self._stop = threading.Event()
        self._backend: Any = None

    def serve(self) -> None:
        """Work until we are told to leave."""
        threading.Thread(target=self._listen, daemon=True, name="listener").start()
        while not isinstance(order := self._orders.get(), Leave):
            self._answer(order)
        if self._backend is not None:
            self._backend.close()

    def _listen(self) -> None:
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                _end_now()
            except Exception as exc:  # noqa: BLE001 - a factory that cannot be imported here is told like any bug
                message = exc
            if isinstance(message, StopNow):
                self._stop.set()
            elif isinstance(message, TicketKept):
                self._ticket_kept.release()
            else:
                self._orders.put(message)

    def _answer(self, order: Order | Exception) -> None:
        answer = self._try(order)
        try:
            self._connection.send(answer)
        except (AttributeError, TypeError, ValueError):  # what was made cannot be sent: say at least that
            self._connection.send(Answer(problem=Broke.now()))

    def _try(self, order: Order | Exception) -> Answer:
        problem: Failed | Foreseen | Broke
        try:
            return self._obey(order)
        except MakeFailed as exc:
            problem = Failed.of(exc)
        except SunoVideoError as exc:
            problem = Foreseen(type(exc), exc.message, exc.hint)
        except Exception:  # noqa: BLE001 - the run gets the whole traceback
            problem = Broke.now()
        return Answer(problem=problem, peak_mb=peak_mb())

    def _obey(self, order: Order | Exception) -> Answer:
        if isinstance(order, Exception):
            raise order
        if isinstance(order, Make):
            return self._make(order)
        if isinstance(order, Begin):
            self._backend = order.factory()
            self._backend.open()
        elif isinstance(order, Trim):
            self._backend.trim()
        return Answer(peak_mb=peak_mb())

    def _make(self, order: Make) -> Answer:
        job = Job(**order.job, on_ticket=self._keep_ticket, check_stop=self._check_stop)
        made = self._backend.make(order.request, job)
        if not isinstance(made, FileFootage | Path):
            raise TypeError(f"{self._backend.name} gave {type(made).__name__}, which cannot leave its process")
        return Answer(made, job=job_facts(job), peak_mb=peak_mb())

    def _keep_ticket(self, ticket: str) -> None:
        """Come back when the ticket is on the disk."""
        self._connection.send(Ticket(ticket))
        self._ticket_kept.acquire()

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise StopAsked


def peak_mb() -> float | None:
    """The most memory that this process ever held; None where nobody tells."""
    n_kb: float | None
    if sys.platform == "linux":
        # Not ru_maxrss: there it begins with the peak of the process that started us.
        found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(errors="replace"), re.MULTILINE)
        n_kb = int(found[1]) if found else None
    elif sys.platform == "win32":
        import psutil

        n_kb = psutil.Process().memory_info().peak_wset / 2**10
    else:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        n_kb = peak / 2**10 if sys.platform == "darwin" else peak
    return None if n_kb is None else n_kb / 2**10


def _end_now() -> None:
    """End this process and what it started, with no goodbye: the run that wanted it is gone."""
    if os.name == "posix" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _die_with_parent() -> None:
    """Have the kernel end us with our parent (Linux): the listener cannot while other code holds the interpreter."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _go_first() -> None:
    """Have the kernel end us and not the run when memory runs out (Linux): the run can go on with less."""
    if sys.platform == "linux":
        place = Path("/proc/self/oom_score_adj")
        with contextlib.suppress(OSError, ValueError):
            place.write_text(str(max(_GO_FIRST, int(place.read_text()))))


def _connect(handle: int) -> Connection:
    if sys.platform == "win32":
        from multiprocessing.connection import PipeConnection

        return PipeConnection(handle)
    return Connection(handle)


def main(handle: int) -> None:
    """Serve the run at the other end of `handle`."""
    _die_with_parent()
    _go_first()
    faulthandler.enable()
    # As an exception: what has to be cleaned up is, and children are not left behind.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(_TERMINATED))
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("suno_video").setLevel(logging.DEBUG)
    with _connect(handle) as connection:
        Worker(connection).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]))
