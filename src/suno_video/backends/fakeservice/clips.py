"""The clips that the fake service sells: test cards, or what a spoiled job gives instead. Each is made once."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from suno_video.backends.fakeservice.wire import ClipWish
from suno_video.backends.testcards import FakeStream, black_frames, write_clip
from suno_video.core.frames import MIN_SIDE_PX, FrameSize
from suno_video.media.atomic import replacing
from suno_video.media.ffmpeg import file_url, run_ffmpeg

_HTML = b"<!doctype html><title>Sign in</title><p>Please sign in to see this file.</p>\n"


class ClipShelf:
    """A folder of finished clips, each made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def clip(self, wish: ClipWish, fate: str) -> Path:
        """Give the clip that a job of this fate delivers. Raises as `write_clip` does."""
        name = hashlib.sha256(f"{fate} {wish.for_the_book()}".encode()).hexdigest()
        path = self._folder / f"{name[:24]}.mp4"
        with self._lock:
            if not path.exists():  # whole if it is there: it takes its place in one step
                with replacing(path) as part:
                    _SPOILERS.get(fate, _write_good)(part, wish)
        return path


def _write_good(path: Path, wish: ClipWish) -> None:
    _write(path, wish, wish.size, wish.n_frames, wish.fps)


def _write(path: Path, wish: ClipWish, size: FrameSize, n_frames: int, fps: int) -> None:
    write_clip(path, FakeStream(size, n_frames, wish.seed).frames(), size, fps)


def _write_short(path: Path, wish: ClipWish) -> None:
    _write(path, wish, wish.size, max(1, wish.n_frames // 2), wish.fps)


def _write_truncated(path: Path, wish: ClipWish) -> None:
    _write_good(path, wish)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 4 // 5])


def _write_other_size(path: Path, wish: ClipWish) -> None:
    """Upright instead of lying, and the other way round; a square becomes upright."""
    width, height = wish.size.width_px, wish.size.height_px
    turned = (height, width) if width != height else (width, height * 2)
    _write(path, wish, FrameSize(width_px=turned[0], height_px=turned[1]), wish.n_frames, wish.fps)


def _write_half_size(path: Path, wish: ClipWish) -> None:
    half = (max(MIN_SIDE_PX, side // 4 * 2) for side in (wish.size.width_px, wish.size.height_px))
    width, height = half
    _write(path, wish, FrameSize(width_px=width, height_px=height), wish.n_frames, wish.fps)


def _write_other_fps(path: Path, wish: ClipWish) -> None:
    """As long as was asked for, in fewer frames: 24 a second for 30."""
    fps = max(1, wish.fps * 4 // 5)
    _write(path, wish, wish.size, math.ceil(wish.n_frames * fps / wish.fps), fps)


def _write_black(path: Path, wish: ClipWish) -> None:
    write_clip(path, black_frames(wish.size, wish.n_frames), wish.size, wish.fps)


def _write_sound_only(path: Path, wish: ClipWish) -> None:
    seconds = f"{wish.n_frames / wish.fps:.3f}"
    run_ffmpeg(["-y", "-f", "lavfi", "-i", "sine", "-t", seconds, "-c:a", "aac", "-f", "mp4", file_url(path)])


_SPOILERS: Mapping[str, Callable[[Path, ClipWish], object]] = {
    "short": _write_short,
    "truncated": _write_truncated,
    "empty": lambda path, wish: path.write_bytes(b""),
    "html": lambda path, wish: path.write_bytes(_HTML),
    "html-as-mp4": lambda path, wish: path.write_bytes(_HTML),
    "other-size": _write_other_size,
    "half-size": _write_half_size,
    "other-fps": _write_other_fps,
    "black": _write_black,
    "sound-only": _write_sound_only,
}
