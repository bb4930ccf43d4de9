"""One file for each scene family; `catalog` names them, `load_scene` finds their painters."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suno_video.backends.procedural.families.scene import Scene


def load_scene(family: str) -> type[Scene]:
    """Import the painter of a family; only this one, so that only its kernels are compiled."""
    module = import_module(f"suno_video.backends.procedural.families.{family}")
    return module.SCENE
