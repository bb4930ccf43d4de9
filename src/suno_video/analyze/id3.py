"""Timed lyrics inside an mp3: the SYLT frame of ID3v2.3 and 2.4, which our tag library does not read."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

_MAX_TAG_BYTES = 32_000_000
_MAX_SYLT_BYTES = 1_000_000
_MILLISECONDS = 2
_LYRICS = 1
_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")


@dataclass(frozen=True)
class TimedText:
    """A piece of text, often one word or syllable, and when it is sung."""

    text: str
    start_s: float


def read_sylt(path: Path) -> tuple[TimedText, ...]:
    """Read the synchronised lyrics of a file; empty when it has none, or when they are broken."""
    try:
        with path.open("rb") as file:
            head = file.read(10)
            if len(head) < 10 or head[:3] != b"ID3" or head[3] not in (3, 4):
                return ()
            size = min(_syncsafe(head[6:10]), _MAX_TAG_BYTES)
            tag = file.read(size)
    except OSError:
        return ()
    if head[5] & 0x80 and head[3] == 3:
        tag = tag.replace(b"\xff\x00", b"\xff")
    try:
        return _find_sylt(tag, head[3], extended=bool(head[5] & 0x40))
    except (struct.error, UnicodeError, IndexError, ValueError):
        return ()


def _syncsafe(raw: bytes) -> int:
    return (raw[0] & 127) << 21 | (raw[1] & 127) << 14 | (raw[2] & 127) << 7 | raw[3] & 127


def _find_sylt(tag: bytes, version: int, *, extended: bool) -> tuple[TimedText, ...]:
    at = 0
    if extended:
        at = _syncsafe(tag[:4]) if version == 4 else struct.unpack(">I", tag[:4])[0] + 4
    while at + 10 <= len(tag) and tag[at] != 0:
        name = tag[at : at + 4]
        size = _syncsafe(tag[at + 4 : at + 8]) if version == 4 else struct.unpack(">I", tag[at + 4 : at + 8])[0]
        flags = tag[at + 9]
        body = tag[at + 10 : at + 10 + size]
        at += 10 + size
        # Compressed or encrypted frames are passed over.
        if name != b"SYLT" or len(body) > _MAX_SYLT_BYTES or (flags & 0x0C if version == 4 else flags & 0xC0):
            continue
        if version == 4:
            body = body[4:] if flags & 0x01 else body
            body = body.replace(b"\xff\x00", b"\xff") if flags & 0x02 else body
        pieces = _parse_sylt(body)
        if pieces:
            return pieces
    return ()


def _parse_sylt(body: bytes) -> tuple[TimedText, ...]:
    encoding, time_format, kind = body[0], body[4], body[5]
    if encoding >= len(_ENCODINGS) or time_format != _MILLISECONDS or kind not in (0, _LYRICS):
        return ()
    _, at = _text(body, 6, encoding)
    pieces = []
    while at < len(body):
        text, at = _text(body, at, encoding)
        if at + 4 > len(body):
            break
        pieces.append(TimedText(text, struct.unpack(">I", body[at : at + 4])[0] / 1000))
        at += 4
    return tuple(pieces)


def _text(body: bytes, at: int, encoding: int) -> tuple[str, int]:
    """Give the text that begins at a place, up to its terminator, and the place after that."""
    width = 2 if encoding in (1, 2) else 1
    end = at
    while end + width <= len(body) and any(body[end : end + width]):
        end += width
    raw = body[at:end]
    name = _ENCODINGS[encoding]
    if encoding == 1 and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        name = "utf-16-le"
    return raw.decode(name, errors="replace"), end + width
