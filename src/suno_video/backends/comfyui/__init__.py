"""Stills and clips from a ComfyUI server on this machine or in the house: any graph, described by a model card."""

from suno_video.backends.comfyui.backend import ComfyUIBackend

__all__ = ["ComfyUIBackend"]
