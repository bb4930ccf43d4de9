"""The process that meets OpenGL: compiles one shader and draws its frames when it is told to.

Run as `python -m suno_video.backends.shader.worker`. A driver may hang or fall over: then only this process does.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from suno_video.backends.shader.program import NUMBERS, SPECTRUM_COLUMNS, VERTEX
from suno_video.backends.shader.talk import FAULT, FRAME, NO_OPENGL, READY, START, read_message, write_message

_EGL: Any = {"backend": "egl"}
_SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "swrast", "microsoft basic render")
_SOFTWARE_PIXELS = 640 * 360
"""More than that is drawn smaller in software, and enlarged."""

_NOISE_PX, _NOISE_SEED = 256, 20
"""Noise for `iChannel2` and `iChannel3`, the textures that are asked for most; the same for ever."""


def is_software(renderer: str) -> bool:
    """Whether there is no graphics card behind a renderer."""
    return any(name in renderer.lower() for name in _SOFTWARE)


class _Stage:
    """A context and one program."""

    def __init__(self) -> None:
        import moderngl

        try:
            self._context: Any = moderngl.create_context(standalone=True, require=330)
        except Exception:  # noqa: BLE001 - every driver fails in its own way; without a screen there is still EGL
            self._context = moderngl.create_context(require=330, standalone=True, **_EGL)
        self.renderer = str(self._context.info["GL_RENDERER"])

    def start(self, order: dict[str, Any], picture: bytes) -> None:
        """Compile, and take the buffers. Raises what the compiler says."""
        gl = self._context
        self._width, self._height = order["width"], order["height"]
        scale = 1.0
        if is_software(self.renderer):
            scale = min(1.0, (_SOFTWARE_PIXELS / (self._width * self._height)) ** 0.5)
        self._size = tuple(max(16, round(side * scale / 2) * 2) for side in (self._width, self._height))
        self._program = gl.program(vertex_shader=VERTEX, fragment_shader=order["program"])
        self._canvas = gl.vertex_array(self._program, [])
        self._target = gl.framebuffer([gl.texture(self._size, 4)])
        self._sound = gl.texture((SPECTRUM_COLUMNS, 2), 1, alignment=1)
        self._picture = gl.texture((order["picture_width"], order["picture_height"]), 3, picture, alignment=1)
        for texture in (self._sound, self._picture):
            texture.repeat_x = texture.repeat_y = False
        noise = np.random.default_rng(_NOISE_SEED).integers(0, 256, (_NOISE_PX, _NOISE_PX, 4), np.uint8)
        self._colored = gl.texture((_NOISE_PX, _NOISE_PX), 4, noise.tobytes(), alignment=1)
        self._grey = gl.texture((_NOISE_PX, _NOISE_PX), 1, np.ascontiguousarray(noise[..., 0]).tobytes(), alignment=1)
        self._grey.swizzle = "RRR1"
        for texture in (self._colored, self._grey):
            texture.build_mipmaps()
        for channel, texture in enumerate((self._sound, self._picture, self._colored, self._grey)):
            texture.use(channel)
            self._set(f"iChannel{channel}", channel)
        self._set("iResolution", (*map(float, self._size), 1.0))
        picture_size = (float(order["picture_width"]), float(order["picture_height"]), 1.0)
        noise_size = (float(_NOISE_PX), float(_NOISE_PX), 1.0)
        self._set("iChannelResolution", [(float(SPECTRUM_COLUMNS), 2.0, 1.0), picture_size, noise_size, noise_size])
        self._set("uPalette", [tuple(stop) for stop in order["palette"]])
        self._set("iSampleRate", 44100.0)

    def _set(self, name: str, value: Any) -> None:
        # What a shader does not use is not there; an array that is used in part may be shorter.
        if name not in self._program:
            return
        uniform = self._program[name]
        length = getattr(uniform, "array_length", 1)
        uniform.value = value[:length] if isinstance(value, list) and length > 1 else value

    def draw(self, frame: int, numbers: NDArray[np.float32], sound: bytes) -> bytes:
        """Draw one frame and give it as I420."""
        for name, value in zip(NUMBERS, numbers, strict=True):
            self._set(name, float(value))
        # The time of day is that of the song: a shader that shows it gives the same film at any hour.
        self._set("iDate", (0.0, 0.0, 0.0, float(numbers[0])))
        self._set("iChannelTime", [float(numbers[0])] * 4)
        self._set("iFrame", frame)
        self._sound.write(sound)
        self._target.use()
        self._canvas.render(self._context.TRIANGLES, vertices=3)
        width, height = self._size
        pixels = np.frombuffer(self._target.read(components=3, alignment=1), np.uint8).reshape(height, width, 3)
        return to_i420(pixels[::-1], self._width, self._height).tobytes()


def to_i420(rgb: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Turn a picture into one frame (BT.709, limited range) of a size; shape (height * 3 // 2, width)."""
    import cv2

    if rgb.shape[:2] != (height, width):
        rgb = np.asarray(
            cv2.resize(np.ascontiguousarray(rgb), (width, height), interpolation=cv2.INTER_CUBIC), np.uint8
        )
    full = np.ascontiguousarray(rgb, np.float32)
    half = cv2.resize(full, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    luma = cv2.transform(full, _LUMA)
    chroma = cv2.transform(half, _CHROMA)
    out = np.empty((height * 3 // 2, width), np.uint8)
    out[:height] = np.clip(luma + np.float32(0.5), 16, 235)
    quarter = (height // 2) * (width // 2)
    flat = out[height:].reshape(-1)
    colour = np.clip(chroma + np.float32(0.5), 16, 240).astype(np.uint8)
    flat[:quarter], flat[quarter:] = colour[..., 0].ravel(), colour[..., 1].ravel()
    return out


# BT.709 from values 0..255 to limited range: factor and offset.
_LUMA = np.array([[0.2126 * 219 / 255, 0.7152 * 219 / 255, 0.0722 * 219 / 255, 16.0]], np.float32)
_CHROMA = np.array(
    [
        [-0.114572 * 224 / 255, -0.385428 * 224 / 255, 0.5 * 224 / 255, 128.0],
        [0.5 * 224 / 255, -0.454153 * 224 / 255, -0.045847 * 224 / 255, 128.0],
    ],
    np.float32,
)


def _leave_with_parent() -> None:
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    if hasattr(os, "getppid") and os.name == "posix":
        threading.Thread(target=watch, daemon=True).start()


def _serve(orders: IO[bytes], answers: IO[bytes]) -> None:
    try:
        stage = _Stage()
    except Exception as exc:  # noqa: BLE001 - told to the other side, whatever the driver says
        write_message(answers, FAULT, f"{NO_OPENGL}{exc}".encode())
        return
    write_message(answers, READY, stage.renderer.encode())
    n_numbers = 4 * len(NUMBERS)
    while (message := read_message(orders)) is not None:
        try:
            if message.kind == START:
                length = int.from_bytes(message.content[:4], "little")
                order = json.loads(message.content[4 : 4 + length])
                stage.start(order, message.content[4 + length :])
                write_message(answers, READY, stage.renderer.encode())
            elif message.kind == FRAME:
                frame = int.from_bytes(message.content[:4], "little")
                numbers = np.frombuffer(message.content[4 : 4 + n_numbers], np.float32)
                write_message(answers, FRAME, stage.draw(frame, numbers, message.content[4 + n_numbers :]))
        except Exception as exc:  # noqa: BLE001 - told to the other side, whatever the driver says
            write_message(answers, FAULT, str(exc).encode())


def main() -> None:
    """Serve until the other side hangs up."""
    _leave_with_parent()
    answers = os.fdopen(os.dup(1), "wb")
    # What a driver prints must not fall among the answers.
    os.dup2(2, 1)
    _serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
