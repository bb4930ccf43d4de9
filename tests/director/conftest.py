"""A running language server, advisers who ask it, and songs and pictures to send."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import BaseModel, ConfigDict

from suno_video.core.events import Event, Notice, Warned
from suno_video.direct.llm.choice import DirectorChoice
from suno_video.direct.llm.limits import Limits
from suno_video.direct.llm.question import Adviser, Attachment, Question
from suno_video.project.ledger import Ledger
from suno_video.project.purchases import Caps, Entry
from suno_video.project.purse import Purse
from tests.director.server import LanguageServer


class Vibe(BaseModel):
    """An answer of a known shape."""

    model_config = ConfigDict(extra="forbid")

    mood: str
    bpm: float


GOOD = {"mood": "wistful", "bpm": 92.5}


def question(**changes: Any) -> Question[Vibe]:
    usual: dict[str, Any] = {"system": "You hear music.", "prompt": "What is its mood?", "role": "write"}
    return Question(**{"name": "vibe", "version": "vibe 1", "answer": Vibe, **usual, **changes})


@dataclass
class Desk:
    """Makes advisers that share a project: its ledger, its kept answers, and what was said."""

    server: LanguageServer
    folder: Path
    events: list[Event] = field(default_factory=list)
    pauses_s: list[float] = field(default_factory=list)
    n_runs: int = 0

    def adviser(
        self, choice: DirectorChoice | str = "gemini", *, budget: float | None = 1, limits: Limits | None = None
    ) -> Adviser:
        from suno_video.direct.llm.adviser import ModelAdviser
        from suno_video.direct.llm.lineup import line_up

        self.n_runs += 1
        chosen = self.server.choice(choice) if isinstance(choice, str) else choice
        lineup = line_up(chosen)
        assert lineup is not None
        return ModelAdviser(
            chosen,
            lineup,
            purse=self.purse(budget) if budget is not None else None,
            cache_folder=self.folder / "answers",
            events=self.events.append,
            sleep=self.pauses_s.append,
            limits=limits,
        )

    def purse(self, budget: float, run: str = "") -> Purse:
        caps = Caps(run_usd=Decimal(str(budget)))
        run = run or f"run {self.n_runs}"
        return Purse(self.ledger, caps, project="p", run=run, events=self.events.append)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.folder / "ledger.db")

    @property
    def entries(self) -> list[Entry]:
        return self.ledger.entries()

    @property
    def said(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice | Warned)]

    def answers(self) -> list[Path]:
        return sorted((self.folder / "answers").glob("*.json"))


@pytest.fixture
def server() -> Iterator[LanguageServer]:
    with LanguageServer() as running:
        yield running


@pytest.fixture
def desk(server: LanguageServer, tmp_path: Path) -> Desk:
    return Desk(server, tmp_path)


@pytest.fixture
def song(tmp_path: Path) -> Attachment:
    return Attachment(write_song(tmp_path / "my song.wav", 3.0), "audio/wav", "The song")


def write_song(path: Path, seconds: float) -> Path:
    """A stereo song of noise: two channels that differ, so that it shows whether they were merged."""
    rate_hz = 44_100
    samples = np.random.default_rng(1).integers(-8000, 8000, (round(seconds * rate_hz), 2), dtype=np.int16)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())
    return path


@pytest.fixture
def cover(tmp_path: Path) -> Attachment:
    path = tmp_path / "cover.png"
    pixels = np.random.default_rng(2).integers(0, 255, (2000, 2000, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, compress_level=0)
    return Attachment(path, "image/png", "The cover")


Make = Callable[..., Adviser]
