"""`status`: what a film is really made of, what is held or suspect, and what happens next."""

from __future__ import annotations

import json
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from suno_video.core.storyboard import Storyboard
from suno_video.project.ledger import Ledger
from suno_video.project.lock import hold_project, is_held
from suno_video.project.workspace import Project
from tests.cli.conftest import FAST, Run, Shop, write_song

SMALL = ("--size", "64x36", "--quality", "draft", "--look", "cosmos", "--quiet")


def status_of(shop: Shop, *args: str) -> dict[str, Any]:
    done = shop("status", "song.suno-video", "--json", *args)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def die_at(shop: Shop, failpoint: str) -> None:
    assert (
        shop("render", "song.wav", *FAST, "--budget", "5", SUNO_VIDEO_FAILPOINT=failpoint).returncode == -signal.SIGKILL
    )


def test_scenes_that_the_budget_did_not_reach_are_stand_ins_with_that_reason(shop: Shop) -> None:
    assert shop.render("--budget", "0.16").returncode == 4
    found = status_of(shop)
    assert found["n_scenes_done"] + found["n_stand_ins"] == found["n_scenes"]
    assert 0 < found["n_stand_ins"] < found["n_scenes"]
    assert all("$0.16" in reason for reason in found["stand_ins"].values())
    bought = [scene for scene in found["scenes"] if scene["state"] == "done"]
    assert {scene["plays"] for scene in bought} == {"clip take 1"}
    assert {scene["plays"] for scene in found["scenes"] if scene["state"] == "stand-in"} == {"stand-in procedural"}
    assert sum(Decimal(scene["cost_usd"]) for scene in bought) == Decimal(found["spent_usd"]) > 0
    assert (found["n_held"], found["n_suspect"], found["purchases"]) == (0, 0, [])


@pytest.mark.slow
def test_marks_and_the_number_of_the_take_that_plays_are_shown(shop: Shop) -> None:
    shop.render("--budget", "5")
    shop.render("--budget", "5", "--reject", "1")
    assert shop.render("--budget", "5", "--keep", "2").returncode == 0
    first, second = status_of(shop)["scenes"][:2]
    assert (first["plays"], first["rejected"], first["kept"]) == ("clip take 2", [1], False)
    assert (second["plays"], second["rejected"], second["kept"]) == ("clip take 1", [], True)
    table = shop("status", "song.suno-video", "--scenes").stdout
    assert "clip take 2" in table
    assert "rejected 1" in table
    assert "kept" in table


@pytest.mark.slow
def test_what_a_dead_run_left_with_a_ticket_is_held_and_will_be_picked_up(shop: Shop) -> None:
    die_at(shop, "ticket.kept")
    found = status_of(shop)
    open_ones = [purchase for purchase in found["purchases"] if purchase["ticket"]]
    assert found["n_held"] == len(found["purchases"]) > 0
    assert {purchase["next"] for purchase in open_ones} == {"the next render picks it up by its id"}
    assert {purchase["ticket"] for purchase in open_ones} <= {bought.id for bought in shop.service.book.purchases()}
    assert Decimal(found["held_usd"]) == sum(Decimal(purchase["held_usd"]) for purchase in found["purchases"])
    people = shop("status", "song.suno-video").stdout
    assert f"as {open_ones[0]['ticket']}" in people
    assert shop.render("--budget", "5").returncode == 0
    assert status_of(shop)["purchases"] == []
    assert shop.service.book.bought_twice() == []


def test_what_a_dead_run_left_without_a_ticket_is_asked_for_and_a_suspect_stays_one(shop: Shop) -> None:
    die_at(shop, "attempt.held")
    ledger = Ledger(shop.work / "ledger.db")
    ledger.mark_suspect(ledger.open_holds()[0], "no answer to the order came")
    found = status_of(shop)
    assert found["n_suspect"] == 1
    suspect = next(purchase for purchase in found["purchases"] if purchase["state"] == "suspect")
    assert suspect["ticket"] is None
    assert suspect["next"].startswith("the service is asked again by the next render; nothing is bought in its place")
    assert suspect["note"] == "no answer to the order came"
    scene = next(scene for scene in found["scenes"] if scene["scene"] == suspect["scene"])
    assert (scene["state"], scene["reason"]) == ("stand-in", "its purchase is suspect")


def test_an_open_purchase_that_no_scene_asks_for_is_told_as_such(shop: Shop) -> None:
    die_at(shop, "ticket.kept")
    file = shop.work / "song.suno-video" / "storyboard.json"
    board = Storyboard.load(file)
    scenes = tuple(scene.model_copy(update={"prompt": f"{scene.prompt}, in snow"}) for scene in board.scenes)
    file.write_text(board.model_copy(update={"scenes": scenes}).to_json(), encoding="utf-8")
    assert {purchase["next"] for purchase in status_of(shop)["purchases"]} == {
        "no scene asks for it any more; the next render closes it by what the service says, and fetches nothing"
    }


@pytest.mark.slow
def test_a_damaged_ledger_is_told_and_the_rest_is_said_nevertheless(shop: Shop) -> None:
    assert shop.render("--budget", "5").returncode == 0
    (shop.work / "ledger.db").write_bytes(b"not a ledger" * 500)
    found = status_of(shop)
    assert found["n_scenes_done"] == found["n_scenes"]
    assert "ledger.db" in found["money_trouble"]


@pytest.mark.slow
def test_a_piece_that_is_newer_than_the_film_is_not_in_it_yet(run: Run, work: Path) -> None:
    write_song(work / "song.wav")
    assert run("render", "song.wav", *SMALL).returncode == 0
    project = Project(work / "song.suno-video")
    receipt = next(project.segments.glob("s001-*.json"))
    newer = receipt.with_name("s001-000000000000.json")
    text = receipt.read_text(encoding="utf-8").replace('"stand_in": false', '"stand_in": true')
    newer.write_text(text, encoding="utf-8")
    assert text != receipt.read_text(encoding="utf-8")
    looked = json.loads(run("status", "song.wav", "--json").stdout)
    assert looked["n_scenes_done"] == looked["n_scenes"]
    assert {scene["plays"] for scene in looked["scenes"]} == {"painter procedural"}
    project.film_receipt.unlink()
    assert json.loads(run("status", "song.wav", "--json").stdout)["n_stand_ins"] == 1


def test_status_of_a_busy_project_answers_and_says_so(run: Run, work: Path) -> None:
    write_song(work / "song.wav")
    run("storyboard", "song.wav")
    project = Project(work / "song.suno-video")
    with hold_project(project):
        assert "a run is at work" in run("status", "song.suno-video").stdout
    assert "at work" not in run("status", "song.suno-video").stdout


def test_looking_whether_a_run_is_at_work_leaves_the_lock_alone(tmp_path: Path) -> None:
    project = Project(tmp_path / "song.suno-video").create()
    assert not is_held(project)
    (project.root / "lock.pid").write_text("999999999\n", encoding="ascii")
    assert not is_held(project)
    assert not project.lock_file.exists()


@pytest.mark.slow
def test_status_writes_nothing(shop: Shop) -> None:
    assert shop.render("--budget", "5").returncode == 0
    before = {path.relative_to(shop.work): path.stat().st_mtime_ns for path in shop.work.rglob("*")}
    status_of(shop, "--scenes")
    assert {path.relative_to(shop.work): path.stat().st_mtime_ns for path in shop.work.rglob("*")} == before
