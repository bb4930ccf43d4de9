"""Takes: stills and clips that a backend made once. Each is a file with its receipt, and is kept for ever.

A take counts when its receipt is written. It is found again by the fingerprint of the wish it fulfils, never by
`exists()`; nothing here deletes one, because it may have been paid for.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import NonNegativeFloat, NonNegativeInt

from suno_video.core.errors import BadEditError
from suno_video.core.record import Record
from suno_video.media.atomic import sync_file, sync_folder, write_text, write_trouble
from suno_video.project.fingerprint import file_sha256
from suno_video.project.reviews import MAX_RETAKES, REVIEW_ENDING, TakeReview, retake_print
from suno_video.project.store import NAME_DIGITS

TakeKind = Literal["still", "clip"]
_SEED_STEP = 1_000_003
_MAX_SEED = 1 << 31


class TakeReceipt(Record):
    """Proof that a take is whole: what it is, what it was made from, and what it cost."""

    scene: str
    kind: TakeKind
    fingerprint: str
    """Of the wish: request, backend and version. What was changed on the way (a softer prompt) does not count."""
    retake_of: str = ""
    """Fingerprint of the wish, where this was made in the place of a take that a review found wanting."""
    file: str
    sha256: str
    backend: str
    attempt: str = ""
    """The purchase in the ledger that paid for it; empty when it cost nothing."""
    cost_usd: Decimal = Decimal(0)
    n_frames: NonNegativeInt = 0
    """Counted in the file; 0 for a still."""
    fps: NonNegativeFloat = 0.0
    width_px: NonNegativeInt = 0
    height_px: NonNegativeInt = 0
    prompt: str
    """As it was really used."""
    seed: NonNegativeInt
    changes: tuple[str, ...] = ()
    """What had to give on the way: `reseeded`, `softened prompt`, `tiling`, `half size` ..."""
    seconds: NonNegativeFloat
    measured: dict[str, float] = {}
    """What the checks measured in a clip: `flicker`, `motion`, `light`, in levels; empty where they are off."""
    made_from: dict[str, str] = {}
    """A short hash of each part of the wish, so that a later run can say which part has changed."""


@dataclass(frozen=True)
class Take:
    """A whole take and where it lies."""

    path: Path
    receipt: TakeReceipt


class TakeStore:
    """The `stills/` or `clips/` folder of a project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path_of(self, scene: str, fingerprint: str, ending: str) -> Path:
        """Name the file of a take; another wish is another file."""
        return self.folder / f"{scene}-{fingerprint[:NAME_DIGITS]}{ending}"

    def find(self, scene: str, fingerprint: str) -> Take | None:
        """Give the take for a wish, or None if it is not there or not whole; of several the one that was liked best."""
        family = self.family(scene, fingerprint)
        return max(family, key=self._score_of) if len(family) > 1 else next(iter(family), None)

    def family(self, scene: str, first: str) -> list[Take]:
        """Every whole take for a wish, in the order in which they were made."""
        takes = [self.exact(scene, first)]
        for number in range(1, MAX_RETAKES + 1):
            takes.append(self.exact(scene, retake_print(first, number)))
            if takes[-1] is None:
                break
        return [take for take in takes if take is not None]

    def exact(self, scene: str, fingerprint: str) -> Take | None:
        """Give the take of that very fingerprint, or None if it is not there or not whole."""
        take = self._load(self.path_of(scene, fingerprint, ".json"))
        return take if take is not None and take.receipt.fingerprint == fingerprint else None

    def review_of(self, take: Take) -> TakeReview | None:
        """Give what was said about a take; None when nobody looked at this very file."""
        try:
            review = TakeReview.load(take.path.with_suffix(REVIEW_ENDING))
        except (OSError, BadEditError):
            return None
        return review if review.sha256 == take.receipt.sha256 else None

    def keep_review(self, review: TakeReview) -> None:
        """Write a review beside its take. Raises as `write_text`."""
        write_text(self.path_of(review.scene, review.fingerprint, REVIEW_ENDING), review.to_json())

    def _score_of(self, take: Take) -> float:
        """What nobody looked at comes last: it takes the place of nothing that was looked at."""
        review = self.review_of(take)
        return -1.0 if review is None else review.score

    def all(self) -> list[Take]:
        """Every whole take, by name."""
        return [take for path in sorted(self.folder.glob("*.json")) if (take := self._load(path)) is not None]

    def keep(self, made: Path, receipt: TakeReceipt) -> Take:
        """Move a finished file into the store, then write its receipt. Raises as `write_text`.

        Args:
            receipt: Its `file` and `sha256` are filled in here.
        """
        path = self.path_of(receipt.scene, receipt.fingerprint, made.suffix)
        try:
            sync_file(made)
            made.replace(path)
            sync_folder(path.parent)
            sha256 = file_sha256(path)
        except OSError as exc:
            raise write_trouble(path, exc) from exc
        receipt = receipt.model_copy(update={"file": path.name, "sha256": sha256})
        write_text(path.with_suffix(".json"), receipt.to_json())
        return Take(path, receipt)

    def _load(self, receipt_file: Path) -> Take | None:
        try:
            receipt = TakeReceipt.load(receipt_file)
            # Only a plain name: a receipt that came with a download must not name a file elsewhere.
            path = self.folder / Path(receipt.file).name
            return Take(path, receipt) if file_sha256(path) == receipt.sha256 else None
        except (OSError, BadEditError, ValueError):
            return None


class SceneTakes(Record):
    """What a person said about the takes of one scene."""

    current: NonNegativeInt = 0
    """Number of the take that plays; another number is another seed."""
    kept: bool = False
    """Whether `--keep` protects it from being done again."""
    kept_print: str = ""
    """Fingerprint of a kept clip: it plays even when the storyboard has changed since."""
    rejected: tuple[int, ...] = ()


class TakeMarks(Record):
    """Which take of each scene plays (`takes.json`). A scene that is not named plays its first."""

    scenes: dict[str, SceneTakes] = {}

    def of(self, scene: str) -> SceneTakes:
        """Give the marks of one scene."""
        return self.scenes.get(scene, SceneTakes())

    def keep(self, scene: str, fingerprint: str = "") -> TakeMarks:
        """Protect the take that plays, and where it is a clip, that very clip."""
        return self._with(scene, self.of(scene).model_copy(update={"kept": True, "kept_print": fingerprint}))

    def reject(self, scene: str) -> TakeMarks:
        """Never play the take that plays again; the next one is made in its place."""
        return self._next(scene, rejected=True)

    def redo(self, scene: str) -> TakeMarks:
        """Ask for another take, without a verdict on the one that plays."""
        return self._next(scene, rejected=False)

    def _next(self, scene: str, *, rejected: bool) -> TakeMarks:
        old = self.of(scene)
        gone = tuple(sorted({*old.rejected, old.current})) if rejected else old.rejected
        number = old.current + 1
        while number in gone:
            number += 1
        return self._with(scene, SceneTakes(current=number, kept=False, rejected=gone))

    def _with(self, scene: str, marks: SceneTakes) -> TakeMarks:
        return TakeMarks(scenes={**self.scenes, scene: marks})


def take_seed(seed: int, number: int) -> int:
    """Seed of the n-th take of a scene; the first one has the seed of the storyboard."""
    return seed if number == 0 else (seed + number * _SEED_STEP) % _MAX_SEED
