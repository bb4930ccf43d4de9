"""Source of a shader: where it is, what is put around it, and whose line an error of the compiler means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import platformdirs

ENDING = ".glsl"
MAX_BYTES = 400_000
NUMBERS = (
    "iTime", "iTimeDelta", "iFrameRate", "uBeat", "uBar", "uBeatPhase", "uBarPhase", "uBeats", "uKick", "uSnare",
    "uHat", "uVoice", "uTension", "uDrop", "uBass", "uMid", "uTreble", "uOnset", "uLevel", "uEnergy", "uSection",
    "uShot", "uClock", "uGrowth", "uSeed",
)  # fmt: skip
"""Uniforms of type float, in the order in which they are sent."""
SPECTRUM_COLUMNS = 512

_HEADER = """#version 330 core
precision highp float;
precision highp int;
uniform vec3 iResolution;
uniform int iFrame;
uniform vec4 iMouse;
uniform vec4 iDate;
uniform float iSampleRate;
uniform sampler2D iChannel0;
uniform sampler2D iChannel1;
uniform vec3 iChannelResolution[4];
uniform float iChannelTime[4];
uniform vec3 uPalette[5];
{numbers}
out vec4 suno_color_;
vec3 palette(float v) {{
    float at = clamp(v, 0.0, 1.0) * 4.0;
    vec3 color = uPalette[0];
    for (int k = 0; k < 4; k++) color = mix(color, uPalette[k + 1], clamp(at - float(k), 0.0, 1.0));
    return color;
}}
#line 1
"""
_FOOTER = """
#line 100001
void main() {
    vec4 suno_out_ = vec4(0.0, 0.0, 0.0, 1.0);
    mainImage(suno_out_, gl_FragCoord.xy);
    suno_color_ = vec4(clamp(suno_out_.rgb, 0.0, 1.0), 1.0);
}
"""
VERTEX = """#version 330 core
void main() {
    vec2 at = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
    gl_Position = vec4(at, 0.0, 1.0);
}
"""
_OURS = re.compile(r"^\s*uniform\s+\w+\s+(i[A-Z]\w*|u[A-Z]\w*)\s*(\[\s*\d+\s*\])?\s*;\s*(//.*)?$")
# Mesa `0:12(5): error: ...`; NVIDIA `0(12) : error C1503: ...`; Apple, AMD, Intel `ERROR: 0:12: ...`.
_PLACES = (
    re.compile(r"^\s*\d+:(?P<line>\d+)\(\d+\):\s*error:\s*(?P<what>.*)$"),
    re.compile(r"^\s*\d+\((?P<line>\d+)\)\s*:\s*error\s*(?:\w+)?:\s*(?P<what>.*)$"),
    re.compile(r"^\s*ERROR:\s*\d+:(?P<line>\d+):\s*(?P<what>.*)$"),
)


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
        lines = self.text.replace("\r\n", "\n").split("\n")
        kept = ["" if line.lstrip().startswith("#version") or _OURS.match(line) else line for line in lines]
        numbers = "\n".join(f"uniform float {name};" for name in NUMBERS)
        return _HEADER.format(numbers=numbers) + "\n".join(kept) + _FOOTER

    def check(self) -> None:
        """Look for what every shader needs. Raises `ShaderFault`."""
        if not re.search(r"\bvoid\s+mainImage\s*\(", self.text):
            raise ShaderFault(
                f"{self.where}: it needs a function `void mainImage(out vec4 fragColor, in vec2 fragCoord)`"
            )

    def told(self, log: str) -> str:
        """Say in one or a few lines what a compiler did not like, with the person's file and line."""
        found: list[str] = []
        for line in log.splitlines():
            for place in _PLACES:
                if match := place.match(line):
                    number = int(match["line"])
                    at = f"line {number}" if number <= self.text.count("\n") + 1 else "the end"
                    found.append(f"{self.where}, {at}: {match['what'].strip()}")
                    break
        words = " ".join(log.split())
        return "; ".join(dict.fromkeys(found[:4])) if found else f"{self.where}: {words[:300]}"


def shader_folder() -> Path:
    """Where this user's own shaders are, beside scenes in Python; may be missing."""
    return Path(platformdirs.user_config_dir("suno-video")) / "scenes"


def shader_names() -> list[str]:
    """Names of the user's shaders and of ours."""
    try:
        own = [file.stem for file in shader_folder().iterdir() if file.suffix == ENDING]
    except OSError:
        own = []
    ours = [Path(entry.name).stem for entry in files(__package__).joinpath("glsl").iterdir()]
    return sorted({*own, *ours})


def read_shader(name: str, fallback: str) -> Shader:
    """Read a shader by name: the user's, else ours, else ours of the name `fallback`.

    Raises:
        ShaderFault: The file cannot be read, is too large, or has no `mainImage`.
    """
    path = shader_folder() / f"{name}{ENDING}"
    if "/" not in name and "\\" not in name and path.is_file():
        try:
            content = path.read_bytes()
        except OSError as exc:
            raise ShaderFault(f"{path} cannot be read: {exc.strerror}") from exc
        if len(content) > MAX_BYTES:
            raise ShaderFault(f"{path} is larger than {MAX_BYTES // 1000} kB")
        shader = Shader(name, content.decode("utf-8", "replace"), str(path))
    else:
        folder = files(__package__).joinpath("glsl")
        ours = {entry.name: entry for entry in folder.iterdir()}
        chosen = f"{name}{ENDING}" if f"{name}{ENDING}" in ours else f"{fallback}{ENDING}"
        shader = Shader(Path(chosen).stem, ours[chosen].read_text(encoding="utf-8"), chosen)
    shader.check()
    return shader
