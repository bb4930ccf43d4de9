"""Storyboards that a person edited: what fits is used, what does not is refused with line and reason."""

from __future__ import annotations

import pytest

from suno_video.core.brief import Brief
from suno_video.core.errors import BadEditError
from suno_video.direct.check import load_storyboard
from suno_video.direct.rules import direct_by_rules
from tests.unit.direct_songs import FAMILIES, song_in_bars, song_of

ANALYSIS = song_in_bars()
TEXT = direct_by_rules(song_of(ANALYSIS), ANALYSIS, Brief(look="neon", seed=1), families=FAMILIES).to_json()


def line_of(text: str, part: str, nth: int = 0) -> int:
    """1-based number of the nth line that holds a part."""
    return [number for number, line in enumerate(text.splitlines(), start=1) if part in line][nth]


def edited(tmp_path, old: str, new: str, nth: int = 0):
    """Write the storyboard with one line changed; gives the path and the number of that line."""
    lines = TEXT.splitlines()
    number = line_of(TEXT, old, nth)
    lines[number - 1] = lines[number - 1].replace(old, new)
    path = tmp_path / "storyboard.json"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path, number


def refusal(path, **more) -> tuple[str, ...]:
    with pytest.raises(BadEditError) as refused:
        load_storyboard(path, ANALYSIS, FAMILIES, **more)
    assert str(path) in refused.value.message
    return refused.value.reasons


def test_an_edited_prompt_is_used(tmp_path):
    path, _ = edited(tmp_path, '"prompt": "', '"prompt": "A red balloon. ', nth=2)
    assert load_storyboard(path, ANALYSIS, FAMILIES).scenes[2].prompt.startswith("A red balloon. ")


def test_an_unknown_family_is_refused_on_its_line(tmp_path):
    family = TEXT.splitlines()[line_of(TEXT, '"family": ', 4) - 1].split('"')[3]
    path, number = edited(tmp_path, f'"family": "{family}"', '"family": "fireworks"')
    (reason,) = refusal(path)
    assert reason.startswith(f"line {number}: scenes.")
    assert "there is no family 'fireworks'; there are aurora, city, clouds, crystal" in reason


def test_a_section_that_the_song_has_not_is_refused(tmp_path):
    path, number = edited(tmp_path, '"section": 3', '"section": 30')
    (reason,) = refusal(path)
    assert reason.startswith(f"line {number}: scenes.")
    assert reason.endswith("the song has sections 0 to 7")


def test_a_motif_that_the_treatment_has_not_is_refused(tmp_path):
    path, number = edited(tmp_path, '"motif": "chorus"', '"motif": "choir"')
    (reason,) = refusal(path)
    assert reason.startswith(f"line {number}: ")
    assert "no motif 'choir'" in reason


def test_an_unknown_backend_is_refused_where_backends_are_known(tmp_path):
    path, number = edited(tmp_path, '"video_backend": "procedural"', '"video_backend": "hollywood"', nth=1)
    assert load_storyboard(path, ANALYSIS, FAMILIES).scenes[1].video_backend == "hollywood"
    (reason,) = refusal(path, backends=frozenset({"procedural", "parallax"}))
    assert reason.startswith(f"line {number}: scenes.1.video_backend: there is no backend 'hollywood'")


def test_a_storyboard_of_another_song_is_refused_without_further_noise(tmp_path):
    path, number = edited(tmp_path, "cd" * 32, "ef" * 32)
    (reason,) = refusal(path)
    assert reason.startswith(f"line {number}: song_sha256: this storyboard was made for another song")


def test_a_gap_between_scenes_is_refused(tmp_path):
    start = TEXT.splitlines()[line_of(TEXT, '"start_frame"', 3) - 1].strip()
    path, _ = edited(tmp_path, start, '"start_frame": 1,')
    (reason,) = refusal(path)
    assert "scenes must tile the film: s004 begins at frame 1" in reason


def test_a_slip_of_the_pen_is_named_by_line(tmp_path):
    path, number = edited(tmp_path, '"growth": 0.0,', '"growth": 0.0;')
    (reason,) = refusal(path)
    assert reason.startswith(f"line {number}, column ")
    path, number = edited(tmp_path, '"growth": 0.0,', '"growth": 1.5,')
    (reason,) = refusal(path)
    assert reason.startswith(f"line {number}: scenes.0.growth: ")


def test_a_film_longer_than_its_song_is_refused(tmp_path):
    shorter = song_in_bars((("intro", "A", 0.2, 8),))
    path = tmp_path / "storyboard.json"
    path.write_text(TEXT, encoding="utf-8")
    with pytest.raises(BadEditError, match="the song at 480"):
        load_storyboard(path, shorter, FAMILIES)
