"""A backend that buys from the fake service: how a paid backend should behave, in small.

One order for each attempt, its ticket kept before anything is waited for, and no second order while it is not known
what became of the first.
"""

from __future__ import annotations

import os
import re
import threading
from dataclasses import replace
from decimal import Decimal

from suno_video.backends.base import (
    BackendInfo,
    Capabilities,
    ClipRequest,
    FileFootage,
    Job,
    Quote,
    Readiness,
    RemoteState,
    StillRequest,
)
from suno_video.backends.calling import Gone, ServiceAway, is_loopback
from suno_video.backends.fakeservice.bought import BoughtClip, clip_order
from suno_video.backends.fakeservice.client import ServiceClient
from suno_video.backends.fakeservice.wire import (
    ADDRESS_VARIABLE,
    ENDED,
    SETTLE_VARIABLE,
    TOKEN_VARIABLE,
    Tariff,
)
from suno_video.backends.patience import Asking, Patience
from suno_video.backends.received import receive_clip
from suno_video.core.errors import BackendUnavailableError, KeyRefusedError

_HINT = f"Start a service (python -m suno_video.backends.fakeservice) and set {ADDRESS_VARIABLE} to its address."


class PaidFakeVideo:
    """Buys test cards from a `FakeService`. Safe to use from several threads.

    Args:
        address: Of the service, on this machine; `$SUNO_VIDEO_FAKE_SERVICE_URL` if not given.
        token: `$SUNO_VIDEO_FAKE_SERVICE_TOKEN` if not given.
        tariff: What it believes that a clip costs; the variables beside those, or the usual one, if not given.
        worst_factor: How many times the expected price a clip may cost in the worst case.
        n_frames: Legal lengths; None when any length will do.
        patience: How long it waits for what.
    """

    name: str = "fake-paid"
    version: str = "1"
    capabilities: Capabilities = Capabilities(
        makes="clip",
        accepts=frozenset({"first_frame"}),
        concurrency=4,
        deterministic=False,
        spends_money=True,
        needs_network=True,
        footage="file",
        reads=frozenset({"prompt", "negative_prompt", "seed", "size", "fps", "n_frames", "first_frame"}),
    )

    def __init__(
        self,
        address: str | None = None,
        token: str | None = None,
        *,
        tariff: Tariff | None = None,
        worst_factor: Decimal = Decimal(1),
        n_frames: tuple[int, ...] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._address = address or os.environ.get(ADDRESS_VARIABLE, "")
        self._token = token or os.environ.get(TOKEN_VARIABLE, "")
        self._tariff = tariff or Tariff.from_environment()
        self._worst_factor = max(worst_factor, Decimal(1))
        self._patience = patience or Patience()
        self.capabilities = replace(type(self).capabilities, n_frames=n_frames)
        self._connection: ServiceClient | None = None
        self._lock = threading.Lock()

    @classmethod
    def info(cls) -> BackendInfo:
        """Facts for people."""
        return BackendInfo("clip", "Buys test cards at a make-believe service, for tests", "any", "none", "MIT", True)

    @classmethod
    def readiness(cls) -> Readiness:
        """Look whether the variables name a service on this machine; calls nothing."""
        address = os.environ.get(ADDRESS_VARIABLE, "")
        if not address or not os.environ.get(TOKEN_VARIABLE):
            return Readiness(False, f"{ADDRESS_VARIABLE if not address else TOKEN_VARIABLE} is not set. {_HINT}")
        if not is_loopback(address):
            return Readiness(False, f"{ADDRESS_VARIABLE} must be an http address of this machine. {_HINT}")
        return Readiness(True, f"make-believe service at {address}")

    def quote(self, request: ClipRequest) -> Quote:
        """Price one clip by the tariff."""
        price_usd = self._tariff.price_usd(request.n_frames, request.fps)
        return Quote(expected_usd=price_usd, worst_usd=price_usd * self._worst_factor)

    def open(self) -> None:
        """Prepare the connection; nothing is sent.

        Raises:
            BackendUnavailableError: There is no address, or not one on this machine.
            KeyRefusedError: There is no token.
        """
        self._client()

    def make(self, request: ClipRequest, job: Job) -> FileFootage:
        """Buy a clip, or pick up the one that was bought, and download it into `job.scratch`. Raises `MakeFailed`."""
        client, assumed_usd = self._client(), self.quote(request).expected_usd
        # 1. Order it, unless an earlier run did. From here on, trouble is never a reason to order another.
        if job.ticket is None:
            self._buy(client, request, job)
        bought = BoughtClip(client, job, self._patience, assumed_usd)
        # 2. Wait for it.
        bought.wait()
        # 3. Download it.
        path = bought.download(job.scratch / f"{request.scene}-{job.ticket}.mp4")
        # 4. Look what it really is.
        return receive_clip(path, request, bought.cost_usd, job.check_stop)

    def _buy(self, client: ServiceClient, request: ClipRequest, job: Job) -> None:
        order = clip_order(request, job.attempt)
        job.check_stop()
        buying = Asking(lambda: client.buy(order))
        try:
            job.keep_ticket(buying.result(job.check_stop))
        except BaseException:
            # The run ends while the order is out. If the answer came after all, nobody has to look for it later.
            if job.ticket is None and (ticket := buying.result_so_far()) is not None:
                job.keep_ticket(ticket)
            raise

    @property
    def settle_s(self) -> float:
        """How long after an order went out the service may still be about to accept it."""
        return float(os.environ.get(SETTLE_VARIABLE) or self._patience.settle_s)

    def look_up(self, attempt: str, request: ClipRequest | StillRequest | None) -> RemoteState:
        """Look for an attempt among the jobs of the service."""
        if not attempt:
            return RemoteState(None, detail="an attempt without a name cannot be found")
        client = self._client()
        may_still_arrive = client.may_still_arrive(attempt)
        try:
            found = next((job for job in client.jobs() if job.attempt == attempt), None)
        except (ServiceAway, Gone) as exc:
            return RemoteState(None, detail=f"the service cannot be asked: {exc}")
        except KeyRefusedError as exc:
            return RemoteState(None, detail=exc.message)
        if found is not None:
            detail, ended = f"the service has it as {found.id}: {found.status}", found.status in ENDED
            return RemoteState(True, found.id, detail, finished=ended, cost_usd=found.cost_usd if ended else None)
        if may_still_arrive:
            return RemoteState(None, detail="the order went out a moment ago and may still arrive")
        return RemoteState(False, detail="the service never got it")

    def _client(self) -> ServiceClient:
        with self._lock:
            if self._connection is None:
                if not is_loopback(self._address):
                    raise BackendUnavailableError(f"{self._address!r} is no http address of this machine.", _HINT)
                if not re.fullmatch(r"[!-~]+", self._token):  # what a header can carry
                    raise KeyRefusedError(f"{TOKEN_VARIABLE} is not set, or no token.", _HINT)
                self._connection = ServiceClient(self._address, self._token, self._patience)
            return self._connection

    def trim(self) -> None:
        """Nothing to return."""

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
