"""What a font file says of itself: its family, and which characters it has. Read from the tables `name` and `cmap`.

By the OpenType specification, chapters "OpenType font file", "cmap" (formats 4, 6 and 12) and "name". Fonts of a
system are somebody else's files: whatever is in them, reading gives what can be read, or nothing.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAX_TABLE_BYTES = 8_000_000
MAX_FACES = 16
"""Faces of a collection (`.ttc`) that are looked at."""
MAX_RANGES = 70_000
_FAMILY = re.compile(r"[\w .+-]{1,80}", re.ASCII)
_BROKEN = (OSError, struct.error, IndexError, UnicodeDecodeError, ValueError)
_FAMILY_ID = 1


@dataclass(frozen=True)
class FontFace:
    """One face of a font file."""

    path: Path
    index: int
    """Within a collection; 0 in a plain file."""
    family: str
    starts: tuple[int, ...]
    """First code points of the ranges that it has, rising."""
    ends: tuple[int, ...]
    """The last ones."""
    height_em: float = 1.21
    """Ascender and descender together, by which libass sizes type."""

    def has(self, char: str) -> bool:
        """Whether there is a picture for a character."""
        at = bisect_right(self.starts, ord(char)) - 1
        return at >= 0 and ord(char) <= self.ends[at]


def read_faces(path: Path) -> tuple[FontFace, ...]:
    """Read the faces of a font file; none where it is no font, or one that cannot be named in a subtitle."""
    try:
        with path.open("rb") as file:
            head = file.read(12 + 4 * MAX_FACES)
            if head[:4] != b"ttcf":
                offsets: tuple[int, ...] = (0,)
            else:
                count = min(struct.unpack(">I", head[8:12])[0], MAX_FACES)
                offsets = struct.unpack(f">{count}I", head[12 : 12 + 4 * count])
            # The faces of a collection share their tables: each is read once.
            known: dict[tuple[int, int], list[tuple[int, int]]] = {}
            faces = [_read_face(file, path, index, offset, known) for index, offset in enumerate(offsets)]
    except _BROKEN:
        return ()
    return tuple(face for face in faces if face is not None)


def _read_face(
    file: BinaryIO, path: Path, index: int, offset: int, known: dict[tuple[int, int], list[tuple[int, int]]]
) -> FontFace | None:
    try:
        tables = _tables(file, offset)
        family = _family(_table(file, tables[b"name"]))
        place = tables[b"cmap"]
        if place not in known:
            known[place] = _joined(_ranges(_table(file, place)))
    except (*_BROKEN, KeyError):
        return None
    if family is None or not known[place]:
        return None
    starts, ends = zip(*known[place], strict=True)
    return FontFace(path, index, family, starts, ends, _height(file, tables))


def _tables(file: BinaryIO, offset: int) -> dict[bytes, tuple[int, int]]:
    file.seek(offset)
    (n_tables,) = struct.unpack(">4xH6x", file.read(12))
    rows = file.read(16 * n_tables)
    return {tag: (start, length) for tag, start, length in struct.iter_unpack(">4s4xII", rows)}


def _table(file: BinaryIO, place: tuple[int, int]) -> bytes:
    start, length = place
    if length > MAX_TABLE_BYTES:
        raise ValueError("the table is too large")
    file.seek(start)
    return bytes(file.read(length))


def _height(file: BinaryIO, tables: dict[bytes, tuple[int, int]]) -> float:
    """As Windows has it: the clipping heights of `OS/2`, else those of `hhea`."""
    try:
        (per_em,) = struct.unpack(">18xH", _table(file, tables[b"head"])[:20])
        up, down = struct.unpack(">74xhh", _table(file, tables[b"OS/2"])[:78]) if b"OS/2" in tables else (0, 0)
        if up + down <= 0:
            up, down = struct.unpack(">4xhh", _table(file, tables[b"hhea"])[:8])
            down = -down
        return min(max((up + down) / per_em, 0.5), 4.0)
    except (*_BROKEN, KeyError, ZeroDivisionError):
        return 1.21


def _family(table: bytes) -> str | None:
    """Take the family by which libass finds a face (name 1), in English where it is given: plain letters only."""
    count, strings = struct.unpack(">2xHH", table[:6])
    found: dict[bool, str] = {}
    for row in range(count):
        platform, _, language, name_id, length, start = struct.unpack(">6H", table[6 + 12 * row : 18 + 12 * row])
        if platform != 3 or name_id != _FAMILY_ID:
            continue
        name = table[strings + start : strings + start + length].decode("utf-16-be")
        if _FAMILY.fullmatch(name):
            found.setdefault(language == 0x409, name)
    return found.get(True, found.get(False))


def _ranges(table: bytes) -> list[tuple[int, int]]:
    """Ranges of code points of the widest Unicode subtable."""
    (count,) = struct.unpack(">2xH", table[:4])
    best: list[tuple[int, int]] = []
    for row in range(count):
        platform, encoding, start = struct.unpack(">HHI", table[4 + 8 * row : 12 + 8 * row])
        # Symbol fonts (3, 0) put pictures where letters should be.
        if platform not in (0, 3) or (platform == 3 and encoding not in (1, 10)):
            continue
        (kind,) = struct.unpack(">H", table[start : start + 2])
        read = {4: _format_4, 6: _format_6, 12: _format_12}.get(kind)
        ranges = read(table, start) if read else []
        if sum(b - a + 1 for a, b in ranges) > sum(b - a + 1 for a, b in best):
            best = ranges
    return best


def _format_4(table: bytes, start: int) -> list[tuple[int, int]]:
    (double,) = struct.unpack(">6xH", table[start : start + 8])
    count = double // 2
    ends = struct.unpack(f">{count}H", table[start + 14 : start + 14 + double])
    at = start + 16 + double
    starts = struct.unpack(f">{count}H", table[at : at + double])
    deltas = struct.unpack(f">{count}H", table[at + double : at + 2 * double])
    offsets = struct.unpack(f">{count}H", table[at + 2 * double : at + 3 * double])
    found: list[tuple[int, int]] = []
    for number, (a, b, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        if a == 0xFFFF:
            continue
        if not offset:
            # A range may hold the one character that falls on the glyph for "missing".
            hole = -delta & 0xFFFF
            found += [(a, b)] if not a <= hole <= b else [(a, hole - 1), (hole + 1, b)]
            continue
        place = at + 2 * double + 2 * number + offset
        glyphs = struct.unpack(f">{b - a + 1}H", table[place : place + 2 * (b - a + 1)])
        found += [(a + k, a + k) for k, glyph in enumerate(glyphs) if glyph]
    return [(a, b) for a, b in found if a <= b]


def _format_6(table: bytes, start: int) -> list[tuple[int, int]]:
    first, count = struct.unpack(">6xHH", table[start : start + 10])
    glyphs = struct.unpack(f">{count}H", table[start + 10 : start + 10 + 2 * count])
    return [(first + k, first + k) for k, glyph in enumerate(glyphs) if glyph]


def _format_12(table: bytes, start: int) -> list[tuple[int, int]]:
    (count,) = struct.unpack(">12xI", table[start : start + 16])
    rows = table[start + 16 : start + 16 + 12 * min(count, MAX_RANGES)]
    return [(a + (not glyph), b) for a, b, glyph in struct.iter_unpack(">III", rows) if a + (not glyph) <= b]


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Order ranges and join those that touch."""
    joined: list[tuple[int, int]] = []
    for a, b in sorted(ranges):
        if joined and a <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], b))
        else:
            joined.append((a, b))
    return joined
