"""What a scene family of your own is written with: `from suno_video.backends.procedural.painting import ...`.

`docs/scenes.md` explains it; `suno-video new-scene NAME` writes a working one to begin with.
"""

from __future__ import annotations

import numpy as np

from suno_video.backends.procedural.camera import Camera as Camera
from suno_video.backends.procedural.canvas import Canvas as Canvas
from suno_video.backends.procedural.dance import Step as Step
from suno_video.backends.procedural.families.scene import Scene as Scene
from suno_video.backends.procedural.families.scene import Shot as Shot
from suno_video.backends.procedural.family import FamilyInfo as FamilyInfo
from suno_video.backends.procedural.family import ParamInfo as ParamInfo
from suno_video.backends.procedural.family import share as share
from suno_video.backends.procedural.mathf import Floats
from suno_video.backends.procedural.picture import load_picture as load_picture


def places(canvas: Canvas, camera: Camera) -> tuple[Floats, Floats]:
    """Where each pixel of the light looks through the camera: x and y, each of shape (h, w); y points down."""
    view = canvas.view(camera)
    h, w = canvas.light.shape[1:]
    sx = ((np.arange(w) + 0.5) * view[0] - view[2])[None, :]
    sy = ((np.arange(h) + 0.5) * view[1] - view[3])[:, None]
    x, y = sx * view[4] - sy * view[5] + view[6], sx * view[5] + sy * view[4] + view[7]
    return x.astype(np.float32), y.astype(np.float32)


def put_light(canvas: Canvas, color: Floats, amount: Floats) -> None:
    """Add light of one colour, shape (3,), as strong in each pixel as `amount`, shape (h, w), says."""
    for plane, part in zip(canvas.light, color, strict=True):
        plane += np.float32(part) * amount
