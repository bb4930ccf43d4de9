"""Makes the film of one song, and says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suno_video.cli.answer import put_event, put_path, say
from suno_video.cli.options import Manner, Wishes
from suno_video.cli.screen import screen
from suno_video.cli.wording import counted, plain
from suno_video.core.errors import ExitStatus
from suno_video.core.events import Event, EventSink, StageDone

if TYPE_CHECKING:
    from suno_video.pipeline import FilmResult


@dataclass(frozen=True)
class Made:
    """A film that is on disk, and whether this run had anything to do for it."""

    result: FilmResult
    unchanged: bool

    @property
    def status(self) -> ExitStatus:
        """The exit status that says how whole it is."""
        return self.result.exit_status

    @property
    def shortfall(self) -> str | None:
        """What keeps it from being as it was wanted."""
        stand_ins = self.result.stand_ins
        return f"{counted(len(stand_ins), 'scene')} played by a stand-in: {', '.join(stand_ins)}" if stand_ins else None


class _Watch:
    """Hears whether the film that was there is spliced anew."""

    def __init__(self, events: EventSink) -> None:
        self._events = events
        self.spliced = False

    def __call__(self, event: Event) -> None:
        if isinstance(event, StageDone) and event.stage == "assemble":
            self.spliced = self.spliced or not event.reused
        self._events(event)


def make_film(song: Path, wishes: Wishes, manner: Manner) -> Made:
    """Make the film of a song, showing how it goes. Raises as `render_film`."""
    with screen(json=manner.json, quiet=manner.quiet, verbose=manner.verbose) as events:
        # Only now, so that something is seen at once.
        from suno_video.cli.wishes import film_options
        from suno_video.media.audio import check_song_file
        from suno_video.pipeline import render_film

        options = film_options(song, wishes)
        check_song_file(song)
        watch = _Watch(events)
        result = render_film(song, options, events=watch)
    return Made(result, unchanged=not watch.spliced and result.n_scenes_made == 0)


def put_film(made: Made, manner: Manner, extra: Mapping[str, Any] | None = None) -> None:
    """Print the path of a film, or its result as one object with `extra` in it."""
    from suno_video.core.money import usd
    from suno_video.project.workspace import Project

    result = made.result
    if manner.json:
        put_event("result", **asdict(result), **(extra or {}), exit_status=int(made.status))
        return
    if not manner.quiet:
        if result.cost_usd:
            say(f"paid: {usd(result.cost_usd)}")
        if made.shortfall:
            more = " with a higher --budget" if result.short_of_money else ""
            say(f"{made.shortfall}. Run the same command again{more} to upgrade.")
        report = Project(result.project).report_file
        say(f"report: {plain(report)}" if report.is_file() else f"project: {plain(result.project)}")
    put_path(result.film)
