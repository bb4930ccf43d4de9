"""Buys stills, clips and finishing work from the models at Replicate."""

from suno_video.backends.replicate.backend import ReplicateBackend
from suno_video.backends.replicate.tools import ToolResult, quote_tool, run_tool

__all__ = ["ReplicateBackend", "ToolResult", "quote_tool", "run_tool"]
