"""Copy the summary of benchmarks/RESULTS.md and the table of looks into the README, between their markers.

Usage: python scripts/make_readme_figures.py [--check]     with --check only say whether the README is current
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from suno_video.direct.looks import load_looks

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"


def block(text: str, name: str) -> str | None:
    """What stands between the markers."""
    found = re.search(rf"<!-- {name}: begin -->\n(.*?)\n?<!-- {name}: end -->", text, re.DOTALL)
    return found[1] if found else None


def put_block(text: str, name: str, content: str) -> str:
    """Replace what stands between the markers."""
    lines = f"<!-- {name}: begin -->\n{content}\n<!-- {name}: end -->"
    return re.sub(rf"<!-- {name}: begin -->.*?<!-- {name}: end -->", lambda _: lines, text, flags=re.DOTALL)


def looks_table() -> str:
    rows = [f"| `{look.name}` | {look.idea} |" for look in load_looks().values()]
    return "\n".join(["| look | idea |", "|---|---|", *rows])


def current_readme() -> str:
    """The README as it should be."""
    text = put_block(README.read_text(encoding="utf-8"), "looks", looks_table())
    results = ROOT / "benchmarks" / "RESULTS.md"
    figures = block(results.read_text(encoding="utf-8"), "figures") if results.exists() else None
    if figures:
        more = "How it was measured: [benchmarks/RESULTS.md](benchmarks/RESULTS.md)."
        text = put_block(text, "figures", f"{figures}\n\n{more}")
    return text


if __name__ == "__main__":
    wanted = current_readme()
    if "--check" in sys.argv:
        sys.exit(0 if README.read_text(encoding="utf-8") == wanted else "README.md is not current: run make docs")
    README.write_text(wanted, encoding="utf-8")
