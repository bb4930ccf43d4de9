"""The backend: finds the shader that a scene names, and gives streams of its frames."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from suno_video.backends.base import (
    FREE,
    BackendInfo,
    Capabilities,
    ClipRequest,
    FailureKind,
    Job,
    MakeFailed,
    Quote,
    Readiness,
)
from suno_video.backends.procedural.plugins import NAME
from suno_video.backends.shader.music import ShaderMusic
from suno_video.backends.shader.player import Player, TookTooLong
from suno_video.backends.shader.source import Shader, ShaderFault, read_shader, shader_for, shader_names
from suno_video.backends.shader.talk import NO_OPENGL
from suno_video.core.errors import BackendUnavailableError, UsageError
from suno_video.core.frames import I420, MAX_SIDE_PX

FRAME_TIMEOUT_S = 20.0
_COVER_SIDE_PX = 512
_INSTALL = "pip install 'suno-video[shader]'"
_GL_HINT = {
    "linux": "Install a driver of your card, or software OpenGL: apt-get install libegl1 libgl1-mesa-dri",
    "win32": "Install a driver of your card, or Mesa for Windows beside python.exe.",
    "darwin": "OpenGL 3.3 or later comes with macOS; it needs a session with a screen.",
}


class ShaderBackend:
    """Plays scenes with GLSL in the manner of Shadertoy. Each clip has a process of its own."""

    name: ClassVar[str] = "shader"
    version: ClassVar[str] = "1"
    capabilities: ClassVar[Capabilities] = Capabilities(makes="clip", max_side_px=MAX_SIDE_PX, concurrency=2)

    def __init__(self, shader: str | None = None, frame_timeout_s: float = FRAME_TIMEOUT_S) -> None:
        """Make it.

        Args:
            shader: What plays scenes that name no shader themselves; by default ours take turns.
            frame_timeout_s: How long one frame may take.
        """
        self._wanted, self._frame_timeout_s = shader, frame_timeout_s
        self._hanging: set[str] = set()

    @classmethod
    def with_part(cls, name: str) -> ShaderBackend:
        """The backend with one shader for the whole film: `--backend shader:NAME`. Raises `UsageError`."""
        if name not in shader_names():
            raise UsageError(
                f"There is no shader {name!r}.",
                f"`suno-video new-scene {name} --shader` writes one. There are {', '.join(shader_names())}."
                if NAME.fullmatch(name)
                else f"There are {', '.join(shader_names())}.",
            )
        return cls(name)

    @classmethod
    def info(cls) -> BackendInfo:
        """Facts for people."""
        return BackendInfo(
            makes="clip",
            summary="Plays your own shaders, written as on Shadertoy, with the music as a texture and as numbers.",
            hardware="a graphics card with OpenGL 3.3, or software OpenGL at a smaller size",
            price="free",
            licence="MIT, as suno-video itself; a shader has the licence of whoever wrote it",
            commercial_use=True,
        )

    @classmethod
    def readiness(cls) -> Readiness:
        """Whether moderngl is there and OpenGL opens; tried in another process, and only once."""
        if find_spec("moderngl") is None:
            return Readiness(False, f"moderngl is missing. Install it with {_INSTALL}.")
        if find_spec("cv2") is None:
            return Readiness(False, "OpenCV is missing. Install it with pip install opencv-python-headless.")
        return _try_opengl()

    def open(self) -> None:
        """Look whether OpenGL opens. Raises `BackendUnavailableError`."""
        readiness = self.readiness()
        if not readiness.ready:
            raise BackendUnavailableError(
                f"Shaders cannot run here: {readiness.detail}", "backends/shader.md tells more."
            )

    def quote(self, request: ClipRequest) -> Quote:
        """Nothing costs anything."""
        return FREE

    def make(self, request: ClipRequest, job: Job) -> ShaderStream:
        """Prepare a stream of frames; the shader is compiled at once, so that its faults are told before the film.

        Raises:
            MakeFailed: The shader does not compile (with file and line), or OpenGL is not there.
        """
        if request.music.n_frames < request.n_frames:
            reason = f"music for {request.music.n_frames} frames was given for a clip of {request.n_frames}"
            raise MakeFailed(FailureKind.BAD_INPUT, reason)
        try:
            shader = read_shader(shader_for(request.family, self._wanted))
        except ShaderFault as exc:
            raise MakeFailed(FailureKind.BAD_INPUT, str(exc)) from exc
        if shader.digest in self._hanging:
            # Each scene would wait for it again.
            raise MakeFailed(FailureKind.BUG, f"{shader.where} took too long before, and is not tried again")
        stream = ShaderStream(request, shader, job, self._frame_timeout_s, self._hanging.add)
        try:
            stream.prepare()
        except TookTooLong:
            self._hanging.add(shader.digest)
            raise
        return stream

    def version_of(self, request: ClipRequest) -> str:
        """Our version, and the content of the shader."""
        try:
            return f"{self.version}+{read_shader(shader_for(request.family, self._wanted)).digest}"
        except ShaderFault:
            return self.version

    def safer(self, request: ClipRequest) -> ClipRequest | None:
        """Nothing: the stand-in is another backend."""
        return None

    def trim(self) -> None:
        """Nothing is kept between clips."""

    def close(self) -> None:
        """Nothing is kept."""


class ShaderStream:
    """Frames of one clip. Each call of `frames` has a process of its own, and ends it."""

    def __init__(
        self, request: ClipRequest, shader: Shader, job: Job, frame_timeout_s: float, on_hang: Callable[[str], None]
    ) -> None:
        self._request: ClipRequest | None = request
        self._on_hang = on_hang
        self._shader, self._job, self._timeout_s = shader, job, frame_timeout_s
        self._music = ShaderMusic(request)
        self._ready: Player | None = None
        self.n_frames = request.n_frames

    def prepare(self) -> None:
        """Compile the shader; the process waits for the first call of `frames`. Raises `MakeFailed`."""
        request = self._request
        assert request is not None
        player = Player(self._timeout_s, self._job.check_stop)
        try:
            player.open()
            player.start(self._shader, request, self._music, _picture(request.cover, self._music.palette))
        except BaseException:
            player.close()
            raise
        self._ready = player

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[I420]:
        """Draw frames start..stop; the yielded array is reused for the next frame."""
        request = self._request
        stop = self.n_frames if stop is None else min(stop, self.n_frames)
        if request is None or start >= stop:
            return
        if self._ready is None:
            self.prepare()
        player, self._ready = self._ready, None
        assert player is not None
        picture = np.empty(request.size.i420_shape, np.uint8)
        try:
            for number in range(start, stop):
                content = player.frame(number, self._music, self._shader)
                np.copyto(picture, np.frombuffer(content, np.uint8).reshape(picture.shape))
                yield picture
        except TookTooLong:
            self._on_hang(self._shader.digest)
            raise
        finally:
            player.close()

    def close(self) -> None:
        """Let go of the request, and of a process that waits."""
        self._request = None
        if self._ready is not None:
            self._ready.close()
            self._ready = None


@cache
def _try_opengl() -> Readiness:
    try:
        player = Player(5.0, lambda: None)
    except MakeFailed as exc:
        return Readiness(False, exc.reason)
    try:
        renderer = player.open()
    except MakeFailed as exc:
        hint = _GL_HINT.get(sys.platform, _GL_HINT["linux"])
        return Readiness(False, f"OpenGL does not open here ({exc.reason.removeprefix(NO_OPENGL)}). {hint}")
    finally:
        player.close()
    from suno_video.backends.shader.worker import is_software

    note = ": software, drawn at up to 640x360 and enlarged" if is_software(renderer) else ""
    return Readiness(True, f"OpenGL on {renderer}{note}")


def _picture(cover: Path | None, palette: NDArray[np.float32]) -> tuple[bytes, int, int]:
    """What `iChannel1` shows: the cover, square, its first row at the bottom; without one, the palette as a ramp."""
    from PIL import Image

    if cover is not None:
        try:
            with Image.open(cover) as opened:
                image = opened.convert("RGB")
                side = min(image.size)
                left, top = (image.width - side) // 2, (image.height - side) // 2
                box = (left, top, left + side, top + side)
                small = image.resize((_COVER_SIDE_PX, _COVER_SIDE_PX), Image.Resampling.LANCZOS, box)
            return np.asarray(small, np.uint8)[::-1].tobytes(), _COVER_SIDE_PX, _COVER_SIDE_PX
        except (OSError, ValueError, Image.DecompressionBombError):
            pass  # a decoration must not cost the film
    ramp = np.stack([np.interp(np.linspace(0, 4, 256), np.arange(5), palette[:, c]) for c in range(3)], -1)
    return np.clip(ramp * 255 + 0.5, 0, 255).astype(np.uint8).tobytes(), 256, 1
