"""Writes an ID3v2.3 tag: text, lyrics, timed lyrics (SYLT) and a cover. ffmpeg cannot write the lyrics frames."""

from __future__ import annotations

import struct
from collections.abc import Sequence

_LATIN1 = b"\x00"


def tag(texts: dict[str, str], lyrics: str, timed: Sequence[tuple[str, float]], cover_jpeg: bytes) -> bytes:
    """The whole tag, to be put before the mp3.

    Args:
        texts: Text frames by id, such as `TIT2`.
        timed: Words and the seconds at which they begin; a word that opens a line begins with a newline.
    """
    frames = [_frame(name, _LATIN1 + text.encode("latin-1")) for name, text in texts.items()]
    frames.append(_frame("USLT", _LATIN1 + b"eng\x00" + lyrics.encode("latin-1")))
    # 2: times in milliseconds; 1: it is the lyrics.
    words = b"".join(text.encode("latin-1") + b"\x00" + struct.pack(">I", round(at_s * 1000)) for text, at_s in timed)
    frames.append(_frame("SYLT", _LATIN1 + b"eng\x02\x01\x00" + words))
    # 3: front cover.
    frames.append(_frame("APIC", _LATIN1 + b"image/jpeg\x00\x03\x00" + cover_jpeg))
    body = b"".join(frames)
    return b"ID3\x03\x00\x00" + bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0)) + body


def _frame(name: str, content: bytes) -> bytes:
    return name.encode() + struct.pack(">IH", len(content), 0) + content
