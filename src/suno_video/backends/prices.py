"""Prices as data: what a model costs, since when, and who says so. Known before anything is loaded or bought.

Services change prices and no interface of theirs tells them, so each row carries its date and source, and a user's own
file comes before ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from importlib import resources
from itertools import combinations, pairwise
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from suno_video.backends.base import FREE, Quote
from suno_video.core.errors import BadEditError, ConfigError
from suno_video.core.money import MAX_USD, usd
from suno_video.core.record import Record
from suno_video.core.toml import find_toml_line, parse_toml, read_user_text, toml_fault

Unit: TypeAlias = Literal["clip", "second", "image", "compute-second"]
Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
OptionValue: TypeAlias = str | int | bool

STALE_AFTER_DAYS = 60
_TIMED: tuple[Unit, ...] = ("second", "compute-second")


class Price(Record):
    """What one unit of a model costs in US dollars, from a day on."""

    backend: Name
    model: Name
    unit: Unit
    """`second` is one of the finished clip, `compute-second` one of the machine that makes it."""
    usd: Annotated[Decimal, Field(ge=0, le=MAX_USD)]
    options: dict[str, OptionValue] = {}
    """Inputs of the model for which the price holds. Where several rows fit, the one with the most options does."""
    effective_from: date
    effective_until: date | None = None
    """Last day; None: until the next row for the same model and options begins."""
    worst_factor: Annotated[Decimal, Field(ge=1, le=100)] = Decimal(1)
    """How many times the price it may cost at worst: above 1 where sources differ or the length is not known."""
    source: Name
    checked_on: date
    note: str = ""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.effective_until is not None and self.effective_until < self.effective_from:
            raise ValueError(f"ends on {self.effective_until}, before it begins on {self.effective_from}")
        return self

    @property
    def words(self) -> str:
        """The price for people, with its source: `$0.08 per second (replicate.com/pricing, checked 2026-11-01)`."""
        return f"{usd(self.usd)} per {self.unit} ({self.source}, checked {self.checked_on})"

    @property
    def terms(self) -> str:
        """What it costs under which conditions: `$0.012 per second (resolution 480p) from 2026-11-01`."""
        until = f" until {self.effective_until}" if self.effective_until else ""
        return f"{usd(self.usd)} per {self.unit} {_listed(self.options)} from {self.effective_from}{until}"

    def cost(self, *, seconds: float | None = None, n: int = 1) -> Quote:
        """Price `n` clips or images.

        Args:
            seconds: Length of each, or of its computing; needed where the price is by the second.

        Raises:
            ValueError: The seconds are needed and missing, or a number makes no sense.
        """
        if n < 0 or (seconds is not None and not 0 <= seconds < float("inf")):
            raise ValueError(f"{n} of {seconds} s cannot be priced")
        if self.unit not in _TIMED:
            expected_usd = self.usd * n
        elif seconds is None:
            raise ValueError(f"{self.model} is priced by the {self.unit}: how many?")
        else:
            expected_usd = self.usd * n * Decimal(str(seconds))
        if not expected_usd:
            return FREE
        worst_usd = expected_usd * self.worst_factor
        return Quote(expected_usd=expected_usd, worst_usd=worst_usd, note=self.words, checked_on=self.checked_on)

    def fits(self, options: Mapping[str, OptionValue]) -> bool:
        """Whether the price holds for these inputs."""
        return _words_of(self.options).items() <= _words_of(options).items()

    def in_force(self, on: date) -> bool:
        """Whether the price holds on a day."""
        return self.effective_from <= on and (self.effective_until is None or on <= self.effective_until)


class _PriceFile(Record):
    price: tuple[Price, ...] = ()


@dataclass(frozen=True)
class PriceBook:
    """All prices, in order of their files. No two of them can hold for one purchase with equal right."""

    prices: tuple[Price, ...]
    user_file: Path | None = None
    """Where a user adds prices; named when one is missing."""

    @classmethod
    def load(cls, user_file: Path | None = None) -> PriceBook:
        """Load our prices and the user's. What the user says of a model takes the place of all that we say of it.

        Args:
            user_file: May be missing.

        Raises:
            BadEditError: The user's file cannot be read, does not fit, or contradicts itself; names line and reason.
        """
        ours = resources.files("suno_video.backends").joinpath("models/prices.toml").read_text(encoding="utf-8")
        theirs = (
            read_prices(read_user_text(user_file), str(user_file))
            if user_file is not None and user_file.is_file()
            else ()
        )
        replaced = {(price.backend, price.model) for price in theirs}
        kept = (price for price in read_prices(ours, "prices.toml") if (price.backend, price.model) not in replaced)
        return cls((*kept, *theirs), user_file)

    def price(self, model: str, *, backend: str, on: date, options: Mapping[str, OptionValue] | None = None) -> Price:
        """Find the price that holds for a model with these inputs on a day.

        Raises:
            ConfigError: None is known. An unknown price is never taken for none.
        """
        ours = [price for price in self.prices if (price.backend, price.model) == (backend, model)]
        fitting = [price for price in ours if price.in_force(on) and price.fits(options or {})]
        if fitting:
            return max(fitting, key=lambda price: len(price.options))
        known = "; ".join(price.terms for price in ours)
        raise ConfigError(
            f"No price is known for {backend} {model} {_listed(options or {})} on {on}, so it cannot be bought."
            + (f" Known: {known}." if known else ""),
            f"Look it up at the service and add a [[price]] to {self.user_file or 'your prices file'}.",
        )

    def in_force(self, backend: str, model: str, on: date) -> list[Price]:
        """List the prices of a model that hold on a day, for one or another of its inputs; none when none is known."""
        return [
            price for price in self.prices if (price.backend, price.model) == (backend, model) and price.in_force(on)
        ]

    def stale(self, today: date, days: int = STALE_AFTER_DAYS) -> list[Price]:
        """List the prices in force that nobody has checked for longer than `days`; what is free stays free."""
        limit = today - timedelta(days=days)
        return [price for price in self.prices if price.usd and price.in_force(today) and price.checked_on < limit]


def read_prices(text: str, source: str) -> tuple[Price, ...]:
    """Read prices from TOML, each row ending where the next of its kind begins. Raises `BadEditError`."""
    rows = parse_toml(_PriceFile, text, source).price
    prices = _closed(rows)
    reasons = [
        toml_fault(text, ("price", second), _contradiction(text, prices, first, second))
        for first, second in combinations(range(len(prices)), 2)
        if _contradict(prices[first], prices[second])
    ]
    if reasons:
        raise BadEditError(source, reasons)
    return prices


def _closed(rows: tuple[Price, ...]) -> tuple[Price, ...]:
    """End each open row the day before the next row for the same model and options begins."""
    ends: dict[int, date] = {}
    order = sorted(range(len(rows)), key=lambda index: rows[index].effective_from)
    for key in {_key(row) for row in rows}:
        for index, following in pairwise(index for index in order if _key(rows[index]) == key):
            start = rows[following].effective_from
            if rows[index].effective_until is None and rows[index].effective_from < start:
                ends[index] = start - timedelta(days=1)
    return tuple(
        row.model_copy(update={"effective_until": ends[index]}) if index in ends else row
        for index, row in enumerate(rows)
    )


def _contradict(one: Price, other: Price) -> bool:
    """Whether both could hold for one purchase, and neither says more exactly for which."""
    if (one.backend, one.model) != (other.backend, other.model) or not _overlap(one, other):
        return False
    ours, theirs = _words_of(one.options).items(), _words_of(other.options).items()
    both_fit = len(dict(ours | theirs)) == len(ours | theirs)
    return both_fit and not (ours < theirs or theirs < ours)


def _overlap(one: Price, other: Price) -> bool:
    return one.in_force(other.effective_from) or other.in_force(one.effective_from)


def _contradiction(text: str, prices: tuple[Price, ...], first: int, second: int) -> str:
    one, other = prices[first], prices[second]
    inputs, day = _listed({**one.options, **other.options}), max(one.effective_from, other.effective_from)
    line = find_toml_line(text, ("price", first))
    return f"contradicts line {line}: both hold for {one.backend} {one.model} {inputs} on {day}"


def _key(price: Price) -> tuple[str, str, frozenset[tuple[str, str]]]:
    return price.backend, price.model, frozenset(_words_of(price.options).items())


def _words_of(options: Mapping[str, OptionValue]) -> dict[str, str]:
    """Options as text, so that `6` and `"6"` are one, and `true` and `"true"`."""
    return {name: str(value).lower() for name, value in options.items()}


def _listed(options: Mapping[str, OptionValue]) -> str:
    return f"({', '.join(f'{name} {value}' for name, value in options.items())})" if options else "(any options)"
