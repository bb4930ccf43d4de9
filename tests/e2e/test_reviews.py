"""A director that looks at what was made: better takes, bounded money, and nothing bought twice whatever dies."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suno_video.backends.base import BackendSetup, ClipRequest, Job, MakesKind
from suno_video.backends.fake import FakeImage, FakeVideo
from suno_video.backends.fakeservice import Book
from suno_video.backends.registry import make_backend
from suno_video.core.brief import Brief
from suno_video.core.errors import ConfigError
from suno_video.core.events import Event, Notice, TakeReviewed
from suno_video.core.frames import FrameSize
from suno_video.core.storyboard import Storyboard
from suno_video.direct.llm.question import NoAnswer, Question
from suno_video.pipeline import FilmOptions, FilmResult, render_film
from suno_video.pipeline.cleaning import CleanWishes, clean_project
from suno_video.pipeline.state import scene_states
from suno_video.project.takes import TakeStore
from suno_video.project.workspace import Project
from suno_video.render.review import ReviewRules
from tests.e2e.conftest import write_song
from tests.e2e.crashes import RENDER, UNFINISHED, environment, film_sha, paid_service, strays
from tests.unit.critics import Scripted

ROOT = Path(__file__).resolve().parents[2]
SIZE = FrameSize(width_px=128, height_px=72)
BETTER = "a lantern in the snow, wide lens"


class Mover(FakeVideo):
    """Remembers which still each clip began with."""

    def __init__(self, **more: Any) -> None:
        super().__init__(footage="file", **more)
        self.capabilities = replace(self.capabilities, accepts=self.capabilities.accepts | {"first_frame"})
        self.firsts: dict[str, bytes] = {}

    def make(self, request: ClipRequest, job: Job) -> Any:
        assert request.first_frame is not None
        self.firsts[request.scene] = request.first_frame.read_bytes()
        return super().make(request, job)


def answers(still: float, clip: float) -> Callable[[Question[Any], int], dict[str, Any]]:
    """Scores of first stills and clips; what was asked for in better words is fine."""

    def answer(question: Question[Any], number: int) -> dict[str, Any]:
        first = still if "one still" in question.system else clip
        score = 0.9 if BETTER in question.prompt else first
        return {
            "prompt": score,
            "character": None,
            "mood": score,
            "energy": score,
            "reason": f"<b>{score}</b>",
            "better_prompt": "" if score == 0.9 else BETTER,
        }

    return answer


@pytest.fixture
def film(
    make_song: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[FilmResult, list[Event]]]:
    song = make_song("song.wav", 4.0)

    def render(adviser: Any, *fakes: Any, review: bool = True, **more: Any) -> tuple[FilmResult, list[Event]]:
        known = {fake.name: fake for fake in fakes}

        def make(name: str, kind: MakesKind, setup: BackendSetup) -> Any:
            return known[name] if name in known else make_backend(name, kind, setup)

        monkeypatch.setattr("suno_video.pipeline.tasks.make_backend", make)
        monkeypatch.setattr("suno_video.pipeline.advising.make_adviser", lambda *args, **more: adviser)
        brief = Brief(look="cosmos", size=SIZE, still_backend="fake-image", video_backend="fake")
        rules = ReviewRules() if review else None
        events: list[Event] = []
        options = FilmOptions(brief=brief, quality="draft", review=rules, **more)
        return render_film(song, options, events=events.append), events

    return render


def test_stills_are_reviewed_and_made_again_before_any_clip_is_made_of_them(film: Callable[..., Any]) -> None:
    painter, mover, adviser = FakeImage(), Mover(), Scripted(answers(still=0.1, clip=0.8))
    result, events = film(adviser, painter, mover)
    project = Project(result.project)
    n_scenes = len(mover.firsts)
    assert len(painter.requests) == 2 * n_scenes
    stills = {take.receipt.scene: take for take in TakeStore(project.stills).all() if take.receipt.retake_of}
    assert {scene: take.path.read_bytes() for scene, take in stills.items()} == mover.firsts
    assert all(take.receipt.prompt == BETTER for take in stills.values())
    reviewed = [(event.kind, event.accepted) for event in events if isinstance(event, TakeReviewed)]
    assert Counter(reviewed) == {("still", False): n_scenes, ("still", True): n_scenes, ("clip", True): n_scenes}
    # Three frames of each clip, one of each still; nothing is left lying about.
    assert Counter(len(pictures) for pictures in adviser.pictures) == {1: 2 * n_scenes, 3: n_scenes}
    assert all(picture.startswith(b"\xff\xd8\xff") for pictures in adviser.pictures for picture in pictures)
    assert list(project.scratch.glob("sample-*")) == []
    # It is shown, as text.
    board = Storyboard.load(project.storyboard_file)
    assert {state.review for state in scene_states(project, board, ())} == {
        "clip 0.80: <b>0.8</b>; still 0.90: <b>0.9</b>"
    }
    page = project.report_file.read_text(encoding="utf-8")
    assert "clip 0.80: &lt;b&gt;0.8&lt;/b&gt;" in page
    # Nothing is left to do, and cleaning takes nothing that belongs to the film.
    again = Scripted(answers(still=0.0, clip=0.0))
    assert film(again, painter, mover)[0].n_scenes_made == 0
    assert (again.asked, len(painter.requests), len(mover.requests)) == ([], 2 * n_scenes, n_scenes)
    clean_project(project, CleanWishes(takes=True, paid=True))
    assert film(again, painter, mover, review=False)[0].n_scenes_made == 0


@pytest.mark.slow
def test_a_film_made_without_reviews_keeps_stills_that_clips_were_made_of(film: Callable[..., Any]) -> None:
    painter, mover = FakeImage(), Mover()
    film(None, painter, mover, review=False)
    n_scenes = len(painter.requests)
    result, events = film(Scripted(answers(still=0.1, clip=0.1)), painter, mover)
    assert {event.kind for event in events if isinstance(event, TakeReviewed)} == {"clip"}
    assert (len(painter.requests), len(mover.requests)) == (n_scenes, 2 * n_scenes)
    assert result.stand_ins == {}


@pytest.mark.slow
def test_a_reviewer_that_gives_no_answer_is_told_once_and_stops_nothing(film: Callable[..., Any]) -> None:
    painter, mover = FakeImage(), Mover()
    result, events = film(Scripted(lambda question, number: NoAnswer("unavailable", "it is away")), painter, mover)
    assert (result.stand_ins, result.exit_status) == ({}, 0)
    told = [event.text for event in events if isinstance(event, Notice) and "no review" in event.text]
    assert told == ["no review by scripted:1: it is away; what is made is accepted without one"]
    assert len(painter.requests) == len(mover.requests)


def test_a_review_without_a_director_is_refused_before_anything_is_made(film: Callable[..., Any]) -> None:
    painter = FakeImage()
    with pytest.raises(ConfigError, match="sees pictures") as told:
        film(None, painter, Mover())
    assert "--director" in told.value.hint
    assert painter.requests == []


# Runs that die


def shoot(folder: Path, env: dict[str, str]) -> int:
    argv = [sys.executable, "-m", "tests.e2e.reviewed", *RENDER]
    done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, timeout=180, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode


def film_through(folder: Path, failpoint: str = "") -> tuple[str, list[Any], list[str]]:
    """Make a film whose first scene is found wanting; the first run dies at a failpoint. Gives what it came to."""
    write_song(folder / "song.wav", 6.0)
    with paid_service(folder) as service:
        more = {"SUNO_VIDEO_REVIEW__ENABLED": "true", "REVIEW_DISLIKES": "s001", "REVIEW_LOG": str(folder / "asked")}
        env = {**environment(folder, service, **more), "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
        if failpoint:
            assert shoot(folder, {**env, "SUNO_VIDEO_FAILPOINT": failpoint}) == -signal.SIGKILL
        statuses = [shoot(folder, env)]
        while statuses[-1] in UNFINISHED and len(statuses) < 10:
            statuses.append(shoot(folder, env))
        assert statuses[-1] == 0
        n_asked = len((folder / "asked").read_text().splitlines())
        assert shoot(folder, env) == 0
        assert len((folder / "asked").read_text().splitlines()) == n_asked, "a rerun reviews nothing again"
    with contextlib.closing(Book(folder / "book.sqlite")) as book:
        assert book.bought_twice() == []
        bought = book.purchases()
    assert [name for name in strays(folder) if "sample-" not in name] == []
    return film_sha(folder / "song.mp4"), bought, (folder / "asked").read_text().splitlines()


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Any], list[str]]:
    """The film of runs that nothing happened to: two scenes, and what is made again comes last."""
    return film_through(tmp_path_factory.mktemp("unharmed"))


N_SCENES = 2
LAST = N_SCENES + 1
PLACES = (
    "take.kept:1",
    "take.reviewed:1",
    f"attempt.held:{LAST}",
    f"ticket.kept:{LAST}",
    f"take.kept:{LAST}",
    f"attempt.settled:{LAST}",
    f"take.reviewed:{LAST}",
)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
@pytest.mark.parametrize("failpoint", PLACES)
def test_a_run_that_dies_around_a_review_buys_nothing_twice(
    tmp_path: Path, unharmed: tuple[str, list[Any], list[str]], failpoint: str
) -> None:
    film, bought, asked = unharmed
    assert len(bought) == N_SCENES + 1
    assert sorted(asked) == ["s001 again", "s001 first", "s002 first"]
    found = film_through(tmp_path, failpoint)
    assert (found[0], len(found[1])) == (film, len(bought))
