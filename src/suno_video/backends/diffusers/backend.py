"""The backend: words first, for all scenes; then the painter, scene by scene."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from suno_video.backends.base import (
    FREE,
    BackendInfo,
    BackendSetup,
    Capabilities,
    ClipRequest,
    Economy,
    FailureKind,
    FileFootage,
    Job,
    MakeFailed,
    MakesKind,
    Quote,
    Readiness,
    StillRequest,
)
from suno_video.backends.catalog import ModelCard
from suno_video.backends.diffusers.device import Place, choose_place
from suno_video.backends.diffusers.families import Order, call_inputs, family_of
from suno_video.backends.diffusers.loading import load_painter, load_words, paint_from_words
from suno_video.backends.diffusers.loras import find_loras
from suno_video.backends.diffusers.pictures import to_bytes, write_mp4, write_png
from suno_video.backends.diffusers.sound import encode_audio
from suno_video.backends.diffusers.weights import find_weights, local_folder
from suno_video.core.errors import BackendUnavailableError
from suno_video.core.memory import force_cleanup, forget_tracebacks, is_out_of_memory

log = logging.getLogger(__name__)

_PACKAGES = ("torch", "diffusers", "transformers", "accelerate", "safetensors")
_GET = "Run: pip install 'suno-video[cuda]'"
_ECONOMIES: frozenset[Economy] = frozenset({"tiling", "offload"})
_STILL_READS = frozenset({"prompt", "negative_prompt", "seed", "size"})
_CLIP_READS = _STILL_READS | {"fps", "n_frames", "first_frame"}
_FIELDS = {"last_frame": "last_frame", "reference": "references", "audio": "audio"}


class DiffusersBackend:
    """Makes stills or clips with one model. One request at a time."""

    name: str = "diffusers"
    version: str = "1"
    kinds: ClassVar[frozenset[MakesKind]] = frozenset({"still", "clip"})
    capabilities: Capabilities = Capabilities(
        makes="clip",
        accepts=frozenset({"first_frame"}),
        size_multiple=32,
        footage="file",
        economies=_ECONOMIES,
        keeps_memory=sys.platform == "darwin",
    )

    def __init__(self, card: ModelCard, setup: BackendSetup) -> None:
        self.name, self.model = card.spec, card.id
        self.version = f"{type(self).version}+{card.digest}{'+q' if setup.quantize else ''}"
        self.capabilities = card.capabilities(
            concurrency=1,
            economies=_ECONOMIES,
            keeps_memory=sys.platform == "darwin",
            reads=_reads(card),
        )
        self._card, self._family = card, family_of(card)
        self._quantize = bool(setup.quantize)
        self._folder: Path | None = None
        self._place: Place | None = None
        self._painter: Any = None
        self._economies: frozenset[Economy] = frozenset()
        self._words: dict[tuple[object, ...], dict[str, Any]] = {}

    @classmethod
    def for_model(cls, card: ModelCard, setup: BackendSetup) -> DiffusersBackend:
        """Give a backend for one model. Raises `ConfigError` when the card names no family that is known here."""
        return cls(card, setup)

    @classmethod
    def info(cls) -> BackendInfo:
        """Facts for people."""
        return BackendInfo(
            makes="clip",
            summary="Open models for stills and clips, on this machine (FLUX, SDXL, Wan, LTX, CogVideoX, HunyuanVideo)",
            hardware="NVIDIA GPU with CUDA; Apple Silicon and CPU are slow",
            price="none but electricity",
            licence="Apache-2.0; each model has its own",
            commercial_use=False,  # some models allow it, not all
            links=("https://github.com/huggingface/diffusers",),
        )

    @classmethod
    def readiness(cls) -> Readiness:
        """Look for the packages; imports none of them."""
        missing = [name for name in _PACKAGES if find_spec(name) is None]
        if missing:
            return Readiness(False, f"not installed: {', '.join(missing)}. {_GET}")
        return Readiness(True, f"runs on {_device_words()}")

    @classmethod
    def readiness_of(cls, card: ModelCard | None, setup: BackendSetup) -> Readiness:
        """Look for the packages, and for the folder that a card names."""
        readiness = cls.readiness()
        folder = local_folder(card) if card is not None else None
        if readiness.ready and folder is not None and not (folder / "model_index.json").is_file():
            return Readiness(False, f"{folder} holds no model in the manner of diffusers")
        return readiness

    def quote(self, request: StillRequest | ClipRequest) -> Quote:
        """Nothing is paid."""
        return FREE

    def open(self) -> None:
        """Find the weights, or download them. The models themselves are loaded when the first request needs them.

        Raises:
            BackendUnavailableError: A package or the weights are missing, damaged, or not to be had.
            ConfigError: A LoRA that the card names is not there.
        """
        readiness = self.readiness()
        if not readiness.ready:
            raise BackendUnavailableError(f"{self.name}: {readiness.detail.split('. ')[0]}.", _GET)
        _be_quiet()
        self._folder, self._place = find_weights(self._card), choose_place()
        find_loras(self._card)

    def prepare(self, requests: Sequence[StillRequest | ClipRequest], check_stop: Callable[[], None]) -> None:
        """Turn the words of all requests into tensors, and let the text encoder go before the painter comes.

        Raises:
            MakeFailed, BackendUnavailableError: As `make`.
        """
        self._guarded(lambda: self._encode(requests, check_stop))

    def make(self, request: StillRequest | ClipRequest, job: Job) -> Any:
        """Make a PNG or an MP4 inside `job.scratch`.

        Raises:
            MakeFailed: Out of memory: everything was let go of. Flawed: what came out is no picture. Bad input.
            BackendUnavailableError: The weights cannot be loaded.
        """
        if job.economies - self._economies:
            # What once did not fit will not fit the next time either: it stays until the backend is closed.
            self._economies |= job.economies & _ECONOMIES
            self._let_go()
        return self._guarded(lambda: self._make(request, job))

    def _guarded(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except Exception as exc:
            if not is_out_of_memory(exc):
                raise
            reason = (str(exc).splitlines() or ["out of memory"])[0][:300]
            forget_tracebacks(exc)  # they hold the model's tensors
        # Outside the handler: inside it, the interpreter itself still holds the exception.
        self._let_go()
        raise MakeFailed(FailureKind.OUT_OF_MEMORY, reason)

    def _make(self, request: StillRequest | ClipRequest, job: Job) -> Path | FileFootage:
        job.check_stop()
        # 1. Words.
        self._encode([request], job.check_stop)
        # 2. The painter.
        painter = self._load_painter()
        job.check_stop()
        # 3. Paint.
        pixels = to_bytes(self._paint(painter, request, job.check_stop))
        # 4. Put it into a file.
        stem = job.scratch / f"{request.scene}-{uuid4().hex[:8]}"
        if isinstance(request, StillRequest):
            return write_png(stem.with_suffix(".png"), pixels)
        path = stem.with_suffix(".mp4")
        return FileFootage(path, len(pixels), float(request.fps), write_mp4(path, pixels, request.fps))

    def _paint(self, painter: Any, request: StillRequest | ClipRequest, check_stop: Callable[[], None]) -> Any:
        """Give one picture, or the frames of one clip, 0..1."""
        import torch

        def after_step(pipe: Any, step: int, time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            log.debug("%s: step %d", request.scene, step + 1)
            check_stop()
            return tensors

        order = Order(self._card, request, self._hear(painter, request))
        if isinstance(request, ClipRequest) and order.from_words:
            painter = paint_from_words(painter, self._family)
        device = self._where().device
        words = {key: _moved(value, device) for key, value in self._words[self._key(request)].items()}
        try:
            made = painter(
                **call_inputs(self._family, order),
                **words,
                # A generator of the CPU gives the same noise on every machine.
                generator=torch.Generator("cpu").manual_seed(request.seed % 2**63),
                output_type="np",
                callback_on_step_end=after_step,
            )
        except ValueError as exc:
            raise MakeFailed(FailureKind.BAD_INPUT, f"{self.name} refuses the request: {exc}") from exc
        return made.images[0] if isinstance(request, StillRequest) else made.frames[0]

    def _hear(self, painter: Any, request: StillRequest | ClipRequest) -> Any:
        if not self._family.freezes_audio or not isinstance(request, ClipRequest) or request.audio is None:
            return None
        return encode_audio(painter, request.audio, request.n_frames, request.fps)

    def _encode(self, requests: Sequence[StillRequest | ClipRequest], check_stop: Callable[[], None]) -> None:
        missing = {self._key(request): request for request in requests if self._key(request) not in self._words}
        if not missing:
            return
        import torch

        self._let_go()  # there is seldom room for both
        place = self._where()
        pipe = load_words(self._found(), self._family, place, self._economies)
        try:
            with torch.no_grad():
                for key, request in missing.items():
                    check_stop()
                    encoded = self._family.encode(pipe, Order(self._card, request))
                    self._words[key] = {name: _moved(value, "cpu") for name, value in encoded.items()}
        finally:
            del pipe
            force_cleanup()

    def _key(self, request: StillRequest | ClipRequest) -> tuple[object, ...]:
        key: tuple[object, ...] = (request.prompt, request.negative_prompt)
        if self._family.words_see_picture and isinstance(request, ClipRequest):
            return (*key, request.first_frame, request.size)
        return key

    def _load_painter(self) -> Any:
        if self._painter is None:
            self._painter = load_painter(
                self._card, self._found(), self._family, self._where(), self._economies, quantize=self._quantize
            )
        return self._painter

    def _found(self) -> Path:
        assert self._folder is not None, "open comes first"
        return self._folder

    def _where(self) -> Place:
        assert self._place is not None, "open comes first"
        return self._place

    def _let_go(self) -> None:
        if self._painter is not None:
            self._painter = None
            force_cleanup()

    def trim(self) -> None:
        """Put back what offloading has left where it was used."""
        if self._painter is not None:
            self._painter.maybe_free_model_hooks()

    def close(self) -> None:
        """Return all memory."""
        self._let_go()
        self._words.clear()
        self._economies = frozenset()


def _reads(card: ModelCard) -> frozenset[str]:
    fields = _STILL_READS if card.makes == "still" else _CLIP_READS
    return fields | {field for role, field in _FIELDS.items() if role in card.accepts}


def _be_quiet() -> None:
    """Backends print nothing; what these libraries warn of (cut prompts, other classes) is for their developers."""
    from diffusers.utils import logging as of_diffusers
    from transformers.utils import logging as of_transformers

    for words in (of_diffusers, of_transformers):
        words.set_verbosity_error()
        words.disable_progress_bar()


def _moved(value: Any, device: str) -> Any:
    return value.to(device) if hasattr(value, "to") else value


def _device_words() -> str:
    if shutil.which("nvidia-smi"):
        return "the NVIDIA GPU"
    return "Metal" if sys.platform == "darwin" else "the CPU, which takes hours for models of full size"
