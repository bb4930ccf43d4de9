"""Where the render loop's reviewer meets a language model: it draws the pictures, asks, and never stops a film."""

from __future__ import annotations

import logging
import threading
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from suno_video.core.character import Character
from suno_video.core.errors import EncoderError
from suno_video.core.events import EventSink, Notice
from suno_video.core.storyboard import Scene
from suno_video.direct.llm.question import Adviser, Attachment, NoAnswer
from suno_video.direct.llm.review import Review, Reviewed, review_take
from suno_video.media.samples import first_middle_last, sample_clip, sample_still
from suno_video.pipeline.footing import Footing, Stage
from suno_video.pipeline.options import PlannedFilm
from suno_video.project.takes import Take, TakeKind, TakeMarks, TakeStore
from suno_video.render.orders import Wish
from suno_video.render.review import ReviewDesk, Reviewer, ReviewRules, Verdict

log = logging.getLogger(__name__)

SIDE_PX = 768
"""The longest side of a picture that is sent: one tile or two for the services that count in tiles."""
MAX_REFERENCES = 2
_JPEG = "image/jpeg"


class TakeReviewer:
    """Asks an adviser about each take. What cannot be reviewed is accepted, and said once.

    Args:
        folder: For the pictures that are drawn; they are removed as soon as there is an answer.
    """

    def __init__(self, adviser: Adviser, plan: PlannedFilm, folder: Path, events: EventSink) -> None:
        self.name = adviser.name
        self._adviser, self._plan, self._board = adviser, plan, plan.storyboard
        self._folder, self._events = folder, events
        self._scenes = {scene.id: scene for scene in plan.storyboard.scenes}
        self._told = False
        self._lock = threading.Lock()

    def review(self, wish: Wish, take: Take) -> Verdict | None:
        """Say how well a take is what was wished for; None when there is no answer."""
        try:
            with self._pictures(wish, take) as (pictures, references):
                found = self._ask(self._scenes[wish.scene], take, pictures, references)
        except NoAnswer as exc:
            self._tell(exc.words)
            return None
        except (EncoderError, OSError, ValueError) as exc:
            log.warning("no pictures of %s to review: %s", wish.scene, exc)
            self._tell(f"no pictures could be drawn from {take.path.name}")
            return None
        return Verdict(found.score, found.reason, found.aspects, found.better_prompt)

    def _ask(
        self, scene: Scene, take: Take, pictures: Sequence[Attachment], references: Sequence[Attachment]
    ) -> Review:
        receipt, treatment = take.receipt, self._board.treatment
        return review_take(
            self._adviser,
            Reviewed(
                scene=scene,
                kind=receipt.kind,
                prompt=receipt.prompt,
                pictures=tuple(pictures),
                references=tuple(references),
                characters=[_in_words(each) for each in treatment.characters if each.name in scene.who],
                artist=self._plan.song.artist,
                idea=treatment.logline,
                moods=treatment.moods or self._plan.analysis.moods,
                tempo_bpm=self._plan.analysis.tempo_bpm,
                motion=receipt.measured.get("motion"),
            ),
        )

    @contextmanager
    def _pictures(self, wish: Wish, take: Take) -> Iterator[tuple[list[Attachment], list[Attachment]]]:
        drawn: list[Path] = []
        try:
            if take.receipt.kind == "clip":
                numbers = first_middle_last(take.receipt.n_frames)
                drawn += sample_clip(take.path, numbers, SIDE_PX, self._folder)
                labels = [f"Scene {wish.scene}, frame {number}" for number in numbers]
            else:
                drawn.append(sample_still(take.path, SIDE_PX, self._folder))
                labels = [f"Scene {wish.scene}"]
            n_pictures = len(drawn)
            for reference in wish.request.references[:MAX_REFERENCES]:
                drawn.append(sample_still(reference, SIDE_PX, self._folder))
                labels.append("Must look the same in every scene")
            sent = [Attachment(path, _JPEG, label) for path, label in zip(drawn, labels, strict=False)]
            yield sent[:n_pictures], sent[n_pictures:]
        finally:
            for path in drawn:
                path.unlink(missing_ok=True)

    def _tell(self, words: str) -> None:
        with self._lock:
            told, self._told = self._told, True
        if not told:
            self._events(Notice(f"no review by {self.name}: {words}; what is made is accepted without one"))


def _in_words(character: Character) -> str:
    """Say who somebody is in one line: `Mara: about thirty, long red hair, a black coat`."""
    traits = (character.age, character.face, character.hair, character.clothing, character.notes)
    return f"{character.name}: {', '.join(trait for trait in traits if trait)}"


class Reviews:
    """What a film has reviewed, and what earlier runs left to be.

    Args:
        reviewer: None where nobody looks.
    """

    def __init__(
        self, reviewer: Reviewer | None, rules: ReviewRules, stage: Stage, marks: TakeMarks, events: EventSink
    ) -> None:
        self._reviewer, self._rules, self._stage, self._marks = reviewer, rules, stage, marks
        self._events = events

    def desk(self, store: TakeStore) -> ReviewDesk | None:
        """Give the desk for stills or for clips; None where nobody looks."""
        return None if self._reviewer is None else ReviewDesk(store, self._reviewer, self._rules, self._events)

    def open_stills(self, store: TakeStore, wishes: Sequence[Wish], footing: Footing) -> list[Wish]:
        """The stills that are there and still to be reviewed or made again: those from which no clip was made yet."""
        desk, board = self.desk(store), self._stage.board
        used = set(footing.clips)
        for scene in board.scenes:
            after = board.after(scene)
            if scene.end_on_next and scene.id in footing.clips and after is not None:
                used.add(after.id)
        return [wish for wish in wishes if wish.scene in footing.stills and self._is_open(wish, desk, used)]

    def open_clips(self, store: TakeStore, footing: Footing) -> list[Wish]:
        """The same for clips: those from which no other clip, which is there, goes on."""
        desk, board = self.desk(store), self._stage.board
        if desk is None:
            return []
        chained = [board.before(scene) for scene in board.scenes if scene.chain and scene.id in footing.clips]
        used = footing.kept | {before.id for before in chained if before is not None}
        wishes = self._stage.clip_wishes(footing)
        return [wish for wish in wishes if wish.scene in footing.clips and self._is_open(wish, desk, used)]

    def beside(self, kind: TakeKind, footing: Footing) -> list[Wish]:
        """Every wish of the film for stills, or for clips: what was begun in place of their takes is wanted too."""
        if self._reviewer is None:
            return []
        stage = self._stage
        return list(stage.still_wishes() if kind == "still" else stage.clip_wishes(footing))

    def _is_open(self, wish: Wish, desk: ReviewDesk | None, used: Container[str]) -> bool:
        if desk is None or wish.scene in used or self._marks.of(wish.scene).kept:
            return False
        return desk.is_open(wish)
