"""Listening and writing through the real protocols, on loopback: the sound is really inside, and answers are kept."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from suno_video.core.brief import Brief
from suno_video.core.errors import NoSuchInputError
from suno_video.core.events import Event, Warned
from suno_video.core.vibe import Vibe
from suno_video.pipeline import FilmOptions
from suno_video.pipeline.advising import adviser_for
from suno_video.pipeline.crew import open_purse
from suno_video.pipeline.hearing import analyze_and_hear
from suno_video.pipeline.release import release_texts
from suno_video.project.purchases import Caps
from suno_video.project.workspace import Project
from suno_video.publish.platforms import texts_for
from tests.cli.conftest import write_song
from tests.director.server import LanguageServer, Status, Text

pytest.importorskip("pydantic_ai")

HEARD: dict[str, Any] = {
    "tempo_bpm": 97,
    "genre": "clicks over a chord",
    "sections": [{"start_s": 0, "label": "verse"}],
    "vocals": "none",
    "summary": "It ticks.",
}


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_song(tmp_path / "evening.wav", seconds=4)


def options(server: LanguageServer, folder: Path, name: str = "gemini") -> FilmOptions:
    caps = Caps(run_usd=Decimal(1))
    return FilmOptions(brief=Brief(fps=24), director=server.choice(name), ledger=folder / "ledger.db", caps=caps)


@pytest.mark.parametrize("name", ["gemini", "openai"])
def test_a_model_hears_the_song_once_and_what_differs_is_told(name: str, song: Path, tmp_path: Path) -> None:
    with LanguageServer() as server:
        server.answer("vibe", HEARD)
        wishes = options(server, tmp_path, name)
        heard, analysis, hearing = analyze_and_hear(song, wishes)
        again = analyze_and_hear(song, wishes)[2]

        assert hearing is not None
        assert again is not None
        assert (hearing.reused, again.reused) == (False, True)
        (asked,) = server.named("vibe")
        assert len(asked.sounds[0]) > 10_000  # four seconds of MP3 at 64 kbit/s are 32 kB
        assert hearing.disagreements[0].what == "tempo"
        assert hearing.disagreements[0].theirs == "97.0 bpm"
    assert analysis.tempo_bpm == pytest.approx(160, rel=0.02)
    kept = Vibe.load(Project.beside(song).vibe_file)
    assert (kept.tempo_bpm, kept.song_sha256) == (97, heard.sha256)


def test_a_service_that_talks_nonsense_leaves_our_own_analysis(song: Path, tmp_path: Path) -> None:
    said: list[Event] = []
    with LanguageServer() as server:
        server.answer("vibe", Text("I'd love to help! What a tune."))
        *_, hearing = analyze_and_hear(song, options(server, tmp_path), events=said.append)

    assert hearing is None
    assert any(isinstance(event, Warned) and "did not listen" in event.text for event in said)


def test_the_texts_of_a_release_are_mended_paid_once_and_within_limits(song: Path, tmp_path: Path) -> None:
    bad = {"title": "Something else", "description": "See https://evil.example"}
    good = {"title": "evening", "description": "A chord, and clicks <tight> on it.", "hashtags": ["clicks"]}
    with LanguageServer() as server:
        server.answer("vibe", HEARD)
        server.answer("release", bad, good)
        wishes = options(server, tmp_path)
        analyze_and_hear(song, wishes)
        project = Project.beside(song)
        adviser = adviser_for(wishes, project, open_purse(project, wishes, lambda _: None), lambda _: None)
        found = release_texts(project, adviser)
        n_asked = len(server.named("release"))
        project.release_file.unlink()
        again = release_texts(project, adviser)

        assert len(server.named("release")) == n_asked == 2
    assert again.texts == found.texts
    assert found.texts.title == "evening"
    assert texts_for(found.texts, "youtube").body == "A chord, and clicks tight on it.\n\n#clicks"


def test_rules_write_where_the_key_is_refused(song: Path, tmp_path: Path) -> None:
    with LanguageServer() as server:
        server.answer("release", Status(401, "API key not valid"))
        wishes = replace(options(server, tmp_path))
        project = Project.beside(song)
        with pytest.raises(NoSuchInputError):
            release_texts(project)
        server.answer("vibe", Status(401, "API key not valid"))
        analyze_and_hear(song, wishes)
        adviser = adviser_for(wishes, project, open_purse(project, wishes, lambda _: None), lambda _: None)

        assert release_texts(project, adviser).texts.writer == "rules 1"
