"""The backend: says what it can do, and turns requests into streams of painted frames."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from suno_video.backends.base import (
    FREE,
    BackendInfo,
    Capabilities,
    ClipRequest,
    FailureKind,
    FrameStream,
    Job,
    MakeFailed,
    Quote,
    Readiness,
)
from suno_video.backends.procedural.catalog import FAMILIES, FamilyInfo
from suno_video.backends.procedural.plugins import AllFamilies, Plugin, SceneFault, find_plugins
from suno_video.core.errors import BackendUnavailableError
from suno_video.core.frames import MAX_SIDE_PX

if TYPE_CHECKING:
    from suno_video.backends.shader import ShaderBackend

_SAFE_FAMILY = "nebula"
_INSTALL = "Install it with `pip install numba opencv-python-headless`"


class ProceduralBackend:
    """Paints clips from the music on the CPU: any length, any size, for nothing, the same each time."""

    name = "procedural"
    version = "5"
    capabilities = Capabilities(makes="clip", max_side_px=MAX_SIDE_PX, concurrency="cores", deterministic=True)

    @classmethod
    def families(cls) -> Mapping[str, FamilyInfo]:
        """The scene families by name, ours and those of other people; loads nothing heavy."""
        return AllFamilies()

    @classmethod
    def info(cls) -> BackendInfo:
        """Facts for people."""
        return BackendInfo(
            makes="clip",
            summary=f"Paints {len(FAMILIES)} families of scenes from the music itself.",
            hardware="any CPU",
            price="free",
            licence="MIT",
            commercial_use=True,
        )

    @classmethod
    def readiness(cls) -> Readiness:
        """Whether numba and OpenCV are there; imports neither."""
        missing = [name for name, module in (("numba", "numba"), ("OpenCV", "cv2")) if find_spec(module) is None]
        if missing:
            return Readiness(False, f"{' and '.join(missing)} missing. {_INSTALL}.")
        return Readiness(True, "CPU, compiled by numba")

    def __init__(self) -> None:
        self._warm: set[str] = set()
        self._shader_backend: ShaderBackend | None = None
        self._lock = threading.Lock()

    def open(self) -> None:
        """Load the compiler.

        Raises:
            BackendUnavailableError: numba or OpenCV cannot be loaded here.
        """
        try:
            import cv2

            from suno_video.backends.procedural import jit  # noqa: F401 - sets numba up
        except (ImportError, OSError) as exc:
            raise BackendUnavailableError(f"The embedded renderer cannot start: {exc}", f"{_INSTALL}.") from exc
        cv2.setNumThreads(1)

    def quote(self, request: ClipRequest) -> Quote:
        """Nothing costs anything."""
        return FREE

    def make(self, request: ClipRequest, job: Job) -> FrameStream:
        """Prepare a stream of frames; they are painted when asked for.

        Raises:
            MakeFailed: The family does not exist, or its kernels cannot be compiled here.
        """
        plugin = self._plugin_of(request.family)
        if request.music.n_frames < request.n_frames:
            reason = f"music for {request.music.n_frames} frames was given for a clip of {request.n_frames}"
            raise MakeFailed(FailureKind.BAD_INPUT, reason)
        if plugin is not None and plugin.is_shader:
            return self._shaders().make(request, job)
        self.open()
        self._warm_up(request.family, plugin.digest() if plugin is not None else "")
        from suno_video.backends.procedural.stream import ProceduralStream

        return ProceduralStream(request)

    def version_of(self, request: ClipRequest) -> str:
        """Our version; for a scene of a person, with what tells one content of its file from another."""
        plugin = find_plugins().get(request.family)
        return self.version if plugin is None else f"{self.version}+{plugin.digest()}"

    def safer(self, request: ClipRequest) -> ClipRequest | None:
        """One of our families, in the place of one that is not ours."""
        return None if request.family in FAMILIES else replace(request, family=_SAFE_FAMILY, params={})

    def _plugin_of(self, family: str) -> Plugin | None:
        if family in FAMILIES:
            return None
        plugins = find_plugins()
        if family not in plugins:
            known = ", ".join((*FAMILIES, *plugins))
            raise MakeFailed(FailureKind.BAD_INPUT, f"there is no scene family {family!r}; choose one of {known}")
        return plugins[family]

    def _shaders(self) -> ShaderBackend:
        """The backend that runs shaders, opened once. Raises `MakeFailed` where there is no OpenGL."""
        from suno_video.backends.shader import ShaderBackend

        with self._lock:
            if self._shader_backend is None:
                backend = ShaderBackend()
                try:
                    backend.open()
                except BackendUnavailableError as exc:
                    raise MakeFailed(FailureKind.UNAVAILABLE, exc.message) from exc
                self._shader_backend = backend
        return self._shader_backend

    def _warm_up(self, family: str, digest: str) -> None:
        """Compile the kernels of a family once, or load them; one process at a time writes the cache."""
        with self._lock:
            if family + digest in self._warm:
                return
            from suno_video.backends.procedural.rehearsal import rehearse

            try:
                rehearse(family)
            except MakeFailed:
                raise
            except SceneFault as exc:
                raise MakeFailed(FailureKind.BAD_INPUT, f"scene {family}: {exc}") from exc
            except Exception as exc:  # numba raises errors of many kinds when a platform is not up to it
                reason = f"the scene family {family!r} cannot be compiled on this machine: {exc}"
                raise MakeFailed(FailureKind.UNAVAILABLE, reason) from exc
            self._warm.add(family + digest)

    def trim(self) -> None:
        """Nothing is kept between clips."""

    def close(self) -> None:
        """Let go of the shaders, if any ran; nothing else is kept."""
        if self._shader_backend is not None:
            self._shader_backend.close()
            self._shader_backend = None
