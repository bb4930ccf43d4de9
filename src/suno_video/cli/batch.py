"""Works through songs one after the other: one that fails never stops the others, unless it would stop them too."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from suno_video.cli import stop
from suno_video.cli.answer import put_event, say
from suno_video.cli.options import Manner, Wishes
from suno_video.cli.rendering import make_film, put_film
from suno_video.cli.songs import Wanted, find_songs, is_folder, refuse_same_names, refuse_what_is_for_one
from suno_video.cli.summary import Outcome, Summary, put_summary, require_summary_place, write_summary
from suno_video.cli.trouble import Trouble, tell, trouble_of
from suno_video.cli.wording import plain
from suno_video.core.errors import DiskError, Interrupted, SunoVideoError, worst_status


def render_songs(names: Sequence[Path], wishes: Wishes, manner: Manner, *, summary_file: Path | None = None) -> int:
    """Make the film of each song, and give the exit status of all of it.

    Args:
        names: Songs, and folders of songs.
        summary_file: Where the summary is written as well. With it one song is reported as several are.

    Raises:
        SunoVideoError: The one song gave no film, or the run is refused as a whole before it begins.
    """
    several = len(names) > 1 or is_folder(names[0])
    if not several and summary_file is None:
        made = make_film(names[0], wishes, manner)
        put_film(made, manner)
        return made.status
    with ExitStack() as held:
        # 1. What is asked for, and can it be done at all?
        if summary_file is not None:
            require_summary_place(summary_file)
        try:
            wanted = _understand(names, wishes, held, several=several)
        except SunoVideoError as exc:
            # Yesterday's summary must not be taken for that of a run that never began.
            if summary_file is not None:
                write_summary(Summary(exc.exit_status), summary_file)
            raise
        # 2. One song after the other.
        run = _Run(wanted, wishes, manner)
        run.work()
    # 3. Say how it went.
    return _finish(run, manner, summary_file)


def _understand(names: Sequence[Path], wishes: Wishes, held: ExitStack, *, several: bool) -> list[Wanted]:
    from suno_video.cli.wishes import film_options

    if several:
        refuse_what_is_for_one(wishes)
        film_options(None, wishes)  # a mistake that concerns every song is told once
    wanted = find_songs(names, held)
    if several and wishes.out is not None:
        refuse_same_names(wanted)
    return wanted


@dataclass
class _Run:
    """A run over several songs, as far as it came."""

    wanted: Sequence[Wanted]
    wishes: Wishes
    manner: Manner
    outcomes: list[Outcome] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def work(self) -> None:
        """Go through the songs until all had their turn or one met what stops the others too."""
        try:
            for want in self.wanted:
                self._announce(want.path)
                self._keep(self._turn(want))
                clear_up()
                if self.outcomes[-1].code == DiskError.code:
                    break
        except (KeyboardInterrupt, Interrupted):
            self._stop(trouble_of(stop.as_error()))
        self.outcomes += [Outcome(str(want.path)) for want in self.wanted[len(self.outcomes) :]]

    def _announce(self, song: Path) -> None:
        number, n_songs = len(self.outcomes) + 1, len(self.wanted)
        if self.manner.json:
            put_event("song.started", song=song, number=number, n_songs=n_songs)
        elif not self.manner.quiet and n_songs > 1:
            say(f"song {number} of {n_songs}: {plain(song)}")

    def _turn(self, want: Wanted) -> Outcome:
        started = time.perf_counter()
        try:
            if want.error is not None:
                raise want.error
            made = make_film(want.path, self.wishes, self.manner)
            put_film(made, self.manner, {"song": want.path, "unchanged": made.unchanged})
        except Interrupted:
            raise
        except Exception as exc:  # noqa: BLE001 - a bug that one song meets is told in full, and the others go on
            trouble = trouble_of(exc)
            tell(trouble, as_json=self.manner.json, song=want.path)
            return _failed(want.path, trouble, time.perf_counter() - started)
        return Outcome(
            song=str(want.path),
            film=str(made.result.film),
            exit_status=made.status,
            code="stand-ins" if made.shortfall else None,
            message=made.shortfall,
            seconds=round(time.perf_counter() - started, 2),
            unchanged=made.unchanged,
        )

    def _stop(self, trouble: Trouble) -> None:
        tell(trouble, as_json=self.manner.json)
        self.statuses.append(trouble.exit_status)
        if len(self.outcomes) < len(self.wanted):
            self._keep(_failed(self.wanted[len(self.outcomes)].path, trouble, 0.0))

    def _keep(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        if outcome.exit_status is not None:
            self.statuses.append(outcome.exit_status)


def _failed(song: Path, trouble: Trouble, seconds: float) -> Outcome:
    return Outcome(
        song=str(song),
        exit_status=int(trouble.exit_status),
        code=trouble.code,
        message=trouble.message,
        seconds=round(seconds, 2),
    )


def clear_up() -> None:
    """Give back what a song left in memory, and stop the decoder that an error left running."""
    from suno_video.core.memory import force_cleanup

    force_cleanup()


def _finish(run: _Run, manner: Manner, summary_file: Path | None) -> int:
    status = worst_status(run.statuses)
    if summary_file is not None:
        try:
            write_summary(Summary(status, tuple(run.outcomes)), summary_file)
        except SunoVideoError as exc:
            status = worst_status([status, tell(trouble_of(exc), as_json=manner.json)])
    put_summary(Summary(status, tuple(run.outcomes)), manner)
    return status
