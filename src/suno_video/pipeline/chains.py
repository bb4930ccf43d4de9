"""Clips that go on where the scene before ends: which picture they begin with, and which of them wait for another one.

A chained clip begins with the last picture that the film shows of the clip before it. While that clip is still to be
made the chained one waits; when there will be none it begins with its own still, as any other.

When the clip before it becomes another one later (a stand-in was upgraded, a scene was done again), a chained clip that
costs nothing is made again. One that was paid for stays: nobody asked for it, and the same scene would be bought twice.
It is said that it no longer joins, and `--scene` asks for another take. A clip that was bought before its scene was
chained is another matter: whoever chains it by hand asks for one that joins.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Container, Iterable
from pathlib import Path

from suno_video.media.ffmpeg import SAFE_INPUT, file_url, run_ffmpeg
from suno_video.pipeline.footing import CHAINED, Footing, Stage
from suno_video.project.fingerprint import changed_parts
from suno_video.project.takes import Take, TakeMarks, TakeStore
from suno_video.render.orders import Wish

LOOSE = (
    "the clip of {scene} does not go on from the clip before it, which is another one now; it was paid for and stays: "
    "--scene {scene} buys one that does"
)


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
        if wish.scene not in footing.kept and _is_paid_for(wish, stage):
            chained = take if take is not None and _was_chained(take) else _but_for_its_beginning(wish, store)
            if chained is not None:
                take = chained
                footing.stays.add(wish.scene)
        if take is not None:
            footing.clips[wish.scene] = take
    return wishes


def _is_paid_for(wish: Wish, stage: Stage) -> bool:
    """Whether the clip of a chained scene, if there is one, was paid for."""
    return stage.backends[wish.backend].capabilities.spends_money and stage.goes_on(stage.scene(wish.scene))


def _was_chained(take: Take) -> bool:
    return CHAINED.items() <= take.receipt.made_from.items()


def _but_for_its_beginning(wish: Wish, store: TakeStore) -> Take | None:
    """Give the newest clip of a chained scene that differs from what is wanted in its first picture alone."""
    takes = [take for take in store.all() if take.receipt.scene == wish.scene]
    alike = [take for take in takes if changed_parts(take.receipt.made_from, wish.made_from) == ["first_frame"]]
    newest = max(alike, key=lambda take: take.path.stat().st_mtime_ns, default=None)
    # Where it was made again after a review, the best of them plays.
    return store.find(wish.scene, _first_print(newest)) if newest is not None else None


def _first_print(take: Take) -> str:
    return take.receipt.retake_of or take.receipt.fingerprint


def loose_chains(stage: Stage, footing: Footing) -> dict[str, str]:
    """Scenes whose bought clip stays although it does not go on from the clip that the film now has before it.

    Gives words for people by scene id.
    """
    loose = {}
    for scene in stage.board.scenes:
        before = stage.board.before(scene)
        if scene.id in footing.stays and before is not None and before.id in footing.clips:
            wish = stage.clip_wish(scene, footing)
            if wish.fingerprint != _first_print(footing.clips[scene.id]):
                loose[scene.id] = LOOSE.format(scene=scene.id)
    return loose


def missing_clips(wishes: Iterable[Wish], footing: Footing) -> list[Wish]:
    """The wishes whose clip is still to be made, or to be made better once the clip before it is there."""
    return [
        wish
        for wish in wishes
        if wish.scene not in footing.clips or (wish.follows and not footing.is_settled(wish.scene))
    ]


def split_waiting(
    wishes: Iterable[Wish], footing: Footing, ordered: Container[str] = ()
) -> tuple[list[Wish], dict[str, Wish]]:
    """Part what can be made now from what waits, by the scene that it waits for.

    Args:
        wishes: Those that are to be made, in order of the film.
        ordered: Scenes whose clip an earlier run ordered as it is wished for here: they are picked up, and do not wait.
    """
    now: list[Wish] = []
    waiting: dict[str, Wish] = {}
    making: set[str] = set()
    for wish in wishes:
        if wish.follows in making and wish.scene not in ordered:
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
