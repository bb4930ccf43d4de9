"""Moves any still with 2.5D camera moves on the beat: the cover, or a picture from an image model."""

from __future__ import annotations

from suno_video.backends.parallax.backend import ParallaxBackend

__all__ = ["ParallaxBackend"]
