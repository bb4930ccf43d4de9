"""Making the footage, and the film of it: whole first, then better scene by scene, whole at every moment."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from suno_video.assemble.profile import EncoderProfile
from suno_video.assemble.proof import SyncProof
from suno_video.assemble.splice import FilmTags, splice
from suno_video.backends.base import ClipRequest, FailureKind
from suno_video.core.events import Event, FilmUpdated, Notice, SceneDone
from suno_video.core.state import ProjectState
from suno_video.media.atomic import write_text
from suno_video.pipeline.chains import in_film_order, loose_chains, missing_clips, split_waiting, take_known_clips
from suno_video.pipeline.equipment import Crew
from suno_video.pipeline.footing import NOT_YET, Footing, Stage, StandIn
from suno_video.pipeline.misses import MissBook
from suno_video.pipeline.options import EMBEDDED, PlannedFilm
from suno_video.pipeline.proving import prove_film
from suno_video.pipeline.remembering import Fate
from suno_video.pipeline.reviewing import Reviews
from suno_video.pipeline.sound import sound_receipt
from suno_video.pipeline.tasks import Lights, piece_tasks
from suno_video.project.fingerprint import file_sha256, fingerprint
from suno_video.project.purchases import Entry
from suno_video.project.store import FilmReceipt, SegmentStore
from suno_video.project.takes import Take, TakeMarks, TakeStore
from suno_video.project.workspace import MADE_WITH, Project, as_written
from suno_video.render.attempts import BUDGET, Fulfilled, Missed, Workbench
from suno_video.render.footage import FootageLoop
from suno_video.render.inspect import Inspector
from suno_video.render.loop import RenderLoop
from suno_video.render.orders import Wish
from suno_video.render.pieces import PieceDone

FILM_TAG = f"{MADE_WITH}. Pictures are computer-generated."


class Filming:
    """One film in the making."""

    def __init__(
        self,
        out: Path,
        plan: PlannedFilm,
        project: Project,
        stage: Stage,
        marks: TakeMarks,
        profile: EncoderProfile,
        crew: Crew,
    ) -> None:
        self.footing = Footing()
        self._marks = marks
        self.done: list[PieceDone] = []
        self._out, self._plan, self._project, self._stage = out, plan, project, stage
        self._profile, self._crew = profile, crew
        self._made: set[str] = set()
        self._lights: Lights = {}
        self._waiting: dict[str, Wish] = {}
        self._store = SegmentStore(project.segments)
        self._misses = MissBook(project.clips)
        self._no_still: dict[str, StandIn] = {}
        self._reviews = Reviews(crew.reviewer, crew.review, stage, marks, crew.events)

    def shoot(self) -> None:
        """Make every still and clip that is wanted as a file.

        When any is missing, the film is written first with stand-ins in their places, and again with each that comes.
        """
        # 1. What earlier runs left.
        stills, clips = TakeStore(self._project.stills), TakeStore(self._project.clips)
        still_wishes = list(self._stage.still_wishes())
        self._take_known(stills, still_wishes, self.footing.stills)
        take_known_clips(self._stage, clips, self.footing, self._marks)
        self._mark_missing(still_wishes)
        missing_stills = [wish for wish in still_wishes if wish.scene not in self.footing.stills]
        self._crew.spending.require_allowed([*missing_stills, *self._missing_clips()])
        missing_stills = self._crew.spending.order_stills(missing_stills, self._missing_clips())
        # 2. A whole film at once, if the rest will take its time.
        if self.footing.missing:
            self._write()
        # 3. Stills, all with one model in memory, and reviewed before any clip is made of them.
        unseen_stills = self._reviews.open_stills(stills, still_wishes, self.footing)
        with closing(self._make(stills, [*missing_stills, *unseen_stills])) as outcomes:
            for still in outcomes:
                self._note_still(still)
        # 4. Clips: what an earlier run left to be reviewed, then those first that matter most.
        self._make_clips(clips, self._reviews.open_clips(clips, self.footing))
        chosen = in_film_order(self._chosen_clips(), self._stage)
        now, self._waiting = split_waiting(chosen, self.footing, self._crew.spending.open_scenes(chosen))
        self._make_clips(clips, now)
        for words in self.loose_chains().values():
            self._crew.events(Notice(words))
        # 5. Clips that are smaller than the film are enlarged last, when no other model is in memory.
        if self._stage.enlarging is not None:
            self._stage.enlarging.make(self.footing.clips.values(), self._crew.events)

    def _make_clips(self, clips: TakeStore, wishes: Sequence[Wish]) -> None:
        with closing(self._make(clips, wishes)) as outcomes:
            for clip in outcomes:
                if self._note_clip(clip):
                    self._write()

    def _write(self) -> None:
        """Write the film with what there is now."""
        self.finish_pieces()
        self.join()
        self._crew.events(FilmUpdated(str(self._out), len(self.footing.missing)))

    def finish_pieces(self) -> None:
        """Encode every piece of the film that is missing, with the footage there is now."""
        tasks = piece_tasks(self._plan, self._stage, self.footing, self._profile, self._lights)
        loop = RenderLoop(
            self._stage.backends,
            stand_in=EMBEDDED,
            store=self._store,
            scratch=self._project.scratch,
            events=self._note_piece,
            return_memory=self._crew.memory.after_piece,
        )
        self.done = loop.run(tasks, jobs=self._crew.jobs)
        self._made |= {piece.task.piece for piece in self.done if not piece.reused}

    def join(self) -> bool:
        """Splice the pieces: whole, in sync, proven. Gives whether the film was made of the same already."""
        sound = self._crew.encoded_sound()
        song = self._plan.song
        tags = FilmTags(song.title, song.artist, FILM_TAG)
        film_print = fingerprint(sound.name, [piece.receipt.sha256 for piece in self.done], tags)
        if FilmReceipt.fits(self._project.film_receipt, film_print, self._out):
            return True
        self._splice(sound, tags, film_print)
        self._store.prune({sound, sound_receipt(sound), *(piece.path for piece in self.done)})
        return False

    def leave(self) -> None:
        """Remove what is not to stay for the next run. Called when the film is done."""
        if not self._crew.memory.keeps_sound:
            sound = self._crew.encoded_sound()
            for file in (sound_receipt(sound), sound):
                file.unlink(missing_ok=True)

    def prove(self) -> SyncProof:
        """Measure the finished film, keep the proof, and refuse to call it done when it is not in sync."""
        return self._prove(self._out, self._lights)

    @property
    def state(self) -> ProjectState:
        """The memory of the film, as it is now."""
        return self._crew.state.state

    @property
    def made(self) -> frozenset[str]:
        """Pieces that this run has encoded."""
        return frozenset(self._made)

    @property
    def short_of_money(self) -> bool:
        """Whether the budget left scenes to stand-ins."""
        return any(missing.kind == BUDGET for missing in self.footing.missing.values())

    @property
    def spent_usd(self) -> Decimal:
        """What this run has paid."""
        purse = self._crew.spending.purse
        return purse.spent_usd() if purse is not None else Decimal(0)

    def entries(self) -> list[Entry]:
        """Every attempt that was ever paid for or held for this project."""
        purse = self._crew.spending.purse
        return purse.entries() if purse is not None else []

    def stand_ins(self) -> dict[str, str]:
        """Scenes that another backend should have played, and why it did not."""
        wanted = {scene: missing.reason for scene, missing in self.footing.missing.items()}
        for piece in self.done:
            # What the loop itself could not get from a painter.
            if piece.receipt.stand_in and not any(order.stand_in_reason for order in piece.task.orders):
                wanted |= {order.scene.id: piece.receipt.reason for order in piece.task.orders if order.take is None}
        return {scene.id: wanted[scene.id] for scene in self._stage.board.scenes if scene.id in wanted}

    def loose_chains(self) -> dict[str, str]:
        """Scenes whose bought clip does not go on from the clip that the film now shows before it, and words for it."""
        return loose_chains(self._stage, self.footing)

    def _splice(self, sound: Path, tags: FilmTags, film_print: str) -> None:
        pieces = [piece.path for piece in self.done]
        n_frames = self._stage.board.n_frames

        def prove(part: Path) -> None:
            self._prove(part)

        splice(pieces, sound, self._out, profile=self._profile, n_frames=n_frames, tags=tags, on_whole=prove)
        film = as_written(str(self._out.absolute()))
        receipt = FilmReceipt(fingerprint=film_print, film=film, sha256=file_sha256(self._out))
        write_text(self._project.film_receipt, receipt.to_json())

    def _prove(self, film: Path, lights: Lights | None = None) -> SyncProof:
        return prove_film(film, self.done, self._stage.board, self._plan, self._project, lights)

    def _take_known(self, store: TakeStore, wishes: Iterable[Wish], into: dict[str, Take]) -> None:
        for wish in wishes:
            take = store.find(wish.scene, wish.fingerprint)
            if take is not None:
                into[wish.scene] = take

    def _mark_missing(self, still_wishes: Sequence[Wish]) -> None:
        """Mark the scenes whose footage is still to be made."""
        for wish in still_wishes:
            if wish.scene not in self.footing.stills and wish.scene not in self.footing.clips:
                self.footing.missing[wish.scene] = StandIn(NOT_YET)
        for scene in self._stage.board.scenes:
            if self._stage.makes_files(scene) and scene.id not in self.footing.clips:
                self.footing.missing[scene.id] = StandIn(NOT_YET)

    def _missing_clips(self) -> list[Wish]:
        return missing_clips(self._stage.clip_wishes(self.footing), self.footing)

    def _chosen_clips(self) -> list[Wish]:
        """The clips to be made now; those that the budget does not reach, or that were refused, stay stand-ins."""
        wanted = self._missing_clips()
        wanted = [wish for wish in wanted if self._can_begin(wish) and not self._was_refused(wish)]
        chosen, left = self._crew.spending.choose(wanted, self.footing)
        self.footing.missing.update({name: why for name, why in left.items() if name not in self.footing.clips})
        return chosen

    def _can_begin(self, wish: Wish) -> bool:
        """Whether a clip that must begin with a still has one; without it the backend need not even be asked."""
        needs = self._stage.backends[wish.backend].capabilities.needs
        begins = isinstance(wish.request, ClipRequest) and wish.request.first_frame is not None
        if "first_frame" not in needs or begins or wish.follows:
            return True
        if wish.scene not in self.footing.clips:
            self.footing.missing[wish.scene] = self._no_still.get(
                wish.scene, StandIn("there is no still to begin with")
            )
        return False

    def _was_refused(self, wish: Wish) -> bool:
        """Whether a service refused it before and is not asked again; its scene is left to a stand-in then."""
        miss = None if self._crew.retry_refused else self._misses.find(wish)
        if miss is not None and wish.scene not in self.footing.clips:
            self.footing.missing[wish.scene] = StandIn(f"{miss.reason} (--upgrade asks again)", miss.kind)
        return miss is not None

    def _follow(self, outcome: Fulfilled | Missed) -> list[Wish]:
        """Give the clip that waited for this one; where it need not be made any more, the one that waited for that."""
        waiting = self._waiting.pop(outcome.wish.scene, None)
        while waiting is not None:
            wish = self._stage.clip_wish(self._stage.scene(waiting.scene), self.footing)
            is_there = wish.scene in self.footing.clips and wish.fingerprint == waiting.fingerprint
            if not is_there and not self._was_refused(wish):
                return [replace(wish, worth=waiting.worth)]
            waiting = self._waiting.pop(waiting.scene, None)
        return []

    def _make(self, store: TakeStore, wishes: Sequence[Wish]) -> Generator[Fulfilled | Missed]:
        crew = self._crew
        bench = Workbench(
            takes=store,
            scratch=self._project.scratch,
            events=crew.events,
            purse=crew.spending.purse,
            soften=crew.soften,
            after_take=crew.memory.after_take,
            after_backend=crew.memory.after_backend,
            isolate=crew.isolate,
            inspector=Inspector(crew.checks, crew.reader),
        )
        try:
            yield from FootageLoop(self._stage.backends, bench, self._reviews.desk(store)).run(
                wishes,
                jobs=crew.jobs,
                waiting=tuple(self._waiting.values()),
                then=self._follow,
                beside=self._reviews.beside("still" if store.folder == self._project.stills else "clip", self.footing),
            )
        finally:
            if crew.reader is not None:
                bench.inspector.close()
                crew.memory.after_backend()

    def _note_piece(self, event: Event) -> None:
        """Pass on what happens to pieces; a finished scene goes into the memory of the film."""
        self._crew.events(event)
        if isinstance(event, SceneDone):
            fate = Fate("stand-in" if event.stand_in else "done", event.backend)
            self._crew.state.note(event.scene, self.footing, fate)

    def _note_still(self, outcome: Fulfilled | Missed) -> None:
        scene = outcome.wish.scene
        plays_it = not self._stage.makes_files(self._stage.scene(scene))
        if isinstance(outcome, Fulfilled):
            self.footing.stills[scene] = outcome.take
            self._crew.state.note(scene, self.footing)
            if plays_it:
                self.footing.missing.pop(scene, None)
            return
        self._no_still[scene] = StandIn(f"no still to begin with: {outcome.reason}", outcome.kind)
        if plays_it:
            self.footing.missing[scene] = StandIn(outcome.reason, outcome.kind)

    def _note_clip(self, outcome: Fulfilled | Missed) -> bool:
        """Take over a clip or the reason why there is none. Gives whether the film gets better by it."""
        scene = outcome.wish.scene
        if isinstance(outcome, Fulfilled):
            is_new = self.footing.clips.get(scene) != outcome.take
            self.footing.clips[scene] = outcome.take
            self.footing.missing.pop(scene, None)
            return is_new
        if scene not in self.footing.clips:
            self.footing.missing[scene] = StandIn(outcome.reason, outcome.kind)
        if outcome.kind in (FailureKind.REFUSED, FailureKind.BAD_INPUT, FailureKind.FLAWED):
            self._misses.write(outcome)
        return False
