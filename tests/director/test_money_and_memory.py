"""What a question costs is set aside before and settled after; what was answered is not asked again."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

pytest.importorskip("pydantic_ai")

from suno_video.core.events import MoneyHeld, MoneySettled, Notice
from suno_video.direct.llm.question import Attachment, NoAnswer
from suno_video.project.ledger import Ledger, utc_now
from suno_video.project.purchases import Caps
from suno_video.project.purse import Purse
from tests.director.conftest import GOOD, Desk, Vibe, question
from tests.director.server import Asked, Status, Text


def test_the_ledger_says_what_the_services_counts_cost(desk: Desk, song: Attachment) -> None:
    desk.server.answer("vibe", GOOD)
    desk.adviser().ask(question(role="listen", attachments=(song,)))
    (entry,) = desk.entries
    assert (entry.kind, entry.scene, entry.backend, entry.model) == ("other", "director", "gemini", "gemini-3.8-flash")
    # 3 s of sound at 32 tokens a second and a few words in, at $0.75; the answer and 20 tokens of thought at $3.75.
    n_text = len("You hear music.The song:\nWhat is its mood?") // 4
    n_out = len(json.dumps(GOOD)) // 4 + 20
    exact = (Decimal(97 + n_text) * Decimal("0.75") + Decimal(n_out) * Decimal("3.75")) / 10**6
    assert entry.spent_usd == pytest.approx(exact, abs=Decimal("0.00001"))
    assert entry.spent_usd < entry.worst_usd
    held, settled = (event for event in desk.events if isinstance(event, MoneyHeld | MoneySettled))
    assert isinstance(held, MoneyHeld)
    assert isinstance(settled, MoneySettled)
    assert Decimal(settled.cost_usd) == pytest.approx(entry.spent_usd, abs=Decimal("0.000001"))


def test_the_hold_is_written_before_the_question_is_sent(desk: Desk) -> None:
    def look(asked: Asked) -> dict[str, object]:
        assert [hold.purchase.scene for hold in Ledger(desk.folder / "ledger.db").open_holds()] == ["director"]
        return GOOD

    desk.server.answer("vibe", look)
    desk.adviser().ask(question())
    assert desk.ledger.open_holds() == []


def test_without_a_budget_nothing_is_sent_and_the_price_is_named(desk: Desk) -> None:
    with pytest.raises(NoAnswer, match=r"may cost \$0\.0\d+ for the vibe, and no budget is set") as caught:
        desk.adviser(budget=None).ask(question())
    assert caught.value.reason == "budget"
    assert (desk.server.requests, desk.said) == ([], [])


def test_a_question_that_would_pass_the_budget_is_not_sent(desk: Desk) -> None:
    with pytest.raises(NoAnswer, match=r"\$0\.001 of the budget is left"):
        desk.adviser(budget=0.001).ask(question())
    assert (desk.server.requests, desk.entries) == ([], [])


def test_mending_stops_where_the_budget_ends(desk: Desk) -> None:
    desk.server.answer("vibe", Text("x" * 40_000))
    with pytest.raises(NoAnswer) as caught:
        desk.adviser(budget=0.2).ask(question())
    assert caught.value.reason == "budget"
    assert 1 <= len(desk.server.asked) < 4
    assert sum(entry.spent_usd for entry in desk.entries) <= Decimal("0.2")


def test_a_local_model_is_free_and_needs_no_budget(desk: Desk) -> None:
    desk.server.answer("vibe", GOOD)
    desk.adviser("ollama:llama9", budget=None).ask(question())
    assert desk.server.asked[0].model == "llama9"
    assert desk.entries == []
    assert "on this machine" in desk.said[0]


def test_what_leaves_the_machine_is_said_before_it_does(desk: Desk, song: Attachment) -> None:
    def look(asked: Asked) -> dict[str, object]:
        assert len(desk.said) == 1
        return GOOD

    desk.server.answer("vibe", look)
    desk.adviser().ask(question(role="listen", attachments=(song,)))
    (said,) = desk.said
    assert said.startswith(
        "vibe: gemini:gemini-3.8-flash (127.0.0.1) is sent my song.wav (mono, 0:03) and 32 characters"
    )
    assert "Google may use" in said
    assert isinstance(desk.events[0], Notice)


def test_the_same_question_is_answered_for_nothing(desk: Desk, song: Attachment) -> None:
    desk.server.answer("vibe", GOOD)
    asked = question(role="listen", attachments=(song,))
    assert desk.adviser().ask(asked) == desk.adviser(budget=None).ask(asked)
    assert len(desk.server.asked) == 1
    (path,) = desk.answers()
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert (kept["model"], kept["answer"]) == ("gemini:gemini-3.8-flash", GOOD)
    assert Decimal(kept["cost_usd"]) > 0


@pytest.mark.parametrize("what", ["prompt", "system", "version", "model", "song", "schema"])
def test_whatever_decides_an_answer_asks_anew(desk: Desk, song: Attachment, what: str) -> None:
    class Other(Vibe):
        genre: str = ""

    desk.server.answer("vibe", GOOD)
    before = question(role="listen", attachments=(song,))
    desk.adviser().ask(before)
    choice = desk.server.choice("gemini", listen_model="gemini-3.5-flash" if what == "model" else None)
    if what == "song":
        song.path.write_bytes(song.path.read_bytes()[:-40_000])
    changed = replace(before, **{what: "another"}) if what in ("prompt", "system", "version") else before
    desk.adviser(choice).ask(replace(changed, answer=Other) if what == "schema" else changed)
    assert len(desk.server.asked) == 2
    assert len(desk.answers()) == 2


@pytest.mark.parametrize("damage", ["", "{", '{"key": "x"}', "other key", "unfit"])
def test_a_damaged_answer_is_asked_anew(desk: Desk, damage: str) -> None:
    desk.server.answer("vibe", GOOD)
    desk.adviser().ask(question())
    (path,) = desk.answers()
    kept = json.loads(path.read_text(encoding="utf-8"))
    if damage == "other key":
        damage = json.dumps({**kept, "key": "0" * 64})
    elif damage == "unfit":
        damage = json.dumps({**kept, "answer": {"mood": 3}})
    path.write_text(damage, encoding="utf-8")
    assert desk.adviser().ask(question()).mood == "wistful"
    assert len(desk.server.asked) == 2
    assert json.loads(path.read_text(encoding="utf-8"))["answer"] == GOOD


def test_a_kept_answer_that_no_longer_passes_the_check_is_asked_anew(desk: Desk) -> None:
    desk.server.answer("vibe", GOOD, {"mood": "bright", "bpm": 90})
    desk.adviser().ask(question())
    stricter = question(check=lambda answer: ["no"] if answer.mood == "wistful" else [])
    assert desk.adviser().ask(stricter).mood == "bright"


def test_an_answer_that_passed_a_check_grown_lenient_is_kept_all_the_same(desk: Desk) -> None:
    def lenient() -> Callable[[Vibe], list[str]]:
        objections = iter(["too wistful"])
        return lambda answer: list(objections)

    desk.server.answer("vibe", GOOD)
    desk.adviser().ask(question(check=lenient()))
    assert len(desk.server.asked) == 2
    desk.adviser().ask(question(check=lenient()))
    assert len(desk.server.asked) == 2


def test_offline_uses_what_is_kept_and_calls_nobody(desk: Desk) -> None:
    desk.server.answer("vibe", GOOD)
    desk.adviser().ask(question())
    n_requests = len(desk.server.requests)
    offline = desk.adviser(desk.server.choice("gemini", offline=True, keys={}))
    assert offline.ask(question()).mood == "wistful"
    with pytest.raises(NoAnswer) as caught:
        offline.ask(question(prompt="another"))
    assert caught.value.reason == "offline"
    assert len(desk.server.requests) == n_requests


def test_who_refuses_is_followed_by_the_next(desk: Desk) -> None:
    desk.server.answer("vibe", Text("", finish="filter"), GOOD)
    choice = desk.server.choice("gemini", fallback=("openai",))
    assert desk.adviser(choice).ask(question()).mood == "wistful"
    assert [asked.provider for asked in desk.server.asked] == ["gemini", "openai"]
    assert any("refuses" in said and "openai:gpt-5.6-terra" in said for said in desk.said)
    # What the second answered counts for the question, so that it costs nothing the next time.
    desk.adviser(choice).ask(question())
    assert len(desk.server.asked) == 2


def test_who_cannot_hear_is_followed_by_one_who_can(desk: Desk, song: Attachment) -> None:
    desk.server.answer("vibe", GOOD)
    choice = desk.server.choice("ollama", listen_model="llama9", fallback=("gemini",))
    desk.adviser(choice).ask(question(role="listen", attachments=(song,)))
    assert [asked.provider for asked in desk.server.asked] == ["gemini"]


def test_when_all_fail_the_first_reason_counts_and_all_are_named(desk: Desk) -> None:
    desk.server.answer("vibe", Text("", finish="filter"), Status(401))
    with pytest.raises(NoAnswer, match=r"refuses.*; gpt-5.6-terra: the key was refused") as caught:
        desk.adviser(desk.server.choice("gemini", fallback=("openai",))).ask(question())
    assert caught.value.reason == "refused"


def test_nobody_else_is_asked_when_the_budget_is_why(desk: Desk) -> None:
    with pytest.raises(NoAnswer) as caught:
        desk.adviser(desk.server.choice("gemini", fallback=("openai",)), budget=0).ask(question())
    assert caught.value.reason == "budget"
    assert len(desk.said) == 0


def test_what_a_killed_run_left_open_is_written_off_by_a_later_one(desk: Desk) -> None:
    def hold(run: str, hours: float) -> None:
        ledger = Ledger(desk.folder / "ledger.db", clock=lambda: utc_now() - timedelta(hours=hours))
        purse = Purse(ledger, Caps(run_usd=Decimal(1)), project="p", run=run, events=desk.events.append)
        cost = Decimal("0.02")
        names = {"backend": "gemini", "model": "m", "number": 1, "expected_usd": cost, "worst_usd": cost}
        purse.set_aside("director", "other", f"{run} {hours}", **names)

    hold("killed", 2)
    hold("at work", 0.1)
    desk.adviser()
    assert [(entry.run, entry.outcome) for entry in desk.entries] == [("killed", "lost"), ("at work", "held")]


def test_a_question_longer_than_the_model_takes_is_not_sent(desk: Desk) -> None:
    with pytest.raises(NoAnswer, match="more than the 200000"):
        desk.adviser(budget=100).ask(question(prompt="x" * 500_000))
    assert desk.server.requests == []


@pytest.mark.skipif(os.name == "nt", reason="no such signals")
def test_ctrl_c_leaves_nothing_open_and_counts_what_was_sent(desk: Desk) -> None:
    def interrupt(asked: Asked) -> dict[str, object]:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.3)
        return GOOD

    desk.server.answer("vibe", interrupt)
    with pytest.raises(KeyboardInterrupt):
        desk.adviser().ask(question())
    (entry,) = desk.entries
    assert (entry.outcome, entry.spent_usd) == ("lost", entry.worst_usd)


def test_an_interrupted_pause_leaves_nothing_open(desk: Desk) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    desk.server.answer("vibe", Status(503), GOOD)
    desk.pauses_s = type("Stop", (list,), {"append": lambda self, seconds: interrupt(seconds)})()
    with pytest.raises(KeyboardInterrupt):
        desk.adviser().ask(question())
    assert [entry.outcome for entry in desk.entries] == ["failed"]
    assert desk.ledger.open_holds() == []
