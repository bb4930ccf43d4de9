"""Settings: flags > `SUNO_VIDEO_*` > plain variables > `.env` > project file > user file > defaults.

Each value comes with the place it was set. Read only at the surface (`cli`, `service`); below, functions get plain
values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import Field, PositiveFloat, PositiveInt, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from suno_video.core.brief import USUAL_TIMING, Captions, EncoderChoice, Quality, Timing
from suno_video.core.errors import SunoVideoError, UsageError
from suno_video.core.frames import MAX_FPS, MIN_FPS, FrameSize
from suno_video.core.song import DEFAULT_MAX_DURATION_S
from suno_video.media.atomic import write_trouble
from suno_video.settings_groups import (
    CheckSettings,
    DirectorSettings,
    FinishSettings,
    MemorySettings,
    ModelSettings,
    MoneySettings,
    ReviewSettings,
    ServiceSettings,
    StemSettings,
    flat_fields,
)
from suno_video.settings_layers import (
    ENV_PREFIX,
    FLAG,
    PLAIN_NAMES,
    Layer,
    flatten,
    groups_of,
    nest,
    read_dotenv,
    read_file,
    read_plain_variables,
    read_variables,
)

__all__ = [
    "DEFAULT",
    "ENV_PREFIX",
    "FLAG",
    "PLAIN_NAMES",
    "PROJECT_FILE",
    "LoadedSettings",
    "Settings",
    "load_settings",
    "setting_fields",
    "user_director_file",
    "user_file",
    "user_folder",
    "user_looks_folder",
    "user_models_folder",
    "user_prices_file",
]

PROJECT_FILE, DEFAULT = "suno-video.toml", "default"

# A project file comes with a download. It must never decide where a key is sent, or which key.
_NEVER_IN_A_PROJECT = re.compile(r"(?:^|[_.])(?:key|token|secret|password|url|uri|address|host|endpoint)s?$")


class Settings(BaseSettings):
    """Everything that can be set once instead of given each time."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
    )

    look: str = "auto"
    """Name of the look, or `auto`: chosen by the mood of the song."""
    size: str = "16:9"
    """Frame size: `16:9`, `9:16`, `1:1`, `720p`, `1080p`, `4k` or `WIDTHxHEIGHT`."""
    fps: Annotated[int, Field(ge=MIN_FPS, le=MAX_FPS)] = 30
    """Frames per second."""
    quality: Quality = "standard"
    """`draft`, `standard` or `high`."""
    encoder: EncoderChoice = "x264"
    """`x264`, `av1`, `hardware`, `videotoolbox`, `nvenc`, `qsv` or `vaapi`; `suno-video doctor` lists what works."""
    seed: Annotated[int, Field(ge=0)] | None = None
    """Another number gives another film; unset, the song itself decides."""
    end_card: bool = True
    """Whether the title stands over the end of the film once more."""
    captions: Captions = "karaoke"
    """How lyrics with times are shown: `karaoke`, `lines`, `type` (large moving words) or `none`."""
    safe_for: str | None = None
    """Platform whose buttons no text may stand under: `reels`, `shorts`, `tiktok` ...; unset, any of them."""
    timing: Timing = USUAL_TIMING
    """How cuts lie to the music: `grid`, `tight`, `human`, or a number from 0 (on the grid) to 1 (human)."""
    jobs: PositiveInt | None = None
    """Scenes rendered at once; unset, as many as there are cores."""
    backend: str = "procedural"
    """Video backend that plays the scenes, alone or with one of its models: `replicate:minimax/video-01`."""
    lock_seed: bool = False
    """Whether all stills and clips are made with one seed."""
    stills: str | None = None
    """Image backend that makes a still for each scene first, alone or with one of its models."""
    max_duration_s: PositiveFloat = DEFAULT_MAX_DURATION_S
    """The longest song that is accepted, in seconds."""
    memory: MemorySettings = MemorySettings()
    """How memory is watched and given back, and what is kept in it."""
    money: MoneySettings = MoneySettings()
    """What may be spent on services."""
    models: ModelSettings = ModelSettings()
    """Which of its models a backend takes."""
    checks: CheckSettings = CheckSettings()
    """What is looked for in the pictures of models."""
    review: ReviewSettings = ReviewSettings()
    """Whether the director looks at stills and clips that models made."""
    stems: StemSettings = StemSettings()
    """How a song is taken apart before it is listened to."""
    finish: FinishSettings = FinishSettings()
    """What is done with clips of models before they become the film."""
    director: DirectorSettings = DirectorSettings()
    """Who directs the film."""
    services: ServiceSettings = ServiceSettings()
    """Where services are, and the keys to them."""

    @field_validator("size")
    @classmethod
    def _check_size(cls, size: str) -> str:
        try:
            FrameSize.parse(size)
        except UsageError as exc:
            raise ValueError(f"{exc.message} {exc.hint}") from exc
        return size

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values as given: `load_settings` reads the sources one by one, to know where each value came from."""
        return (init_settings,)


@dataclass(frozen=True)
class LoadedSettings:
    """Settings and where each one came from."""

    settings: Settings
    layers: tuple[Layer, ...]
    """The strongest first."""

    def values(self) -> dict[str, Any]:
        """Give every value as JSON, by flat key: `fps`, `memory.warning_mb`."""
        return flatten(self.settings.model_dump(mode="json"), groups_of(Settings))

    def layer_of(self, key: str) -> Layer | None:
        """The place that decided `key`; None for a default."""
        return next((layer for layer in self.layers if key in layer.values), None)

    def origin_of(self, key: str) -> str:
        """Name where `key` comes from: `flag`, a variable, a file, or `default`."""
        layer = self.layer_of(key)
        if layer is None:
            return DEFAULT
        return FLAG if layer.origin == FLAG else layer.place_of(key).removesuffix(f": {key}")

    def refuse(self, key: str, reason: str, hint: str | None = None) -> SunoVideoError:
        """Give the error for a value that turned out not to fit, naming where it was set."""
        return (self.layer_of(key) or Layer(FLAG, {})).refuse(key, reason, hint)


def user_folder() -> Path:
    """Where this user's own settings and looks are."""
    return Path(platformdirs.user_config_dir("suno-video"))


def user_file() -> Path:
    """The settings file of this user."""
    return user_folder() / "config.toml"


def user_looks_folder() -> Path:
    """Where this user's own looks are; may be missing."""
    return user_folder() / "looks"


def user_models_folder() -> Path:
    """Where this user's own model cards are; may be missing."""
    return user_folder() / "models"


def user_director_file() -> Path:
    """This user's own language models and their prices; may be missing."""
    return user_folder() / "director.toml"


def user_prices_file() -> Path:
    """This user's own prices; may be missing."""
    return user_folder() / "prices.toml"


def load_settings(
    flags: Mapping[str, Any] | None = None, *, config: Path | None = None, project: Path | None = None
) -> LoadedSettings:
    """Read all settings.

    Args:
        flags: Values from the command line; None means not given.
        config: Takes the place of the project file.
        project: Project folder whose `suno-video.toml` counts; without one there, that of the working folder does.

    Raises:
        ConfigError: A file or variable has an unknown key or a bad value; names it, and the line in a file.
        UsageError: A flag has a bad value.
    """
    layers = [Layer(FLAG, {key: value for key, value in (flags or {}).items() if value is not None})]
    layers += [read_variables(Settings), read_plain_variables(), read_dotenv()]
    layers += [read_file(path, groups_of(Settings), is_project=True) for path in _project_files(config, project)]
    if config is None:
        _refuse_what_is_yours(layers)
    if user_file().is_file():
        layers.append(read_file(user_file(), groups_of(Settings), is_project=False))
    for layer in layers:
        _check_keys(layer)
    return LoadedSettings(_merge(layers), tuple(layers))


def _refuse_what_is_yours(layers: list[Layer]) -> None:
    """A settings file that was found and not named may come with a download: it must not decide what is yours."""
    for layer in layers:
        for key in layer.values if layer.is_project else ():
            what = _YOURS.get(key) or _YOURS.get(key.partition(".")[0])
            if what is not None:
                flag = "use --budget, " if key.startswith("money.") else ""
                hint = f"Name the file with --config, {flag}or put it into your own file, {user_file()}."
                raise layer.refuse(key, f"a settings file that lies in a folder may not {what}.", hint)


_YOURS = {
    "money": "say what is spent",
    "finish.upscale_model": "name a model's file",
    "stems.model": "name a model's file",
    "finish.lut": "name a colour table",
    "finish.allow_flashes": "allow flashes, which can harm people",
}


def _project_files(config: Path | None, project: Path | None) -> list[Path]:
    if config is not None:
        return [config]
    candidates = [folder / PROJECT_FILE for folder in (project, Path()) if folder is not None]
    try:
        return [path for path in candidates if path.is_file()][:1]
    except OSError as exc:
        raise write_trouble(candidates[0], exc) from exc


def setting_fields(*, described: bool = False) -> dict[str, FieldInfo]:
    """Every setting by its flat key, with its default and, if wanted, what it means."""
    return flat_fields(Settings, described=described)


def never_in_a_project(key: str) -> bool:
    """Whether a flat key says where a service is or holds a key to one, which only the user's own file may."""
    return _NEVER_IN_A_PROJECT.search(key.lower()) is not None


def _check_keys(layer: Layer) -> None:
    known = setting_fields()
    for key in layer.values:
        # Before anything else: that such a setting exists is no reason for a project to have it.
        if layer.is_project and never_in_a_project(key):
            raise layer.refuse(
                key,
                "a project file may not set keys or service addresses.",
                f"Put it into your own file, {user_file()}, if you meant it.",
            )
        if key in known:
            continue
        if key in groups_of(Settings):
            names = [name.removeprefix(f"{key}.") for name in known if name.startswith(f"{key}.")]
            raise layer.refuse(key, "this is a group of settings.", f"Its keys are: {', '.join(names)}.")
        raise layer.refuse(key, "there is no such setting.", f"Settings are: {', '.join(known)}.")


def _merge(layers: list[Layer]) -> Settings:
    merged: dict[str, Any] = {}
    for layer in reversed(layers):
        merged.update(layer.values)
    try:
        return Settings(**nest(merged))
    except ValidationError as exc:
        fault = exc.errors(include_url=False)[0]
        key = ".".join(str(part) for part in fault["loc"])
        layer = next(layer for layer in layers if key in layer.values)
        reason = fault["msg"].removeprefix("Value error, ")
        hint = f"{key}: {setting_fields(described=True)[key].description}" if "." in key else None
        raise layer.refuse(key, f"{merged[key]!r} does not fit: {reason}", hint) from exc
