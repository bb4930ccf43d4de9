"""What there is to know about each backend and its models, put together from cards, prices and the backends themselves.

The list must come out whatever one of them does: what is broken is a row that says so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from suno_video.backends.base import BackendInfo, BackendSetup, HasModels, MakesKind, Readiness
from suno_video.backends.catalog import ModelCard, ModelCatalog, nearest_model
from suno_video.backends.prices import Price, PriceBook
from suno_video.backends.registry import (
    backend_class,
    backend_kinds,
    backend_readiness,
    has_models,
    has_parts,
    split_spec,
)
from suno_video.core.errors import BackendUnavailableError, BadEditError, SunoVideoError, UsageError
from suno_video.core.money import usd

log = logging.getLogger(__name__)

UNKNOWN = "?"
_UNITS = {"second": "s", "compute-second": "s of computing"}


@dataclass(frozen=True)
class ModelFacts:
    """One model of a backend."""

    card: ModelCard
    readiness: Readiness
    prices: tuple[Price, ...]
    """Those in force today; none when nobody knows any."""
    remote: bool
    """Whether a server runs it, which need not be somebody else's."""
    free: bool

    @property
    def price(self) -> str:
        """The price in short: `free`, `$0.08/s`, `from $0.012/s`, `?`."""
        if self.free:
            return "free"
        if not self.prices:
            return UNKNOWN
        least = min(self.prices, key=lambda price: price.usd)
        words = f"{usd(least.usd)}/{_UNITS.get(least.unit, least.unit)}"
        return words if len(self.prices) == 1 else f"from {words}"

    @property
    def price_in_full(self) -> str:
        """The price with its conditions, source and date."""
        if self.free:
            return "free"
        return "; ".join(map(_price_words, self.prices)) or f"{UNKNOWN} (nobody has looked it up: it is not bought)"

    @property
    def memory(self) -> str:
        """Memory of the accelerator: `24 GB`, `24 GB (8 GB saving)`, `-` at a service, `?`."""
        card = self.card
        if card.memory_gb is None:
            return "-" if self.remote else UNKNOWN
        saving = f" ({card.memory_saving_gb:g} GB saving)" if card.memory_saving_gb is not None else ""
        return f"{card.memory_gb:g} GB{saving}"

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        card = self.card.model_dump(mode="json")
        prices = [price.model_dump(mode="json") for price in self.prices]
        words = {"spec": self.card.spec, "price": self.price, "lengths": lengths_of(self.card)}
        return {**card, **words, **asdict(self.readiness), "sizes_in_words": sizes_of(self.card), "prices": prices}


@dataclass(frozen=True)
class BackendFacts:
    """One backend."""

    name: str
    kinds: tuple[MakesKind, ...]
    readiness: Readiness
    info: BackendInfo | None = None
    """None when it cannot be loaded."""
    version: str = ""
    models: tuple[ModelFacts, ...] = ()
    with_models: bool = False
    price: str = UNKNOWN

    @property
    def commercial_use(self) -> str:
        """Whether what it makes may be used commercially: `yes`, `no`, `unknown`, or `depends on the model`."""
        if not self.models:
            return commercial(self.info.commercial_use if self.info is not None else None)
        said = {commercial(model.card.commercial_use) for model in self.models}
        return said.pop() if len(said) == 1 else "depends on the model"

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        info = asdict(self.info) if self.info is not None else {}
        own = {"name": self.name, "version": self.version, "kinds": self.kinds, "price_words": self.price}
        models = [model.to_dict() for model in self.models]
        return {**info, **own, **asdict(self.readiness), "commercial_words": self.commercial_use, "models": models}


@dataclass
class Gathered:
    """What was found, and what the user has to mend."""

    backends: list[BackendFacts] = field(default_factory=list)
    troubles: list[SunoVideoError] = field(default_factory=list)


def gather(specs: Iterable[str], setup: BackendSetup) -> Gathered:
    """Look at backends, each named alone or with one of its models. Loads nothing heavy.

    Cards or prices of the user's that do not fit are a trouble; ours count in their place.

    Raises:
        UsageError: There is no such backend or model.
    """
    found = Gathered()
    catalog, book = _catalog(setup, found.troubles), _book(setup, found.troubles)
    for spec in specs:
        found.backends.append(_facts_of(spec, setup, catalog, book, broken=bool(found.troubles)))
    return found


def _catalog(setup: BackendSetup, troubles: list[SunoVideoError]) -> ModelCatalog:
    try:
        return ModelCatalog.of(setup)
    except BadEditError as exc:
        troubles.append(exc)
        return ModelCatalog.load()


def _book(setup: BackendSetup, troubles: list[SunoVideoError]) -> PriceBook:
    try:
        return PriceBook.load(setup.prices_file)
    except BadEditError as exc:
        troubles.append(exc)
        return PriceBook.load()


def _facts_of(spec: str, setup: BackendSetup, catalog: ModelCatalog, book: PriceBook, *, broken: bool) -> BackendFacts:
    name, model = split_spec(spec)
    try:
        cls = backend_class(name)
    except BackendUnavailableError as exc:
        return BackendFacts(name, (), Readiness(False, f"{exc.message} {exc.hint}"))
    cards = _cards_of(cls, name, model, catalog)
    try:
        info = cls.info()
        readiness = backend_readiness(name, None, setup)
        can = cls.capabilities
        spends, remote, version = bool(can.spends_money), bool(can.needs_network), str(cls.version)
    except Exception as exc:  # a backend of somebody else may do anything, and is one row of many
        log.warning("backend %s does not say what it is", name, exc_info=True)
        return BackendFacts(name, (), Readiness(False, f"It does not say what it is: {type(exc).__name__}: {exc}"))
    today = datetime.now(UTC).date()
    models = tuple(
        ModelFacts(
            card,
            _readiness_of(cls, card, readiness, setup, broken=broken),
            tuple(book.in_force(card.backend, card.id, today)),
            remote=remote,
            free=not spends,
        )
        for card in cards
    )
    kinds = tuple(sorted(backend_kinds(name), reverse=True))
    price = _price_of(models) if spends and models else info.price
    return BackendFacts(name, kinds, readiness, info, version, models, has_models(cls), price)


def _cards_of(cls: type[Any], name: str, model: str | None, catalog: ModelCatalog) -> Sequence[ModelCard]:
    cards = catalog.of_backend(name) if has_models(cls) else ()
    if model is None:
        return cards
    if not has_models(cls):
        if has_parts(cls):
            cls.with_part(model)  # says so when there is none
            return ()
        raise UsageError(f"{name} has no models to choose from.", f"Write {name} alone.")
    found = [card for card in cards if card.id == model]
    if not found:
        names = [card.id for card in cards]
        raise UsageError(f"{name} has no model {model!r}.", nearest_model(model, names))
    return found


def _readiness_of(
    cls: type[Any], card: ModelCard, of_all: Readiness, setup: BackendSetup, *, broken: bool
) -> Readiness:
    """Look at one model. Where none can work, the reason is the same for all, and no service is asked again."""
    if broken or not of_all.ready:
        return of_all
    try:
        readiness: Readiness = cast(HasModels, cls).readiness_of(card, setup)
    except Exception as exc:  # as above
        log.warning("model %s does not say whether it is ready", card.spec, exc_info=True)
        return Readiness(False, f"It does not say whether it is ready: {type(exc).__name__}: {exc}")
    return readiness


def _price_of(models: Sequence[ModelFacts]) -> str:
    """Prices of the models that are taken when none is named."""
    defaults = [model for model in models if model.card.default] or models[:1]
    return ", ".join(f"{model.card.makes}s {model.price} ({model.card.id})" for model in defaults)


def _price_words(price: Price) -> str:
    options = ", ".join(f"{name} {value}" for name, value in price.options.items())
    worst = f", at worst {price.worst_factor:g} times that" if price.worst_factor > 1 else ""
    terms = f"{usd(price.usd)} per {price.unit}{f' ({options})' if options else ''}{worst}"
    return f"{terms}, checked {price.checked_on}, {price.source}{f' ({price.note})' if price.note else ''}"


def commercial(allowed: bool | None) -> str:
    """Write `yes`, `no` or `unknown`."""
    return {True: "yes", False: "no", None: "unknown"}[allowed]


def lengths_of(card: ModelCard) -> str:
    """Write how long its clips may be; `-` for what makes no clips."""
    if card.makes != "clip":
        return "-"
    if card.seconds:
        return f"{_listed([f'{seconds:g}' for seconds in card.seconds])} s"
    if card.frames is None:
        return "any"
    legal, rule = card.frames.legal, card.frames
    if len(legal) <= 4 or card.fps is None:
        words = _listed(list(map(str, legal)))
    else:
        words = f"{legal[0]} to {legal[-1]}" + (f" ({rule.step}k+{rule.offset})" if rule.step > 1 else "")
    return f"{words} frames at {card.fps} fps, up to {legal[-1] / (card.fps or 1):.1f} s"


def sizes_of(card: ModelCard) -> str:
    """Write which sizes it makes."""
    if card.sizes:
        return ", ".join(card.sizes)
    words = [f"multiples of {card.size_multiple}"]
    if card.max_side_px is not None:
        words.append(f"up to {card.max_side_px} pixels a side")
    if card.max_pixels is not None:
        words.append(f"up to {card.max_pixels / 1e6:.2g} megapixels")
    return (f"{card.resolution}, " if card.resolution else "") + ", ".join(words)


def _listed(words: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
