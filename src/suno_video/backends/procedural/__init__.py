"""The embedded renderer: paints every scene from the music, on any laptop, for nothing.

Light to import: numba and OpenCV are loaded when the backend is opened.
"""

from __future__ import annotations

from suno_video.backends.procedural.backend import ProceduralBackend
from suno_video.backends.procedural.catalog import FAMILIES, FamilyInfo, ParamInfo

__all__ = ["FAMILIES", "FamilyInfo", "ParamInfo", "ProceduralBackend"]
