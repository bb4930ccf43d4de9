"""Shows events to people and scripts: live on a terminal, plain lines elsewhere, JSON lines on request."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from suno_video.cli.answer import put_json, say
from suno_video.cli.wording import counted, megabytes, plain, took
from suno_video.core.clock import clock
from suno_video.core.events import (
    AttemptFailed,
    Event,
    EventSink,
    FilmDone,
    FilmUpdated,
    FootagePlanned,
    FramesWritten,
    Notice,
    PlanReady,
    SceneDone,
    SceneFailed,
    SceneStarted,
    SoundSeparated,
    StageDone,
    StageStarted,
    TakeDone,
    TakeReviewed,
    Warned,
)

STEP_PERCENT = 10

log = logging.getLogger(__name__)


@dataclass
class Tally:
    """How far the render loop is, from its events. Not thread-safe: the screens lock."""

    now: Callable[[], float] = time.monotonic
    n_frames_to_make: int = 0
    n_to_make: int = 0
    n_made: int = 0
    n_plans: int = 0
    """How often the film was planned: once, and once more for each scene that came later."""
    started_s: float | None = None
    written: dict[str, int] = field(default_factory=dict)
    """Frames written by scene."""
    running: dict[str, SceneStarted] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """Count one event."""
        if isinstance(event, PlanReady):
            # A film that gets better scene by scene is planned again for each: count from the start.
            self.n_frames_to_make, self.n_to_make, self.n_made = event.n_frames_to_make, event.n_to_make, 0
            self.written.clear()
            self.started_s = None
            self.n_plans += 1
        elif isinstance(event, SceneStarted):
            self.running[event.scene] = event
            self.started_s = self.now() if self.started_s is None else self.started_s
        elif isinstance(event, FramesWritten):
            self.written[event.scene] = self.written.get(event.scene, 0) + event.n_frames
        elif isinstance(event, SceneFailed):
            # The stand-in begins at the first frame again.
            self.written.pop(event.scene, None)
        elif isinstance(event, SceneDone) and not event.reused:
            self.running.pop(event.scene, None)
            self.n_made += 1
        elif isinstance(event, TakeDone):
            self.running.pop(event.scene, None)

    @property
    def n_written(self) -> int:
        """Frames written so far."""
        return min(sum(self.written.values()), self.n_frames_to_make)

    @property
    def percent(self) -> float:
        """0..100 of the frames that have to be made."""
        return 100 * self.n_written / self.n_frames_to_make if self.n_frames_to_make else 100.0

    @property
    def frames_per_s(self) -> float:
        """Mean speed since the first scene began."""
        elapsed = self.now() - self.started_s if self.started_s is not None else 0.0
        return self.n_written / elapsed if elapsed > 0 else 0.0

    @property
    def pace(self) -> str:
        """Speed and time left, for people; empty until something is known."""
        if not self.n_written or not self.frames_per_s:
            return ""
        left_s = (self.n_frames_to_make - self.n_written) / self.frames_per_s
        return f"{self.frames_per_s:.0f} fps, {clock(left_s)} left"


def line_for(event: Event, *, verbose: bool) -> str | None:
    """Say an event in one line for people, or nothing where it is not worth one."""
    match event:
        case StageStarted() if verbose:
            return f"{event.stage}: {plain(event.detail) or 'begins'}"
        case StageDone():
            how = "kept from an earlier run" if event.reused else f"done in {took(event.seconds)}"
            return f"{event.stage}: {how}" + (f"; {plain(event.detail)}" if event.detail else "")
        case SoundSeparated():
            return f"separate: {clock(event.seconds)}" + (f" of {clock(event.of_seconds)}" if event.of_seconds else "")
        case PlanReady():
            kept = event.n_scenes - event.n_to_make
            again = f", {kept} kept from an earlier run" if kept else ""
            return (
                f"render: {counted(event.n_scenes, 'piece')}, {counted(event.n_frames_to_make, 'frame')} to make{again}"
            )
        case SceneDone() if verbose and not event.reused:
            return f"scene {event.scene}: {event.backend}, {took(event.seconds)}"
        case SceneFailed():
            return f"scene {event.scene}: {plain(event.backend)} failed, a stand-in plays it: {plain(event.reason)}"
        case FootagePlanned() if event.n_to_make:
            costs = f", {_usd(event.expected_usd)} expected, {_usd(event.worst_usd)} at worst"
            costs = costs if Decimal(event.worst_usd) else ""
            return f"{event.kind}s: {event.n_to_make} of {event.n_wanted} to make{costs}"
        case TakeDone() if not event.reused:
            costs = f", {_usd(event.cost_usd)}" if Decimal(event.cost_usd) else ""
            return f"{event.kind} {event.scene}: {plain(event.backend)}, {took(event.seconds)}{costs}"
        case TakeReviewed() if verbose or not event.accepted:
            verdict = "accepted" if event.accepted else "found wanting"
            return f"{event.kind} {event.scene}: {verdict}, {event.score:.2f}: {plain(event.reason)}"
        case AttemptFailed():
            costs = f", cost {_usd(event.cost_usd)}" if Decimal(event.cost_usd) else ""
            return f"scene {event.scene}: {plain(event.backend)}: {plain(event.reason)}{costs}; {plain(event.next)}"
        case FilmUpdated() if event.n_missing:
            return f"film: whole, {counted(event.n_missing, 'scene')} still to come"
        case Notice():
            return f"note: {plain(event.text)}"
        case Warned():
            return f"warning: {plain(event.text)}"
        case FilmDone():
            return (
                f"film: {clock(event.duration_s)} long, {event.size}, {megabytes(event.n_bytes)}, "
                f"made in {took(event.seconds)}"
            )
        case _:
            return None


def _usd(amount: str) -> str:
    from suno_video.core.money import usd

    return usd(Decimal(amount))


class PlainLines:
    """One line per stage, and one per ten percent of the frames."""

    def __init__(self, *, verbose: bool, say: Callable[[str], None] = say) -> None:
        self._verbose = verbose
        self._say = say
        self._tally = Tally()
        self._next_percent = STEP_PERCENT
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        with self._lock:
            self._tally.take(event)
            if isinstance(event, PlanReady):
                self._next_percent = STEP_PERCENT
            line = self._progress() if isinstance(event, FramesWritten) else line_for(event, verbose=self._verbose)
            # What one more clip adds to the film is said by its own line.
            later = self._tally.n_plans > 1 and isinstance(event, PlanReady | FramesWritten) and not self._verbose
            if line and not later:
                self._say(line)

    def _progress(self) -> str | None:
        tally = self._tally
        if tally.percent < self._next_percent:
            return None
        self._next_percent = int(tally.percent // STEP_PERCENT + 1) * STEP_PERCENT
        return f"render: {tally.percent:.0f} %, {tally.n_written} of {tally.n_frames_to_make} frames, {tally.pace}"


def write_json(event: Event) -> None:
    """Show one event as one line of JSON on stdout."""
    put_json(event.to_dict())


@contextlib.contextmanager
def screen(*, json: bool = False, quiet: bool = False, verbose: bool = False) -> Iterator[EventSink]:
    """Give the sink that fits the terminal and the wishes. Leaving it clears the live lines.

    Args:
        json: Events go to stdout, one a line.
        quiet: Nothing goes to stderr.
    """
    with contextlib.ExitStack() as stack:
        sinks: list[EventSink] = [write_json] if json else []
        if verbose:
            stack.enter_context(_log_on_screen())
        if is_live(sys.stderr) and not quiet and not (json and sys.stdout.isatty()):
            from suno_video.cli.live import LiveLines

            sinks.append(stack.enter_context(LiveLines(verbose=verbose)))
        elif not quiet and not json:
            sinks.append(PlainLines(verbose=verbose))

        def show(event: Event) -> None:
            if not isinstance(event, FramesWritten):
                log.debug("%s", event.to_dict())
            for sink in sinks:
                sink(event)

        yield show


def is_live(stream: object) -> bool:
    """Whether lines on this stream can be drawn over."""
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty()) and os.environ.get("TERM", "") not in ("dumb", "unknown")


class _Sayer(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        say(f"{record.levelname.lower()}: {plain(record.getMessage())}")


@contextlib.contextmanager
def _log_on_screen() -> Iterator[None]:
    logger = logging.getLogger("suno_video")
    handler, level = _Sayer(logging.INFO), logger.level
    logger.addHandler(handler)
    logger.setLevel(min(level or logging.INFO, logging.INFO))
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
