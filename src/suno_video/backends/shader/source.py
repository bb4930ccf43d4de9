"""Source of a shader: where it is, what it says, and which one plays a scene."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from suno_video.backends.procedural import plugins
from suno_video.backends.procedural.plugins import NAME, SHIPPED_SHADERS
from suno_video.backends.shader import program

ENDING = ".glsl"
MAX_BYTES = 400_000


class ShaderFault(Exception):  # noqa: N818 - becomes a `MakeFailed`
    """A shader cannot be used; the message names the file and the line."""


@dataclass(frozen=True)
class Shader:
    """A shader's name and text."""

    name: str
    text: str
    where: str
    """Its file, for people."""

    @property
    def program(self) -> str:
        """The fragment shader that is compiled: the person's lines keep their numbers."""
        return program.program_of(self.text)

    @property
    def digest(self) -> str:
        """Tells one text from another."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    def check(self) -> None:
        """Look for what every shader needs. Raises `ShaderFault`."""
        if fault := program.first_fault(self.text):
            raise ShaderFault(f"{self.where}{',' if fault.startswith('line') else ':'} {fault}")

    def told(self, log: str) -> str:
        """Say in one or a few lines what a compiler did not like, with the person's file and line."""
        return program.told(log, self.where, program.plain(self.text).count("\n") + 1)


def own_shaders() -> dict[str, Path]:
    """The user's own shaders, beside scenes in Python; nothing is read but the folder."""
    try:
        files = sorted(plugins.scene_folder().iterdir())
    except OSError:
        return {}
    fit = (file for file in files if file.suffix == ENDING and NAME.fullmatch(file.stem) and file.is_file())
    return {file.stem: file for file in fit if file.stem not in SHIPPED_SHADERS}


def shader_names() -> list[str]:
    """Names of the user's shaders and of ours."""
    return sorted({*own_shaders(), *SHIPPED_SHADERS})


def shader_for(family: str, wanted: str | None) -> str:
    """Which shader plays a scene: the one its family names, else the one asked for, else one of ours.

    The same family always gets the same one of ours, so that parts of a film that belong together look alike.
    """
    if family in SHIPPED_SHADERS or family in own_shaders():
        return family
    if wanted is not None:
        return wanted
    ours = sorted(SHIPPED_SHADERS)
    return ours[hashlib.sha256(family.encode()).digest()[0] % len(ours)]


def read_shader(name: str) -> Shader:
    """Read a shader of ours, or else of the user, by name.

    Raises:
        ShaderFault: There is none, it cannot be read, is too large, or lacks what every shader needs.
    """
    path = SHIPPED_SHADERS.get(name) or own_shaders().get(name)
    if path is None:
        raise ShaderFault(f"there is no shader {name!r}; there are {', '.join(shader_names())}")
    where = path.name if name in SHIPPED_SHADERS else str(path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as exc:
        raise ShaderFault(f"{where} cannot be read: {exc.strerror}") from exc
    if len(content) > MAX_BYTES:
        raise ShaderFault(f"{where} is larger than {MAX_BYTES // 1000} kB")
    shader = Shader(name, content.decode("utf-8", "replace"), where)
    shader.check()
    return shader
