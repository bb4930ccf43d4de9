"""What clips are enlarged to, which settings are refused, and what is said where a package is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from suno_video.assemble.enlarge import enlarged_size, is_too_small
from suno_video.cli.wishes import upscale_model
from suno_video.core.errors import ConfigError, ExitStatus
from suno_video.core.frames import FrameSize
from suno_video.media.upscaler import Upscaler
from suno_video.project.enlarged import EnlargedStore
from suno_video.settings import PROJECT_FILE, load_settings, user_file

FULL_HD = FrameSize.parse("1080p")


@pytest.fixture(autouse=True)
def _empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("suno_video.settings.user_folder", lambda: tmp_path / "home")
    (tmp_path / "home").mkdir()


@pytest.mark.parametrize(
    ("size", "scale", "wanted"),
    [
        ("960x540", 4, "1920x1080"),
        ("480x270", 2, "960x540"),
        ("832x480", 4, "1920x1108"),
        ("1280x704", 4, "1964x1080"),
        ("100x60", 8, "800x480"),
    ],
)
def test_a_clip_grows_until_it_fills_the_film_or_as_far_as_the_model_gets(size: str, scale: int, wanted: str) -> None:
    assert str(enlarged_size(FrameSize.parse(size), FULL_HD, scale)) == wanted


def test_what_is_large_enough_or_nearly_so_is_left_alone() -> None:
    sizes = ("1280x720", "1920x1080", "1920x1056", "3840x2160", "1920x800")
    assert [is_too_small(FrameSize.parse(size), FULL_HD) for size in sizes] == [True, False, False, False, True]


def test_enlarging_needs_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    assert upscale_model(load_settings()) is None
    monkeypatch.setenv("SUNO_VIDEO_FINISH__UPSCALE", "auto")
    with pytest.raises(ConfigError, match=r"finish\.upscale_model is not set") as caught:
        load_settings()
    assert caught.value.exit_status == ExitStatus.CONFIG == 78


def test_a_pickle_is_refused_and_a_project_may_not_name_a_model() -> None:
    user_file().write_text('[finish]\nupscale_model = "model.pth"\n')
    with pytest.raises(ConfigError, match=r"\.safetensors file"):
        load_settings()
    user_file().write_text('[finish]\nupscale_model = "~/model.safetensors"\n')
    assert load_settings().settings.finish.upscale_model == Path.home() / "model.safetensors"
    Path(PROJECT_FILE).write_text('[finish]\nupscale_model = "theirs.safetensors"\n')
    with pytest.raises(ConfigError, match=f"^{PROJECT_FILE}, line 2: .*may not name a model's file"):
        load_settings()
    named = load_settings(config=Path(PROJECT_FILE)).settings
    assert named.finish.upscale_model == Path("theirs.safetensors")


def test_a_file_or_package_that_is_missing_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    user_file().write_text('[finish]\nupscale_model = "model.safetensors"\nupscale = "auto"\n')
    with pytest.raises(ConfigError, match=r"there is no file model\.safetensors"):
        upscale_model(load_settings())
    Path("model.safetensors").write_bytes(b"")
    monkeypatch.setattr("suno_video.media.upscaler.PACKAGES", ("numpy", "spandrel_of_another_world"))
    with pytest.raises(ConfigError, match=r"needs spandrel_of_another_world\.") as caught:
        upscale_model(load_settings())
    assert "pip install 'suno-video[upscale]'" in caught.value.hint
    with pytest.raises(ConfigError, match=r"needs spandrel_of_another_world\."):
        Upscaler(Path("model.safetensors"))


def test_copies_count_by_their_receipt_and_go_with_their_clips(tmp_path: Path) -> None:
    store = EnlargedStore(tmp_path / "upscaled")
    store.folder.mkdir()
    for name in ("a" * 64, "b" * 64):
        store.path_of(name).write_bytes(name.encode())
        assert store.find(name) is None
        store.keep(name, f"clip {name[0]}", FULL_HD)
    found = store.find("a" * 64)
    assert found is not None
    assert found.size == FULL_HD
    store.path_of("b" * 64).write_bytes(b"damaged")
    assert store.find("b" * 64) is None
    gone = [path.name for path in store.unused(frozenset({"clip a"}))]
    assert gone == ["bbbbbbbbbbbb.json", "bbbbbbbbbbbb.mp4"]
