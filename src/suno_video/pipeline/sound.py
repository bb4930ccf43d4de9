"""The song as the film's only sound: encoded once, while the pictures are painted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from suno_video.assemble.profile import EncoderProfile
from suno_video.assemble.splice import SPLICE_VERSION, encode_sound
from suno_video.media.atomic import write_text
from suno_video.pipeline.options import PlannedFilm
from suno_video.project.fingerprint import file_sha256, fingerprint
from suno_video.project.workspace import Project
from suno_video.render.pieces import Stopped

SOUND_FILES = ("song-*.aac", "song-*.sha256")
"""How encoded sound is named; what no run has used for long is removed."""


def sound_path(plan: PlannedFilm, project: Project, profile: EncoderProfile) -> Path:
    """Name the encoded sound; another song, part of it or bit rate is another file."""
    board = plan.storyboard
    made_from = (SPLICE_VERSION, plan.song.sha256, board.first_frame, board.n_frames, board.fps, profile.audio_kbps)
    return project.segments / f"song-{fingerprint(*made_from)[:12]}.aac"


def sound_receipt(path: Path) -> Path:
    """Name the file with the hash of an encoded sound: what does not match it was damaged, and is encoded again."""
    return path.with_suffix(".sha256")


def _is_whole(path: Path) -> bool:
    try:
        return sound_receipt(path).read_text(encoding="ascii") == file_sha256(path)
    except (OSError, ValueError):
        return False


@contextmanager
def sound_meanwhile(
    song: Path, plan: PlannedFilm, project: Project, profile: EncoderProfile
) -> Iterator[Callable[[], Path]]:
    """Encode the sound in a thread of its own, unless it is there.

    Gives a function that waits for it and gives its path, or raises what `encode_sound` raised. Leaving with an
    exception stops the thread within a block of sound.
    """
    path, stop = sound_path(plan, project, profile), threading.Event()
    board = plan.storyboard

    def check() -> None:
        if stop.is_set():
            raise Stopped

    def encode() -> Path:
        if _is_whole(path):
            for file in (path, sound_receipt(path)):
                file.touch()  # used just now: not old
            return path
        window = {"first_frame": board.first_frame, "n_frames": board.n_frames, "fps": board.fps}
        encode_sound(song, path, kbps=profile.audio_kbps, on_block=check, **window)
        write_text(sound_receipt(path), file_sha256(path))
        return path

    with ThreadPoolExecutor(1, thread_name_prefix="sound") as pool:
        job = pool.submit(encode)
        try:
            yield job.result
        except BaseException:
            stop.set()
            raise
