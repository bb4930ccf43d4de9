"""Reads the beats that a person brings along: CSV, JSON, Audacity labels, JAMS, or the two columns of beat trackers.

What a file is, is told by its content. It may come from anywhere, so that its size, its numbers and their order are
checked before anything is made of them.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from suno_video.analyze.beat_marks import Mark, read_json_marks, read_text_marks
from suno_video.core.errors import BadBeatsError, NoSuchInputError
from suno_video.core.grid import GridWish

MAX_BYTES = 32 * 2**20
"""Our own analysis of the longest song fits; a song renamed to beats.csv does not."""
LEAST_STEP_S = 0.1
_SAME_S = 0.002
_HINT = (
    "Give times in seconds, rising: a CSV (time[,place in the bar]), JSON, JAMS, or labels exported from Audacity; "
    "see docs/listening.md."
)


def read_beats_file(path: Path) -> GridWish:
    """Read beats, and bars where they are marked.

    Raises:
        NoSuchInputError: It is not there or may not be read.
        BadBeatsError: It is too large, or no beats can be made of it; names the line and the reason.
    """
    marks = _merge(path, _read_marks(path))
    if len(marks) < 2:
        raise _bad(path, "it has fewer than two beats")
    times = tuple(round(mark.time_s, 4) for mark in marks)
    downs = tuple(time for time, mark in zip(times, marks, strict=True) if mark.is_downbeat)
    source = "".join(c if c.isprintable() else "?" for c in path.name.encode(errors="replace").decode())[:255]
    if len(downs) == len(times):
        return GridWish(downbeats_s=downs, source=source)
    return GridWish(beats_s=times, downbeats_s=downs, beats_per_bar=_metre(marks), source=source)


def require_within(wish: GridWish, duration_s: float) -> None:
    """Refuse a grid that reaches beyond its song. Raises `BadBeatsError`."""
    last = max((*wish.beats_s[-1:], *wish.downbeats_s[-1:]), default=0.0)
    if last > duration_s + 0.5:
        name = wish.source or "grid.json"
        raise BadBeatsError(
            f"{name!r} has a beat at {last:.3f} s, and the song ends at {duration_s:.3f} s.",
            "Give the beats of this song, in seconds.",
        )
    if wish.downbeat_s is not None and wish.downbeat_s > duration_s:
        raise BadBeatsError(
            f"--downbeat {wish.downbeat_s:.3f} s lies beyond the end of the song, {duration_s:.3f} s.",
            "Name a moment within the song at which a bar begins.",
        )


def _read_marks(path: Path) -> list[Mark]:
    text = _read_text(path)
    try:
        if text.lstrip()[:1] in ("{", "["):
            return read_json_marks(json.loads(text))
        return read_text_marks(text)
    except json.JSONDecodeError as exc:
        raise _bad(path, f"line {exc.lineno}, column {exc.colno}: {exc.msg}") from exc
    except RecursionError as exc:
        raise _bad(path, "line 1: brackets are nested far too deeply") from exc
    except ValueError as exc:
        raise _bad(path, str(exc)) from exc


def _read_text(path: Path) -> str:
    try:
        if not path.is_file():
            raise NoSuchInputError(f"There is no file {str(path)!r}.", "Check the name given with --beats.")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as exc:
        reason = (exc.strerror if isinstance(exc, OSError) else None) or str(exc)
        raise NoSuchInputError(
            f"{str(path)!r} cannot be read: {reason}.", "Check the name given with --beats."
        ) from exc
    if len(content) > MAX_BYTES:
        raise _bad(path, f"it is larger than {MAX_BYTES >> 20} MB")
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as exc:
        raise _bad(path, "it is not text") from exc
    if "\0" in text:
        raise _bad(path, "it is not text")
    if not text.strip():
        raise _bad(path, "it is empty")
    return text


def _merge(path: Path, marks: Sequence[Mark]) -> list[Mark]:
    """Check the times, and join a beat and a bar that are marked at one moment."""
    out: list[Mark] = []
    for mark in marks:
        if not math.isfinite(mark.time_s):
            raise _bad(path, f"{mark.where}: the time is no number")
        if mark.time_s < 0:
            raise _bad(path, f"{mark.where}: the time is negative ({mark.time_s:g} s)")
        step_s = mark.time_s - out[-1].time_s if out else math.inf
        if step_s < -_SAME_S:
            raise _bad(path, f"{mark.where}: {mark.time_s:g} s comes after {out[-1].time_s:g} s; times must rise")
        if abs(step_s) <= _SAME_S:
            is_bar = out[-1].is_downbeat or mark.is_downbeat
            out[-1] = Mark(out[-1].time_s, 1 if is_bar else max(out[-1].place, mark.place), out[-1].where)
        elif step_s < LEAST_STEP_S:
            raise _bad(path, f"{mark.where}: {mark.time_s:g} s is closer than {LEAST_STEP_S:g} s to the beat before")
        else:
            out.append(mark)
    return out


def _metre(marks: Sequence[Mark]) -> int | None:
    """The usual number of beats from one bar to the next; None where bars are not marked."""
    at = [i for i, mark in enumerate(marks) if mark.is_downbeat]
    steps = Counter(b - a for a, b in zip(at, at[1:], strict=False))
    return steps.most_common(1)[0][0] if steps else None


def _bad(path: Path, reason: str) -> BadBeatsError:
    shown = "".join(c if c.isprintable() else "?" for c in reason)[:200]
    return BadBeatsError(f"{path.name!r} cannot be used as beats: {shown}.", _HINT)
