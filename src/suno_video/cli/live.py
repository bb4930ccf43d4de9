"""Live progress on a terminal: a bar for the film and a line for each scene at work. Imported only when shown."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from suno_video.cli import stop
from suno_video.cli.screen import Tally, line_for
from suno_video.core.events import (
    Event,
    FramesWritten,
    PlanReady,
    SceneDone,
    SceneFailed,
    SceneStarted,
    StageDone,
    StageStarted,
    TakeDone,
)

REFRESHES_PER_S = 8
_SCENE_BAR_WIDTH = 20


class _StoppingLine:
    """Says that a stop was asked for; drawn anew with each refresh, so that the signal handler need not print."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if stop.state.asked:
            yield Text(stop.EXPLAINED)


class LiveLines:
    """Draws what happens. Lines that stay are printed above; the bars vanish at the end."""

    def __init__(self, *, verbose: bool, console: Console | None = None) -> None:
        self._verbose = verbose
        self._console = console or Console(file=sys.stderr, highlight=False, markup=False, emoji=False)
        self._tally = Tally()
        self._lock = threading.Lock()
        self._film = Progress(
            TextColumn("{task.description:<10}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=self._console,
        )
        self._scenes = Progress(
            TextColumn("  {task.description}", markup=False),
            BarColumn(bar_width=_SCENE_BAR_WIDTH),
            TextColumn("{task.completed:.0f} of {task.total:.0f} frames", markup=False),
            console=self._console,
        )
        self._film_task = self._film.add_task("begins", total=None, note="")
        self._scene_tasks: dict[str, TaskID] = {}
        self._live = Live(
            Group(self._scenes, self._film, _StoppingLine()),
            console=self._console,
            refresh_per_second=REFRESHES_PER_S,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        stop.state.drawn_over = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        stop.state.drawn_over = False
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Show one event; may be called from any thread."""
        with self._lock:
            self._tally.take(event)
            self._draw(event)
            line = line_for(event, verbose=self._verbose)
            if line:
                self._console.print(Text(line), soft_wrap=True)

    def _draw(self, event: Event) -> None:
        match event:
            case StageStarted():
                self._film.update(self._film_task, description=event.stage, total=None, note="")
            case StageDone():
                self._film.update(self._film_task, total=None, note="")
            case PlanReady():
                self._film.update(
                    self._film_task, description="render", total=max(event.n_frames_to_make, 1), completed=0
                )
            case SceneStarted():
                name = f"{event.scene} {event.backend}"
                self._forget(event.scene)
                self._scene_tasks[event.scene] = self._scenes.add_task(name, total=event.n_frames)
            case FramesWritten() | SceneFailed():
                self._advance(event.scene)
            case SceneDone() | TakeDone():
                self._forget(event.scene)
                self._advance(event.scene)

    def _forget(self, scene: str) -> None:
        if scene in self._scene_tasks:
            self._scenes.remove_task(self._scene_tasks.pop(scene))

    def _advance(self, scene: str) -> None:
        tally = self._tally
        if scene in self._scene_tasks:
            self._scenes.update(self._scene_tasks[scene], completed=tally.written.get(scene, 0))
        note = f"{tally.percent:3.0f} %  {tally.n_made} of {tally.n_to_make} pieces" + (
            f", {tally.pace}" if tally.pace else ""
        )
        self._film.update(self._film_task, completed=tally.n_written, note=note)
