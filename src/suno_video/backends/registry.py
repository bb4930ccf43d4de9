"""Finds backends by name through the entry-point group `suno_video.backends`; ours register the same way.

A backend whose models are data is named with one of them, `replicate:minimax/video-01`, or alone, for its default.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from suno_video.backends.base import BackendSetup, HasModels, MakesKind, Readiness
from suno_video.backends.catalog import ModelCard, ModelCatalog
from suno_video.core.errors import BackendUnavailableError, UsageError

GROUP = "suno_video.backends"
NO_SETUP = BackendSetup()


def backend_names() -> list[str]:
    """Names of all registered backends that are for people, sorted; loads none."""
    # The make-believe service is for those who test paid backends; it shows itself where one runs.
    shown = os.environ.get("SUNO_VIDEO_FAKE_SERVICE_URL")
    return sorted(name for name in _entries() if shown or not name.startswith("fake-"))


def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def split_spec(spec: str) -> tuple[str, str | None]:
    """Split `backend:model`; None where no model is named."""
    name, _, model = spec.partition(":")
    return name, model or None


def backend_class(spec: str) -> type[Any]:
    """Load the class of one backend, named with or without a model.

    Raises:
        UsageError: No such backend.
        BackendUnavailableError: It is registered, but its package cannot be imported.
    """
    name, _ = split_spec(spec)
    entry = _entries().get(name)
    if entry is None:
        names = backend_names()
        close = difflib.get_close_matches(name, names, 1)
        hint = (f"Did you mean {close[0]!r}? " if close else "") + f"Choose one of: {', '.join(names)}."
        raise UsageError(f"There is no backend {name!r}.", hint)
    try:
        loaded = entry.load()
    except Exception as exc:  # the module of somebody else may fail in any way; ours go on without it
        package = entry.dist.name if entry.dist is not None else "the package that it comes with"
        why = str(exc) if isinstance(exc, ImportError) else f"{type(exc).__name__}: {exc}"
        raise BackendUnavailableError(
            f"Backend {name!r} cannot be loaded: {why}.",
            f"Install it again with what it needs: pip install --force-reinstall {package}",
        ) from exc
    if not isinstance(loaded, type):
        raise BackendUnavailableError(f"Backend {name!r} is not a class.", "Update or remove its package.")
    return loaded


def backend_kinds(spec: str) -> frozenset[MakesKind]:
    """What a backend makes: stills, clips, or, with one model or another, both. Raises as `backend_class` does."""
    cls = backend_class(spec)
    return frozenset(getattr(cls, "kinds", None) or {cls.capabilities.makes})


def has_models(cls: type[Any]) -> bool:
    """Whether the models of a backend are data."""
    return hasattr(cls, "for_model")


def has_parts(cls: type[Any]) -> bool:
    """Whether a backend without models may be named with one of its parts: `shader:tide`."""
    return hasattr(cls, "with_part")


def find_card(spec: str, kind: MakesKind, setup: BackendSetup = NO_SETUP) -> ModelCard | None:
    """Find the card of the model that a name stands for; None where the backend has no models.

    Raises:
        UsageError: There is no such backend or model, or it makes something else.
        BackendUnavailableError: The backend cannot be imported.
        BadEditError: One of the user's cards does not fit.
    """
    name, model = split_spec(spec)
    cls = backend_class(name)
    if kind not in backend_kinds(name):
        raise UsageError(
            f"{name} makes no {kind}s.", f"Choose another one for the {kind}s; `suno-video backends` lists them."
        )
    if has_models(cls):
        return ModelCatalog.of(setup).find(name, model, kind, fast=setup.fast)
    if model is not None:
        if not has_parts(cls):
            raise UsageError(f"{name} has no models to choose from.", f"Write {name} alone.")
        cls.with_part(model)  # says so when there is none
    return None


def full_spec(spec: str, kind: MakesKind, setup: BackendSetup = NO_SETUP) -> str:
    """Name the model as well, where a backend has models: `replicate` is `replicate:` and its default.

    A backend that is registered and cannot be imported keeps the name it was given. Raises as `find_card` does.
    """
    try:
        card = find_card(spec, kind, replace(setup, fast=None))
    except BackendUnavailableError:
        return spec
    return spec if card is None else card.spec


def make_backend(spec: str, kind: MakesKind, setup: BackendSetup = NO_SETUP) -> Any:
    """Make a backend that is not opened yet. Raises as `find_card` does, and `ConfigError` when a card does not fit."""
    card = find_card(spec, kind, setup)
    cls = backend_class(spec)
    if card is None:
        part = split_spec(spec)[1]
        return cls() if part is None else cls.with_part(part)
    return cast(HasModels, cls).for_model(card, setup)


def backend_readiness(spec: str, kind: MakesKind | None = None, setup: BackendSetup = NO_SETUP) -> Readiness:
    """Look whether a backend, or one of its models, can work here. Raises as `find_card` does."""
    cls = backend_class(spec)
    if has_models(cls):
        card = find_card(spec, kind, setup) if kind is not None else None
        return cast(HasModels, cls).readiness_of(card, setup)
    readiness: Readiness = cls.readiness()
    return readiness
