"""The backend: says what it can do, and turns requests into streams of painted frames."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

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
from suno_video.backends.procedural.catalog import FAMILIES, FamilyInfo
from suno_video.core.errors import BackendUnavailableError
from suno_video.core.frames import MAX_SIDE_PX

if TYPE_CHECKING:
    from suno_video.backends.procedural.stream import ProceduralStream

_INSTALL = "Install it with `pip install numba opencv-python-headless`"


class ProceduralBackend:
    """Paints clips from the music on the CPU: any length, any size, for nothing, the same each time."""

    name = "procedural"
    version = "3"
    capabilities = Capabilities(makes="clip", max_side_px=MAX_SIDE_PX, concurrency="cores", deterministic=True)

    @classmethod
    def families(cls) -> Mapping[str, FamilyInfo]:
        """The scene families by name; loads nothing heavy."""
        return FAMILIES

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

    def make(self, request: ClipRequest, job: Job) -> ProceduralStream:
        """Prepare a stream of frames; they are painted when asked for.

        Raises:
            MakeFailed: The family does not exist, or its kernels cannot be compiled here.
        """
        if request.family not in FAMILIES:
            known = ", ".join(FAMILIES)
            raise MakeFailed(
                FailureKind.BAD_INPUT, f"there is no scene family {request.family!r}; choose one of {known}"
            )
        if request.music.n_frames < request.n_frames:
            reason = f"music for {request.music.n_frames} frames was given for a clip of {request.n_frames}"
            raise MakeFailed(FailureKind.BAD_INPUT, reason)
        self.open()
        self._warm_up(request.family)
        from suno_video.backends.procedural.stream import ProceduralStream

        return ProceduralStream(request)

    def _warm_up(self, family: str) -> None:
        """Compile the kernels of a family once, or load them; one process at a time writes the cache."""
        with self._lock:
            if family in self._warm:
                return
            from suno_video.backends.procedural.rehearsal import rehearse

            try:
                rehearse(family)
            except Exception as exc:  # numba raises errors of many kinds when a platform is not up to it
                reason = f"the scene family {family!r} cannot be compiled on this machine: {exc}"
                raise MakeFailed(FailureKind.UNAVAILABLE, reason) from exc
            self._warm.add(family)

    def trim(self) -> None:
        """Nothing is kept between clips."""

    def close(self) -> None:
        """Nothing is kept."""
