"""What Replicate says about a prediction, read with care: it is somebody else's JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

ENDED = frozenset({"succeeded", "failed", "canceled", "aborted"})
"""`aborted` came later than the published client (1.0.7), which cannot read it: ended before it could start."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_MODERATED = re.compile(
    r"nsfw|flagged as sensitive|content polic|safety (?:filter|check)|moderation|\(?E005\)?", re.IGNORECASE
)


@dataclass(frozen=True)
class Prediction:
    """One job of the service."""

    id: str
    status: str
    model: str
    input: Mapping[str, Any]
    output_urls: tuple[str, ...]
    """Empty before it has succeeded, and once the service has deleted its files."""
    error: str
    created_at: datetime | None
    predict_s: float | None
    """How long the machine computed; None where the service does not say."""
    data_removed: bool

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in ENDED

    @property
    def is_refused(self) -> bool:
        """Whether it failed for what was asked or shown."""
        return self.status == "failed" and bool(_MODERATED.search(self.error))


def read_prediction(body: object) -> Prediction:
    """Read a prediction. Raises `ValueError` when it has no usable id or status; unknown keys and states are fine."""
    whole = mapping(body)
    job, status = whole.get("id"), whole.get("status")
    # The id becomes part of an address and of a file name.
    if not isinstance(job, str) or not _ID.fullmatch(job) or not isinstance(status, str):
        raise ValueError("the service describes a prediction in words that we do not know")
    predict_s = mapping(whole.get("metrics")).get("predict_time")
    return Prediction(
        id=job,
        status=status,
        model=str(whole.get("model") or ""),
        input=mapping(whole.get("input")),
        output_urls=_urls(whole.get("output")),
        error=str(whole.get("error") or "it gives no reason")[:300],
        created_at=_moment(whole.get("created_at")),
        predict_s=float(predict_s) if isinstance(predict_s, int | float) and 0 <= predict_s < 1e6 else None,
        data_removed=whole.get("data_removed") is True,
    )


def mapping(body: object) -> Mapping[str, Any]:
    """Give a JSON object; an empty one for anything else."""
    return body if isinstance(body, dict) else {}


def _urls(output: object) -> tuple[str, ...]:
    """Models give one address, a list of them, or an object with addresses in it."""
    if isinstance(output, str):
        return (output,)
    if isinstance(output, dict):
        output = list(output.values())
    return tuple(url for url in output if isinstance(url, str)) if isinstance(output, list) else ()


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
