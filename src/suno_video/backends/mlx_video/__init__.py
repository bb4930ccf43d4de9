"""Clips made by another environment's command: image-to-video in MLX, or whatever program makes a clip."""

from suno_video.backends.mlx_video.backend import MlxVideoBackend

__all__ = ["MlxVideoBackend"]
