"""Which class of mflux 0.24 drives which family of models, and what it wants to be told.

Read in its source: constructors and `generate_image` differ from family to family.
"""

from __future__ import annotations

import copy
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from suno_video.backends.catalog import ModelCard
from suno_video.core.errors import ConfigError


@dataclass(frozen=True)
class Family:
    """One class of mflux."""

    module: str
    type_name: str
    references: Literal["none", "one", "many"] = "none"
    """How it takes pictures to refer to: as `image_path`, or as `image_paths`."""
    needs_reference: bool = False
    negative: bool = False
    """Whether it takes a negative prompt."""
    plain: tuple[str, str] | None = None
    """Module and class that do the same without any picture, where this class fails without one."""

    def load_type(self) -> Any:
        """Import the class. Raises `ImportError` where mflux is not installed."""
        return getattr(importlib.import_module(self.module), self.type_name)

    def without_references(self, model: Any) -> Any:
        """Give what makes a picture from words alone, out of the same weights.

        mflux 0.24 has two classes that are loaded alike; the one that edits joins its pictures even where there are
        none, and fails.
        """
        if self.plain is None:
            return model
        module, type_name = self.plain
        kind = getattr(importlib.import_module(module), type_name)
        plain = kind.__new__(kind)
        # A module of MLX is a dict of its parts, with the rest as attributes. Both are shared, nothing is copied.
        dict.update(plain, model)
        vars(plain).update(vars(model))
        return plain


FAMILIES: Mapping[str, Family] = {
    "flux1": Family("mflux.models.flux.variants.txt2img.flux", "Flux1", negative=True),
    "kontext": Family("mflux.models.flux.variants.kontext.flux_kontext", "Flux1Kontext", "one", needs_reference=True),
    "flux2": Family("mflux.models.flux2.variants.txt2img.flux2_klein", "Flux2Klein"),
    "flux2-edit": Family(
        "mflux.models.flux2.variants.edit.flux2_klein_edit",
        "Flux2KleinEdit",
        "many",
        plain=("mflux.models.flux2.variants.txt2img.flux2_klein", "Flux2Klein"),
    ),
    "z-image": Family("mflux.models.z_image.variants.z_image", "ZImage", negative=True),
    "qwen": Family("mflux.models.qwen.variants.txt2img.qwen_image", "QwenImage", negative=True),
    "qwen-edit": Family(
        "mflux.models.qwen.variants.edit.qwen_image_edit", "QwenImageEdit", "many", needs_reference=True, negative=True
    ),
}


def family_of(card: ModelCard) -> Family:
    """Give the family of a card. Raises `ConfigError` when there is none of that name."""
    family = FAMILIES.get(str(card.extra.get("family", "")))
    if family is None:
        raise ConfigError(
            f"{card.spec}: extra.family must be one of {', '.join(FAMILIES)}.", "backends/mflux.md shows a card."
        )
    return family


def model_config(card: ModelCard) -> Any:
    """Give mflux's description of a model, with what the card says of a smaller or larger one of its kind."""
    from mflux.models.common.config.model_config import ModelConfig

    # A copy: mflux gives the entry of its own list, which all other cards share.
    config = copy.copy(ModelConfig.from_name(str(card.extra.get("config", card.id))))
    for part in ("transformer_overrides", "text_encoder_overrides"):
        if part in card.extra:
            setattr(config, part, dict(card.extra[part]))
    return config
