"""Amounts of money, counted and shown."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suno_video.core.money import MAX_USD, from_micro, to_micro, usd


@given(st.integers(0, 10**12))
def test_counting_in_micro_dollars_loses_nothing(n_micro: int) -> None:
    assert to_micro(from_micro(n_micro)) == n_micro


@given(st.decimals(0, 1000, places=9))
def test_nothing_counts_for_less_than_it_costs_nor_for_a_micro_dollar_more(amount_usd: Decimal) -> None:
    assert 0 <= from_micro(to_micro(amount_usd)) - amount_usd < Decimal("0.000001")


@pytest.mark.parametrize("amount", ["-0.01", "NaN", "Infinity", str(MAX_USD + 1)])
def test_what_is_no_amount_is_not_counted(amount: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        to_micro(Decimal(amount))


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "$0.00"),
        ("0.4", "$0.40"),
        ("0.0042", "$0.0042"),
        ("2.300", "$2.30"),
        ("1E+1", "$10.00"),
        ("1234.5", "$1,234.50"),
        ("0.00000001", "$0.000001"),
        ("-0.4", "-$0.40"),
    ],
)
def test_amounts_are_written_with_two_decimals_or_as_many_as_they_need(amount: str, words: str) -> None:
    assert usd(Decimal(amount)) == words
