"""Long runs, each in this one process, that say after every song or scene what they hold: see `slopes.py`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from suno_video.assemble.conform import conform
from suno_video.assemble.cutlist import footage_span
from suno_video.assemble.plan import conform_plans
from suno_video.assemble.profile import encoder_profile
from suno_video.backends.parallax import ParallaxBackend
from suno_video.backends.procedural import ProceduralBackend
from suno_video.backends.procedural.catalog import FAMILIES
from suno_video.cli.batch import clear_up
from suno_video.cli.options import Wishes
from suno_video.cli.wishes import film_options
from suno_video.core.events import Event, EventSink, MemoryRead, ignore
from suno_video.core.frames import FrameSize
from suno_video.core.memory import keep_one_heap
from suno_video.core.music import MusicCurves, music_curves
from suno_video.core.storyboard import Scene, Storyboard
from suno_video.pipeline import render_film
from suno_video.pipeline.memory import MemoryKeeper
from suno_video.project.fingerprint import fingerprint
from suno_video.project.store import SegmentStore
from suno_video.render.loop import RenderLoop
from suno_video.render.orders import ClipOrder, clip_order
from suno_video.render.pieces import PieceTask
from tests.e2e.slopes import ROOT, keep_within, tell
from tests.unit.songs import dissolve, scene, steady_analysis, storyboard_of
from tests.unit.sounds import drums, write_wav

LOW_MEMORY = ROOT / "configs" / "low-memory.toml"
SIZE = FrameSize(width_px=128, height_px=72)
N_FRAMES = 10
"""Of each scene in the run over many scenes."""
JOIN_EVERY = 5


def make_songs(folder: Path, n: int, seconds: float = 6) -> None:
    """Write songs, each with another tempo and so another film."""
    for number in range(n):
        write_wav(folder / f"{number + 1:02d}.wav", drums(seconds, bpm=80 + 4 * number, metre=4 - number % 2))


def many_songs(folder: Path, size: str | None) -> None:
    """Analyse and render each song of a folder as `configs/low-memory.toml` says; `size` alone may be another one.

    With the first song every painter is loaded, by a short scene of each: what they are compiled to stays for good,
    50 MB for all of them, and would come bit by bit, with the songs that are the first to use each.
    """
    flags = {"size": size} if size else {}
    for number, song in enumerate(sorted(folder.glob("*.wav"))):
        render_film(song, film_options(song, Wishes(config=LOW_MEMORY, flags=flags)))
        if number == 0:
            with TemporaryDirectory() as warm:
                _render_scenes(Path(warm), len(FAMILIES) + 1, 1, ignore)
        clear_up()
        tell(song.stem)


def many_scenes(folder: Path, n: int, jobs: int) -> None:
    """Render many short scenes: all families in turn and parallax, every fifth with a dissolve."""

    def listen(event: Event) -> None:
        if isinstance(event, MemoryRead):
            tell(event.scene)

    if jobs == 1:
        keep_one_heap()  # as `render_film` does
    _render_scenes(folder, n, jobs, listen)


def _render_scenes(folder: Path, n: int, jobs: int, events: EventSink) -> None:
    board, cover = _board(n), _cover(folder / "cover.png")
    store, scratch = SegmentStore(folder / "segments"), folder / "scratch"
    for place in (store.folder, scratch):
        place.mkdir()
    memory = film_options(None, Wishes(config=LOW_MEMORY)).memory
    loop = RenderLoop(
        {"procedural": ProceduralBackend(), "parallax": ParallaxBackend()},
        stand_in="procedural",
        store=store,
        scratch=scratch,
        events=events,
        return_memory=MemoryKeeper(memory, events).after_piece,
    )
    loop.run(_tasks(board, cover), jobs=jobs)


def _board(n: int) -> Storyboard:
    return storyboard_of(*(_scene(number, sorted(FAMILIES)) for number in range(n)), size=SIZE)


def _scene(number: int, families: list[str]) -> Scene:
    kind = number % (len(families) + 1)
    changes: dict[str, object] = {"family": families[kind]} if kind < len(families) else {"video_backend": "parallax"}
    if number % JOIN_EVERY == JOIN_EVERY - 1:
        changes["transition"] = dissolve(4)
    return scene(number + 1, number * N_FRAMES, (number + 1) * N_FRAMES, **changes)


def _cover(path: Path) -> Path:
    pixels = np.random.default_rng(1).integers(0, 255, (144, 256, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def _tasks(board: Storyboard, cover: Path) -> list[PieceTask]:
    analysis = steady_analysis(board.n_frames / board.fps + 1)
    music = music_curves(analysis, 0, board.n_frames)
    profile = encoder_profile("draft", board.size, board.fps)
    orders = {shot.id: _order(board, shot, music, cover) for shot in board.scenes}
    return [
        PieceTask(
            plan.piece.name,
            plan.piece.n_frames,
            fingerprint(plan.piece.name),
            tuple(orders[name] for name in plan.piece.scenes),
            partial(conform, plan),
        )
        for plan in conform_plans(board, analysis, None, profile)
    ]


def _order(board: Storyboard, shot: Scene, music: MusicCurves, cover: Path) -> ClipOrder:
    still = cover if shot.video_backend == "parallax" else None
    return clip_order(board, shot, music, footage_span(board, shot), cover=cover, still=still)


def main(limit_mb: str, kind: str, folder: str, *more: str) -> None:
    """Run `songs FOLDER [SIZE]`, `scenes FOLDER N JOBS`, or `greed FOLDER`, which wants a quarter more than it may."""
    keep_within(int(limit_mb))
    if kind == "songs":
        many_songs(Path(folder), more[0] if more else None)
    elif kind == "scenes":
        many_scenes(Path(folder), int(more[0]), int(more[1]))
    else:
        np.ones(int(limit_mb) * 2**20 * 5 // 4, dtype=np.uint8)
        tell("got it")


if __name__ == "__main__":
    main(*sys.argv[1:])
