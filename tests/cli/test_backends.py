"""`suno-video backends`, and what `doctor` says: with a backend of somebody else's, good, incomplete or broken."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, clean_environment, script

MODULE = """
from dataclasses import replace
from suno_video.backends.base import BackendInfo, Capabilities, Readiness

class Gallery:
    name, version = "gallery", "3"
    kinds = frozenset({"still", "clip"})
    capabilities = Capabilities(makes="clip", footage="file", spends_money=True, needs_network=True)

    @classmethod
    def info(cls):
        return BackendInfo("clip", "Paints what hangs in galleries", "none", "by model", "by model", False)

    @classmethod
    def readiness(cls):
        return Readiness(True, "open")

    @classmethod
    def for_model(cls, card, setup):
        raise AssertionError("nothing is made")

    @classmethod
    def readiness_of(cls, card, setup):
        if "8188" not in setup.services["comfyui_url"]:
            return Readiness(False, "The door is closed. Ring the bell.")
        if card is not None and card.id == "masters/large":
            return Readiness(False, "Its weights are missing. Get them: gallery pull large")
        return Readiness(True, "open")
"""

CARDS = """
[[model]]
backend = "gallery"
id = "masters/small"
makes = "clip"
default = true
fast = "masters/large"
inputs = { prompt = "prompt", first_frame = "image", reference = "refs" }
frames = { step = 4, offset = 1, least = 5, most = 81 }
fps = 16
size_multiple = 16
max_side_px = 1280
memory_gb = 24
licence = "Apache-2.0"
commercial_use = true
source_url = "https://example.org/small"
checked_on = 2026-11-02

[[model]]
backend = "gallery"
id = "masters/large"
makes = "still"
default = true
inputs = { prompt = "prompt" }
sizes = ["1024x576", "576x1024"]
licence = "research only"
commercial_use = "unknown"
checked_on = 2026-11-01
"""

PRICES = """
[[price]]
backend = "gallery"
model = "masters/small"
unit = "second"
usd = "0.05"
worst_factor = "2"
effective_from = 2026-01-01
source = "https://example.org/prices"
checked_on = 2026-11-01
"""


def register(folder: Path, name: str, target: str, module: str | None = None) -> Path:
    """Install a distribution as pip would, with a backend as its entry point."""
    info = folder / f"{name}_backend-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-backend\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[suno_video.backends]\n{name} = {target}\n")
    if module is not None:
        (folder / f"{target.partition(':')[0]}.py").write_text(module)
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of installed packages with the gallery in it."""
    return register(tmp_path / "site", "gallery", "gallery_backend:Gallery", MODULE)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The user's own folder, with cards and prices."""
    folder = tmp_path / "home" / "suno-video"
    (folder / "models").mkdir(parents=True)
    (folder / "models" / "gallery.toml").write_text(CARDS)
    (folder / "prices.toml").write_text(PRICES)
    return folder


def rows_of(stdout: str) -> dict[str, Any]:
    rows = [json.loads(line) for line in stdout.splitlines()]
    return {row["name"]: row for row in rows if row["event"] == "backend"}


def test_json_has_everything_of_a_backend_and_its_models(run: Run, site: Path, home: Path) -> None:
    done = run("backends", "--json", PYTHONPATH=str(site))
    assert done.returncode == 0, done.stderr
    rows = rows_of(done.stdout)
    assert {"procedural", "parallax", "gallery"} <= rows.keys()
    assert (rows["procedural"]["makes"], rows["procedural"]["price"], rows["procedural"]["models"]) == (
        "clip",
        "free",
        [],
    )
    gallery = rows["gallery"]
    assert (gallery["ready"], gallery["kinds"], gallery["hardware"]) == (True, ["still", "clip"], "none")
    small, large = gallery["models"]
    assert (small["spec"], small["ready"], small["price"]) == ("gallery:masters/small", True, "$0.05/s")
    assert small["prices"][0]["checked_on"] == "2026-11-01"
    assert small["lengths"] == "5 to 81 (4k+1) frames at 16 fps, up to 5.1 s"
    assert (small["memory_gb"], small["commercial_use"], small["licence"]) == (24, True, "Apache-2.0")
    assert (large["ready"], large["price"], large["commercial_use"]) == (False, "?", None)
    assert large["sizes"] == ["1024x576", "576x1024"]


def test_a_named_backend_shows_each_model_with_what_is_missing_and_how_to_get_it(
    run: Run, site: Path, home: Path
) -> None:
    shown = run("backends", "gallery", PYTHONPATH=str(site)).stdout
    assert shown.startswith("gallery: ready\n")
    small, large = shown.split("gallery:masters/")[1:]
    assert small.startswith("small (default): ready")
    assert "$0.05 per second, at worst 2 times that, checked 2026-11-01, https://example.org/prices" in small
    assert re.search(r"commercial use +yes", small) and re.search(r"starts from +first frame, reference", small)
    assert re.search(r"missing +Its weights are missing. Get them: gallery pull large", large)
    assert re.search(r"commercial use +unknown", large) and re.search(r"price +\? \(nobody has looked it up", large)
    one = run("backends", "gallery:masters/large", PYTHONPATH=str(site)).stdout
    assert "masters/large" in one and "masters/small" not in one


def test_every_model_in_a_row(run: Run, site: Path, home: Path) -> None:
    lines = run("backends", "--models", PYTHONPATH=str(site)).stdout.splitlines()
    (small,) = [line for line in lines if "masters/small" in line]
    assert small.split()[:4] == ["masters/small", "*", "clip", "yes"]
    assert "$0.05/s" in small and "Apache-2.0" in small
    assert any(line.startswith("  no models to choose from; clips, free, commercial use: yes") for line in lines)


def test_where_no_model_can_work_the_reason_is_that_of_the_backend(run: Run, site: Path, home: Path) -> None:
    done = run("backends", "gallery", PYTHONPATH=str(site), COMFYUI_URL="http://127.0.0.1:1")
    assert done.stdout.count("The door is closed. Ring the bell.") == 1
    assert done.stdout.count(": not ready\n") == 3


def test_wrong_names_are_told_with_the_nearest_right_one(run: Run, site: Path, home: Path) -> None:
    backend = run("backends", "galery", PYTHONPATH=str(site))
    assert backend.returncode == 2 and "Did you mean 'gallery'?" in backend.stderr
    model = run("backends", "gallery:masters/smal", PYTHONPATH=str(site))
    assert model.returncode == 2 and "masters/small" in model.stderr
    none = run("backends", "procedural:large")
    assert none.returncode == 2 and "no models to choose from" in none.stderr


def test_a_broken_card_is_told_with_its_line_after_everything_else(run: Run, site: Path, home: Path) -> None:
    (home / "models" / "mine.toml").write_text(CARDS.replace("fps = 16", 'fps = "often"'))
    done = run("backends", "--json", PYTHONPATH=str(site))
    assert done.returncode == 65
    assert {"procedural", "gallery"} <= rows_of(done.stdout).keys()
    assert "mine.toml cannot be used" in done.stderr and "line 10: model.0.fps" in done.stderr
    checked = run("doctor", PYTHONPATH=str(site))
    assert checked.returncode == 0
    assert re.search(r"warn  models and prices +\S+mine.toml cannot be used", checked.stdout)
    assert re.search(r"ok    backend gallery +open", checked.stdout)


def test_a_backend_whose_package_is_missing_or_broken_is_listed_with_how_to_get_it(run: Run, tmp_path: Path) -> None:
    site = register(tmp_path / "site", "lacking", "lacking_backend:Backend", "import no_such_package_at_all\n")
    register(site, "odd", "odd_backend:Backend", "class Backend:\n    pass\n")
    register(site, "faulty", "faulty_backend:Backend", "1 / 0\n")
    done = run("backends", PYTHONPATH=str(site))
    assert done.returncode == 0, done.stderr
    lacking = done.stdout.partition("lacking: not ready")[2].partition("\n\n")[0]
    assert "No module named 'no_such_package_at_all'" in lacking
    assert "pip install --force-reinstall lacking-backend" in lacking
    assert "odd: not ready\n  missing  It does not say what it is: AttributeError" in done.stdout
    assert "ZeroDivisionError" in done.stdout.partition("faulty: not ready")[2]
    assert "procedural: ready" in done.stdout
    used = run("render", "song.wav", "--backend", "faulty", PYTHONPATH=str(site))
    assert used.returncode in (66, 69) and "Traceback" not in used.stderr


@pytest.mark.parametrize("args", [[], ["gallery"], ["--models"]], ids=["all", "one", "models"])
def test_a_terminal_of_80_columns_is_enough(args: list[str], tmp_path: Path, site: Path, home: Path) -> None:
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    env = {**clean_environment(tmp_path / "home"), "PYTHONPATH": str(site), "COLUMNS": "80", "TERM": "xterm"}
    with subprocess.Popen([*script(), "backends", *args], env=env, stdout=follower) as process:
        os.close(follower)
        shown = b""
        with contextlib.suppress(OSError):  # how a terminal ends on Linux
            while part := os.read(leader, 65536):
                shown += part
    os.close(leader)
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode())
    assert process.returncode == 0
    assert "gallery" in text and max(map(len, text.splitlines())) <= 80
    if args == ["--models"]:
        assert re.search(r"masters/small \* +clip +yes +\$0\.05/s +yes +24 GB; 5 to 81", text)
