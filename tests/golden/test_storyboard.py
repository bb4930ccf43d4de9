"""The decisions of the director for one song. They change in their own commit, with a reason.

To see what changed: `python -m pytest tests/golden/test_storyboard.py -vv`; they lie beside this file.
"""

from __future__ import annotations

import json
from pathlib import Path

from suno_video.core.brief import Brief
from suno_video.direct.rules import direct_by_rules
from tests.unit.direct_songs import FAMILIES, song_in_bars, song_of

EXPECTED = Path(__file__).with_name("storyboard.json")


def decisions() -> list[str]:
    analysis = song_in_bars(moods=("energetic", "dark"))
    storyboard = direct_by_rules(song_of(analysis), analysis, Brief(seed=2026), families=FAMILIES)
    return [
        f"{s.start_frame:5d} {s.section_label} {s.family} {s.motion.move} {s.transition.kind} {s.transition.n_frames}"
        for s in storyboard.scenes
    ]


def test_the_director_decides_as_before():
    assert decisions() == json.loads(EXPECTED.read_text(encoding="utf-8"))
