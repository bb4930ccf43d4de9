"""Makes stills with mflux. Metal keeps memory in the process that took it, so it works in one of its own."""

from __future__ import annotations

import gc
import importlib.util
import platform
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from suno_video.backends.base import (
    FREE,
    BackendInfo,
    BackendSetup,
    Capabilities,
    FailureKind,
    Job,
    MakeFailed,
    MakesKind,
    Quote,
    Readiness,
    StillRequest,
)
from suno_video.backends.catalog import ModelCard, ModelCatalog
from suno_video.backends.mflux.failures import failure_of
from suno_video.backends.mflux.families import family_of, model_config
from suno_video.backends.mflux.options import cache_bytes, picture_card, quantize_bits

_LARGEST_SEED = 2**32
_READS = frozenset({"prompt", "negative_prompt", "seed", "size", "references"})


class StepWatch:
    """Asks after each step whether the run is to end: mflux calls it."""

    def __init__(self) -> None:
        self.check_stop: Callable[[], None] = _nothing

    def call_in_loop(self, **_: Any) -> None:
        """One step is done."""
        self.check_stop()

    def call_before_loop(self, **_: Any) -> None:
        """The prompt is encoded."""
        self.check_stop()


class MfluxBackend:
    """Makes stills with one model, which stays loaded until `close`.

    Args:
        card: The default card if not given.
        setup: What a person decided.

    Raises:
        ConfigError: The card does not fit.
    """

    name: str = "mflux"
    version: str = "1"
    kinds: frozenset[MakesKind] = frozenset({"still"})
    capabilities: Capabilities = Capabilities(
        makes="still", accepts=frozenset({"reference"}), size_multiple=16, footage="file", keeps_memory=True
    )

    def __init__(self, card: ModelCard | None = None, setup: BackendSetup | None = None) -> None:
        self._setup = setup or BackendSetup()
        self._card = card or ModelCatalog.of(self._setup).find("mflux", None, "still")
        self._family = family_of(self._card)
        self._bits = quantize_bits(self._card, self._setup)
        self._cache_bytes = cache_bytes(self._card)
        self.name, self.model = self._card.spec, self._card.id
        self.version = f"{type(self).version}-{picture_card(self._card).digest}-q{self._bits or 16}"
        self.capabilities = self._card.capabilities(
            concurrency=1, economies=frozenset({"tiling", "offload"}), keeps_memory=True, reads=_READS
        )
        self._watch = StepWatch()
        self._model: Any = None

    @classmethod
    def for_model(cls, card: ModelCard, setup: BackendSetup) -> MfluxBackend:
        """Give the backend for one model; loads nothing. Raises `ConfigError`."""
        return cls(card, setup)

    @classmethod
    def info(cls) -> BackendInfo:
        """Facts for people."""
        return BackendInfo(
            "still",
            "Makes stills with FLUX.2, FLUX.1, Kontext, Z-Image or Qwen-Image",
            "an Apple Silicon machine",
            "none",
            "the model's; the default is Apache-2.0",
            True,
            ("https://github.com/mflux-community/mflux",),
        )

    @classmethod
    def readiness(cls) -> Readiness:
        """Look whether mflux can work here; imports nothing of it."""
        is_there = importlib.util.find_spec("mflux") is not None
        if (platform.system(), platform.machine()) == ("Darwin", "arm64"):
            if is_there:
                return Readiness(True, "Apple Silicon; the first still of a model downloads its weights")
            return Readiness(False, "mflux is not installed: pip install 'suno-video[mac]'")
        if is_there:  # somebody installed it by hand: mflux supports Linux, our extra does not bring it there
            return Readiness(True, "not Apple Silicon: mlx works on CUDA or, very slowly, on the processor")
        return Readiness(
            False, "needs an Apple Silicon machine. Take stills from another backend: suno-video backends."
        )

    @classmethod
    def readiness_of(cls, card: ModelCard | None, setup: BackendSetup) -> Readiness:
        """Look whether one model can work here."""
        return cls.readiness()

    def quote(self, request: StillRequest) -> Quote:
        """It costs nothing but time."""
        return FREE

    def open(self) -> None:
        """Load the model, with downloads the first time. Raises `MakeFailed`."""
        if self._model is not None:
            return
        try:
            self._model = self._load()
        except Exception as exc:  # noqa: BLE001 - whatever mflux, mlx and the hub raise
            raise failure_of(exc, self._card) from None

    def make(self, request: StillRequest, job: Job) -> Path:
        """Make a PNG inside `job.scratch`. Raises `MakeFailed`."""
        self.open()
        job.check_stop()
        self._decode_in_tiles("tiling" in job.economies)
        if saving := "offload" in job.economies or not self._setup.keep_models:
            self._save_memory()
        stops: list[BaseException] = []
        self._watch.check_stop = _remembering(job.check_stop, stops)
        try:
            made = self._generate(request)
        except BaseException as exc:
            if stops or not isinstance(exc, Exception):
                raise
            raise failure_of(exc, self._card) from None
        finally:
            self._watch.check_stop = _nothing
            if saving:
                self.close()  # parts of the model are gone: the next still loads it anew
        job.check_stop()
        path = job.scratch / f"{request.scene}-{secrets.token_hex(6)}.png"
        # Not its own `save`: that one renames, and writes the prompt and the paths of pictures into the file.
        made.convert("RGB").save(path, "PNG")
        return path

    def trim(self) -> None:
        """Return the memory of the last picture; the model stays."""
        gc.collect()
        if (mx := sys.modules.get("mlx.core")) is not None:
            mx.clear_cache()

    def close(self) -> None:
        """Return all memory that this process can."""
        self._model = None
        self.trim()

    def _load(self) -> Any:
        import mlx.core as mx

        mx.set_cache_limit(self._cache_bytes)  # unset, freed buffers pile up from picture to picture
        extra = self._card.extra
        model = self._family.load_type()(
            quantize=self._bits,
            model_path=str(Path(self._card.source).expanduser()) if self._is_folder() else self._card.source or None,
            lora_paths=list(extra.get("lora_paths", ())) or None,
            lora_scales=list(extra.get("lora_scales", ())) or None,
            model_config=model_config(self._card),
        )
        model.callbacks.register(self._watch)
        return model

    def _decode_in_tiles(self, wanted: bool) -> None:
        from mflux.models.common.vae.tiling_config import TilingConfig

        # None is what every family of ours begins with: one still's tiles are not the next one's.
        self._model.tiling_config = TilingConfig() if wanted else None

    def _save_memory(self) -> None:
        """Let the text encoder go once the prompt is encoded, and the transformer before the picture is decoded."""
        from mflux.callbacks.instances.memory_saver import MemorySaver

        self._model.callbacks.register(
            MemorySaver(self._model, keep_transformer=False, cache_limit_bytes=self._cache_bytes)
        )

    def _is_folder(self) -> bool:
        return self._card.source.startswith(("/", "~", "."))

    def _generate(self, request: StillRequest) -> Any:
        """Give the picture, as Pillow has it."""
        arguments: dict[str, Any] = {
            "seed": request.seed % _LARGEST_SEED,
            "prompt": request.prompt,
            "width": request.size.width_px,
            "height": request.size.height_px,
            "num_inference_steps": self._card.steps or 4,
        }
        if self._card.guidance is not None:
            arguments["guidance"] = self._card.guidance
        if self._family.negative and request.negative_prompt:
            arguments["negative_prompt"] = request.negative_prompt
        references = self._references(request)
        model = self._model if references else self._family.without_references(self._model)
        return model.generate_image(**arguments, **references).image

    def _references(self, request: StillRequest) -> dict[str, Any]:
        paths = [str(path) for path in request.references[: self._card.max_references]]
        if self._family.needs_reference and not paths:
            raise MakeFailed(FailureKind.BAD_INPUT, f"{self.name} starts from a reference picture, and there is none")
        if not paths or self._family.references == "none":
            return {}
        return {"image_path": paths[0]} if self._family.references == "one" else {"image_paths": paths}


def _nothing() -> None:
    """Nobody asked to be told."""


def _remembering(check_stop: Callable[[], None], stops: list[BaseException]) -> Callable[[], None]:
    """Tell a stop from a failure of the model: what `check_stop` raises goes through as it is."""

    def check() -> None:
        try:
            check_stop()
        except BaseException as exc:
            stops.append(exc)
            raise

    return check
