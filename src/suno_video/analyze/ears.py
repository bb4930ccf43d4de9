"""Whose ears hear the beats: the network that comes along, or beat_this where its package and weights are there.

Foscarin, Schlüter and Widmer 2024, "Beat This! Accurate beat tracking without DBN postprocessing"; MIT. Its weights are
never fetched by us, nor by it when we call it: they lie where its own program keeps them, or where a variable says.
What it hears is tapped along with and judged as what our own network hears.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from suno_video.analyze.beatnet import NET_RATE_HZ
from suno_video.analyze.spectra import Matrix
from suno_video.core.errors import BackendUnavailableError
from suno_video.core.grid import Tracker
from suno_video.media.mono import mono_blocks

OURS = "network 1, metre 1"
"""Changes whenever the same song would give other beats; an earlier run's are used again while it stays."""
WEIGHTS_NAME = "beat_this-final0.ckpt"
"""As its own program names them in the cache of torch."""
_RATE_HZ = 22050
_PACKAGES = ("beat_this", "torch", "torchaudio", "einops", "rotary_embedding_torch", "soxr")
_STRETCH_S, _MARGIN_S = 300.0, 6.0
"""So much is heard at once, and so much of that is heard twice: it hears 30 s at a time, and badly at its ends."""


@dataclass(frozen=True)
class Ears:
    """Somebody who hears beats."""

    version: str
    """Name, version and weights; part of what an earlier run's beats are known by."""
    weights: Path | None = None
    """Of beat_this; None: our own network listens."""

    def hear(self, song: Path) -> Matrix | None:
        """Say for each frame how much it is a beat and a downbeat, shape (n, 2); None where our own network listens.

        Raises:
            BackendUnavailableError: The weights cannot be used.
            NoSuchInputError, BadSongError: The song cannot be decoded.
        """
        return None if self.weights is None else _hear_with(_load(self.weights), song)


def open_ears(tracker: Tracker, weights: Path | None = None) -> Ears:
    """Find who listens.

    Args:
        weights: The file with the weights of beat_this; None: where its own program keeps them.

    Raises:
        BackendUnavailableError: The package or the weights are not there; nothing is fetched.
    """
    if tracker == "ours":
        return Ears(OURS)
    if missing := [name for name in _PACKAGES if find_spec(name) is None]:
        raise BackendUnavailableError(
            f"Listening with beat_this needs {', '.join(missing)}.",
            "Run: pip install 'suno-video[beat-this]', or listen with our own ears: --beats auto.",
        )
    weights = weights or kept_weights()
    if not weights.is_file():
        raise BackendUnavailableError(
            f"The weights of beat_this are not there: {weights}.",
            "Fetch them yourself (docs/listening.md says how), or listen with our own ears: --beats auto.",
        )
    facts = weights.stat()
    return Ears(f"beat_this 1, {weights.name} {facts.st_size} {facts.st_mtime_ns}, {OURS}", weights)


def kept_weights() -> Path:
    """Where the weights lie once beat_this's own program has fetched them."""
    import torch

    return Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS_NAME


def _load(weights: Path) -> Any:
    try:
        from beat_this.inference import Audio2Frames
    except (ImportError, OSError) as exc:
        reason = (str(exc).splitlines() or [type(exc).__name__])[0]
        raise BackendUnavailableError(
            f"beat_this cannot be loaded: {reason[:200]}.", "Install a torchaudio that was made for your torch."
        ) from exc
    try:
        # By path, and it is there: a name would be fetched. Torch reads numbers alone (`weights_only`).
        return Audio2Frames(checkpoint_path=str(weights), device="cpu")
    except Exception as exc:  # whatever a damaged or foreign file makes torch and the model say
        reason = (str(exc).splitlines() or [type(exc).__name__])[0]
        raise BackendUnavailableError(
            f"The weights of beat_this in {weights} cannot be used: {reason[:200]}.", "Fetch them anew."
        ) from exc


def _hear_with(model: Any, song: Path) -> Matrix:
    import torch

    parts = []
    with torch.inference_mode():
        for samples, lead, kept in _stretches(song):
            logits = torch.stack(model(samples, _RATE_HZ), dim=1)
            parts.append(torch.sigmoid(logits).numpy()[lead : lead + kept])
    heard = np.concatenate(parts) if parts else np.zeros((0, 2), dtype=np.float32)
    # Its frame k lies around k / 50 s, ours around (k + 0.5) / 50 s. A beat is heard in one frame: the louder stays.
    return np.asarray(np.maximum(heard, np.concatenate([heard[1:], heard[-1:]])), dtype=np.float32)


def _stretches(song: Path) -> Iterator[tuple[Matrix, int, int]]:
    """Give the song in stretches that overlap, with the frames to be left out before, and how many to keep."""
    margin = round(_MARGIN_S * _RATE_HZ)
    before, now = np.zeros(0, dtype=np.float32), None
    for after in chain(mono_blocks(song, _RATE_HZ, _STRETCH_S), [None]):
        if now is not None:
            ahead = after[:margin] if after is not None else np.zeros(0, dtype=np.float32)
            kept = -(-len(now) * NET_RATE_HZ // _RATE_HZ)
            yield np.concatenate([before, now, ahead]), len(before) * NET_RATE_HZ // _RATE_HZ, kept
            before = now[-margin:]
        now = after
