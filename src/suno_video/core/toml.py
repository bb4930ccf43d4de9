"""Reads TOML that a person wrote, and says where it is wrong: `tomllib` tells no lines of what became data."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from suno_video.core.errors import BadEditError

Shape = TypeVar("Shape", bound=BaseModel)


def parse_toml(shape: type[Shape], text: str, source: str) -> Shape:
    """Read TOML of a known shape. Raises `BadEditError`, with lines."""
    try:
        return shape.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as exc:
        raise BadEditError(source, [toml_reason(str(exc), text)]) from exc
    except ValidationError as exc:
        raise BadEditError(source, toml_faults(exc, text)) from exc


def read_user_text(path: Path) -> str:
    """Read a file that a person wrote. Raises `BadEditError` where it cannot be read, or is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")  # some editors put a mark before the text
    except UnicodeDecodeError as exc:
        raise BadEditError(str(path), [f"not UTF-8 text: {exc.reason} at byte {exc.start}"]) from exc
    except OSError as exc:
        raise BadEditError(str(path), [f"it cannot be read: {exc.strerror}"]) from exc


def toml_faults(exc: ValidationError, text: str) -> list[str]:
    """Say each fault of a record that was read from `text` in one line that starts with the line number."""
    return [toml_fault(text, fault["loc"], fault["msg"]) for fault in exc.errors(include_url=False)]


def toml_fault(text: str, loc: tuple[int | str, ...], message: str) -> str:
    """Say a fault of the value at path `loc` in one line that starts with the line number."""
    where = ".".join(str(part) for part in loc) or "the whole file"
    line = find_toml_line(text, loc)
    return f"line {line}: {where}: {message}" if line else f"{where}: {message}"


def toml_reason(message: str, text: str) -> str:
    """Put the line first in what `tomllib` says about a text that is not TOML."""
    found = re.search(r"^(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$", message, re.DOTALL)
    if found and found[2]:
        return f"line {found[2]}, column {found[3]}: {found[1]}"
    # An open string or list is noticed only where the file ends.
    return f"line {text.count(chr(10)) + 1}, at the end: {found[1]}" if found else message


def find_toml_line(text: str, loc: tuple[int | str, ...]) -> int | None:
    """Find the 1-based line of a key, or of its table when the key is missing or inline.

    The tables of an array (`[[price]]`) are counted from 0, as they are in the path.
    """
    path = [str(part) for part in loc]
    seen: Counter[str] = Counter()
    table: list[str] = []
    best: tuple[int, int] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*(\[+)([^\]]+)\]+", line)
        key = re.match(r"""\s*["']?([\w-]+)["']?\s*=""", line)
        if header:
            table = [part.strip(" \"'") for part in header[2].split(".")]
            if header[1] == "[[":
                name = ".".join(table)
                table.append(str(seen[name]))
                seen[name] += 1
            here = table
        elif key:
            here = [*table, key[1]]
        else:
            continue
        if here == path[: len(here)] and (best is None or len(here) > best[0]):
            best = (len(here), number)
    return best[1] if best else None
