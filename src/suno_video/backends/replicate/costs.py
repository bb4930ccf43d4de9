"""What a request costs at Replicate: from the price list before, from the machine's time after.

The service tells no prices. Official models are billed by what they give, others by the seconds that they compute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_UP, Decimal
from typing import Any

from suno_video.backends.base import Quote
from suno_video.backends.catalog import ModelCard
from suno_video.backends.prices import Price, PriceBook
from suno_video.core.errors import ConfigError

_MICRO = Decimal("0.000001")


@dataclass(frozen=True)
class Costs:
    """Prices one model.

    A card with `extra.hardware` is billed by computing: `extra.compute_s` says how long as a rule, and
    `extra.most_compute_s` at worst.
    """

    card: ModelCard
    book: PriceBook

    def quote(self, wish: Mapping[str, Any], seconds: float | None) -> Quote:
        """Price an input before it is bought.

        Args:
            seconds: Of the clip that is ordered; None for pictures.

        Raises:
            ConfigError: Its price is not known, or hangs on a length that is not. It is never taken for none.
        """
        price = self._price(wish)
        if price.unit != "compute-second":
            try:
                return price.cost(seconds=seconds)
            except ValueError as exc:
                raise ConfigError(f"{self.card.spec}: {exc}", "Say how long it is to be.") from exc
        usual, most = self.card.extra.get("compute_s"), self.card.extra.get("most_compute_s")
        if usual is None or most is None:
            raise ConfigError(
                f"{self.card.spec} is billed by the second of computing, and its card does not say how many.",
                "Add extra.compute_s and extra.most_compute_s to the card.",
            )
        expected, worst = price.cost(seconds=float(usual)), price.cost(seconds=float(most))
        return Quote(
            _rounded(expected.expected_usd), _rounded(worst.worst_usd), note=price.words, checked_on=price.checked_on
        )

    def settled_usd(self, wish: Mapping[str, Any], seconds: float | None, predict_s: float | None) -> Decimal:
        """Tell what a finished prediction cost. Raises `ConfigError` as `quote` does."""
        price = self._price(wish)
        if price.unit == "compute-second" and predict_s is not None:
            return _rounded(price.cost(seconds=predict_s).expected_usd)
        return self.quote(wish, seconds).expected_usd

    def _price(self, wish: Mapping[str, Any]) -> Price:
        hardware = self.card.extra.get("hardware")
        model = str(hardware) if hardware else self.card.id
        # What the model is told by our own names as well, so that a price may hang on either.
        options = {key: value for key, value in wish.items() if isinstance(value, str | int | bool)}
        if self.card.resolution is not None:
            options.setdefault("resolution", self.card.resolution)
        return self.book.price(model, backend=self.card.backend, on=_today(), options=options)


def _today() -> date:
    return datetime.now(UTC).date()


def _rounded(amount_usd: Decimal) -> Decimal:
    return amount_usd.quantize(_MICRO, ROUND_UP)
