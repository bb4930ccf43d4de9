"""`plan`, `cost`, `clean` and the price in `storyboard`: what a film costs, before and after."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import FAST, Shop, write_song


def lines(done: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_plan_prices_every_scene_and_leaves_nothing_behind(shop: Shop) -> None:
    done = shop("plan", "song.wav", *FAST, "--budget", "5")
    assert done.returncode == 0, done.stderr
    rows = done.stdout.splitlines()
    assert rows[0].split() == ["scene", "what", "by", "price", "about", "why"]
    assert "buy" in rows[1]
    assert "$0.40 expected, $0.40 at worst" in rows[-1]
    assert sorted(path.name for path in shop.work.iterdir()) == ["song.wav"]
    assert shop.n_bought() == 0


def test_a_plan_under_a_small_budget_names_what_stays_free_and_why(shop: Shop) -> None:
    result = lines(shop("plan", "song.wav", *FAST, "--budget", "0.10", "--json"))
    scenes = [line for line in result if line["event"] == "plan.scene"]
    assert {scene["action"] for scene in scenes} <= {"buy", "stand-in"}
    assert all("$0.10" in scene["why"] for scene in scenes if scene["action"] == "stand-in")
    assert float(result[-1]["worst_usd"]) <= 0.10
    assert result[-1]["n_stand_ins"] > 0


@pytest.mark.slow
def test_after_the_film_the_plan_of_the_project_keeps_everything(shop: Shop) -> None:
    assert shop.render("--budget", "5").returncode == 0
    result = lines(shop("plan", "song.suno-video", *FAST, "--budget", "5", "--json"))[-1]
    assert (result["n_to_buy"], result["n_to_make"], result["n_stand_ins"]) == (0, 0, 0)
    assert result["n_kept"] > 0


@pytest.mark.slow
def test_cost_lists_every_attempt_and_sums_up_what_was_paid_by_what_is_asked(shop: Shop) -> None:
    assert "nothing was spent yet" in shop("cost").stdout
    assert shop.render("--budget", "5").returncode == 0
    table = shop("cost").stdout
    assert "song.suno-video" in table
    assert "$0.40 spent" in table
    result = lines(shop("cost", "song.suno-video", "--json"))
    attempts = [line for line in result if line["event"] == "attempt"]
    assert len(attempts) == shop.n_bought()
    assert {attempt["outcome"] for attempt in attempts} == {"made"}
    assert float(result[-1]["spent_usd"]) == 0.40
    rows = list(csv.DictReader(io.StringIO(shop("cost", "--csv").stdout)))
    assert [row["scene"] for row in rows] == [attempt["scene"] for attempt in attempts]
    for by in ("backend", "day", "scene", "outcome"):
        done = shop("cost", "--by", by)
        assert done.stdout.startswith(by)
        assert "$0.40 spent" in done.stdout


def test_the_price_list_shows_our_prices_and_yours_in_their_place(shop: Shop, tmp_path: Path) -> None:
    ours = shop("cost", "--prices").stdout
    assert "minimax/video-01" in ours
    own = tmp_path / "home" / "suno-video" / "prices.toml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(
        '[[price]]\nbackend = "replicate"\nmodel = "minimax/video-01"\nunit = "clip"\nusd = "9.99"\n'
        'effective_from = 2026-01-01\nsource = "my contract"\nchecked_on = 2026-01-02\n',
        encoding="utf-8",
    )
    rows = [row for row in shop("cost", "--prices").stdout.splitlines() if "minimax/video-01" in row]
    assert len(rows) == 1
    assert "$9.99 per clip" in rows[0]
    assert "2026-01-02 (old)" in rows[0]
    assert "my contract" in rows[0]


def test_cost_by_nonsense_ends_with_2(shop: Shop) -> None:
    done = shop("cost", "--by", "weather")
    assert done.returncode == 2
    assert "Choose one of: project, backend" in done.stderr


def test_the_budget_flag_stops_with_4_and_the_film_is_there(shop: Shop) -> None:
    done = shop.render("--budget", "0.10")
    assert done.returncode == 4, done.stderr
    assert (shop.work / "song.mp4").is_file()
    assert "higher --budget" in done.stderr


def test_storyboard_dry_run_shows_prices_and_what_they_add_up_to(shop: Shop) -> None:
    done = shop("storyboard", "song.wav", "--size", "128x72", "--look", "cosmos", "--dry-run", "--budget", "5")
    assert done.returncode == 0, done.stderr
    assert "$0.40 expected, $0.40 at worst" in done.stdout
    assert shop.n_bought() == 0
    assert sorted(path.name for path in shop.work.iterdir()) == ["song.wav"]


@pytest.mark.slow
def test_clean_never_deletes_what_was_paid_for_without_being_told(shop: Shop) -> None:
    assert shop.render("--budget", "5").returncode == 0
    assert shop.render("--budget", "5", "--reject", "1").returncode == 0
    clips = shop.work / "song.suno-video" / "clips"
    before = sorted(clips.glob("*.mp4"))
    done = shop("clean", "song.suno-video", "--segments", "--takes")
    assert done.returncode == 0, done.stderr
    assert sorted(clips.glob("*.mp4")) == before
    assert "1 file that you paid for" in done.stderr
    assert list((shop.work / "song.suno-video" / "segments").iterdir()) == []
    told = shop("clean", "song.suno-video", "--paid", "--dry-run")
    assert "would free" in told.stderr
    assert sorted(clips.glob("*.mp4")) == before
    shop("clean", "song.suno-video", "--paid")
    assert len(sorted(clips.glob("*.mp4"))) == len(before) - 1
    n_before = shop.n_bought()
    assert shop.render("--budget", "5").returncode == 0
    assert shop.n_bought() == n_before, "what plays was not deleted, so nothing is bought again"


@pytest.mark.slow
def test_a_settings_file_that_lies_in_a_folder_may_not_spend_money(shop: Shop) -> None:
    (shop.work / "suno-video.toml").write_text("[money]\nbudget = 100\n", encoding="utf-8")
    done = shop.render()
    assert done.returncode == 78
    assert "may not say what is spent" in done.stderr
    named = shop.work / "mine.toml"
    (shop.work / "suno-video.toml").rename(named)
    assert shop.render("--config", "mine.toml").returncode == 0


@pytest.mark.slow
def test_songs_of_one_command_share_its_budget(shop: Shop) -> None:
    write_song(shop.work / "tune.wav", seconds=8)
    done = shop("render", "song.wav", "tune.wav", *FAST, "--budget", "0.50")
    assert done.returncode == 4, done.stderr
    spent = sum(purchase.cost_usd for purchase in shop.service.book.purchases())
    assert spent <= 0.50
    assert (shop.work / "tune.mp4").is_file()


def test_stills_are_in_the_price_and_come_out_of_the_budget_first(shop: Shop) -> None:
    """With prices from our list; nothing is asked of the service."""
    both = ("song.wav", *FAST, "--stills", "replicate", "--backend", "replicate", "--json")
    scenes, result = _split(lines(shop("plan", *both, REPLICATE_API_TOKEN="r8_none")))
    still, n = Decimal("0.003"), len(scenes)
    assert all(Decimal(scene["expected_usd"]) > still for scene in scenes)
    assert Decimal(result["expected_usd"]) == sum(Decimal(scene["expected_usd"]) for scene in scenes)
    # Enough for the stills alone: every clip is left to a camera that moves over its still.
    budget = f"{n * still + Decimal('0.01')}"
    scenes, result = _split(lines(shop("plan", *both, "--budget", budget, REPLICATE_API_TOKEN="r8_none")))
    assert {scene["action"] for scene in scenes} == {"stand-in"}
    assert Decimal(result["expected_usd"]) == n * still
    assert all("camera moves over a still" in scene["why"] for scene in scenes)
    # For one still alone: the others, and their clips, are out of reach.
    scenes, result = _split(lines(shop("plan", *both, "--budget", "0.004", REPLICATE_API_TOKEN="r8_none")))
    assert Decimal(result["expected_usd"]) == still
    assert sum("the budget does not reach its still" in scene["why"] for scene in scenes) == n - 1


def _split(events: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    return [event for event in events if event["event"] == "plan.scene"], events[-1]
