"""Put the costs of a song and the table of local models into VIDEO_GENERATION_HYBRID_SETUP.md, from prices and cards.

Usage: python scripts/make_setup_guide.py [--check]     with --check only say whether the page is current
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from make_readme_figures import put_block

from suno_video.backends.catalog import ModelCatalog
from suno_video.backends.prices import Price, PriceBook
from suno_video.cli.backend_facts import commercial, lengths_of
from suno_video.core.money import usd

GUIDE = Path(__file__).resolve().parent.parent / "VIDEO_GENERATION_HYBRID_SETUP.md"
N_SCENES = 50
CLIP_S = 6
"""A song of three and a half minutes has about as many scenes, each bought as a clip of about that length."""
N_BEST = 15
"""Choruses and the drop, which a small budget buys first."""


def costs_table(book: PriceBook) -> str:
    """What a song costs with each model that has a price by the clip, second or image."""
    rows = sorted(_cost_rows(book), key=lambda row: (row[0] != "clips", row[1]))
    lines = [
        f"| {what} | `{price.model}`{_options(price)} | {usd(price.usd)} per {price.unit} | {_money(best)} "
        f"| {_money(whole)} | {_money(whole * price.worst_factor)} | {price.checked_on} |"
        for what, whole, best, price in rows
    ]
    head = f"| | at Replicate | price | best {N_BEST} scenes | all {N_SCENES} scenes | at worst | checked |"
    return "\n".join([head, "|---|---|---|---|---|---|---|", *lines])


def _cost_rows(book: PriceBook) -> Iterator[tuple[str, Decimal, Decimal, Price]]:
    lips = {"bytedance/omni-human", "bytedance/omni-human-1.5", "bytedance/latentsync", "cuuupid/idm-vton"}
    for price in book.prices:
        if price.backend != "replicate" or price.effective_until is not None or price.model in lips:
            continue
        if price.unit in ("clip", "second"):
            each = price.usd * (CLIP_S if price.unit == "second" else 1)
            yield "clips", each * N_SCENES, each * N_BEST, price
        elif price.unit == "image":
            yield "stills", price.usd * N_SCENES, price.usd * N_BEST, price


def _options(price: Price) -> str:
    return f" ({', '.join(f'{name} {value}' for name, value in price.options.items())})" if price.options else ""


def _money(amount_usd: Decimal) -> str:
    return f"${amount_usd:.2f}"


def models_table(catalog: ModelCatalog) -> str:
    """The models that run on your own machine, with what they need."""
    lines = [
        f"| `{card.spec}`{' (default)' if card.default else ''} | {card.makes} | {_gb(card.memory_gb)} | "
        f"{_gb(card.memory_saving_gb)} | {_gb(card.download_gb)} | {lengths_of(card)} | "
        f"{card.licence.replace('|', '/')} | {commercial(card.commercial_use)} |"
        for card in catalog.cards
        if card.backend != "replicate"
    ]
    head = "| model | makes | memory, GB | saving, GB | download, GB | clip lengths | licence | commercial use |"
    return "\n".join([head, "|---|---|---|---|---|---|---|---|", *lines])


def _gb(amount_gb: float | None) -> str:
    return f"{amount_gb:g}" if amount_gb is not None else "?"


def current_guide() -> str:
    """The page as it should be."""
    text = put_block(GUIDE.read_text(encoding="utf-8"), "costs", costs_table(PriceBook.load()))
    return put_block(text, "models", models_table(ModelCatalog.load()))


if __name__ == "__main__":
    wanted = current_guide()
    if "--check" in sys.argv:
        sys.exit(0 if GUIDE.read_text(encoding="utf-8") == wanted else f"{GUIDE.name} is not current: run make docs")
    GUIDE.write_text(wanted, encoding="utf-8")
