"""Colour tables (`.cube`): read with care, and laid over finished frames at little cost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from suno_video.core.errors import BadEditError, NoSuchInputError
from suno_video.core.frames import I420, planes

MAX_BYTES = 24_000_000
"""A table of 65 places a side is some 7 MB."""
MAX_SIDE_3D, MAX_SIDE_1D = 65, 65536
_SIDE_OF_1D = 33
_SHIFT = 2
_SIDE = (256 >> _SHIFT) + 1
"""Places of a code in our own table: one at every fourth, so that 128, where greys are, is one of them."""


@dataclass(frozen=True, eq=False)
class Lut:
    """A colour table: what each colour becomes."""

    name: str
    table: NDArray[np.float32]
    """Shape (n, n, n, 3), indexed by blue, green, red; both sides in display values 0..1."""
    low: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """The colours of its first and last place."""
    high: tuple[float, float, float] = (1.0, 1.0, 1.0)
    amount: float = 1.0
    """How much of it is taken, 0..1."""

    def look_up(self, rgb: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give what colours become, shape (n, 3), between the places of the table by trilinear interpolation."""
        side = self.table.shape[0]
        low, high = np.array(self.low, np.float32), np.array(self.high, np.float32)
        at = np.clip((rgb - low) / (high - low), 0, 1) * (side - 1)
        base = np.minimum(at.astype(np.int64), side - 2)
        part = (at - base).astype(np.float32)
        out = np.zeros_like(rgb)
        for corner in range(8):
            offset = np.array([corner & 1, corner >> 1 & 1, corner >> 2 & 1])
            weight = np.prod(np.where(offset, part, 1 - part), axis=1, keepdims=True)
            red, green, blue = (base + offset).T
            out += weight * self.table[blue, green, red]
        return np.asarray(rgb + self.amount * (out - rgb), dtype=np.float32)


def shipped_lut(name: str, amount: float = 1.0) -> Lut | None:
    """One of our own tables; None where there is none of that name."""
    entry = resources.files("suno_video.assemble").joinpath("luts", f"{name}.cube")
    if not entry.is_file():
        return None
    return parse_cube(entry.read_text(encoding="utf-8"), name, amount)


def shipped_luts() -> tuple[str, ...]:
    """Names of our own tables."""
    folder = resources.files("suno_video.assemble").joinpath("luts")
    return tuple(sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".cube")))


def read_lut(path: Path, amount: float = 1.0) -> Lut:
    """Read a `.cube` file.

    Raises:
        NoSuchInputError: It cannot be read.
        BadEditError: It is no such table; names the line and the reason.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as exc:
        reason = (exc.strerror if isinstance(exc, OSError) else None) or str(exc)
        raise NoSuchInputError(f"{path} cannot be read: {reason}.", "Check the name of the .cube file.") from exc
    if len(data) > MAX_BYTES:
        raise BadEditError(str(path), [f"it is larger than {MAX_BYTES // 1_000_000} MB, which no colour table is"])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise BadEditError(str(path), [f"not UTF-8 text: {exc.reason} at byte {exc.start}"]) from exc
    return parse_cube(text, path.stem, amount, source=str(path))


def parse_cube(text: str, name: str, amount: float = 1.0, *, source: str | None = None) -> Lut:
    """Read a table in the format that Adobe published (Cube LUT 1.0): one or three dimensions.

    Raises:
        BadEditError: It does not fit; names the line and the reason.
    """
    source = source or name
    head: dict[str, tuple[float, ...]] = {}
    rows: list[tuple[float, ...]] = []
    for number, line in _lines(text):
        words = line.split()
        key = words[0].upper()
        if key == "TITLE":
            continue
        values = _numbers(words[1:] if key[0].isalpha() else words, number, source)
        if key[0].isalpha():
            if key not in _HEADS or len(values) != _HEADS[key] or rows:
                raise BadEditError(source, [f"line {number}: {words[0][:40]!r} does not belong here"])
            head[key] = values
        elif len(values) != 3:
            raise BadEditError(source, [f"line {number}: a colour has three numbers, here are {len(values)}"])
        else:
            rows.append(values)
    return _build(head, rows, name, amount, source)


_HEADS = {"LUT_1D_SIZE": 1, "LUT_3D_SIZE": 1, "DOMAIN_MIN": 3, "DOMAIN_MAX": 3, "LUT_1D_INPUT_RANGE": 2}
_HEADS |= {"LUT_3D_INPUT_RANGE": 2}


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if line and not line.startswith("#"):
            yield number, line


def _numbers(words: list[str], number: int, source: str) -> tuple[float, ...]:
    try:
        values = tuple(float(word) for word in words)
    except ValueError as exc:
        raise BadEditError(source, [f"line {number}: {' '.join(words)[:60]!r} are not numbers"]) from exc
    if not all(math.isfinite(value) and abs(value) < 1e7 for value in values):
        raise BadEditError(source, [f"line {number}: a value is out of all bounds"])
    return values


def _build(
    head: dict[str, tuple[float, ...]], rows: list[tuple[float, ...]], name: str, amount: float, source: str
) -> Lut:
    sizes = [key for key in ("LUT_1D_SIZE", "LUT_3D_SIZE") if key in head]
    if len(sizes) != 1:
        raise BadEditError(source, ["it has to say either LUT_1D_SIZE or LUT_3D_SIZE: it is no colour table"])
    side, is_flat = int(head[sizes[0]][0]), sizes[0] == "LUT_1D_SIZE"
    largest = MAX_SIDE_1D if is_flat else MAX_SIDE_3D
    if not 2 <= side <= largest:
        raise BadEditError(source, [f"{sizes[0]} is {side}; 2 to {largest} can be used"])
    needed = side if is_flat else side**3
    if len(rows) != needed:
        raise BadEditError(source, [f"{sizes[0]} {side} needs {needed} colours, here are {len(rows)}"])
    low, high = _domain(head)
    if any(b - a < 1e-6 for a, b in zip(low, high, strict=True)):
        raise BadEditError(source, ["DOMAIN_MAX must be above DOMAIN_MIN"])
    values = np.clip(np.array(rows, dtype=np.float32), 0, 1)
    table = _cube_of(values) if is_flat else values.reshape(side, side, side, 3)
    return Lut(name, np.ascontiguousarray(table), (low[0], low[1], low[2]), (high[0], high[1], high[2]), amount)


def _domain(head: dict[str, tuple[float, ...]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    for key in ("LUT_1D_INPUT_RANGE", "LUT_3D_INPUT_RANGE"):
        if key in head:
            return (head[key][0],) * 3, (head[key][1],) * 3
    return head.get("DOMAIN_MIN", (0.0, 0.0, 0.0)), head.get("DOMAIN_MAX", (1.0, 1.0, 1.0))


def _cube_of(curves: NDArray[np.float32]) -> NDArray[np.float32]:
    """Three curves as a cube."""
    at = np.linspace(0, len(curves) - 1, _SIDE_OF_1D)
    red, green, blue = (np.interp(at, np.arange(len(curves)), curves[:, k]) for k in range(3))
    cube = np.empty((_SIDE_OF_1D,) * 3 + (3,), dtype=np.float32)
    cube[..., 0], cube[..., 1], cube[..., 2] = red[None, None, :], green[None, :, None], blue[:, None, None]
    return cube


class Grading:
    """A colour table ready for frames in I420.

    Greys go through a curve for each pixel, exactly. What a colour gets beyond that changes slowly over the picture:
    it is looked up at the resolution of the colour planes.
    """

    def __init__(self, lut: Lut) -> None:
        greys = np.clip((np.arange(256, dtype=np.float32) - 16) / 219, 0, 1)
        became = lut.look_up(np.repeat(greys[:, None], 3, axis=1))
        curve = 16 + 219 * (became @ _LUMA)
        self._curve = np.clip(curve + 0.5, 16, 235).astype(np.uint8)
        self._deltas = _deltas(lut, curve)

    def apply(self, frame: I420) -> None:
        """Grade a frame in place."""
        luma, u, v = planes(frame)
        half = (u.shape[1], u.shape[0])
        small = np.asarray(cv2.resize(luma, half, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        index = _place(small)
        for plane in (u, v):
            index *= _SIDE
            index += _place(plane)
        cv2.LUT(luma, self._curve, dst=luma)
        more = np.take(self._deltas[0], index)
        full = cv2.resize(more.astype(np.float32), (luma.shape[1], luma.shape[0]), interpolation=cv2.INTER_LINEAR)
        cv2.add(luma, full, dst=luma, dtype=cv2.CV_8U)
        np.clip(luma, 16, 235, out=luma)
        for plane, deltas in zip((u, v), self._deltas[1:], strict=True):
            cv2.add(plane, np.take(deltas, index).astype(np.int16), dst=plane, dtype=cv2.CV_8U)


@lru_cache(maxsize=4)
def grading_of(lut: Lut) -> Grading:
    """Prepare a table once for all pieces of a film."""
    return Grading(lut)


_LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


def _place(codes: NDArray[np.uint8]) -> NDArray[np.int32]:
    return (codes.astype(np.int32) + (1 << _SHIFT >> 1)) >> _SHIFT


def _deltas(lut: Lut, curve: NDArray[np.float32]) -> NDArray[np.int8]:
    """What is added to Y (after its curve), U and V of a colour, shape (3, _SIDE ** 3)."""
    codes = np.arange(_SIDE, dtype=np.float32) * (1 << _SHIFT)
    y, u, v = (part.ravel() for part in np.meshgrid(codes, codes, codes, indexing="ij"))
    light, cb, cr = (y - 16) / 219, (u - 128) / 224, (v - 128) / 224
    red, blue = light + 1.5748 * cr, light + 1.8556 * cb
    green = (light - 0.2126 * red - 0.0722 * blue) / 0.7152
    rgb = np.clip(np.stack([red, green, blue], axis=1), 0, 1).astype(np.float32)
    # The difference of two colours inside the cube: what lies outside of it is moved like its nearest neighbour.
    became = lut.look_up(rgb)
    was_y, now_y = rgb @ _LUMA, became @ _LUMA
    own = np.interp(np.clip(16 + 219 * was_y, 0, 255), np.arange(256), curve)
    change = np.stack(
        [
            16 + 219 * now_y - own,
            224 * ((became[:, 2] - now_y) - (rgb[:, 2] - was_y)) / 1.8556,
            224 * ((became[:, 0] - now_y) - (rgb[:, 0] - was_y)) / 1.5748,
        ]
    )
    return np.clip(np.round(change), -127, 127).astype(np.int8)
