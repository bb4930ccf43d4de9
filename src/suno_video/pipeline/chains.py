"""Clips that go on where the scene before ends: which picture they begin with, and which of them wait for another one.

A chained clip begins with the last picture that the film shows of the clip before it. While that clip is still to be
made the chained one waits; when there will be none it begins with its own still, as any other.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from pathlib import Path

from suno_video.media.ffmpeg import SAFE_INPUT, file_url, run_ffmpeg
from suno_video.pipeline.footing import Footing, Stage
from suno_video.project.takes import Take, TakeMarks, TakeStore
from suno_video.render.orders import Wish


def take_known_clips(stage: Stage, store: TakeStore, footing: Footing, marks: TakeMarks) -> list[Wish]:
    """Put the clips that are there into the footing, and give all wishes for clips.

    A take that a person keeps plays whatever has changed since. What waits for another clip is given with the wish that
    holds without it.
    """
    for scene in stage.board.scenes:
        kept = marks.of(scene.id).kept_print
        take = store.find(scene.id, kept) if kept else None
        if take is not None:
            footing.clips[scene.id] = take
            footing.kept.add(scene.id)
    wishes = []
    # One by one: whether a clip is there decides what the next one of a chain begins with.
    for wish in stage.clip_wishes(footing):
        wishes.append(wish)
        take = store.find(wish.scene, wish.fingerprint)
        if take is not None:
            footing.clips[wish.scene] = take
    return wishes


def missing_clips(wishes: Iterable[Wish], footing: Footing) -> list[Wish]:
    """The wishes whose clip is still to be made, or to be made better once the clip before it is there."""
    return [
        wish for wish in wishes if wish.scene not in footing.clips or (wish.follows and wish.scene not in footing.kept)
    ]


def split_waiting(wishes: Iterable[Wish], footing: Footing) -> tuple[list[Wish], dict[str, Wish]]:
    """Part what can be made now from what waits, by the scene that it waits for.

    Args:
        wishes: Those that are to be made, in order of the film.
    """
    now: list[Wish] = []
    waiting: dict[str, Wish] = {}
    making: set[str] = set()
    for wish in wishes:
        if wish.follows in making:
            waiting[wish.follows] = wish
        elif wish.follows and wish.scene in footing.clips:
            continue  # what it waits for is not made in this run: the clip that it has stays
        else:
            now.append(wish)
        making.add(wish.scene)
    return now, waiting


def in_film_order(wishes: Collection[Wish], stage: Stage) -> list[Wish]:
    """Sort wishes as their scenes stand in the film."""
    places = {scene.id: place for place, scene in enumerate(stage.board.scenes)}
    return sorted(wishes, key=lambda wish: places[wish.scene])


def cut_out_picture(clip: Take, number: int, folder: Path) -> Path:
    """Write frame `number` of a clip as a PNG. Raises as `run_ffmpeg`, and `OSError`."""
    path = folder / f"{clip.receipt.sha256[:16]}-{number}.png"
    if path.is_file():
        return path
    part = folder / f".{secrets.token_hex(6)}.part.png"
    try:
        chosen = ("-vf", rf"select=eq(n\,{number})", "-frames:v", "1", "-pix_fmt", "rgb24", "-f", "image2")
        run_ffmpeg([*SAFE_INPUT, "-i", file_url(clip.path), "-map", "0:v:0", *chosen, "-update", "1", str(part)])
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path
