"""Says what an exception of mflux, mlx or the model hub means."""

from __future__ import annotations

import re

from suno_video.backends.base import FailureKind, MakeFailed
from suno_video.backends.catalog import ModelCard

_OUT_OF_MEMORY = re.compile(
    r"out of memory|insufficient memory|OutOfMemory|unable to allocate|\[metal::malloc\]|maximum allowed buffer size",
    re.IGNORECASE,
)
_GATED = {"GatedRepoError", "RepositoryNotFoundError"}
_AWAY = {"LocalEntryNotFoundError", "OfflineModeIsEnabled", "HfHubHTTPError", "ConnectionError", "ConnectError"}
_SHOWN_CHARS = 300


def failure_of(exc: Exception, card: ModelCard) -> MakeFailed:
    """Classify it. Keeps nothing of it: its traceback would hold the model's memory."""
    if isinstance(exc, MakeFailed):
        return MakeFailed(exc.kind, exc.reason, exc.cost_usd)
    names = {kind.__name__ for kind in type(exc).__mro__}
    said = f"{type(exc).__name__}: {exc}"[:_SHOWN_CHARS]
    if isinstance(exc, MemoryError) or _OUT_OF_MEMORY.search(str(exc)):
        return MakeFailed(FailureKind.OUT_OF_MEMORY, said)
    if isinstance(exc, ImportError):
        return MakeFailed(FailureKind.UNAVAILABLE, f"{said}. Install it: pip install 'suno-video[mac]'")
    if names & _GATED:
        return MakeFailed(
            FailureKind.UNAVAILABLE,
            f"the weights of {card.spec} are not yours to load yet. Accept the licence at {_page(card)}, then sign in "
            "with `hf auth login`.",
        )
    if names & _AWAY or isinstance(exc, FileNotFoundError):
        return MakeFailed(
            FailureKind.UNAVAILABLE,
            f"the weights of {card.spec} are not here and cannot be loaded from {_page(card)} ({said}). Go online "
            "once, or give a card with `source` set to a folder that holds them.",
        )
    return MakeFailed(FailureKind.BUG, said)


def _page(card: ModelCard) -> str:
    return card.licence_url or card.source_url or card.remote_name
