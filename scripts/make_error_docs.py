"""Writes docs/errors.md from the docstrings of `suno_video.core.errors`. A test fails when it is out of date."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

from suno_video.core.errors import RETRY_WORTHY, all_errors

TARGET = Path(__file__).resolve().parents[1] / "docs" / "errors.md"

INTRO = """# Errors

What goes wrong is said in two lines: what happened, and one thing to try. With `--json` it is also one object on
stdout.

    error [project-busy] Another run works in song.suno-video (process 4711).
    hint: Wait for it to finish, then run the same command.

This page is generated from `suno_video/core/errors.py` (`make docs`). Anything that is not here is a bug of ours: it
comes with a traceback and exit status 1.
"""


def errors_page() -> str:
    """Give the whole page as Markdown."""
    parts = [INTRO]
    for error in all_errors():
        again = "; worth another try later" if error.exit_status in RETRY_WORTHY else ""
        parts.append(f"## {error.code}\n\n{inspect.getdoc(error)}\n\nExit status {error.exit_status.value}{again}.\n")
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(errors_page(), encoding="utf-8")
    sys.stdout.write(f"{TARGET}\n")
