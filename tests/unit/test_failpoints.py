"""A run dies where a test asks it to, and only there; what lies on the disk then is known."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from suno_video.core.failpoints import FAILPOINTS, KILLED_STATUS, Tripwire
from suno_video.project.store import SegmentStore

SOURCES = Path(__file__).resolve().parents[2] / "src"
KILLED = KILLED_STATUS if os.name == "nt" else -9

PASS_SOME = """
import sys
from concurrent.futures import ThreadPoolExecutor
from suno_video.core.failpoints import failpoint
for name in sys.argv[1:]:
    failpoint(name)
with ThreadPoolExecutor(8) as pool:
    list(pool.map(failpoint, ["file.written"] * 400))
"""
REPLACE = """
import sys
from pathlib import Path
from suno_video.media.atomic import write_text
write_text(Path(sys.argv[1]), "new")
"""
KEEP = """
import sys
from pathlib import Path
from suno_video.project.store import SegmentStore
folder = Path(sys.argv[1])
made = folder / "made.mp4"
made.write_bytes(b"film")
SegmentStore(folder).keep(made, piece="s001", fingerprint="f" * 64, n_frames=30, backend="fake", seconds=1.0)
"""


def run(code: str, *args: str, wanted: str = "", log: Path | None = None) -> int:
    environment = {**os.environ, "SUNO_VIDEO_FAILPOINT": wanted, "SUNO_VIDEO_FAILPOINT_LOG": str(log or "")}
    return subprocess.run([sys.executable, "-c", code, *args], env=environment, check=False).returncode


def test_every_failpoint_in_the_source_is_listed_and_every_listed_one_is_there() -> None:
    texts = (source.read_text(encoding="utf-8") for source in SOURCES.rglob("*.py"))
    placed = {name for text in texts for name in re.findall(r"\bfailpoint\(\s*[\"']([^\"']+)[\"']", text)}
    assert placed == set(FAILPOINTS)
    assert len(FAILPOINTS) == len(placed), "a name is listed twice"


def test_all_passings_are_logged_and_without_a_wish_nothing_dies(tmp_path: Path) -> None:
    log = tmp_path / "passed"
    assert run(PASS_SOME, "segment.moved", "segment.kept", log=log) == 0
    passed = log.read_text().splitlines()
    assert passed[:2] == ["segment.moved", "segment.kept"]
    assert passed[2:] == ["file.written"] * 400


def test_a_run_dies_at_the_nth_passing_of_a_name_however_many_threads_pass_it(tmp_path: Path) -> None:
    log = tmp_path / "passed"
    assert run(PASS_SOME, "segment.moved", wanted="file.written:377", log=log) == KILLED
    assert log.read_text().splitlines() == ["segment.moved"] + ["file.written"] * 377


def test_a_run_dies_at_the_nth_passing_of_any(tmp_path: Path) -> None:
    log = tmp_path / "passed"
    assert run(PASS_SOME, "segment.moved", "segment.kept", "file.replaced", wanted="*:2", log=log) == KILLED
    assert log.read_text().splitlines() == ["segment.moved", "segment.kept"]


@pytest.mark.parametrize("wanted", ["file.writen", "segment.kept:0", "segment.kept:soon"])
def test_a_wish_that_could_never_come_true_is_refused(wanted: str) -> None:
    with pytest.raises(ValueError, match=r"no failpoint 'file.writen'|counted from 1|invalid literal"):
        Tripwire(wanted)


@pytest.mark.parametrize(("wanted", "content"), [("file.written", "old"), ("file.replaced", "new")])
def test_a_file_is_the_old_one_or_the_new_one_wherever_writing_it_dies(
    tmp_path: Path, wanted: str, content: str
) -> None:
    target = tmp_path / "a.json"
    target.write_text("old")
    assert run(REPLACE, str(target), wanted=wanted) == KILLED
    assert target.read_text() == content


@pytest.mark.parametrize(("wanted", "counts"), [("segment.moved", False), ("segment.kept", True)])
def test_a_piece_counts_from_its_receipt_on_wherever_keeping_it_dies(tmp_path: Path, wanted: str, counts: bool) -> None:
    assert run(KEEP, str(tmp_path), wanted=wanted) == KILLED
    store = SegmentStore(tmp_path)
    assert store.path_of("s001", "f" * 64).read_bytes() == b"film"
    assert (store.find("s001", "f" * 64) is not None) is counts
