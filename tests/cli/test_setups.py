"""The settings files to copy, and the page that says what they are for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from suno_video.backends.base import MakesKind
from suno_video.backends.registry import backend_names, find_card, split_spec
from suno_video.core.errors import ConfigError
from suno_video.settings import load_settings
from tests.unit.test_house import load_script

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted((ROOT / "configs").glob("*.toml"))
_NAMED = re.compile(r"^#? ?(backend|stills) = \"([^\"]+)\"", re.MULTILINE)
NAMED = [(path.name, key, spec) for path in CONFIGS for key, spec in _NAMED.findall(path.read_text(encoding="utf-8"))]


@pytest.fixture(autouse=True)
def _nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without settings, in an empty folder."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_a_settings_file_to_copy_is_valid_with_all_that_it_offers(path: Path, tmp_path: Path) -> None:
    settings = load_settings(config=path).settings
    assert settings.money.budget is None
    offered = re.sub(r"^# ?(\[\w+\]|[a-z_]+ = [^ ].*)$", r"\1", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    chosen = dict.fromkeys(re.findall(r"^([a-z_]+) =", offered, re.MULTILINE))
    for key in chosen:  # of two lines for one key, the last one holds
        lines = re.findall(rf"^{key} = .*$", offered, re.MULTILINE)
        for line in lines[:-1]:
            offered = offered.replace(line + "\n", "", 1)
    (tmp_path / "all.toml").write_text(offered)
    load_settings(config=tmp_path / "all.toml")


def test_a_copy_that_was_found_and_not_named_may_not_say_what_is_spent(tmp_path: Path) -> None:
    text = (ROOT / "configs" / "cron.toml").read_text(encoding="utf-8")
    (tmp_path / "suno-video.toml").write_text(text)
    assert load_settings().settings.jobs == 2
    (tmp_path / "suno-video.toml").write_text(
        text.replace("\n# [money]\n", "\n[money]\n").replace("# budget", "budget")
    )
    with pytest.raises(ConfigError, match="may not say what is spent"):
        load_settings()
    assert "status 78" in text.partition("quality =")[0]


@pytest.mark.parametrize(("file", "key", "spec"), NAMED, ids=lambda value: str(value))
def test_a_model_that_a_settings_file_names_is_there(file: str, key: str, spec: str) -> None:
    if split_spec(spec)[0] not in backend_names():
        pytest.skip("that backend is not here yet")
    kind: MakesKind = "clip" if key == "backend" else "still"
    card = find_card(spec, kind)
    assert card is None or card.makes == kind


def test_the_set_up_guide_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    guide = load_script("make_setup_guide")
    assert guide.GUIDE.read_text(encoding="utf-8") == guide.current_guide(), "run make docs"
    assert "minimax/hailuo-02` | $0.08 per second | $7.20 | $24.00 | $36.00 |" in guide.current_guide()


def test_the_set_up_guide_names_every_settings_file_that_is_for_models() -> None:
    page = (ROOT / "VIDEO_GENERATION_HYBRID_SETUP.md").read_text(encoding="utf-8")
    assert [name for name in ("mac", "gpu", "hybrid", "comfyui") if f"(configs/{name}.toml)" not in page] == []
