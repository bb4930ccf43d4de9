"""Amounts of money as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from suno_video.core.money import dollars


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0.00"),
        ("0.5", "$0.50"),
        ("12", "$12.00"),
        ("1E+1", "$10.00"),
        ("0.0135", "$0.0135"),
        ("0.0120", "$0.012"),
        ("0.00001", "$0.00"),
        ("-3.1", "-$3.10"),
        ("-0.00001", "$0.00"),
    ],
)
def test_dollars_are_written_as_people_write_them(amount: str, text: str) -> None:
    assert dollars(Decimal(amount)) == text
