"""Settings that belong together, and what is true among them."""

from __future__ import annotations

import ast
import inspect
import itertools
from copy import copy
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, SecretStr, field_validator
from pydantic.fields import FieldInfo
from pydantic_core.core_schema import ValidationInfo


class SettingsGroup(BaseModel):
    """Settings that belong together: a table in a file, two underscores in a variable."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def flat_fields(model: type[BaseModel], *, described: bool) -> dict[str, FieldInfo]:
    """The fields of a model by name, those of a group in it as `group.name`.

    Args:
        described: Whether the texts under them become their descriptions. Pydantic does that with
            `use_attribute_docstrings`, and reads the source of each class while it is imported: a fifth of a second
            of every run, for texts that few runs show.
    """
    flat: dict[str, FieldInfo] = {}
    for name, field in (_described(model) if described else model.model_fields).items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, SettingsGroup):
            flat.update({f"{name}.{key}": inner for key, inner in flat_fields(kind, described=described).items()})
        else:
            flat[name] = field
    return flat


def _described(model: type[BaseModel]) -> dict[str, FieldInfo]:
    body = ast.parse(inspect.getsource(model)).body[0]
    assert isinstance(body, ast.ClassDef)
    fields = {name: copy(field) for name, field in model.model_fields.items()}
    for line, below in itertools.pairwise(body.body):
        match line, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(told))):
                fields[name].description = inspect.cleandoc(told)
    return fields


class MemorySettings(SettingsGroup):
    """How memory is watched and given back, and what is kept in it."""

    warning_mb: PositiveFloat | None = None
    """Warn and clean up above so many MB in use, ffmpeg included; unset, when less than 15 % of all memory is free."""
    critical_mb: PositiveFloat | None = None
    """Stop in good order when still above so many MB after that; unset, when less than 5 % of all memory is free."""
    logging: bool = False
    """Whether memory readings are written to the log."""
    aggressive_cleanup: bool = True
    """Whether each cleanup searches everything and gives pages back to the system; otherwise only what is quick."""
    cleanup_interval: PositiveInt = 1
    """After how many scenes memory is looked at; 1 is after each."""
    audio_cache: bool = True
    """Whether the encoded sound of a song is kept in its project for the next run."""
    audio_cache_hours: PositiveFloat = 24.0
    """Encoded sound and half-made files that were not used for so many hours are removed."""
    model_cache: bool = True
    """Whether a model stays loaded from one scene to the next."""
    isolate: Literal["auto", "always", "never"] = "auto"
    """Whether models run in a process of their own, which gives all memory back: `auto`, `always` or `never`."""

    @field_validator("critical_mb")
    @classmethod
    def _check_order(cls, critical_mb: float | None, info: ValidationInfo) -> float | None:
        warning_mb = info.data.get("warning_mb")
        if critical_mb is not None and warning_mb is not None and critical_mb < warning_mb:
            raise ValueError(f"it is less than memory.warning_mb, {warning_mb:g}")
        return critical_mb


class MoneySettings(SettingsGroup):
    """What may be spent on services. Nothing may until one of the budgets is set."""

    budget: Annotated[Decimal, Field(ge=0)] | None = None
    """US dollars that one run may spend at most."""
    project_budget: Annotated[Decimal, Field(ge=0)] | None = None
    """US dollars that one project may cost in all its runs."""
    day_budget: Annotated[Decimal, Field(ge=0)] | None = None
    """US dollars a day (UTC), over all projects."""
    month_budget: Annotated[Decimal, Field(ge=0)] | None = None
    """US dollars a month (UTC), over all projects."""
    ledger: Path | None = None
    """The file in which every purchase is written down; unset, one in your data folder for all projects."""


class ModelSettings(SettingsGroup):
    """Which of its models a backend takes."""

    quantize: bool | None = None
    """Whether models are loaded with fewer bits, smaller and a little worse; unset, the backend decides."""
    fast: bool | None = None
    """Whether models with fewer steps are taken, faster and a little worse; unset, the backend decides."""


Check: TypeAlias = Literal["black", "flat", "frozen", "static", "blown", "drift", "cut", "join", "text"]


class CheckSettings(SettingsGroup):
    """What is looked for in clips and stills that models make; what is found is made again, or played by a stand-in."""

    enabled: bool = True
    """Whether pictures are looked at; without it only their size and length are."""
    skip: tuple[Check, ...] = ()
    """Checks left out: `black`, `flat`, `frozen`, `static`, `blown`, `drift`, `cut`, `join`, `text`."""


class ReviewSettings(SettingsGroup):
    """Whether the director looks at stills and clips that models made, and what follows."""

    enabled: bool = False
    """Whether stills and clips are reviewed; needs a director that sees pictures."""
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.6
    """Score from 0 to 1 below which a still or clip is made again."""
    rerolls: Annotated[int, Field(ge=0, le=4)] = 1
    """How often one still or clip is made again at most, within the budget; the best one plays."""


class StemSettings(SettingsGroup):
    """How a song is taken apart before it is listened to."""

    separate: bool = False
    """Whether drums and voice are separated where no stems are found, so that beats and voice are heard better."""
    model: Annotated[str, Field(pattern=r"^([A-Za-z0-9_-]{1,60}|.+\.safetensors)$", max_length=1000)] = "htdemucs"
    """Name of a model of Demucs, or its safetensors file; only in your own settings."""


class FinishSettings(SettingsGroup):
    """What is done with clips of models, and with every finished picture, before they become the film."""

    lut: Path | None = None
    """A colour table (`.cube`) for the whole film, instead of the look's; only in your own settings."""
    allow_flashes: bool = False
    """Whether flashes stay as they are, however many a second; only in your own settings. They can harm people."""

    deflicker: Literal["auto", "none"] = "auto"
    """Whether the light of clips that flicker is steadied: `auto`, or `none`."""
    upscale_model: Path | None = None
    """Safetensors file of the image model that enlarges clips, such as Real-ESRGAN; only in your own settings."""
    upscale: Literal["auto", "none"] = "none"
    """Whether clips that are smaller than the film are enlarged by a model: `auto`, or `none`."""

    @field_validator("upscale_model")
    @classmethod
    def _check_model(cls, upscale_model: Path | None) -> Path | None:
        if upscale_model is None:
            return None
        if upscale_model.suffix.lower() != ".safetensors":
            raise ValueError("it must be a .safetensors file; others can run code when they are opened")
        return upscale_model.expanduser()

    @field_validator("upscale")
    @classmethod
    def _check_has_model(cls, upscale: str, info: ValidationInfo) -> str:
        if upscale == "auto" and info.data.get("upscale_model") is None:
            raise ValueError("finish.upscale_model is not set")
        return upscale


Safety: TypeAlias = Literal["BLOCK_NONE", "BLOCK_ONLY_HIGH", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_LOW_AND_ABOVE", "OFF"]


class DirectorSettings(SettingsGroup):
    """Who directs the film: rules, or a language model that hears the song."""

    name: Annotated[str, Field(min_length=1, max_length=200)] = "rules"
    """`rules`, `auto` (the first with a key), `gemini`, `openai`, `ollama`, `anthropic`, or `NAME:MODEL`."""
    listen_model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Model that hears the song and looks at pictures, `MODEL` or `NAME:MODEL`; unset, a quick and cheap one."""
    write_model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Model that writes treatment and storyboard, `MODEL` or `NAME:MODEL`; unset, the director's best."""
    fallback: Annotated[tuple[str, ...], Field(max_length=4)] = ()
    """Who is asked next when the director refuses or is away: `["openai", "gemini:gemini-3.5-flash"]`."""
    safety: Safety = "BLOCK_NONE"
    """What Gemini is to block, of lyrics too: `BLOCK_NONE`, `BLOCK_ONLY_HIGH`, `BLOCK_MEDIUM_AND_ABOVE`, ..."""
    offline: bool = False
    """Whether no language model is ever called: only answers that are kept in the project are used."""


_LOOKS_LIKE_HTTP = r"^https?://[^\s/]+.*$"


class ServiceSettings(SettingsGroup):
    """Where services are, and the keys to them. Never taken from a project's file."""

    comfyui_url: Annotated[str, Field(pattern=_LOOKS_LIKE_HTTP)] = "http://127.0.0.1:8188"
    """Address of your ComfyUI server; also read from `COMFYUI_URL`."""
    replicate_url: Annotated[str, Field(pattern=_LOOKS_LIKE_HTTP)] = "https://api.replicate.com"
    """Address of Replicate; also read from `REPLICATE_BASE_URL`."""
    replicate_token: SecretStr | None = None
    """Your key for Replicate. Never shown."""

    gemini_key: SecretStr | None = None
    """Your key for Gemini; also read from `GOOGLE_GENERATIVE_AI_API_KEY`, `GEMINI_API_KEY`, `GOOGLE_API_KEY`."""
    gemini_url: Annotated[str, Field(pattern=_LOOKS_LIKE_HTTP)] = "https://generativelanguage.googleapis.com"
    """Address of Gemini; also read from `GOOGLE_GEMINI_BASE_URL`."""
    openai_key: SecretStr | None = None
    """Your key for OpenAI; also read from `OPENAI_API_KEY`."""
    openai_url: Annotated[str, Field(pattern=_LOOKS_LIKE_HTTP)] = "https://api.openai.com/v1"
    """Address of OpenAI, or of what speaks like it; also read from `OPENAI_BASE_URL`."""
    anthropic_key: SecretStr | None = None
    """Your key for Anthropic; also read from `ANTHROPIC_API_KEY`."""
    anthropic_url: Annotated[str, Field(pattern=_LOOKS_LIKE_HTTP)] = "https://api.anthropic.com"
    """Address of Anthropic; also read from `ANTHROPIC_BASE_URL`."""
    ollama_url: str | None = None
    """Address of your Ollama; unset, port 11434 of this machine. Also read from `OLLAMA_BASE_URL`, `OLLAMA_HOST`."""

    @field_validator("ollama_url")
    @classmethod
    def _whole_address(cls, ollama_url: str | None) -> str | None:
        """Take what Ollama itself takes in `OLLAMA_HOST`: `0.0.0.0`, `:11434`, `box:8080`, or a whole address."""
        if not ollama_url:
            return None
        try:
            parts = urlsplit(ollama_url if "//" in ollama_url else f"http://{ollama_url}")
            port = parts.port
        except ValueError as exc:
            raise ValueError("it is no address such as http://127.0.0.1:11434") from exc
        if parts.scheme not in ("http", "https"):
            raise ValueError("it must begin with http:// or https://")
        host = parts.hostname or "127.0.0.1"
        host = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host  # noqa: S104
        default = None if "//" in ollama_url else 11434
        place = f"{host}:{port or default}" if port or default else host
        return f"{parts.scheme}://{place}{parts.path.rstrip('/').removesuffix('/v1')}"

    def director_keys(self) -> dict[str, str]:
        """Give the keys to language models, by provider."""
        keys = {"gemini": self.gemini_key, "openai": self.openai_key, "anthropic": self.anthropic_key}
        return {name: key.get_secret_value() for name, key in keys.items() if key is not None}

    def director_addresses(self) -> dict[str, str]:
        """Give the addresses of language models, by provider; that of Ollama only when it is set."""
        urls = {"gemini": self.gemini_url, "openai": self.openai_url, "anthropic": self.anthropic_url}
        return urls | ({"ollama": self.ollama_url} if self.ollama_url else {})

    def plain(self) -> dict[str, str]:
        """Give them as the backends take them."""
        token = self.replicate_token.get_secret_value() if self.replicate_token is not None else ""
        return {"comfyui_url": self.comfyui_url, "replicate_url": self.replicate_url, "replicate_token": token}
