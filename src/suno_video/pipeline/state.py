"""What a film is really made of at this moment: scene by scene, from its receipts. Reads no picture, writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias

from suno_video.assemble.cutlist import footage_span
from suno_video.assemble.graphs import DEFLICKER_FRAMES
from suno_video.core.errors import BadEditError
from suno_video.core.storyboard import Scene, Storyboard
from suno_video.pipeline.crew import read_marks
from suno_video.pipeline.footing import STILL_MOVER
from suno_video.pipeline.reviewed import reviews_in_words
from suno_video.project.fingerprint import part_prints
from suno_video.project.purchases import OPEN_STATES, Entry
from suno_video.project.reviews import MAX_RETAKES
from suno_video.project.store import FilmReceipt, Receipt
from suno_video.project.takes import SceneTakes, Take, TakeMarks, TakeReceipt, take_seed
from suno_video.project.workspace import Project
from suno_video.render.orders import footage_of
from suno_video.render.policy import RESEED
from suno_video.render.review import REVISE

SceneFate: TypeAlias = Literal["done", "stand-in", "missing"]


@dataclass(frozen=True)
class SceneState:
    """One scene at this moment."""

    scene: str
    section: str
    start_s: float
    """In the song."""
    end_s: float
    state: SceneFate
    """`missing`: no piece of it is there."""
    plays: str
    """What plays it, in words: `painter procedural`, `clip take 2`, `still + parallax`, `stand-in procedural`."""
    reason: str
    """Why a stand-in plays it."""
    review: str
    """What a review said about its clip and its still, with scores; empty where nobody looked."""
    kept: bool
    """Whether `--keep` protects it."""
    rejected: tuple[int, ...]
    """Takes that `--reject` took out of play; the first take is 1."""
    cost_usd: Decimal
    """What its attempts cost so far, those that failed too."""
    held_usd: Decimal
    """What is held for attempts whose outcome is open."""


def scene_states(project: Project, storyboard: Storyboard, entries: Sequence[Entry]) -> list[SceneState]:
    """Say for each scene what plays it now, what was said about it, and what it cost.

    Args:
        entries: The project's attempts in the ledger.
    """
    pieces, clips = _pieces_of_film(project), _clips(project)
    reasons, reviews = _reasons(project, entries), reviews_in_words(project)
    try:
        marks = read_marks(project)
    except BadEditError:
        marks = TakeMarks()  # `render` will say what is wrong with it
    costs: Mapping[str, list[Entry]] = _by_scene(entries)
    return [
        _state_of(
            scene,
            storyboard,
            pieces.get(scene.id),
            clips.get(scene.id, ()),
            marks.of(scene.id),
            reasons.get(scene.id, ""),
            reviews.get(scene.id, ""),
            costs.get(scene.id, ()),
        )
        for scene in storyboard.scenes
    ]


def _state_of(
    scene: Scene,
    board: Storyboard,
    piece: Receipt | None,
    clips: Sequence[Take],
    marks: SceneTakes,
    reason: str,
    review: str,
    entries: Sequence[Entry],
) -> SceneState:
    fate: SceneFate = "missing" if piece is None else "stand-in" if piece.stand_in else "done"
    return SceneState(
        scene=scene.id,
        section=scene.section_label,
        start_s=round(scene.start_frame / board.fps, 3),
        end_s=round(scene.end_frame / board.fps, 3),
        state=fate,
        plays=_words(piece, scene, board, clips, marks),
        reason=(reason or piece.reason) if piece is not None and piece.stand_in else "",
        review=review,
        kept=marks.kept,
        rejected=tuple(number + 1 for number in marks.rejected),
        cost_usd=sum((entry.spent_usd for entry in entries), Decimal(0)),
        held_usd=sum((entry.held_usd for entry in entries), Decimal(0)),
    )


def _words(piece: Receipt | None, scene: Scene, board: Storyboard, clips: Sequence[Take], marks: SceneTakes) -> str:
    if piece is None:
        return "nothing yet"
    name = piece.backend
    if name == STILL_MOVER and scene.still_backend is not None:
        name = f"still + {STILL_MOVER}"
    if piece.stand_in:
        return f"stand-in {name}"
    if "clip" not in piece.made_from:
        return name if "+" in name else f"painter {name}"
    number = _number_of_clip(piece, scene, board, clips, marks)
    return "clip" if number is None else f"clip take {number}"


def _number_of_clip(
    piece: Receipt, scene: Scene, board: Storyboard, clips: Sequence[Take], marks: SceneTakes
) -> int | None:
    """Which take of the scene is in the piece, from 1; None where the storyboard has changed since."""
    start, stop = footage_span(board, scene)
    for clip in clips:
        # As `pipeline.tasks` describes it, but with the hash from the receipt: the file need not be read.
        rate = footage_of(clip, stop - start, board.fps).fps
        source: dict[str, Any] = {"take": {"file": clip.receipt.sha256}, "rate": rate}
        # An enlarged copy tells not of which take it is without being read: it stays a clip without a number.
        steadied = source | {"deflicker": DEFLICKER_FRAMES}
        if piece.made_from["clip"] in (part_prints({"clip": each})["clip"] for each in (source, steadied)):
            return _number_of_seed(clip.receipt.seed, board.first_seed(scene), marks.current)
    return None


def _number_of_seed(seed: int, first_seed: int, current: int) -> int | None:
    for number in range(current, -1, -1):
        own = take_seed(first_seed, number)
        retakes = (take_seed(own, REVISE * retake) for retake in range(1, MAX_RETAKES + 1))
        if seed in (own, take_seed(own, RESEED), *retakes):
            return number + 1
    return None


def _pieces_of_film(project: Project) -> dict[str, Receipt]:
    """The piece of each name that the film has: a run that died may have left a newer one that it has not yet."""
    film_ns = _written_ns(project.film_receipt)
    ages: dict[str, tuple[bool, int]] = {}
    found: dict[str, Receipt] = {}
    for path in project.segments.glob("*.json"):
        receipt = _load_receipt(path)
        if receipt is None:
            continue
        written_ns = _written_ns(path) or 0
        age = (film_ns is None or written_ns <= film_ns, written_ns)
        if age >= ages.get(receipt.piece, (False, -1)):
            ages[receipt.piece], found[receipt.piece] = age, receipt
    return found


def _clips(project: Project) -> dict[str, list[Take]]:
    found: dict[str, list[Take]] = defaultdict(list)
    for path in sorted(project.clips.glob("*.json")):
        try:
            receipt = TakeReceipt.load(path)
        except (OSError, BadEditError):
            continue
        if receipt.n_frames and receipt.width_px and receipt.height_px:
            found[receipt.scene].append(Take(path.with_name(Path(receipt.file).name), receipt))
    return found


def _reasons(project: Project, entries: Sequence[Entry]) -> dict[str, str]:
    """Why stand-ins play: as the last finished run said, else what the ledger knows."""
    known = {entry.scene: f"its purchase is {entry.state}" for entry in entries if entry.state in OPEN_STATES}
    try:
        return known | FilmReceipt.load(project.film_receipt).stand_ins
    except (OSError, BadEditError):
        return known


def _by_scene(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry.scene].append(entry)
    return found


def _load_receipt(path: Path) -> Receipt | None:
    try:
        return Receipt.load(path)
    except (OSError, BadEditError):
        return None


def _written_ns(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None
