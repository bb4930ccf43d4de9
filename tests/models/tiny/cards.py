"""Cards of tiny models that lie in a folder, and requests for them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from suno_video.backends.base import ClipRequest, StillRequest
from suno_video.backends.catalog import ModelCard, read_cards
from suno_video.core.brief import Grade
from suno_video.core.frames import FrameSize
from suno_video.core.music import music_curves
from suno_video.core.storyboard import Motion
from tests.models.tiny.pipelines import TINY
from tests.unit.songs import PALETTE, steady_analysis

FPS = 24
SIZE = FrameSize(width_px=96, height_px=64)


def card_text(name: str, folder: Path, *, default: bool = False, steps: int = 2, extra: str = "") -> str:
    """The card of a tiny model as a person would write it; `extra` is more of its last table."""
    tiny = TINY[name]
    lines = [
        "[[model]]",
        'backend = "diffusers"',
        f'id = "tiny-{name}"',
        f'makes = "{tiny.makes}"',
        f"source = {json.dumps(str(folder))}",
        f"size_multiple = {tiny.size_multiple}",
        f"steps = {steps}",
        "max_references = 2",
        'licence = "MIT"',
        "commercial_use = true",
        "checked_on = 2026-11-25",
        'source_url = "https://example.org/"',
    ]
    if default:
        lines += ["default = true"]
    if tiny.guidance is not None:
        lines += [f"guidance = {tiny.guidance}"]
    if tiny.frames is not None:
        step, offset = tiny.frames
        lines += [f"fps = {FPS}", f"frames = {{ step = {step}, offset = {offset}, least = 5, most = 257 }}"]
    lines += ["[model.inputs]", 'prompt = "prompt"', *(f'{role} = "{role}"' for role in tiny.inputs)]
    lines += ["[model.fixed]", *(f"{key} = {_toml(value)}" for key, value in tiny.fixed.items())]
    lines += ["[model.extra]", f'family = "{tiny.family}"', extra]
    for key, value in tiny.call.items():
        lines += [f"[model.extra.call.{key}]", *(f"{name} = {_toml(each)}" for name, each in value.items())]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def card_of(name: str, folder: Path, **changes: Any) -> ModelCard:
    return read_cards(card_text(name, folder, **changes), "tiny")[0]


def picture(path: Path, seed: int = 3) -> Path:
    rng = np.random.default_rng(seed)
    Image.fromarray(rng.integers(0, 256, (64, 96, 3), dtype=np.uint8)).save(path)
    return path


def request_for(name: str, place: Path, **changes: Any) -> StillRequest | ClipRequest:
    tiny = TINY[name]
    request: StillRequest | ClipRequest
    if tiny.frames is None:
        references = (picture(place / "reference.png"),) if "reference" in tiny.inputs else ()
        request = StillRequest("s001", "a lighthouse in the rain", "text", 7, SIZE, references)
    else:
        request = ClipRequest(
            scene="s001",
            prompt="a lighthouse in the rain",
            negative_prompt="text",
            seed=7,
            size=SIZE,
            fps=FPS,
            n_frames=9,
            family="nebula",
            params={},
            palette=PALETTE,
            grade=Grade(),
            motion=Motion(),
            growth=0.2,
            energy=0.6,
            music=music_curves(steady_analysis(fps=FPS), 0, 9),
            first_frame=picture(place / "first.png") if "first_frame" in tiny.inputs else None,
        )
    return dataclasses.replace(request, **changes)
