"""A still or a clip through the real loop, in a process that the kernel refuses more than a little memory.

Run by `test_ladder.py` in a process of its own, because the limit stays.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}  # before any of them is imported

from suno_video.backends.base import BackendSetup
from suno_video.backends.diffusers import DiffusersBackend
from suno_video.core.events import AttemptFailed
from suno_video.core.frames import FrameSize
from suno_video.render.footage import Fulfilled
from suno_video.render.inspect import Inspector
from suno_video.render.orders import Wish, make_wish
from tests.models.tiny.cards import card_of, request_for
from tests.unit.makers import Set

SMALL = FrameSize(width_px=96, height_px=64)
MB = 2**20


def wisher(name: str, backend: DiffusersBackend, place: Path) -> Callable[[str, FrameSize], Wish]:
    """Give what makes wishes for scenes of a size."""
    request = request_for(name, place)
    kind = "clip" if backend.capabilities.makes == "clip" else "still"

    def wish(scene: str, size: FrameSize) -> Wish:
        changed = replace(request, scene=scene, size=size)
        return make_wish(kind, changed, backend.name, backend.version, backend.capabilities)

    return wish


def claimed_bytes() -> int:
    """How much memory of its own this process has claimed: what the limit counts."""
    return int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()


def main(name: str, weights: str, folder: str, size: str, more_mb: str) -> None:
    """Make a small one, then, with `more_mb` left to claim, a large and two small ones; tell what became of each."""
    import torch

    torch.set_num_threads(1)  # each thread would claim a heap of its own
    place = Path(folder)
    backend = DiffusersBackend.for_model(card_of(name, Path(weights), steps=1), BackendSetup())
    wish, nobody_looks = wisher(name, backend, place), Inspector(frozenset())  # random weights paint noise
    # 1. What is claimed once, whatever is made: libraries, buffers of the encoder.
    Set(place / "before").run(backend, wishes=[wish("s000", SMALL)], inspector=nobody_looks)
    # 2. Under the limit.
    resource.setrlimit(resource.RLIMIT_DATA, (claimed_bytes() + int(more_mb) * MB, resource.RLIM_INFINITY))
    stage = Set(place / "under")
    large = FrameSize.parse(size)
    wishes = [wish("s001", large), wish("s002", SMALL), wish("s003", SMALL)]
    outcomes = stage.run(backend, wishes=wishes, inspector=nobody_looks)
    failed = [(each.scene, each.reason, each.next) for each in stage.told(AttemptFailed)]
    made = {
        outcome.wish.scene: outcome.take.receipt.changes
        for outcome in outcomes
        if isinstance(outcome, Fulfilled) and outcome.take.path.is_file()
    }
    sys.stdout.write(json.dumps({"failed": failed, "made": made}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
