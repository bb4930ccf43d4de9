"""Loads a model that hears letters, and lets it hear a song block by block."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.align.hub import model_folder
from suno_video.core.errors import BackendUnavailableError
from suno_video.core.record import Record
from suno_video.media.mono import mono_blocks

RATE_HZ = 16_000
BLOCK_S, OVERLAP_S = 20.0, 1.0
"""Heard at a time, and how much of the sound before and after each block is heard along, to be left out again."""
_SILENT = 1e-4
_SCRIPTS = {
    "latin": ((0x41, 0x24F), (0x1E00, 0x1EFF)),
    "cyrillic": ((0x400, 0x52F),),
    "greek": ((0x370, 0x3FF), (0x1F00, 0x1FFF)),
    "kana": ((0x3040, 0x30FF),),
    "han": ((0x3400, 0x9FFF),),
    "arabic": ((0x600, 0x6FF),),
}


class LetterModel(Record):
    """A model that hears letters."""

    id: str
    licence: str
    download_gb: float
    scripts: tuple[str, ...] = ()
    """Scripts for which it is taken unasked."""
    note: str = ""


@dataclass(frozen=True)
class Heard:
    """What was heard of a song: how likely each letter is, frame by frame."""

    log_probs: NDArray[np.float16]
    """Shape (frames, vocabulary). Half floats: an hour takes 12 MB with the letters of English."""
    frame_s: float
    vocabulary: dict[str, int]
    blank: int


@cache
def letter_models() -> tuple[LetterModel, ...]:
    """Give the models that we know."""
    raw = (files("suno_video") / "analyze" / "align" / "models.toml").read_text(encoding="utf-8")
    return tuple(LetterModel(**each) for each in tomllib.loads(raw)["model"])


def choose_model(text: str) -> str:
    """Choose the model for the script that most of a text is written in; where none is for it, the first."""
    shares = {name: sum(any(a <= ord(c) <= b for a, b in spans) for c in text) for name, spans in _SCRIPTS.items()}
    if shares["kana"] * 5 > shares["han"] > 0:
        shares["kana"] += shares["han"]  # Japanese mixes both
        shares["han"] = 0
    script = max(shares, key=lambda name: shares[name])
    return next((model.id for model in letter_models() if script in model.scripts), letter_models()[0].id)


def missing_packages() -> list[str]:
    """Packages of the `align` extra that are not installed."""
    return [name for name in ("torch", "transformers", "anyascii") if find_spec(name) is None]


class LetterEar:
    """A loaded model, on the best device there is."""

    def __init__(self, name: str) -> None:
        """Load a model by its id or folder.

        Raises:
            BackendUnavailableError: A package is missing, or the weights are, or they are of another kind.
        """
        if missing := missing_packages():
            raise BackendUnavailableError(
                f"Aligning lyrics needs {', '.join(missing)}.", "Run: pip install 'suno-video[align]'"
            )
        folder = model_folder(name)
        self.vocabulary = _vocabulary(folder)
        self._normalizes = bool(_json(folder / "preprocessor_config.json").get("do_normalize", True))
        self._model, self._device = _load(folder)
        self.blank = int(self._model.config.pad_token_id or 0)
        self._stride = int(np.prod(self._model.config.conv_stride))
        if max(self.vocabulary.values()) >= self._model.config.vocab_size:
            raise BackendUnavailableError(f"{folder} has more letters than its model.", "Download it again.")

    @property
    def frame_s(self) -> float:
        """Length of one frame of what it hears."""
        return self._stride / RATE_HZ

    def hear(self, sound: Path, *, on_block: Callable[[float], None] = lambda _: None) -> Heard:
        """Hear a song, or its voice alone; memory holds one block of it and all that was heard.

        Args:
            sound: Any sound file.
            on_block: Told after each block how many seconds were heard; may raise to stop.

        Raises:
            NoSuchInputError, BadSongError: The sound cannot be decoded.
        """
        parts, heard_s = [], 0.0
        for samples, before, n_own in _overlapping(sound, self._stride):
            parts.append(self._letters(samples)[before : before + n_own].astype(np.float16))
            heard_s += n_own * self.frame_s
            on_block(heard_s)
        whole = np.concatenate(parts) if parts else np.zeros((0, self._model.config.vocab_size), dtype=np.float16)
        return Heard(whole, self.frame_s, self.vocabulary, self.blank)

    def _letters(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logarithms of probabilities, one row for each stride of the samples."""
        import torch

        if self._normalizes:
            samples = (samples - samples.mean()) / np.float32(max(float(samples.std()), _SILENT))
        # The model gives no frame for what is shorter than its first window: it gets silence behind.
        padded = np.pad(samples, (0, 2 * self._stride))
        with torch.inference_mode():
            values = torch.from_numpy(padded)[None].to(self._device)
            logits = self._model(values).logits[0].float()
            found: NDArray[np.float32] = torch.log_softmax(logits, dim=-1).cpu().numpy()
        n = -(-len(samples) // self._stride)
        return found[:n] if len(found) >= n else np.pad(found, ((0, n - len(found)), (0, 0)), mode="edge")

    def close(self) -> None:
        """Let the model go."""
        self._model = None


def _overlapping(sound: Path, stride: int) -> Iterator[tuple[NDArray[np.float32], int, int]]:
    """Give blocks with some of their neighbours: the samples, how many frames come before, how many are its own."""
    overlap = round(OVERLAP_S * RATE_HZ / stride) * stride
    block_s = round(BLOCK_S * RATE_HZ / stride) * stride / RATE_HZ
    before = np.zeros(0, dtype=np.float32)
    blocks = mono_blocks(sound, RATE_HZ, block_s)
    own = next(blocks, None)
    while own is not None:
        after = next(blocks, None)
        tail = after[:overlap] if after is not None else np.zeros(0, dtype=np.float32)
        yield np.concatenate([before, own, tail]), len(before) // stride, -(-len(own) // stride)
        before, own = own[-overlap:], after


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as exc:
        raise BackendUnavailableError(f"{path} is damaged: {exc}.", "Remove the folder and download it again.") from exc
    return content if isinstance(content, dict) else {}


def _vocabulary(folder: Path) -> dict[str, int]:
    """The letters of a model, without its signs such as `<pad>` and `|`."""
    raw = _json(folder / "vocab.json")
    nested = [inner for inner in raw.values() if isinstance(inner, dict)]
    raw = nested[0] if nested else raw  # one of several languages
    letters = {key: value for key, value in raw.items() if isinstance(value, int) and len(key) == 1 and key != "|"}
    if not letters:
        raise BackendUnavailableError(f"{folder} has no letters in vocab.json.", "Name a CTC model over wav2vec 2.0.")
    return letters


def _load(folder: Path) -> tuple[Any, str]:
    import torch
    from transformers import Wav2Vec2ForCTC
    from transformers.utils import logging as words

    words.set_verbosity_error()
    words.disable_progress_bar()
    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        model = Wav2Vec2ForCTC.from_pretrained(
            str(folder), use_safetensors=True, local_files_only=True, trust_remote_code=False, dtype=torch.float32
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        reason = (str(exc).splitlines() or [type(exc).__name__])[0]
        raise BackendUnavailableError(
            f"{folder} cannot be loaded as a model that hears letters: {reason}",
            "Name a CTC model over wav2vec 2.0 that comes as safetensors.",
        ) from exc
    return model.eval().to(device), device
