"""The command `backends`: what can make pictures, what is missing and how to get it, what it costs and allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from suno_video.cli import options as o
from suno_video.cli.answer import put, put_json
from suno_video.cli.wording import counted

if TYPE_CHECKING:
    from suno_video.cli.backend_facts import BackendFacts, ModelFacts


def backends(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="One backend with all its models, or BACKEND:MODEL.", show_default=False),
    ] = None,
    models: Annotated[bool, typer.Option("--models", help="A row for each model of each backend.")] = False,
    config: o.Config = None,
    json: o.Json = False,
) -> None:
    """List what can make pictures: whether it is ready, what it needs, costs and allows.

    What is not ready says what is missing and how to get it. With a name: that backend and each of its models.
    """
    from suno_video.backends.registry import backend_names
    from suno_video.cli.backend_facts import gather
    from suno_video.cli.wishes import backend_setup
    from suno_video.settings import load_settings

    setup = backend_setup(load_settings({}, config=config).settings)
    found = gather([name] if name is not None else backend_names(), setup)
    for number, facts in enumerate(found.backends):
        if json:
            put_json({"v": 1, "event": "backend", **facts.to_dict()})
            continue
        if number:
            put("")
        if models and name is None:
            _put_models(facts)
        else:
            _put_backend(facts, alone=name is not None)
    if found.troubles:
        raise found.troubles[0]
    if not json and name is None:
        put("")
        put("one with its models: suno-video backends NAME")
        put("every model in a row: suno-video backends --models")


def _put_backend(facts: BackendFacts, *, alone: bool) -> None:
    from suno_video.cli.backend_facts import UNKNOWN
    from suno_video.cli.tables import put_fields

    info = facts.info
    put(f"{facts.name}: {'ready' if facts.readiness.ready else 'not ready'}")
    put_fields(
        [
            ("what", info.summary if info is not None else None),
            ("makes", ", ".join(f"{kind}s" for kind in facts.kinds)),
            ("runs on" if facts.readiness.ready else "missing", facts.readiness.detail),
            ("hardware", info.hardware if info is not None else None),
            ("price", facts.price if info is not None else None),
            ("licence", info.licence if info is not None else None),
            ("commercial use", facts.commercial_use if info is not None else None),
            ("models", _names(facts) if facts.with_models and not alone else None),
            ("look at", ", ".join(info.links) if info is not None and alone else None),
        ],
        indent=2,
    )
    if not alone:
        return
    for model in facts.models:
        put("")
        _put_model(model, facts)
    if facts.with_models and not facts.models:
        put(f"  models: {UNKNOWN}, there is no card for one")


def _names(facts: BackendFacts) -> str:
    defaults = ", ".join(model.card.id for model in facts.models if model.card.default)
    return counted(len(facts.models), "model") + (f"; unless you name one: {defaults}" if defaults else "")


def _put_model(model: ModelFacts, facts: BackendFacts) -> None:
    from suno_video.cli.backend_facts import commercial, lengths_of, sizes_of
    from suno_video.cli.tables import put_fields

    card = model.card
    put(f"  {card.spec}{' (default)' if card.default else ''}: {'ready' if model.readiness.ready else 'not ready'}")
    # What the whole backend lacks was said above.
    detail = model.readiness.detail if model.readiness != facts.readiness else None
    takes = ", ".join(role.replace("_", " ") for role in card.inputs if role in card.accepts)
    put_fields(
        [
            ("what", card.title),
            ("makes", card.makes),
            ("runs on" if model.readiness.ready else "missing", detail),
            ("memory", model.memory if model.memory != "-" else None),
            ("download", f"{card.download_gb:g} GB" if card.download_gb is not None else None),
            ("price", model.price_in_full),
            ("licence", card.licence),
            ("commercial use", commercial(card.commercial_use)),
            ("lengths", lengths_of(card) if card.makes == "clip" else None),
            ("sizes", sizes_of(card)),
            ("starts from", takes or "words alone"),
            ("fast variant", card.fast),
            ("note", card.note),
            ("source", f"{card.source_url}, checked {card.checked_on}" if card.source_url else None),
        ],
        indent=4,
    )


def _put_models(facts: BackendFacts) -> None:
    from suno_video.cli.backend_facts import commercial
    from suno_video.cli.tables import put_fields, put_table

    put(f"{facts.name}: {'ready' if facts.readiness.ready else 'not ready'}")
    put_fields([("missing", None if facts.readiness.ready else facts.readiness.detail)], indent=2)
    if not facts.models:
        makes, allowed = ", ".join(f"{kind}s" for kind in facts.kinds), facts.commercial_use
        put("  no models to choose from" + (f"; {makes}, {facts.price}, commercial use: {allowed}" if makes else ""))
        return
    put_table(
        ["  model", "makes", "ready", "price", "commercial", "what it needs and makes"],
        [
            (
                f"  {model.card.id}{' *' if model.card.default else ''}",
                model.card.makes,
                "yes" if model.readiness.ready else "no",
                model.price,
                commercial(model.card.commercial_use),
                _needs_and_makes(model),
            )
            for model in facts.models
        ],
    )


def _needs_and_makes(model: ModelFacts) -> str:
    from suno_video.cli.backend_facts import lengths_of, sizes_of

    card = model.card
    words = [model.memory, lengths_of(card), sizes_of(card), card.licence]
    return "; ".join(word for word in words if word != "-")
