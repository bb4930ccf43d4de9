"""What people see of a run: plain lines, live lines, words and numbers."""

from __future__ import annotations

import io
import threading

import pytest
from rich.console import Console

from suno_video.cli.live import LiveLines
from suno_video.cli.screen import PlainLines, Tally, is_live, line_for
from suno_video.cli.wording import parse_clock, plain, plain_lines, took
from suno_video.core.errors import UsageError
from suno_video.core.events import (
    Event,
    FilmDone,
    FramesWritten,
    PlanReady,
    SceneDone,
    SceneFailed,
    SceneStarted,
    StageDone,
    StageStarted,
    Warned,
)

PLAN = PlanReady(n_scenes=5, n_to_make=2, n_frames=500, n_frames_to_make=200)


class Clock:
    def __init__(self) -> None:
        self.time_s = 0.0

    def __call__(self) -> float:
        return self.time_s


def test_pace_is_frames_over_time_since_the_first_scene_began() -> None:
    now = Clock()
    tally = Tally(now=now)
    for event in (PLAN, SceneStarted("s001", "procedural", 120), FramesWritten("s001", 100)):
        tally.take(event)
    now.time_s = 2.0
    assert tally.percent == 50
    assert tally.pace == "50 fps, 0:02 left"


def test_frames_of_a_failed_scene_do_not_count() -> None:
    tally = Tally()
    for event in (PLAN, FramesWritten("s001", 90), SceneFailed("s001", "cloud", "busy"), FramesWritten("s001", 20)):
        tally.take(event)
    assert tally.n_written == 20


def test_a_plan_with_nothing_to_make_is_complete() -> None:
    tally = Tally()
    tally.take(PlanReady(5, 0, 500, 0))
    assert (tally.percent, tally.pace) == (100, "")


def shown(events: list[Event], *, verbose: bool = False) -> list[str]:
    lines: list[str] = []
    screen = PlainLines(verbose=verbose, say=lines.append)
    for event in events:
        screen(event)
    return lines


def test_plain_lines_come_once_per_stage_and_per_ten_percent() -> None:
    written: list[Event] = [FramesWritten("s001", 1) for _ in range(200)]
    lines = shown([StageStarted("analyze"), StageDone("analyze", 2.04), PLAN, *written, StageDone("render", 71.0)])
    assert lines[0] == "analyze: done in 2.0 s"
    assert lines[1] == "render: 5 pieces, 200 frames to make, 3 kept from an earlier run"
    percents = [line.split(" %")[0] for line in lines[2:-1]]
    assert percents == [f"render: {n}" for n in range(10, 101, 10)]
    assert lines[-1] == "render: done in 1:11"


def test_verbose_names_each_scene() -> None:
    events: list[Event] = [PLAN, SceneDone("s001", "procedural", 3.2), SceneDone("s002", "procedural", 0, reused=True)]
    assert shown(events)[1:] == []
    assert shown(events, verbose=True)[1:] == ["scene s001: procedural, 3.2 s"]


def test_a_stand_in_is_always_told() -> None:
    assert shown([SceneFailed("s004", "cloud", "no credit")]) == [
        "scene s004: cloud failed, a stand-in plays it: no credit"
    ]


def test_the_film_is_summed_up_with_length_size_megabytes_and_time() -> None:
    done = FilmDone("song.mp4", "song.suno-video", 204.3, 6129, "1920x1080", 48_211_000, 95.0, 0)
    assert line_for(done, verbose=False) == "film: 3:24 long, 1920x1080, 48.2 MB, made in 1:35"


def test_texts_from_a_song_cannot_steer_the_terminal() -> None:
    hostile = "\x1b[2Jtitle\r\n\x9b1m\u202egnp.exe\udc80"
    line = line_for(Warned(hostile), verbose=False)
    assert line == "warning: \\x1b[2Jtitle\\r\\n\\x9b1m\\u202egnp.exe\\udc80"


def test_live_lines_show_the_film_and_each_scene_at_work() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, color_system=None, legacy_windows=False)
    with LiveLines(verbose=False, console=console) as live:
        for event in (
            StageDone("direct", 0.1),
            PLAN,
            SceneStarted("s001", "procedural", 120),
            SceneStarted("s002", "procedural", 80),
            FramesWritten("s001", 60),
            FramesWritten("s002", 80),
            SceneDone("s002", "procedural", 1.0),
            Warned("[red]\x1b[2Jlow on disk[/red]"),
        ):
            live(event)
        live._live.refresh()
    text = screen.getvalue()
    assert "direct: done in 0.1 s" in text
    assert "s001 procedural" in text
    assert "60 of 120 frames" in text
    assert "70 %  1 of 2 pieces" in text
    assert "warning: [red]\\x1b[2Jlow on disk[/red]" in text


def test_live_lines_take_events_from_many_threads() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with LiveLines(verbose=False, console=console) as live:
        live(PLAN)

        def make(scene: str) -> None:
            live(SceneStarted(scene, "procedural", 50))
            for _ in range(50):
                live(FramesWritten(scene, 1))
            live(SceneDone(scene, "procedural", 1.0))

        threads = [threading.Thread(target=make, args=(f"s00{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert live._tally.n_written == 200
        assert live._scene_tasks == {}


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    assert is_live(Terminal())
    assert not is_live(io.StringIO())
    monkeypatch.setenv("TERM", term)
    assert not is_live(Terminal())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("75", 75), ("75.5", 75.5), ("1:15", 75), ("1:02:03", 3723), (".5", 0.5), ("90:00", 5400), (" 7 ", 7)],
)
def test_times_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert parse_clock(text, "--from") == seconds


@pytest.mark.parametrize("text", ["", "-1", "1:70", "one", "1:2:3:4", "nan", "1e3", "1:"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--from"):
        parse_clock(text, "--from")


def test_lengths_are_written_as_people_write_them() -> None:
    assert [took(s) for s in (0.84, 42.2, 185)] == ["0.8 s", "42 s", "3:05"]


def test_a_plain_text_stays_as_it_is() -> None:
    assert plain('Ünïcode 🎵 "quoted" 100%') == 'Ünïcode 🎵 "quoted" 100%'
    assert plain_lines("one\n  two\nthree") == "one\n  two\\nthree"
