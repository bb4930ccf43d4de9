"""Records: everything we write to disk or send over HTTP is one of these."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from suno_video.core.errors import BadEditError


class Record(BaseModel):
    """A frozen piece of data that refuses unknown keys, so that a typing mistake in a file is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def to_json(self) -> str:
        """Render as indented JSON with a final newline: meant to be read and edited by a person."""
        return self.model_dump_json(indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, source: Path | str = "<text>") -> Self:
        """Read JSON that a person may have edited.

        Raises:
            BadEditError: The text is not JSON, or does not fit; names the line and the reason.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as exc:
            raise BadEditError(str(source), _explain(exc, text)) from exc

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a record from a UTF-8 file. Raises `BadEditError` as `from_json` does, and `OSError`."""
        try:
            text = path.read_text(encoding="utf-8-sig")  # some editors put a mark before the text
        except UnicodeDecodeError as exc:
            raise BadEditError(str(path), [f"not UTF-8 text: {exc.reason} at byte {exc.start}"]) from exc
        return cls.from_json(text, path)


def _explain(exc: ValidationError, text: str) -> list[str]:
    """Say each fault in one line that starts with the line number in `text`."""
    try:
        json.loads(text)
    except json.JSONDecodeError as bad:
        return [f"line {bad.lineno}, column {bad.colno}: {bad.msg}"]
    except RecursionError:
        return ["line 1: brackets are nested far too deeply"]
    reasons = []
    for fault in exc.errors(include_url=False):
        where = ".".join(str(part) for part in fault["loc"]) or "the whole file"
        line = find_line(text, fault["loc"])
        reasons.append(f"line {line}: {where}: {fault['msg']}" if line else f"{where}: {fault['msg']}")
    return reasons


def find_line(text: str, loc: tuple[str | int, ...]) -> int | None:
    """Find the 1-based line on which the JSON value at path `loc` begins.

    Walks the text with the standard scanner instead of guessing by search, because keys repeat in every scene.
    The deepest part of the path that exists wins (a missing key is reported at its parent).
    """
    position = _locate(text, _skip(text, 0), loc)
    return None if position is None else text.count("\n", 0, position) + 1


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _locate(text: str, at: int, loc: tuple[str | int, ...]) -> int | None:
    decoder = json.JSONDecoder()
    if not loc:
        return at
    if at >= len(text) or text[at] not in "{[":
        return at
    closing, start, index = ("}" if text[at] == "{" else "]"), at, 0
    at = _skip(text, at + 1)
    while at < len(text) and text[at] != closing:
        name: str | int = index
        if closing == "}":
            name, at = decoder.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        if name == loc[0]:
            return _locate(text, at, loc[1:])
        _, at = decoder.raw_decode(text, at)
        at = _skip(text, at)
        if at < len(text) and text[at] == ",":
            at = _skip(text, at + 1)
        index += 1
    return start
