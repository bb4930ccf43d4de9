"""Each service is asked in its own protocol, and what it answers, or does not, is understood."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pydantic_ai")

from suno_video.direct.llm.limits import Limits
from suno_video.direct.llm.question import Attachment, NoAnswer
from suno_video.direct.llm.sending import mono_mp3
from suno_video.media.ffmpeg import ffmpeg_path
from tests.director.conftest import GOOD, Desk, Vibe, question, write_song
from tests.director.server import KEY, Blocked, HangUp, LanguageServer, Moved, Page, Status, Text

# Ollama speaks as OpenAI does, and importing the package of Anthropic takes seconds.
PROVIDERS = ["gemini", "openai", *(pytest.param(name, marks=pytest.mark.slow) for name in ("ollama", "anthropic"))]


def refusal(desk: Desk, *args: Any, **changes: Any) -> NoAnswer:
    with pytest.raises(NoAnswer) as caught:
        desk.adviser(*args).ask(question(**changes))
    return caught.value


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_service_is_asked_for_the_shape_of_the_answer(desk: Desk, provider: str) -> None:
    desk.server.answer("vibe", GOOD)
    assert desk.adviser(provider).ask(question(max_tokens=777)) == Vibe(mood="wistful", bpm=92.5)
    (asked,) = desk.server.asked
    assert (asked.provider, asked.system, asked.texts) == (provider, "You hear music.", ("What is its mood?",))
    assert set(asked.schema["properties"]) == {"mood", "bpm"}
    assert asked.max_tokens == 777
    assert asked.key == ("none" if provider == "ollama" else KEY)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_wrong_with_an_answer_is_told_to_the_model(desk: Desk, provider: str) -> None:
    def check(answer: Vibe) -> list[str]:
        return ["the mood names a colour"] if answer.mood == "blue" else []

    desk.server.answer("vibe", Text("{broken"), {"mood": 1}, {"mood": "blue", "bpm": 90}, GOOD)
    assert desk.adviser(provider).ask(question(check=check)).mood == "wistful"
    *_, unfit, blue = desk.server.asked[1:]
    assert "bpm" in unfit.texts[-1]
    assert "the mood names a colour" in blue.texts[-1]
    assert [entry.outcome for entry in desk.entries] == ([] if provider == "ollama" else ["made"] * 4)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_faults_are_sent_back_three_times_and_no_more(desk: Desk, provider: str) -> None:
    desk.server.answer("vibe", {"mood": 1})
    assert refusal(desk, provider).reason == "malformed"
    assert len(desk.server.asked) == 4


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_busy_service_is_asked_again_when_it_says(desk: Desk, provider: str) -> None:
    desk.server.answer("vibe", Status(429, retry_after=7), Status(503), GOOD)
    desk.adviser(provider).ask(question())
    assert desk.pauses_s == [7, 2]
    assert [entry.outcome for entry in desk.entries] == ([] if provider == "ollama" else ["failed", "failed", "made"])
    assert sum(not entry.spent_usd for entry in desk.entries) == (0 if provider == "ollama" else 2)


def test_google_says_in_the_body_how_long_to_wait(desk: Desk) -> None:
    desk.server.answer("vibe", Status(429, retry_info=11.5), GOOD)
    desk.adviser().ask(question())
    assert desk.pauses_s == [11.5]


def test_a_service_that_wants_too_long_a_pause_is_left(desk: Desk) -> None:
    desk.server.answer("vibe", Status(429, retry_after=3600))
    failure = refusal(desk)
    assert (failure.reason, len(desk.server.asked), desk.pauses_s) == ("unavailable", 1, [])
    assert "3600" in failure.words


def test_a_service_that_stays_away_is_asked_five_times(desk: Desk) -> None:
    desk.server.answer("vibe", Status(500, "internal"))
    assert refusal(desk).reason == "unavailable"
    assert len(desk.server.asked) == 5
    assert {entry.outcome for entry in desk.entries} == {"failed"}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Text("", finish="filter"), "refused"),
        (Text('{"mood": "wis', finish="length"), "malformed"),
        (Text(""), "malformed"),
        (Page(), "malformed"),
        (Status(401, f"the key {KEY} is not valid"), "key"),
        (Status(404, "no such model"), "unavailable"),
    ],
    ids=["filtered", "cut off", "empty", "a page", "bad key", "no such model"],
)
def test_no_answer_is_called_what_it_is(desk: Desk, provider: str, reply: Any, reason: str) -> None:
    desk.server.answer("vibe", reply)
    failure = refusal(desk, provider)
    assert failure.reason == reason
    assert failure.words
    assert KEY not in failure.words
    assert all(not entry.held_usd and KEY not in entry.note for entry in desk.entries)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_neither_key_nor_song_follow_a_redirect(desk: Desk, provider: str) -> None:
    with LanguageServer() as elsewhere:
        desk.server.answer("vibe", Moved(elsewhere.url))
        elsewhere.answer("vibe", GOOD)
        assert refusal(desk, provider).reason in ("unavailable", "malformed")
        assert elsewhere.requests == []


def test_ollama_is_told_the_limit_by_the_name_it_knows(desk: Desk) -> None:
    desk.server.answer("vibe", GOOD)
    desk.adviser("ollama").ask(question(max_tokens=777))
    assert desk.server.asked[0].body["max_tokens"] == 777


def test_a_question_that_gemini_does_not_take_in_is_refused(desk: Desk) -> None:
    desk.server.answer("vibe", Blocked())
    assert refusal(desk).reason == "refused"
    assert len(desk.server.asked) == 1


def test_an_answer_that_got_lost_counts_as_the_worst_and_is_asked_for_once_more(desk: Desk) -> None:
    desk.server.answer("vibe", HangUp(), GOOD)
    desk.adviser().ask(question())
    lost, made = desk.entries
    assert (lost.outcome, lost.spent_usd) == ("lost", lost.worst_usd)
    assert (made.outcome, made.held_usd) == ("made", 0)
    desk.server.answer("vibe", HangUp())
    assert refusal(desk, prompt="another").reason == "unavailable"
    assert [entry.outcome for entry in desk.entries[2:]] == ["lost", "lost"]


def test_a_service_that_was_never_reached_costs_nothing(desk: Desk) -> None:
    addresses = {"gemini": "http://127.0.0.1:9"}
    assert refusal(desk, desk.server.choice(addresses=addresses)).reason == "unavailable"
    assert {(entry.outcome, entry.spent_usd) for entry in desk.entries} == {("never-arrived", 0)}


@pytest.mark.parametrize("provider", ["gemini", "openai"])
def test_the_song_is_really_inside_as_mono_mp3(desk: Desk, song: Attachment, provider: str) -> None:
    desk.server.answer("vibe", GOOD)
    desk.adviser(provider).ask(question(role="listen", attachments=(song,)))
    (asked,) = desk.server.asked
    (sound,) = asked.sounds
    assert sound == mono_mp3(song.path)
    assert asked.texts == ("The song:", "What is its mood?")
    heard = subprocess.run(
        [ffmpeg_path(), "-i", "pipe:0", "-f", "s16le", "-ar", "8000", "pipe:1"],
        input=sound,
        capture_output=True,
        check=True,
    )
    assert b"mono" in heard.stderr
    assert len(heard.stdout) / 2 / 8000 == pytest.approx(3, abs=0.2)
    assert asked.model == {"gemini": "gemini-3.8-flash", "openai": "gpt-audio-mini"}[provider]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_pictures_are_sent_small_and_without_their_tags(desk: Desk, cover: Attachment, provider: str) -> None:
    desk.server.answer("vibe", GOOD)
    desk.adviser(provider).ask(question(role="look", attachments=(cover,)))
    ((picture,),) = [asked.pictures for asked in desk.server.asked]
    assert picture.startswith(b"\xff\xd8")
    assert len(picture) < cover.path.stat().st_size / 4
    assert b"Exif" not in picture


def test_gemini_is_told_what_to_block(desk: Desk) -> None:
    desk.server.answer("vibe", GOOD)
    desk.adviser().ask(question())
    desk.adviser(desk.server.choice(safety="BLOCK_ONLY_HIGH")).ask(question(prompt="another"))
    first, second = (asked.body["safetySettings"] for asked in desk.server.asked)
    assert len(first) == 4
    assert {each["threshold"] for each in first} == {"BLOCK_NONE"}
    assert {each["threshold"] for each in second} == {"BLOCK_ONLY_HIGH"}


def test_what_is_large_is_uploaded_first_and_deleted_afterwards(desk: Desk, song: Attachment) -> None:
    desk.server.answer("vibe", GOOD)
    desk.adviser(limits=Limits(inline_bytes=10_000)).ask(question(role="listen", attachments=(song,)))
    (asked,) = desk.server.asked
    (file,) = desk.server.files.values()
    assert asked.sounds == (file.content,) == (mono_mp3(song.path),)
    assert "fileData" in asked.body["contents"][0]["parts"][1]
    assert file.deleted
    assert [entry.outcome for entry in desk.entries] == ["made"]


def test_an_upload_that_fails_buys_nothing(desk: Desk, song: Attachment) -> None:
    desk.server.upload_status = 403
    with pytest.raises(NoAnswer, match="could not be uploaded"):
        desk.adviser(limits=Limits(inline_bytes=10_000)).ask(question(role="listen", attachments=(song,)))
    assert (desk.server.asked, desk.entries) == ([], [])


def test_a_service_without_uploads_says_so(desk: Desk, song: Attachment) -> None:
    with pytest.raises(NoAnswer, match="more than gpt-audio-mini takes"):
        desk.adviser("openai", limits=Limits(inline_bytes=10_000)).ask(question(role="listen", attachments=(song,)))


@pytest.mark.parametrize("name", ["no.mp3", "text.mp3"])
def test_a_song_that_cannot_be_read_is_no_crash(desk: Desk, tmp_path: Path, name: str) -> None:
    (tmp_path / "text.mp3").write_text("not a song", encoding="utf-8")
    failure = refusal(desk, role="listen", attachments=(Attachment(tmp_path / name, "audio/mpeg"),))
    assert (failure.reason, desk.server.asked) == ("unavailable", [])


def test_a_model_that_cannot_hear_is_not_asked_to(desk: Desk, song: Attachment) -> None:
    choice = desk.server.choice("openai", listen_model="gpt-5.6-terra")
    failure = refusal(desk, choice, role="listen", attachments=(song,))
    assert (failure.reason, failure.words) == ("unavailable", "gpt-5.6-terra cannot hear my song.wav")


def test_the_length_of_a_sound_is_known_from_its_bytes(tmp_path: Path) -> None:
    from suno_video.direct.llm.sending import enclose

    enclosed = enclose(Attachment(write_song(tmp_path / "s.wav", 4), "audio/wav"))
    assert enclosed.seconds == pytest.approx(4, abs=0.2)
    assert enclosed.words == "s.wav (mono, 0:04)"
