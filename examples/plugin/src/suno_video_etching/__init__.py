"""Copper-plate lines for suno-video: a backend in a package of its own."""

from suno_video_etching.backend import EtchingBackend

__all__ = ["EtchingBackend"]
