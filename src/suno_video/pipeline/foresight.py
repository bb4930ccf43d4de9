"""What a render would do, before it does anything: scene by scene what is kept, made or bought, why, at what price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal, TypeAlias

from suno_video.backends.base import Quote
from suno_video.core.errors import BadEditError
from suno_video.core.events import EventSink, ignore
from suno_video.core.money import usd
from suno_video.pipeline.chains import LOOSE, loose_chains, missing_clips, take_known_clips
from suno_video.pipeline.crew import enlarging_of, mark_takes, open_purse
from suno_video.pipeline.finishing import finish_of
from suno_video.pipeline.footing import Footing, Stage, StandIn
from suno_video.pipeline.misses import MissBook
from suno_video.pipeline.options import EMBEDDED, FilmOptions, PlannedFilm, profile_of, project_of
from suno_video.pipeline.planning import make_plan
from suno_video.pipeline.spending import allot_money, stills_by_worth
from suno_video.pipeline.tasks import backends_of, piece_tasks
from suno_video.pipeline.unmet import warn_of_unmet
from suno_video.project.fingerprint import changed_parts
from suno_video.project.purchases import tightest
from suno_video.project.store import Receipt, SegmentStore
from suno_video.project.takes import TakeMarks, TakeReceipt, TakeStore
from suno_video.project.workspace import Project
from suno_video.render.orders import Wish
from suno_video.render.pieces import PieceTask

Action: TypeAlias = Literal["keep", "make", "buy", "stand-in"]
_PAINTED_FPS = 25.0
"""Frames a second that one painter makes where nothing was measured yet."""


@dataclass(frozen=True)
class ForeseenScene:
    """What would happen to one scene."""

    scene: str
    action: Action
    backend: str
    why: str
    """What has changed since it was made, or why it is placed here."""
    expected_usd: Decimal = Decimal(0)
    worst_usd: Decimal = Decimal(0)
    seconds: float = 0.0
    """About how long it takes."""


@dataclass(frozen=True)
class Forecast:
    """What a render would do."""

    plan: PlannedFilm
    scenes: tuple[ForeseenScene, ...]
    budget_usd: Decimal | None
    """What may be spent; None where nothing may, or there is no cap."""

    @property
    def expected_usd(self) -> Decimal:
        """Price as a rule."""
        return sum((scene.expected_usd for scene in self.scenes), Decimal(0))

    @property
    def worst_usd(self) -> Decimal:
        """Price at most."""
        return sum((scene.worst_usd for scene in self.scenes), Decimal(0))

    @property
    def seconds(self) -> float:
        """About how long everything takes, one after the other."""
        return sum(scene.seconds for scene in self.scenes)

    def count(self, action: Action) -> int:
        """Number of scenes with that fate."""
        return sum(scene.action == action for scene in self.scenes)


def foresee_film(song: Path, options: FilmOptions, *, events: EventSink = ignore) -> Forecast:
    """Say what `render_film` would do with the same song and options. Writes nothing, buys nothing, loads no model.

    Raises:
        SunoVideoError: As the planning of a film.
    """
    project = project_of(song, options)
    return foresee_plan(make_plan(song, project, options, write=False, events=events), options, events=events)


def foresee_plan(plan: PlannedFilm, options: FilmOptions, *, events: EventSink = ignore) -> Forecast:
    """Say the same of a film that is planned already."""
    project, board = Project(plan.project), plan.storyboard
    marks = mark_takes(board, project, options, write=False)
    enlarging = enlarging_of(plan, options, foresees=True)
    backends = backends_of(board, options.setup)
    finish = finish_of(plan, options)
    stage = Stage(plan, project, backends, marks, deflicker=options.deflicker, enlarging=enlarging, finish=finish)
    warn_of_unmet(stage, events)
    spent_before = options.ledger is not None and options.ledger.is_file() and project.has_identity()
    purse = open_purse(project, options, events) if spent_before else None
    left_usd = purse.left_usd() if purse is not None else tightest(options.caps)
    return _Foresight(plan, stage, project, options, marks).look(left_usd)


class _Foresight:
    def __init__(
        self, plan: PlannedFilm, stage: Stage, project: Project, options: FilmOptions, marks: TakeMarks
    ) -> None:
        self._plan, self._stage, self._project, self._options = plan, stage, project, options
        self._marks = marks
        self._footing = Footing()
        self._takes = [*_all_takes(project.clips), *_all_takes(project.stills)]

    def look(self, left_usd: Decimal | None) -> Forecast:
        # 1. Footage that is there, and what of the rest would be made
        stills = [wish for wish in self._stage.still_wishes() if not self._known(wish, self._project.stills)]
        wishes = take_known_clips(self._stage, TakeStore(self._project.clips), self._footing, self._marks)
        clips = missing_clips(wishes, self._footing)
        # Stills come first: what they cost is gone when the clips' turn comes.
        in_order = stills_by_worth(self._plan, self._stage, stills, clips)
        still_fates, left_then_usd = self._place_stills(in_order, left_usd)
        clips_fed, starved = self._fed(clips, still_fates)
        reached = frozenset(name for name, fate in still_fates.items() if fate.action != "stand-in")
        fates = starved | self._place(clips_fed, left_then_usd, reached)
        clips = [wish for wish in clips if not self._stays(wish, fates)]
        # 2. The pieces that follow from it
        painted = self._pieces(frozenset(wish.scene for wish in (*stills, *clips)))
        painted |= {
            name: replace(painted[name], why=LOOSE.format(scene=name))
            for name in self._loose(fates)
            if painted[name].action == "keep"
        }
        scenes = [
            _with_still(fates.get(scene.id), still_fates.get(scene.id)) or painted[scene.id]
            for scene in self._stage.board.scenes
        ]
        return Forecast(self._plan, tuple(scenes), left_usd)

    def _loose(self, fates: Mapping[str, ForeseenScene]) -> set[str]:
        """Bought clips of chained scenes that stay, although the one before them is another now, or will be."""
        board, coming = self._stage.board, {name for name, fate in fates.items() if fate.action in ("make", "buy")}
        follow = {following.id for name in coming if (following := board.after(self._stage.scene(name))) is not None}
        return set(loose_chains(self._stage, self._footing)) | (follow & self._footing.stays)

    def _stays(self, wish: Wish, fates: dict[str, ForeseenScene]) -> bool:
        """Whether a chained scene keeps the clip that it has, because the one before gets none."""
        before = fates.get(wish.follows)
        if wish.scene in self._footing.clips and (before is None or before.action == "stand-in"):
            fates.pop(wish.scene, None)
            return True
        return False

    def _known(self, wish: Wish, folder: Path) -> bool:
        take = TakeStore(folder).find(wish.scene, wish.fingerprint)
        if take is None:
            return False
        self._footing.stills[wish.scene] = take
        return True

    def _place(
        self, clips: Sequence[Wish], left_usd: Decimal | None, stills_to_come: frozenset[str]
    ) -> dict[str, ForeseenScene]:
        """Say for each clip that is missing whether it is made, bought, or left to a stand-in."""
        allotment = allot_money(self._plan, self._stage, clips, self._footing, left_usd, stills_to_come=stills_to_come)
        places = {place.scene: place for place in allotment.placements}
        misses = MissBook(self._project.clips)
        fates = {}
        for wish in clips:
            quote: Quote = self._stage.backends[wish.backend].quote(wish.request)
            miss = None if self._options.upgrade else misses.find(wish)
            place = places[wish.scene]
            if miss is not None:
                fates[wish.scene] = ForeseenScene(
                    wish.scene, "stand-in", place.backend, f"refused before: {miss.reason}"
                )
                continue
            if place.is_stand_in:
                fates[wish.scene] = ForeseenScene(wish.scene, "stand-in", place.backend, place.reason)
                continue
            pays = self._stage.backends[wish.backend].capabilities.spends_money
            chained = f"goes on from {wish.follows}" if wish.follows else ""
            why = "; ".join(filter(None, (chained or self._what_changed(wish), place.reason if pays else "")))
            fates[wish.scene] = ForeseenScene(
                wish.scene,
                "buy" if pays else "make",
                wish.backend,
                why,
                quote.expected_usd,
                quote.worst_usd,
                quote.expected_s or 0.0,
            )
        return fates

    def _place_stills(
        self, stills: Sequence[Wish], left_usd: Decimal | None
    ) -> tuple[dict[str, ForeseenScene], Decimal | None]:
        """Say for each still that is missing whether it is made, and what is left of the budget after that."""
        fates = {}
        for wish in stills:
            fate = self._still_fate(wish)
            if left_usd is not None and fate.worst_usd > left_usd:
                reason = f"the budget does not reach its still: {usd(left_usd)} of {usd(fate.worst_usd)} are left"
                fate = ForeseenScene(wish.scene, "stand-in", EMBEDDED, reason)
            elif left_usd is not None:
                left_usd -= fate.expected_usd
            fates[wish.scene] = fate
        return fates, left_usd

    def _fed(
        self, clips: Sequence[Wish], stills: Mapping[str, ForeseenScene]
    ) -> tuple[list[Wish], dict[str, ForeseenScene]]:
        """Part the clips that can be made from those that will have no still to begin with."""
        fed: list[Wish] = []
        starved: dict[str, ForeseenScene] = {}
        for wish in clips:
            still = stills.get(wish.scene)
            needs = self._stage.backends[wish.backend].capabilities.needs
            if still is not None and still.action == "stand-in" and "first_frame" in needs and not wish.follows:
                starved[wish.scene] = still
            else:
                fed.append(wish)
        return fed, starved

    def _still_fate(self, wish: Wish) -> ForeseenScene:
        quote: Quote = self._stage.backends[wish.backend].quote(wish.request)
        action: Action = "buy" if quote.worst_usd else "make"
        return ForeseenScene(
            wish.scene,
            action,
            wish.backend,
            self._what_changed(wish),
            quote.expected_usd,
            quote.worst_usd,
            quote.expected_s or 0.0,
        )

    def _what_changed(self, wish: Wish) -> str:
        """Name what differs from the newest take of the scene."""
        old = [take for take in self._takes if (take.scene, take.kind) == (wish.scene, wish.kind)]
        if not old:
            return "not made yet"
        # Of several old takes the one that differs least is what a person has in mind.
        return _say(min((changed_parts(take.made_from, wish.made_from) for take in old), key=len))

    def _pieces(self, unsettled: frozenset[str]) -> dict[str, ForeseenScene]:
        """Say for each painted or taken scene whether its pieces are there."""
        for scene in unsettled:
            self._footing.missing[scene] = StandIn("")
        profile = profile_of(self._options, self._stage.board)
        store, old = SegmentStore(self._project.segments), _old_receipts(self._project.segments)
        speed = _painting_fps(old.values())
        fates: dict[str, ForeseenScene] = {}
        for task in piece_tasks(self._plan, self._stage, self._footing, profile):
            there = store.find(task.piece, task.fingerprint) is not None
            for order in task.orders:
                fate = _piece_fate(task, order.scene.id, order.backend, there, old.get(task.piece), speed)
                before = fates.get(order.scene.id)
                if before is None or (before.action == "keep" and fate.action != "keep"):
                    fates[order.scene.id] = fate
        return fates


def _with_still(clip: ForeseenScene | None, still: ForeseenScene | None) -> ForeseenScene | None:
    """Join what happens to the clip of a scene and to its still: one row, one price."""
    if clip is None or still is None or still.action == "stand-in":
        return clip or still
    return replace(
        clip,
        action="buy" if "buy" in (clip.action, still.action) and clip.action != "stand-in" else clip.action,
        why=clip.why if still.why in clip.why else f"{clip.why}; its still: {still.why}",
        expected_usd=clip.expected_usd + still.expected_usd,
        worst_usd=clip.worst_usd + still.worst_usd,
        seconds=clip.seconds + still.seconds,
    )


def _piece_fate(
    task: PieceTask, scene: str, backend: str, there: bool, old: Receipt | None, fps: float
) -> ForeseenScene:
    if there:
        return ForeseenScene(scene, "keep", backend, "nothing has changed")
    why = "not made yet" if old is None else _say(changed_parts(old.made_from, task.made_from))
    if len(task.orders) > 1:
        why = f"its transition: {why}"
    return ForeseenScene(scene, "make", backend, why, seconds=task.n_frames / fps)


def _say(changed: Sequence[str]) -> str:
    return f"changed: {', '.join(changed)}" if changed else "its file is gone or damaged"


def _all_takes(folder: Path) -> list[TakeReceipt]:
    return [take.receipt for take in TakeStore(folder).all()] if folder.is_dir() else []


def _old_receipts(folder: Path) -> Mapping[str, Receipt]:
    """The newest receipt of each piece."""
    found: dict[str, Receipt] = {}
    if not folder.is_dir():
        return found
    for path in sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns):
        try:
            receipt = Receipt.load(path)
        except (OSError, BadEditError):
            continue
        found[receipt.piece] = receipt
    return found


def _painting_fps(receipts: Iterable[Receipt]) -> float:
    """How fast pieces were painted here before."""
    frames = seconds = 0.0
    for receipt in receipts:
        frames, seconds = frames + receipt.n_frames, seconds + receipt.seconds
    return frames / seconds if frames and seconds else _PAINTED_FPS
