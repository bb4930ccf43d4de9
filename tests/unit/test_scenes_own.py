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
from suno_video.core.errors import SunoVideoError, UsageError
from suno_video.media.mp4 import read_mp4
from suno_video.pipeline.scenes import write_scene
from tests.cli.conftest import write_song
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


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("float('nan')", "27648 numbers of frame 0 that are no numbers or infinite"),
        ("0.4; self.exposure = float('inf')", "self.exposure is inf in frame 0"),
        ("0.4; self.canvas.light = self.canvas.light[:, 1:]", "float32 of shape (3, 71, 128)"),
        ("0.4; self.canvas.light = self.canvas.light.astype(float)", "float64 of shape (3, 72, 128)"),
        ("0.4; self.canvas.light = None", "canvas.light NoneType"),
        ("0.4; self.canvas.figure([0], 0, 0, 0, 0.1, float('nan'))", "a figure of frame 0"),
        ("0.4; raise SystemExit(0)", "line 9: SystemExit"),
    ],
)
def test_what_would_be_a_black_or_torn_film_is_told_instead(folder, tmp_path, what, told):
    put(folder, "torn", what)
    with pytest.raises(MakeFailed) as failed:
        frames_of("torn", tmp_path)
    assert str(folder / "torn.py") in failed.value.reason and told in failed.value.reason


def test_strokes_from_nowhere_are_left_out(folder, tmp_path):
    put(
        folder,
        "nowhere",
        "0.4; n = [float('nan'), float('inf'), -1e30]; self.canvas.stroke(n, n, n, 0.0, 2.0, 1.0, n[2:])",
    )
    put(folder, "plain", "0.4")
    assert np.array_equal(frames_of("nowhere", tmp_path), frames_of("plain", tmp_path))


def test_the_same_seed_paints_the_same_and_another_one_does_not(folder, tmp_path):
    write_scene("mine")
    first = frames_of("mine", tmp_path)
    assert np.array_equal(first, frames_of("mine", tmp_path))
    stream = ProceduralBackend().make(clip("mine", n_frames=1, music=dance_music(1), seed=99), Job(tmp_path))
    assert not np.array_equal(first[0], next(iter(stream.frames())))


def test_names_that_mean_something_in_python_give_a_working_scene(folder, tmp_path):
    for name in ("none", "true", "scene", "class", "family_info", "a_1"):
        write_scene(name)
        assert frames_of(name, tmp_path, 1).shape == (1, 108, 128)


def test_files_that_are_no_scenes_are_named_with_the_reason(folder):
    put(folder, "nebula")
    put(folder, "Big")
    put(folder, "twice")
    (folder / "twice.glsl").write_text("")
    (folder / "folder.py").mkdir()
    assert {file.name: why for file, why in module.unused_files().items()} == {
        "Big.py": "its name has more than small letters, digits and _",
        "folder.py": "it is no file",
        "nebula.py": "nebula is a scene of ours",
        "twice.glsl": "twice.py comes before it",
    }


def test_the_scene_that_the_page_shows_works(folder, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "scenes.md").read_text(encoding="utf-8")
    (folder / "slow_waves.py").write_text(page.split("```python\n")[1].split("```")[0])
    assert frames_of("slow_waves", tmp_path)[:, :72].std() > 5


def test_kernels_of_a_person_are_compiled_as_ours_are_and_an_edit_counts(folder, tmp_path):
    text = FLAT.replace("NAME", "fast").replace("self.canvas.light[:] = WHAT", "fill(self.canvas.light)")
    text = "from suno_video.backends.procedural.jit import kernel\n" + text
    for level in ("0.1", "0.9"):
        loop = f"\n\n@kernel\ndef fill(light):\n    for k in range(light.size):\n        light.flat[k] = {level}\n"
        (folder / "fast.py").write_text(text.replace("\n\nclass", loop + "\n\nclass"))
        if level == "0.1":
            dark = frames_of("fast", tmp_path, 1)[0, :72].mean()
    assert frames_of("fast", tmp_path, 1)[0, :72].mean() > dark + 30


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


@pytest.mark.parametrize(
    ("status", "args"),
    [
        (2, ("gone", "song.mp4")),
        (2, ("../up", "song.mp4")),
        (2, ("nebula", "song.mp4", "--out", "song.mp4")),
        (2, ("nebula", "song.mp4", "--out", "film.txt")),
        (2, ("nebula", "song.mp4", "--seconds", "1000")),
        (73, ("nebula", "song.mp4", "--out", "gone/film.mp4")),
    ],
)
def test_a_preview_that_cannot_be_is_refused_before_the_song_is_heard(folder, tmp_path, monkeypatch, status, args):
    monkeypatch.chdir(tmp_path)
    before = write_song(tmp_path / "song.mp4").read_bytes()
    with pytest.raises(SunoVideoError) as refused:
        CliRunner().invoke(app, ["preview-scene", *args], catch_exceptions=False)
    assert refused.value.exit_status == status
    assert (tmp_path / "song.mp4").read_bytes() == before


def test_a_preview_is_a_film_of_whole_bars_with_the_sound(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put(folder, "flat")
    song = write_song(tmp_path / "song.wav", seconds=8)
    args = ["preview-scene", "flat", str(song), "--size", "128x72", "--seconds", "2", "--look", "cosmos"]
    done = CliRunner().invoke(app, args, catch_exceptions=False)
    assert done.stdout == "flat-preview.mp4\n"
    assert f"it is {tmp_path / 'flat-preview.mp4'}" in done.stderr.replace("\n", " ")
    film = read_mp4(tmp_path / "flat-preview.mp4")
    for kind in ("vide", "soun"):
        track = film.track(kind)
        assert track is not None
        assert track.duration_s == pytest.approx(2.0, abs=0.1)  # one bar of four beats at 120 a minute
