"""Separation with a tiny Demucs of random weights: the real library, on the processor."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from suno_video.analyze import separation
from suno_video.analyze.separation import Separator, load_model
from suno_video.core.errors import BackendUnavailableError, SongTooLongError
from suno_video.core.events import SoundSeparated, StageDone
from suno_video.core.memory import get_memory_info
from suno_video.pipeline import analyze_song
from suno_video.pipeline.options import FilmOptions
from suno_video.pipeline.stems import stems_of
from suno_video.project.workspace import Project
from tests.unit.sounds import drums, write_wav

pytest.importorskip("demucs")
pytest.importorskip("torch")

MODEL_HZ = 4000
SOURCES = ["drums", "bass", "other", "vocals"]


def save_tiny(path: Path, *, klass: str = "demucs.htdemucs.HTDemucs", sources: list[str] = SOURCES) -> Path:
    """A Demucs of a few thousand numbers, in the form in which its models lie on the hub."""
    import torch
    from demucs.htdemucs import HTDemucs
    from safetensors.torch import save_file

    torch.manual_seed(0)
    kwargs: dict[str, Any] = {
        "channels": 4, "dconv_comp": 2, "nfft": 256, "depth": 2, "t_layers": 1, "t_heads": 1, "bottom_channels": 0,
        "samplerate": MODEL_HZ, "segment": Fraction(2),
    }  # fmt: skip
    model = HTDemucs(sources, **kwargs)
    written = {**kwargs, "segment": {"_type": "fraction", "numerator": 2, "denominator": 1}}
    about = {"klass": klass, "args": json.dumps([sources]), "kwargs": json.dumps(written)}
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, str(path), about)
    return path


@pytest.fixture(autouse=True)
def short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of five seconds, so that short songs have several; and one thread, for it is waited for."""
    import torch

    torch.set_num_threads(1)
    monkeypatch.setattr(separation, "_WINDOW_S", 5.0)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("demucs") / "tiny.safetensors")


def song_in(folder: Path, seconds: float = 8.0) -> Path:
    return write_wav(folder / "song.wav", drums(seconds, 120) * 0.6)


def test_stems_are_as_long_as_the_song_and_made_once_for_the_same_sound(tiny: Path, tmp_path: Path) -> None:
    song, project, said = song_in(tmp_path, 12.3), Project(tmp_path / "p"), []
    options = FilmOptions(separate=str(tiny), project=project.root)

    stems = stems_of(song, project, options, write=True, events=said.append)

    assert sorted(stem.role for stem in stems) == ["drums", "vocals"]
    for stem in stems:
        about = soundfile.info(stem.path)
        assert (about.samplerate, about.channels) == (MODEL_HZ, 2)
        assert about.frames == pytest.approx(12.3 * MODEL_HZ, abs=2)
    told = [event.seconds for event in said if isinstance(event, SoundSeparated)]
    assert told == pytest.approx([5.0, 12.3], abs=0.1)
    assert [event.stage for event in said if isinstance(event, StageDone)] == ["separate"]

    again: list[Any] = []
    assert stems_of(song, project, options, write=True, events=again.append) == stems
    assert stems_of(song, project, FilmOptions(project=project.root)) == stems, "also without the flag"
    assert again == []
    write_wav(song, drums(8, 90) * 0.6)
    assert stems_of(song, project, FilmOptions(project=project.root)) == (), "not for another song of the same name"


def test_windows_join_without_a_seam(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    song = song_in(tmp_path, 14.0)
    monkeypatch.setattr(separation, "_WINDOW_S", 30.0)
    whole = Separator().separate(song, tmp_path / "whole", str(tiny))
    monkeypatch.setattr(separation, "_WINDOW_S", 5.0)
    parted = Separator().separate(song, tmp_path / "parted", str(tiny))
    for a, b in zip(whole, parted, strict=True):
        (one, _), (other, _) = soundfile.read(a), soundfile.read(b)
        assert len(one) == len(other)
        # Loudness is evened out window by window, so the two are not the same; but nothing is shifted or broken off.
        lags = [float(np.dot(one[100:-100, 0], np.roll(other[:, 0], lag)[100:-100])) for lag in range(-40, 41)]
        assert abs(int(np.argmax(lags)) - 40) <= 1
        step = np.abs(np.diff(other[:, 0]))
        assert step[5 * MODEL_HZ - 1] <= np.percentile(step, 99.9)


def test_a_song_is_heard_with_what_was_separated(tiny: Path, tmp_path: Path) -> None:
    song, project = song_in(tmp_path), Project(tmp_path / "p").create()
    options = FilmOptions(separate=str(tiny), project=project.root)
    heard, analysis = analyze_song(song, options, write=True)
    # Random weights separate nothing: a stem counts only where it is heard in the song, and is left out with a note.
    assert {*analysis.stems} <= {"drums", "vocals"}
    assert len(analysis.stems) + sum("the stem" in note for note in heard.notes) == 2


def test_what_is_stopped_leaves_no_stem_and_no_memory(tiny: Path, tmp_path: Path) -> None:
    song, folder = song_in(tmp_path, 11.0), tmp_path / "stems"

    def stop(_: float) -> None:
        raise KeyboardInterrupt

    separator = Separator()
    with pytest.raises(KeyboardInterrupt):
        separator.separate(song, folder, str(tiny), on_block=stop)
    assert list(folder.iterdir()) == []
    assert len(separator._models) == 0
    before = get_memory_info().rss_mb
    for _ in range(3):
        separator.separate(song, folder, str(tiny))
    assert get_memory_info().rss_mb - before < 150


def test_a_song_that_is_too_long_is_refused_before_it_is_separated_to_its_end(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(SongTooLongError):
        Separator().separate(song_in(tmp_path, 16.0), tmp_path / "s", str(tiny), max_duration_s=5.0)


def test_a_file_that_names_another_class_is_never_opened_as_a_model(tmp_path: Path) -> None:
    bad = save_tiny(tmp_path / "bad.safetensors", klass="os.system")
    with pytest.raises(BackendUnavailableError, match="holds no model of Demucs"):
        load_model(str(bad))
    (tmp_path / "text.safetensors").write_text("nothing")
    with pytest.raises(BackendUnavailableError, match="no safetensors file"):
        load_model(str(tmp_path / "text.safetensors"))
    other = save_tiny(tmp_path / "other.safetensors", sources=["drums", "other"])
    with pytest.raises(BackendUnavailableError, match="no vocals"):
        Separator().separate(song_in(tmp_path), tmp_path / "s", str(other))


def test_without_a_network_a_model_of_the_hub_is_refused_with_what_to_do() -> None:
    with pytest.raises(BackendUnavailableError, match="htdemucs cannot be loaded") as refused:
        load_model("htdemucs")
    assert "stems.model" in (refused.value.hint or "")
