"""The same backend with a transformer and a VAE of full size, in bf16 on a CUDA device. Nothing is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from suno_video.core.frames import FrameSize
from tests.e2e.random_wan import FULL, build_wan
from tests.e2e.tiny_clips import RandomVideo

FULL_SIZE = FrameSize(width_px=832, height_px=480)


class FullVideo(RandomVideo):
    """Random weights where the real ones would lie, about 12 GB of them."""

    def __init__(self) -> None:
        super().__init__(Path(), "model", fails_at=(3,))

    def _load(self) -> Any:
        return build_wan(FULL, "cuda", "bfloat16").to("cuda")
