"""Takes a song apart into drums and voice with Demucs, window by window: memory holds one window, not the song.

Extra `stems`. Weights are safetensors from the hub or a file; Demucs' older pickled weights are not loaded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from suno_video.core.errors import BackendUnavailableError
from suno_video.core.memory import ModelCache
from suno_video.media.atomic import make_folder, replacing
from suno_video.media.audio import open_sound

SEPARATOR = "separate 1"
DEFAULT_MODEL = "htdemucs"
KEPT = ("drums", "vocals")
"""Stems that are written: the others sharpen nothing."""
_WINDOW_S, _CONTEXT_S = 30.0, 3.0
"""What is separated at once, and what the model hears on either side of it."""

_Window: TypeAlias = tuple[NDArray[np.float32], int, int]
"""Samples of shape (2, n), where what is kept of them begins, and how much is kept."""


class Separator:
    """Keeps the model for a song, and gives its memory back after it.

    Args:
        load: Gives a loaded model of Demucs by its name or file.
    """

    def __init__(self, load: Callable[[str], Any] | None = None) -> None:
        """Begin with no model."""
        self._load = load or load_model
        self._models: ModelCache[Any] = ModelCache(capacity=1)

    def separate(
        self,
        song: Path,
        folder: Path,
        model: str = DEFAULT_MODEL,
        *,
        max_duration_s: float = float("inf"),
        on_block: Callable[[float], None] = lambda _: None,
    ) -> tuple[Path, ...]:
        """Write `drums.flac` and `vocals.flac`, as long as the song, into a folder; each is whole or not there.

        Args:
            model: Name of a model of Demucs (`htdemucs`), or a safetensors file.
            on_block: Told how many seconds are done; may raise to stop.

        Raises:
            BackendUnavailableError: Demucs is not installed, or the model cannot be had or has no drums or voice.
            NoSuchInputError, BadSongError, SongTooLongError: The song cannot be decoded, or is too long.
            DiskError: The stems cannot be written.
        """
        try:
            loaded = self._models.get(model, lambda: self._load(model))
            return _write_stems(
                loaded, _windows(song, int(loaded.samplerate), max_duration_s), make_folder(folder), on_block
            )
        finally:
            self._models.clear()


def _write_stems(
    model: Any, windows: Iterator[_Window], folder: Path, on_block: Callable[[float], None]
) -> tuple[Path, ...]:
    import soundfile

    missing = [name for name in KEPT if name not in model.sources]
    if missing:
        raise BackendUnavailableError(f"The model gives no {' and no '.join(missing)}.", "Name another model.")
    rows = [list(model.sources).index(name) for name in KEPT]
    rate = int(model.samplerate)
    paths = tuple(folder / f"{name}.flac" for name in KEPT)
    done = 0
    with ExitStack() as stack:
        parts = [stack.enter_context(replacing(path)) for path in paths]
        files = [
            stack.enter_context(soundfile.SoundFile(part, "w", rate, 2, format="FLAC", subtype="PCM_16"))
            for part in parts
        ]
        for window, left, keep in windows:
            stems = _apply(model, window)[rows]
            for file, stem in zip(files, stems, strict=True):
                file.write(np.clip(stem[:, left : left + keep].T, -1, 1))
            done += keep
            on_block(done / rate)
    return paths


def load_model(name: str) -> Any:
    """Load a model of Demucs, on the graphics card where there is one. Raises `BackendUnavailableError`."""
    try:
        import torch
        from demucs.apply import BagOfModels
        from demucs.hf import load_safetensors_model
    except ImportError as exc:
        raise BackendUnavailableError(
            f"Separating stems needs Demucs ({exc}).", "Install it: pip install 'suno-video[stems]'."
        ) from exc
    try:
        bag = None
        paths = [Path(name).expanduser()] if name.endswith(".safetensors") else []
        if not paths:
            bag, paths = _download(name)
        for path in paths:
            _require_demucs_file(path)
        model = BagOfModels([load_safetensors_model(path) for path in paths], *(bag or ()))
    except BackendUnavailableError:
        raise
    except Exception as exc:
        # The hub, yaml and safetensors each have errors of their own.
        reason = (str(exc).splitlines() or ["no reason given"])[0]
        raise BackendUnavailableError(
            f"The model {name} cannot be loaded: {reason}",
            "Try again later, or name a safetensors file in stems.model.",
        ) from exc
    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    return model.to(device).eval()


def _download(name: str) -> tuple[tuple[Any, Any], list[Path]]:
    """Fetch a model of Demucs' own from the hub, once: weights and lengths of its bag, and its files.

    Not by Demucs itself, which imports whatever class a file names.
    """
    import yaml
    from demucs.hf import DEFAULT_NAMESPACE, hf_repo_name
    from huggingface_hub import hf_hub_download

    repository = f"{DEFAULT_NAMESPACE}/{hf_repo_name(name)}"
    bag = yaml.safe_load(Path(hf_hub_download(repository, f"{name}.yaml")).read_text(encoding="utf-8"))
    paths = [Path(hf_hub_download(repository, f"{each}.safetensors")) for each in bag["models"]]
    return (bag.get("weights"), bag.get("segment")), paths


def _require_demucs_file(path: Path) -> None:
    """Refuse a file that names another class than those of Demucs: it would be imported and run."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise BackendUnavailableError(
            f"There is no file {path}.", "Name a model of Demucs in stems.model, or its file."
        )
    try:
        with safe_open(str(path), framework="numpy") as file:
            about = file.metadata() or {}
    except (OSError, SafetensorError) as exc:
        raise BackendUnavailableError(f"{path.name} is no safetensors file.", "Name another file.") from exc
    allowed = about.get("klass") in ("demucs.htdemucs.HTDemucs", "demucs.hdemucs.HDemucs", "demucs.demucs.Demucs")
    # Compared as it will be read: JSON may spell a name in escapes.
    if not allowed or _names_class(json.loads(about.get("structure", "null"))):
        raise BackendUnavailableError(f"{path.name} holds no model of Demucs.", "Name another file.")


def _names_class(node: object) -> bool:
    if isinstance(node, dict):
        return "_class" in node or any(_names_class(each) for each in node.values())
    return isinstance(node, list) and any(_names_class(each) for each in node)


def _windows(song: Path, rate_hz: int, max_duration_s: float) -> Iterator[_Window]:
    """Give windows with context on both sides, shape (2, n), where what is kept begins, and how much of it is kept."""
    context, step = round(_CONTEXT_S * rate_hz), round(_WINDOW_S * rate_hz)
    held, first = np.zeros((2, 0), dtype=np.float32), 0
    for block in _resampled(song, rate_hz, max_duration_s):
        held = np.concatenate([held, block], axis=1)
        while held.shape[1] >= first + step + context:
            yield held[:, : first + step + context], first, step
            drop = max(0, first + step - context)
            held, first = held[:, drop:], first + step - drop
    if held.shape[1] > first:
        yield held, first, held.shape[1] - first


def _resampled(song: Path, rate_hz: int, max_duration_s: float) -> Iterator[NDArray[np.float32]]:
    """Stereo blocks at a rate, together exactly as long as the song."""
    import torch
    from julius.resample import resample_frac

    with open_sound(song, max_duration_s=max_duration_s, block_s=10.0) as sound:
        # Reads on each side what the filter of the resampler needs, so that blocks join without a seam.
        pad = sound.sample_rate_hz // 10
        before = np.zeros((pad, sound.n_channels), dtype=np.float32)
        blocks = iter(sound.blocks)
        now, made, seen = next(blocks, None), 0, 0
        while now is not None:
            after = next(blocks, None)
            tail = after[:pad] if after is not None else np.zeros((pad, sound.n_channels), dtype=np.float32)
            whole = torch.from_numpy(np.concatenate([before, now, tail]).T.copy())
            out = resample_frac(whole, sound.sample_rate_hz, rate_hz).numpy()
            start = round(seen * rate_hz / sound.sample_rate_hz) - round((seen - pad) * rate_hz / sound.sample_rate_hz)
            seen += len(now)
            wanted = round(seen * rate_hz / sound.sample_rate_hz) - made
            piece = np.asarray(out[:, start : start + wanted], dtype=np.float32)
            made += wanted
            before = np.concatenate([before, now])[-pad:]
            now = after
            yield np.repeat(piece, 2, axis=0) if len(piece) == 1 else piece


def _apply(model: Any, window: NDArray[np.float32]) -> NDArray[np.float32]:
    """Separate one window, shape (2, n) to (sources, 2, n); loudness is evened out for the model, and put back."""
    import torch
    from demucs.apply import apply_model

    spread = float(window.std()) + 1e-4
    mean = float(window.mean())
    device = next(model.parameters()).device
    with torch.inference_mode():
        mix = torch.from_numpy((window - mean) / spread)[None]
        stems = apply_model(model, mix, shifts=0, split=True, overlap=0.25, device=device)[0]
        return np.asarray(stems.cpu().numpy() * spread + mean, dtype=np.float32)
