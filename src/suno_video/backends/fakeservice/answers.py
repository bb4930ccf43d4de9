"""Calls and answers of the fake service as data, and how a job looks from outside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Literal, cast

from suno_video.backends.fakeservice.book import Purchase
from suno_video.backends.fakeservice.mischief import Mischief
from suno_video.backends.fakeservice.wire import ENDED, MODERATION, JobStatus

_END_OF = {"fails": "failed", "refused": "failed", "aborted": "aborted"}
_SAYS = {
    "fails": (None, "CUDA error: an illegal memory access was encountered"),
    "refused": (MODERATION, "The input or output was flagged as sensitive. Please try again with different inputs."),
    "aborted": (None, "The job was aborted before it could start"),
}


@dataclass(frozen=True)
class Call:
    """One call, as it came in."""

    method: str
    target: str
    """Path and query."""
    body: bytes
    authorization: str
    base_url: str
    """How the caller reaches us."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """All of them, their names in small letters."""


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: HTTPStatus
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Literal["whole", "cut", "none"] = "whole"
    """`cut`: the connection breaks halfway through the body. `none`: it breaks before a word is said."""


HANG_UP = Answer(HTTPStatus.OK, b"", delivery="none")


def as_json(status: HTTPStatus, content: Mapping[str, Any]) -> Answer:
    """Answer with a JSON object."""
    return Answer(status, json.dumps(content).encode())


def problem(status: HTTPStatus, detail: str, *, retry_after_s: float | None = None) -> Answer:
    """Refuse a call in the words of RFC 7807."""
    body = {"title": status.phrase, "detail": detail, "status": status.value}
    headers = {} if retry_after_s is None else {"Retry-After": f"{retry_after_s:g}"}
    return Answer(status, json.dumps(body).encode(), "application/problem+json", headers)


def status_at(purchase: Purchase, now_s: float, mischief: Mischief) -> JobStatus:
    """Give the state that a job has reached by now."""
    if purchase.status in ENDED:
        return cast(JobStatus, purchase.status)
    age_s = now_s - purchase.bought_s
    if purchase.fate == "never-ends" or age_s < mischief.work_s:
        return "starting" if age_s < mischief.work_s / 4 else "processing"
    return cast(JobStatus, _END_OF.get(purchase.fate, "succeeded"))


def is_gone(purchase: Purchase, now_s: float, mischief: Mischief) -> bool:
    """Whether the clip of a finished job can no longer be fetched."""
    return mischief.expire_s is not None and now_s > purchase.bought_s + mischief.work_s + mischief.expire_s


def job_view(purchase: Purchase, *, is_gone: bool, base_url: str) -> dict[str, Any]:
    """Show a job in its present state, as buyers see it."""
    job_url, ended = f"{base_url}/v1/jobs/{purchase.id}", purchase.status in ENDED
    says = ended and purchase.status in ("failed", "aborted")
    code, error = _SAYS.get(purchase.fate, (None, None)) if says else (None, None)
    has_clip = purchase.status == "succeeded" and not is_gone
    return {
        "id": purchase.id,
        "status": purchase.status,
        "created_at": datetime.fromtimestamp(purchase.bought_s, UTC).isoformat(),
        "input": json.loads(purchase.wish),
        "metadata": {"attempt": purchase.attempt},
        "output": f"{base_url}/files/{purchase.id}.mp4" if has_clip else None,
        "data_removed": is_gone,
        "error": error,
        "error_code": code,
        "metrics": {"cost_usd": str(purchase.cost_usd)} if ended else {},
        "urls": {"get": job_url, "cancel": f"{job_url}/cancel"},
    }
