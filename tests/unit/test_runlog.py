"""The log of a run: what happened and how it ended, and never a reason to fail."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from suno_video.project.lock import hold_project
from suno_video.project.runlog import KEPT_LOGS, run_log
from suno_video.project.workspace import Project


def test_a_run_that_fails_leaves_its_traceback_in_the_project(tmp_path: Path) -> None:
    project = Project(tmp_path / "p").create()
    with pytest.raises(ZeroDivisionError), hold_project(project):
        logging.getLogger("suno_video.somewhere").info("scene %s begins", "s001")
        raise ZeroDivisionError("of all things")
    (file,) = project.logs.iterdir()
    text = file.read_text(encoding="utf-8")
    assert "scene s001 begins" in text
    assert "ZeroDivisionError: of all things" in text


def test_logging_is_as_before_after_the_run(tmp_path: Path) -> None:
    ours = logging.getLogger("suno_video")
    before = (ours.level, list(ours.handlers))
    with run_log(tmp_path):
        assert ours.handlers != before[1]
    assert (ours.level, ours.handlers) == before


def test_only_the_last_logs_are_kept(tmp_path: Path) -> None:
    for day in range(1, 30):
        (tmp_path / f"202501{day:02d}-000000-1.log").touch()
    with run_log(tmp_path):
        pass
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == KEPT_LOGS
    assert names[0] == "20250111-000000-1.log"


def test_a_folder_that_cannot_be_written_costs_the_log_and_not_the_run(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file stands in the way")
    with run_log(tmp_path / "logs"):
        logging.getLogger("suno_video").warning("said to nobody")
    assert (tmp_path / "logs").read_text() == "a file stands in the way"
