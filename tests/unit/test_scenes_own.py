"""Scenes of other people: found without being run, told about with file and line, and never the end of a film."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from suno_video.backends.base import FailureKind, Job, MakeFailed
from suno_video.backends.parts import safer, version_of
from suno_video.backends.procedural import FAMILIES, ProceduralBackend
from suno_video.backends.procedural import plugins as module
from suno_video.cli.app import app
from suno_video.core.errors import UsageError
from suno_video.pipeline.scenes import write_scene
from tests.unit.test_procedural import clip, dance_music

FLAT = """
from suno_video.backends.procedural.painting import FamilyInfo, Scene

INFO = FamilyInfo("NAME", "One colour.", ("beat", "bass", "energy"))


class Flat(Scene):
    def paint(self, step, camera):
        self.canvas.light[:] = WHAT


SCENE = Flat
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of scenes."""
    scenes = tmp_path / "scenes"
    scenes.mkdir()
    monkeypatch.setattr(module, "scene_folder", lambda: scenes)
    return scenes


def put(folder: Path, name: str, what: str = "0.4") -> Path:
    path = folder / f"{name}.py"
    path.write_text(FLAT.replace("NAME", name).replace("WHAT", what))
    return path


def frames_of(name: str, tmp_path: Path, n_frames: int = 4) -> np.ndarray:
    backend = ProceduralBackend()
    stream = backend.make(clip(name, n_frames=n_frames, music=dance_music(n_frames)), Job(tmp_path))
    return np.array([frame.copy() for frame in stream.frames()])


def test_a_file_in_the_users_folder_is_a_family_and_is_not_run_to_be_listed(folder, tmp_path):
    put(folder, "flat")
    (folder / "trap.py").write_text("raise SystemExit('run')")
    families = ProceduralBackend.families()
    assert {"flat", "trap", "nebula"} <= set(families)
    assert families["flat"].idea == "One colour."
    light = frames_of("flat", tmp_path)[0, :72]
    assert light[30:40, 60:70].std() < 3 < light.mean()


def test_a_name_that_is_ours_or_no_name_is_left_alone(folder):
    put(folder, "nebula")
    put(folder, "No-Name")
    assert set(module.find_plugins()) == set(module.SHIPPED_SHADERS)
    assert ProceduralBackend.families()["nebula"] is FAMILIES["nebula"]


def test_the_skeleton_paints_moves_with_the_music_and_keeps_to_what_families_promise(folder, tmp_path):
    path = write_scene("slow_waves")
    assert path == folder / "slow_waves.py"
    light = frames_of("slow_waves", tmp_path, 12)[:, :72].astype(float)
    assert 20 < light.mean() < 200
    assert np.abs(light[0] - light[-1]).mean() > 1


def test_names_that_are_taken_or_no_names_are_refused(folder):
    write_scene("mine")
    for name in ("mine", "nebula", "../evil", "Big", ""):
        with pytest.raises(UsageError):
            write_scene(name)
    assert [file.name for file in folder.parent.rglob("*.py")] == ["mine.py"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def paint(:\n", "line 1: invalid syntax"),
        ("x = 1\nimport nothing_like_it\n", "line 2: ModuleNotFoundError"),
        ("x = 1\n", "it needs INFO"),
        (FLAT.replace("NAME", "other").replace("WHAT", "0"), "INFO says 'other'"),
        (FLAT.replace("NAME", "wrong").replace('"beat"', '"boom"').replace("WHAT", "0"), "called boom"),
        (FLAT.replace("NAME", "wrong").replace("SCENE = Flat", "SCENE = 3"), "a class that is a Scene"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(folder, tmp_path, text, told):
    path = folder / "wrong.py"
    path.write_text(text)
    with pytest.raises(MakeFailed) as failed:
        frames_of("wrong", tmp_path)
    assert failed.value.kind == FailureKind.BAD_INPUT
    assert str(path) in failed.value.reason and told in failed.value.reason


def test_a_scene_that_raises_while_it_paints_says_the_line(folder, tmp_path):
    path = put(folder, "raises", "1 / 0 if step.frame > 2 else 0.4")
    with pytest.raises(MakeFailed, match=rf"{path}, line 9: ZeroDivisionError"):
        frames_of("raises", tmp_path)


def test_an_edit_changes_the_version_of_that_scene_alone_and_is_seen_at_once(folder, tmp_path):
    backend, mine, ours = ProceduralBackend(), clip("flat"), clip("nebula")
    put(folder, "flat", "0.1")
    before, dark = version_of(backend, mine), frames_of("flat", tmp_path)
    put(folder, "flat", "0.9")
    assert version_of(backend, mine) != before
    assert version_of(backend, ours) == backend.version
    assert frames_of("flat", tmp_path)[:, :72].mean() > dark[:, :72].mean() + 30


def test_what_is_surer_than_a_scene_of_a_person_is_one_of_ours_and_nothing_is_surer_than_that():
    backend = ProceduralBackend()
    instead = safer(backend, clip("gone", params={"x": 1.0}))
    assert instead is not None
    assert instead.family in FAMILIES
    assert replace(instead, family="gone", params={"x": 1.0}).seed == clip("gone").seed
    assert safer(backend, instead) is None


def test_a_package_may_bring_a_family(folder, tmp_path, monkeypatch):
    put(folder, "elsewhere")
    monkeypatch.syspath_prepend(str(folder))
    folder_of_package = folder / "brings.dist-info"
    folder_of_package.mkdir()
    (folder_of_package / "METADATA").write_text("Metadata-Version: 2.1\nName: brings\nVersion: 0.3\n")
    (folder_of_package / "entry_points.txt").write_text("[suno_video.scenes]\nelsewhere = elsewhere\n")
    monkeypatch.setattr(module, "scene_folder", lambda: tmp_path / "none")
    plugin = module.find_plugins()["elsewhere"]
    assert plugin.source == "elsewhere of brings"
    assert frames_of("elsewhere", tmp_path).shape == (4, 108, 128)


def test_the_command_writes_a_scene_and_says_what_to_do_next(folder):
    done = CliRunner().invoke(app, ["new-scene", "quiet_sea", "--shader"])
    assert done.exit_code == 0
    assert "preview-scene quiet_sea" in done.stdout
    assert "void mainImage" in (folder / "quiet_sea.glsl").read_text()
