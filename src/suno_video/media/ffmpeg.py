"""Runs ffmpeg: finds it, feeds it frames, reads sound and frames from it. Graphs are built elsewhere.

ffmpeg-python only compiles graphs into argument lists for us: its own `run_async` hangs as soon as ffmpeg is talkative.
Every path is given with a `file:` prefix and a protocol whitelist, so that no file name and no disguised playlist can
make ffmpeg open anything else.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Generator, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

from suno_video.core.errors import DiskError, EncoderError, SunoVideoError, ToolMissingError
from suno_video.core.frames import I420, FrameSize

QUIET = ("-hide_banner", "-nostdin", "-nostats", "-loglevel", "error")
SAFE_INPUT = ("-protocol_whitelist", "file,pipe")
_STDERR_CHUNKS = 40
_PIPE_BYTES = 1 << 20
"""Room in a pipe, where the system gives it: one side works on while the other is busy."""
_NO_SPACE = ("no space left on device", "disk quota exceeded", "file too large")
_IO_FAULT = ("input/output error", "read-only file system")
# Windows has no sessions; a process group of its own keeps Ctrl-C from the child there.
_OWN_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)


@lru_cache(maxsize=1)
def ffmpeg_path() -> str:
    """Find ffmpeg: `$SUNO_VIDEO_FFMPEG`, else the one bundled with imageio-ffmpeg, else the one on the PATH.

    Raises:
        ToolMissingError: There is none.
    """
    override = os.environ.get("SUNO_VIDEO_FFMPEG")
    if override:
        found = shutil.which(override)
        if not found:
            raise ToolMissingError(
                f"SUNO_VIDEO_FFMPEG names {override!r}, which cannot be run.", "Unset it to use the bundled ffmpeg."
            )
        return found
    with contextlib.suppress(ImportError, RuntimeError):
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    found = shutil.which("ffmpeg")
    if not found:
        raise ToolMissingError("ffmpeg was not found.", "Install it with: pip install imageio-ffmpeg")
    return found


@lru_cache(maxsize=1)
def ffmpeg_version() -> str:
    """Version of the ffmpeg in use as it names itself, such as `9.0.2`. Raises `ToolMissingError`."""
    trouble = ToolMissingError(f"{ffmpeg_path()} does not answer like ffmpeg.", "Unset SUNO_VIDEO_FFMPEG.")
    try:
        out = subprocess.run([ffmpeg_path(), "-version"], capture_output=True, stdin=subprocess.DEVNULL, check=False)
    except OSError as exc:  # a program for another kind of processor, for one
        raise trouble from exc
    match = re.search(r"ffmpeg version n?(\S+)", out.stdout.decode(errors="replace"))
    if not match:
        raise trouble
    return match[1]


def is_ours(argv: Sequence[str]) -> bool:
    """Whether a command line is one that this module starts: it begins with our own words."""
    ours = [word for word in QUIET if word != "-nostdin"]
    return [word for word in argv[1 : len(QUIET) + 1] if word != "-nostdin"][: len(ours)] == ours


def file_url(path: Path) -> str:
    """Name a file so that ffmpeg takes it for a file, whatever its name looks like."""
    return f"file:{path}"


def run_ffmpeg(args: Sequence[str], *, cwd: Path | None = None, timeout_s: float = 3600) -> str:
    """Run ffmpeg to its end and give what it wrote to stderr.

    Raises:
        DiskError: The disk is full or failed.
        EncoderError: Anything else went wrong, with its last words.
    """
    command = [ffmpeg_path(), *QUIET, *args]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, cwd=cwd, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as exc:
        raise _too_slow(timeout_s) from exc
    words = done.stderr.decode(errors="replace")
    if done.returncode != 0:
        raise failure(done.returncode, words)
    return words


def failure(returncode: int, words: str) -> SunoVideoError:
    """Turn ffmpeg's exit into the error that a person can act on."""
    last = _last_words(words) or f"exit status {returncode}"
    low = words.lower()
    if any(sign in low for sign in _NO_SPACE):
        return DiskError(
            f"The disk is full: {last}", "Free some space and run the same command again; nothing finished is lost."
        )
    if any(sign in low for sign in _IO_FAULT):
        return DiskError(f"Writing failed: {last}", "Check the disk, or choose another place with --project and --out.")
    return EncoderError(
        f"ffmpeg failed: {last}", "Run `suno-video doctor`, and report this with its output if it stays."
    )


def _last_words(words: str) -> str:
    """Give the last lines, each once, without the addresses in memory that ffmpeg puts before them."""
    lines = (re.sub(r"^(\[[^\]]* @ 0x[0-9a-f]+\]\s*)+", "", line.strip()) for line in words.splitlines())
    return " | ".join(list(dict.fromkeys(line for line in lines if line))[-4:])


def _too_slow(timeout_s: float) -> EncoderError:
    return EncoderError(f"ffmpeg did not finish within {timeout_s:.0f} s.", "Look whether the machine is overloaded.")


def _widen(pipe: IO[bytes] | None) -> None:
    """Give a pipe more room where the system has such a thing and still grants it to this user."""
    if pipe is None or sys.platform != "linux":
        return
    import fcntl

    with contextlib.suppress(OSError):
        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


class _Child:
    """An ffmpeg process whose stderr is always drained, so that it can never block on it."""

    def __init__(self, args: Sequence[str], *, cwd: Path | None, feed: bool, read: bool) -> None:
        self._words: deque[bytes] = deque(maxlen=_STDERR_CHUNKS)
        self.process = subprocess.Popen(
            [ffmpeg_path(), *(q for q in QUIET if not (feed and q == "-nostdin")), *args],
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
            stdout=subprocess.PIPE if read else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=cwd,
            # In its own session: a Ctrl-C goes to us alone, and we stop the child in good order.
            start_new_session=True,
            creationflags=_OWN_GROUP,
        )
        for pipe in (self.process.stdin, self.process.stdout):
            _widen(pipe)
        self._drain = threading.Thread(target=self._collect, daemon=True)
        self._drain.start()

    def _collect(self) -> None:
        assert self.process.stderr is not None
        fd = self.process.stderr.fileno()
        # Not through the buffered reader: while Python shuts down, a frozen thread would hold its lock for ever.
        with contextlib.suppress(OSError):
            while chunk := os.read(fd, 4096):
                self._words.append(chunk)

    @property
    def words(self) -> str:
        return b"".join(self._words).decode(errors="replace")

    def wait(self, timeout_s: float) -> int:
        """Wait for its end and give its exit status. Raises `EncoderError` when it takes longer."""
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired as exc:
            raise _too_slow(timeout_s) from exc
        self._drain.join(timeout=5)
        return code

    def stop(self) -> None:
        """End it at once; harmless when it has ended."""
        if self.process.poll() is None:
            self.process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self._drain.join(timeout=5)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


class FrameWriter:
    """An open encoder that takes frames one by one.

    Args:
        args: ffmpeg arguments with `pipe:0` as the raw video input.

    Use as a context manager: leaving it with an exception stops ffmpeg; call `finish` for a whole file.
    """

    def __init__(self, args: Sequence[str], *, cwd: Path | None = None) -> None:
        self._child = _Child(args, cwd=cwd, feed=True, read=False)
        self.n_frames = 0

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Encode one frame, contiguous in memory. Raises `DiskError` or `EncoderError` when ffmpeg has died."""
        pipe = self._child.process.stdin
        assert pipe is not None
        try:
            pipe.write(frame.data)
        except (OSError, ValueError) as exc:  # Windows says EINVAL for a broken pipe; ValueError: closed
            raise self._died() from exc
        self.n_frames += 1

    def finish(self, timeout_s: float = 600) -> None:
        """Say that there are no more frames and wait until the file is whole. Raises as `write` does."""
        pipe = self._child.process.stdin
        assert pipe is not None
        with contextlib.suppress(OSError):  # a pipe that broke is told by the exit status
            pipe.close()
        if self._child.wait(timeout_s) != 0:
            raise self._died()

    def _died(self) -> SunoVideoError:
        with contextlib.suppress(EncoderError):
            self._child.wait(10)
        return failure(self._child.process.poll() or -1, self._child.words)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.stop()


def read_chunks(args: Sequence[str], chunk_bytes: int) -> Generator[bytes]:
    """Run ffmpeg with its output on `pipe:1` and give it in chunks; the last one may be shorter.

    Raises:
        EncoderError, DiskError: ffmpeg failed before its output ended.
    """
    child = _Child(args, cwd=None, feed=False, read=True)
    try:
        assert child.process.stdout is not None
        while chunk := _read_fully(child.process.stdout, chunk_bytes):
            yield chunk
        if child.wait(60) != 0:
            raise failure(child.process.returncode, child.words)
    finally:
        child.stop()


def _read_fully(pipe: IO[bytes], n_bytes: int) -> bytes:
    """Read until `n_bytes` are there or the pipe ends (a pipe gives what it has, not what was asked)."""
    parts: list[bytes] = []
    missing = n_bytes
    while missing and (part := pipe.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def read_frames(args: Sequence[str], size: FrameSize) -> Generator[I420]:
    """Run ffmpeg with `-f rawvideo -pix_fmt yuv420p pipe:1` in `args` and give each frame. Raises as `read_chunks`."""
    rows, columns = size.i420_shape
    with contextlib.closing(read_chunks(args, rows * columns)) as chunks:
        for chunk in chunks:
            if len(chunk) == rows * columns:
                frame: NDArray[np.uint8] = np.frombuffer(chunk, dtype=np.uint8).reshape(rows, columns)
                yield frame
