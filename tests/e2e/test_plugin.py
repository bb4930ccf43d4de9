"""The backend in `examples/plugin`, a package of its own: installed, listed, proven by the contract, in a film."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from suno_video.media.mp4 import read_mp4
from tests.cli.conftest import clean_environment, script
from tests.cli.test_backends import register
from tests.e2e.conftest import write_song

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "examples" / "plugin"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The package as pip would install it: its modules, and the entry point that its own pyproject names."""
    project = tomllib.loads((PLUGIN / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ((name, target),) = project["entry-points"]["suno_video.backends"].items()
    folder = register(tmp_path / "site", name, target)
    shutil.copytree(PLUGIN / "src", folder, dirs_exist_ok=True)
    return folder


def run(args: list[str], site: Path, work: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(site), str(ROOT)])
    env = {**clean_environment(work / "home"), "PYTHONPATH": path, "PYTEST_ADDOPTS": ""}
    return subprocess.run(args, cwd=work, env=env, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.slow
def test_the_example_backend_is_listed_and_proven_by_the_contract(site: Path, tmp_path: Path) -> None:
    listed = run([*script(), "backends", "etching", "--json"], site, tmp_path)
    facts = json.loads(listed.stdout)
    assert (facts["ready"], facts["price"], facts["commercial_use"]) == (True, "free", True)
    contract = [
        "-p",
        "no:cacheprovider",
        "-n",
        "0",
        "-c",
        str(ROOT / "pyproject.toml"),
        str(ROOT / "tests" / "contract"),
    ]
    proven = run([sys.executable, "-m", "pytest", *contract, "--backend", "etching"], site, tmp_path)
    assert proven.returncode == 0, proven.stdout + proven.stderr
    assert "passed" in proven.stdout and "failed" not in proven.stdout


@pytest.mark.slow
def test_a_film_is_made_with_the_example_backend(site: Path, tmp_path: Path) -> None:
    song = write_song(tmp_path / "song.wav", 4.0)
    made = run(
        [*script(), "render", str(song), "--backend", "etching", "--size", "128x72", "--quality", "draft", "--json"],
        site,
        tmp_path,
    )
    assert made.returncode == 0, made.stderr
    events = [json.loads(line) for line in made.stdout.splitlines()]
    players = {event["backend"] for event in events if event["event"] == "scene.done"}
    assert players == {"etching"}
    track = read_mp4(tmp_path / "song.mp4").track("vide")
    assert track is not None and (track.n_samples, track.width_px) == (120, 128)
