"""Says where in a TOML file something is wrong: `tomllib` tells no lines once the text has become data."""

from __future__ import annotations

import re
from collections import Counter

from pydantic import ValidationError


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
