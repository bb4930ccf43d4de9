"""Flags, variables and files say who directs; what cannot be is said before anything is done."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from suno_video.cli.doctor import _director
from suno_video.cli.wishes import Wishes, film_options
from suno_video.core.errors import BadEditError, ConfigError, KeyRefusedError, SunoVideoError, UsageError
from suno_video.core.events import Event, Notice
from suno_video.direct.llm import lineup as lineups
from suno_video.direct.llm.catalog import LanguageModels
from suno_video.direct.llm.choice import PROVIDERS, DirectorChoice
from suno_video.direct.llm.lineup import line_up
from suno_video.direct.llm.service import make_adviser
from suno_video.settings import load_settings
from suno_video.settings_groups import ServiceSettings
from suno_video.settings_layers import ADDRESS_NAMES, PLAIN_NAMES, read_dotenv
from tests.cli.conftest import clean_environment, script

KEYS = {"gemini": "g", "openai": "o", "anthropic": "a"}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*PLAIN_NAMES, *ADDRESS_NAMES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(lineups, "has_package", lambda: True)
    monkeypatch.chdir(tmp_path)


def specs(choice: DirectorChoice) -> list[list[str]]:
    found = line_up(choice)
    assert found is not None
    return [[model.spec for model in found.of(role)] for role in ("listen", "write", "look")]


def test_rules_direct_by_default() -> None:
    assert line_up(DirectorChoice()) is None
    assert film_options(None, Wishes()).director.name == "rules"


def test_gemini_listens_with_a_cheap_model_and_writes_with_its_best() -> None:
    flash, pro = ["gemini:gemini-3.8-flash"], ["gemini:gemini-3.1-pro-preview"]
    assert specs(DirectorChoice("gemini", keys=KEYS)) == [flash, pro, flash]


def test_a_named_model_does_all_but_what_another_is_named_for() -> None:
    chosen = DirectorChoice("ollama:qwen3:8b", listen_model="gemini:gemini-3.5-flash", keys=KEYS, fallback=("openai",))
    gemini, ours = "gemini:gemini-3.5-flash", "ollama:qwen3:8b"
    assert specs(chosen) == [
        [gemini, "openai:gpt-audio-mini"],
        [ours, "openai:gpt-5.6-terra"],
        [gemini, "openai:gpt-5.4-mini"],
    ]
    assert specs(replace(chosen, listen_model="llava:7b"))[0][0] == "ollama:llava:7b"


@pytest.mark.parametrize(
    ("keys", "addresses", "first"),
    [
        ({"openai": "o", "anthropic": "a"}, {"gemini": "http://x"}, "openai"),
        ({"anthropic": "a"}, {"ollama": "http://127.0.0.1:11434"}, "anthropic"),
        ({}, {"ollama": "http://127.0.0.1:11434"}, "ollama"),
    ],
)
def test_auto_takes_the_first_that_is_set_up(keys: dict[str, str], addresses: dict[str, str], first: str) -> None:
    found = line_up(DirectorChoice("auto", keys=keys, addresses=addresses))
    assert found is not None
    assert found.provider == first


def test_auto_without_a_key_leaves_it_to_rules_and_says_so(tmp_path: Path) -> None:
    events: list[Event] = []
    assert make_adviser(DirectorChoice("auto"), purse=None, cache_folder=tmp_path, events=events.append) is None
    assert events == [Notice("no key for a language model is set, so rules direct the film")]


@pytest.mark.parametrize(
    ("choice", "error", "words"),
    [
        (DirectorChoice("gemmini", keys=KEYS), UsageError, "no director 'gemmini'"),
        (DirectorChoice("gemini:", keys=KEYS), UsageError, "names no model"),
        (DirectorChoice("gemini", keys=KEYS, fallback=("nobody",)), UsageError, "no director 'nobody'"),
        (DirectorChoice("gemini:new-one", keys=KEYS), ConfigError, "What gemini:new-one costs is not known"),
        (DirectorChoice("gemini"), KeyRefusedError, "no key"),
        (DirectorChoice("ollama", fallback=("openai",)), KeyRefusedError, "no key"),
    ],
)
def test_a_director_that_cannot_be_is_refused(choice: DirectorChoice, error: type[SunoVideoError], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        line_up(choice)
    assert caught.value.hint


def test_a_missing_package_is_named_before_anything_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineups, "has_package", lambda: False)
    with pytest.raises(ConfigError) as caught:
        line_up(DirectorChoice("gemini", keys=KEYS))
    assert caught.value.hint == "Install them: pip install 'suno-video[director]'"
    assert line_up(DirectorChoice("gemini", offline=True)) is not None  # kept answers need neither package nor key


def test_ones_own_models_come_first(tmp_path: Path) -> None:
    own = tmp_path / "director.toml"
    own.write_text(
        '[[model]]\nprovider = "gemini"\nid = "mine"\nroles = ["write"]\ncontext_tokens = 5000\n'
        'prices = [{ usd_input = 1, usd_output = 2 }]\nsource = "me"\nchecked_on = 2026-11-01\n',
        encoding="utf-8",
    )
    assert specs(DirectorChoice("gemini", keys=KEYS, models_file=own))[1] == ["gemini:mine"]
    own.write_text(own.read_text(encoding="utf-8").replace("usd_output = 2", "usd_output = -2"), encoding="utf-8")
    with pytest.raises(BadEditError, match="line"):
        line_up(DirectorChoice("gemini", keys=KEYS, models_file=own))


def test_a_price_ends_on_its_last_day() -> None:
    model = LanguageModels.load().find("gemini", "gemini-3.8-flash")
    assert model.price(date(2026, 12, 31)).usd_input == Decimal("0.75")
    assert model.price(date(2027, 1, 1)).usd_input == Decimal("1.50")


def test_every_provider_has_a_model_that_writes_and_one_that_looks() -> None:
    models = LanguageModels.load()
    assert all(models.default(provider, role) for provider in PROVIDERS for role in ("write", "look"))
    assert all(model.hears for model in models.models if "listen" in model.roles)
    assert all(model.sees for model in models.models if "look" in model.roles)


def test_of_three_names_for_geminis_key_the_longest_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("GOOGLE_GENERATIVE_AI_API_KEY=long\nGEMINI_API_KEY=short\nGOOGLE_API_KEY=g\n", encoding="utf-8")
    assert read_dotenv(dotenv).values == {"services.gemini_key": "long"}
    for name in ("GOOGLE_GENERATIVE_AI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.setenv(name, f"of {name}")
    options = film_options(None, Wishes(flags={"director.name": "gemini"}))
    assert options.director.keys == {"gemini": "of GOOGLE_GENERATIVE_AI_API_KEY"}
    assert "of GOOGLE" not in repr(options)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("0.0.0.0", "http://127.0.0.1:11434"),
        (":8080", "http://127.0.0.1:8080"),
        ("box.local:1", "http://box.local:1"),
        ("http://localhost:11434/v1/", "http://localhost:11434"),
        ("https://ollama.example/v1", "https://ollama.example"),
        ("[::1]:7", "http://[::1]:7"),
        ("", None),
    ],
)
def test_ollamas_address_is_taken_as_ollama_takes_it(given: str, taken: str | None) -> None:
    assert ServiceSettings(ollama_url=given).ollama_url == taken


@pytest.mark.parametrize("line", ['gemini_url = "http://evil.example"', 'gemini_key = "x"', 'ollama_url = "evil"'])
def test_a_projects_file_says_neither_keys_nor_addresses(tmp_path: Path, line: str) -> None:
    (tmp_path / "suno-video.toml").write_text(f"[services]\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="may not set keys or service addresses"):
        load_settings()


@pytest.mark.parametrize("name", ["GOOGLE_GEMINI_BASE_URL", "OPENAI_BASE_URL", "OLLAMA_HOST"])
def test_an_address_in_a_dotenv_file_does_not_count(tmp_path: Path, name: str) -> None:
    (tmp_path / ".env").write_text(f"{name}=http://evil.example\n", encoding="utf-8")
    assert load_settings().settings.services == ServiceSettings()


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run_here(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
        whole = {**clean_environment(tmp_path / "home"), **env}
        return subprocess.run(
            [*script(), *args], cwd=tmp_path, env=whole, capture_output=True, text=True, timeout=120, check=False
        )

    return run_here


def test_a_director_without_a_key_is_exit_77(run: Run, tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"x")
    done = run("storyboard", "song.mp3", "--director", "gemini")
    assert done.returncode == 77
    assert "no key for it is set" in done.stderr
    assert "GEMINI_API_KEY" in done.stderr


def test_an_unknown_director_is_refused_by_where_it_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"^--director: there is no director 'nobody'"):
        film_options(None, Wishes(flags={"director.name": "nobody"}))
    monkeypatch.setenv("SUNO_VIDEO_DIRECTOR__NAME", "nobody")
    with pytest.raises(ConfigError, match=r"^SUNO_VIDEO_DIRECTOR__NAME: there is no director 'nobody'"):
        film_options(None, Wishes())


def test_the_settings_show_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "mine-alone")
    loaded = load_settings()
    assert loaded.values()["services.gemini_key"] == "**********"
    assert "mine-alone" not in repr(loaded) + str(loaded.values()) + repr(film_options(None, Wishes()))


def test_the_doctor_says_to_whom_there_are_keys_and_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "mine-alone")
    (finding,) = _director()
    assert (finding.state, finding.detail) == ("ok", "rules; keys: gemini set, openai not set, anthropic not set")
    monkeypatch.setenv("SUNO_VIDEO_DIRECTOR__NAME", "openai")
    (finding,) = _director()
    assert (finding.state, "OPENAI_API_KEY" in finding.hint) == ("fail", True)
