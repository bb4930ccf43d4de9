"""Settings: which source wins, where a value came from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from suno_video import settings as settings_module
from suno_video.core.errors import ConfigError, UsageError
from suno_video.settings import DEFAULT, FLAG, PROJECT_FILE, Settings, load_settings

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own settings folder, an empty working folder, and no variables of the machine."""
    folder = tmp_path / "home"
    folder.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setattr(settings_module, "user_folder", lambda: folder)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SUNO_VIDEO_{name.upper()}", raising=False)
    return folder


def test_without_any_source_the_defaults_hold() -> None:
    loaded = load_settings()
    assert loaded.settings.fps == 30
    assert loaded.origin_of("fps") == DEFAULT


def test_flags_beat_variables_beat_project_beats_user_beats_default(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config.toml").write_text('fps = 11\nlook = "u"\nsize = "1:1"\nquality = "high"\n')
    Path(PROJECT_FILE).write_text('fps = 12\nlook = "p"\nsize = "720p"\n')
    monkeypatch.setenv("SUNO_VIDEO_FPS", "13")
    monkeypatch.setenv("SUNO_VIDEO_LOOK", "e")
    loaded = load_settings({"fps": 14})
    values = loaded.settings
    assert (values.fps, values.look, values.size, values.quality, values.backend) == (
        14,
        "e",
        "720p",
        "high",
        "procedural",
    )
    assert loaded.origin_of("fps") == FLAG
    assert loaded.origin_of("look") == "SUNO_VIDEO_LOOK"
    assert loaded.origin_of("size") == f"{PROJECT_FILE}, line 3"
    assert loaded.origin_of("quality") == f"{home / 'config.toml'}, line 4"
    assert loaded.origin_of("backend") == DEFAULT


def test_a_flag_that_was_not_given_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNO_VIDEO_SEED", "5")
    assert load_settings({"seed": None}).settings.seed == 5


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNO_VIDEO_SEED", "")
    assert load_settings().settings.seed is None


def test_the_project_folder_comes_before_the_working_folder(tmp_path: Path) -> None:
    project = tmp_path / "song.suno-video"
    project.mkdir()
    (project / PROJECT_FILE).write_text("fps = 25\n")
    Path(PROJECT_FILE).write_text("fps = 50\n")
    assert load_settings(project=project).settings.fps == 25
    assert load_settings().settings.fps == 50


def test_config_takes_the_place_of_the_project_file(tmp_path: Path) -> None:
    Path(PROJECT_FILE).write_text("fps = 50\nseed = 3\n")
    other = tmp_path / "other.toml"
    other.write_text("fps = 60\n")
    values = load_settings(config=other).settings
    assert (values.fps, values.seed) == (60, None)


def test_an_unknown_key_is_refused_with_file_and_line() -> None:
    Path(PROJECT_FILE).write_text('# mine\n\nlok = "neon"\n')
    with pytest.raises(ConfigError, match=r"suno-video\.toml, line 3: lok: there is no such setting"):
        load_settings()


def test_a_bad_value_is_refused_with_file_and_line() -> None:
    Path(PROJECT_FILE).write_text("seed = 1\nfps = 1000\n")
    with pytest.raises(ConfigError, match=r"suno-video\.toml, line 2: fps: 1000 does not fit: .*120"):
        load_settings()


def test_a_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNO_VIDEO_QUALITY", "best")
    with pytest.raises(ConfigError, match="SUNO_VIDEO_QUALITY: 'best' does not fit"):
        load_settings()


def test_a_bad_flag_is_a_mistake_of_usage() -> None:
    with pytest.raises(UsageError, match="--size: '3x3' does not fit"):
        load_settings({"size": "3x3"})


def test_a_file_that_is_not_toml_is_refused_with_the_line() -> None:
    Path(PROJECT_FILE).write_text("fps = 30\nlook = neon\n")
    with pytest.raises(ConfigError, match=r"suno-video\.toml: .*line 2"):
        load_settings()


def test_a_file_in_another_encoding_is_refused() -> None:
    Path(PROJECT_FILE).write_bytes(b'look = "caf\xe9"\n')
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_settings()


def test_a_config_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.toml cannot be read"):
        load_settings(config=tmp_path / "gone.toml")


@pytest.mark.parametrize(
    "key", ["replicate_api_token", "base_url", "OPENAI_API_KEY", "comfy_address", "proxy_password"]
)
def test_a_project_file_can_never_set_a_key_or_an_address(key: str) -> None:
    Path(PROJECT_FILE).write_text(f'{key} = "x"\n')
    with pytest.raises(ConfigError, match="may not set keys or service addresses"):
        load_settings()


@pytest.mark.parametrize("name", ["demo", "low-memory", "cron"])
def test_the_shipped_config_loads_and_changes_something(name: str) -> None:
    loaded = load_settings(config=CONFIGS / f"{name}.toml")
    assert loaded.settings != Settings()
    assert {loaded.origin_of(key) for key in loaded.layers[2].values}.isdisjoint({DEFAULT, FLAG})


def test_every_setting_is_explained() -> None:
    assert all(field.description for field in Settings.model_fields.values())
