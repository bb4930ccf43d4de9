"""Runs programs and says what they took: wall time, processor time, peak memory of the process tree."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

SAMPLE_S = 0.1


@dataclass(frozen=True)
class Run:
    """What one program took."""

    wall_s: float
    cpu_s: float
    """User and system time of the program and of all children that it waited for."""
    peak_mb: float = 0.0
    """Largest sum of memory over the tree, each shared page counted once (PSS) where the system tells."""


def run(argv: Sequence[str], *, env: Mapping[str, str] | None = None, memory: bool = False) -> Run:
    """Run a program to its end; its output goes nowhere. Raises `RuntimeError` with its last words when it fails."""
    started = time.perf_counter()
    with subprocess.Popen(
        argv,
        env=os.environ | dict(env or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as child:
        words: list[bytes] = []
        assert child.stderr is not None
        drain = threading.Thread(target=lambda pipe=child.stderr: words.extend(pipe))
        drain.start()
        watch = _MemoryWatch(child.pid) if memory else None
        _, status, usage = os.wait4(child.pid, 0)
        wall_s = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        drain.join()
    if child.returncode != 0:
        last = b"".join(words[-8:]).decode(errors="replace")
        raise RuntimeError(f"{' '.join(map(str, argv))} left with {child.returncode}: {last}")
    return Run(wall_s, usage.ru_utime + usage.ru_stime, watch.stop() if watch else 0.0)


def allowed_cores() -> list[int]:
    """The cores that we may run on; where the system does not say, one."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


@contextlib.contextmanager
def on_cores(n_cores: int) -> Iterator[None]:
    """Keep us, and what we start meanwhile, on some of our cores."""
    allowed = allowed_cores()
    if n_cores < len(allowed):
        os.sched_setaffinity(0, allowed[:n_cores])
    try:
        yield
    finally:
        if n_cores < len(allowed):
            os.sched_setaffinity(0, allowed)


class _MemoryWatch:
    """Samples the memory of a process and its descendants until stopped."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._peak = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self) -> None:
        while not self._over.wait(SAMPLE_S):
            with contextlib.suppress(psutil.Error):
                # A child that was forked and is not yet ffmpeg looks as large as we are, though it shares every page.
                own = self._root.cmdline()
                tree = [self._root, *(c for c in self._root.children(recursive=True) if c.cmdline() != own)]
                self._peak = max(self._peak, sum(_memory_mb(process) for process in tree))

    def stop(self) -> float:
        self._over.set()
        self._thread.join()
        return self._peak


def _memory_mb(process: psutil.Process) -> float:
    try:
        info = process.memory_full_info()
        return float(getattr(info, "pss", 0) or info.rss) / 1e6
    except psutil.Error:
        return 0.0


def rounds(n_rounds: int, contenders: Mapping[str, Callable[[], Run]]) -> dict[str, list[dict[str, float]]]:
    """Let all contenders run in turn, round after round, so that what else the machine does hits all alike."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
    for number in range(n_rounds):
        order = list(contenders) if number % 2 == 0 else list(reversed(contenders))
        for name in order:
            done = contenders[name]()
            found[name].append(asdict(done))
            print(f"  round {number + 1}: {name}: {done.wall_s:.2f} s wall, {done.cpu_s:.2f} s cpu", flush=True)
    return found


def median(runs: Sequence[Mapping[str, float]], what: str) -> float:
    """Median of one figure over the rounds."""
    return statistics.median(run[what] for run in runs)


def median_ratio(
    runs: Mapping[str, Sequence[Mapping[str, float]]], ours: str, theirs: str, what: str = "wall_s"
) -> float:
    """Median over the rounds of ours divided by theirs in the same round."""
    return statistics.median(a[what] / b[what] for a, b in zip(runs[ours], runs[theirs], strict=True))


def program(name: str) -> str:
    """A console script of this environment."""
    import sys

    return str(Path(sys.executable).parent / name)
