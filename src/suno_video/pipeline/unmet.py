"""What a storyboard asks for and a backend takes no notice of: said before anything is made, and never in silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from suno_video.assemble.cutlist import footage_span
from suno_video.backends.base import Capabilities
from suno_video.core.events import EventSink, Warned
from suno_video.core.storyboard import Scene
from suno_video.direct.cutting import MOST_SLOWER
from suno_video.pipeline.footing import Stage
from suno_video.render.orders import longest_clip_s


def warn_of_unmet(stage: Stage, events: EventSink) -> None:
    """Warn once of each thing that is asked for and will not be seen."""
    for words in [*_strangers(stage), *_references(stage), *_pictures(stage), *_lengths(stage)]:
        events(Warned(words))


def _strangers(stage: Stage) -> Iterator[str]:
    """Names of whom nothing is known: no model is told what they look like."""
    unknown: dict[str, list[str]] = defaultdict(list)
    for scene in stage.board.scenes:
        if scene.still_backend is not None or stage.makes_files(scene):
            for name in dict.fromkeys(scene.who):
                if stage.state.character(name) is None:
                    unknown[name].append(scene.id)
    for name, scenes in unknown.items():
        yield f"nobody in state.json is called {name!r}: no model is told who that is in {', '.join(scenes)}"


def _references(stage: Stage) -> Iterator[str]:
    given: dict[str, int] = defaultdict(int)
    for scene in stage.board.scenes:
        # A clip that begins with a still shows whom the still shows.
        name = scene.still_backend or scene.video_backend
        given[name] = max(given[name], len(stage.references(scene)))
    for name, n_given in sorted(given.items()):
        n_taken = _can(stage, name).max_references
        if n_given and n_taken == 0:
            yield f"{name} takes no reference pictures: its scenes do not show yours"
        elif n_taken < n_given:
            yield f"{name} takes {n_taken} of your {n_given} reference pictures: the first ones are used"


def _pictures(stage: Stage) -> Iterator[str]:
    unmet: dict[tuple[str, str], list[str]] = defaultdict(list)
    for scene in stage.board.scenes:
        for wanted, what in _wants(scene):
            if wanted not in _can(stage, scene.video_backend).accepts or not stage.makes_files(scene):
                unmet[scene.video_backend, what].append(scene.id)
    for (name, what), scenes in unmet.items():
        yield f"{name} cannot {what}: {', '.join(scenes)}"


def _lengths(stage: Stage) -> Iterator[str]:
    """Scenes for which the longest clip of the model is too short, even a little slower."""
    board = stage.board
    for scene in board.scenes:
        longest_s = longest_clip_s(_can(stage, scene.video_backend), board.fps) if stage.makes_files(scene) else None
        start, stop = footage_span(board, scene)
        length_s = (stop - start) / board.fps
        if longest_s is not None and length_s > longest_s * MOST_SLOWER:
            yield (
                f"{scene.video_backend} makes {longest_s:.1f} s at most: {scene.id} has {length_s:.1f} s "
                f"and is played {length_s / longest_s:.1f} times slower"
            )


def _wants(scene: Scene) -> Iterator[tuple[str, str]]:
    if scene.chain:
        yield "first_frame", "go on from the scene before (chain)"
    if scene.end_on_next:
        yield "last_frame", "end on the next scene's still (end_on_next)"


def _can(stage: Stage, name: str) -> Capabilities:
    capabilities: Capabilities = stage.backends[name].capabilities
    return capabilities
