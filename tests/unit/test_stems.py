"""Stems: which files are some, which count, and what is said where they cannot be separated."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from suno_video.analyze.separation import SEPARATOR, load_model
from suno_video.analyze.stems import stem_role
from suno_video.core.errors import BackendUnavailableError, ExitStatus
from suno_video.core.events import Warned
from suno_video.pipeline.options import FilmOptions
from suno_video.pipeline.stems import SeparatedStems, _digest, stems_of
from suno_video.project.workspace import Project
from tests.unit.sounds import drums, silence, write_wav


def _song(folder: Path) -> Path:
    return write_wav(folder / "song.wav", drums(2, 120) * 0.5)


def _separate_by_hand(song: Path, project: Project, **changes: str) -> None:
    project.create().stems.mkdir(exist_ok=True)
    for name in ("drums", "vocals"):
        write_wav(project.stems / f"{name}.flac", silence(2))
    about = {"sound_sha256": _digest(song), "separator": SEPARATOR, "model": "htdemucs", **changes}
    (project.stems / "separated.json").write_text(SeparatedStems.model_validate(about).to_json())


def test_stems_are_known_by_their_names() -> None:
    assert stem_role("Song (Vocals)", "Song") == "vocals"
    assert stem_role("Song (Backing Vocals)", "Song") == "backing"
    assert stem_role("Song of drums", "Song") is None
    assert stem_role("0 Lead Vocals") == "vocals"


def test_without_demucs_separation_is_refused_with_how_to_install_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "demucs", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    song, project = _song(tmp_path), Project(tmp_path / "p").create()

    with pytest.raises(BackendUnavailableError) as refused:
        stems_of(song, project, FilmOptions(separate="htdemucs", project=project.root), write=True)

    assert refused.value.exit_status is ExitStatus.UNAVAILABLE
    assert "suno-video[stems]" in (refused.value.hint or "")
    assert not project.stems.exists() or list(project.stems.iterdir()) == []
    with pytest.raises(BackendUnavailableError):
        load_model("htdemucs")


def test_separated_stems_count_for_the_sound_and_the_model_they_were_made_from(tmp_path) -> None:
    song, project = _song(tmp_path), Project(tmp_path / "p")
    options = FilmOptions(project=project.root)
    assert stems_of(song, project, options) == ()

    _separate_by_hand(song, project)
    assert [stem.role for stem in stems_of(song, project, options)] == ["drums", "vocals"]

    said: list[object] = []
    other = FilmOptions(separate="htdemucs_ft", project=project.root)
    assert stems_of(song, project, other, events=said.append) == (), (
        "another model is asked for, and nothing is written"
    )
    assert [type(event) for event in said] == [Warned]

    _separate_by_hand(song, project, sound_sha256="00" * 32)
    assert stems_of(song, project, options) == ()
    _separate_by_hand(song, project)
    (project.stems / "vocals.flac").unlink()
    assert stems_of(song, project, options) == ()


def test_stems_beside_the_song_are_never_separated_again(tmp_path) -> None:
    song = _song(tmp_path)
    write_wav(tmp_path / "song (Vocals).wav", silence(2))
    project = Project(tmp_path / "p")
    (stem,) = stems_of(song, project, FilmOptions(separate="htdemucs", project=project.root), write=True)
    assert stem.role == "vocals"
