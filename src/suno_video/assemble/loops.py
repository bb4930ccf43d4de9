"""Loops: a part of a finished film whose last picture leads into its first, and whose sound does the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from suno_video.assemble.joins import dissolve
from suno_video.assemble.mattes import smooth
from suno_video.core.errors import CheckFailedError, EncoderError
from suno_video.core.frames import I420, FrameSize
from suno_video.media.atomic import replacing
from suno_video.media.ffmpeg import SAFE_INPUT, FrameWriter, file_url, read_frames
from suno_video.media.mp4 import read_mp4


def make_loop(film: Path, out: Path, *, start_frame: int, n_frames: int, overlap: int, sound: bool = True) -> Path:
    """Write a part of a film that goes round, whole or not at all.

    What follows the part dissolves into what goes before it, so that the last frame is the neighbour of the first:
    nothing is played backwards, and nothing jumps. A bar that is repeated meets itself in the sound as well.

    Args:
        start_frame: First frame of the loop, in frames of the film; at least `overlap`.
        n_frames: Length of the loop.
        overlap: Frames at its end in which it dissolves; fewer than `n_frames`.

    Raises:
        CheckFailedError: The file is no film of ours, or is shorter than that.
        EncoderError, DiskError: It cannot be read or written.
    """
    track = read_mp4(film).track("vide")
    if track is None or not overlap <= start_frame <= track.n_samples - n_frames or not 0 < overlap < n_frames:
        raise CheckFailedError(
            f"{film.name} has no {n_frames} frames from frame {start_frame} on with {overlap} before them.",
            "Ask for a shorter loop, or render the film again.",
        )
    size = FrameSize(width_px=track.width_px, height_px=track.height_px)
    fps = float(track.fps)
    first = start_frame - overlap
    with replacing(out.absolute()) as part:
        with (
            FrameWriter(_encoding(film if sound else None, part, size, fps, (first, n_frames, overlap))) as writer,
            closing(read_frames(_decoding(film, fps, first, n_frames + overlap), size)) as frames,
        ):
            n_written = 0
            for frame in _going_round(frames, n_frames, overlap):
                writer.write(frame)
                n_written += 1
            writer.finish()
        if n_written != n_frames:
            raise EncoderError(f"The loop has {n_written} of {n_frames} frames.", "Run the same command again.")
    return out


def _going_round(frames: Iterator[I420], n_frames: int, overlap: int) -> Iterator[I420]:
    """Give `n_frames` of `n_frames + overlap`: the first `overlap` of them come last, out of what followed.

    Only so many frames are in memory.
    """
    before: list[I420] = []
    for number, frame in enumerate(frames):
        if number < overlap:
            before.append(np.array(frame))
        elif number < n_frames:
            yield frame
        else:
            at = number - n_frames
            yield dissolve(frame, before[at], smooth((at + 1) / (overlap + 1)))


def _decoding(film: Path, fps: float, first: int, n_frames: int) -> Sequence[str]:
    # Half a frame early: a time in seconds must not fall behind the frame that it means.
    return [
        *SAFE_INPUT, "-ss", f"{max(0.0, (first - 0.5) / fps):.6f}", "-i", file_url(film), "-an",
        "-frames:v", str(n_frames), "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1",
    ]  # fmt: skip


def _encoding(film: Path | None, out: Path, size: FrameSize, fps: float, span: tuple[int, int, int]) -> Sequence[str]:
    first, n_frames, overlap = span
    rate, blend_s = f"{fps:.6g}", overlap / fps
    sound: list[str] = []
    if film is not None:
        start_s, turn_s, end_s = first / fps, (first + overlap) / fps, (first + overlap + n_frames) / fps
        graph = (
            f"[1:a]atrim={turn_s:.6f}:{end_s:.6f},asetpts=PTS-STARTPTS[whole];"
            f"[2:a]atrim={start_s:.6f}:{turn_s:.6f},asetpts=PTS-STARTPTS[before];"
            f"[whole][before]acrossfade=d={blend_s:.6f}:c1=qsin:c2=qsin[sound]"
        )
        sound = [*SAFE_INPUT, "-i", file_url(film), *SAFE_INPUT, "-i", file_url(film), "-filter_complex", graph]
    heard = ["-map", "[sound]", "-c:a", "aac", "-b:a", "192k"] if sound else []
    return [
        "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{size.width_px}x{size.height_px}", "-r", rate,
        "-i", "pipe:0", *sound, "-map", "0:v", *heard, "-c:v", "libx264", "-preset", "veryfast", "-crf", "18",
        "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
        "-movflags", "+faststart", file_url(out),
    ]  # fmt: skip
