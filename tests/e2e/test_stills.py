"""Stills first, all with one model in memory; then what moves them. A scene without its still is played otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from suno_video.backends.base import FREE, BackendSetup, ClipRequest, Job, MakesKind, StillRequest
from suno_video.backends.fake import FakeImage, FakeVideo, bad_input
from suno_video.backends.registry import make_backend
from suno_video.core.analysis import SongAnalysis
from suno_video.core.brief import Brief
from suno_video.core.events import Event, FilmUpdated, TakeDone
from suno_video.core.frames import FrameSize
from suno_video.core.storyboard import Storyboard
from suno_video.direct.worth import rank_scenes
from suno_video.pipeline import FilmOptions, FilmResult, render_film
from suno_video.pipeline.foresight import foresee_film
from suno_video.project.purchases import Caps
from suno_video.project.takes import TakeStore

SIZE = FrameSize(width_px=128, height_px=72)


class Machines:
    """The fakes in the place of registered backends, each made once and looked at afterwards."""

    def __init__(self, *fakes: Any) -> None:
        self._fakes = {fake.name: fake for fake in fakes}

    def __call__(self, name: str, kind: MakesKind, setup: BackendSetup) -> Any:
        return self._fakes[name] if name in self._fakes else make_backend(name, kind, setup)


class Inverted(FakeImage):
    """Paints another picture for the same request."""

    def make(self, request: StillRequest, job: Job) -> Path:
        path = super().make(request, job)
        with Image.open(path) as picture:
            ImageChops.invert(picture).save(path)
        return path


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def put_in_place(*fakes: Any) -> None:
        monkeypatch.setattr("suno_video.pipeline.tasks.make_backend", Machines(*fakes))

    return put_in_place


@pytest.fixture
def song(make_song: Callable[..., Path]) -> Path:
    return make_song("song.wav", 12.0)


def render(song: Path, video_backend: str) -> tuple[FilmResult, list[Event]]:
    brief = Brief(look="cosmos", size=SIZE, still_backend="fake-image", video_backend=video_backend)
    events: list[Event] = []
    return render_film(song, FilmOptions(brief=brief, quality="draft"), events=events.append), events


def test_each_scene_gets_its_still_in_one_pass_and_parallax_moves_it(song: Path, use: Callable[..., None]) -> None:
    painter = FakeImage()
    use(painter)
    result, events = render(song, "parallax")
    stills = TakeStore(result.project / "stills").all()
    assert sorted(take.receipt.scene for take in stills) == ["s001", "s002", "s003"]
    assert (painter.n_opened, painter.n_closed) == (1, 1)
    assert (result.stand_ins, result.exit_status) == ({}, 0)
    assert next(event.name for event in events if isinstance(event, FilmUpdated | TakeDone)) == "film.updated"
    again, _ = render(song, "parallax")
    assert (again.n_scenes_made, len(painter.requests)) == (0, 3)


@pytest.mark.slow
def test_a_scene_without_its_still_is_played_by_the_embedded_painter_and_named(
    song: Path, use: Callable[..., None]
) -> None:
    painter = FakeImage(script=[bad_input()])
    painter.capabilities = replace(painter.capabilities, concurrency=1)
    use(painter)
    result, _ = render(song, "parallax")
    assert list(result.stand_ins) == ["s001"]
    assert result.exit_status == 3


@pytest.mark.slow
def test_clips_begin_with_the_stills_and_a_new_still_makes_a_new_clip(song: Path, use: Callable[..., None]) -> None:
    firsts: list[Path | None] = []

    class Mover(FakeVideo):
        def make(self, request: ClipRequest, job: Job) -> Any:
            firsts.append(request.first_frame)
            return super().make(request, job)

    use(FakeImage(), Mover(footage="file"))
    result, _ = render(song, "fake")
    assert result.stand_ins == {}
    assert sorted(path.parent.name for path in firsts if path is not None) == ["stills"] * 3
    same = FakeImage()
    same.version = "2"
    use(same, Mover(footage="file"))
    render(song, "fake")
    assert (len(same.requests), len(firsts)) == (3, 3), "another version that paints the same picture needs no new clip"
    other = Inverted()
    other.version = "3"
    use(other, Mover(footage="file"))
    render(song, "fake")
    assert len(firsts) == 6


def test_clips_that_have_no_still_to_begin_with_keep_no_other_from_being_bought(
    song: Path, tmp_path: Path, use: Callable[..., None]
) -> None:
    painter, mover = FakeImage(script=[bad_input(), bad_input()]), FakeVideo(footage="file", price_usd="0.10")
    painter.capabilities = replace(painter.capabilities, concurrency=1)
    begins = frozenset({"first_frame"})
    mover.capabilities = replace(mover.capabilities, accepts=begins, needs=begins)
    use(painter, mover)
    brief = Brief(look="cosmos", size=SIZE, still_backend="fake-image", video_backend="fake")
    options = FilmOptions(
        brief=brief,
        quality="draft",
        ledger=tmp_path / "ledger.db",
        caps=Caps(run_usd=Decimal(5)),
        checks=frozenset(),  # a test card does not begin with the still
    )
    result = render_film(song, options)
    assert [request.scene for request in mover.requests] == ["s003"]
    assert list(result.stand_ins) == ["s001", "s002"]
    assert all(reason.startswith("no still to begin with: ") for reason in result.stand_ins.values())
    assert result.cost_usd == Decimal("0.10")


@pytest.mark.slow
def test_a_budget_for_some_stills_buys_those_of_the_best_scenes(
    make_song: Callable[..., Path], tmp_path: Path, use: Callable[..., None]
) -> None:
    """They used to be bought in the order of the film, so that the chorus went without."""
    song = make_song("long.wav", 24.0)
    painter = FakeImage(price_usd="0.10")
    painter.capabilities = replace(painter.capabilities, concurrency=1)
    use(painter)
    brief = Brief(look="cosmos", size=SIZE, still_backend="fake-image", video_backend="parallax")
    caps = Caps(run_usd=Decimal("0.25"))
    options = FilmOptions(brief=brief, quality="draft", ledger=tmp_path / "ledger.db", caps=caps)
    foreseen = foresee_film(song, options)
    result = render_film(song, options)
    board = Storyboard.load(result.project / "storyboard.json")
    analysis = SongAnalysis.load(result.project / "analysis.json")
    best = [entry.scene.id for entry in rank_scenes(board, analysis, {scene.id: FREE for scene in board.scenes})]
    assert len(best) > 3 and best[:2] != [scene.id for scene in board.scenes][:2]
    assert [request.scene for request in painter.requests] == best[:2]
    assert [scene.scene for scene in foreseen.scenes if scene.action == "buy"] == sorted(best[:2])
    assert (sorted(result.stand_ins), result.exit_status) == (sorted(best[2:]), 4)
