"""Whole films, directed by language models that answer over their real protocols, on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from suno_video.core.brief import Brief
from suno_video.core.errors import KeyRefusedError
from suno_video.core.events import Event, Notice, Warned
from suno_video.core.frames import FrameSize
from suno_video.core.storyboard import Storyboard
from suno_video.direct.llm.choice import DirectorChoice
from suno_video.pipeline import FilmOptions, render_film
from suno_video.pipeline.planning import plan_film
from suno_video.project.ledger import Ledger
from suno_video.project.purchases import Caps
from tests.e2e.conftest import write_song
from tests.unit.test_direct_llm import TREATMENT

pytest.importorskip("pydantic_ai")

from tests.director.server import Asked, Blocked, LanguageServer, Status, Text

SIZE = FrameSize(width_px=128, height_px=72)


@pytest.fixture
def server() -> Iterator[LanguageServer]:
    with LanguageServer() as server:
        server.answer("treatment", treat)
        server.answer("storyboard", keep_cuts)
        server.answer("vibe", {"tempo_bpm": 120, "vocals": "none", "genre": "test tones", "summary": "A beat."})
        yield server


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_song(tmp_path / "song.wav", 12.0)


def treat(asked: Asked) -> dict[str, Any]:
    motifs = json.loads(asked.prompt.partition("under exactly these names: ")[2].splitlines()[0])
    return TREATMENT | {"motifs": [{"name": name, "idea": f"Ada rows through a {name} of fog"} for name in motifs]}


def keep_cuts(asked: Asked) -> dict[str, Any]:
    rows = [json.loads(line) for line in asked.prompt.splitlines() if line.startswith('{"cut"')]
    picture = "Wide shot of a white-haired woman in a yellow oilskin, rowing past roofs, lamp"
    return {"scenes": [{"cut": row["cut"], "picture": f"{picture} {row['cut']}"} for row in rows if row.get("kept")]}


def options_of(song: Path, director: DirectorChoice, **changes: Any) -> FilmOptions:
    values: dict[str, Any] = {
        "brief": Brief(size=SIZE, fps=12, title=""),
        "quality": "draft",
        "jobs": 1,
        "director": director,
        "ledger": song.with_name("ledger.db"),
        "caps": Caps(run_usd=Decimal(1)),
        **changes,
    }
    return FilmOptions(**values)


def storyboard_of(song: Path) -> Storyboard:
    return Storyboard.load(song.with_suffix(".suno-video") / "storyboard.json")


def spent_usd(song: Path) -> Decimal:
    ledger = song.with_name("ledger.db")
    return sum((entry.spent_usd for entry in Ledger(ledger).entries()), Decimal(0)) if ledger.exists() else Decimal(0)


def texts(events: list[Event], kind: type[Notice] | type[Warned]) -> str:
    return "\n".join(event.text for event in events if isinstance(event, kind))


@pytest.mark.parametrize(
    "provider",
    ["gemini", *(pytest.param(name, marks=pytest.mark.slow) for name in ("openai", "ollama:qwen3", "anthropic"))],
)
def test_a_film_is_directed_through_each_service(provider: str, song: Path, server: LanguageServer) -> None:
    events: list[Event] = []
    result = render_film(song, options_of(song, server.choice(provider)), events=events.append)
    board = storyboard_of(song)
    assert (result.n_frames, result.stand_ins) == (144, {})
    assert board.director.startswith(f"llm 2 {provider.partition(':')[0]}:")
    assert board.treatment.logline == TREATMENT["logline"]
    assert all("lamp" in scene.prompt for scene in board.scenes)
    assert "is sent" in texts(events, Notice) or "on this machine" in texts(events, Notice)
    assert (spent_usd(song) > 0) == (provider != "ollama:qwen3")
    if provider in ("gemini", "openai"):
        assert [len(asked.sounds) for asked in server.named("vibe")] == [1]
        assert '"vocals": "none"' in server.named("treatment")[0].prompt
    if provider == "gemini":
        body = server.named("treatment")[0].body
        thresholds = {setting["threshold"] for setting in body["safetySettings"]}
        assert thresholds == {"BLOCK_NONE"}
        assert "motifs" in json.dumps(body["generationConfig"])


def test_a_second_run_asks_nobody_and_costs_nothing(song: Path, server: LanguageServer) -> None:
    options = options_of(song, server.choice())
    render_film(song, options)
    n_asked, paid = len(server.asked), spent_usd(song)
    again = render_film(song, options_of(song, server.choice()))
    assert (len(server.asked), spent_usd(song), again.n_scenes_made) == (n_asked, paid, 0)
    # Nor does a storyboard that was thrown away: the answers are kept.
    (song.with_suffix(".suno-video") / "storyboard.json").unlink()
    assert plan_film(song, options_of(song, server.choice(offline=True))).storyboard.director.startswith("llm 2")
    assert len(server.asked) == n_asked


def test_a_service_that_is_busy_is_asked_again(song: Path, server: LanguageServer) -> None:
    server.answer("treatment", Status(429, retry_after=0.05), Status(503), treat)
    server.answer("storyboard", Text('{"scenes": [{"cut": 1'), Text("I would rather not."), keep_cuts)
    board = plan_film(song, options_of(song, server.choice())).storyboard
    assert all("lamp" in scene.prompt for scene in board.scenes)


def test_who_is_refused_is_followed_by_another(song: Path, server: LanguageServer) -> None:
    def only_openai(asked: Asked) -> Any:
        return Blocked() if asked.provider == "gemini" else treat(asked)

    server.answer("treatment", only_openai)
    board = plan_film(song, options_of(song, server.choice(fallback=("openai",)))).storyboard
    assert board.treatment.logline == TREATMENT["logline"]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Blocked(), id="blocked"),
        pytest.param(Text("", finish="length"), id="cut off"),
        pytest.param(Text("no"), id="words"),
        pytest.param(Status(500), id="500", marks=pytest.mark.slow),  # waits between its tries
    ],
)
def test_without_a_treatment_rules_direct_and_the_run_goes_on(reply: Any, song: Path, server: LanguageServer) -> None:
    server.answer("treatment", reply)
    events: list[Event] = []
    planned = plan_film(song, options_of(song, server.choice()), events=events.append)
    assert planned.storyboard.director.startswith("rules")
    assert "rules do" in texts(events, Warned)
    # The next run does not throw it away, and says how to ask again.
    events.clear()
    n_asked = len(server.asked)
    assert plan_film(song, options_of(song, server.choice()), events=events.append).storyboard_origin == "kept"
    assert "remove storyboard.json to ask again" in texts(events, Notice)
    assert len(server.asked) == n_asked


def test_a_key_that_is_refused_stops_before_anything_is_made(song: Path, server: LanguageServer) -> None:
    server.answer("treatment", Status(401, "API key not valid. Please pass a valid API key."))
    server.answer("vibe", Status(401, "API key not valid. Please pass a valid API key."))
    with pytest.raises(KeyRefusedError):
        render_film(song, options_of(song, server.choice()))
    assert not song.with_suffix(".mp4").exists()


def test_without_a_budget_nobody_is_asked_and_with_one_the_next_run_is(song: Path, server: LanguageServer) -> None:
    events: list[Event] = []
    planned = plan_film(song, options_of(song, server.choice(), caps=Caps()), events=events.append)
    assert planned.storyboard.director.startswith("rules")
    assert "no budget is set" in texts(events, Warned)
    assert not server.asked
    assert plan_film(song, options_of(song, server.choice())).storyboard.director.startswith("llm 2")


def test_what_was_bought_for_the_rules_storyboard_is_not_thrown_away_by_a_larger_budget(
    song: Path, server: LanguageServer
) -> None:
    cents = Caps(run_usd=Decimal("0.001"))
    first = plan_film(song, options_of(song, server.choice(), caps=cents)).storyboard
    assert (first.director.startswith("rules"), server.asked) == (True, [])
    events: list[Event] = []
    second = plan_film(song, options_of(song, server.choice()), events=events.append)
    assert (second.storyboard, second.storyboard_origin) == (first, "kept")
    assert "remove storyboard.json to ask again" in texts(events, Notice)


def test_a_plan_that_is_not_written_asks_nobody(song: Path, server: LanguageServer) -> None:
    events: list[Event] = []
    plan_film(song, options_of(song, server.choice()), write=False, events=events.append)
    assert not server.requests
    assert not song.with_suffix(".suno-video").exists()
    assert "would direct: 3 questions, about $0.0" in texts(events, Notice)


LYRICS = {
    "in Japanese": ["雨が降る", "窓の外", "君を待つ"],
    "in Arabic": ["مطر على المدينة", "أنتظر الفجر"],
    "explicit": ["damn this fucking rain", "shit, we dance in blood"],
}


@pytest.mark.parametrize("kind", LYRICS)
def test_lyrics_of_any_kind_are_read_as_they_are(kind: str, song: Path, server: LanguageServer) -> None:
    song.with_suffix(".txt").write_text("\n".join(["[Verse]", *LYRICS[kind]]), encoding="utf-8")
    board = plan_film(song, options_of(song, server.choice())).storyboard
    asked = server.named("treatment")[0]
    assert all(json.dumps(line, ensure_ascii=False) in asked.prompt for line in LYRICS[kind])
    assert board.director.startswith("llm 2")
    for scene in board.scenes:
        assert not any(line in scene.prompt for line in LYRICS[kind])


def test_an_instrumental_is_told_as_one(song: Path, server: LanguageServer) -> None:
    board = plan_film(song, options_of(song, server.choice())).storyboard
    assert "it is instrumental" in server.named("treatment")[0].prompt
    assert not any(scene.sung for scene in board.scenes)


@pytest.mark.slow
def test_ten_minutes_take_a_few_questions(tmp_path: Path, server: LanguageServer) -> None:
    samples, rate_hz = soundfile.read(write_song(tmp_path / "short.wav", 20.0))
    long = tmp_path / "long.wav"
    soundfile.write(long, np.tile(samples, 30), rate_hz)
    board = plan_film(long, options_of(long, server.choice())).storyboard
    assert board.end_frame == 7200
    assert len(server.named("storyboard")) <= 4
    assert all("lamp" in scene.prompt for scene in board.scenes)
