"""Money: `Decimal` US dollars in our hands, whole micro-dollars where it is stored, so that sums are exact."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

MICRO_PER_USD = 1_000_000
MAX_USD = Decimal(1_000_000)
"""More than this in one amount is a mistake. Nine million such amounts still add up in 64 bits."""

_CENT_DIGITS = 2
_MICRO = Decimal("0.000001")


def to_micro(amount_usd: Decimal) -> int:
    """Count an amount in micro-dollars. What is finer is rounded up: nothing counts for less than it costs.

    Raises:
        ValueError: The amount is negative, endless, not a number, or above `MAX_USD`.
    """
    if not amount_usd.is_finite() or not 0 <= amount_usd <= MAX_USD:
        raise ValueError(f"{amount_usd} is no amount of money that can be counted")
    return int((amount_usd * MICRO_PER_USD).to_integral_value(ROUND_CEILING))


def from_micro(n_micro: int) -> Decimal:
    """Give the amount in US dollars, exactly."""
    return Decimal(n_micro) / MICRO_PER_USD


def usd(amount_usd: Decimal) -> str:
    """Write an amount for people, exactly and with two decimals or more: `$0.40`, `$12.00`, `$0.0042`."""
    rounded = amount_usd.quantize(_MICRO, ROUND_CEILING)
    sign = "-" if rounded < 0 else ""
    whole, _, decimals = f"{abs(rounded):,f}".partition(".")
    return f"{sign}${whole}.{decimals.rstrip('0').ljust(_CENT_DIGITS, '0')}"
