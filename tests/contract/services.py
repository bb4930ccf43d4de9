"""The services on this machine that backends are proved against, by the name of the backend.

Each is a context manager: given an empty folder, it starts the service and gives the variables that lead to it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from tests.comfy_server import ComfyServer


@contextlib.contextmanager
def comfyui(folder: Path) -> Iterator[dict[str, str]]:
    """A server that takes a moment for each prompt, so that a run can end while it waits."""
    with ComfyServer(folder, work_s=0.4) as server:
        yield {"COMFYUI_URL": server.url}


LOOPBACK: Mapping[str, Callable[[Path], AbstractContextManager[dict[str, str]]]] = {"comfyui": comfyui}
