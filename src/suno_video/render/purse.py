"""Pays for footage: what a wish costs is set aside under the name of its scene."""

from __future__ import annotations

from suno_video.backends.base import Quote
from suno_video.project import purse
from suno_video.project.purchases import Hold
from suno_video.render.orders import Wish


class Purse(purse.Purse):
    """Buys stills and clips for one project in one run. May be shared by threads."""

    def hold(self, wish: Wish, quote: Quote, number: int, model: str = "") -> Hold:
        """Set money aside for one attempt, or give the open hold that an earlier run left for the same wish.

        Raises:
            BudgetReachedError: A cap would be passed.
        """
        return self.set_aside(
            wish.scene,
            wish.kind,
            wish.fingerprint,
            backend=wish.backend,
            model=model,
            number=number,
            expected_usd=quote.expected_usd,
            worst_usd=quote.worst_usd,
            note=quote.note,
        )
