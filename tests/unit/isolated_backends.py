"""Backends for tests of isolation: another process imports them, and the prompt says what they do there."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import json
import logging
import os
import signal
import sys
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from suno_video.backends.base import (
    BackendInfo,
    Capabilities,
    ClipRequest,
    FailureKind,
    FileFootage,
    Job,
    MakeFailed,
    Quote,
    Readiness,
    StillRequest,
)
from suno_video.core.errors import BackendUnavailableError, BadEditError

log = logging.getLogger("suno_video.obedient")


class Obedient:
    """Does what the prompt says, then writes down what it knows in the file that it gives."""

    name, version = "obedient", "3"
    capabilities: ClassVar[Capabilities] = Capabilities(
        makes="still", concurrency=4, footage="file", economies=frozenset({"tiling"})
    )

    def __init__(self, prompt_at_open: str = "") -> None:
        self._prompt_at_open = prompt_at_open
        self.n_opened = self.n_trimmed = self.n_made = 0
        self._kept: list[Any] = []

    @classmethod
    def info(cls) -> BackendInfo:
        return BackendInfo("still", "Does what it is told", "anything", "free", "MIT", True)

    @classmethod
    def readiness(cls) -> Readiness:
        return Readiness(True, "here")

    def quote(self, request: StillRequest | ClipRequest) -> Quote:
        assert self.n_opened == 0, "asked for a price where it was opened"
        return Quote(Decimal(1), Decimal(2))

    def open(self) -> None:
        self.n_opened += 1
        self._obey(self._prompt_at_open, Job(Path()))

    def trim(self) -> None:
        self.n_trimmed += 1

    def close(self) -> None:
        log.info("closed in order")

    def make(self, request: StillRequest, job: Job) -> Path:
        self._obey(request.prompt, job)
        self.n_made += 1
        path = job.scratch / f"{request.scene}.json"
        path.write_text(json.dumps(self._knows(job)))
        return path

    def _knows(self, job: Job) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "session": os.getsid(0) if hasattr(os, "getsid") else os.getpid(),
            "goes_first": Path("/proc/self/oom_score_adj").read_text() if sys.platform == "linux" else "",
            "n_opened": self.n_opened,
            "n_trimmed": self.n_trimmed,
            "n_made": self.n_made,
            "attempt": job.attempt,
            "ticket": job.ticket,
            "economies": sorted(job.economies),
        }

    def _obey(self, prompt: str, job: Job) -> None:
        word, _, rest = prompt.partition(" ")
        if word:
            getattr(self, f"_{word}")(rest, job)

    def _die(self, number: str, job: Job) -> None:
        faulthandler.disable()
        os.kill(os.getpid(), int(number))

    def _leave(self, status: str, job: Job) -> None:
        os._exit(int(status))

    def _break(self, words: str, job: Job) -> None:
        raise IndexError(words)

    def _refuse(self, words: str, job: Job) -> None:
        raise MakeFailed(FailureKind.REFUSED, words, Decimal("0.04"), retry_after_s=7.5)

    def _find_disk_full(self, words: str, job: Job) -> None:
        raise BadEditError(words, ["line 3: no"])

    def _be_away(self, words: str, job: Job) -> None:
        raise BackendUnavailableError(words, "Install it.")

    def _eat(self, mb: str, job: Job) -> None:
        self._kept.append(np.ones(int(mb) * 2**20, dtype=np.uint8))

    def _say(self, words: str, job: Job) -> None:
        sys.stdout.write(f"{words} out\n")
        sys.stderr.write(f"{words} err\n")
        log.info("%s log", words)

    def _fall_silent(self, words: str, job: Job) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for fd in (1, 2):
            os.dup2(nowhere, fd)

    def _learn(self, attempt: str, job: Job) -> None:
        job.attempt = attempt

    def _buy(self, ticket: str, job: Job) -> None:
        job.keep_ticket(ticket)
        (job.scratch / "waits").touch()

    def _hang(self, words: str, job: Job) -> None:
        """Neither asks whether to stop nor ends when asked to."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        (job.scratch / "hangs").write_text(str(os.getpid()))
        time.sleep(60)

    def _hang_unwatched(self, words: str, job: Job) -> None:
        """Leaves it to us alone to notice that the run is gone."""
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(1, 0)
        self._hang(words, job)

    def _freeze(self, words: str, job: Job) -> None:
        """Lets no other thread of Python run, as a library may that is written in C, and hears no signal."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        (job.scratch / "hangs").write_text(str(os.getpid()))
        ctypes.PyDLL(None).sleep(60)

    def _post(self, ticket: str, job: Job) -> None:
        """Is told to stop while the service has the order, and gets its id a moment later."""
        (job.scratch / "hangs").write_text(str(os.getpid()))
        with contextlib.suppress(Exception):
            while True:
                job.check_stop()
                time.sleep(0.01)
        job.keep_ticket(ticket)


class Paid(Obedient):
    """The same, for money."""

    name = "paid"
    capabilities: ClassVar[Capabilities] = replace(Obedient.capabilities, spends_money=True)


class Filmer(Obedient):
    """Gives clips."""

    name = "filmer"
    capabilities: ClassVar[Capabilities] = replace(Obedient.capabilities, makes="clip")

    def make(self, request: ClipRequest, job: Job) -> FileFootage:  # type: ignore[override]
        path = job.scratch / f"{request.scene}.mp4"
        path.write_bytes(request.music.loudness.tobytes())
        return FileFootage(path, request.n_frames, request.fps / 2, request.size, Decimal("0.30"))


class Liar(Obedient):
    """Promises files and gives something else."""

    def make(self, request: StillRequest, job: Job) -> Path:
        return iter(())  # type: ignore[return-value]
