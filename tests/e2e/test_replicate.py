"""A whole film through stills and clips from the double of Replicate; and a run that is killed in the middle of one."""

from __future__ import annotations

import os
import time
from decimal import Decimal
from pathlib import Path

import pytest

from suno_video.backends.fakeservice import FakeService, Mischief
from suno_video.media.mp4 import read_mp4
from tests.e2e.conftest import write_song
from tests.e2e.crashes import environment, kill_tree, start
from tests.replicate.server import TOKEN, replicate_double

pytestmark = pytest.mark.slow

SONG_S = 8.0
RENDER = ("render", "song.wav", "--size", "160x90", "--quality", "draft", "--quiet", "--jobs", "2")


def variables(folder: Path, service: FakeService) -> dict[str, str]:
    """Lead a run to the double, for stills and clips."""
    paid = {
        "SUNO_VIDEO_BACKEND": "replicate",
        "SUNO_VIDEO_STILLS": "replicate",
        "REPLICATE_API_TOKEN": TOKEN,
        "REPLICATE_BASE_URL": service.url,
    }
    return {**environment(folder, {}), **paid}


def duration_s(film: Path, kind: str) -> float:
    track = read_mp4(film).track(kind)
    assert track is not None
    return float(track.duration_s)


def test_a_whole_film_is_bought_and_what_it_cost_is_written_down(tmp_path: Path) -> None:
    write_song(tmp_path / "song.wav", SONG_S)
    with replicate_double(tmp_path / "book.sqlite") as service:
        run = start(tmp_path, variables(tmp_path, service), *RENDER)
        assert run.wait(200) == 0
        bought, twice = service.book.purchases(), service.book.bought_twice()
        spent_usd = service.book.spent_usd()
    stills = [purchase for purchase in bought if "flux-schnell" in purchase.wish]
    clips = [purchase for purchase in bought if "wan-2.2" in purchase.wish]
    assert len(stills) == len(clips) >= 2
    assert twice == []
    film = tmp_path / "song.mp4"
    assert abs(duration_s(film, "vide") - SONG_S) < 0.05
    assert abs(duration_s(film, "vide") - duration_s(film, "soun")) < 0.05
    assert settled_usd(tmp_path) == spent_usd == Decimal("0.003") * len(stills) + Decimal("0.06075") * len(clips)


def settled_usd(folder: Path) -> Decimal:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(folder / "ledger.db")) as db:
        rows = db.execute("SELECT state, counts_micro FROM attempts").fetchall()
    assert {state for state, _ in rows} == {"settled"}
    return Decimal(sum(micro for _, micro in rows)) / 1_000_000


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_run_that_is_killed_while_a_prediction_runs_picks_it_up(tmp_path: Path) -> None:
    write_song(tmp_path / "song.wav", SONG_S)
    with replicate_double(tmp_path / "book.sqlite") as service:
        env = variables(tmp_path, service)
        # 1. Stills are quick; then clips take for ever, as seen from this run.
        run = start(tmp_path, env, *RENDER)
        until(lambda: any("flux" in purchase.wish for purchase in service.book.purchases()))
        service.set_mischief(Mischief(work_s=3.0))
        until(lambda: any("wan-2.2" in purchase.wish for purchase in service.book.purchases()))
        time.sleep(0.3)
        kill_tree(run)
        n_clips = sum("wan-2.2" in purchase.wish for purchase in service.book.purchases())
        # 2. The next run takes up what was bought.
        service.set_mischief(Mischief())
        again = start(tmp_path, env, *RENDER)
        assert again.wait(200) == 0
        bought, twice = service.book.purchases(), service.book.bought_again()
    assert n_clips >= 1
    assert twice == []
    assert sum("wan-2.2" in purchase.wish for purchase in bought) == sum("flux" in purchase.wish for purchase in bought)


def until(is_so: object, most_s: float = 120.0) -> None:
    """Wait for something that a run in another process does."""
    assert callable(is_so)
    end_s = time.monotonic() + most_s
    while not is_so():
        assert time.monotonic() < end_s
        time.sleep(0.05)
