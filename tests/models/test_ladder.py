"""Out of memory on a real limit, not a pretended one: the loop climbs down until the picture fits."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(sys.platform != "linux", reason="the kernel of others has no such limit, or does not keep it"),
]


def climb(name: str, weights: Path, folder: Path, size: str, more_mb: int) -> Any:
    run = subprocess.run(
        [sys.executable, "-m", "tests.models.ladder", name, str(weights), str(folder), size, str(more_mb)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    told = json.loads(run.stdout.splitlines()[-1])
    sys.stdout.write(f"\n{name} at {size} with {more_mb} MB: {told['made']}\n")
    for scene, reason, _ in told["failed"]:
        assert scene == "s001", "what is small enough was not made at once"
        assert any(words in reason for words in ("allocate", "could not create")), reason
    return told


def test_a_still_that_fits_in_tiles_is_made_in_tiles(tiny_folder: Callable[[str], Path], tmp_path: Path) -> None:
    told = climb("flux-wide-vae", tiny_folder("flux-wide-vae"), tmp_path, "512x512", 70)
    assert [words for *_, words in told["failed"]] == ["after returning memory", "with tiling"]
    # The economy stays with the backend; it changes nothing that later scenes would have to say.
    assert told["made"] == {"s001": ["tiling"], "s002": [], "s003": []}


def test_a_clip_that_does_not_fit_climbs_down_to_a_smaller_one(
    tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    told = climb("wan22-5b", tiny_folder("wan22-5b"), tmp_path, "512x320", 60)
    changes = told["made"]["s001"]
    assert changes[:2] == ["tiling", "offload"] and changes[-1].startswith("made at "), changes
    assert [words.split(",")[0] for *_, words in told["failed"]][:3] == [
        "after returning memory",
        "with tiling",
        "with offload",
    ]
    assert len(told["failed"]) >= 4
    assert (told["made"]["s002"], told["made"]["s003"]) == ([], [])
