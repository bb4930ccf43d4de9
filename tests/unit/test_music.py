"""What painters are told of drums, voices, builds and drops."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from suno_video.core.analysis import DrumHits, Passage, SongAnalysis, SongEvent, VoiceSpan
from suno_video.core.music import MusicCurves, music_curves
from tests.unit.songs import steady_analysis

FPS = 30


def curves(**changes: object) -> MusicCurves:
    analysis = steady_analysis(duration_s=10.0).model_copy(update=changes)
    return music_curves(analysis, 0, 10 * FPS)


def test_a_kick_is_seen_in_the_frame_it_falls_into_and_fades() -> None:
    kick = curves(drums=DrumHits(kick_s=(1.0, 2.02))).kick
    assert kick[29] == 0 and kick[30] == 1
    # 2.02 s lies within frame 60, which is on the screen from 2.000 s to 2.033 s.
    assert kick[60] == 1 and kick[59] < 0.01 and 0 < kick[64] < kick[61] < 1


def test_voices_have_soft_edges() -> None:
    voice = curves(voices=(VoiceSpan(start_s=2.0, end_s=4.0),)).voice
    assert voice[75] == 1 and 0 < voice[58] < 1 and voice[45] == 0 and voice[135] == 0


def test_tension_rises_through_a_build_and_is_gone_at_the_drop() -> None:
    events = (SongEvent(kind="build", start_s=2.0, end_s=4.0), SongEvent(kind="drop", start_s=4.0, end_s=8.0))
    music = curves(events=events)
    assert music.tension[90] == pytest.approx(0.5) and music.tension[119] > 0.95 and music.tension[120] == 0
    assert music.drop[119] == 0 and music.drop[120] == 1 and 0 < music.drop[180] < 0.2


def test_a_stop_is_felt_as_long_as_it_lasts() -> None:
    drop = curves(events=(SongEvent(kind="stop", start_s=3.0, end_s=3.5),)).drop
    assert np.all(drop[90:105] == -1) and drop[89] == 0 and drop[105] == 0


def test_drum_hits_that_do_not_rise_are_refused() -> None:
    content = steady_analysis(duration_s=10.0).model_dump()
    with pytest.raises(ValidationError, match=r"drums\.kick_s must rise strictly"):
        SongAnalysis.model_validate(content | {"drums": {"kick_s": (1.0, 1.0)}})


def test_passages_must_tile() -> None:
    passages = (
        Passage(start_s=0, end_s=4, verdict="steady", trust=0.9),
        Passage(start_s=5, end_s=8, verdict="free", trust=0.6),
    )
    content = steady_analysis(duration_s=10.0).model_dump()
    with pytest.raises(ValidationError, match="passages must tile"):
        SongAnalysis.model_validate(content | {"passages": [passage.model_dump() for passage in passages]})
