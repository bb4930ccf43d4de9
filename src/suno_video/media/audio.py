"""Reads sound: any format that ffmpeg knows, decoded in a child process and streamed in blocks.

What a header says about length is never believed; the timeline is the samples that come out of the decoder.
"""

from __future__ import annotations

import stat
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suno_video.core.errors import BadSongError, EncoderError, NoSuchInputError, SongTooLongError
from suno_video.media.ffmpeg import SAFE_INPUT, file_url, read_chunks

MIN_DURATION_S = 0.5
# No playlists or scripts (concat, hls, dash, sdp): one of those, renamed song.mp3, could name other files to open.
FORMATS = (
    "mp3,wav,w64,aiff,flac,ogg,mov,aac,matroska,asf,caf,au,ape,wv,tta,mpc,mpc8,amr,ac3,eac3,dts,avi,mpegts,mpeg,oma"
)
_HINT = "Give a song as mp3, wav, flac, ogg, opus or m4a."
_CHUNK_BYTES = 1 << 16
_LOUDEST = 8.0
# What people give by mistake, by its first bytes. ffmpeg would find the songs in some archives by luck.
_NOT_SOUND = {
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive; unpack it first",
    b"Rar!": "a RAR archive; unpack it first",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    b"\x1f\x8b": "a compressed archive; unpack it first",
}
# What ffmpeg says, and what it means.
_PLAIN_WORDS = {
    "matches no streams": "it has no sound track",
    "add a trailing": "it has no sound track",
    "not on whitelist": "its format is not one for sound",
    "Failed to find two consecutive": "nothing in it reads as sound",
    "Failed to read frame size": "nothing in it reads as sound",
    "Invalid data found": "its content is damaged",
    "Invalid argument": "nothing in it reads as sound",
}


@dataclass
class Sound:
    """A song that is being decoded. Iterate `blocks` once; `n_samples` and `trouble` are whole after that."""

    sample_rate_hz: int
    n_channels: int
    """1 or 2; more channels are mixed down to two."""
    blocks: Iterator[NDArray[np.float32]] = field(default_factory=lambda: iter(()))
    """Samples in order, each of shape (n, n_channels), nominally -1..1, without NaN or infinity."""
    n_samples: int = 0
    """Samples per channel decoded so far."""
    trouble: str | None = None
    """What the decoder said when it gave up before the end of the file, if it did."""

    @property
    def duration_s(self) -> float:
        """Length decoded so far."""
        return self.n_samples / self.sample_rate_hz


def check_song_file(path: Path) -> None:
    """Look whether a path can be a song at all, without decoding it.

    Raises:
        NoSuchInputError: It is missing, a folder, a pipe or device, or may not be read.
        BadSongError: It is empty, or is text.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise NoSuchInputError(f"{str(path)!r} is a folder, not a song.", "Name one file inside it.")
        if not stat.S_ISREG(mode):
            raise NoSuchInputError(f"{str(path)!r} is a pipe or device, not a file.", "Save the song to a file first.")
        with path.open("rb") as file:
            head = file.read(4096)
    except FileNotFoundError as exc:
        raise NoSuchInputError(f"There is no file {str(path)!r}.", "Check the name and the folder.") from exc
    except PermissionError as exc:
        raise NoSuchInputError(f"{str(path)!r} may not be read.", "Check the permissions of the file.") from exc
    except (OSError, ValueError) as exc:
        raise NoSuchInputError(f"{str(path)!r} cannot be opened: {exc}.", "Check the name and the disk.") from exc
    if not head:
        raise BadSongError(f"{path.name!r} is empty (0 bytes).", "Download or export the song again.")
    if _is_text(head):
        raise BadSongError(f"{path.name!r} is text, not sound.", _HINT)
    for magic, what in _NOT_SOUND.items():
        if head.startswith(magic):
            raise BadSongError(f"{path.name!r} is not sound but {what}.", _HINT)


def require_sound(path: Path) -> None:
    """Decode as much as a song must have at least, to refuse a bad one before anything is created for it.

    Raises:
        NoSuchInputError, BadSongError: As `open_sound` and the reading of its blocks.
    """
    with open_sound(path, max_duration_s=float("inf"), block_s=MIN_DURATION_S) as sound:
        for _ in sound.blocks:
            if sound.duration_s >= MIN_DURATION_S:
                break


def _is_text(head: bytes) -> bool:
    control = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in head)
    if control or head.startswith((b"OggS", b"fLaC")):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as exc:
        return exc.start >= len(head) - 4 and len(head) == 4096
    return True


@contextmanager
def open_sound(path: Path, *, max_duration_s: float, block_s: float = 5.0) -> Iterator[Sound]:
    """Decode the first audio stream of a file at its own sample rate; leaving the context ends the decoder.

    Memory holds one block, however long the song is. While `blocks` is iterated, `SongTooLongError` is raised as soon
    as more than `max_duration_s` have come, and `BadSongError` at the end when less than `MIN_DURATION_S` came.

    Raises:
        NoSuchInputError, BadSongError: As `check_song_file`, or nothing in it can be decoded as sound.
    """
    check_song_file(path)
    args = [*SAFE_INPUT, "-format_whitelist", FORMATS, "-i", file_url(path), "-map", "0:a:0", "-vn", "-sn", "-dn"]
    args += ["-af", "aformat=channel_layouts=stereo|mono", "-c:a", "pcm_f32le", "-map_metadata", "-1"]
    args += ["-fflags", "+bitexact", "-f", "wav", "pipe:1"]
    with closing(read_chunks(args, _CHUNK_BYTES)) as chunks:
        try:
            first = next(chunks, b"")
        except EncoderError as exc:
            raise BadSongError(f"No sound could be decoded from {path.name!r} ({_reason(exc)}).", _HINT) from exc
        if len(first) < 44:
            raise BadSongError(f"No sound could be decoded from {path.name!r}.", _HINT)
        sample_rate_hz, n_channels, start = _parse_wav_header(first)
        sound = Sound(sample_rate_hz, n_channels)
        sound.blocks = _blocks(path, sound, chunks, first[start:], max_duration_s, block_s)
        yield sound


def _parse_wav_header(head: bytes) -> tuple[int, int, int]:
    """Give sample rate, channels and the offset of the first sample."""
    at, rate, channels = 12, 0, 0
    while at + 8 <= len(head):
        name, size = head[at : at + 4], struct.unpack("<I", head[at + 4 : at + 8])[0]
        if name == b"fmt ":
            channels, rate = struct.unpack("<HI", head[at + 10 : at + 16])
        if name == b"data":
            return rate, channels, at + 8
        at += 8 + size + size % 2
    raise BadSongError("The decoder gave no sound.", _HINT)


def _blocks(
    path: Path, sound: Sound, chunks: Iterator[bytes], first: bytes, max_duration_s: float, block_s: float
) -> Iterator[NDArray[np.float32]]:
    sample_bytes = 4 * sound.n_channels
    block_bytes = max(1, round(block_s * sound.sample_rate_hz)) * sample_bytes
    pending = bytearray(first)
    ended = False
    while not ended:
        try:
            while len(pending) < block_bytes and not ended:
                chunk = next(chunks, b"")
                pending += chunk
                ended = not chunk
        except EncoderError as exc:
            sound.trouble, ended = _reason(exc), True
        usable = min(len(pending), block_bytes) // sample_bytes * sample_bytes
        if usable:
            block = np.frombuffer(bytes(pending[:usable]), dtype="<f4").reshape(-1, sound.n_channels)
            del pending[:usable]
            sound.n_samples += len(block)
            _check_not_too_long(path, sound, max_duration_s)
            yield _sane(block)
    _check_not_too_short(path, sound)


def _sane(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give samples within -8..8: a float file may hold anything, and one NaN would poison every mean."""
    # Nearly every block is fine, and two looks at it cost less than one copy. With a NaN, both are false.
    if block.min() >= -_LOUDEST and block.max() <= _LOUDEST:
        return block
    whole = np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0)
    return np.asarray(np.clip(whole, -_LOUDEST, _LOUDEST), dtype=np.float32)


def _check_not_too_long(path: Path, sound: Sound, max_duration_s: float) -> None:
    if sound.duration_s > max_duration_s:
        raise SongTooLongError(
            f"{path.name!r} is longer than {max_duration_s / 60:g} minutes.",
            "Raise --max-duration, or cut the song first.",
        )


def _check_not_too_short(path: Path, sound: Sound) -> None:
    if sound.n_samples == 0:
        why = f" ({sound.trouble})" if sound.trouble else ""
        raise BadSongError(f"No sound could be decoded from {path.name!r}{why}.", _HINT)
    if sound.duration_s < MIN_DURATION_S:
        raise BadSongError(
            f"{path.name!r} holds {sound.duration_s:.3g} s of sound; at least {MIN_DURATION_S:g} s are needed.",
            "Check that the file is whole: download or export the song again.",
        )


def _reason(exc: EncoderError) -> str:
    for sign, meaning in _PLAIN_WORDS.items():
        if sign in exc.message:
            return meaning
    words = exc.message.removeprefix("ffmpeg failed: ").split(" | ")[0]
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[-160:]
