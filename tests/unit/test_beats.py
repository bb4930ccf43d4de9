"""The beat tracker: grids with known answers, what has no beat, and weights that can be trusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from suno_video.analyze.bars import find_bars, harmonic_change
from suno_video.analyze.beatnet import NET_RATE_HZ
from suno_video.analyze.beats import refine_beats
from suno_video.analyze.metre import read_metre
from suno_video.analyze.spectra import SLOW_RATE_HZ
from suno_video.analyze.trust import Witnesses, judge_passages
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


@pytest.mark.parametrize(("make", "seconds"), [(silence, 6), (silence, 24), (noise, 24)])
def test_what_has_no_beat_gives_an_empty_grid_with_a_verdict(
    tmp_path: Path, make: Callable[[float], np.ndarray], seconds: float
) -> None:
    heard = hear(tmp_path, make(seconds))
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


def test_a_few_seconds_are_judged_as_one_passage(tmp_path: Path) -> None:
    heard = hear(tmp_path, drums(8, 120))
    assert heard.tempo_bpm == pytest.approx(120, rel=0.02)
    assert [passage.verdict for passage in heard.passages] == ["steady"]
    assert_tiles(heard)


def test_the_weights_of_readings_are_plain_numbers_with_their_provenance() -> None:
    data = resources.files("suno_video.analyze") / "data"
    with resources.as_file(data / "metre.npz") as file, np.load(file, allow_pickle=False) as packed:
        assert np.isfinite(packed["weights"]).all()
    assert "training/beats/learn_metre.py" in (data / "metre.txt").read_text(encoding="utf-8")


@dataclass(frozen=True)
class _Played:
    """Bars as the network hears them: what is hit in each, in equal steps, and how clearly."""

    step_s: float
    beats: str
    """A digit for each step: how clearly a beat is heard, 0..9."""
    downs: str
    kick: str
    snare: str
    n_bars: int = 24

    def curves(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What `read_metre` asks for: beats and downbeats, rises, and nothing about threes."""
        n = int((len(self.beats) * self.n_bars * self.step_s + 1) * NET_RATE_HZ)
        near, rise = np.zeros((n, 2), dtype=np.float32), np.zeros((n, 3), dtype=np.float32)
        rows = ((near, 0, self.beats), (near, 1, self.downs), (rise, 1, self.kick), (rise, 2, self.snare))
        for curve, column, digits in rows:
            for i, digit in enumerate(digits * self.n_bars):
                at = int((0.5 + i * self.step_s) * NET_RATE_HZ)
                curve[at - 2 : at + 3, column] = int(digit) / 10
        rise[:, 0] = rise[:, 1:].max(axis=1)
        return near, rise, np.full(n, 0.2, dtype=np.float32)

    def pulse(self, every: int) -> np.ndarray:
        """Taps at every so many steps."""
        return 0.5 + np.arange(0, len(self.beats) * self.n_bars, every) * self.step_s


_BACKBEAT = _Played(60 / 118 / 2, "91918191", "90000000", "94341434", "00900090")
_SIX = _Played(60 / 54 / 3, "911811", "911111", "900200", "111911")
_WALTZ = _Played(60 / 140 / 2, "918181", "900000", "900000", "209090")
_PUNK = _Played(60 / 190 / 2, "91818181", "90000000", "90009000", "00900090")


@pytest.mark.parametrize(
    ("played", "every", "steps", "metre"),
    [
        (_BACKBEAT, 1, 2, (4, 2)),  # the pulse is eighths, twice the beat
        (_BACKBEAT, 2, 2, (4, 2)),
        (_PUNK, 2, 2, (4, 2)),
        (_WALTZ, 2, 2, (3, 2)),
        (_SIX, 3, 3, (2, 3)),
    ],
)
def test_a_pulse_is_read_at_its_beats_whatever_was_tapped(
    played: _Played, every: int, steps: int, metre: tuple[int, int]
) -> None:
    reading = read_metre(played.pulse(every), *played.curves())
    assert reading is not None
    assert np.median(np.diff(reading.times_s)) == pytest.approx(steps * played.step_s, rel=0.02)
    assert (reading.beats_per_bar, reading.division) == metre
    first = (reading.times_s[1] - 0.5) / (steps * played.step_s)
    assert abs(first - round(first)) < 0.02, "beats are tapped, and not what lies between"


def test_too_few_taps_have_no_metre() -> None:
    assert read_metre(np.zeros(0), *_SIX.curves()) is None
    assert read_metre(np.array([1.0, 1.5]), *_SIX.curves()) is None


def test_where_the_tempo_breathes_a_beat_stays_with_what_is_heard_and_in_strict_time_on_the_line() -> None:
    silent = SimpleNamespace(attack=np.zeros(60 * 500, dtype=np.float32))
    strict = 1 + 0.5 * np.arange(60)
    astray = strict.copy()
    astray[30] += 0.06
    np.testing.assert_allclose(refine_beats(silent, astray, np.ones(60)), strict, atol=1e-6)  # type: ignore[arg-type]

    breathes = 1 + np.cumsum(0.5 * (1 + 0.15 * np.sin(np.arange(60) * 2 * np.pi / 7)))
    np.testing.assert_allclose(refine_beats(silent, breathes, np.ones(60)), breathes, atol=1e-6)  # type: ignore[arg-type]


def test_beats_that_may_as_well_be_twice_as_many_are_not_trusted_however_well_they_are_heard() -> None:
    beats, sure = np.arange(0.5, 60, 0.5), np.ones(119)
    (clear,) = judge_passages(beats, Witnesses(sure, sure, sure, sure), 60)
    (doubtful,) = judge_passages(beats, Witnesses(sure, sure, sure, 0.4 * sure), 60)
    assert (clear.verdict, doubtful.verdict) == ("steady", "unsure")
    assert doubtful.trust == pytest.approx(0.4 * clear.trust, rel=0.01)
    assert doubtful.why == "beats may as well be counted slower or quicker (these at 40%)"


def test_where_downbeats_are_not_heard_bars_begin_where_the_harmony_changes() -> None:
    beats = np.arange(0.5, 48.5, 0.5)
    chords = np.eye(12, dtype=np.float32)[[0, 5, 7, 9]]
    at = np.arange(0, 500) / SLOW_RATE_HZ
    chroma = chords[np.maximum(0, (at - 1.0) // 2.0).astype(int) % 4]  # a bar of four from 1.0 s on
    change = harmonic_change(chroma, beats)
    flat = np.full(len(beats), 0.3, dtype=np.float32)
    bars = find_bars(flat, np.ones(len(beats), dtype=np.float32), 4, change)
    np.testing.assert_allclose(beats[bars.places == 0] % 2.0, 1.0)

    clear = np.where(np.arange(len(beats)) % 4 == 0, 0.9, 0.05).astype(np.float32)  # what is heard clearly counts more
    assert find_bars(clear, np.ones(len(beats), dtype=np.float32), 4, change).places[0] == 0
