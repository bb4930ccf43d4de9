"""Reads what an MP4 file really holds, box by box: cheap, for no picture is decoded, and no header is believed."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from suno_video.core.errors import CheckFailedError

_MAX_MOOV_BYTES = 256 << 20
_MAX_SAMPLES = 1 << 26


@dataclass(frozen=True)
class Mp4Track:
    """One track: its samples (video: frames) in decoding order."""

    kind: str
    """`vide`, `soun` or another handler."""
    codec: str
    """Four letters such as `avc1` or `mp4a`."""
    timescale: int
    durations: NDArray[np.int64]
    """Ticks that each sample lasts, shape (n_samples,)."""
    offsets: NDArray[np.int64]
    """Ticks from decoding to showing, shape (n_samples,)."""
    sizes: NDArray[np.int64]
    """Bytes of each sample, shape (n_samples,)."""
    key_samples: NDArray[np.int64] | None
    """0-based key frames; None when every sample is one."""
    has_edit_list: bool
    width_px: int
    height_px: int
    sample_rate_hz: int
    n_channels: int
    h264_profile: int | None
    """`profile_idc` (100 is High), for `avc1`."""

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(self.sizes)

    @property
    def duration_s(self) -> float:
        """Sum of all sample durations."""
        return float(self.durations.sum()) / self.timescale

    def shown_at(self) -> NDArray[np.int64]:
        """Ticks at which each sample is shown, in the order of showing."""
        decoded = np.concatenate([[0], np.cumsum(self.durations)[:-1]]) if self.n_samples else self.durations
        return np.sort(decoded + self.offsets)

    @property
    def fps(self) -> Fraction:
        """Frames per second over the whole track; 0 for an empty one."""
        total = int(self.durations.sum())
        return Fraction(self.n_samples * self.timescale, total) if total else Fraction(0)


@dataclass(frozen=True)
class Mp4File:
    """What is in the file."""

    n_bytes: int
    tracks: tuple[Mp4Track, ...]
    index_first: bool
    """Whether the index (`moov`) lies before the media, so that playing can start while it downloads."""

    def track(self, kind: str) -> Mp4Track | None:
        """Give the first track of a kind (`vide`, `soun`), or None."""
        return next((track for track in self.tracks if track.kind == kind), None)


@dataclass(frozen=True)
class _Box:
    name: bytes
    start: int
    end: int


def read_mp4(path: Path) -> Mp4File:
    """Parse the index of an MP4 or MOV file.

    Raises:
        CheckFailedError: It is not one, or its index is damaged.
        OSError: It cannot be read.
    """
    try:
        with open(path, "rb") as file:
            n_bytes = os.fstat(file.fileno()).st_size
            top = list(_boxes_in_file(file, n_bytes))
            moov = next((box for box in top if box.name == b"moov"), None)
            if moov is None or moov.end - moov.start > _MAX_MOOV_BYTES:
                raise _not_mp4(path, "it has no index")
            file.seek(moov.start)
            content = file.read(moov.end - moov.start)
        media = [box.start for box in top if box.name == b"mdat"]
        tracks = tuple(_track(content, box) for box in _boxes(content, 0, len(content)) if box.name == b"trak")
    except (struct.error, IndexError, ValueError) as exc:
        raise _not_mp4(path, "its index is damaged") from exc
    return Mp4File(n_bytes, tracks, index_first=bool(media) and moov.start < media[0])


def index_says(path: Path, words: str) -> bool:
    """Whether the index of an MP4 file, where its tags are, holds these words; False for what is no MP4 file."""
    try:
        with open(path, "rb") as file:
            top = _boxes_in_file(file, os.fstat(file.fileno()).st_size)
            moov = next((box for box in top if box.name == b"moov"), None)
            if moov is None or moov.end - moov.start > _MAX_MOOV_BYTES:
                return False
            file.seek(moov.start)
            return words.encode() in file.read(moov.end - moov.start)
    except (OSError, struct.error, IndexError, ValueError):
        return False


def _not_mp4(path: Path, why: str) -> CheckFailedError:
    return CheckFailedError(
        f"{path.name} is not a whole MP4 file: {why}.", "Name a finished MP4 video, or render it again."
    )


def _boxes_in_file(file: BinaryIO, n_bytes: int) -> Iterator[_Box]:
    at = 0
    while at + 8 <= n_bytes:
        file.seek(at)
        header = file.read(16)
        box = _box_at(header, 0, at, n_bytes)
        yield box
        at = box.end


def _boxes(content: bytes, start: int, end: int) -> Iterator[_Box]:
    at = start
    while at + 8 <= end:
        box = _box_at(content, at, at, end)
        yield box
        at = box.end


def _box_at(content: bytes, index: int, at: int, end: int) -> _Box:
    """Read a box header that lies at `index` of `content` and at `at` of what is counted."""
    size, name = struct.unpack_from(">I4s", content, index)
    body = at + 8
    if size == 1:
        (size,) = struct.unpack_from(">Q", content, index + 8)
        body = at + 16
    stop = end if size == 0 else at + size
    if stop < body or stop > end:
        raise ValueError("a box is longer than what holds it")
    return _Box(name, body, stop)


def _find(content: bytes, box: _Box, *path: bytes) -> _Box | None:
    for name in path:
        found = next((inner for inner in _boxes(content, box.start, box.end) if inner.name == name), None)
        if found is None:
            return None
        box = found
    return box


def _need(content: bytes, box: _Box, *path: bytes) -> _Box:
    found = _find(content, box, *path)
    if found is None:
        raise ValueError(f"box {path[-1]!r} is missing")
    return found


def _track(content: bytes, trak: _Box) -> Mp4Track:
    handler = _need(content, trak, b"mdia", b"hdlr")
    table = _need(content, trak, b"mdia", b"minf", b"stbl")
    sizes = _sizes(content, _need(content, table, b"stsz"))
    kind = content[handler.start + 8 : handler.start + 12].decode("latin-1")
    description = _need(content, table, b"stsd")
    entry = next(_boxes(content, description.start + 8, description.end), None)
    if entry is None:
        raise ValueError("no sample is described")
    keys = _find(content, table, b"stss")
    width, height, profile = _picture(content, entry) if kind == "vide" else (0, 0, None)
    rate, channels = _sound(content, entry) if kind == "soun" else (0, 0)
    return Mp4Track(
        kind=kind,
        codec=entry.name.decode("latin-1"),
        timescale=_timescale(content, _need(content, trak, b"mdia", b"mdhd")),
        durations=_runs(content, _need(content, table, b"stts"), len(sizes), signed=False),
        offsets=_runs(content, _find(content, table, b"ctts"), len(sizes), signed=True),
        sizes=sizes,
        key_samples=None if keys is None else _numbers(content, keys.start + 8, keys.end, ">u4") - 1,
        has_edit_list=_find(content, trak, b"edts", b"elst") is not None,
        width_px=width,
        height_px=height,
        sample_rate_hz=rate,
        n_channels=channels,
        h264_profile=profile,
    )


def _picture(content: bytes, entry: _Box) -> tuple[int, int, int | None]:
    """Give width, height and H.264 profile (ISO 14496-12, VisualSampleEntry)."""
    width, height = struct.unpack_from(">HH", content, entry.start + 24)
    config = _find(content, _Box(b"", entry.start + 78, entry.end), b"avcC")
    return width, height, content[config.start + 1] if config is not None else None


def _sound(content: bytes, entry: _Box) -> tuple[int, int]:
    """Give sample rate and number of channels (ISO 14496-12, AudioSampleEntry)."""
    channels, rate = (
        struct.unpack_from(">H", content, entry.start + 16)[0],
        struct.unpack_from(">I", content, entry.start + 24)[0],
    )
    return rate >> 16, channels


def _timescale(content: bytes, mdhd: _Box) -> int:
    at = mdhd.start + (20 if content[mdhd.start] == 1 else 12)
    (scale,) = struct.unpack_from(">I", content, at)
    if scale == 0:
        raise ValueError("timescale 0")
    return int(scale)


def _numbers(content: bytes, start: int, end: int, dtype: str) -> NDArray[np.int64]:
    width = np.dtype(dtype).itemsize
    return np.frombuffer(content[start : start + (end - start) // width * width], dtype=dtype).astype(np.int64)


def _sizes(content: bytes, stsz: _Box) -> NDArray[np.int64]:
    size, count = struct.unpack_from(">II", content, stsz.start + 4)
    if count > _MAX_SAMPLES:
        raise ValueError("too many samples")
    if size:
        return np.full(count, size, dtype=np.int64)
    sizes = _numbers(content, stsz.start + 12, stsz.end, ">u4")[:count]
    if len(sizes) != count:
        raise ValueError("the list of sizes is cut off")
    return sizes


def _runs(content: bytes, box: _Box | None, n_samples: int, *, signed: bool) -> NDArray[np.int64]:
    """Unpack (count, value) pairs to one value a sample; a missing box means 0 for all."""
    if box is None:
        return np.zeros(n_samples, dtype=np.int64)
    pairs = _numbers(content, box.start + 8, box.end, ">u4").reshape(-1, 2)
    if pairs[:, 0].sum() != n_samples:
        raise ValueError("the list of times does not fit the number of samples")
    values = pairs[:, 1]
    # Version 0 offsets are unsigned by the letter, but writers store negative ones there as well.
    values = np.where(values >= 1 << 31, values - (1 << 32), values) if signed else values
    return np.repeat(values, pairs[:, 0])
