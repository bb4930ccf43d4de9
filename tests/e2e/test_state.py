"""The memory of a film through whole runs: it changes what it concerns, and no run buys anything again for it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from suno_video.backends.fakeservice import Book, FakeService
from suno_video.backends.fakeservice.wire import ADDRESS_VARIABLE, TOKEN_VARIABLE
from suno_video.core.brief import Brief
from suno_video.core.errors import BadEditError
from suno_video.core.events import Event, TakeDone, Warned, ignore
from suno_video.core.frames import FrameSize
from suno_video.core.state import ProjectState
from suno_video.pipeline import FilmOptions, render_film
from suno_video.pipeline.cleaning import CleanWishes, clean_project
from suno_video.pipeline.foresight import foresee_film
from suno_video.pipeline.planning import plan_film
from suno_video.project.purchases import Caps
from suno_video.project.reviews import TakeReview
from suno_video.project.takes import TakeStore
from suno_video.project.workspace import Project
from tests.e2e.conftest import write_song
from tests.e2e.crashes import RENDER, environment, paid_service, start

MARA = {"name": "Mara", "face": "freckles", "hair": "black bob", "clothing": "red coat", "age": "thirty"}


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeService]:
    with FakeService(tmp_path / "book.sqlite") as running:
        monkeypatch.setenv(ADDRESS_VARIABLE, running.url)
        monkeypatch.setenv(TOKEN_VARIABLE, running.token)
        yield running


@pytest.fixture
def song(make_song: Callable[..., Path]) -> Path:
    """Twelve seconds: three scenes."""
    return make_song("song.wav", 12.0)


def options(tmp_path: Path) -> FilmOptions:
    brief = Brief(look="cosmos", size=FrameSize(width_px=128, height_px=72), video_backend="fake-paid")
    return FilmOptions(brief=brief, quality="draft", ledger=tmp_path / "ledger.db", caps=Caps(run_usd=Decimal(20)))


def cast_mara(project: Project) -> None:
    """Put somebody into the first two scenes, as a director does who knows people."""
    board = json.loads(project.storyboard_file.read_text(encoding="utf-8"))
    board["treatment"]["characters"] = [MARA]
    for scene in board["scenes"][:2]:
        scene["who"] = ["Mara", "Ivo"]
    project.storyboard_file.write_text(json.dumps(board), encoding="utf-8")


def edit(project: Project, **changes: Any) -> None:
    state = json.loads(project.state_file.read_text(encoding="utf-8"))
    state["character_state"][0].update(changes)
    project.state_file.write_text(json.dumps(state, indent=2), encoding="utf-8")


def prompts(book: Book) -> list[str]:
    return [json.loads(purchase.wish)["prompt"] for purchase in book.purchases()]


class Killed(BaseException):
    """The run is over, at once."""


def die_after_a_take(event: Event) -> None:
    if isinstance(event, TakeDone):
        raise Killed


@pytest.mark.slow
def test_a_run_that_was_cut_off_buys_the_rest_and_an_edit_only_what_it_concerns(
    song: Path, tmp_path: Path, service: FakeService
) -> None:
    wishes, project = options(tmp_path), Project.beside(song)
    plan_film(song, wishes)
    cast_mara(project)
    # 1. Cut off after the first take, and run again.
    with pytest.raises(Killed):
        render_film(song, wishes, events=die_after_a_take)
    state = ProjectState.load(project.state_file)
    assert {entry.status for entry in state.timeline} == {"stand-in"}
    assert render_film(song, wishes).exit_status == 0
    bought = prompts(service.book)
    assert len(bought) == 3
    assert sorted("Mara: thirty, freckles, black bob, wearing red coat" in words for words in bought) == [0, 1, 1]
    # 2. The memory knows what plays, and whose session it was.
    done = ProjectState.load(project.state_file)
    takes = {take.receipt.scene: take.receipt.fingerprint for take in TakeStore(project.clips).all()}
    assert {entry.scene: entry.clip_take for entry in done.timeline} == takes
    assert {(entry.status, entry.played_by) for entry in done.timeline} == {("done", "fake-paid")}
    assert done.session_id == state.session_id
    # What a reviewer says of a take that plays is taken over by the next run.
    clips = TakeStore(project.clips)
    third = next(take for take in clips.all() if take.receipt.scene == "s003").receipt
    said = {"scene": "s003", "kind": "clip", "first": third.fingerprint, "fingerprint": third.fingerprint}
    said |= {"sha256": third.sha256, "by": "a critic", "score": 0.7, "reason": "dark"}
    clips.keep_review(TakeReview.model_validate(said))
    # 3. What she wears changes her two scenes, and nothing else.
    edit(project, clothing="yellow raincoat")
    events: list[Event] = []
    forecast = foresee_film(song, wishes, events=events.append)
    foreseen = {scene.scene: (scene.action, scene.why) for scene in forecast.scenes}
    assert [action for action, _ in foreseen.values()] == ["buy", "buy", "keep"]
    assert "changed: prompt" in foreseen["s001"][1]
    assert any("nobody in state.json is called 'Ivo'" in each.text for each in events if isinstance(each, Warned))
    render_film(song, wishes)
    again = prompts(service.book)[3:]
    assert [("yellow raincoat" in words, "red coat" in words) for words in again] == [(True, False)] * 2
    scores = [entry.review_score for entry in ProjectState.load(project.state_file).timeline]
    assert scores == [None, None, 0.7]
    report = (project.root / "report.html").read_text(encoding="utf-8")
    assert "yellow raincoat" in report
    # 4. What plays now is in use; what does not is not thrown away unasked, for it was paid for.
    cleaned = clean_project(project, CleanWishes(takes=True))
    assert cleaned.kept_paid == 2
    # 5. A broken edit is refused, and nothing is bought.
    edit(project, cloths="none")
    with pytest.raises(BadEditError, match=r"line \d+: character_state.0.cloths"):
        render_film(song, wishes)
    assert len(service.book.purchases()) == 5


@pytest.mark.slow
def test_a_painted_film_does_not_depend_on_its_memory(song: Path, tmp_path: Path) -> None:
    wishes = options(tmp_path)
    wishes = replace(wishes, brief=wishes.brief.model_copy(update={"video_backend": "procedural"}))
    first = render_film(song, wishes)
    project = Project.beside(song)
    state = json.loads(project.state_file.read_text(encoding="utf-8"))
    assert {entry["status"] for entry in state["timeline"]} == {"done"}
    state["environment_state"]["lighting_condition"] = "neon"
    project.state_file.write_text(json.dumps(state), encoding="utf-8")
    again = render_film(song, wishes)
    assert (first.n_scenes_reused, again.n_scenes_made) == (0, 0)
    assert ProjectState.load(project.state_file).environment_state.lighting_condition == "neon"
    assert "neon" in (project.root / "report.html").read_text(encoding="utf-8")
    told_ns = (project.root / "report.html").stat().st_mtime_ns
    render_film(song, wishes, events=ignore)
    assert (project.root / "report.html").stat().st_mtime_ns == told_ns


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
@pytest.mark.parametrize("failpoints", [("ticket.kept:1", "take.kept:1"), ("file.written:12", "file.replaced:5")])
def test_runs_that_are_killed_buy_nothing_twice_for_the_memory(tmp_path: Path, failpoints: tuple[str, ...]) -> None:
    song = write_song(tmp_path / "song.wav", 12.0)
    project = Project.beside(song)
    with paid_service(tmp_path) as service:
        env = environment(tmp_path, service)
        assert start(tmp_path, env, "storyboard", "song.wav", "--size", "160x90").wait(120) == 0
        cast_mara(project)
        for failpoint in failpoints:
            assert start(tmp_path, {**env, "SUNO_VIDEO_FAILPOINT": failpoint}).wait(120) == -9
        assert start(tmp_path, env, *RENDER).wait(180) == 0
        edit(project, clothing="yellow raincoat")
        assert start(tmp_path, {**env, "SUNO_VIDEO_FAILPOINT": "take.kept:1"}).wait(120) == -9
        assert start(tmp_path, env, *RENDER).wait(180) == 0
    with closing(Book(tmp_path / "book.sqlite")) as book:
        words = prompts(book)
        assert book.bought_again() == []
    assert len(words) == 5
    assert sum("red coat" in each for each in words) == sum("yellow raincoat" in each for each in words) == 2
    assert {entry.status for entry in ProjectState.load(project.state_file).timeline} == {"done"}
