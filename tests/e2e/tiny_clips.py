"""The diffusers backend over pipelines with random weights, and a run of many scenes through the real loop.

The tiny pipeline is saved and loaded as a real one would be; those of full size are built on the graphics card.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}  # before any of them is imported

from PIL import Image

from suno_video.backends.base import BackendSetup, ClipRequest, Job, MakeFailed, StillRequest
from suno_video.backends.catalog import ModelCard, read_cards
from suno_video.backends.diffusers import DiffusersBackend
from suno_video.core.events import AttemptFailed, Event, MemoryRead
from suno_video.core.frames import FrameSize
from suno_video.pipeline.memory import MemoryKeeper, MemoryOptions
from suno_video.render.footage import Fulfilled
from suno_video.render.inspect import Inspector
from suno_video.render.orders import Wish, make_wish
from tests.e2e.slopes import keep_within, tell
from tests.unit.makers import Set, wishes_for

_CARD = """
[[model]]
backend = "diffusers"
id = "random"
makes = "{makes}"
source = '{folder}'
size_multiple = 32
steps = {steps}
guidance = {guidance}
{lengths}licence = "MIT"
commercial_use = true
checked_on = 2026-11-25
[model.inputs]
prompt = "prompt"
{inputs}[model.fixed]
max_sequence_length = {words}
[model.extra]
family = "{family}"
"""
_LENGTHS = "fps = {fps}\nframes = {{ step = {step}, offset = 1, least = 9, most = {most} }}\n"
_CLIP_INPUTS = 'negative_prompt = "negative_prompt"\nfirst_frame = "image"\n'


def random_card(
    folder: Path,
    family: str = "wan",
    *,
    makes: str = "clip",
    words: int = 16,
    fps: int = 24,
    step: int = 8,
    most: int = 25,
    steps: int = 2,
    guidance: float = 5.0,
) -> ModelCard:
    """The card of a pipeline with random weights."""
    is_clip = makes == "clip"
    text = _CARD.format(
        folder=folder,
        family=family,
        makes=makes,
        words=words,
        steps=steps,
        guidance=guidance,
        lengths=_LENGTHS.format(fps=fps, step=step, most=most) if is_clip else "",
        inputs=_CLIP_INPUTS if is_clip else "",
    )
    return read_cards(text, "random")[0]


class RandomModel(DiffusersBackend):
    """Runs out of memory when it is told to.

    Args:
        fails_at: Numbers of the attempts, from 0, that run out of memory after the first step.
    """

    def __init__(self, card: ModelCard, fails_at: Iterable[int] = ()) -> None:
        super().__init__(card, BackendSetup())
        self._fails_at = frozenset(fails_at)
        self.kept: list[BaseException] = []
        """Each failure, kept on purpose: what its traceback holds would stay with it."""
        self._n_attempts = 0

    def make(self, request: StillRequest | ClipRequest, job: Job) -> Any:
        try:
            return super().make(request, job)
        except MakeFailed as failure:
            self.kept.append(failure)
            raise

    def _paint(self, painter: Any, request: StillRequest | ClipRequest, check_stop: Callable[[], None]) -> Any:
        import torch

        number, self._n_attempts = self._n_attempts, self._n_attempts + 1

        def run_out() -> None:
            if number in self._fails_at:
                self.kept.append(torch.OutOfMemoryError("tried to allocate 20 MiB"))
                raise self.kept[-1]
            check_stop()

        return super()._paint(painter, request, run_out)


def live_tensors() -> tuple[int, float]:
    """Count the storages of all tensors that are referenced, and their MiB; two views of one storage count once."""
    import torch

    storages: dict[int, int] = {}
    for thing in gc.get_objects():
        with suppress(ReferenceError, RuntimeError, NotImplementedError):  # proxies, and tensors without a storage
            if isinstance(thing, torch.Tensor):
                storage = thing.untyped_storage()
                storages[storage.data_ptr()] = storage.nbytes()
    return len(storages), sum(storages.values()) / 2**20


def run_scenes(folder: Path, backend: RandomModel, n: int, size: FrameSize | None = None) -> None:
    """Make n stills or clips through the loop, and say after each attempt what is still held."""

    def listen(event: Event) -> None:
        if isinstance(event, MemoryRead):
            n_tensors, tensor_mb = live_tensors()
            tell(event.scene, n_tensors=n_tensors, tensor_mb=tensor_mb, device_mb=event.device_mb or 0.0)
        elif isinstance(event, AttemptFailed):
            logging.getLogger(__name__).warning("%s: %s; %s", event.scene, event.reason, event.next)

    keeper = MemoryKeeper(MemoryOptions(), listen)
    outcomes = Set(folder).run(
        backend,
        wishes=_wishes(folder, backend, n, size),
        inspector=Inspector(frozenset()),  # what random weights paint is noise
        after_take=keeper.after_take,
        after_backend=keeper.after_backend,
    )
    made = [outcome.take.path.stat().st_size for outcome in outcomes if isinstance(outcome, Fulfilled)]
    assert len(made) == n and all(made), outcomes
    for failure in backend.kept:
        assert failure.__traceback__ is None
    tell("closed", **dict(zip(("n_tensors", "tensor_mb"), live_tensors(), strict=True)))


def _wishes(folder: Path, backend: RandomModel, n: int, size: FrameSize | None) -> list[Wish]:
    can = backend.capabilities
    if can.makes == "still":
        stills = [
            StillRequest(f"s{k + 1:03d}", f"a fox {k}", "", k, size or FrameSize(width_px=128, height_px=64))
            for k in range(n)
        ]
        return [make_wish("still", still, backend.name, backend.version, can) for still in stills]
    first = folder / "first.png"
    Image.linear_gradient("L").convert("RGB").save(first)
    wishes = [replace(wish, request=replace(wish.request, first_frame=first)) for wish in wishes_for(backend, n)]
    return [replace(wish, request=replace(wish.request, size=size)) for wish in wishes] if size is not None else wishes


def main(limit_mb: str, kind: str, folder: str, n: str) -> None:
    """Run `group FOLDER N` (tiny, offloaded), or N scenes of `wan`, `cogvideox` or `flux` in full size on CUDA."""
    from tests.e2e.random_wan import TINY, build_wan

    place = Path(folder)
    if kind != "group":
        from tests.e2e.full_size import FULL, FullModel

        run_scenes(place, FullModel(FULL[kind]), int(n), FULL[kind].size)
        return
    keep_within(int(limit_mb))
    build_wan(TINY).save_pretrained(place / "weights", safe_serialization=True)
    # The first scene runs out of memory until its parts are offloaded; later on, one more clip does once.
    run_scenes(place, RandomModel(random_card(place / "weights"), fails_at=(0, 1, 2, 9)), int(n))


if __name__ == "__main__":
    main(*sys.argv[1:])
