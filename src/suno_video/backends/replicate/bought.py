"""A prediction that was ordered: what happens from the moment the service accepted it.

From then on it may have been paid for. What cannot be learned of it is an unknown outcome, never a failure: a failure
would be a reason to order another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from suno_video.backends.base import FailureKind, Job, MakeFailed
from suno_video.backends.calling import Gone, NotAClip, ServiceAway
from suno_video.backends.patience import Patience
from suno_video.backends.replicate.client import ReplicateClient
from suno_video.backends.replicate.prediction import Prediction
from suno_video.core.errors import KeyRefusedError


class BoughtPrediction:
    """The prediction whose ticket a job holds.

    Args:
        price: What it cost, once it has succeeded.
    """

    def __init__(
        self, client: ReplicateClient, job: Job, patience: Patience, price: Callable[[Prediction], Decimal]
    ) -> None:
        assert job.ticket is not None
        self._client, self._ticket, self._check_stop = client, job.ticket, job.check_stop
        self._patience, self._price = patience, price
        self._urls: tuple[str, ...] = ()
        self.cost_usd = Decimal(0)
        """What it cost, as far as is known by now."""

    def wait(self) -> Prediction:
        """Wait until it is made.

        Raises:
            MakeFailed: It was not, with what that cost; or nothing can be learned of it.
        """
        made = self._wait_for_end()
        self.cost_usd = cost_of(made, self._price)
        if made.is_refused:
            raise MakeFailed(FailureKind.REFUSED, f"the model refuses it: {made.error}", self.cost_usd)
        if made.status != "succeeded":
            # Failed runs are not billed, as far as is known: nobody but the service's bill can say so.
            raise MakeFailed(
                FailureKind.RETRYABLE, f"the prediction ended as {made.status}: {made.error}", self.cost_usd
            )
        self._urls = made.output_urls
        return made

    def _wait_for_end(self) -> Prediction:
        with self._as_failures():
            try:
                for _ in self._patience.polls(self._check_stop):
                    found = self._client.look(self._ticket, self._check_stop)
                    if found.is_ended:
                        return found
                found = self._client.cancel(self._ticket, self._check_stop)
            except Gone as exc:
                raise ServiceAway("the service does not know it any more") from exc
            if not found.is_ended:
                raise ServiceAway("it does not end, and cannot be cancelled")
            return found

    def download(self, path: Path, kinds: tuple[str, ...]) -> Path:
        """Bring the first output to `path`, whole, and give the path. Raises `MakeFailed`."""
        with self._as_failures():
            try:
                self._fetch(path, kinds)
            except Gone:
                # Its address may have grown old: a fresh look gives a fresh one, if there still is one.
                self._urls = self._client.look(self._ticket, self._check_stop).output_urls
                self._fetch(path, kinds)
        return path

    def _fetch(self, path: Path, kinds: tuple[str, ...]) -> None:
        if not self._urls:
            raise Gone
        self._client.fetch(self._urls[0], path, kinds, self._check_stop)

    @contextmanager
    def _as_failures(self) -> Iterator[None]:
        """Tell trouble with a prediction that is bought in the words of the loop."""
        try:
            yield
        except Gone as exc:
            reason = "the service has deleted its output, as it does after an hour"
            raise MakeFailed(FailureKind.RETRYABLE, reason, self.cost_usd) from exc
        except NotAClip as exc:
            raise MakeFailed(FailureKind.RETRYABLE, f"what came cannot be used: {exc}", self.cost_usd) from exc
        except KeyRefusedError as exc:
            raise MakeFailed(FailureKind.UNKNOWN, "it is ordered, but the service now refuses the token") from exc
        except ServiceAway as exc:
            raise MakeFailed(FailureKind.UNKNOWN, f"it is ordered, but {exc}") from exc


def cost_of(ended: Prediction, price: Callable[[Prediction], Decimal]) -> Decimal:
    """Tell what an ended prediction cost: failed, cancelled and aborted ones are reported as not billed."""
    return price(ended) if ended.status == "succeeded" else Decimal(0)
