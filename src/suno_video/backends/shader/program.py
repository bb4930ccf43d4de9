"""What is compiled: a person's text, with our uniforms before it and `main` behind it, each line keeping its number."""

from __future__ import annotations

import re

NUMBERS = (
    "iTime", "iTimeDelta", "iFrameRate", "uBeat", "uBar", "uBeatPhase", "uBarPhase", "uBeats", "uKick", "uSnare",
    "uHat", "uVoice", "uTension", "uDrop", "uBass", "uMid", "uTreble", "uOnset", "uLevel", "uEnergy", "uSection",
    "uShot", "uClock", "uGrowth", "uSeed",
)  # fmt: skip
"""Uniforms of type float, in the order in which they are sent."""
SPECTRUM_COLUMNS = 512

_HEADER = """#version 330 core
#extension GL_ARB_shading_language_packing : enable
precision highp float;
precision highp int;
{older}
uniform vec3 iResolution;
uniform int iFrame;
uniform vec4 iMouse;
uniform vec4 iDate;
uniform float iSampleRate;
uniform sampler2D iChannel0;
uniform sampler2D iChannel1;
uniform sampler2D iChannel2;
uniform sampler2D iChannel3;
uniform vec3 iChannelResolution[4];
uniform float iChannelTime[4];
uniform vec3 uPalette[5];
{numbers}
out vec4 suno_color_;
{palette}
#line 1
"""
_PALETTE = """vec3 palette(float v) {
    float at = clamp(v, 0.0, 1.0) * 4.0;
    vec3 color = uPalette[0];
    for (int k = 0; k < 4; k++) color = mix(color, uPalette[k + 1], clamp(at - float(k), 0.0, 1.0));
    return color;
}"""
_FOOTER_LINE = 100001
_FOOTER = f"""
#line {_FOOTER_LINE}
void main() {{
    vec4 suno_out_ = vec4(0.0, 0.0, 0.0, 1.0);
    mainImage(suno_out_, gl_FragCoord.xy);
    vec3 suno_rgb_ = mix(suno_out_.rgb, vec3(0.0), isnan(suno_out_.rgb));
    suno_color_ = vec4(clamp(suno_rgb_, 0.0, 1.0), 1.0);
}}
"""
VERTEX = """#version 330 core
void main() {
    vec2 at = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
    gl_Position = vec4(at, 0.0, 1.0);
}
"""
_COMMENTS = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_OURS = "|".join(
    (*NUMBERS, "iResolution", "iFrame", "iMouse", "iDate", "iSampleRate", r"iChannel[0-3]", "iChannelResolution",
     "iChannelTime", "uPalette")
)  # fmt: skip
# What editors for these shaders write at the top; we declare the same.
_DECLARED = re.compile(rf"\buniform\s+(?:(?:low|medium|high)p\s+)?\w+\s+(?:{_OURS})\s*(?:\[\s*\d+\s*\])?\s*;")
# Of another dialect, or of no use here; a line number of theirs would send people to a wrong line.
_DROPPED = re.compile(r"^\s*#\s*(?:version|extension|line)\b")
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include\b", re.MULTILINE)
_MAIN_IMAGE = re.compile(r"\bvoid\s+mainImage\s*\(")
_MAIN = re.compile(r"\bvoid\s+main\s*\(")
# Mesa `0:12(5): error: ...`; NVIDIA `0(12) : error C1503: ...`; Apple, AMD, Intel `ERROR: 0:12: ...`.
_PLACES = (
    re.compile(r"^\s*\d+:(?P<line>\d+)\(\d+\):\s*(?:preprocessor )?error:\s*(?P<what>.*)$"),
    re.compile(r"^\s*\d+\((?P<line>\d+)\)\s*:\s*error\s*(?:\w+)?:\s*(?P<what>.*)$"),
    re.compile(r"^\s*ERROR:\s*\d+:(?P<line>\d+):\s*(?P<what>.*)$"),
)
_LONGEST_WORDS = 300


def program_of(text: str) -> str:
    """Give the fragment shader that is compiled for a person's text."""
    lines = ["" if _DROPPED.match(line) else line for line in plain(text).split("\n")]
    own = _DECLARED.sub(lambda found: "\n" * found[0].count("\n"), "\n".join(lines))
    numbers = "\n".join(f"uniform float {name};" for name in NUMBERS)
    # `palette` is a name that many shaders take for themselves.
    helper = "" if re.search(r"\bpalette\b", _outermost(own)) else _PALETTE
    older = "" if "#define texture2D" in own else "#define texture2D texture"
    return _HEADER.format(numbers=numbers, palette=helper, older=older) + own + _FOOTER


def plain(text: str) -> str:
    """The text in ASCII with one kind of line end: what compilers agree on. What is not, is in comments, and blank."""
    ends = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[^\n\t\x20-\x7e]", " ", ends)


def first_fault(text: str) -> str | None:
    """Say what a text lacks before any compiler sees it; None when it has what every shader needs."""
    bare = _COMMENTS.sub(lambda found: "\n" * found[0].count("\n") or " ", plain(text))
    if found := _INCLUDE.search(bare):
        return f"line {_line(bare, found)}: #include is not known here; put the other text itself into the file"
    if not _MAIN_IMAGE.search(bare):
        return "it needs a function `void mainImage(out vec4 fragColor, in vec2 fragCoord)`"
    if found := _MAIN.search(bare):
        return f"line {_line(bare, found)}: leave main() out; mainImage is called for each pixel"
    return None


def _line(text: str, found: re.Match[str]) -> int:
    return text.count("\n", 0, found.start()) + 1


def _outermost(text: str) -> str:
    """What stands outside all braces, without comments."""
    depth, kept = 0, []
    for part in re.split(r"([{}])", _COMMENTS.sub(" ", text)):
        if part in ("{", "}"):
            depth = max(0, depth + (1 if part == "{" else -1))
        elif depth == 0:
            kept.append(part)
    return " ".join(kept)


def told(log: str, where: str, n_lines: int) -> str:
    """Say in one or a few lines what a compiler did not like.

    Args:
        where: The person's file.
        n_lines: How many lines it has; what lies behind them is ours.
    """
    found: list[str] = []
    for line in log.splitlines():
        for place in _PLACES:
            if match := place.match(line):
                number = int(match["line"])
                at = f", line {number}" if 1 <= number <= n_lines else ", the end" if number else ""
                found.append(f"{where}{at}: {match['what'].strip()[:_LONGEST_WORDS]}")
                break
    words = " ".join(log.split())
    return "; ".join(dict.fromkeys(found[:4])) if found else f"{where}: {words[:_LONGEST_WORDS]}"
