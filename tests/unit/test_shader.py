"""Shaders: what is compiled, whose line is told, and that one which hangs or dies takes no film with it.

What needs OpenGL runs for real, with a card or Mesa in software, and is skipped where neither is there.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from suno_video.backends.base import FailureKind, Job, MakeFailed
from suno_video.backends.parts import version_of
from suno_video.backends.procedural import ProceduralBackend
from suno_video.backends.procedural import plugins as module
from suno_video.backends.registry import make_backend
from suno_video.backends.shader import ShaderBackend
from suno_video.backends.shader import backend as backend_module
from suno_video.backends.shader.music import ShaderMusic
from suno_video.backends.shader.player import Player, TookTooLong
from suno_video.backends.shader.program import first_fault, program_of, told
from suno_video.backends.shader.source import read_shader, shader_for
from suno_video.core.errors import BackendUnavailableError, UsageError
from tests.unit.test_procedural import clip, dance_music

GREY = "void mainImage(out vec4 o, in vec2 p) { o = vec4(WHAT); }\n"
# Written for Shadertoy, with its own declarations and everything that is asked for most often.
FROM_SHADERTOY = """\ufeff#version 300 es
// Visualiseur — 音楽 🎵
precision highp float;
uniform vec3 iResolution; uniform float iTime;
uniform sampler2D iChannel0;
#define R iResolution.xy
vec3 palette( float t ) { return 0.5 + 0.5 * cos(6.28318 * (t + vec3(0.0, 0.33, 0.67))); }
void mainImage( out vec4 fragColor, in vec2 fragCoord )
{
    vec2 uv = fragCoord / R; /* é */
    float fft  = texelFetch( iChannel0, ivec2(int(uv.x * 512.0), 0), 0 ).x;
    float wave = texture( iChannel0, vec2(uv.x, 0.75) ).x;
    vec3 col = palette(uv.x + 0.1 * iTime) * fft + 0.2 * smoothstep(0.05, 0.0, abs(wave - uv.y));
    col += 0.1 * texture2D(iChannel2, uv + iMouse.xy / R).rgb + 0.0 * iDate.w * float(iFrame);
    fragColor = vec4(col, 1.0);
}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of scenes."""
    scenes = tmp_path / "scenes"
    scenes.mkdir()
    monkeypatch.setattr(module, "scene_folder", lambda: scenes)
    return scenes


@pytest.fixture
def opengl() -> None:
    readiness = ShaderBackend.readiness()
    if not readiness.ready:
        pytest.skip(readiness.detail)


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.glsl"
    path.write_text(text, encoding="utf-8")
    return path


def frames_of(name: str, tmp_path: Path, n_frames: int = 2, **changes: object) -> np.ndarray:
    stream = ShaderBackend().make(clip(name, n_frames=n_frames, music=dance_music(n_frames), **changes), Job(tmp_path))
    return np.array([frame.copy() for frame in stream.frames()])


def worker_that(does: str) -> list[str]:
    """A process in the place of ours: it opens, and then does something."""
    head = "import sys, time, struct; out = sys.stdout.buffer"
    head += "; w = lambda kind, text: (out.write(struct.pack('<cI', kind, len(text)) + text), out.flush())"
    return [sys.executable, "-S", "-c", f"{head}; {does}"]


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# What is compiled.


def test_the_persons_lines_keep_their_numbers_and_their_own_declarations_are_ours():
    program = program_of(FROM_SHADERTOY)
    ours, theirs = program.split("#line 1\n")
    assert theirs.split("\n")[8] == "{"  # line 9 of the file
    assert "uniform vec3 iResolution" not in theirs and "#version" not in theirs
    assert "vec3 palette(float v)" not in ours
    assert program.isascii()


def test_our_palette_stays_where_only_an_inner_name_is_like_it():
    assert "vec3 palette(float v)" in program_of(
        "void mainImage(out vec4 o, in vec2 p) { vec3 palette = palette(0.1); }"
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('// x\n#include "/etc/passwd"\n' + GREY, "line 2: #include"),
        ("/* void mainImage( */ float x;", "it needs a function"),
        (GREY + "void main() {}", "line 2: leave main() out"),
        ("", "it needs a function"),
    ],
)
def test_what_no_shader_can_do_without_is_told_before_any_compiler_sees_it(text, fault):
    assert fault in str(first_fault(text))


@pytest.mark.parametrize(
    "log",
    [
        "fragment_shader\n===\n0:3(2): error: `foo' undeclared\n",
        "0(3) : error C1503: `foo' undeclared\n",
        "ERROR: 0:3: `foo' undeclared\n",
    ],
)
def test_what_compilers_of_three_makers_say_names_the_persons_file_and_line(log):
    assert told(log, "waves.glsl", 9) == "waves.glsl, line 3: `foo' undeclared"


def test_a_fault_behind_the_last_line_is_at_the_end_and_what_has_no_place_is_told_as_it_is():
    assert told("0:100003(1): error: syntax error", "a.glsl", 9) == "a.glsl, the end: syntax error"
    assert told("Link failed:\n too many uniforms", "a.glsl", 9) == "a.glsl: Link failed: too many uniforms"


# Which shader plays.


def test_a_scene_is_played_by_the_shader_that_it_names_else_by_the_one_asked_for_else_by_one_of_ours(folder):
    put(folder, "mine", GREY)
    assert shader_for("mine", "tide") == "mine"
    assert shader_for("nebula", "tide") == "tide"
    assert shader_for("nebula", None) == shader_for("nebula", None) in module.SHIPPED_SHADERS


def test_a_shader_for_the_whole_film_is_named_behind_the_backend_and_must_be_there(folder):
    put(folder, "mine", GREY)
    assert make_backend("shader:mine", "clip").name == "shader"
    for name in ("gone", "../mine", "mine.glsl"):
        with pytest.raises(UsageError, match="no shader"):
            make_backend(f"shader:{name}", "clip")


def test_a_file_with_the_name_of_one_of_ours_is_not_used_and_told(folder):
    path = put(folder, "tide", GREY)
    assert read_shader("tide").where == "tide.glsl"
    assert module.unused_files() == {path: "tide is a scene of ours"}


def test_an_edit_changes_the_version_of_the_scenes_with_that_shader_alone(folder):
    put(folder, "mine", GREY)
    for backend in (ShaderBackend(), ProceduralBackend()):
        put(folder, "mine", GREY)
        mine, other = version_of(backend, clip("mine")), version_of(backend, clip("nebula"))
        put(folder, "mine", GREY + "//")
        assert version_of(backend, clip("mine")) != mine
        assert version_of(backend, clip("nebula")) == other


def test_a_text_that_is_too_large_is_refused_unread(folder, tmp_path):
    put(folder, "huge", "/" * 400_001)
    with pytest.raises(MakeFailed, match="larger than 400 kB"):
        frames_of("huge", tmp_path)


# The music.


def test_the_audio_texture_has_the_spectrum_over_even_steps_of_frequency():
    request = clip("x", n_frames=4, music=dance_music(4))
    bands = np.zeros_like(request.music.spectrum)
    bands[:, 20] = 1  # 40 Hz * 400 ** (20.5 / 32) = 1857 Hz
    object.__setattr__(request.music, "spectrum", bands)
    texture = ShaderMusic(request).texture(0)
    assert texture.shape == (2, 512) and texture.dtype == np.uint8
    assert abs(int(texture[0].argmax()) - 1857 / 12000 * 512) < 2


# A process that hangs, dies, or never opens.


def test_a_frame_without_end_ends_its_process():
    player = Player(0.2, lambda: None, worker_that("w(b'R', b'a card'); time.sleep(60)"))
    assert player.open() == "a card"
    request = clip("tide", n_frames=2, music=dance_music(2))
    with pytest.raises(TookTooLong, match=r"frame 1 of tide.glsl took longer than 0.2 s"):
        player.frame(1, ShaderMusic(request), read_shader("tide"))
    assert not is_there(player._process.pid)


def test_a_process_that_dies_is_told_as_such():
    player = Player(5, lambda: None, worker_that("w(b'R', b'a card'); sys.exit(3)"))
    player.open()
    request = clip("tide", n_frames=2, music=dance_music(2))
    with pytest.raises(MakeFailed, match="died") as failed:
        player.frame(0, ShaderMusic(request), read_shader("tide"))
    assert failed.value.kind == FailureKind.RETRYABLE


def test_a_run_that_is_to_end_ends_the_wait():
    class StopError(Exception):
        pass

    def stop() -> None:
        raise StopError

    player = Player(60, stop, worker_that("time.sleep(60)"))
    with pytest.raises(StopError):
        player.open()
    player.close()
    assert not is_there(player._process.pid)


def test_without_moderngl_or_without_opengl_people_are_told_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(backend_module, "find_spec", lambda name: None)
    with pytest.raises(BackendUnavailableError, match=r"suno-video\[shader\]"):
        ShaderBackend().open()
    none = worker_that("w(b'E', b'no OpenGL: no device')")
    monkeypatch.setattr(backend_module, "Player", lambda timeout_s, stop: Player(timeout_s, stop, none))
    readiness = backend_module._try_opengl.__wrapped__()
    assert not readiness.ready
    assert "(no device)" in readiness.detail and "Install" in readiness.detail


# With OpenGL.


@pytest.mark.usefixtures("opengl")
def test_a_shader_written_for_shadertoy_runs_as_it_is_and_gives_the_same_frames_again(folder, tmp_path):
    put(folder, "theirs", FROM_SHADERTOY)
    frames = frames_of("theirs", tmp_path)
    assert frames.shape == (2, 108, 128)
    assert 25 < frames[:, :72].mean() < 200 and frames[0, :72].std() > 5
    assert np.array_equal(frames, frames_of("theirs", tmp_path))


@pytest.mark.usefixtures("opengl")
def test_a_shader_is_a_family_of_the_embedded_renderer_as_well(folder, tmp_path):
    put(folder, "mine", GREY.replace("WHAT", "0.5"))
    backend = ProceduralBackend()
    stream = backend.make(clip("mine", n_frames=1, music=dance_music(1)), Job(tmp_path))
    (frame,) = stream.frames()
    assert np.abs(frame[:72].astype(int) - 126).max() <= 1  # 16 + 219 / 2
    stream.close()
    backend.close()


@pytest.mark.usefixtures("opengl")
def test_numbers_that_are_none_are_black_and_not_garbage(folder, tmp_path):
    put(folder, "nan", GREY.replace("WHAT", "sqrt(-1.0 - iMouse.x)"))
    assert (frames_of("nan", tmp_path, 1)[0, :72] == 16).all()


@pytest.mark.usefixtures("opengl")
def test_a_fault_in_a_shader_names_file_and_line(folder, tmp_path):
    path = put(folder, "broken", "// ü\r\n\r\n" + GREY.replace("WHAT", "foo"))
    with pytest.raises(MakeFailed) as failed:
        frames_of("broken", tmp_path)
    assert failed.value.kind == FailureKind.BAD_INPUT
    assert f"{path}, line 3: " in failed.value.reason


@pytest.mark.usefixtures("opengl")
def test_a_shader_without_end_is_ended_and_not_tried_again(folder, tmp_path):
    put(
        folder,
        "endless",
        "void mainImage(out vec4 o, in vec2 p) { float a = 0.0; while (a < 9.0) a -= p.x; o = vec4(a); }",
    )
    backend = ShaderBackend(frame_timeout_s=0.5)
    request = clip("endless", n_frames=2, music=dance_music(2))
    with pytest.raises(TookTooLong):
        list(backend.make(request, Job(tmp_path)).frames())
    with pytest.raises(MakeFailed, match="not tried again"):
        backend.make(request, Job(tmp_path))


@pytest.mark.usefixtures("opengl")
@pytest.mark.parametrize("name", sorted(module.SHIPPED_SHADERS))
def test_each_of_ours_is_neither_black_nor_white_and_moves(tmp_path, name):
    light = frames_of(name, tmp_path, 12)[:, :72].astype(float)
    assert 25 < light.mean() < 190 and light.std() > 4
    assert np.abs(light[0] - light[-1]).mean() > 1
