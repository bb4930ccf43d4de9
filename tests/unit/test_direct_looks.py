"""Looks: ours, a user's own, and the choice among them."""

from __future__ import annotations

from typing import get_args

import pytest

from suno_video.backends.procedural import catalog
from suno_video.core.errors import BadEditError, UsageError
from suno_video.core.storyboard import TransitionKind
from suno_video.direct.looks import choose_look, load_looks
from tests.unit.direct_songs import FAMILIES, song_in_bars, song_of

HEARD = (
    *("energetic", "driving", "calm", "dreamy", "dark", "melancholic", "bright"),
    *("uplifting", "intense", "warm", "intimate", "euphoric", "silent"),
)
"""Mood words that the analyze stage gives."""

GOOD = """name = "mine"
idea = "A look of my own."
moods = ["odd"]
fallback_palette = ["#000000", "#222222", "#444444", "#888888", "#ffffff"]
style_words = "plain daylight, 50mm lens"

[families]
default = ["silk", "ocean"]

[grade]
contrast = 1.1
"""


LOOKS = load_looks()
SONG = song_in_bars()


def chosen(moods: tuple[str, ...], genre: str | None = None, sha256: str = "cd" * 32) -> str:
    analysis = SONG.model_copy(update={"moods": moods, "song_sha256": sha256})
    return choose_look("auto", LOOKS, song_of(analysis, genre=genre), analysis).name


def test_at_least_twenty_looks_that_differ_in_everything_that_is_seen():
    looks = list(load_looks().values())
    assert len(looks) >= 20
    assert len({look.title_style.family for look in looks}) >= 6
    for what in ("idea", "style_words", "families", "grade", "effects", "fallback_palette"):
        assert len({repr(getattr(look, what)) for look in looks}) == len(looks), what


def test_looks_name_only_families_and_transitions_that_exist():
    for look in load_looks().values():
        assert {family for families in look.families.values() for family in families} <= set(catalog.FAMILIES)
        entrances = {kind for kinds in look.entrances.values() for kind in kinds}
        assert set(look.soft_transitions + look.hard_transitions) | entrances <= set(get_args(TransitionKind))
        assert look.families["default"]
        assert "lens" in look.style_words


def test_what_comes_after_the_intro_is_another_picture():
    for look in load_looks().values():
        leads = {label: look.families[label][0] for label in ("intro", "verse", "chorus", "drop")}
        assert len({leads["intro"], leads["verse"], leads["chorus"]}) == 3, look.name
        assert leads["drop"] not in (leads["intro"], leads["verse"]), look.name


def test_palettes_rise_from_shadow_to_highlight():
    for look in load_looks().values():
        lightness = [sum(int(stop[k : k + 2], 16) for k in (1, 3, 5)) for stop in look.fallback_palette]
        assert lightness == sorted(lightness), look.name


def test_every_look_is_chosen_for_some_mood():
    moods = {mood for look in load_looks().values() for mood in look.moods}
    by_mood = {chosen((mood,), sha256=f"{k:064x}") for mood in moods for k in (1, 2)}
    assert by_mood == set(load_looks())


def test_what_is_heard_leads_to_many_looks():
    found = {chosen((first, second)) for first in HEARD for second in HEARD if first != second}
    assert len(found) >= 9


def test_moods_written_into_the_genre_count():
    assert chosen(("bright", "uplifting"), genre="piano ballad, emotional, female vocals") == "ballad"
    assert chosen(("steady",), genre="progressive house, synth") == "house"
    assert chosen(("energetic",), genre="Drum and Bass") == "drum-and-bass"


@pytest.mark.parametrize(
    ("genre", "look"),
    [
        ("80s synthwave, male vocals", "synthwave"),
        ("lo-fi hip hop", "lofi"),
        ("melodic metalcore", "metal"),
        ("dark trap, 808", "trap"),
        ("deep house", "house"),
        ("acoustic folk", "folk"),
        ("smooth jazz", "jazz-night"),
        ("bubblegum pop", "pop-bright"),
        ("hyperpop", "hyperpop"),
        ("gospel choir", "gospel"),
        ("modern country", "country-road"),
        ("reggaeton", "latin"),
        ("K-Pop, girl group", "k-pop"),
        ("orchestral film soundtrack", "cinematic"),
        ("pop punk", "punk-zine"),
        ("hard techno", "techno"),
        ("shoegaze, dream pop", "dream-pop"),
        ("children's song", "children"),
        ("dark ambient drone", "ambient"),
        ("baroque classical", "classical"),
    ],
)
def test_a_genre_finds_its_look(genre, look):
    assert chosen(("steady",), genre=genre) == look


def test_the_choice_is_the_same_each_time():
    assert len({chosen(("steady",)) for _ in range(5)}) == 1


def test_an_unknown_look_is_refused_with_the_names_there_are():
    analysis = song_in_bars()
    with pytest.raises(UsageError, match="no look called 'nein'") as refused:
        choose_look("nein", load_looks(), song_of(analysis), analysis)
    assert "neon" in refused.value.hint


def test_a_look_of_ones_own_is_found_and_may_replace_ours(tmp_path):
    (tmp_path / "mine.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "neon.toml").write_text(GOOD.replace('"mine"', '"neon"'), encoding="utf-8")
    looks = load_looks(tmp_path)
    assert looks["mine"].grade.contrast == 1.1
    assert looks["neon"].idea == "A look of my own."


def test_a_missing_folder_of_looks_is_none(tmp_path):
    assert load_looks(tmp_path / "nowhere") == load_looks()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("contrast = 1.1", "contrast = 11"), "line 11: grade.contrast: Input should be less than or equal to 2"),
        (("contrast = 1.1", "kontrast = 1.1"), "line 11: grade.kontrast: Extra inputs are not permitted"),
        (('default = ["silk"', 'coda = ["silk"'), "line 8: families.coda"),
        (('"#222222"', '"red"'), "line 4: fallback_palette.1"),
        (('moods = ["odd"]\n', ""), "moods: Field required"),
        (('"mine"', '"auto"'), "line 1: name: 'auto' cannot be the name of a look"),
        (('idea = "A look', "idea = A look"), "line 2, column 8: "),
        (('default = ["silk", "ocean"]', ""), "line 7: families.default: names no family"),
        (('["silk", "ocean"]', '["silk", "fireworks"]'), "line 8: families.default: there is no family 'fireworks'"),
        (("[families]", 'soft_transitions = ["melt"]\n[families]'), "line 7: soft_transitions: there is no transition"),
    ],
)
def test_a_bad_look_is_refused_with_line_and_reason(tmp_path, change, reason):
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(*change), encoding="utf-8")
    with pytest.raises(BadEditError) as refused:
        load_looks(tmp_path, FAMILIES)
    assert str(path) in refused.value.message
    assert any(reason in given for given in refused.value.reasons), refused.value.reasons


def test_a_look_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "mine.toml").write_bytes(GOOD.replace("A look", "Ein Lück").encode("latin-1"))
    with pytest.raises(BadEditError, match="not UTF-8"):
        load_looks(tmp_path)


def test_drop_and_build_of_a_look_lead_with_another_picture_than_its_chorus_and_its_verse():
    for look in load_looks().values():
        leads = {part: look.families[part][0] for part in ("verse", "chorus", "drop", "build", "breakdown")}
        assert leads["drop"] != leads["chorus"], look.name
        assert leads["build"] not in (leads["chorus"], leads["verse"]), look.name
        assert leads["breakdown"] != leads["verse"], look.name
