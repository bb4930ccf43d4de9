"""Stills on Apple Silicon, by mflux."""

from suno_video.backends.mflux.backend import MfluxBackend

__all__ = ["MfluxBackend"]
