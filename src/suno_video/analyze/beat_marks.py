"""Finds marks of beats in text and JSON of several kinds. Raises `ValueError` that says where and why."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suno_video.core.grid import MAX_BEATS

_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d*)?)")
_BAR_AND_BEAT = re.compile(r"([1-9]\d{0,5})[.:]([1-9]\d?)")
"""`12.1`: the first beat of bar 12."""
_LONGEST_BAR = 16
_DOWNBEAT = re.compile(r"(?:down(?:\s*-?_?beat)?|bar|measure|db|d|one)s?(?:\W*\d+)?", re.IGNORECASE)
_SEPARATORS = ("\t", ";", ",")
_LABEL_NAMES = ("position", "place", "beat", "downbeat", "value", "label")
_TIME_NAMES = ("time", "time_s", "start", "seconds", "beats_s", "beat_time", "onset")


@dataclass(frozen=True)
class Mark:
    """A beat that somebody marked."""

    time_s: float
    place: int
    """Place in the bar, 1 for the first; 0 where it is not said."""
    where: str
    """For people: `line 12`, `beats[3]`."""

    @property
    def is_downbeat(self) -> bool:
        """Whether a bar begins here."""
        return self.place == 1


def read_text_marks(text: str) -> list[Mark]:
    """Read rows of a time and what it is: CSV, tables of beat trackers, Audacity labels."""
    table = _read_table(text)
    rows = table.rows
    times = [_time(_cell(cells, table.time_column), f"line {number}") for number, cells in rows]
    places = _places([_cell(cells, table.label_column) for _, cells in rows])
    return [
        Mark(time_s, place, f"line {number}") for time_s, place, (number, _) in zip(times, places, rows, strict=True)
    ]


@dataclass(frozen=True)
class _Table:
    rows: list[tuple[int, list[str]]]
    """The number of each line that holds something, and its cells."""
    time_column: int = 0
    label_column: int = 1


def _read_table(text: str) -> _Table:
    """Divide text into cells; a first line that is no row of times names the columns."""
    rows, header = list[tuple[int, list[str]]](), list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip("\ufeff").rstrip()
        # Audacity writes the band of a selection on a line of its own, behind a backslash.
        if not line.strip() or line.lstrip().startswith(("#", "//", "\\")):
            continue
        cells = _split(line)
        if not rows and not header and _as_time(cells[0]) is None and not _is_number(cells[0]):
            header = [cell.lower() for cell in cells]
            continue
        rows.append((number, cells))
        _require_few(len(rows))
    at = _column(header, _TIME_NAMES)
    if at is None and "\t" in text and rows and all(_is_audacity(cells) for _, cells in rows):
        return _Table(rows, 0, 2)
    label = _column(header, _LABEL_NAMES)
    return _Table(rows, at or 0, (at or 0) + 1 if label is None else label)


def _column(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _cell(cells: Sequence[str], column: int) -> str:
    return cells[column].strip() if column < len(cells) else ""


def _require_few(n: int) -> None:
    # Looked at early: millions of lines would be read for minutes before they are refused.
    if n > MAX_BEATS:
        raise ValueError(f"it has more than {MAX_BEATS} marks, and a song has fewer beats")


def _split(line: str) -> list[str]:
    for separator in _SEPARATORS:
        if separator in line:
            cells = [cell.strip().strip('"') for cell in line.split(separator)]
            # Where a comma cannot part columns, it parts seconds from their fractions.
            return cells if separator == "," else [cells[0].replace(",", "."), *_decimal(cells[1:])]
    return line.split()


def _decimal(cells: Sequence[str]) -> list[str]:
    return [cell.replace(",", ".") if re.fullmatch(r"-?\d+,\d+", cell) else cell for cell in cells]


def _is_audacity(cells: Sequence[str]) -> bool:
    """Whether a row is a start, an end that is no earlier, and perhaps a label, as Audacity exports them."""
    if len(cells) < 2:
        return False
    start, end = _as_time(cells[0]), _as_time(cells[1])
    if start is None or end is None or end < start:
        return False
    return len(cells) > 2 or end == start


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _as_time(cell: str) -> float | None:
    if match := _CLOCK.fullmatch(cell):
        return int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3])
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _time(cell: Any, where: str) -> float:
    value = _as_time(cell) if isinstance(cell, str) else None
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        value = float(cell)
    if value is None or not math.isfinite(value):
        raise ValueError(f"{where}: {str(cell)[:40]!r} is no time")
    return value


def _places(labels: Sequence[Any]) -> list[int]:
    """Read what stands beside each time as its place in the bar; bars may count from 0."""
    counted = [_BAR_AND_BEAT.fullmatch(str(label).strip()) for label in labels]
    if labels and all(counted) and _rises([int(match[1]) for match in counted if match]):
        return [int(match[2]) for match in counted if match]
    places = [_place(label) for label in labels]
    known = [place for place in places if place is not None]
    if known and max(known) > _LONGEST_BAR:  # a number for each beat, or something else altogether
        return [1 if _is_bar_name(label) else 0 for label in labels]
    from_zero = bool(known) and min(known) == 0 and max(known) > 0
    return [0 if place is None else place + 1 if from_zero else place for place in places]


def _place(label: Any) -> int | None:
    if isinstance(label, Mapping):
        label = label.get("position", label.get("beat", ""))
    if isinstance(label, bool):
        return 1 if label else None
    if isinstance(label, int | float):
        label = repr(label)
    text = str(label or "").strip()
    if _is_bar_name(text):
        return 1
    if _is_number(text) and math.isfinite(float(text)) and float(text).is_integer() and float(text) >= 0:
        return int(float(text))
    return None


def _is_bar_name(label: Any) -> bool:
    return _DOWNBEAT.fullmatch(str(label).strip()) is not None


def _rises(numbers: Sequence[int]) -> bool:
    return all(a <= b for a, b in zip(numbers, numbers[1:], strict=False))


def read_json_marks(found: Any) -> list[Mark]:
    """Read a list of times, of pairs or of objects; `beats` and `downbeats`; our own analysis; or JAMS."""
    if isinstance(found, Mapping):
        if isinstance(found.get("annotations"), list):
            return _read_jams(found["annotations"])
        beats, downs = _field(found, "beats"), _field(found, "downbeats")
        if beats is None and downs is None:
            raise ValueError("it has neither `beats` nor `downbeats`")
        return _with_downbeats(_list(beats or [], "beats"), _list(downs or [], "downbeats"))
    return _list(found, "beats")


def _field(found: Mapping[str, Any], name: str) -> list[Any] | None:
    for key in (f"{name}_s", name):
        if key in found:
            if not isinstance(found[key], list):
                raise ValueError(f"`{key}` is no list")
            return list(found[key])
    return None


def _list(items: Sequence[Any], name: str) -> list[Mark]:
    _require_few(len(items))
    pairs = [_pair(item, f"{name}[{i}]") for i, item in enumerate(items)]
    places = _places([label for _, label in pairs])
    return [Mark(time_s, places[i], f"{name}[{i}]") for i, (time_s, _) in enumerate(pairs)]


def _pair(item: Any, where: str) -> tuple[float, Any]:
    if isinstance(item, list) and item:
        return _time(item[0], where), item[1] if len(item) > 1 else ""
    if isinstance(item, Mapping):
        key = next((name for name in _TIME_NAMES if name in item), None)
        if key is None:
            raise ValueError(f"{where} has no `time`")
        label = next((item[name] for name in _LABEL_NAMES if name in item), "")
        return _time(item[key], where), 1 if item.get("downbeat") is True else label
    return _time(item, where), ""


def _with_downbeats(beats: list[Mark], downs: list[Mark]) -> list[Mark]:
    """Mark those beats that are downbeats too."""
    if not beats:
        return [Mark(mark.time_s, 1, mark.where) for mark in downs]
    if any(b.time_s < a.time_s for a, b in zip(beats, beats[1:], strict=False)):
        return beats  # which is refused for that
    for mark in downs:
        near = _nearest(beats, mark.time_s)
        if abs(beats[near].time_s - mark.time_s) > 0.03:
            raise ValueError(f"{mark.where}: at {mark.time_s:g} s there is no beat")
        beats[near] = Mark(beats[near].time_s, 1, beats[near].where)
    return beats


def _nearest(beats: Sequence[Mark], time_s: float) -> int:
    at = bisect_left(beats, time_s, key=lambda mark: mark.time_s)
    return min((i for i in (at - 1, at) if 0 <= i < len(beats)), key=lambda i: abs(beats[i].time_s - time_s))


def _read_jams(annotations: Sequence[Any]) -> list[Mark]:
    """Read the first annotation of beats; one that knows places in the bar comes first (JAMS 0.3)."""
    for namespace in ("beat_position", "beat"):
        for number, each in enumerate(annotations):
            if isinstance(each, Mapping) and each.get("namespace") == namespace:
                return _read_jams_data(each.get("data"), f"annotations[{number}]")
    raise ValueError("none of its annotations has the namespace `beat` or `beat_position`")


def _read_jams_data(data: Any, where: str) -> list[Mark]:
    if isinstance(data, Mapping):  # older files hold one list for each column
        times, values = data.get("time"), data.get("value")
        if not isinstance(times, list) or not isinstance(values, list) or len(times) != len(values):
            raise ValueError(f"{where}: its data are no times and values")
        data = [{"time": time, "value": value} for time, value in zip(times, values, strict=True)]
    if not isinstance(data, list):
        raise ValueError(f"{where} has no data")
    _require_few(len(data))
    pairs = [_pair(item, f"{where}.data[{i}]") for i, item in enumerate(data)]
    places = _places([label for _, label in pairs])
    return [Mark(time_s, places[i], f"{where}.data[{i}]") for i, (time_s, _) in enumerate(pairs)]
