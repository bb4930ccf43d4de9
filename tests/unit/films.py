"""Tiny films whose every frame is known: luma tells the frame's number on the song's grid."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile

from suno_video.assemble.conform import conform
from suno_video.assemble.plan import ConformPlan, conform_plans
from suno_video.assemble.profile import EncoderProfile, encoder_profile
from suno_video.assemble.splice import FilmTags, encode_sound, splice
from suno_video.core.analysis import SongAnalysis
from suno_video.core.brief import EncoderName
from suno_video.core.frames import I420, FrameSize
from suno_video.core.song import Lyrics
from suno_video.core.storyboard import Storyboard
from suno_video.media.ffmpeg import read_chunks, read_frames

N_LEVELS = 180
FIRST_LEVEL = 30


def luma_of(frame: int) -> int:
    """The grey that frame `frame` of the song is painted in."""
    return FIRST_LEVEL + frame % N_LEVELS


class NumberedFrames:
    """Footage of plain greys: frame k of the song is `luma_of(k)`."""

    def __init__(self, start_frame: int, n_frames: int, size: FrameSize, grey: int | None = None) -> None:
        self.n_frames = n_frames
        self._start = start_frame
        self._size = size
        self._grey = grey

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[I420]:
        frame = np.full(self._size.i420_shape, 128, dtype=np.uint8)
        for k in range(start, self.n_frames if stop is None else stop):
            frame[: self._size.height_px] = luma_of(self._start + k) if self._grey is None else self._grey
            yield frame

    def close(self) -> None:
        pass


def numbered_footage(plan: ConformPlan, grey: dict[str, int] | None = None) -> list[NumberedFrames]:
    """Footage for each layer of a piece."""
    return [
        NumberedFrames(
            layer.footage_start,
            layer.footage_stop - layer.footage_start,
            plan.profile.size,
            (grey or {}).get(layer.scene),
        )
        for layer in plan.layers
    ]


def quick_profile(storyboard: Storyboard, quality: str = "standard", encoder: EncoderName = "x264") -> EncoderProfile:
    """An encoder for tests."""
    return encoder_profile(quality, storyboard.size, storyboard.fps, encoder)  # type: ignore[arg-type]


def conform_all(
    storyboard: Storyboard,
    analysis: SongAnalysis,
    folder: Path,
    *,
    lyrics: Lyrics | None = None,
    quality: str = "standard",
    encoder: EncoderName = "x264",
    grey: dict[str, int] | None = None,
) -> list[Path]:
    """Conform every piece of a film from numbered frames."""
    folder.mkdir(exist_ok=True)
    paths = []
    for plan in conform_plans(storyboard, analysis, lyrics, quick_profile(storyboard, quality, encoder)):
        path = folder / f"{plan.piece.name}.mp4"
        conform(plan, numbered_footage(plan, grey), path)
        paths.append(path)
    return paths


def splice_film(
    storyboard: Storyboard,
    segments: Sequence[Path],
    song: Path,
    out: Path,
    quality: str = "standard",
    encoder: EncoderName = "x264",
) -> Path:
    """Splice segments and a song."""
    profile = quick_profile(storyboard, quality, encoder)
    sound = encode_sound(
        song,
        out.with_suffix(".aac"),
        fps=storyboard.fps,
        first_frame=storyboard.first_frame,
        n_frames=storyboard.n_frames,
        kbps=192,
    )
    return splice(segments, sound, out, profile=profile, n_frames=storyboard.n_frames, tags=FilmTags("Test", "Nobody"))


def decode(path: Path, size: FrameSize) -> list[I420]:
    """Decode every frame of a file."""
    args = ["-i", f"file:{path}", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-fps_mode", "passthrough", "pipe:1"]
    return [frame.copy() for frame in read_frames(args, size)]


def middle_luma(frame: I420) -> int:
    """Grey of the upper middle of a frame, where no caption stands."""
    height = frame.shape[0] * 2 // 3
    return int(np.median(frame[height // 8 : height // 3]))


def decode_sound(path: Path) -> np.ndarray:
    """Decode the sound of a file as a player without edit lists would, mono, 48 kHz."""
    args = ["-i", f"file:{path}", "-map", "0:a:0", "-f", "f32le", "-ac", "1", "-ar", "48000", "pipe:1"]
    return np.frombuffer(b"".join(read_chunks(args, 1 << 20)), dtype=np.float32)


def click_song(path: Path, times_s: Sequence[float], duration_s: float, rate_hz: int = 44100) -> Path:
    """A song of silence with clicks."""
    samples = np.zeros(round(duration_s * rate_hz), dtype=np.float32)
    for time_s in times_s:
        at = round(time_s * rate_hz)
        samples[at : at + 120] = 0.9
    soundfile.write(path, samples, rate_hz)
    return path


def with_footage_missing(plan: ConformPlan, n_frames: int) -> list[NumberedFrames]:
    """Footage that ends too early."""
    short = dataclasses.replace(plan.layers[0])
    length = short.footage_stop - short.footage_start - n_frames
    return [NumberedFrames(short.footage_start, length, plan.profile.size)]
