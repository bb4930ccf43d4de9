"""The beat tracker: grids with known answers, what has no beat, and weights that can be trusted."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from suno_video.core.analysis import SongAnalysis
from tests.unit.sounds import drums, noise, silence
from tests.unit.test_analyze import hear


def assert_tiles(heard: SongAnalysis) -> None:
    assert heard.passages[0].start_s == 0 and heard.passages[-1].end_s == pytest.approx(heard.duration_s)


@pytest.mark.parametrize("bpm", [60, 88, 128, 174])
def test_drums_are_tapped_along_with_at_their_tempo(tmp_path: Path, bpm: int) -> None:
    heard = hear(tmp_path, drums(24, bpm, first_s=0.5))
    assert heard.tempo_bpm == pytest.approx(bpm, rel=0.02)
    beats = np.array(heard.beats_s)
    assert np.all(np.diff(beats) > 0)
    true = 0.5 + np.arange(int(23 * bpm / 60)) * 60 / bpm
    away = np.abs(true[:, None] - beats[None, :]).min(axis=1)
    assert np.mean(away < 0.05) > 0.9
    assert_tiles(heard)


@pytest.mark.parametrize("samples", [silence(12), noise(12)], ids=["silence", "noise"])
def test_what_has_no_beat_gives_an_empty_grid_with_a_verdict(tmp_path: Path, samples: np.ndarray) -> None:
    heard = hear(tmp_path, samples)
    assert heard.beats_s == () and heard.beat_confidence == 0
    assert [passage.verdict for passage in heard.passages] == ["none"]
    assert_tiles(heard)


def test_silence_before_the_music_is_no_passage_to_tap_to(tmp_path: Path) -> None:
    heard = hear(tmp_path, np.concatenate([silence(6), drums(20, 120)]))
    assert heard.beats_s[0] > 5.5
    assert heard.passages[0].verdict == "none" and heard.passages[0].end_s == pytest.approx(6, abs=1.0)
    assert heard.tempo_bpm == pytest.approx(120, rel=0.02)


def test_the_weights_are_plain_numbers_with_their_provenance() -> None:
    data = resources.files("suno_video.analyze") / "data"
    with resources.as_file(data / "beats.npz") as file:
        assert file.stat().st_size < 400_000
        with np.load(file, allow_pickle=False) as packed:
            assert all(np.isfinite(packed[name].astype(np.float32)).all() for name in packed.files)
    assert "training/beats" in (data / "beats.txt").read_text(encoding="utf-8")
