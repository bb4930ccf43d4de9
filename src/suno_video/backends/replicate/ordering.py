"""The order itself: checked against what the model publishes, sent once, its ticket kept at once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from suno_video.backends.base import FailureKind, Job, MakeFailed
from suno_video.backends.catalog import ModelCard
from suno_video.backends.patience import Asking
from suno_video.backends.replicate.client import Published, ReplicateClient
from suno_video.backends.replicate.schema import input_faults

log = logging.getLogger(__name__)


def check_input(card: ModelCard, wish: Mapping[str, Any], published: Published) -> None:
    """Hold an input against the published schema. Without one, a card of which nobody is sure buys nothing.

    Raises:
        MakeFailed: `BAD_INPUT`, naming what does not fit and what would; or `UNAVAILABLE`.
    """
    if not published.schemas.get("Input"):
        if card.extra.get("unverified"):
            raise MakeFailed(
                FailureKind.UNAVAILABLE,
                f"what {card.id} takes cannot be read, and its card was never checked: nothing is bought blindly",
            )
        log.warning("what %s takes cannot be read; its card was checked on %s", card.id, card.checked_on)
        return
    faults = input_faults(wish, published.schemas)
    if faults:
        raise MakeFailed(FailureKind.BAD_INPUT, f"{card.id} does not take this: {'; '.join(faults)}")


def order(client: ReplicateClient, card: ModelCard, wish: Mapping[str, Any], job: Job, published: Published) -> None:
    """Send an order, once, and keep its ticket before anything is waited for. Raises `MakeFailed`."""
    job.check_stop()
    version = card.version or (published.version if card.extra.get("community") else "")
    if card.extra.get("community") and not version:
        raise MakeFailed(FailureKind.UNAVAILABLE, f"which version of {card.id} is the newest cannot be read")
    buying = Asking(lambda: client.create(card.remote_name, version, wish, job.attempt).id)
    try:
        job.keep_ticket(buying.result(job.check_stop))
    except BaseException:
        # The run ends while the order is out. If the answer came after all, nobody has to look for it later.
        if job.ticket is None and (ticket := buying.result_so_far()) is not None:
            job.keep_ticket(ticket)
        raise
