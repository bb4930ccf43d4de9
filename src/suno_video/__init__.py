"""suno-video: a song goes in, a finished music video comes out."""

__version__ = "0.1.0"
