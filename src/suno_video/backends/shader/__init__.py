"""The shader backend: GLSL of a person, as on Shadertoy, on a graphics card or in software.

OpenGL is met only in a process of its own, which can be ended when a shader hangs. That process imports this package
too, once for each shot, so nothing is imported here before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from suno_video.backends.shader.backend import ShaderBackend as ShaderBackend

__all__ = ["ShaderBackend"]


def __getattr__(name: str) -> Any:
    if name != "ShaderBackend":
        raise AttributeError(name)
    from suno_video.backends.shader.backend import ShaderBackend

    return ShaderBackend
