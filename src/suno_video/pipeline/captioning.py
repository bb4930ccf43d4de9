"""The lyrics beside the film, and what a person should know of those in its pictures."""

from __future__ import annotations

import hashlib
from pathlib import Path

from suno_video.assemble.captions import unshown_letters
from suno_video.assemble.sidecars import SIDECAR_ENDINGS, write_sidecars
from suno_video.core.errors import BadEditError
from suno_video.core.events import EventSink, Notice, Warned
from suno_video.core.record import Record
from suno_video.media.atomic import write_text
from suno_video.pipeline.options import PlannedFilm
from suno_video.project.workspace import Project

LYRICS_ENDING = ".lyrics"
"""`song.lyrics.srt` beside `song.mp4`: nobody takes it for the lyrics that came with `song.mp3`."""


class WrittenCaptions(Record):
    """The lyrics files that we wrote beside films (`captions.json`), so that those of a person are left alone."""

    sha256: dict[str, str] = {}
    """Hash by file name."""


def leave_captions(out: Path, plan: PlannedFilm, project: Project, events: EventSink) -> tuple[str, ...]:
    """Write SRT, VTT, LRC and ASS beside the film where lines have times.

    A file there that a person wrote or changed stays as it is.

    Returns:
        What a person should know of the captions.

    Raises:
        CannotCreateError, DiskError: A file cannot be written.
    """
    written = _load(project)
    texts = write_sidecars(plan.song, plan.storyboard)
    ours = dict(written.sha256)
    for ending in SIDECAR_ENDINGS:
        path = out.with_name(out.stem + LYRICS_ENDING + ending)
        found = _sha256_of(path)
        if found is not None and found != ours.get(path.name):
            if ending in texts and _sha256(texts[ending]) != found:
                events(Notice(f"{path.name} was not written by us, or was changed: it stays as it is"))
            continue
        if ending in texts:
            ours[path.name] = _sha256(texts[ending])
            if found != ours[path.name]:
                write_text(path, texts[ending])
        elif found is not None:
            # The lyrics are gone; so are those of an earlier film.
            path.unlink(missing_ok=True)
            ours.pop(path.name, None)
    if ours != written.sha256:
        write_text(project.captions_file, WrittenCaptions(sha256=ours).to_json())
    unshown = unshown_letters(plan.storyboard, plan.song.lyrics)
    if unshown:
        events(Warned(unshown))
    return (unshown,) if unshown else ()


def _load(project: Project) -> WrittenCaptions:
    try:
        return WrittenCaptions.load(project.captions_file)
    except (OSError, BadEditError):
        return WrittenCaptions()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _sha256_of(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
