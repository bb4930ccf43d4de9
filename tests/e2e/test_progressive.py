"""With a slow or paid backend the film is whole from the first minute, and gets better scene by scene."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from suno_video.assemble.proof import SyncProof
from suno_video.backends.fakeservice import FakeService, Mischief, Trick
from suno_video.backends.fakeservice.wire import ADDRESS_VARIABLE, TOKEN_VARIABLE
from suno_video.core.brief import Brief
from suno_video.core.errors import UsageError
from suno_video.core.events import Event, FilmUpdated, StageDone, TakeDone
from suno_video.core.frames import FrameSize
from suno_video.core.storyboard import Storyboard
from suno_video.media.mp4 import read_mp4
from suno_video.pipeline import FilmOptions, FilmResult, render_film
from suno_video.pipeline.foresight import foresee_film
from suno_video.project.purchases import Caps
from suno_video.project.takes import TakeStore

TINY = FrameSize(width_px=128, height_px=72)
N_FRAMES = 360


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


def options(tmp_path: Path, budget: str | None = "20", **changes: Any) -> FilmOptions:
    brief = Brief(look="cosmos", size=TINY, video_backend="fake-paid")
    caps = Caps(run_usd=Decimal(budget)) if budget is not None else Caps()
    plain = FilmOptions(brief=brief, quality="draft", ledger=tmp_path / "ledger.db", caps=caps)
    return replace(plain, **changes)


class Watcher:
    """Looks at the film on disk whenever it is said to be whole."""

    def __init__(self, film: Path) -> None:
        self.events: list[Event] = []
        self.frames_seen: list[int] = []
        self._film = film

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, FilmUpdated):
            picture = read_mp4(self._film).track("vide")
            assert picture is not None
            self.frames_seen.append(picture.n_samples)

    def kinds(self, *wanted: type[Event]) -> list[str]:
        return [event.name for event in self.events if isinstance(event, wanted)]


def render(song: Path, wishes: FilmOptions) -> tuple[FilmResult, Watcher]:
    watcher = Watcher(song.with_suffix(".mp4"))
    return render_film(song, wishes, events=watcher), watcher


def test_the_film_is_whole_before_the_first_clip_and_after_each(
    song: Path, tmp_path: Path, service: FakeService
) -> None:
    result, watcher = render(song, options(tmp_path))
    told = watcher.kinds(FilmUpdated, TakeDone)
    assert told[0] == "film.updated"
    assert told.count("take.done") == 3
    assert watcher.frames_seen == [N_FRAMES] * len(watcher.frames_seen)
    assert result.stand_ins == {}
    assert result.exit_status == 0
    proof = SyncProof.load(result.project / "sync.json")
    assert (proof.max_drift_frames, proof.n_frames_written) == (0, N_FRAMES)


@pytest.mark.slow
def test_the_next_run_buys_nothing_and_makes_nothing(song: Path, tmp_path: Path, service: FakeService) -> None:
    first, _ = render(song, options(tmp_path))
    film = song.with_suffix(".mp4").read_bytes()
    again, watcher = render(song, options(tmp_path))
    assert (again.n_scenes_made, again.cost_usd) == (0, 0)
    assert len(service.book.purchases()) == 3
    assert song.with_suffix(".mp4").read_bytes() == film
    assert any(isinstance(event, StageDone) and event.stage == "assemble" and event.reused for event in watcher.events)
    assert first.cost_usd == sum(purchase.cost_usd for purchase in service.book.purchases())


def test_a_budget_that_does_not_reach_leaves_a_whole_film_and_status_4(
    song: Path, tmp_path: Path, service: FakeService
) -> None:
    result, watcher = render(song, options(tmp_path, budget="0.25"))
    assert result.exit_status == 4
    assert 0 < len(result.stand_ins) < 3
    assert all("$0.25" in reason for reason in result.stand_ins.values())
    assert result.cost_usd <= Decimal("0.25")
    assert watcher.frames_seen[-1] == N_FRAMES
    report = (result.project / "report.html").read_text(encoding="utf-8")
    assert "Costs" in report
    assert "$0.25" in report


@pytest.mark.slow
def test_with_more_money_the_rest_is_upgraded_in_place(song: Path, tmp_path: Path, service: FakeService) -> None:
    few, _ = render(song, options(tmp_path, budget="0.25"))
    n_before = len(service.book.purchases())
    result, _ = render(song, options(tmp_path, budget="9"))
    assert result.stand_ins == {}
    assert len(service.book.purchases()) == n_before + len(few.stand_ins) == 3


def test_without_a_budget_nothing_is_made_and_the_price_is_said(
    song: Path, tmp_path: Path, service: FakeService
) -> None:
    with pytest.raises(UsageError, match="fake-paid costs money: 3 clips"):
        render(song, options(tmp_path, budget=None))
    assert service.book.purchases() == []
    assert not song.with_suffix(".mp4").exists()


@pytest.mark.slow
def test_a_refused_scene_is_played_by_a_stand_in_and_asked_for_again_only_with_upgrade(
    song: Path, tmp_path: Path, service: FakeService
) -> None:
    service.set_mischief(Mischief(tricks=(Trick(what="refused", rate=1.0),)))
    result, _ = render(song, options(tmp_path))
    assert result.exit_status == 3
    assert len(result.stand_ins) == 3
    service.set_mischief(Mischief())
    n_asked = len(service.book.purchases())
    again, _ = render(song, options(tmp_path))
    assert len(again.stand_ins) == 3
    assert all("--upgrade" in reason for reason in again.stand_ins.values())
    assert len(service.book.purchases()) == n_asked
    upgraded, _ = render(song, options(tmp_path, upgrade=True))
    assert upgraded.stand_ins == {}


@pytest.mark.slow
def test_a_scene_is_done_again_kept_and_rejected(song: Path, tmp_path: Path, service: FakeService) -> None:
    first, _ = render(song, options(tmp_path))
    clips = TakeStore(first.project / "clips")
    redone, _ = render(song, options(tmp_path, redo=("2",)))
    assert redone.n_scenes_made == 1
    assert [take.receipt.scene for take in clips.all()].count("s002") == 2
    render(song, options(tmp_path, keep=("s002",)))
    with pytest.raises(UsageError, match="Scene s002 is kept"):
        render(song, options(tmp_path, redo=("2",)))
    render(song, options(tmp_path, reject=("2",)))
    assert [take.receipt.scene for take in clips.all()].count("s002") == 3, "rejected takes stay on disk"


@pytest.mark.slow
def test_a_kept_clip_plays_although_its_prompt_has_changed(song: Path, tmp_path: Path, service: FakeService) -> None:
    first, _ = render(song, options(tmp_path))
    render(song, options(tmp_path, keep=("1",)))
    file = first.project / "storyboard.json"
    board = Storyboard.load(file)
    scenes = tuple(scene.model_copy(update={"prompt": f"{scene.prompt}, in snow"}) for scene in board.scenes)
    file.write_text(board.model_copy(update={"scenes": scenes}).to_json(), encoding="utf-8")
    n_before = len(service.book.purchases())
    result, _ = render(song, options(tmp_path))
    assert len(service.book.purchases()) == n_before + 2
    assert result.stand_ins == {}


@pytest.mark.parametrize("names", [("4",), ("s009",), ("0",), ("2-9",), ("x",)])
def test_a_scene_that_is_not_there_is_refused(
    song: Path, tmp_path: Path, service: FakeService, names: tuple[str, ...]
) -> None:
    with pytest.raises(UsageError, match="There is no scene"):
        render(song, options(tmp_path, redo=names))


@pytest.mark.slow
def test_the_plan_says_what_render_then_does(song: Path, tmp_path: Path, service: FakeService) -> None:
    wishes = options(tmp_path)
    before = foresee_film(song, wishes)
    assert [scene.action for scene in before.scenes] == ["buy"] * 3
    assert not song.with_suffix(".suno-video").exists(), "a plan writes nothing"
    result, _ = render(song, wishes)
    assert result.cost_usd == before.expected_usd
    after = foresee_film(song, wishes)
    assert [scene.action for scene in after.scenes] == ["keep"] * 3
    file = result.project / "storyboard.json"
    board = Storyboard.load(file)
    changed = board.scenes[1].model_copy(update={"prompt": "a lighthouse in fog"})
    file.write_text(board.model_copy(update={"scenes": (board.scenes[0], changed, board.scenes[2])}).to_json())
    planned = foresee_film(song, wishes)
    assert [scene.action for scene in planned.scenes] == ["keep", "buy", "keep"]
    assert planned.scenes[1].why.startswith("changed: prompt")
    n_before = len(service.book.purchases())
    again, _ = render(song, wishes)
    assert len(service.book.purchases()) == n_before + 1
    assert again.cost_usd == planned.expected_usd
