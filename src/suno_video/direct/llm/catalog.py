"""Language models as data: what each can hear and see, and what its tokens cost. A new one needs no Python."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from suno_video.core.errors import ConfigError
from suno_video.core.money import usd
from suno_video.core.record import Record
from suno_video.core.toml import parse_toml, read_user_text
from suno_video.direct.llm.choice import Provider
from suno_video.direct.llm.question import Role

MILLION = 1_000_000
Usd = Annotated[Decimal, Field(ge=0, le=10_000)]


class TokenPrice(Record):
    """US dollars per million tokens, up to a day."""

    usd_input: Usd
    """Of text and pictures."""
    usd_audio: Usd | None = None
    """Of sound; None: as for text."""
    usd_output: Usd
    """Of answers, and of what a model thinks before it answers."""
    until: date | None = None
    """Last day on which it holds; None: until further notice."""

    def cost_usd(self, *, n_input: int, n_audio: int, n_output: int) -> Decimal:
        """Price tokens; `n_input` does not count those of sound."""
        audio = self.usd_input if self.usd_audio is None else self.usd_audio
        return (self.usd_input * n_input + audio * n_audio + self.usd_output * n_output) / MILLION

    @property
    def words(self) -> str:
        """For people: `$0.75 in, $3.75 out per million tokens`."""
        sound = f", {usd(self.usd_audio)} sound" if self.usd_audio is not None else ""
        return f"{usd(self.usd_input)} in{sound}, {usd(self.usd_output)} out per million tokens"


class LanguageModel(Record):
    """One model of one provider."""

    provider: Provider
    id: Annotated[str, Field(min_length=1, max_length=120)]
    """As the provider calls it."""
    roles: tuple[Role, ...] = ()
    """For what it is taken when nobody names a model."""
    hears: bool = False
    sees: bool = True
    answers: Literal["schema", "tool"] = "schema"
    """How it is held to a shape: by a schema for its answer, or by a tool that it must call."""
    context_tokens: Annotated[int, Field(ge=1000)]
    """The longest question, in tokens; less than the provider's where longer ones cost more."""
    audio_tokens_per_s: Annotated[float, Field(gt=0)] = 32
    image_tokens: Annotated[int, Field(ge=1)] = 2600
    """Of one picture, at most."""
    prices: Annotated[tuple[TokenPrice, ...], Field(min_length=1)]
    """The first that still holds counts."""
    source: str
    checked_on: date

    @property
    def spec(self) -> str:
        """`gemini:gemini-3.8-flash`."""
        return f"{self.provider}:{self.id}"

    @property
    def is_free(self) -> bool:
        """Whether nothing that it does costs money."""
        return all(not (price.usd_input or price.usd_audio or price.usd_output) for price in self.prices)

    def price(self, on: date) -> TokenPrice:
        """The price on a day. Raises `ConfigError` where none holds any more."""
        for price in self.prices:
            if price.until is None or on <= price.until:
                return price
        raise ConfigError(
            f"No price is known for {self.spec} on {on}.", "Add the model with its prices to your director.toml."
        )


_FREE = TokenPrice(usd_input=Decimal(0), usd_output=Decimal(0))


class _ModelFile(Record):
    model: tuple[LanguageModel, ...] = ()


@dataclass(frozen=True)
class LanguageModels:
    """All that are known; a user's own come first."""

    models: tuple[LanguageModel, ...]
    user_file: Path | None = None

    @classmethod
    def load(cls, user_file: Path | None = None) -> LanguageModels:
        """Read ours and the user's.

        Raises:
            BadEditError: The user's file does not fit; names line and reason.
        """
        ours = resources.files("suno_video.direct.llm").joinpath("models.toml").read_text(encoding="utf-8")
        theirs: tuple[LanguageModel, ...] = ()
        if user_file is not None and user_file.is_file():
            theirs = read_models(read_user_text(user_file), str(user_file))
        return cls((*theirs, *read_models(ours, "models.toml")), user_file)

    def default(self, provider: Provider, role: Role) -> LanguageModel | None:
        """The model of a provider for a role; None where it has none."""
        return next((each for each in self.models if each.provider == provider and role in each.roles), None)

    def find(self, provider: Provider, name: str) -> LanguageModel:
        """Find a model by its provider's name for it. Any model of an Ollama is known, and free.

        Raises:
            ConfigError: What it costs is not known, so it cannot be asked.
        """
        for each in self.models:
            if (each.provider, each.id) == (provider, name):
                return each
        if provider == "ollama":
            return LanguageModel(
                provider=provider,
                id=name,
                context_tokens=32_000,
                prices=(_FREE,),
                source="runs on your own machine",
                checked_on=date.min,
            )
        known = ", ".join(each.id for each in self.models if each.provider == provider)
        raise ConfigError(
            f"What {provider}:{name} costs is not known, so it cannot be asked.",
            f"Add it as a [[model]] to {self.user_file or 'your director.toml'}, or take one of: {known}.",
        )


def read_models(text: str, source: str) -> tuple[LanguageModel, ...]:
    """Read `[[model]]` tables from TOML. Raises `BadEditError`, with lines."""
    return parse_toml(_ModelFile, text, source).model
