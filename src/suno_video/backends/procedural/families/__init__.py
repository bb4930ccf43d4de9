"""One file for each scene family; `catalog` names them, `load_scene` finds their painters."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from suno_video.backends.procedural.catalog import FAMILIES
from suno_video.backends.procedural.plugins import find_plugins, load_plugin

if TYPE_CHECKING:
    from suno_video.backends.procedural.families.scene import Scene


def load_scene(family: str) -> type[Scene]:
    """Import the painter of a family; only this one, so that only its kernels are compiled.

    Raises:
        SceneFault: The family is not ours, and cannot be run.
        KeyError: There is no such family.
    """
    if family not in FAMILIES:
        return load_plugin(find_plugins()[family])[1]
    module = import_module(f"suno_video.backends.procedural.families.{family}")
    return module.SCENE
