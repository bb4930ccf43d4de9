"""Finds the prediction of an attempt whose answer never came. Decision 0009 says how, and why it is so careful.

The service keeps no id of ours beside a prediction. It does keep one beside each uploaded file, and echoes the file's
address in the input. An order without files can only be told by its words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from suno_video.backends.base import RemoteState
from suno_video.backends.calling import Gone, ServiceAway
from suno_video.backends.replicate.bought import cost_of
from suno_video.backends.replicate.client import ReplicateClient
from suno_video.backends.replicate.prediction import Prediction
from suno_video.core.errors import KeyRefusedError

_CLOCKS_APART = timedelta(minutes=10)
"""How far the service's clock may be from ours."""


@dataclass(frozen=True)
class Sought:
    """What is known of the attempt that is looked for."""

    attempt: str
    model: str
    words: Mapping[str, Any] | None
    """Its input without files; None where only the attempt is known any more."""
    has_files: bool
    """Whether a file went along, and with it our id."""
    since: datetime | None
    """When money was held for it; None: at any time."""
    settled: frozenset[str]
    """Predictions that are known to be of other attempts."""


def find_attempt(client: ReplicateClient, sought: Sought, price: Callable[[Prediction], Decimal]) -> RemoteState:
    """Look for an attempt among the predictions of the account. Raises nothing: who cannot be asked cannot say."""
    may_still_arrive = client.may_still_arrive(sought.attempt)
    try:
        sure, doubtful = _sift(client, sought)
    except (ServiceAway, Gone) as exc:
        return RemoteState(None, detail=f"Replicate cannot be asked: {exc}")
    except KeyRefusedError as exc:
        return RemoteState(None, detail=exc.message)
    if len(sure) == 1 and not doubtful:
        found = sure[0]
        cost_usd = cost_of(found, price) if found.is_ended else None
        detail = f"Replicate has it as {found.id}: {found.status}"
        return RemoteState(True, found.id, detail, finished=found.is_ended, cost_usd=cost_usd)
    if sure or doubtful:
        return RemoteState(None, detail=f"{len(sure) + len(doubtful)} predictions could be it, none for certain")
    if may_still_arrive:
        return RemoteState(None, detail="the order went out a moment ago and may still arrive")
    return RemoteState(False, detail="Replicate never got it")


def _sift(client: ReplicateClient, sought: Sought) -> tuple[list[Prediction], list[Prediction]]:
    """Give the predictions that are it, and those of which nobody can say."""
    sure: list[Prediction] = []
    doubtful: list[Prediction] = []
    for each in client.predictions():
        if _is_too_old(each, sought):
            break
        # What was bought under another model's name, or is known to be another attempt's, is not it.
        if each.id in sought.settled or (each.model and each.model != sought.model):
            continue
        verdict = _verdict(client, each, sought)
        if verdict == "ours":
            return [each], []
        {"alike": sure, "doubtful": doubtful}.get(verdict, []).append(each)
    return sure, doubtful


def _is_too_old(each: Prediction, sought: Sought) -> bool:
    """Whether this one and all after it were there before the attempt."""
    if sought.since is None or each.created_at is None:
        return False
    return each.created_at < sought.since - _CLOCKS_APART


def _verdict(client: ReplicateClient, each: Prediction, sought: Sought) -> str:
    """`ours`: it says so itself. `alike`: the same words, and no files. `doubtful`, or `other`."""
    if each.data_removed or not each.input:
        return "doubtful"
    attempts, n_silent = _attempts_in(client, each)
    if sought.attempt in attempts:
        return "ours"
    if sought.words is None:
        return "other" if attempts else "doubtful"
    is_same = all(each.input.get(key) == value for key, value in sought.words.items())
    if not is_same or attempts:
        return "other"
    if sought.has_files:
        return "doubtful" if n_silent else "other"
    return "alike" if set(each.input) == set(sought.words) else "other"


def _attempts_in(client: ReplicateClient, each: Prediction) -> tuple[set[str], int]:
    """Give our ids in the files of an input, and the number of files that do not tell."""
    told: set[str] = set()
    n_silent = 0
    for value in each.input.values():
        for url in value if isinstance(value, list) else [value]:
            if not isinstance(url, str) or "/v1/files/" not in url:
                continue
            try:
                attempt = client.attempt_of(url)
            except Gone:
                attempt = None
            if attempt is None:
                n_silent += 1
            else:
                told.add(attempt)
    return told, n_silent
