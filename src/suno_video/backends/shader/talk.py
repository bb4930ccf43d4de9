"""How the process with OpenGL is talked to: messages with a length, over its standard input and output."""

from __future__ import annotations

import struct
from typing import IO, NamedTuple

_HEAD = struct.Struct("<cI")
NO_OPENGL = "no OpenGL: "
"""What a fault begins with that says that none could be opened."""
READY, FRAME, FAULT, START = b"R", b"F", b"E", b"S"


class Message(NamedTuple):
    """One message."""

    kind: bytes
    """`READY` with the name of the renderer, `FRAME`, `FAULT` with words; to the process `START` and `FRAME`."""
    content: bytes


def write_message(pipe: IO[bytes], kind: bytes, content: bytes) -> None:
    """Send a message at once."""
    pipe.write(_HEAD.pack(kind, len(content)))
    pipe.write(content)
    pipe.flush()


def read_message(pipe: IO[bytes]) -> Message | None:
    """Wait for a message; None when the other side is gone."""
    head = _fully(pipe, _HEAD.size)
    if head is None:
        return None
    kind, length = _HEAD.unpack(head)
    content = _fully(pipe, length)
    return None if content is None else Message(kind, content)


def _fully(pipe: IO[bytes], n_bytes: int) -> bytes | None:
    parts = []
    while n_bytes:
        part = pipe.read(n_bytes)
        if not part:
            return None
        parts.append(part)
        n_bytes -= len(part)
    return b"".join(parts)
