"""Fingerprints: the same one means that making it again would give the same bytes.

A file is reused by fingerprint and never by `exists()`, which takes a half-written clip for a finished one and an old
prompt for a new one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

_CHUNK = 1 << 20
_PART_DIGITS = 10


def fingerprint(*parts: Any) -> str:
    """Hash requests, records, numbers, arrays and files (by content) into 64 hex digits.

    Raises:
        TypeError: A part has no stable form.
        OSError: A file cannot be read.
    """
    canonical = json.dumps([_plain(part) for part in parts], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def part_prints(parts: Mapping[str, Any]) -> dict[str, str]:
    """Give a short fingerprint of each part by name, to say later which one has changed."""
    return {name: fingerprint(part)[:_PART_DIGITS] for name, part in parts.items()}


def changed_parts(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Name the parts that differ, in the order of `new`; parts that only one side knows count as changed."""
    return [name for name in {**new, **old} if old.get(name) != new.get(name)]


def _plain(part: Any) -> Any:
    if part is None or isinstance(part, bool | int | str):
        return part
    if isinstance(part, float):
        return repr(part)
    if isinstance(part, np.ndarray):
        return {"array": hashlib.sha256(np.ascontiguousarray(part).tobytes()).hexdigest(), "shape": list(part.shape)}
    if isinstance(part, Path):
        return {"file": file_sha256(part)}
    if isinstance(part, BaseModel):
        return _plain({name: getattr(part, name) for name in type(part).model_fields})
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        return _plain({f.name: getattr(part, f.name) for f in dataclasses.fields(part)})
    if isinstance(part, Mapping):
        return {str(key): _plain(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_plain(item) for item in part]
    if isinstance(part, set | frozenset):
        return sorted(json.dumps(_plain(item)) for item in part)
    if isinstance(part, Decimal):
        return str(part)
    raise TypeError(f"{type(part).__name__} has no stable form to take a fingerprint of")


def file_sha256(path: Path) -> str:
    """Hash a file's content; remembered while size and time of change stay the same."""
    stat = path.stat()
    return _hash_file(str(path), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=4096)
def _hash_file(path: str, size: int, mtime_ns: int) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
