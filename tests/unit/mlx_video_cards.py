"""Cards whose command is the stand-in of `mlx_video_stand_in`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

from suno_video.backends.catalog import FrameRule, ModelCard

STAND_IN = Path(__file__).with_name("mlx_video_stand_in.py")


def stand_in_card(**changes: Any) -> ModelCard:
    """A model of 4k+1 frames at 24 a second, run by this very Python."""
    extra = {"command": stand_in_command(), "saving": "--low-ram"} | changes.pop("extra", {})
    facts: dict[str, Any] = {
        "inputs": {"prompt": "--prompt", "first_frame": "--image", "audio": "--audio"},
        "frames": FrameRule(step=4, offset=1, least=5, most=33),
        "fps": 24,
        "licence": "MIT",
        "commercial_use": True,
        "checked_on": date(2026, 11, 25),
    }
    return ModelCard(backend="mlx-video", id="stand-in", makes="clip", extra=extra, **(facts | changes))


def stand_in_command() -> list[Any]:
    words: list[Any] = [sys.executable, str(STAND_IN), "--prompt={prompt}", ["--negative={negative_prompt}"]]
    words += [["--image", "{first_frame}"], ["--audio", "{audio}", "--audio-start", "{audio_start}"], ["{saving}"]]
    words += ["--seed", "{seed}", "--width", "{width}", "--height", "{height}", "--fps", "{fps}"]
    return [*words, "--frames", "{n_frames}", "--output", "{output}"]
