"""Money follows the music: under a cap, paid footage goes where the song peaks; the rest is played for nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from suno_video.backends.base import FREE, Quote
from suno_video.core.analysis import SongAnalysis
from suno_video.core.money import dollars
from suno_video.core.storyboard import Scene, Storyboard
from suno_video.direct.moments import explain_moment
from suno_video.direct.worth import RankedMoment, rank_scenes

HasPicture: TypeAlias = Callable[[Scene], bool] | Collection[str]
"""Asked of a scene, or the ids of those that have one."""

EMBEDDED, PARALLAX = "procedural", "parallax"
PLAYERS = {EMBEDDED: "the embedded painter", PARALLAX: "camera moves over a still"}
"""What plays a scene for nothing, in words for people."""

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Placement:
    """What plays one scene, what that costs, and why."""

    scene: str
    backend: str
    paid: bool
    rank: int | None
    """1-based place in the order in which money reaches the scenes; None where a scene costs nothing anyway."""
    expected_usd: Decimal
    """What is still to be paid: 0 where it is free, left to a stand-in, or bought already."""
    worst_usd: Decimal
    reason: str

    @property
    def is_stand_in(self) -> bool:
        """Whether the budget did not reach it."""
        return self.rank is not None and not self.paid


@dataclass(frozen=True)
class Allotment:
    """Who plays each scene under a budget. Even if all goes at its worst, the budget holds."""

    placements: tuple[Placement, ...]
    """One for each scene, in the order of the film."""
    budget_usd: Decimal | None
    spent_usd: Decimal
    """What of the budget was gone before."""
    enough_usd: Decimal
    """The smallest budget with which every scene would be paid."""

    @property
    def expected_usd(self) -> Decimal:
        """What is still to be paid, as a rule."""
        return sum((placement.expected_usd for placement in self.placements), NOTHING)

    @property
    def worst_usd(self) -> Decimal:
        """What is still to be paid at most."""
        return sum((placement.worst_usd for placement in self.placements), NOTHING)

    @property
    def left_usd(self) -> Decimal | None:
        """What is left of the budget at worst; None where there is no cap."""
        return None if self.budget_usd is None else max(NOTHING, self.budget_usd - self.spent_usd - self.worst_usd)

    @property
    def stand_ins(self) -> tuple[str, ...]:
        """Scenes that the budget did not reach, in the order of the film; it is whole with them (exit status 4)."""
        return tuple(placement.scene for placement in self.placements if placement.is_stand_in)


def allot(
    storyboard: Storyboard,
    analysis: SongAnalysis,
    quotes: Mapping[str, Quote],
    *,
    budget_usd: Decimal | None,
    has_picture: HasPicture,
    already: Collection[str] = frozenset(),
    spent_usd: Decimal = NOTHING,
) -> Allotment:
    """Decide which scenes are paid for, and what plays the others.

    A larger budget keeps every scene that a smaller one paid for, and pays for more.

    Args:
        quotes: By scene, what its wanted backend asks; only scenes whose backend spends money.
        budget_usd: The cap; None pays for everything.
        has_picture: Whether there is a picture (its still, or the cover) that a camera can move over.
        already: Scenes whose paid footage is there, or held, or on its way: they stay paid and cost nothing more.
        spent_usd: What of the budget is spent or held for anything, the scenes in `already` among it.
    """
    # 1. The order in which money reaches the scenes, the same for every budget
    asked = {scene: quotes.get(scene, FREE) for scene in [*quotes, *already]}
    ranked = rank_scenes(storyboard, analysis, asked)

    # 2. As far as it goes
    due = {entry.scene.id: FREE if entry.scene.id in already else _honest(entry.quote) for entry in ranked}
    purchase = _buy(due, budget_usd, spent_usd)

    # 3. Who plays what, and why
    placements = {scene.id: _free(scene) for scene in storyboard.scenes}
    for rank, entry in enumerate(ranked, start=1):
        scene = entry.scene
        if scene.id in purchase.paid:
            placements[scene.id] = _paid(entry, rank, due[scene.id], bought=scene.id in already)
        else:
            placements[scene.id] = _stand_in(scene, rank, _player_of(scene, has_picture), purchase)
    return Allotment(tuple(placements.values()), budget_usd, spent_usd, spent_usd + _worst_of(due.values()))


def render_order(storyboard: Storyboard, allotment: Allotment) -> list[str]:
    """Put the paid scenes of a storyboard in the order in which to make them: a run that stops early has the best.

    What costs nothing more comes first, footage that is on its way among it: services forget what nobody fetches.
    """
    scenes = {scene.id for scene in storyboard.scenes}
    paid = [placement for placement in allotment.placements if placement.paid and placement.scene in scenes]
    return [placement.scene for placement in sorted(paid, key=lambda each: (each.worst_usd > 0, each.rank or 0))]


def summarize_allotment(allotment: Allotment) -> str:
    """Say it in one line: `11 of 24 scenes by replicate: $4.40 expected, $5.50 at worst; the rest by the ...`."""
    paid = [placement for placement in allotment.placements if placement.paid]
    rest = _by([placement for placement in allotment.placements if not placement.paid])
    n_scenes = len(allotment.placements)
    if not paid:
        return f"none of {n_scenes} scenes is paid for; all are played by {rest}"
    costs = f"{dollars(allotment.expected_usd)} expected, {dollars(allotment.worst_usd)} at worst"
    line = f"{len(paid)} of {n_scenes} scenes by {_by(paid)}: {costs}"
    return f"{line}; the rest by {rest}" if rest else line


@dataclass(frozen=True)
class _Purchase:
    paid: frozenset[str]
    due: Mapping[str, Quote]
    budget_usd: Decimal
    left_usd: Decimal
    stopped_at: str | None
    """The first scene that did not fit."""

    def why_not(self, scene: str) -> str:
        needs_usd = self.due[scene].worst_usd
        if self.budget_usd <= 0:
            return f"no money is to be spent, this scene needs {dollars(needs_usd)}"
        left = f"{dollars(self.left_usd)} of {dollars(self.budget_usd)} are left"
        if self.stopped_at is None or needs_usd > self.left_usd:
            return f"{left}, this scene needs {dollars(needs_usd)}"
        return f"{left}, and {self.stopped_at}, which comes first, needs {dollars(self.due[self.stopped_at].worst_usd)}"


def _buy(due: Mapping[str, Quote], budget_usd: Decimal | None, spent_usd: Decimal) -> _Purchase:
    """Buy in order until the first scene that does not fit."""
    # To skip it and take cheaper ones behind it would use up the money, but not nest: with a dollar more the dear scene
    # fits, its money is gone from the cheap ones, and footage that people had seen would be taken away again.
    budget_usd = _worst_of(due.values()) + spent_usd if budget_usd is None else budget_usd
    left_usd = max(NOTHING, budget_usd - spent_usd)
    paid, stopped_at = set[str](), None
    for scene, cost in due.items():
        if cost.worst_usd > 0 and (stopped_at or cost.worst_usd > left_usd):
            stopped_at = stopped_at or scene
            continue
        left_usd -= cost.worst_usd
        paid.add(scene)
    return _Purchase(frozenset(paid), due, budget_usd, left_usd, stopped_at)


def _honest(quote: Quote) -> Quote:
    """A quote whose worst case is no better than what is expected."""
    return Quote(quote.expected_usd, max(quote.expected_usd, quote.worst_usd), quote.expected_s)


def _worst_of(costs: Iterable[Quote]) -> Decimal:
    return sum((cost.worst_usd for cost in costs), NOTHING)


def _free(scene: Scene) -> Placement:
    reason = f"played by {PLAYERS.get(scene.video_backend, scene.video_backend)}, which costs nothing"
    return Placement(scene.id, scene.video_backend, False, None, NOTHING, NOTHING, reason)


def _paid(entry: RankedMoment, rank: int, cost: Quote, *, bought: bool) -> Placement:
    scene, reason = entry.scene, explain_moment(entry.moment)
    reason += "; bought already" if bought else ""
    return Placement(scene.id, scene.video_backend, True, rank, cost.expected_usd, cost.worst_usd, reason)


def _player_of(scene: Scene, has_picture: HasPicture) -> str:
    pictured = has_picture(scene) if callable(has_picture) else scene.id in has_picture
    return PARALLAX if pictured else EMBEDDED


def _stand_in(scene: Scene, rank: int, player: str, purchase: _Purchase) -> Placement:
    reason = f"left to {PLAYERS[player]}: {purchase.why_not(scene.id)}"
    return Placement(scene.id, player, False, rank, NOTHING, NOTHING, reason)


def _by(placements: Iterable[Placement]) -> str:
    """Name who plays some scenes, whoever plays most of them first: `replicate`, `replicate and fake`."""
    counts = Counter(placement.backend for placement in placements)
    *most, last = [PLAYERS.get(name, name) for name, _ in counts.most_common()] or [""]
    return f"{', '.join(most)} and {last}" if most else last
