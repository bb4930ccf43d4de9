"""Checks an input against the schema that a model publishes, before anything is bought."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from suno_video.backends.replicate.prediction import mapping

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
}


def input_faults(wish: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[str]:
    """Say what of an input a model does not take, each with what it would.

    Args:
        schemas: `components.schemas` of the model; without an `Input` in them everything passes.
    """
    published = mapping(schemas.get("Input"))
    known = mapping(published.get("properties"))
    if not known:
        return []
    faults = [_unknown(key, list(known)) for key in wish if key not in known]
    required = published.get("required")
    faults += [f"{key} is missing" for key in (required if isinstance(required, list) else []) if key not in wish]
    for key, value in wish.items():
        if key in known:
            faults += _misfit(key, value, _whole(mapping(known[key]), schemas))
    return faults


def _unknown(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, 1)
    return f"{key} is not among its inputs ({f'{close[0]}?' if close else ', '.join(sorted(known))})"


def _whole(rule: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Put together what a property says itself and what it refers to: enums are published by reference."""
    whole = dict(rule)
    parts = rule.get("allOf")
    for part in [rule, *(parts if isinstance(parts, list) else [])]:
        name = str(mapping(part).get("$ref", "")).removeprefix("#/components/schemas/")
        if name:
            whole = {**mapping(schemas.get(name)), **whole}
    return whole


def _misfit(key: str, value: Any, rule: Mapping[str, Any]) -> list[str]:
    if value is None and rule.get("nullable"):
        return []
    legal = rule.get("enum")
    if isinstance(legal, list) and value not in legal:
        return [f"{key} is {value!r}, and must be one of {', '.join(map(str, legal))}"]
    types = _TYPES.get(str(rule.get("type")))
    is_wrong = types is not None and (not isinstance(value, types) or (isinstance(value, bool) and bool not in types))
    if is_wrong:
        return [f"{key} is {value!r}, and must be of type {rule['type']}"]
    if isinstance(value, int | float) and not isinstance(value, bool):
        least, most = rule.get("minimum"), rule.get("maximum")
        if (least is not None and value < least) or (most is not None and value > most):
            bounds = [f"at least {least}" if least is not None else "", f"at most {most}" if most is not None else ""]
            return [f"{key} is {value}, and must be {' and '.join(filter(None, bounds))}"]
    return []
