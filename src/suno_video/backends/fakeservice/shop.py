"""What the fake service does with a call. HTTP goes in and out as data, so that nothing here touches a socket."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from suno_video.backends.fakeservice.answers import (
    HANG_UP,
    Answer,
    Call,
    as_json,
    is_gone,
    job_view,
    problem,
    status_at,
)
from suno_video.backends.fakeservice.book import Book, Purchase
from suno_video.backends.fakeservice.clips import ClipShelf
from suno_video.backends.fakeservice.mischief import AFTERS, FATES, SPOILS, TURNS, Door, Mischief, Trick
from suno_video.backends.fakeservice.wire import ENDED, ClipWish, JobOrder, Tariff
from suno_video.core.errors import BadEditError

_MOST_LISTED = 100
_DOORS: tuple[tuple[str, str, Door], ...] = (
    ("POST", r"/v1/jobs", "buy"),
    ("GET", r"/v1/jobs", "list"),
    ("GET", r"/v1/jobs/(\w+)", "look"),
    ("POST", r"/v1/jobs/(\w+)/cancel", "cancel"),
    ("GET", r"/files/(\w+)\.mp4", "fetch"),
)
_TURNS = {
    "throttled": (HTTPStatus.TOO_MANY_REQUESTS, "Request was throttled."),
    "no-credit": (HTTPStatus.PAYMENT_REQUIRED, "You have insufficient credit to run this model."),
    "unfit": (HTTPStatus.UNPROCESSABLE_ENTITY, "The input does not fit."),
    "error-500": (HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong."),
    "error-502": (HTTPStatus.BAD_GATEWAY, "The gateway got no answer."),
    "error-503": (HTTPStatus.SERVICE_UNAVAILABLE, "The service is overloaded."),
}


class Shop:
    """The service behind its HTTP server. Safe to use from several threads.

    Args:
        now: Seconds since the epoch; tests of expiry give their own.
    """

    doors: tuple[tuple[str, str, Door], ...] = _DOORS
    turns: Mapping[str, tuple[HTTPStatus, str]] = _TURNS
    """What a refusal says, by trick."""

    def __init__(
        self,
        book: Book,
        shelf: ClipShelf,
        *,
        token: str,
        tariff: Tariff,
        mischief: Mischief,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._book, self._shelf, self._token, self._tariff, self._now = book, shelf, token, tariff, now
        self._lock = threading.Lock()
        self._n_calls: Counter[Door] = Counter()
        self._closing = threading.Event()
        self._mischief = mischief

    def close(self) -> None:
        """Do nothing more: those who are kept waiting are hung up on."""
        self._closing.set()

    def set_mischief(self, mischief: Mischief) -> None:
        """Let other things go wrong from now on; calls are counted from 1 again."""
        with self._lock:
            self._mischief = mischief
            self._n_calls.clear()

    def n_calls(self, door: Door) -> int:
        """How many calls came to a door since the mischief was set."""
        with self._lock:
            return self._n_calls[door]

    def answer(self, call: Call) -> Answer:
        """Do what a call asks, or what mischief makes of it."""
        place = self._door_of(call)
        if (place is None or place[0] != "fetch") and call.authorization != f"Bearer {self._token}":
            return problem(HTTPStatus.UNAUTHORIZED, "You did not pass a valid authentication token")
        if (call.method, call.target) == ("POST", "/_mischief"):
            return self._take_mischief(call)
        if place is None:
            return problem(HTTPStatus.NOT_FOUND, "There is nothing here")
        door, job = place
        tricks = self._tricks(door)
        return self._turn(door, call, tricks) or self._serve(door, job, call, tricks)

    def _door_of(self, call: Call) -> tuple[Door, str] | None:
        """Give the door that a call came to and the job it names, if any."""
        path = urlsplit(call.target).path
        for method, pattern, door in self.doors:
            found = re.fullmatch(pattern, path)
            if found and method == call.method:
                return door, found[1] if found.groups() else ""
        return None

    def _attempt_in(self, call: Call) -> str:
        order = _order_in(call)
        return order.metadata.attempt if order else ""

    def _take_mischief(self, call: Call) -> Answer:
        try:
            self.set_mischief(Mischief.from_json(call.body.decode(errors="replace"), "the mischief"))
        except BadEditError as exc:
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, exc.message)
        return as_json(HTTPStatus.OK, {})

    def _tricks(self, door: Door) -> list[Trick]:
        with self._lock:
            self._n_calls[door] += 1
            return self._mischief.at(door, self._n_calls[door])

    def _turn(self, door: Door, call: Call, tricks: Sequence[Trick]) -> Answer | None:
        """Give what mischief answers instead of doing what was asked; None to go on."""
        for trick in tricks:
            if trick.what == "delayed" and self._closing.wait(trick.wait_s or 0):
                return HANG_UP
        trick_now = next((trick for trick in tricks if trick.what in TURNS - {"delayed"}), None)
        if trick_now is None:
            return None
        if door == "buy":
            self._book.turn_away(self._attempt_in(call), trick_now.what, self._now())
        if trick_now.what == "dropped":
            return HANG_UP
        status, detail = self.turns[trick_now.what]
        return problem(status, detail, retry_after_s=trick_now.wait_s)

    def _serve(self, door: Door, job: str, call: Call, tricks: Sequence[Trick]) -> Answer:
        if door == "buy":
            return self._buy(call, tricks)
        if door == "list":
            return self._list(call)
        purchase = self._book.find(job)
        if purchase is None:
            return problem(HTTPStatus.NOT_FOUND, f"There is no job {job}")
        if door == "fetch":
            return self._fetch(purchase, tricks)
        if door == "cancel" and status_at(purchase, self._now(), self._mischief) not in ENDED:
            self._book.cancel(purchase.id, self._mischief.canceled_cost_usd)
            purchase = self._book.find(job) or purchase
        return as_json(HTTPStatus.OK, self._view(purchase, call))

    def _buy(self, call: Call, tricks: Sequence[Trick]) -> Answer:
        """Accept an order: first into the book, then, if mischief lets us, the answer."""
        order = _order_in(call)
        if order is None:
            self._book.turn_away("", "bad-order", self._now())
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The input does not fit: see the protocol")
        fate = next((trick.what for trick in tricks if trick.what in FATES), "good")
        price_usd = self._tariff.price_usd(order.input.n_frames, order.input.fps)
        purchase = self._book.accept(
            attempt=order.metadata.attempt,
            wish=order.input.for_the_book(),
            price_usd=price_usd,
            cost_usd=self._mischief.cost_usd(fate, price_usd),
            fate=fate,
            at_s=self._now(),
        )
        after = next((trick.what for trick in tricks if trick.what in AFTERS), None)
        if after == "dropped-after":
            return HANG_UP
        if after == "error-502-after":
            return problem(HTTPStatus.BAD_GATEWAY, "The gateway got no answer.")
        return as_json(HTTPStatus.CREATED, job_view(purchase, is_gone=False, base_url=call.base_url))

    def _list(self, call: Call) -> Answer:
        query = {name: values[-1] for name, values in parse_qs(urlsplit(call.target).query).items()}
        try:
            limit = min(max(int(query.get("limit", _MOST_LISTED)), 1), _MOST_LISTED)
            before = int(query["before"]) if "before" in query else None
        except ValueError:
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "limit and before are numbers")
        # One more than shown tells whether there is a next page.
        found = self._book.newest(limit + 1, before)
        shown = found[:limit]
        following = f"{call.base_url}/v1/jobs?limit={limit}&before={shown[-1].number}" if found[limit:] else None
        return as_json(HTTPStatus.OK, {"results": [self._view(job, call) for job in shown], "next": following})

    def _view(self, purchase: Purchase, call: Call) -> dict[str, object]:
        """Show a job as it is by now, after writing down that the buyer was told."""
        now_s = self._now()
        status = status_at(purchase, now_s, self._mischief)
        if status != purchase.status:
            self._book.tell(purchase.id, status)
        gone = status == "succeeded" and is_gone(purchase, now_s, self._mischief)
        if gone:
            self._book.deliver(purchase.id, is_spoiled=True)
        return job_view(replace(purchase, status=status), is_gone=gone, base_url=call.base_url)

    def _fetch(self, purchase: Purchase, tricks: Sequence[Trick]) -> Answer:
        now_s, kinds = self._now(), {trick.what for trick in tricks}
        if status_at(purchase, now_s, self._mischief) != "succeeded":
            return problem(HTTPStatus.NOT_FOUND, "There is no clip")
        if "expired" in kinds or is_gone(purchase, now_s, self._mischief):
            self._book.deliver(purchase.id, is_spoiled=True)
            return problem(HTTPStatus.GONE, "The clip has been deleted")
        body = self._shelf.clip(ClipWish.model_validate_json(purchase.wish), purchase.fate).read_bytes()
        is_cut = "cut" in kinds
        if not is_cut:
            self._book.deliver(purchase.id, is_spoiled=purchase.fate in SPOILS)
        kind = "text/html" if purchase.fate == "html" else "video/mp4"
        return Answer(HTTPStatus.OK, body, kind, delivery="cut" if is_cut else "whole")


def _order_in(call: Call) -> JobOrder | None:
    try:
        return JobOrder.from_json(call.body.decode(errors="replace"), "the order")
    except BadEditError:
        return None
