"""Watches a long run in a process of its own: its memory under a hard limit, that of its whole tree, and their slope.

What a limit proves: `RLIMIT_DATA` is the kernel's word on what one process may claim (heap, arrays, thread stacks), and
a process cannot hold more anonymous memory than it claims, so a run that ends well under it never needed more. It
counts no mapped files and no shared libraries, as `RLIMIT_AS` does: numba and ffmpeg map gigabytes that they never
touch. What it does not see, the sum over Python and ffmpeg, is sampled from outside, shared pages counted twice.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from tests.cli.conftest import clean_environment

ROOT = Path(__file__).resolve().parents[2]
LIMIT_MB = 3584
"""3.5 GB: what is left for us on a machine of 4 GB."""
SAMPLE_S = 0.05


@dataclass(frozen=True)
class Reading:
    """What a long run says of itself after a song or scene, in MiB."""

    label: str
    rss_mb: float
    n_files: int
    """Open file descriptors: files, pipes, sockets."""
    n_tensors: int = 0
    tensor_mb: float = 0.0
    device_mb: float = 0.0
    at_s: float = 0.0
    """Seconds since the run began."""


@dataclass(frozen=True)
class LongRun:
    """A long run that has ended."""

    readings: tuple[Reading, ...]
    tree_peak_mb: float
    """The most that it and all processes below it held at once."""
    wall_s: float

    def slope_mb(self, skip: int) -> float:
        """How many MB each song or scene adds after the first `skip`: least squares."""
        return slope([reading.rss_mb for reading in self.readings[skip:]])

    def __str__(self) -> str:
        rss = [reading.rss_mb for reading in self.readings]
        files = [reading.n_files for reading in self.readings]
        every = max(1, len(rss) // 20)
        some = ", ".join(f"{mb:.1f}" for mb in [*rss[::every], *([] if (len(rss) - 1) % every == 0 else rss[-1:])])
        return (
            f"{len(rss)} readings in {self.wall_s:.1f} s; RSS first {rss[0]:.1f}, last {rss[-1]:.1f}, most "
            f"{max(rss):.1f} MB; tree peak {self.tree_peak_mb:.0f} MB; open files {min(files)} to {max(files)}\n"
            f"  RSS: {some}"
        )


def slope(values: Sequence[float]) -> float:
    """Least-squares slope for each step."""
    return float(np.polyfit(np.arange(len(values)), values, 1)[0])


def watch(module: str, *args: object, limit_mb: int = LIMIT_MB, env: Mapping[str, str] | None = None) -> LongRun:
    """Run a module of `tests.e2e` to its end, with `limit_mb` for each of its processes and for all together.

    Raises:
        AssertionError: It failed, or its tree held more than `limit_mb`.
    """
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", f"tests.e2e.{module}", str(limit_mb), *map(str, args)],
        cwd=ROOT,
        env={**clean_environment(ROOT / "no home"), **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        tree = _Tree(child, limit_mb)
        out, words = child.communicate()
        tree.stop()
    assert tree.peak_mb <= limit_mb, f"the tree held {tree.peak_mb:.0f} MB of {limit_mb}"
    assert child.returncode == 0, words[-4000:]
    readings = tuple(Reading(**json.loads(line)) for line in out.splitlines())
    return LongRun(readings, tree.peak_mb, time.perf_counter() - started)


@dataclass
class _Tree:
    """Samples what a process and those below it hold, and ends it above a limit."""

    child: subprocess.Popen[str]
    limit_mb: float
    peak_mb: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._root = psutil.Process(self.child.pid)
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self) -> None:
        while not self.over.wait(SAMPLE_S):
            with contextlib.suppress(psutil.Error):
                self.peak_mb = max(self.peak_mb, self._held_mb())
            if self.peak_mb > self.limit_mb:
                self.child.kill()

    def _held_mb(self) -> float:
        return sum(_rss_mb(each) for each in [self._root, *self._root.children(recursive=True)])

    def stop(self) -> None:
        self.over.set()
        self._thread.join()


def _rss_mb(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        return float(process.memory_info().rss) / 2**20
    return 0.0


# Within the long run


def keep_within(limit_mb: int) -> None:
    """Let the kernel refuse this process, and each below it, more than `limit_mb` of its own memory (Linux)."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (limit_mb * 2**20, limit_mb * 2**20))


def tell(label: str, **more: float) -> None:
    """Say what this process holds now."""
    me = psutil.Process()
    reading = {"label": label, "rss_mb": round(_rss_mb(me), 2), "n_files": _n_files(me), **more}
    at_s = round(time.time() - me.create_time(), 2)
    sys.stdout.write(json.dumps({**reading, "at_s": at_s}) + "\n")
    sys.stdout.flush()


def _n_files(me: psutil.Process) -> int:
    return int(me.num_handles() if os.name == "nt" else me.num_fds())
