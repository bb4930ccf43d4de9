"""What a service says about a job, read with care: it is somebody else's JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from suno_video.backends.fakeservice.wire import ENDED

_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


@dataclass(frozen=True)
class RemoteJob:
    """A job as the service shows it."""

    id: str
    attempt: str
    """Our own id of the attempt, as we sent it along."""
    status: str
    output_url: str | None
    error: str
    error_code: str | None
    cost_usd: Decimal | None
    """What it cost; None where the service does not say."""

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in ENDED


def read_job(body: object) -> RemoteJob:
    """Read a job. Raises `ValueError` when it has no usable id or no status; unknown keys and states are fine."""
    whole = _mapping(body)
    job, status, output = whole.get("id"), whole.get("status"), whole.get("output")
    # The id becomes part of an address and of a file name.
    if not isinstance(job, str) or not _ID.fullmatch(job) or not isinstance(status, str):
        raise ValueError("the service describes a job in words that we do not know")
    return RemoteJob(
        id=job,
        attempt=str(_mapping(whole.get("metadata")).get("attempt", "")),
        status=status,
        output_url=output if isinstance(output, str) else None,
        error=str(whole.get("error") or "it gives no reason")[:300],
        error_code=str(whole["error_code"]) if whole.get("error_code") else None,
        cost_usd=_money(_mapping(whole.get("metrics")).get("cost_usd")),
    )


def _mapping(body: object) -> Mapping[str, object]:
    return body if isinstance(body, dict) else {}


def _money(value: object) -> Decimal | None:
    try:
        cost_usd = Decimal(str(value))
    except InvalidOperation:
        return None
    return cost_usd if cost_usd.is_finite() and cost_usd >= 0 else None
