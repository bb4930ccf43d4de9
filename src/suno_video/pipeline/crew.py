"""Puts together what a run works with: backends, money, memory, sound; and applies what a person said about takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from suno_video.backends.base import BackendSetup, MakesKind
from suno_video.backends.registry import make_backend
from suno_video.core.errors import UsageError
from suno_video.core.events import EventSink
from suno_video.core.storyboard import Storyboard
from suno_video.direct.soften import soften_prompt
from suno_video.media.atomic import write_text
from suno_video.media.reading import installed_reader
from suno_video.pipeline.advising import require_adviser
from suno_video.pipeline.chains import cut_out_picture
from suno_video.pipeline.enlarging import Enlarging
from suno_video.pipeline.equipment import Crew
from suno_video.pipeline.filming import Filming
from suno_video.pipeline.finishing import finish_of
from suno_video.pipeline.footing import Stage, makes_files
from suno_video.pipeline.memory import MemoryKeeper
from suno_video.pipeline.options import FilmOptions, PlannedFilm, default_jobs, profile_of
from suno_video.pipeline.remembering import StateKeeper
from suno_video.pipeline.reviewing import TakeReviewer
from suno_video.pipeline.sound import sound_meanwhile
from suno_video.pipeline.spending import Spending
from suno_video.pipeline.tasks import backends_of
from suno_video.pipeline.unmet import warn_of_unmet
from suno_video.pipeline.warming import say_if_cold
from suno_video.project.ledger import Ledger
from suno_video.project.purchases import Caps
from suno_video.project.takes import Take, TakeMarks, TakeStore
from suno_video.project.workspace import Project
from suno_video.render.isolate import IsolatedBackend
from suno_video.render.purse import Purse
from suno_video.render.review import ReviewRules


@contextmanager
def on_set(
    song: Path, out: Path, plan: PlannedFilm, project: Project, options: FilmOptions, events: EventSink
) -> Iterator[Filming]:
    """Give the film in the making, while the song's sound is encoded beside it."""
    backends = _isolated(backends_of(plan.storyboard, options.setup), options)
    marks = mark_takes(plan.storyboard, project, options)
    cut_out = partial(cut_out_picture, folder=project.scratch)
    enlarging = enlarging_of(plan, options)
    finish = finish_of(plan, options)
    stage = Stage(
        plan, project, backends, marks, cut_out, deflicker=options.deflicker, enlarging=enlarging, finish=finish
    )
    warn_of_unmet(stage, events)
    say_if_cold(plan.storyboard, events)
    profile = profile_of(options, plan.storyboard)
    purse = open_purse(project, options, events)
    reviewer = _reviewer_of(plan, project, options, purse, events)
    with sound_meanwhile(song, plan, project, profile) as encoded_sound:
        crew = Crew(
            events=events,
            jobs=options.jobs or default_jobs(),
            encoded_sound=encoded_sound,
            spending=Spending(plan, stage, purse, events),
            memory=MemoryKeeper(options.memory, events),
            state=StateKeeper(project, plan.state, events, partial(_score_of, TakeStore(project.clips))),
            soften=soften_prompt,
            isolate=partial(isolated, setup=options.setup) if options.memory.isolate == "auto" else None,
            checks=options.checks,
            reader=installed_reader() if "text" in options.checks else None,
            retry_refused=options.upgrade,
            reviewer=reviewer,
            review=options.review or ReviewRules(),
        )
        yield Filming(out, plan, project, stage, marks, profile, crew)


def _reviewer_of(
    plan: PlannedFilm, project: Project, options: FilmOptions, purse: Purse | None, events: EventSink
) -> TakeReviewer | None:
    if options.review is None:
        return None
    adviser = require_adviser(options, project, purse, events, what="A review of stills and clips")
    return TakeReviewer(adviser, plan, project.scratch, events)


def _score_of(store: TakeStore, take: Take) -> float | None:
    review = store.review_of(take)
    return review.score if review is not None else None


def isolated(name: str, kind: MakesKind, setup: BackendSetup) -> IsolatedBackend:
    """Give a backend that works in a fresh process for each take."""
    return IsolatedBackend(partial(make_backend, name, kind, setup))


def _isolated(backends: Mapping[str, Any], options: FilmOptions) -> dict[str, Any]:
    """Isolate the backends whose models fill memory here, when that is wanted.

    Those that paint give frames, which cross no border; those that ask a service hold nothing.
    """
    wanted = options.memory.isolate
    local = {name for name, each in backends.items() if makes_files(each) and not each.capabilities.needs_network}
    if wanted != "always":
        local = {name for name in local if wanted == "auto" and backends[name].capabilities.keeps_memory}
    return {
        name: isolated(name, backend.capabilities.makes, options.setup) if name in local else backend
        for name, backend in backends.items()
    }


def enlarging_of(plan: PlannedFilm, options: FilmOptions, *, foresees: bool = False) -> Enlarging | None:
    """Say how clips are enlarged; None where they are not."""
    if options.upscale_model is None:
        return None
    folder = Project(plan.project).enlarged
    return Enlarging(folder, options.upscale_model, plan.storyboard.size, foresees=foresees)


def open_purse(project: Project, options: FilmOptions, events: EventSink) -> Purse | None:
    """Open the ledger for this run; None when nothing may be spent."""
    if options.ledger is None or options.caps == Caps():
        return None
    run = options.as_one_run().run
    return Purse(Ledger(options.ledger), options.caps, project=project.identity(), run=run, events=events)


def mark_takes(storyboard: Storyboard, project: Project, options: FilmOptions, *, write: bool = True) -> TakeMarks:
    """Apply `--keep`, `--reject` and `--scene`, and remember them unless nothing is to be written.

    Raises:
        UsageError: There is no such scene, or one that is kept is to be made again.
    """
    marks = read_marks(project)
    before = marks
    for scene in find_scenes(storyboard, options.keep):
        marks = marks.keep(scene, _print_of(scene, project))
    for scene in find_scenes(storyboard, options.reject):
        marks = marks.reject(scene)
    for scene in find_scenes(storyboard, options.redo):
        if marks.of(scene).kept:
            raise UsageError(f"Scene {scene} is kept.", f"Say --reject {scene} first, if it is to be made again.")
        marks = marks.redo(scene)
    if write and marks != before:
        write_text(project.marks_file, marks.to_json())
    return marks


def read_marks(project: Project) -> TakeMarks:
    """Give what was said about takes so far. Raises `BadEditError`."""
    try:
        return TakeMarks.load(project.marks_file)
    except OSError:
        return TakeMarks()


def _print_of(scene: str, project: Project) -> str:
    """Fingerprint of the newest clip of a scene; empty when it has none, and is painted."""
    takes = [take for take in TakeStore(project.clips).all() if take.receipt.scene == scene]
    newest = max(takes, key=lambda take: take.path.stat().st_mtime_ns, default=None)
    return (newest.receipt.retake_of or newest.receipt.fingerprint) if newest is not None else ""


def find_scenes(storyboard: Storyboard, names: tuple[str, ...]) -> list[str]:
    """Find scenes by id, by number, or by a range of numbers such as `9-11`.

    Raises:
        UsageError: There is none of that name.
    """
    by_number = {number: scene.id for number, scene in enumerate(storyboard.scenes, start=1)}
    ids = set(by_number.values())
    found: list[str] = []
    for name in names:
        if name in ids:
            found.append(name)
            continue
        first, _, last = name.partition("-")
        numbers = (
            range(int(first), int(last or first) + 1) if first.isdigit() and (last or first).isdigit() else range(0)
        )
        if not numbers or numbers[0] not in by_number or numbers[-1] not in by_number:
            raise UsageError(
                f"There is no scene {name!r}.",
                f"Scenes are 1 to {len(by_number)}; `suno-video status --scenes` lists them.",
            )
        found += [by_number[number] for number in numbers]
    return list(dict.fromkeys(found))
