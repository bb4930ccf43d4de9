"""Arrays that are dear to make and the same on every day: made once on a machine, then read from the user's cache."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

from suno_video import __version__
from suno_video.core.errors import SunoVideoError
from suno_video.media.atomic import make_folder, write_bytes


def kept_array(name: str, shape: tuple[int, ...], make: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
    """Give the array of that name, made only when it is not kept yet or not whole.

    A cache that cannot be written costs the time to make the array again, and nothing else.
    """
    path = Path(platformdirs.user_cache_dir("suno-video")) / f"arrays-{__version__}" / f"{name}.npy"
    with contextlib.suppress(OSError, ValueError, EOFError):
        kept: NDArray[np.float32] = np.load(path, allow_pickle=False)
        if kept.shape == shape and kept.dtype == np.float32:
            return kept
    made = make()
    content = BytesIO()
    np.save(content, made, allow_pickle=False)
    with contextlib.suppress(SunoVideoError):
        make_folder(path.parent)
        write_bytes(path, content.getvalue())
    return made
