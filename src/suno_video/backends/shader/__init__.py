"""The shader backend: GLSL of a person, as on Shadertoy, on a graphics card or in software.

Light to import: OpenGL is met only in a process of its own, which can be ended when a shader hangs.
"""

from __future__ import annotations

from suno_video.backends.shader.backend import ShaderBackend

__all__ = ["ShaderBackend"]
