"""Tables on stdout: as wide as the terminal, or as wide as they need in a pipe."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence

from suno_video.cli.answer import put
from suno_video.cli.wording import plain

_PIPE_WIDTH = 100_000
_LEAST_ROOM = 20


def put_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write rows under headers. On a terminal the last column is cut to fit; in a pipe nothing is."""
    from rich.console import Console
    from rich.table import Table

    terminal = sys.stdout.isatty()
    console = Console(
        file=sys.stdout, markup=False, highlight=False, emoji=False, width=None if terminal else _PIPE_WIDTH
    )
    # Without `expand` the shares of columns are not heeded, and the short ones are cut as much as the last one.
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=terminal)
    for number, header in enumerate(headers):
        last = number == len(headers) - 1
        table.add_column(header, no_wrap=True, overflow="ellipsis", ratio=1 if last and terminal else None)
    for row in rows:
        table.add_row(*(plain(cell) for cell in row))
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        put(line.rstrip())


def put_fields(fields: Sequence[tuple[str, object]], *, indent: int = 0) -> None:
    """Write `name  value` lines; a field without a value is left out. On a terminal long values are broken to fit."""
    shown = [(name, value) for name, value in fields if value not in (None, "", ())]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        first = f"{'':<{indent}}{name:<{width}}  "
        for number, line in enumerate(_broken(plain(value), len(first))):
            put(f"{first if number == 0 else ' ' * len(first)}{line}")


def _broken(text: str, taken: int) -> list[str]:
    """Break a text into lines that fit beside `taken` columns of a terminal; in a pipe it stays one."""
    if not sys.stdout.isatty():
        return [text]
    room = max(_LEAST_ROOM, shutil.get_terminal_size().columns - taken)
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [text]
