"""The commands that tell something, and the pages generated from the command."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from suno_video.cli import doctor
from suno_video.core.errors import ToolMissingError
from tests.cli.conftest import Run

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("page", "script", "function"),
    [
        ("cli", "make_cli_docs", "cli_page"),
        ("errors", "make_error_docs", "errors_page"),
        ("families", "make_scene_docs", "families_page"),
        ("looks", "make_scene_docs", "looks_page"),
    ],
)
def test_the_generated_page_is_current(page: str, script: str, function: str) -> None:
    made = runpy.run_path(str(ROOT / "scripts" / f"{script}.py"))[function]()
    assert (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8") == made, f"run scripts/{script}.py"


def test_doctor_finds_this_machine_fit(run: Run) -> None:
    done = run("doctor", "--json")
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stdout
    assert findings[-1] == {"v": 1, "event": "result", "ready": True, "exit_status": 0}
    names = {finding.get("name") for finding in findings}
    assert {"python", "ffmpeg", "ffmpeg encoders", "ffmpeg filters", "numba", "cv2", "cache", "disk"} <= names
    assert "backend procedural" in names


def test_doctor_for_people_names_what_is_missing_and_ends_with_69(run: Run) -> None:
    done = run("doctor", SUNO_VIDEO_FFMPEG="no-such-ffmpeg")
    assert done.returncode == 69
    assert "fail  ffmpeg" in done.stdout
    assert "Unset it to use the bundled ffmpeg." in done.stdout


def test_the_doctor_survives_a_check_that_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError("oh")

    def missing() -> None:
        raise ToolMissingError("There is none.", "Install it.")

    monkeypatch.setattr(doctor, "_ffmpeg", broken)
    monkeypatch.setattr(doctor, "_fonts", missing)
    monkeypatch.setattr(doctor, "_packages", lambda: iter(()))
    findings = {finding.name: finding for finding in doctor.examine()}
    assert (findings["ffmpeg"].state, findings["ffmpeg"].detail) == ("fail", "ZeroDivisionError: oh")
    assert (findings["fonts"].state, findings["fonts"].hint) == ("fail", "Install it.")
    assert "cache" in findings


def test_backends_lists_the_embedded_renderer_as_ready_and_free(run: Run) -> None:
    rows = [json.loads(line) for line in run("backends", "--json").stdout.splitlines()]
    procedural = next(row for row in rows if row["name"] == "procedural")
    assert (procedural["ready"], procedural["makes"], procedural["price"]) == (True, "clip", "free")
    assert "procedural" in run("backends").stdout


def test_looks_are_listed_by_both_ways(run: Run) -> None:
    listed = run("looks").stdout
    assert len(listed.splitlines()) >= 9
    assert run("render", "--look", "list").stdout == listed
    names = [json.loads(line)["name"] for line in run("looks", "--json").stdout.splitlines()]
    assert all(name in listed for name in names)


def test_config_shows_values_and_origins(run: Run, work: Path) -> None:
    (work / "suno-video.toml").write_text('look = "neon"\n')
    done = run("config", "--show-origin", SUNO_VIDEO_SEED="9")
    lines = {line.split(" ")[0]: line for line in done.stdout.splitlines()}
    assert lines["look"].split("#")[1].strip() == "suno-video.toml, line 1"
    assert lines["seed"] == "seed = 9                      # SUNO_VIDEO_SEED"
    assert lines["fps"].endswith("# default")
    assert "config.toml (not there)" in done.stdout


def test_what_config_prints_is_a_settings_file(run: Run, work: Path) -> None:
    (work / "copy.toml").write_text(run("config", SUNO_VIDEO_LOOK='a "b"', SUNO_VIDEO_CAPTIONS="no").stdout)
    values = json.loads(run("config", "--config", "copy.toml", "--json").stdout)
    assert values["look"] == {"value": 'a "b"', "origin": "copy.toml, line 1"}
    assert values["captions"]["value"] == "none"
    assert values["seed"] == {"value": None, "origin": "default"}


def test_config_prints_groups_as_tables_that_can_be_read_again(run: Run, work: Path) -> None:
    (work / ".env").write_text("ENABLE_MODEL_CACHE=no\n")
    done = run("config", "--show-origin", SUNO_VIDEO_MEMORY__WARNING_MB="900", USE_FAST_MODELS="1")
    lines = done.stdout.splitlines()
    table = lines[lines.index("[memory]") : lines.index("[models]")]
    assert "warning_mb = 900.0            # SUNO_VIDEO_MEMORY__WARNING_MB" in table
    assert "model_cache = false           # .env, line 1: ENABLE_MODEL_CACHE" in table
    (work / ".env").unlink()
    (work / "copy.toml").write_text(done.stdout)
    values = json.loads(run("config", "--config", "copy.toml", "--json").stdout)
    assert values["memory.warning_mb"]["value"] == 900
    assert values["memory.model_cache"]["value"] is False
    assert values["models.fast"] == {"value": True, "origin": f"copy.toml, line {lines.index('[models]') + 3}"}


def test_a_bad_plain_variable_ends_with_78(run: Run) -> None:
    done = run("config", MEMORY_CLEANUP_INTERVAL="often")
    assert done.returncode == 78
    assert done.stderr.startswith("error [config] MEMORY_CLEANUP_INTERVAL: 'often' does not fit")


def test_status_of_a_folder_without_a_project_ends_with_66(run: Run, work: Path) -> None:
    done = run("status", str(work))
    assert done.returncode == 66
    assert done.stderr.startswith("error [no-such-input]")
