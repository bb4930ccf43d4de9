"""Models as data: what each takes, makes, needs and allows. A new model needs a card and no Python.

Our cards are `models/<backend>.toml` in this package. A user's own lie in a folder and come first: a card with the
same backend and id takes the place of ours.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    StringConstraints,
    field_validator,
    model_validator,
)

from suno_video.backends.base import AcceptsKind, BackendSetup, Capabilities, MakesKind
from suno_video.core.errors import UsageError
from suno_video.core.frames import FrameSize
from suno_video.core.record import Record
from suno_video.core.toml import parse_toml, read_user_text

CardKind: TypeAlias = Literal["still", "clip", "tool"]
"""A `tool` works on pictures or clips that are there (lip-sync, upscaling, try-on); it plays no scene by itself."""
Role: TypeAlias = Literal[
    "prompt",
    "negative_prompt",
    "first_frame",
    "last_frame",
    "reference",
    "audio",
    "video",
    "seed",
    "seconds",
    "n_frames",
    "fps",
    "width",
    "height",
    "resolution",
    "aspect_ratio",
    "steps",
    "guidance",
]
"""Our word for something that a model may be told."""
Text: TypeAlias = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Scalar: TypeAlias = bool | int | float | str

_ACCEPTS: tuple[AcceptsKind, ...] = ("first_frame", "last_frame", "reference", "audio")
_NOT_IN_A_PICTURE = frozenset(
    {"title", "default", "fast", "memory_gb", "memory_saving_gb", "download_gb", "licence", "licence_url"}
    | {"commercial_use", "source_url", "checked_on", "note", "prompt_chars", "keywords"}
)


class FrameRule(Record):
    """Legal numbers of frames: `step` * k + `offset`, from `least` to `most`."""

    step: PositiveInt = 1
    offset: Annotated[int, Field(ge=0)] = 0
    least: PositiveInt = 1
    most: PositiveInt

    @model_validator(mode="after")
    def _has_some(self) -> Self:
        if not self.legal:
            raise ValueError(f"no number from {self.least} to {self.most} is {self.step}k+{self.offset}")
        return self

    @property
    def legal(self) -> tuple[int, ...]:
        """All legal numbers, the least first."""
        first = self.least + (self.offset - self.least) % self.step
        return tuple(range(first, self.most + 1, self.step))


class ModelCard(Record):
    """Everything that is known of a model before it is loaded or bought; its price is in `backends.prices`."""

    backend: Text
    id: Text
    """What people write after the colon: `replicate:minimax/video-01`."""
    makes: CardKind
    title: str = ""
    source: str = ""
    """Where the weights are, or the model's name at the service; its id when empty."""
    version: str = ""
    """Pins the source; empty for the newest."""
    default: bool = False
    """Whether it is taken where a backend is named without a model; one of each kind is."""
    fast: str | None = None
    """Id of the distilled model that takes its place when `models.fast` is set."""
    inputs: dict[Role, str] = {}
    """Our words for what it takes, and its own."""
    needs: tuple[AcceptsKind, ...] = ()
    """What of that it cannot do without."""
    fixed: dict[str, Scalar | tuple[Scalar, ...]] = {}
    """Further inputs, given as they are."""
    frames: FrameRule | None = None
    seconds: tuple[PositiveFloat, ...] = ()
    fps: PositiveInt | None = None
    """The rate it was trained at; None: chosen by the model, or any."""
    sizes: tuple[str, ...] = ()
    """The only legal sizes, as WIDTHxHEIGHT."""
    size_multiple: PositiveInt = 2
    min_side_px: PositiveInt = 64
    max_side_px: PositiveInt | None = None
    max_pixels: PositiveInt | None = None
    resolution: str | None = None
    """The label that is sent as `resolution`, where the model takes labels; prices may hang on it."""
    max_references: Annotated[int, Field(ge=0)] = 1
    prompt_chars: Annotated[int, Field(ge=100, le=5000)] = 600
    """How much of a prompt it reads, in characters; 77 tokens of CLIP are about 300."""
    keywords: bool = False
    """Whether it reads keywords better than sentences, as models with CLIP alone do."""
    steps: PositiveInt | None = None
    guidance: NonNegativeFloat | None = None
    memory_gb: PositiveFloat | None = None
    """Memory of the accelerator that it needs as a rule, in GB."""
    memory_saving_gb: PositiveFloat | None = None
    """The same with everything that saves memory."""
    download_gb: PositiveFloat | None = None
    licence: Text
    licence_url: str = ""
    commercial_use: bool | None
    """Whether its output may be used commercially; None in a card (write "unknown") when nobody is sure."""
    source_url: str = ""
    checked_on: date
    """When somebody last looked whether the card is right."""
    note: str = ""
    extra: dict[str, Any] = {}
    """What only this backend understands."""

    @field_validator("commercial_use", mode="before")
    @classmethod
    def _unknown_is_none(cls, value: object) -> object:
        return None if value == "unknown" else value  # TOML has no null

    @field_validator("sizes")
    @classmethod
    def _sizes_parse(cls, sizes: tuple[str, ...]) -> tuple[str, ...]:
        for size in sizes:
            try:
                FrameSize.parse(size)
            except UsageError as exc:
                raise ValueError(f"{exc.message} {exc.hint}") from exc
        return sizes

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if missing := [kind for kind in self.needs if kind not in self.inputs]:
            raise ValueError(f"it needs {', '.join(missing)}, and inputs do not say how it is given")
        if self.frames is not None and self.seconds:
            raise ValueError("lengths are either in frames or in seconds")
        if self.frames is not None and self.fps is None and self.makes == "clip":
            raise ValueError("lengths in frames need the rate (fps) at which the model makes them")
        return self

    @property
    def spec(self) -> str:
        """How people name it: `backend:id`."""
        return f"{self.backend}:{self.id}"

    @property
    def remote_name(self) -> str:
        """Where the weights are, or the model's name at the service."""
        return self.source or self.id

    @property
    def accepts(self) -> frozenset[AcceptsKind]:
        """What it can start from, besides words."""
        return frozenset(kind for kind in _ACCEPTS if kind in self.inputs)

    @property
    def digest(self) -> str:
        """Changes when the card would have another picture made: part of a backend's version."""
        facts = self.model_dump(mode="json", exclude=set(_NOT_IN_A_PICTURE))
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]

    def capabilities(self, **more: Any) -> Capabilities:
        """Say what it can do, for the loop.

        Args:
            more: What the backend knows besides: concurrency, economies, whether it spends money ...
        """
        if self.makes == "tool":
            raise UsageError(f"{self.spec} makes no scene.", "Choose a model that makes stills or clips.")
        sizes = tuple(FrameSize.parse(size) for size in self.sizes) or None
        return Capabilities(
            makes=self.makes,
            accepts=self.accepts,
            needs=frozenset(self.needs),
            n_frames=self.frames.legal if self.frames is not None and self.makes == "clip" else None,
            seconds=self.seconds or None,
            fps=self.fps if self.frames is not None else None,
            size_multiple=self.size_multiple,
            sizes=sizes,
            min_side_px=self.min_side_px,
            max_side_px=self.max_side_px,
            max_pixels=self.max_pixels,
            max_references=self.max_references if "reference" in self.inputs else 0,
            prompt_chars=self.prompt_chars,
            keywords=self.keywords,
            takes_negative="negative_prompt" in self.inputs,
            footage="file",
            **more,
        )


class _CardFile(Record):
    model: tuple[ModelCard, ...] = ()


@dataclass(frozen=True)
class ModelCatalog:
    """All model cards; no two have the same backend and id."""

    cards: tuple[ModelCard, ...]

    @classmethod
    def load(cls, folder: Path | None = None) -> ModelCatalog:
        """Load our cards and those in a user's folder, which may be missing.

        Raises:
            BadEditError: One of the user's files cannot be read or does not fit; names the line and the reason.
        """
        ours = resources.files("suno_video.backends").joinpath("models")
        texts = {
            entry.name: entry.read_text(encoding="utf-8")
            for entry in sorted(ours.iterdir(), key=lambda entry: entry.name)
            if entry.name.endswith(".toml") and entry.name != "prices.toml"
        }
        cards = _by_spec([card for name, text in texts.items() for card in read_cards(text, name)])
        for path in sorted(folder.glob("*.toml")) if folder is not None and folder.is_dir() else ():
            cards |= _by_spec(list(read_cards(read_user_text(path), str(path))))
        return cls(tuple(cards.values()))

    @classmethod
    def of(cls, setup: BackendSetup) -> ModelCatalog:
        """Load the cards that count for a person's setup. Raises as `load` does."""
        return cls.load(setup.models_folder)

    def of_backend(self, backend: str, kind: CardKind | None = None) -> tuple[ModelCard, ...]:
        """The cards of one backend, in order of their files."""
        return tuple(card for card in self.cards if card.backend == backend and kind in (None, card.makes))

    def find(self, backend: str, model: str | None, kind: MakesKind, *, fast: bool | None = None) -> ModelCard:
        """Find a card by the name that people use for it; without one, the default of that kind.

        Args:
            fast: Take its distilled variant instead, where it has one.

        Raises:
            UsageError: There is no such model, or it makes something else.
        """
        cards = self.of_backend(backend)
        card = next((card for card in cards if card.id == model), None) if model else _default(cards, kind)
        names = [each.id for each in cards if each.makes == kind]
        if card is None:
            what = f"model {model!r}" if model else f"model that makes {kind}s"
            raise UsageError(f"{backend} has no {what}.", nearest_model(model, names))
        if card.makes != kind:
            raise UsageError(f"{card.spec} makes no {kind}s.", f"These do: {', '.join(names) or 'none'}.")
        if fast and card.fast is not None:
            return self.find(backend, card.fast, kind)
        return card


def read_cards(text: str, source: str) -> tuple[ModelCard, ...]:
    """Read `[[model]]` tables from TOML. Raises `BadEditError`, with lines."""
    return parse_toml(_CardFile, text, source).model


def _by_spec(cards: list[ModelCard]) -> dict[str, ModelCard]:
    return {card.spec: card for card in cards}


def _default(cards: tuple[ModelCard, ...], kind: MakesKind) -> ModelCard | None:
    """The last card that says so: a user's own cards come after ours."""
    fitting = [card for card in cards if card.makes == kind]
    return next((card for card in reversed(fitting) if card.default), fitting[0] if fitting else None)


def nearest_model(model: str | None, names: list[str]) -> str:
    """Say which of a backend's models was probably meant, and which there are."""
    close = difflib.get_close_matches(model or "", names, 1)
    return (f"Did you mean {close[0]!r}? " if close else "") + (
        f"It has: {', '.join(names)}." if names else "Add a card for one: backends/README.md says how."
    )
