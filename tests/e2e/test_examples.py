"""The scripts in examples/ run, tiny and short."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TINY = ("--size", "64x36", "--fps", "12", "--jobs", "1")
# Five seconds around the drop: several scenes, a section change, sung lines.
DROP = ("--from", "0:29.5", "--to", "0:34.5")

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the examples are bash scripts")


def run_example(name: str, out: Path, *options: str) -> str:
    """Run a script as a user would and give its stdout."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", EXAMPLES / name, out, *options],
        env=os.environ | {"PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def results(stdout: str) -> list[dict[str, object]]:
    """The result events of a run with `--json`."""
    events = [json.loads(line) for line in stdout.splitlines() if line.startswith("{")]
    return [event for event in events if event["event"] == "result"]


def test_basic_leaves_a_film_with_its_report(tmp_path: Path) -> None:
    stdout = run_example("basic.sh", tmp_path, *DROP, *TINY)
    film = tmp_path / "film.mp4"
    assert stdout.strip().splitlines()[-1] == str(film)
    assert film.stat().st_size > 1000
    assert (tmp_path / "film.suno-video" / "report.html").is_file()


@pytest.mark.slow
def test_a_vertical_short_passes_the_check_of_its_platform(tmp_path: Path) -> None:
    size = ("--size", "360x640", "--fps", "24", "--from", "0:31", "--to", "0:34.5")
    run_example("vertical_short.sh", tmp_path, *size, "--preview")
    assert (tmp_path / "short.mp4").is_file()


@pytest.mark.slow
def test_planning_first_writes_nothing(tmp_path: Path) -> None:
    stdout = run_example("plan_first.sh", tmp_path, *TINY[:4])
    assert "chorus" in stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_editing_one_scene_renders_that_scene_and_its_joins_only(tmp_path: Path) -> None:
    stdout = run_example("edit_and_rerender.sh", tmp_path, *DROP, *TINY, "--json")
    first, second = results(stdout)
    assert first["n_scenes_reused"] == 0
    # The scene itself and at most a join on either side.
    assert 1 <= int(str(second["n_scenes_made"])) <= 3
    assert int(str(second["n_scenes_reused"])) == int(str(first["n_scenes_made"])) - int(str(second["n_scenes_made"]))
