"""Steps that may fail without harm."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

logger = logging.getLogger(__name__)


def attempt(what: str, step: Callable[[], T]) -> T | None:
    """Give the result of a step, or None when it fails: the log is told, nobody else."""
    try:
        return step()
    except Exception as exc:  # noqa: BLE001 - neither a reading nor a cleanup may break a film
        # As text: a log that keeps the exception would keep, through its traceback, all that we want to be rid of.
        logger.debug("%s failed: %s", what, repr(exc))
        return None
