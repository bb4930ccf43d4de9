"""The backend that buys from Replicate.

One order for each attempt, its ticket kept before anything is waited for, and no second order while it is not known
what became of the first.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from suno_video.backends.base import (
    BackendInfo,
    BackendSetup,
    Capabilities,
    ClipRequest,
    FailureKind,
    FileFootage,
    Job,
    MakeFailed,
    MakesKind,
    Quote,
    Readiness,
    RemoteState,
    StillRequest,
)
from suno_video.backends.calling import Gone, ServiceAway
from suno_video.backends.catalog import ModelCard, ModelCatalog
from suno_video.backends.patience import Patience
from suno_video.backends.prices import PriceBook
from suno_video.backends.received import receive_clip
from suno_video.backends.replicate.bought import BoughtPrediction
from suno_video.backends.replicate.client import KEY_HINT, USUAL_URL, Published, ReplicateClient, is_safe
from suno_video.backends.replicate.costs import Costs
from suno_video.backends.replicate.inputs import Request, clip_seconds, files_of, plain_input, whole_input
from suno_video.backends.replicate.lookup import Sought, find_attempt
from suno_video.backends.replicate.ordering import check_input, order
from suno_video.backends.replicate.prediction import Prediction
from suno_video.backends.replicate.received import receive_still

CLIP_KINDS = ("video/", "application/octet-stream")
STILL_KINDS = ("image/", "application/octet-stream")
_READS: Mapping[str, str] = {"seconds": "n_frames", "width": "size", "height": "size", "aspect_ratio": "size"}
_ALWAYS = frozenset({"prompt", "size"})
_AT_ONCE = 4


class ReplicateBackend:
    """Buys what one model at Replicate makes. Safe to use from several threads.

    Args:
        card: Of the model; the default for clips if not given.
        setup: Holds the address and the token.
        patience: How long it waits for what.
    """

    kinds: frozenset[MakesKind] = frozenset({"still", "clip"})
    name: str = "replicate"
    version: str = "1"
    capabilities: Capabilities = Capabilities(
        makes="clip", concurrency=_AT_ONCE, deterministic=False, spends_money=True, needs_network=True, footage="file"
    )

    def __init__(
        self, card: ModelCard | None = None, setup: BackendSetup | None = None, *, patience: Patience | None = None
    ) -> None:
        self._setup = setup or BackendSetup()
        self._card = card or ModelCatalog.of(self._setup).find("replicate", None, "clip")
        self._patience = patience or Patience(first_poll_s=0.5, most_poll_s=5.0)
        self.name, self.model = self._card.spec, self._card.id
        self.version = f"{type(self).version}+{self._card.digest}"
        self.capabilities = self._card.capabilities(
            concurrency=_AT_ONCE,
            deterministic=False,
            spends_money=True,
            needs_network=True,
            reads=_ALWAYS | {_field_of(role) for role in self._card.inputs},
        )
        self._client: ReplicateClient | None = None
        self._published = Published()
        self._known: dict[str, str] = {}
        self._lock = threading.Lock()

    @classmethod
    def info(cls) -> BackendInfo:
        """Facts for people."""
        return BackendInfo(
            "clip",
            "Buys stills and clips from the models at Replicate",
            "any; needs the internet",
            "per clip, second or picture: suno-video cost --prices",
            "each model its own: see its card",
            False,
            ("https://replicate.com", "https://replicate.com/docs/reference/http"),
        )

    @classmethod
    def readiness(cls) -> Readiness:
        """Say what it needs; `readiness_of` looks whether that is there."""
        return Readiness(False, f"needs a token. {KEY_HINT}")

    @classmethod
    def for_model(cls, card: ModelCard, setup: BackendSetup) -> ReplicateBackend:
        """Give a backend for one model; loads nothing."""
        return cls(card, setup)

    @classmethod
    def readiness_of(cls, card: ModelCard | None, setup: BackendSetup) -> Readiness:
        """Look whether there is an address and a token; calls nothing."""
        address = setup.services.get("replicate_url") or USUAL_URL
        if not is_safe(address):
            return Readiness(False, f"REPLICATE_BASE_URL must begin with https://. Unset it: {USUAL_URL} is usual.")
        if not setup.services.get("replicate_token"):
            return Readiness(False, f"REPLICATE_API_TOKEN is not set. {KEY_HINT}")
        return Readiness(True, f"{card.id if card else 'models'} at {address}; whether the token works is seen later")

    @cached_property
    def _costs(self) -> Costs:
        return Costs(self._card, PriceBook.load(self._setup.prices_file))

    def quote(self, request: Request) -> Quote:
        """Price a request. Raises `ConfigError`: its price is not known."""
        return self._costs.quote(plain_input(self._card, request), self._seconds(request))

    def open(self) -> None:
        """Prepare the connection and read, once, what the model takes.

        Raises:
            BackendUnavailableError: The address is not safe.
            KeyRefusedError: There is no token, or the service refuses it.
        """
        client = self._connection()
        try:
            self._published = client.model(self._card.remote_name, self._card.version, lambda: None)
        except (ServiceAway, Gone):
            self._published = Published()  # `check_input` says what then

    def make(self, request: Request, job: Job) -> FileFootage | Path:
        """Buy it, or pick up what was bought, and download it into `job.scratch`. Raises `MakeFailed`."""
        client = self._connection()
        # 1. Order it, unless an earlier run did. From here on, trouble is never a reason to order another.
        if job.ticket is None:
            self._buy(client, request, job)
        assert job.ticket is not None
        with self._lock:
            self._known[job.ticket] = job.attempt
        bought = BoughtPrediction(client, job, self._patience, lambda made: self._cost(request, made))
        # 2. Wait for it.
        bought.wait()
        # 3. Download it, and look what it really is.
        stem = f"{request.scene}-{job.ticket}-{secrets.token_hex(3)}"
        if isinstance(request, ClipRequest):
            path = bought.download(job.scratch / f"{stem}.mp4", CLIP_KINDS)
            return receive_clip(path, request, bought.cost_usd, job.check_stop)
        path = bought.download(job.scratch / f"{stem}.download", STILL_KINDS)
        job.cost_usd = bought.cost_usd
        return receive_still(path, job.scratch / f"{stem}.png", bought.cost_usd)

    def _buy(self, client: ReplicateClient, request: Request, job: Job) -> None:
        # 1. What can be seen to be wrong is told before anything is uploaded.
        job.check_stop()
        files_of(self._card, request)
        # 2. Upload, and check the whole input.
        try:
            wish = whole_input(
                self._card,
                request,
                job.scratch,
                lambda path, kind: client.upload(path, kind, job.attempt, job.check_stop),
            )
        except (ServiceAway, Gone) as exc:
            raise MakeFailed(FailureKind.UNAVAILABLE, f"Replicate takes no uploads: {exc}") from exc
        check_input(self._card, wish, self._published)
        # 3. Order.
        order(client, self._card, wish, job, self._published)

    def _seconds(self, request: Request) -> float | None:
        return clip_seconds(self._card, request) if isinstance(request, ClipRequest) else None

    def _cost(self, request: Request | None, made: Prediction) -> Decimal:
        wish = dict(made.input) if request is None else plain_input(self._card, request)
        seconds = max(self._card.seconds, default=None) if request is None else self._seconds(request)
        return self._costs.settled_usd(wish, seconds, made.predict_s)

    @property
    def settle_s(self) -> float:
        """How long after an order went out the service may still be about to accept it."""
        return self._patience.settle_s

    def look_up(self, attempt: str, request: ClipRequest | StillRequest | None) -> RemoteState:
        """Look for an attempt among the predictions of the account."""
        return self.look_up_since(attempt, request, None)

    def look_up_since(
        self, attempt: str, request: ClipRequest | StillRequest | None, since: datetime | None
    ) -> RemoteState:
        """Look for an attempt among the predictions that were made since."""
        if not attempt:
            return RemoteState(None, detail="an attempt without a name cannot be found")
        with self._lock:
            settled = frozenset(ticket for ticket, owner in self._known.items() if owner != attempt)
        words = None if request is None else plain_input(self._card, request)
        has_files = request is not None and _has_files(self._card, request)
        sought = Sought(attempt, self._card.remote_name, words, has_files, since, settled)
        # Without the request an ended one costs what the hold says: nothing is known of its length.
        state = find_attempt(self._connection(), sought, lambda made: self._cost(request, made))
        return state if request is not None or not state.finished else _without_price(state)

    def _connection(self) -> ReplicateClient:
        with self._lock:
            if self._client is None:
                services = self._setup.services
                self._client = ReplicateClient(
                    services.get("replicate_url", ""), services.get("replicate_token", ""), self._patience
                )
            return self._client

    def trim(self) -> None:
        """Nothing to return."""

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None


def _field_of(role: str) -> str:
    """Name the field of a request that a role is written from."""
    return {"reference": "references", **_READS}.get(role, role)


def _has_files(card: ModelCard, request: Request) -> bool:
    try:
        has_pictures = bool(files_of(card, request))
    except MakeFailed:
        return True
    has_sound = isinstance(request, ClipRequest) and request.audio is not None and "audio" in card.inputs
    return has_pictures or has_sound


def _without_price(state: RemoteState) -> RemoteState:
    """Leave out what cannot be told; what is not billed still is."""
    cost_usd = state.cost_usd if state.cost_usd == 0 else None
    return RemoteState(state.known, state.ticket, state.detail, finished=state.finished, cost_usd=cost_usd)
