"""The hook of a song, and the parts of its film as people count them."""

from __future__ import annotations

import pytest

from suno_video.core.analysis import SongAnalysis
from suno_video.core.brief import Brief
from suno_video.core.storyboard import Scene, Storyboard
from suno_video.direct.hook import find_hook
from suno_video.direct.parts import parts_of
from suno_video.direct.rules import direct_by_rules
from tests.unit.direct_songs import FAMILIES, song_in_bars, song_of
from tests.unit.songs import scene


def film_of(analysis: SongAnalysis) -> Storyboard:
    return direct_by_rules(song_of(analysis), analysis, Brief(seed=2026), families=FAMILIES)


def sung(*texts: str, label: str = "verse") -> list[Scene]:
    return [scene(k, 30 * k, 30 * k + 30, section_label=label, lyrics=text) for k, text in enumerate(texts, 1)]


# The hook


@pytest.mark.parametrize(
    ("lines", "hook"),
    [
        (("Rain on the city", "Lights go down", "RAIN on the city!"), "Rain on the city"),
        (("It’s lantern season, lift it", "It's Lantern Season, burning blue"), "It’s lantern season"),
        (("We run all night till morning", "Somebody knows", "We run all night for you"), "We run all night"),
        (("Oh oh oh, baby", "Oh oh oh, my love", "Set me free", "Set me free"), "Set me free"),
        (("Baby, come home", "Hallelujah", "Baby, stay", "hallelujah...", "Baby, please"), "Hallelujah"),
        (("月亮代表我的心", "轻轻的一个吻", "月亮代表我的心。"), "月亮代表我的心"),
        (("Every line", "is sung", "only once"), None),
        (("la la la", "la la la", "na na"), None),
        ((), None),
    ],
)
def test_the_hook_is_what_returns_whatever_its_case_and_punctuation(lines: tuple[str, ...], hook: str | None) -> None:
    found = find_hook(sung(*lines))
    assert (found.text if found else None) == hook


def test_a_line_of_the_chorus_beats_the_manner_of_a_verse() -> None:
    verse = sung("And I was there once", "And I was young", "And I was wrong")
    chorus = sung("Carry me home / Carry me home", label="chorus")
    found = find_hook([*verse, *chorus])
    assert found is not None
    assert found.text == "Carry me home"


def test_a_hook_is_heard_in_scenes_that_sing_it_among_other_lines() -> None:
    scenes = sung("Set me free", "One more night / Set me free, tonight", "Set me on fire")
    hook = find_hook([*scenes, *scenes])
    assert hook is not None
    assert [hook.is_in(each) for each in scenes] == [True, True, False]


def test_a_hook_that_goes_on_for_ever_is_cut_between_words() -> None:
    line = "and we go on and on " * 6
    hook = find_hook(sung(line, line))
    assert hook is not None
    assert hook.text == "and we go on and on and we go on and on and we…"


# Parts


def test_parts_are_counted_as_people_count_them() -> None:
    analysis = song_in_bars()
    assert [part.name for part in parts_of(film_of(analysis), analysis)] == [
        *("intro", "verse 1", "first chorus", "verse 2", "chorus 2", "bridge", "last chorus", "outro"),
    ]


def test_verses_that_sound_different_are_two_and_a_chorus_in_two_halves_is_one() -> None:
    plan = (("verse", "A", 0.4, 8), ("verse", "B", 0.5, 8), ("chorus", "C", 0.9, 8), ("chorus", "D", 0.9, 8))
    analysis = song_in_bars(plan)
    assert [part.full_name for part in parts_of(film_of(analysis), analysis)] == ["verse 1", "verse 2", "the chorus"]


@pytest.mark.parametrize("changes", [{"beat_confidence": 0.2}, {"beats_s": (), "downbeats_s": ()}])
def test_where_there_is_no_grid_the_film_is_one_part_without_a_name(changes: dict[str, object]) -> None:
    analysis = song_in_bars().model_copy(update=changes)
    film = film_of(analysis)
    (part,) = parts_of(film, analysis)
    assert (part.name, part.scenes) == ("", film.scenes)


def test_a_section_whose_beginning_nobody_hears_has_no_name() -> None:
    analysis = song_in_bars()
    doubtful = analysis.sections[2].model_copy(update={"confidence": 0.3})
    sections = (*analysis.sections[:2], doubtful, *analysis.sections[3:])
    analysis = analysis.model_copy(update={"sections": sections})
    names = [part.name for part in parts_of(film_of(analysis), analysis)]
    assert names[2:5] == ["", "verse 2", "first chorus"]
