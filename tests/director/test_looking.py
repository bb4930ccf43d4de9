"""Reviews and judgements through the real services' protocols, on loopback: pictures inside, paid, kept, asked once."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pydantic_ai")

from suno_video.backends.base import BackendSetup, MakesKind
from suno_video.backends.fake import FakeImage
from suno_video.backends.registry import make_backend
from suno_video.cli.app import run as run_command
from suno_video.core.brief import Brief
from suno_video.core.events import Event, TakeReviewed
from suno_video.core.frames import FrameSize
from suno_video.core.judgement import CRITERIA
from suno_video.direct.llm.judge import FIELDS
from suno_video.pipeline import FilmOptions, render_film
from suno_video.project.ledger import Ledger
from suno_video.project.purchases import Caps
from suno_video.project.takes import TakeStore
from suno_video.render.review import ReviewRules
from tests.director.server import Asked, LanguageServer, Status
from tests.e2e.conftest import write_song

BETTER = "a lantern in the snow, wide lens"
JPEG = b"\xff\xd8\xff"


def review(asked: Asked) -> dict[str, Any]:
    score = 0.9 if BETTER in asked.prompt else 0.2
    better = "" if score == 0.9 else BETTER
    return {"prompt": score, "character": None, "mood": score, "energy": 0.8, "reason": "so", "better_prompt": better}


@pytest.mark.slow
@pytest.mark.parametrize("provider", ["gemini", "openai", "anthropic", "ollama"])
def test_a_film_is_reviewed_and_judged_by_a_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], provider: str
) -> None:
    song, painter = write_song(tmp_path / "song.wav", 4.0), FakeImage()

    def make(name: str, kind: MakesKind, setup: BackendSetup) -> Any:
        return painter if name == painter.name else make_backend(name, kind, setup)

    monkeypatch.setattr("suno_video.pipeline.tasks.make_backend", make)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("SUNO_VIDEO_MONEY__LEDGER", str(tmp_path / "ledger.db"))
    brief = Brief(
        look="cosmos", size=FrameSize(width_px=64, height_px=36), still_backend="fake-image", video_backend="parallax"
    )
    with LanguageServer() as server:
        for name, value in server.variables().items():
            monkeypatch.setenv(name, value)
        server.answer("review", Status(429, retry_after=0.01), review)
        server.answer("judge", {FIELDS[name]: {"score": 4, "reason": "fine"} for name in CRITERIA})

        def render() -> list[Event]:
            events: list[Event] = []
            options = FilmOptions(
                brief=brief,
                quality="draft",
                director=server.choice(provider),
                review=ReviewRules(),
                ledger=tmp_path / "ledger.db",
                caps=Caps(run_usd=Decimal(1)),
            )
            render_film(song, options, events=events.append)
            return events

        first = [event for event in render() if isinstance(event, TakeReviewed)]
        n_scenes = len(first) // 2
        assert [event.accepted for event in first].count(True) == n_scenes
        asked = server.named("review")
        assert len(asked) == 2 * n_scenes + 1, "each still twice, and once more for the 429"
        assert all(len(each.pictures) == 1 and each.pictures[0].startswith(JPEG) for each in asked)
        assert all("character" in json.dumps(each.schema) for each in asked)
        stills = TakeStore(tmp_path / "song.suno-video" / "stills").all()
        assert {take.receipt.prompt for take in stills if take.receipt.retake_of} == {BETTER}
        render()
        assert len(server.named("review")) == len(asked), "what has a review is not looked at again"
        # The film itself.
        capsys.readouterr()
        args = ["judge", str(tmp_path / "song.suno-video"), "--director", provider, "--budget", "1", "--json"]
        assert run_command(args) == 0
        said = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (said["total"], len(said["criteria"])) == (4.0, 12)
        assert all(picture.startswith(JPEG) for picture in server.named("judge")[0].pictures)
        assert run_command(args) == 0
        assert len(server.named("judge")) == 1, "an answer is kept by content"
    spent = sum((total.spent_usd for total in Ledger(tmp_path / "ledger.db").totals("project")), Decimal(0))
    assert (spent > 0) == (provider != "ollama")
