"""Says what a first film waits for: painters that are not compiled yet."""

from __future__ import annotations

from suno_video.core.events import EventSink, Notice
from suno_video.core.storyboard import Storyboard
from suno_video.pipeline.options import EMBEDDED


def say_if_cold(board: Storyboard, events: EventSink) -> None:
    """Say that painters are compiled first, where this machine has not seen them before."""
    families = {scene.family for scene in board.scenes if scene.video_backend == EMBEDDED}
    if not families:
        return
    # Numba is loaded for this, which painting needs anyway.
    from suno_video.backends.procedural.rehearsal import cold_families

    cold = cold_families(families)
    if cold:
        painters = f"{len(cold)} painters are" if len(cold) > 1 else "One painter is"
        events(
            Notice(
                f"{painters} compiled first ({', '.join(cold)}): a few seconds each, once on this machine and version."
            )
        )
