"""What a model hears without being told the words (faster-whisper): only to be compared with those that are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from suno_video.analyze.tags import clean_text
from suno_video.core.errors import BackendUnavailableError
from suno_video.core.memory import ModelCache
from suno_video.core.song import SungWord
from suno_video.media.mono import mono_blocks

TRANSCRIBER = "transcribe 1"
DEFAULT_MODEL = "small"
"""MIT, 0.5 GB: larger ones (`medium`, `large-v3`, `turbo`) hear singing better."""
RATE_HZ = 16_000
_BLOCK_S = 240.0
_MAX_WORDS = 20_000


class Transcriber:
    """Keeps the model for one song, and gives its memory back after it."""

    def __init__(self, load: Callable[[str], Any] | None = None) -> None:
        """Begin with no model."""
        self._load = load or load_whisper
        self._models: ModelCache[Any] = ModelCache(capacity=1)

    def hear(
        self,
        sound: Path,
        model: str = DEFAULT_MODEL,
        *,
        language: str | None = None,
        on_block: Callable[[float], None] = lambda _: None,
    ) -> tuple[SungWord, ...]:
        """Give the words that are heard in a song, with times.

        Args:
            sound: The song, or better its voice alone.
            model: Name of a Whisper model, or the folder of one that CTranslate2 has converted.
            language: Of the words, such as `de`; None lets the model guess.
            on_block: Told how many seconds were heard; may raise to stop.

        Raises:
            BackendUnavailableError: The model or its package cannot be had.
            NoSuchInputError, BadSongError: The sound cannot be decoded.
        """
        words: list[SungWord] = []
        try:
            whisper = self._models.get(model, lambda: self._load(model))
            start_s = 0.0
            for samples in mono_blocks(sound, RATE_HZ, _BLOCK_S):
                words += _words(whisper, np.ascontiguousarray(samples), language, start_s)
                start_s += len(samples) / RATE_HZ
                on_block(start_s)
            del whisper
        finally:
            self._models.clear()
        return tuple(words[:_MAX_WORDS])


def load_whisper(name: str) -> Any:
    """Load a model by name or folder. Raises `BackendUnavailableError`."""
    if find_spec("faster_whisper") is None:
        raise BackendUnavailableError(
            "Listening for the words needs faster_whisper.", "Run: pip install 'suno-video[transcribe]'"
        )
    from faster_whisper import WhisperModel

    try:
        return WhisperModel(name, device="auto", compute_type="default")
    except (OSError, ValueError, RuntimeError) as exc:
        reason = (str(exc).splitlines() or [type(exc).__name__])[0]
        raise BackendUnavailableError(
            f"The model {name} cannot be loaded by faster-whisper: {reason}",
            "Name one of its models, such as small or large-v3, or a folder.",
        ) from exc


def _words(whisper: Any, samples: Any, language: str | None, start_s: float) -> Iterator[SungWord]:
    """Hear one block, without a view to what was heard before: in songs it makes models repeat themselves."""
    segments, _ = whisper.transcribe(
        samples, language=language, word_timestamps=True, condition_on_previous_text=False, vad_filter=False
    )
    for segment in segments:
        for word in segment.words or ():
            text = clean_text(word.word, 80)
            if text and word.end >= word.start >= 0:
                yield SungWord(
                    text=text,
                    start_s=round(start_s + float(word.start), 3),
                    end_s=round(start_s + float(word.end), 3),
                    confidence=round(min(1.0, max(0.0, float(word.probability))), 3),
                )
