"""The backend itself: takes requests, keeps the pictures that it prepared, hands out streams."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import ClassVar, TypeAlias

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
from suno_video.backends.parallax.picture import open_picture
from suno_video.backends.parallax.sets import PictureSet, prepare_picture
from suno_video.backends.parallax.stream import ParallaxStream

_KEPT_PICTURES = 3
_Key: TypeAlias = tuple[object, ...]


class ParallaxBackend:
    """Camera moves through a still: `first_frame`, else the cover. Safe to use from several threads."""

    name: ClassVar[str] = "parallax"
    version: ClassVar[str] = "2"
    capabilities: ClassVar[Capabilities] = Capabilities(
        makes="clip", accepts=frozenset({"first_frame"}), concurrency="cores", max_side_px=8192
    )

    def __init__(self) -> None:
        self._pictures: OrderedDict[_Key, PictureSet] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def info(cls) -> BackendInfo:
        """Facts for people."""
        return BackendInfo(
            makes="clip",
            summary="Moves a still (the cover, or from an image backend) with depth, light and dust on the beat.",
            hardware="any processor; no GPU",
            price="free",
            licence="MIT, as suno-video itself; nothing is downloaded",
            commercial_use=True,
        )

    @classmethod
    def readiness(cls) -> Readiness:
        """Look whether OpenCV can be imported."""
        try:
            import cv2
        except ImportError as exc:
            return Readiness(False, f"OpenCV cannot be loaded: {exc}. Try: pip install opencv-python-headless")
        return Readiness(True, f"OpenCV {cv2.__version__}")

    def quote(self, request: ClipRequest) -> Quote:
        """Free."""
        return FREE

    def open(self) -> None:
        """Nothing to load: pictures come with the requests."""
        import cv2

        # Scenes are painted side by side, one thread each; OpenCV's own threads would only get in their way.
        cv2.setNumThreads(1)

    def make(self, request: ClipRequest, job: Job) -> ParallaxStream:
        """Prepare a stream for a still. Raises `MakeFailed` (`BAD_INPUT`) without a picture that can be read."""
        path = request.first_frame or request.cover
        if path is None:
            raise MakeFailed(FailureKind.BAD_INPUT, "there is no picture to move: neither a still nor a cover")
        return ParallaxStream(request, self._prepared(path, request))

    def _prepared(self, path: Path, request: ClipRequest) -> PictureSet:
        try:
            stat = path.stat()
        except OSError as exc:
            raise MakeFailed(FailureKind.BAD_INPUT, f"picture {path.name} cannot be read: {exc.strerror}") from exc
        key = (path, stat.st_mtime_ns, stat.st_size, request.size, request.palette, request.grade)
        # Under the lock, so that two scenes with one cover do not both prepare it.
        with self._lock:
            if key not in self._pictures:
                pixels = open_picture(path, backdrop=request.palette[0])
                self._pictures[key] = prepare_picture(pixels, request.size, request.palette, request.grade)
            self._pictures.move_to_end(key)
            while len(self._pictures) > _KEPT_PICTURES:
                self._pictures.popitem(last=False)
            return self._pictures[key]

    def trim(self) -> None:
        """Keep only the picture that was used last."""
        with self._lock:
            while len(self._pictures) > 1:
                self._pictures.popitem(last=False)

    def close(self) -> None:
        """Forget all pictures."""
        with self._lock:
            self._pictures.clear()
