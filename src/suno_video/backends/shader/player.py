"""Our side of the process with OpenGL: started, asked for frames, and ended when it takes too long."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

from suno_video.backends.base import ClipRequest, FailureKind, MakeFailed
from suno_video.backends.shader.music import ShaderMusic
from suno_video.backends.shader.source import Shader
from suno_video.backends.shader.talk import FAULT, FRAME, START, Message, read_message, write_message

_OPEN_S = 30.0
_COMPILE_S = 60.0
"""Some drivers think for long about a long shader."""
_MOST_MEMORY_BYTES = 2 << 30
"""A few lines of macros can grow to more than any machine has."""
_LOOK_S = 0.1
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)


class TookTooLong(MakeFailed):
    """A shader had no end in time, or took too much memory; its process was ended."""


class Player:
    """One shader in a process of its own.

    Args:
        frame_timeout_s: How long one frame may take.
        check_stop: Called while waiting; raises when the run is to end.
        command: What is run instead of our worker, for tests.
    """

    def __init__(
        self, frame_timeout_s: float, check_stop: Callable[[], None], command: Sequence[str] | None = None
    ) -> None:
        self._frame_timeout_s, self._check_stop = frame_timeout_s, check_stop
        command = command or [sys.executable, "-P", "-m", "suno_video.backends.shader.worker"]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=_NO_WINDOW,
                start_new_session=True,
            )
        except OSError as exc:
            raise MakeFailed(FailureKind.RETRYABLE, f"no process could be started: {exc}") from exc
        self._answers: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.renderer = ""

    def _read(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None
        message: Message | None = Message(b"", b"")
        while message is not None:
            try:
                message = read_message(pipe)
            except (OSError, ValueError):
                message = None
            self._answers.put(message)

    def open(self) -> str:
        """Wait until OpenGL is there and give the name of its renderer. Raises `MakeFailed`."""
        message = self._wait(_OPEN_S, "opening OpenGL")
        if message.kind == FAULT:
            raise MakeFailed(FailureKind.UNAVAILABLE, message.content.decode("utf-8", "replace"))
        self.renderer = message.content.decode("utf-8", "replace")
        return self.renderer

    def start(self, shader: Shader, request: ClipRequest, music: ShaderMusic, picture: tuple[bytes, int, int]) -> None:
        """Compile a shader. Raises `MakeFailed` with the person's file and line."""
        pixels, width, height = picture
        order = {
            "width": request.size.width_px, "height": request.size.height_px, "program": shader.program,
            "palette": music.palette.tolist(), "picture_width": width, "picture_height": height,
        }  # fmt: skip
        words = json.dumps(order).encode()
        self._send(START, len(words).to_bytes(4, "little") + words + pixels)
        message = self._wait(_COMPILE_S, f"compiling {shader.where}")
        if message.kind == FAULT:
            raise MakeFailed(FailureKind.BAD_INPUT, shader.told(message.content.decode("utf-8", "replace")))

    def frame(self, number: int, music: ShaderMusic, shader: Shader) -> bytes:
        """Draw a frame. Raises `MakeFailed` when it takes too long; the process is ended then."""
        content = number.to_bytes(4, "little") + music.numbers(number).tobytes() + music.texture(number).tobytes()
        self._send(FRAME, content)
        message = self._wait(self._frame_timeout_s, f"frame {number} of {shader.where}")
        if message.kind == FAULT:
            raise MakeFailed(FailureKind.BUG, f"{shader.where}: {message.content.decode('utf-8', 'replace')}")
        return message.content

    def _send(self, kind: bytes, content: bytes) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            write_message(pipe, kind, content)
        except (OSError, ValueError) as exc:
            raise self._gone() from exc

    def _wait(self, timeout_s: float, what: str) -> Message:
        ends = time.monotonic() + timeout_s
        while True:
            self._check_stop()
            try:
                message = self._answers.get(timeout=_LOOK_S)
            except queue.Empty:
                if self._memory_bytes() > _MOST_MEMORY_BYTES:
                    self._end()
                    raise TookTooLong(FailureKind.BUG, f"{what} took more than {_MOST_MEMORY_BYTES >> 30} GB") from None
                if time.monotonic() < ends:
                    continue
                self._end()
                raise TookTooLong(FailureKind.BUG, f"{what} took longer than {timeout_s:g} s") from None
            if message is None:
                raise self._gone()
            return message

    def _gone(self) -> MakeFailed:
        self.close()
        return MakeFailed(FailureKind.RETRYABLE, "the process with OpenGL died; its driver may be at fault")

    def _memory_bytes(self) -> int:
        import psutil

        try:
            return int(psutil.Process(self._process.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def _end(self) -> None:
        """End a process that does not listen."""
        self._process.kill()
        self.close()

    def close(self) -> None:
        """End the process. May be called twice."""
        for pipe in (self._process.stdin, self._process.stdout):
            # A pipe that is being read is closed by the end of the process.
            if pipe is self._process.stdin and pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        if self._process.poll() is None:
            self._process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
        self._reader.join(2)
        if self._process.stdout is not None and not self._reader.is_alive():
            self._process.stdout.close()
