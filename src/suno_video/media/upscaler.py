"""Enlarges single pictures with an image model (Real-ESRGAN and others that spandrel knows), tile by tile.

The weights come from a safetensors file, read by safetensors itself: a pickle could run code, and is never opened.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suno_video.core.errors import ConfigError
from suno_video.core.memory import force_cleanup, is_out_of_memory

PACKAGES = ("torch", "safetensors", "spandrel")
TILES_PX = (512, 256, 128)
"""Sides of the tiles that a picture is cut into; the next smaller one when memory runs out. Even the last one is many
times wider than `HALO_PX`, which is done twice."""
HALO_PX = 32
"""What a tile sees of its neighbours and does not keep: about as far as these models look in earnest."""


class TooLittleMemory(Exception):  # noqa: N818 - what happened, not a fault
    """Not even the smallest tile fits."""


def missing_packages() -> list[str]:
    """Name what is not installed of what enlarging needs. Imports nothing."""
    return [name for name in PACKAGES if find_spec(name) is None]


class Upscaler:
    """A model in memory.

    Args:
        weights: A safetensors file of a model that takes and gives RGB.

    Raises:
        ConfigError: The file is no such model, or what is installed here cannot load it.
    """

    def __init__(self, weights: Path, tiles_px: tuple[int, ...] = TILES_PX) -> None:
        self._model = _load(weights)
        self._tiles = list(tiles_px)

    @property
    def scale(self) -> int:
        """How many times wider and higher its pictures become."""
        return int(self._model.scale)

    @property
    def tile_px(self) -> int:
        """Side of the tiles now; it only ever gets smaller."""
        return self._tiles[0]

    def enlarge(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Give a picture `scale` times as large. Shape (height, width, 3), RGB.

        Raises:
            TooLittleMemory: Not even the smallest tile fits.
        """
        while True:
            large = self._try(picture)
            if large is not None:
                return large
            # Only now, when no exception holds on to the tensors of the attempt.
            force_cleanup()
            if len(self._tiles) == 1:
                raise TooLittleMemory
            del self._tiles[0]

    def close(self) -> None:
        """Return all memory."""
        self._model = None
        force_cleanup()

    def _try(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
        """None: memory ran out."""
        try:
            return self._in_tiles(picture)
        except (MemoryError, RuntimeError) as exc:
            if not is_out_of_memory(exc):
                raise
            return None

    def _in_tiles(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height, width, _ = picture.shape
        scale, tile = self.scale, self.tile_px
        if self._model.tiling.name == "INTERNAL":  # it has to see the whole, and cuts it up itself
            return self._run(picture)
        large = np.empty((height * scale, width * scale, 3), dtype=np.uint8)
        for top, left in product(range(0, height, tile), range(0, width, tile)):
            above, before = min(HALO_PX, top), min(HALO_PX, left)
            bottom, right = min(top + tile, height), min(left + tile, width)
            made = self._run(picture[top - above : bottom + HALO_PX, left - before : right + HALO_PX])
            kept = made[above * scale :, before * scale :][: (bottom - top) * scale, : (right - left) * scale]
            large[top * scale : bottom * scale, left * scale : right * scale] = kept
        return large

    def _run(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        import torch

        tensor = torch.from_numpy(picture.copy()).to(self._model.device)
        made = self._model(tensor.permute(2, 0, 1)[None].to(self._model.dtype) / 255)
        large: NDArray[np.uint8] = (made[0].permute(1, 2, 0).float() * 255).round().to(torch.uint8).cpu().numpy()
        return large


def _load(weights: Path) -> Any:
    hint = "finish.upscale_model names a safetensors file of an image model such as Real-ESRGAN."
    if missing := missing_packages():
        raise ConfigError(f"Enlarging clips needs {', '.join(missing)}.", "Install: pip install 'suno-video[upscale]'")
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        with _without_torchvision():
            from spandrel import ImageModelDescriptor, ModelLoader
    except (ImportError, RuntimeError) as exc:
        raise ConfigError(
            f"spandrel cannot be imported: {exc}", "Its torchvision must be made for the torch that is installed."
        ) from exc
    try:
        model = ModelLoader(device="cpu").load_from_state_dict(load_file(weights))
    except (OSError, SafetensorError) as exc:
        raise ConfigError(f"{weights} cannot be read as safetensors: {exc}", hint) from exc
    except Exception as exc:  # architectures are guessed from the names of tensors, and fail in many ways
        raise ConfigError(f"{weights} is no model that spandrel knows.", hint) from exc
    if not isinstance(model, ImageModelDescriptor) or (model.input_channels, model.output_channels) != (3, 3):
        raise ConfigError(f"{weights} does not turn an RGB picture into another.", hint)
    if model.scale < 2:
        raise ConfigError(f"{weights} does not enlarge pictures.", hint)
    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    half = device == "cuda" and model.supports_half
    return model.to(device, dtype=torch.float16 if half else torch.float32).eval()


@contextmanager
def _without_torchvision() -> Iterator[None]:
    """Let spandrel be imported where torchvision is missing or made for another torch.

    Two of its models (one paints holes shut, one restores faces) take three names from there; none that enlarges does.
    What stands in for it is gone again afterwards, so that no other library takes it for the real one.
    """
    try:
        import torchvision.transforms.functional  # noqa: F401

        yield
        return
    except (ImportError, RuntimeError, AttributeError):  # RuntimeError: operator torchvision::nms does not exist
        pass
    before = {name: module for name, module in sys.modules.items() if _is_torchvision(name)}
    for name in before:
        del sys.modules[name]
    functional = ModuleType("torchvision.transforms.functional")
    functional.__dict__.update(InterpolationMode=object, rotate=None, normalize=None)
    transforms, root = ModuleType("torchvision.transforms"), ModuleType("torchvision")
    transforms.__dict__.update(functional=functional)
    root.__dict__.update(transforms=transforms)
    for module in (root, transforms, functional):
        sys.modules[module.__name__] = module
    try:
        yield
    finally:
        for name in [name for name in sys.modules if _is_torchvision(name)]:
            del sys.modules[name]


def _is_torchvision(name: str) -> bool:
    return name == "torchvision" or name.startswith("torchvision.")
