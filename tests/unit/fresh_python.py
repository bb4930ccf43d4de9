"""Runs code in a fresh interpreter, for what a test cannot see in its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def run_python(code: str, *folders: Path) -> str:
    """What a fresh interpreter prints, with our package (and `folders`) to import from."""
    path = f"import sys; sys.path[:0] = {[str(folder) for folder in folders]!r} + {sys.path!r}\n"
    done = subprocess.run([sys.executable, "-c", path + code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
