"""Settings: which source wins, where a value came from, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from suno_video import settings as settings_module
from suno_video.core.errors import ConfigError, UsageError
from suno_video.settings import DEFAULT, FLAG, PLAIN_NAMES, PROJECT_FILE, Settings, load_settings, setting_fields
from suno_video.settings_layers import line_of

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
    for name in [*os.environ]:
        if name.upper().startswith("SUNO_VIDEO_") or name in PLAIN_NAMES:
            monkeypatch.delenv(name)
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
    (layer,) = [layer for layer in loaded.layers if layer.origin.endswith(f"{name}.toml")]
    assert {loaded.origin_of(key) for key in layer.values}.isdisjoint({DEFAULT, FLAG})


def test_every_setting_is_explained() -> None:
    assert "memory.warning_mb" in setting_fields()
    assert all(field.description for field in setting_fields(described=True).values())


def test_a_key_of_a_group_has_its_own_rank_and_origin(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "config.toml").write_text("[memory]\nwarning_mb = 1\ncritical_mb = 60\ncleanup_interval = 7\n")
    Path(PROJECT_FILE).write_text("fps = 25\n\n[memory]\nwarning_mb = 2\nlogging = true\n")
    monkeypatch.setenv("SUNO_VIDEO_MEMORY__WARNING_MB", "30.5")
    loaded = load_settings()
    memory = loaded.settings.memory
    assert (memory.warning_mb, memory.logging, memory.critical_mb, memory.cleanup_interval) == (30.5, True, 60, 7)
    assert loaded.origin_of("memory.warning_mb") == "SUNO_VIDEO_MEMORY__WARNING_MB"
    assert loaded.origin_of("memory.logging") == f"{PROJECT_FILE}, line 5"
    assert loaded.origin_of("memory.critical_mb") == f"{home / 'config.toml'}, line 3"
    assert loaded.origin_of("memory.isolate") == DEFAULT
    assert loaded.values()["memory.critical_mb"] == 60
    assert list(loaded.values()) == list(setting_fields())


def test_a_flag_can_set_a_key_of_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNO_VIDEO_MEMORY__ISOLATE", "never")
    loaded = load_settings({"memory.isolate": "always"})
    assert (loaded.settings.memory.isolate, loaded.origin_of("memory.isolate")) == ("always", FLAG)
    with pytest.raises(UsageError, match="--isolate: 'perhaps' does not fit"):
        load_settings({"memory.isolate": "perhaps"})


def test_an_unset_group_is_all_defaults() -> None:
    values = load_settings().settings
    assert (values.memory.warning_mb, values.memory.logging, values.memory.aggressive_cleanup) == (None, False, True)
    assert (values.models.quantize, values.models.fast) == (None, None)


WANTED = {
    "MEMORY_WARNING_THRESHOLD_MB": ("4000", 4000.0),
    "MEMORY_CRITICAL_THRESHOLD_MB": ("6000.5", 6000.5),
    "ENABLE_MEMORY_LOGGING": ("true", True),
    "AGGRESSIVE_MEMORY_CLEANUP": ("False", False),
    "MEMORY_CLEANUP_INTERVAL": ("5", 5),
    "ENABLE_AUDIO_CACHE": ("no", False),
    "AUDIO_CACHE_CLEANUP_HOURS": ("0.5", 0.5),
    "ENABLE_MODEL_CACHE": ("0", False),
    "USE_QUANTIZATION": ("1", True),
    "USE_FAST_MODELS": ("off", False),
    "REPLICATE_API_TOKEN": ("r8_secret", "**********"),
    "GOOGLE_API_KEY": ("g-1", "**********"),
    "GEMINI_API_KEY": ("g-2", "**********"),
    "GOOGLE_GENERATIVE_AI_API_KEY": ("g-3", "**********"),
    "OPENAI_API_KEY": ("o-1", "**********"),
    "ANTHROPIC_API_KEY": ("a-1", "**********"),
}
KEYS = [name for name in WANTED if WANTED[name][1] == "**********"]


def test_every_plain_name_has_a_case_here_and_a_setting() -> None:
    assert set(WANTED) == set(PLAIN_NAMES)
    assert set(PLAIN_NAMES.values()) <= set(setting_fields())


@pytest.mark.parametrize("name", WANTED)
def test_a_plain_variable_counts_and_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text, value = WANTED[name]
    monkeypatch.setenv(name, text)
    loaded = load_settings()
    assert value != setting_fields()[PLAIN_NAMES[name]].default, "it would be so anyway: the test proves nothing"
    assert loaded.values()[PLAIN_NAMES[name]] == value
    assert loaded.origin_of(PLAIN_NAMES[name]) == name


@pytest.mark.parametrize("name", WANTED)
def test_a_plain_name_in_a_dotenv_file_counts_and_is_named_with_its_line(name: str) -> None:
    text, value = WANTED[name]
    Path(".env").write_text(f"# for all my tools\n\n\nexport {name}='{text}'  # mine\n")
    loaded = load_settings()
    assert loaded.values()[PLAIN_NAMES[name]] == value
    assert loaded.origin_of(PLAIN_NAMES[name]) == f".env, line 4: {name}"


@pytest.mark.parametrize("name", [name for name in WANTED if name not in KEYS])  # any text may be a key
def test_a_bad_value_under_a_plain_name_is_refused_by_that_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(f"{name}=lots\n")
    with pytest.raises(ConfigError, match=rf"^\.env, line 1: {name}: 'lots' does not fit: ") as caught:
        load_settings()
    assert caught.value.exit_status == 78
    assert caught.value.hint.startswith(f"{PLAIN_NAMES[name]}: ")
    monkeypatch.setenv(name, "more")
    with pytest.raises(ConfigError, match=f"^{name}: 'more' does not fit: "):
        load_settings()


def test_keys_are_never_shown_and_addresses_come_from_no_file_that_may_be_a_download(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text("REPLICATE_API_TOKEN=r8_secret\nREPLICATE_BASE_URL=https://evil.example\n")
    loaded = load_settings()
    assert loaded.settings.services.plain()["replicate_token"] == "r8_secret"
    assert "r8_secret" not in repr(loaded) + repr(loaded.settings) + str(loaded.values())
    assert loaded.settings.services.replicate_url == "https://api.replicate.com"
    monkeypatch.setenv("COMFYUI_URL", "http://gpu.local:8188")
    assert load_settings().settings.services.comfyui_url == "http://gpu.local:8188"
    monkeypatch.setenv("COMFYUI_URL", "gpu.local")
    with pytest.raises(ConfigError, match=r"^COMFYUI_URL: 'gpu.local' does not fit"):
        load_settings()


@pytest.mark.parametrize("key", ["comfyui_url", "replicate_url", "replicate_token"])
@pytest.mark.parametrize("named", [False, True])
def test_no_project_file_says_where_keys_go_not_even_by_a_setting_that_exists(key: str, named: bool) -> None:
    path = Path("mine.toml" if named else PROJECT_FILE)
    path.write_text(f'[services]\n{key} = "https://evil.example"\n')
    with pytest.raises(ConfigError, match=rf"services\.{key}: a project file may not set keys or service addresses"):
        load_settings(config=path if named else None)


def test_your_own_file_says_where_services_are() -> None:
    settings_module.user_file().parent.mkdir(parents=True, exist_ok=True)
    settings_module.user_file().write_text('[services]\ncomfyui_url = "http://gpu.local:8188"\n')
    assert load_settings().settings.services.comfyui_url == "http://gpu.local:8188"


def test_plain_names_rank_below_ours_and_above_files_and_dotenv_below_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(PROJECT_FILE).write_text("[memory]\nwarning_mb = 1\ncritical_mb = 1001\ncleanup_interval = 11\n")
    Path(".env").write_text(
        "MEMORY_WARNING_THRESHOLD_MB=2\nMEMORY_CRITICAL_THRESHOLD_MB=1002\nMEMORY_CLEANUP_INTERVAL=12\n"
    )
    monkeypatch.setenv("MEMORY_WARNING_THRESHOLD_MB", "3")
    monkeypatch.setenv("MEMORY_CRITICAL_THRESHOLD_MB", "1003")
    monkeypatch.setenv("SUNO_VIDEO_MEMORY__WARNING_MB", "4")
    memory = load_settings().settings.memory
    assert (memory.warning_mb, memory.critical_mb, memory.cleanup_interval) == (4, 1003, 12)


def test_a_dotenv_file_sets_nothing_else_and_its_other_lines_are_passed_over_in_silence(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".env").write_bytes(
        b"SUNO_VIDEO_FPS=12\nFPS=12\nmemory.logging=1\nMISTRAL_API_KEY=sk-1\nthis is no line\nCAF\xe9='\n"
        b"enable_model_cache=0\nENABLE_AUDIO_CACHE\nUSE_QUANTIZATION=\nMEMORY_CLEANUP_INTERVAL=2\n"
    )
    loaded = load_settings()
    changed = {key: value for key, value in loaded.values().items() if loaded.origin_of(key) != DEFAULT}
    assert changed == {"memory.cleanup_interval": 2}
    assert caplog.text == ""
    assert "MISTRAL_API_KEY" not in os.environ


def test_a_dotenv_file_cannot_show_what_is_in_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "sk-1234")
    Path(".env").write_text("MEMORY_CLEANUP_INTERVAL=${SECRET}\n")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert "sk-1234" not in caught.value.message


def test_a_folder_named_dotenv_is_no_settings_file() -> None:
    Path(".env").mkdir()
    assert load_settings().settings == Settings()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_dotenv_file_that_is_a_pipe_is_not_waited_for() -> None:
    os.mkfifo(".env")
    assert load_settings().settings == Settings()


def test_an_unreadable_dotenv_file_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("MEMORY_CLEANUP_INTERVAL=2\n")
    real = Path.read_text

    def read_text(self: Path, *args: str, **kwargs: str) -> str:
        if self.name == ".env":
            raise PermissionError(13, "no")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", read_text)
    assert load_settings().settings.memory.cleanup_interval == 1


def test_a_critical_limit_below_the_warning_is_refused_where_it_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(PROJECT_FILE).write_text("[memory]\nwarning_mb = 5000\n")
    monkeypatch.setenv("MEMORY_CRITICAL_THRESHOLD_MB", "4000")
    with pytest.raises(ConfigError, match=r"^MEMORY_CRITICAL_THRESHOLD_MB: .* less than memory\.warning_mb, 5000"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[memory]\nwarning = 1\n", "line 2: memory.warning"),
        ("memory.warning = 1\n", "line 1: memory.warning"),
        ("fps = 30\nmemory = { warning = 1 }\n", "line 2: memory.warning"),
    ],
)
def test_an_unknown_key_in_a_group_is_refused_with_its_line(text: str, place: str) -> None:
    Path(PROJECT_FILE).write_text(text)
    with pytest.raises(ConfigError, match=f"suno-video.toml, {place}: there is no such setting"):
        load_settings()


def test_a_misspelt_variable_of_a_group_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNO_VIDEO_MEMORY__WARN_MB", "1")
    with pytest.raises(ConfigError, match=r"^SUNO_VIDEO_MEMORY__WARN_MB: there is no such setting"):
        load_settings()


@pytest.mark.parametrize("value", ["many", "5", "[1]"])
def test_a_group_is_no_value(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNO_VIDEO_MEMORY", value)
    with pytest.raises(ConfigError, match=r"^SUNO_VIDEO_MEMORY: this is a group of settings"):
        load_settings()


def test_a_group_may_be_one_json_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNO_VIDEO_MODELS", '{"fast": true}')
    loaded = load_settings()
    assert (loaded.settings.models.fast, loaded.origin_of("models.fast")) == (True, "SUNO_VIDEO_MODELS")


@pytest.mark.parametrize("key", ["models.api_key", "models.url", "memory.token"])
def test_a_project_file_can_set_no_key_or_address_inside_a_group_either(key: str) -> None:
    Path(PROJECT_FILE).write_text(f'{key} = "x"\n')
    with pytest.raises(ConfigError, match="may not set keys or service addresses"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[memory]\n\nlogging = true\n", 3),
        ("[models]\nlogging = 1\n[ memory ]\n  logging = true\n[other]\nlogging = 2\n", 4),
        ('fps = 1\n"memory" . "logging" = true\n', 2),
        ("fps = 1\nmemory = { logging = true }\n", 2),
        ("[other]\nlogging = true\n", None),
    ],
)
def test_the_line_of_a_key_in_a_group_is_found_however_it_is_written(text: str, line: int | None) -> None:
    assert line_of(text, "memory.logging") == line
