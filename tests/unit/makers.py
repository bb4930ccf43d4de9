"""A folder to make footage into, with a ledger and a memory of events; and wishes for it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from suno_video.backends.base import Capabilities
from suno_video.core.events import Event
from suno_video.core.frames import FrameSize
from suno_video.core.music import music_curves
from suno_video.project.ledger import Ledger
from suno_video.project.purchases import Caps
from suno_video.project.takes import TakeStore
from suno_video.render.attempts import Workbench
from suno_video.render.footage import FootageLoop, Outcome
from suno_video.render.orders import Wish, clip_order, legal_clip, make_wish
from suno_video.render.policy import RetryPolicy
from suno_video.render.purse import Purse
from tests.unit.songs import scene, steady_analysis, storyboard_of

SIZE = FrameSize(width_px=128, height_px=72)
N_FRAMES = 24


def wishes_for(backend: Any, n: int = 3, seed: int = 1) -> list[Wish]:
    """A clip of 24 frames for each of n scenes."""
    board = storyboard_of(*(scene(k + 1, k * N_FRAMES, (k + 1) * N_FRAMES, seed=seed + k) for k in range(n)), size=SIZE)
    music = music_curves(steady_analysis(), 0, board.n_frames)
    capabilities: Capabilities = backend.capabilities
    return [
        make_wish(
            "clip",
            legal_clip(clip_order(board, shot, music, (shot.start_frame, shot.end_frame)).request, capabilities),
            backend.name,
            backend.version,
            capabilities,
        )
        for shot in board.scenes
    ]


class Set:
    """Where footage is made."""

    def __init__(self, folder: Path, budget_usd: str | None = "10") -> None:
        self.takes, self.scratch = TakeStore(folder / "clips"), folder / "scratch"
        for place in (self.takes.folder, self.scratch):
            place.mkdir(parents=True, exist_ok=True)
        self.events: list[Event] = []
        self.waits: list[float] = []
        self.ledger = Ledger(folder / "ledger.db")
        self.budget_usd = Decimal(budget_usd) if budget_usd is not None else None
        self.n_runs = 0

    def loop(self, *backends: Any, **changes: Any) -> FootageLoop:
        self.n_runs += 1
        purse = None
        if self.budget_usd is not None:
            caps = Caps(run_usd=self.budget_usd)
            purse = Purse(self.ledger, caps, project="p", run=f"run {self.n_runs}", events=self.events.append)
        bench = Workbench(
            takes=self.takes,
            scratch=self.scratch,
            events=self.events.append,
            purse=purse,
            policy=RetryPolicy(base_s=0.001),
            soften=lambda prompt: f"{prompt}, calm",
            **changes,
        )
        return FootageLoop({backend.name: backend for backend in backends}, bench)

    def run(self, *backends: Any, wishes: list[Wish] | None = None, **changes: Any) -> list[Outcome]:
        """Fulfil the wishes (three clips by the first backend) and give the outcomes by scene."""
        wanted = wishes if wishes is not None else wishes_for(backends[0])
        return sorted(self.loop(*backends, **changes).run(wanted, jobs=2), key=lambda outcome: outcome.wish.scene)

    def spent(self) -> Decimal:
        return sum((total.spent_usd for total in self.ledger.totals("project")), Decimal(0))

    def held(self) -> Decimal:
        return sum((total.held_usd for total in self.ledger.totals("project")), Decimal(0))

    def told(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]
