"""The backend: what it can do, and streams of frames. It keeps nothing between requests, so any thread may use it."""

from __future__ import annotations

from suno_video.backends.base import FREE, BackendInfo, Capabilities, ClipRequest, Job, Quote, Readiness
from suno_video_etching.plate import PlateStream


class EtchingBackend:
    """Draws lines that bend around a few points, in the colours of the scene."""

    name = "etching"
    version = "1"
    capabilities = Capabilities(makes="clip", concurrency="cores", max_side_px=8192)

    @classmethod
    def info(cls) -> BackendInfo:
        """Facts for people."""
        return BackendInfo(
            makes="clip",
            summary="Lines as on a copper plate, that breathe with the bass and darken on the beat.",
            hardware="any processor; no GPU",
            price="free",
            licence="MIT",
            commercial_use=True,
        )

    @classmethod
    def readiness(cls) -> Readiness:
        """Nothing but numpy is needed, and suno-video has that."""
        return Readiness(True, "numpy")

    def quote(self, request: ClipRequest) -> Quote:
        """Free."""
        return FREE

    def open(self) -> None:
        """Nothing to load."""

    def make(self, request: ClipRequest, job: Job) -> PlateStream:
        """Prepare a stream; it is drawn when its frames are asked for."""
        return PlateStream(request)

    def trim(self) -> None:
        """Nothing to return."""

    def close(self) -> None:
        """Nothing to return."""
