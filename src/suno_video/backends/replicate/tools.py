"""Runs models that work on what is there: lip-sync, try-on, upscaling. On the same path as stills and clips."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from suno_video.backends.base import BackendSetup, FailureKind, Job, MakeFailed, Quote
from suno_video.backends.calling import Gone, ServiceAway
from suno_video.backends.catalog import ModelCard, Scalar
from suno_video.backends.patience import Patience
from suno_video.backends.prices import PriceBook
from suno_video.backends.replicate.bought import BoughtPrediction
from suno_video.backends.replicate.client import Published, ReplicateClient
from suno_video.backends.replicate.costs import Costs
from suno_video.backends.replicate.inputs import content_type
from suno_video.backends.replicate.ordering import check_input, order

_KINDS = ("video/", "image/", "application/octet-stream")
_SUFFIX: Mapping[str, str] = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "video/mp4": ".mp4"}


@dataclass(frozen=True)
class ToolResult:
    """What a tool gave."""

    path: Path
    cost_usd: Decimal


def quote_tool(
    card: ModelCard, inputs: Mapping[str, Scalar | Path], setup: BackendSetup, *, seconds: float | None = None
) -> Quote:
    """Price a run before it is bought. Raises `ConfigError`: its price is not known."""
    plain = {key: value for key, value in inputs.items() if not isinstance(value, Path)}
    return Costs(card, PriceBook.load(setup.prices_file)).quote({**card.fixed, **plain}, seconds)


def run_tool(
    card: ModelCard,
    inputs: Mapping[str, Scalar | Path],
    job: Job,
    setup: BackendSetup,
    *,
    seconds: float | None = None,
    patience: Patience | None = None,
) -> ToolResult:
    """Buy one run of a tool, or pick up `job.ticket`, and download the result into `job.scratch`.

    Args:
        inputs: By the model's own names; files are uploaded.
        seconds: Length of the sound or clip, for tools that are priced by the second.

    Raises:
        MakeFailed: As a backend does. The caller holds money before, and settles after.
        ConfigError: Its price is not known, so nothing was bought.
        KeyRefusedError: The token is missing or refused.
    """
    patience = patience or Patience(first_poll_s=0.5, most_poll_s=5.0)
    costs = Costs(card, PriceBook.load(setup.prices_file))
    plain = {**card.fixed, **{key: value for key, value in inputs.items() if not isinstance(value, Path)}}
    costs.quote(plain, seconds)
    client = ReplicateClient(
        setup.services.get("replicate_url", ""), setup.services.get("replicate_token", ""), patience
    )
    try:
        if job.ticket is None:
            _order(client, card, inputs, job)
        bought = BoughtPrediction(client, job, patience, lambda made: costs.settled_usd(plain, seconds, made.predict_s))
        bought.wait()
        path = bought.download(job.scratch / f"tool-{job.ticket}-{secrets.token_hex(3)}", _KINDS)
        named = path.with_suffix(_SUFFIX.get(content_type(path), ".bin"))
        return ToolResult(path.replace(named), bought.cost_usd)
    finally:
        client.close()


def _order(client: ReplicateClient, card: ModelCard, inputs: Mapping[str, Scalar | Path], job: Job) -> None:
    job.check_stop()
    try:
        published = client.model(card.remote_name, card.version, job.check_stop)
    except (ServiceAway, Gone):
        published = Published()
    wish: dict[str, Any] = dict(card.fixed)
    try:
        for key, value in inputs.items():
            if isinstance(value, Path):
                wish[key] = client.upload(value, content_type(value), job.attempt, job.check_stop)
            else:
                wish[key] = value
    except (ServiceAway, Gone) as exc:
        raise MakeFailed(FailureKind.UNAVAILABLE, f"Replicate takes no uploads: {exc}") from exc
    check_input(card, wish, published)
    order(client, card, wish, job, published)
