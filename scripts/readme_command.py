"""Print one of the README's two commands, `film` or `tests`, so that CI runs exactly what a reader would type.

Usage: python3 scripts/readme_command.py film|tests
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def readme_command(name: str) -> str:
    """The shell command in the code block after `<!-- command: NAME -->`."""
    pattern = rf"<!-- command: {re.escape(name)} -->\n```bash\n(.+?)\n```"
    found = re.findall(pattern, README.read_text(encoding="utf-8"), re.DOTALL)
    if len(found) != 1:
        raise SystemExit(f"README.md has {len(found)} commands named {name!r}, expected one")
    return str(found[0])


if __name__ == "__main__":
    print(readme_command(sys.argv[1]))
