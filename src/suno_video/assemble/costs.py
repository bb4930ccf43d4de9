"""What a film cost, for its report: a bar for each scene, and every attempt, failed ones too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from suno_video.core.money import usd
from suno_video.core.storyboard import Storyboard
from suno_video.project.purchases import MADE, Entry

WIDTH, HEIGHT = 1200, 150
_BASE = 122
_GAP = 4


@dataclass(frozen=True)
class Bar:
    """What one scene cost: the made take below, failed and open attempts on top."""

    scene: str
    x: float
    width: float
    made_y: float
    made_height: float
    other_y: float
    other_height: float
    words: str


@dataclass(frozen=True)
class AttemptRow:
    """One attempt in words."""

    scene: str
    backend: str
    outcome: str
    cost: str
    note: str


@dataclass(frozen=True)
class CostReport:
    """Money of a project, as the report shows it."""

    bars: tuple[Bar, ...]
    """Empty when no scene has cost anything: what a director was paid belongs to none."""
    attempts: tuple[AttemptRow, ...]
    spent: str
    held: str
    """Empty when nothing is open."""


def cost_report(storyboard: Storyboard, entries: Sequence[Entry]) -> CostReport | None:
    """Draw the costs of a project; None when nothing was ever bought for it."""
    if not entries:
        return None
    held = sum((entry.held_usd for entry in entries), Decimal(0))
    return CostReport(
        bars=_bars(storyboard, entries),
        attempts=tuple(_row(entry) for entry in entries),
        spent=usd(sum((entry.spent_usd for entry in entries), Decimal(0))),
        held=usd(held) if held else "",
    )


def _bars(storyboard: Storyboard, entries: Sequence[Entry]) -> tuple[Bar, ...]:
    made, other = _by_scene(entries, made=True), _by_scene(entries, made=False)
    totals = [made.get(scene.id, Decimal(0)) + other.get(scene.id, Decimal(0)) for scene in storyboard.scenes]
    if not any(totals):
        return ()
    highest = max(totals)
    bars = []
    for scene in storyboard.scenes:
        # As wide as the scene is long, so that the chart lies under the timeline of the song.
        x = WIDTH * (scene.start_frame - storyboard.first_frame) / storyboard.n_frames
        width = max(1.0, WIDTH * scene.n_frames / storyboard.n_frames - _GAP)
        below, above = made.get(scene.id, Decimal(0)), other.get(scene.id, Decimal(0))
        low, high = (float(part / highest) * (_BASE - 10) for part in (below, above))
        words = f"{scene.id}: {usd(below)}" + (
            f", and {usd(above)} for attempts that brought nothing yet" if above else ""
        )
        bars.append(Bar(scene.id, x, width, _BASE - low, low, _BASE - low - high, high, words))
    return tuple(bars)


def _by_scene(entries: Sequence[Entry], *, made: bool) -> Mapping[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for entry in entries:
        if (entry.outcome == MADE) is made:
            sums[entry.scene] = sums.get(entry.scene, Decimal(0)) + entry.spent_usd + entry.held_usd
    return sums


def _row(entry: Entry) -> AttemptRow:
    cost = usd(entry.spent_usd) if not entry.held_usd else f"{usd(entry.held_usd)} held"
    return AttemptRow(entry.scene, f"{entry.backend} {entry.model}".strip(), entry.outcome, cost, entry.note)
