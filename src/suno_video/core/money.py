"""Amounts of money as people write them."""

from __future__ import annotations

from decimal import Decimal

_CENT, _SMALLEST = Decimal("0.01"), Decimal("0.0001")


def dollars(amount_usd: Decimal) -> str:
    """Write an amount as `$0.50`; where whole cents would not be true, with up to four digits: `$0.0135`."""
    rounded = abs(amount_usd).quantize(_SMALLEST)
    digits = f"{rounded:.2f}" if rounded == rounded.quantize(_CENT) else f"{rounded:.4f}".rstrip("0")
    return f"-${digits}" if amount_usd < 0 and rounded else f"${digits}"
