"""Splice: segments and song become the film, without encoding a picture again."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from suno_video.assemble.graphs import AAC_RATE_HZ, sound_args, sound_end, splice_args
from suno_video.assemble.profile import EncoderProfile
from suno_video.core.errors import EncoderError
from suno_video.media.atomic import replacing, write_text
from suno_video.media.audio import open_sound
from suno_video.media.ffmpeg import FrameWriter, run_ffmpeg
from suno_video.media.mp4 import read_mp4

SPLICE_VERSION = 2
"""Raised whenever the same segments and song would give another file."""

MAX_SONG_S = 24 * 3600.0
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class FilmTags:
    """What the file says about itself."""

    title: str
    artist: str | None = None
    comment: str | None = None

    def as_metadata(self) -> dict[str, str]:
        """The tags by their names in MP4, without control characters."""
        tags = {"title": self.title, "artist": self.artist, "comment": self.comment}
        return {key: "".join(c for c in text if c.isprintable()) for key, text in tags.items() if text}


def encode_sound(
    song: Path,
    out: Path,
    *,
    first_frame: int,
    n_frames: int,
    fps: int,
    kbps: int,
    on_block: Callable[[], None] | None = None,
) -> Path:
    """Encode the sound of `n_frames` frames from frame `first_frame` of the song's grid on: AAC, 48 kHz, stereo.

    The same decoder reads it that the analysis heard, so that a beat is where it was heard.

    Args:
        on_block: Called for every few seconds of sound; may raise to end the work.

    Raises:
        NoSuchInputError, BadSongError, SongTooLongError: As `open_sound`.
        DiskError, EncoderError: It could not be written.
    """
    with open_sound(song, max_duration_s=MAX_SONG_S) as sound, replacing(out.absolute()) as part:
        args = sound_args(
            sound.sample_rate_hz,
            sound.n_channels,
            part,
            fps=fps,
            first_frame=first_frame,
            n_frames=n_frames,
            kbps=kbps,
        )
        # One sample less than is heard: cut off here, for ffmpeg would hang up on us when it has enough.
        n_missing = sound_end(fps, first_frame, n_frames) * sound.sample_rate_hz // AAC_RATE_HZ - 1
        with FrameWriter(args) as writer:
            for block in sound.blocks:
                if on_block is not None:
                    on_block()
                writer.write(np.ascontiguousarray(block[:n_missing], dtype="<f4").view(np.uint8))
                n_missing -= len(block)
                if n_missing <= 0:
                    break
            writer.finish()
    return out


def splice(
    segments: Sequence[Path],
    sound: Path,
    out: Path,
    *,
    profile: EncoderProfile,
    n_frames: int,
    tags: FilmTags,
    on_whole: Callable[[Path], None] | None = None,
) -> Path:
    """Join segments and sound into the film at `out`, whole or not at all.

    Args:
        segments: In order; all in one folder, with names of plain letters, digits, `_`, `-` and `.`.
        sound: From `encode_sound`.
        n_frames: Of the whole film: the sum of all segments.
        on_whole: Called with the whole file before it takes its place; if it raises, `out` is left as it was.

    Raises:
        EncoderError: A segment does not fit, or the film has another number of frames.
        DiskError, CannotCreateError: It could not be written.
    """
    folder = segments[0].parent.absolute()
    script = folder / f"splice-{secrets.token_hex(4)}.ffconcat"
    with replacing(out.absolute()) as part, _removed_after(script):
        # 1. The list, relative to the folder: no path of this machine has to be escaped.
        write_text(script, _cut_list(segments, profile.fps))
        # 2. Copy every frame.
        args = splice_args(script.name, sound.absolute(), part, profile=profile, tags=tags.as_metadata())
        run_ffmpeg(args, cwd=folder)
        # 3. Believe the file alone.
        _check_film(part, n_frames)
        if on_whole is not None:
            on_whole(part)
    return out


@contextlib.contextmanager
def _removed_after(path: Path) -> Iterator[None]:
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _cut_list(segments: Sequence[Path], fps: int) -> str:
    """List the segments, each with its length, for ffmpeg's concat reader.

    Left to itself it believes the header of each file, which counts in milliseconds: after some forty cuts that is
    half a frame. Lengths from the number of frames, rounded as one sum, stay within a microsecond for ever.
    """
    lines, n_frames, start_us = ["ffconcat version 1.0"], 0, 0
    for path in segments:
        if path.parent != segments[0].parent or not _SAFE_NAME.fullmatch(path.name):
            raise EncoderError(
                f"Segment {path.name!r} cannot be spliced: it lies elsewhere or has a strange name.",
                "Run the same command again.",
            )
        n_frames += _count_frames(path)
        end_us = round(Fraction(n_frames, fps) * 1_000_000)
        lines += [f"file {path.name}", f"duration {end_us - start_us}us"]
        start_us = end_us
    return "\n".join(lines) + "\n"


def _count_frames(path: Path) -> int:
    track = read_mp4(path).track("vide")
    return track.n_samples if track is not None else 0


def _check_film(path: Path, n_frames: int) -> None:
    n_written = _count_frames(path)
    if n_written != n_frames:
        raise EncoderError(
            f"The spliced film has {n_written} frames, {n_frames} were planned.",
            "Delete the project's segments folder and run the same command again.",
        )
