"""Stills and clips by Hugging Face diffusers on CUDA, Metal (MPS) or the CPU. Imports none of it until it is opened."""

from suno_video.backends.diffusers.backend import DiffusersBackend

__all__ = ["DiffusersBackend"]
