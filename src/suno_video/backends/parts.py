"""Two things that a backend may offer beside the contract, when requests differ in what plays them.

A painter whose scenes are files of a person is one: the content of the file decides the picture, and code of a person
may fail where ours does not.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from suno_video.backends.requests import ClipRequest


@runtime_checkable
class HasParts(Protocol):
    """A backend that plays requests with parts that change by themselves, such as files of a person."""

    def version_of(self, request: ClipRequest) -> str:
        """Version of what plays this request: changes when the same request would give another picture."""

    def safer(self, request: ClipRequest) -> ClipRequest | None:
        """A request that is sure to be played, in the place of one that may fail; None when it is sure itself."""


def version_of(backend: Any, request: ClipRequest) -> str:
    """Version of what plays a request."""
    version: str = backend.version_of(request) if isinstance(backend, HasParts) else backend.version
    return version


def safer(backend: Any, request: ClipRequest) -> ClipRequest | None:
    """What can be played when a request failed; None when there is nothing safer."""
    return backend.safer(request) if isinstance(backend, HasParts) else None
