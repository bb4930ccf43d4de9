"""What a service may do to a buyer, through the whole of a run: the film is whole, and paid for once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from suno_video.assemble.proof import SyncProof
from suno_video.backends.fakeservice import FakeService, Mischief, Trick
from suno_video.backends.fakeservice.wire import ADDRESS_VARIABLE, SETTLE_VARIABLE, TOKEN_VARIABLE
from suno_video.core.brief import Brief
from suno_video.core.frames import FrameSize
from suno_video.pipeline import FilmOptions, FilmResult, render_film
from suno_video.project.ledger import Ledger
from suno_video.project.purchases import Caps
from suno_video.render.policy import RetryPolicy

FPS = 12
SONG_S = 12.0
N_SCENES = 3
TINY = FrameSize(width_px=128, height_px=72)


@dataclass(frozen=True)
class Trouble:
    """What goes wrong, and what must come of it."""

    mischief: Mischief
    n_bought: int = N_SCENES
    n_turned_away: int = 0
    exit_status: int = 0


def first(what: str, door: str = "buy") -> Mischief:
    """Only the first call of a door goes wrong."""
    return Mischief.model_validate({"tricks": [{"what": what, "door": door, "calls": [1]}]})


def storm(what: str) -> Mischief:
    """Five orders are sent away, the first clip's three times, and told when to come again."""
    trick = {"what": what, "calls": [1, 2, 3, 5, 6], "wait_s": 0.2}
    looks = {"what": "throttled", "door": "look", "calls": [1, 2], "wait_s": 0.2}
    return Mischief.model_validate({"tricks": [trick, looks]})


ONE_MORE = N_SCENES + 1
QUICK = ("storm of 429", "dropped after accepting", "truncated clip")
"""One of each sort; the others are slow, one by one, but not different."""
TROUBLES = {
    "storm of 429": Trouble(storm("throttled"), n_turned_away=5),
    "storm of 503": Trouble(storm("error-503"), n_turned_away=5),
    "dropped before accepting": Trouble(first("dropped"), n_turned_away=1),
    "dropped after accepting": Trouble(first("dropped-after")),
    "502 after accepting": Trouble(first("error-502-after")),
    "job fails": Trouble(first("fails"), n_bought=ONE_MORE),
    "short clip": Trouble(first("short"), n_bought=ONE_MORE),
    "truncated clip": Trouble(first("truncated"), n_bought=ONE_MORE),
    "html instead of a clip": Trouble(first("html"), n_bought=ONE_MORE),
    "html that says it is a clip": Trouble(first("html-as-mp4"), n_bought=ONE_MORE),
    "empty clip": Trouble(first("empty"), n_bought=ONE_MORE),
    "black clip": Trouble(first("black"), n_bought=ONE_MORE),
    "sound without a picture": Trouble(first("sound-only"), n_bought=ONE_MORE),
    "quite another size": Trouble(first("other-size"), n_bought=ONE_MORE),
    "half the size": Trouble(first("half-size")),
    "another rate": Trouble(first("other-fps")),
    "address expired": Trouble(first("expired", "fetch")),
    "download cut off": Trouble(first("cut", "fetch")),
    "price above the quote": Trouble(first("overpriced")),
    # Each scene is tried four times, and after two that were paid and are gone no third one is bought.
    "every clip expired": Trouble(Mischief(expire_s=0.0, work_s=0.0), n_bought=4 * 2, exit_status=3),
    "every clip black": Trouble(Mischief(tricks=(Trick(what="black"),)), n_bought=3 * 2, exit_status=3),
    # The first clip is ordered alone, and a service that gives no credit is away for the others too.
    "no credit": Trouble(Mischief(tricks=(Trick(what="no-credit"),)), n_bought=0, n_turned_away=1, exit_status=3),
}


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeService]:
    with FakeService(tmp_path / "book.sqlite") as running:
        monkeypatch.setenv(ADDRESS_VARIABLE, running.url)
        monkeypatch.setenv(TOKEN_VARIABLE, running.token)
        yield running


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait as long as a service asks, but no seconds of our own."""

    def wait_s(self: RetryPolicy, n_before: int, asked_s: float | None, rng: random.Random) -> float:
        return asked_s if asked_s is not None else 0.01

    monkeypatch.setattr(RetryPolicy, "wait_s", wait_s)
    monkeypatch.setenv(SETTLE_VARIABLE, "0.2")


def render(song: Path, folder: Path, budget: str = "20") -> FilmResult:
    brief = Brief(look="cosmos", size=TINY, fps=FPS, video_backend="fake-paid")
    caps = Caps(run_usd=Decimal(budget))
    return render_film(song, FilmOptions(brief=brief, quality="draft", ledger=folder / "ledger.db", caps=caps))


@pytest.mark.parametrize(
    "trouble",
    [pytest.param(each, id=name, marks=() if name in QUICK else pytest.mark.slow) for name, each in TROUBLES.items()],
)
def test_the_film_is_whole_in_sync_and_paid_for_once(
    make_song: Callable[..., Path], tmp_path: Path, service: FakeService, impatient: None, trouble: Trouble
) -> None:
    service.set_mischief(trouble.mischief)
    result = render(make_song("song.wav", SONG_S), tmp_path)
    proof = SyncProof.load(result.project / "sync.json")
    assert (proof.max_drift_frames, proof.n_frames_written) == (0, int(SONG_S * FPS))
    assert result.exit_status == trouble.exit_status, result.stand_ins
    assert bool(result.stand_ins) == (trouble.exit_status == 3)
    book = service.book
    assert (len(book.purchases()), len(book.turned_away())) == (trouble.n_bought, trouble.n_turned_away)
    assert book.bought_twice() == []
    assert result.cost_usd == book.spent_usd()
    assert Ledger(tmp_path / "ledger.db").open_holds() == []


def test_what_cost_more_than_quoted_counts_in_full_against_the_budget(
    make_song: Callable[..., Path], tmp_path: Path, service: FakeService, impatient: None
) -> None:
    service.set_mischief(Mischief(tricks=(Trick(what="overpriced"),), overprice=Decimal(10)))
    song = make_song("song.wav", SONG_S)
    first_run = render(song, tmp_path, budget="1.40")
    assert first_run.cost_usd == service.book.spent_usd()
    assert first_run.cost_usd > Decimal("1.40"), "it overshoots by one scene"
    assert len(service.book.purchases()) == 1, "the next one is refused"
    assert first_run.short_of_money
