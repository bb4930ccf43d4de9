"""Dated prices: which one holds, what it makes of a request, and mistakes in a file of the user's."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from suno_video.backends.base import FREE
from suno_video.backends.prices import Price, PriceBook, read_prices
from suno_video.core.errors import BadEditError, ConfigError

DAY = date(2026, 11, 25)


def row(**values: Any) -> str:
    """One row of a prices file: a model of `maker/model` at $0.10 a second since November, or otherwise as said."""
    base = {
        "backend": '"replicate"',
        "model": '"maker/model"',
        "unit": '"second"',
        "usd": '"0.10"',
        "effective_from": "2026-11-01",
        "source": '"its page"',
        "checked_on": "2026-11-01",
    }
    lines = [f"{name} = {value}" for name, value in {**base, **values}.items() if value is not None]
    return "\n".join(["[[price]]", *lines]) + "\n\n"


def price_of(text: str, on: date = DAY, **options: Any) -> Decimal:
    book = PriceBook(read_prices(text, "prices.toml"))
    return book.price("maker/model", backend="replicate", on=on, options=options).usd


def reasons_in(text: str) -> tuple[str, ...]:
    with pytest.raises(BadEditError) as caught:
        read_prices(text, "prices.toml")
    return caught.value.reasons


@pytest.mark.parametrize(
    ("model", "options", "unit", "price_usd"),
    [
        ("minimax/video-01", {}, "clip", "0.50"),
        ("minimax/hailuo-02-fast", {}, "second", "0.0166"),
        ("wan-video/wan-2.2-i2v-fast", {"resolution": "480p"}, "second", "0.012"),
        ("black-forest-labs/flux-schnell", {}, "image", "0.003"),
        ("gpu-l40s", {}, "compute-second", "0.000975"),
    ],
)
def test_our_prices_are_those_of_the_price_lists(
    model: str, options: dict[str, str], unit: str, price_usd: str
) -> None:
    price = PriceBook.load().price(model, backend="replicate", on=DAY, options=options)
    assert (price.unit, price.usd) == (unit, Decimal(price_usd))
    assert price.checked_on == date(2026, 11, 1)


@pytest.mark.parametrize("name", ["procedural", "parallax"])
def test_what_this_machine_paints_is_free(name: str) -> None:
    price = PriceBook.load().price(name, backend=name, on=DAY)
    assert price.cost() == FREE


def test_only_what_this_machine_paints_is_free() -> None:
    free = {price.backend for price in PriceBook.load().prices if not price.usd}
    assert free == {"procedural", "parallax"}


def test_an_unknown_price_is_an_error_and_not_nothing(tmp_path: Path) -> None:
    book = PriceBook.load(tmp_path / "my-prices.toml")
    with pytest.raises(ConfigError, match=r"replicate wan-video/wan-2\.5-i2v") as caught:
        book.price("wan-video/wan-2.5-i2v", backend="replicate", on=DAY)
    assert "my-prices.toml" in caught.value.hint


def test_an_unknown_price_says_which_ones_are_known() -> None:
    with pytest.raises(ConfigError) as caught:
        price_of(row(options='{ resolution = "480p" }'), resolution="1080p")
    assert "(resolution 1080p) on 2026-11-25" in caught.value.message
    assert "Known: $0.10 per second (resolution 480p) from 2026-11-01." in caught.value.message


@given(st.lists(st.integers(0, 400), min_size=1, max_size=6, unique=True), st.integers(-5, 420))
def test_the_newest_price_that_has_begun_holds(starts: list[int], today: int) -> None:
    first = date(2026, 1, 1)
    text = "".join(row(usd=f'"{start + 1}"', effective_from=first + timedelta(start)) for start in starts)
    begun = [start for start in starts if start <= today]
    if begun:
        assert price_of(text, first + timedelta(today)) == max(begun) + 1
    else:
        with pytest.raises(ConfigError):
            price_of(text, first + timedelta(today))


def test_a_price_holds_on_its_last_day_and_not_on_the_next() -> None:
    text = row(effective_until="2026-11-30") + row(usd='"0.20"', effective_from="2026-12-05")
    assert price_of(text, date(2026, 11, 30)) == Decimal("0.10")
    with pytest.raises(ConfigError, match="until 2026-11-30"):
        price_of(text, date(2026, 12, 1))
    assert price_of(text, date(2026, 12, 5)) == Decimal("0.20")


def test_the_price_that_says_most_about_the_request_holds() -> None:
    text = (
        row()
        + row(usd='"0.20"', options='{ resolution = "1080p" }')
        + row(usd='"0.30"', options='{ resolution = "1080p", duration = 10 }')
    )
    assert price_of(text) == Decimal("0.10")
    assert price_of(text, resolution="1080p", duration=6) == Decimal("0.20")
    assert price_of(text, resolution="1080p", duration="10") == Decimal("0.30")


def test_options_are_compared_as_words() -> None:
    text = row(options='{ sound = "true", duration = 6 }')
    assert price_of(text, sound=True, duration="6") == Decimal("0.10")
    with pytest.raises(ConfigError):
        price_of(text, sound=False, duration=6)


def test_what_the_user_says_of_a_model_takes_the_place_of_all_we_say_of_it(tmp_path: Path) -> None:
    mine = tmp_path / "prices.toml"
    mine.write_text(row(model='"wan-video/wan-2.2-i2v-fast"', usd="0.02", options='{ resolution = "720p" }'))
    book = PriceBook.load(mine)

    found = book.price("wan-video/wan-2.2-i2v-fast", backend="replicate", on=DAY, options={"resolution": "720p"})
    assert found.usd == Decimal("0.02")
    with pytest.raises(ConfigError):
        book.price("wan-video/wan-2.2-i2v-fast", backend="replicate", on=DAY, options={"resolution": "480p"})
    assert book.price("minimax/video-01", backend="replicate", on=DAY).usd == Decimal("0.50")


def test_the_same_model_at_another_service_keeps_its_price(tmp_path: Path) -> None:
    mine = tmp_path / "prices.toml"
    mine.write_text(row(backend='"fal"', model='"minimax/video-01"', usd='"0.40"'))
    book = PriceBook.load(mine)
    assert book.price("minimax/video-01", backend="fal", on=DAY).usd == Decimal("0.40")
    assert book.price("minimax/video-01", backend="replicate", on=DAY).usd == Decimal("0.50")


def test_two_prices_for_one_thing_are_refused_with_their_lines() -> None:
    text = row() + row(usd='"0.20"')
    assert reasons_in(text) == (
        "line 10: price.1: contradicts line 1: both hold for replicate maker/model (any options) on 2026-11-01",
    )


def test_two_prices_that_could_both_hold_for_one_request_are_refused() -> None:
    text = row(options='{ resolution = "1080p" }') + row(options="{ duration = 10 }", effective_from="2026-11-20")
    (reason,) = reasons_in(text)
    assert "(resolution 1080p, duration 10) on 2026-11-20" in reason


def test_a_price_with_a_last_day_that_runs_into_the_next_is_refused() -> None:
    text = row(effective_until="2026-12-31") + row(usd='"0.20"', effective_from="2026-12-01")
    (reason,) = reasons_in(text)
    assert reason.endswith("on 2026-12-01")


options_st = st.dictionaries(st.sampled_from(["resolution", "duration"]), st.sampled_from(["a", "b"]), max_size=2)
rows_st = st.lists(st.tuples(options_st, st.integers(0, 6), st.none() | st.integers(0, 6)), min_size=1, max_size=5)


@given(rows_st, options_st, st.integers(0, 8))
def test_prices_that_are_accepted_never_leave_a_choice(
    rows: list[tuple[dict[str, str], int, int | None]], asked: dict[str, str], today: int
) -> None:
    first = date(2026, 11, 1)
    text = ""
    for options, start, length in rows:
        inline = "{ " + ", ".join(f'{name} = "{value}"' for name, value in options.items()) + " }"
        until = None if length is None else first + timedelta(start + length)
        text += row(options=inline, effective_from=first + timedelta(start), effective_until=until)
    try:
        prices = read_prices(text, "prices.toml")
    except BadEditError:
        assume(False)
    day = first + timedelta(today)
    fitting = [price for price in prices if price.in_force(day) and price.fits(asked)]
    most = max((len(price.options) for price in fitting), default=0)
    assert len([price for price in fitting if len(price.options) == most]) <= 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"usd": '"-1"'}, r"line 5: price\.0\.usd: Input should be greater than or equal to 0"),
        ({"usd": "nan"}, r"line 5: price\.0\.usd: "),
        ({"unit": '"hour"'}, r"line 4: price\.0\.unit: "),
        ({"prise": "1"}, r"line 9: price\.0\.prise: Extra inputs"),
        ({"source": None}, r"line 1: price\.0\.source: Field required"),
        ({"worst_factor": '"0.5"'}, r"line 9: price\.0\.worst_factor: "),
        ({"effective_until": "2026-10-01"}, r"line 1: price\.0: .*before it begins"),
    ],
)
def test_a_mistake_in_a_row_is_told_with_its_line(fault: dict[str, str | None], reason: str) -> None:
    (found,) = reasons_in(row(**fault) + row(model='"maker/other"'))
    assert re.match(reason, found), found


def test_a_mistake_in_a_later_row_names_the_line_in_that_row() -> None:
    (found,) = reasons_in(row() + row(model='"maker/other"', usd='"dear"'))
    assert found.startswith("line 14: price.1.usd: ")


def test_what_is_not_toml_is_told_with_its_line(tmp_path: Path) -> None:
    mine = tmp_path / "prices.toml"
    mine.write_text(row() + "[[price\n")
    with pytest.raises(BadEditError, match=r"line 10, column"):
        PriceBook.load(mine)
    mine.write_bytes(b"\xff\xfe")
    with pytest.raises(BadEditError, match="not UTF-8"):
        PriceBook.load(mine)


def test_a_price_without_quotes_is_exact_too() -> None:
    assert price_of(row(usd="0.1")) == Decimal("0.1")


def price(**values: Any) -> Price:
    (found,) = read_prices(row(**values), "prices.toml")
    return found


def test_a_price_by_the_second_needs_the_seconds() -> None:
    quote = price(usd='"0.012"').cost(seconds=81 / 16)
    assert quote.expected_usd == Decimal("0.06075")
    with pytest.raises(ValueError, match="how many"):
        price().cost(n=2)


@pytest.mark.parametrize(("seconds", "n"), [(-1.0, 1), (float("nan"), 1), (float("inf"), 1), (6.0, -1)])
def test_a_number_that_makes_no_sense_is_not_priced(seconds: float, n: int) -> None:
    with pytest.raises(ValueError, match="cannot be priced"):
        price().cost(seconds=seconds, n=n)


@pytest.mark.parametrize("unit", ["clip", "image"])
def test_a_price_by_the_piece_does_not_care_for_seconds(unit: str) -> None:
    assert price(unit=f'"{unit}"').cost(n=3, seconds=99).expected_usd == Decimal("0.30")


def test_the_worst_case_is_the_price_times_its_factor() -> None:
    quote = price(worst_factor="1.5").cost(seconds=6)
    assert (quote.expected_usd, quote.worst_usd) == (Decimal("0.60"), Decimal("0.90"))


def test_prices_that_nobody_checked_for_long_are_named_but_not_the_free_ones() -> None:
    book = PriceBook(
        read_prices(
            row(checked_on="2026-09-25", model='"old"')
            + row(checked_on="2026-09-26", model='"fresh"')
            + row(checked_on="2020-01-01", model='"free"', usd='"0"')
            + row(checked_on="2020-01-01", model='"over"', effective_until="2026-11-02"),
            "prices.toml",
        )
    )
    assert [price.model for price in book.stale(DAY)] == ["old"]
    assert [price.model for price in book.stale(DAY, days=61)] == []


def test_a_price_says_its_source_and_date() -> None:
    assert price().words == "$0.10 per second (its page, checked 2026-11-01)"
