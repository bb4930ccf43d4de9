"""Which models are asked, in which order, for which kind of question."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from suno_video.core.errors import ConfigError, KeyRefusedError, UsageError
from suno_video.direct.llm.catalog import LanguageModel, LanguageModels
from suno_video.direct.llm.choice import AUTO, KEY_NAMES, NEEDS_KEY, PROVIDERS, RULES, DirectorChoice, Provider
from suno_video.direct.llm.question import Role

ROLES: tuple[Role, ...] = ("listen", "write", "look")
_PACKAGES = ("pydantic_ai", "google.genai", "openai", "anthropic")


@dataclass(frozen=True)
class LineUp:
    """Who is asked for each role, the first first."""

    provider: Provider
    listen: tuple[LanguageModel, ...]
    write: tuple[LanguageModel, ...]
    look: tuple[LanguageModel, ...]

    def of(self, role: Role) -> tuple[LanguageModel, ...]:
        """The models for a role; none where the provider has none and none is named."""
        return {"listen": self.listen, "write": self.write, "look": self.look}[role]

    @property
    def name(self) -> str:
        """`gemini:gemini-3.1-pro-preview`: who writes."""
        return (self.write or self.look or self.listen)[0].spec


def line_up(choice: DirectorChoice) -> LineUp | None:
    """Choose the models. None: rules direct, because they are wished for or because `auto` found nobody.

    Raises:
        UsageError: There is no such director.
        ConfigError: The extra package is missing, or what a model costs is not known.
        KeyRefusedError: A provider that was named has no key.
        BadEditError: The user's file of models does not fit.
    """
    if choice.name == RULES:
        return None
    provider, model = _first(choice)
    if provider is None:
        return None
    models = LanguageModels.load(choice.models_file)
    fallback = [_parse(name, None) for name in choice.fallback]
    if not choice.offline:
        for each in (provider, *(other for other, _ in fallback)):
            require_key(each, choice)
        _require_package()

    def chain(role: Role, named: str | None) -> tuple[LanguageModel, ...]:
        first = _parse(named, provider) if named else (provider, model)
        found = (_model(models, *who, role) for who in (first, *fallback))
        return tuple(dict.fromkeys(each for each in found if each is not None))

    return LineUp(
        provider,
        listen=chain("listen", choice.listen_model),
        write=chain("write", choice.write_model),
        look=chain("look", choice.listen_model),
    )


def has_package() -> bool:
    """Whether what the services are called with is installed."""
    try:
        return all(find_spec(name) is not None for name in _PACKAGES)
    except ModuleNotFoundError:  # the parent of a dotted name is missing
        return False


def require_key(provider: Provider, choice: DirectorChoice) -> None:
    """Raise `KeyRefusedError` where a provider needs a key and has none."""
    if provider in NEEDS_KEY and not choice.keys.get(provider):
        raise KeyRefusedError(
            f"{provider} directs, and no key for it is set.",
            f"Set {KEY_NAMES[provider]}, or leave it to --director rules.",
        )


def is_set_up(provider: Provider, choice: DirectorChoice) -> bool:
    """Whether `auto` may take a provider: its key is set, or where the local one listens."""
    return bool(choice.keys.get(provider)) if provider in NEEDS_KEY else provider in choice.addresses


def _first(choice: DirectorChoice) -> tuple[Provider | None, str | None]:
    if choice.name != AUTO:
        return _parse(choice.name, None)
    return next((each for each in PROVIDERS if is_set_up(each, choice)), None), None


def _parse(name: str, default: Provider | None) -> tuple[Provider, str | None]:
    """Read `provider`, `provider:model`, or with a default provider `model`, which may itself have a colon in it."""
    head, colon, model = name.partition(":")
    if head in PROVIDERS and (colon or default is None):
        if colon and not model:
            raise UsageError(f"{name!r} names no model.", f"Say {head}, or {head}:MODEL.")
        return head, model or None
    if default is not None:
        return default, name
    raise UsageError(
        f"There is no director {name!r}.", f"Choose one of: {', '.join((RULES, AUTO, *PROVIDERS))}, or NAME:MODEL."
    )


def _model(models: LanguageModels, provider: Provider, name: str | None, role: Role) -> LanguageModel | None:
    return models.find(provider, name) if name else models.default(provider, role)


def _require_package() -> None:
    if not has_package():
        raise ConfigError(
            "A language model directs, and the packages that talk to it are not installed.",
            "Install them: pip install 'suno-video[director]'",
        )
