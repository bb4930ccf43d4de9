"""A video backend over a diffusers pipeline with random weights, and a run of many clips through the real loop.

The pipeline has the parts of Wan 2.2 TI2V-5B, each as small as it goes, or (on a GPU) a transformer and a VAE of full
size. It is built in code; the tiny one is saved and loaded as a real one would be.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}  # before any of them is imported

from PIL import Image

from suno_video.backends.base import (
    BackendInfo,
    Capabilities,
    ClipRequest,
    FailureKind,
    FileFootage,
    Job,
    MakeFailed,
    Quote,
    Readiness,
)
from suno_video.backends.testcards import write_clip
from suno_video.core.events import AttemptFailed, Event, MemoryRead
from suno_video.core.frames import I420, FrameSize
from suno_video.pipeline.memory import MemoryKeeper, MemoryOptions
from tests.e2e.slopes import keep_within, tell
from tests.unit.makers import Set, wishes_for

Offload: TypeAlias = Literal["model", "group"]
N_STEPS = 2


class OutOfMemoryOnCue(Exception):  # noqa: N818 - stands for torch.OutOfMemoryError, which is imported too late
    """What the accelerator says when there is no room, in the middle of a clip."""


class RandomVideo:
    """Makes clips with a pipeline whose weights are random.

    Args:
        folder: Of a pipeline in the manner of diffusers.
        offload: How parts are offloaded when that is asked for.
        fails_at: Numbers of the attempts, from 0, that run out of memory after the first step.
    """

    name, version = "random-video", "1"
    capabilities: ClassVar[Capabilities] = Capabilities(
        makes="clip",
        accepts=frozenset({"first_frame"}),
        n_frames=(9, 17, 25),
        size_multiple=32,
        footage="file",
        economies=frozenset({"tiling", "offload"}),
    )

    def __init__(self, folder: Path, offload: Offload, fails_at: Iterable[int] = ()) -> None:
        self._folder, self._offload_kind, self._fails_at = folder, offload, frozenset(fails_at)
        self.kept: list[BaseException] = []
        """Each failure, kept on purpose: what its traceback holds would stay with it."""
        self._n_attempts = 0
        self._pipeline: Any = None
        self.offloaded = self.tiled = False

    @classmethod
    def info(cls) -> BackendInfo:
        return BackendInfo("clip", "Noise, for tests", "anything with torch", "free", "MIT", True)

    @classmethod
    def readiness(cls) -> Readiness:
        return Readiness(True, "runs where torch does")

    def quote(self, request: ClipRequest) -> Quote:
        return Quote()

    def open(self) -> None:
        self._pipeline = self._load()
        self._pipeline.set_progress_bar_config(disable=True)

    def _load(self) -> Any:
        from diffusers import DiffusionPipeline

        return DiffusionPipeline.from_pretrained(str(self._folder), local_files_only=True, use_safetensors=True)

    def make(self, request: ClipRequest, job: Job) -> FileFootage:
        number, self._n_attempts = self._n_attempts, self._n_attempts + 1
        self._economize(job)
        try:
            frames = self._paint(request, fails=number in self._fails_at)
        except OutOfMemoryOnCue as exc:
            failure = MakeFailed(FailureKind.OUT_OF_MEMORY, "out of memory")
            self.kept += [failure, exc]
            raise failure from exc
        path = job.scratch / f"{request.scene}.mp4"
        write_clip(path, iter([_to_i420(frame) for frame in frames]), request.size, request.fps)
        return FileFootage(path, len(frames), float(request.fps), request.size)

    def _economize(self, job: Job) -> None:
        """What once did not fit will not fit the next time either: it stays until the backend is closed."""
        if "tiling" in job.economies and not self.tiled:
            self._pipeline.vae.enable_tiling()
            self.tiled = True
        if "offload" in job.economies and not self.offloaded:
            self._offload()
            self.offloaded = True

    def _offload(self) -> None:
        import torch

        cpu = torch.device("cpu")
        if self._offload_kind == "model":
            self._pipeline.enable_model_cpu_offload(device="cpu")
        else:
            self._pipeline.enable_group_offload(onload_device=cpu, offload_device=cpu, offload_type="leaf_level")

    def _paint(self, request: ClipRequest, *, fails: bool) -> np.ndarray:
        """Give frames of shape (n, height, width, 3), 0..1."""
        import torch

        def after_step(pipeline: Any, step: int, time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            if fails:
                raise OutOfMemoryOnCue("tried to allocate 20 MiB")
            return tensors

        made = self._pipeline(
            image=_first_frame(request),
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            height=request.size.height_px,
            width=request.size.width_px,
            num_frames=request.n_frames,
            num_inference_steps=N_STEPS,
            max_sequence_length=16,
            generator=torch.Generator().manual_seed(request.seed),
            output_type="np",
            callback_on_step_end=after_step,
        )
        return np.asarray(made.frames[0])

    def trim(self) -> None:
        """Put back what offloading has left where it was used."""
        if self._pipeline is not None:
            self._pipeline.maybe_free_model_hooks()

    def close(self) -> None:
        self._pipeline, self.offloaded, self.tiled = None, False, False


def _first_frame(request: ClipRequest) -> Image.Image:
    if request.first_frame is not None:
        return Image.open(request.first_frame).convert("RGB")
    return Image.new("RGB", (request.size.width_px, request.size.height_px), request.palette[2])


def _to_i420(frame: np.ndarray) -> I420:
    import cv2

    return np.asarray(cv2.cvtColor((frame * 255).round().astype(np.uint8), cv2.COLOR_RGB2YUV_I420))


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


def run_clips(folder: Path, backend: RandomVideo, n: int, size: FrameSize | None = None) -> None:
    """Make n clips through the loop, and say after each attempt what is still held."""

    def listen(event: Event) -> None:
        if isinstance(event, MemoryRead):
            n_tensors, tensor_mb = live_tensors()
            tell(event.scene, n_tensors=n_tensors, tensor_mb=tensor_mb, device_mb=event.device_mb or 0.0)
        elif isinstance(event, AttemptFailed):
            logging.getLogger(__name__).warning("%s: %s; %s", event.scene, event.reason, event.next)

    place = Set(folder)
    keeper = MemoryKeeper(MemoryOptions(), listen)
    wishes = wishes_for(backend, n)
    if size is not None:
        wishes = [replace(wish, request=replace(wish.request, size=size)) for wish in wishes]
    outcomes = place.run(backend, wishes=wishes, after_take=keeper.after_take, after_backend=keeper.after_backend)
    assert [outcome.reused for outcome in outcomes] == [False] * n, outcomes
    for failure in backend.kept:
        assert failure.__traceback__ is None
    tell("closed", **dict(zip(("n_tensors", "tensor_mb"), live_tensors(), strict=True)))


def main(limit_mb: str, kind: str, folder: str, n: str) -> None:
    """Run `model FOLDER N`, `group FOLDER N` (kinds of offload), or `cuda FOLDER N`."""
    from tests.e2e.random_wan import TINY, build_wan

    place = Path(folder)
    if kind == "cuda":
        from tests.e2e.full_size import FULL_SIZE, FullVideo

        run_clips(place, FullVideo(), int(n), FULL_SIZE)
        return
    keep_within(int(limit_mb))
    build_wan(TINY).save_pretrained(place / "weights", safe_serialization=True)
    # The first scene runs out of memory until its parts are offloaded; later on, one more clip does once.
    backend = RandomVideo(place / "weights", "model" if kind == "model" else "group", fails_at=(0, 1, 2, 9))
    run_clips(place, backend, int(n))


if __name__ == "__main__":
    main(*sys.argv[1:])
