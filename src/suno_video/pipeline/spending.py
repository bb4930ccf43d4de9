"""What a run may spend, and on which scenes: money follows the music."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from suno_video.backends.base import FREE, Quote
from suno_video.backends.prices import STALE_AFTER_DAYS
from suno_video.core.errors import UsageError
from suno_video.core.events import EventSink, Notice, Warned
from suno_video.core.money import usd
from suno_video.direct.budget import Allotment, allot, render_order, summarize_allotment
from suno_video.direct.worth import rank_scenes
from suno_video.pipeline.footing import Footing, Stage, StandIn
from suno_video.pipeline.options import PlannedFilm
from suno_video.render.attempts import BUDGET
from suno_video.render.orders import Wish
from suno_video.render.purse import Purse


class Spending:
    """Chooses the clips to be made under the caps of a run, and the order in which stills are bought.

    Args:
        purse: None when nothing may be spent.
    """

    def __init__(self, plan: PlannedFilm, stage: Stage, purse: Purse | None, events: EventSink) -> None:
        self.purse = purse
        self._plan, self._stage, self._events = plan, stage, events

    def choose(self, wishes: Sequence[Wish], footing: Footing) -> tuple[list[Wish], dict[str, StandIn]]:
        """Give the wishes to be fulfilled, most worth first, and why the others are not."""
        if not any(self._costs(wish) for wish in wishes):
            return list(wishes), {}
        allotment = self.allot(wishes, footing)
        self._events(Notice(summarize_allotment(allotment)))
        self._warn_of_old_prices(wishes)
        worth = {scene: rank for rank, scene in enumerate(render_order(self._stage.board, allotment))}
        left = {place.scene: StandIn(place.reason, BUDGET) for place in allotment.placements if place.is_stand_in}
        chosen = [replace(wish, worth=worth.get(wish.scene, 0)) for wish in wishes if wish.scene not in left]
        return chosen, left

    def order_stills(self, stills: Sequence[Wish], clips: Sequence[Wish]) -> list[Wish]:
        """Give the stills in the order in which they are to be made: where they cost money, the best scenes first."""
        if not any(self._costs(wish) for wish in stills):
            return list(stills)
        return stills_by_worth(self._plan, self._stage, stills, clips, self.open_scenes(stills))

    def allot(self, wishes: Sequence[Wish], footing: Footing) -> Allotment:
        """Divide what is left among the scenes whose footage costs money."""
        left_usd = self.purse.left_usd() if self.purse is not None else None
        return allot_money(self._plan, self._stage, wishes, footing, left_usd, self.open_scenes(wishes))

    def require_allowed(self, wishes: Sequence[Wish]) -> None:
        """Refuse a film that costs money when no budget was given, before anything is made.

        Raises:
            UsageError: Says what it would cost.
        """
        paid = [wish for wish in wishes if self._costs(wish)]
        if self.purse is not None or not paid:
            return
        quotes = [self._quote(wish) for wish in paid]
        expected, worst = (
            sum(part, Decimal(0)) for part in zip(*((q.expected_usd, q.worst_usd) for q in quotes), strict=True)
        )
        names = ", ".join(sorted({wish.backend for wish in paid}))
        raise UsageError(
            f"{names} costs money: {_count(paid)}, {usd(expected)} expected, {usd(worst)} at worst; no budget is set.",
            f"Allow it with --budget {worst:.2f}, or less for the best scenes; `suno-video storyboard --dry-run` "
            "shows the plan.",
        )

    def _warn_of_old_prices(self, wishes: Sequence[Wish]) -> None:
        checked = {wish.backend: self._quote(wish).checked_on for wish in wishes}
        today = datetime.now(UTC).date()
        for backend, day in checked.items():
            if day is not None and (today - day).days > STALE_AFTER_DAYS:
                self._events(Warned(f"prices of {backend} were last checked on {day}; they may have changed since"))

    def _costs(self, wish: Wish) -> bool:
        return bool(self._stage.backends[wish.backend].capabilities.spends_money)

    def _quote(self, wish: Wish) -> Quote:
        quote: Quote = self._stage.backends[wish.backend].quote(wish.request)
        return quote

    def open_scenes(self, wishes: Sequence[Wish]) -> frozenset[str]:
        """Scenes whose footage an earlier run began to buy: they are picked up, whatever the budget says."""
        if self.purse is None:
            return frozenset()
        held = {hold.purchase.fingerprint for hold in self.purse.open_holds()}
        return frozenset(wish.scene for wish in wishes if wish.fingerprint in held)


def _count(wishes: Sequence[Wish]) -> str:
    """Say how many stills and clips these are."""
    counts = {kind: sum(wish.kind == kind for wish in wishes) for kind in ("still", "clip")}
    return " and ".join(f"{n} {kind}" + ("s" if n != 1 else "") for kind, n in counts.items() if n)


def allot_money(
    plan: PlannedFilm,
    stage: Stage,
    wishes: Sequence[Wish],
    footing: Footing,
    left_usd: Decimal | None,
    held: frozenset[str] = frozenset(),
    stills_to_come: frozenset[str] = frozenset(),
) -> Allotment:
    """Divide money among the scenes whose footage costs some; what is there or on its way costs nothing more."""
    backends = stage.backends
    quotes = {wish.scene: backends[wish.backend].quote(wish.request) for wish in wishes}
    paid = {name: quote for name, quote in quotes.items() if _spends(stage, name)}
    there = {name for name in footing.clips if _spends(stage, name)}
    return allot(
        stage.board,
        plan.analysis,
        paid,
        budget_usd=left_usd,
        has_picture=stills_to_come.union(footing.stills),
        already=there | held,
    )


def stills_by_worth(
    plan: PlannedFilm,
    stage: Stage,
    stills: Sequence[Wish],
    clips: Sequence[Wish],
    held: frozenset[str] = frozenset(),
) -> list[Wish]:
    """Put stills in the order in which money should reach them, and number them so.

    A scene is weighed by what its still and its clip cost together: a still is of most use where the clip that begins
    with it will be paid for as well.

    Args:
        clips: What is still to be made of the clips.
        held: Scenes whose still an earlier run began to buy. They come first: services forget what nobody fetches.
    """
    quotes: dict[str, Quote] = {}
    for wish in (*stills, *clips):
        quote, before = stage.backends[wish.backend].quote(wish.request), quotes.get(wish.scene, FREE)
        quotes[wish.scene] = Quote(before.expected_usd + quote.expected_usd, before.worst_usd + quote.worst_usd)
    ranks = {entry.scene.id: rank for rank, entry in enumerate(rank_scenes(stage.board, plan.analysis, quotes))}
    ordered = sorted(stills, key=lambda wish: (wish.scene not in held, ranks[wish.scene]))
    return [replace(wish, worth=place) for place, wish in enumerate(ordered)]


def _spends(stage: Stage, scene: str) -> bool:
    return bool(stage.backends[stage.scene(scene).video_backend].capabilities.spends_money)
