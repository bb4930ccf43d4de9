"""Rows of type at a size: how much room they take, and the largest size at which they fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from suno_video.assemble.measuring import Letters
from suno_video.assemble.tokens import Row, Token, break_rows, fit_tokens

_STEP = 0.94
"""Each size that is tried against the one before."""


@dataclass(frozen=True)
class SetType:
    """Rows at a size."""

    rows: tuple[Row, ...]
    em_px: float
    letters: Letters

    @property
    def height_px(self) -> float:
        """How much room the rows take, as libass sets them: a row is as high as its letters reach."""
        return sum(self.em_px * _row_em(row, self.letters) for row in self.rows)

    @property
    def width_px(self) -> float:
        """How wide the widest row is."""
        return max((self.em_px * _row_width(row, self.letters) for row in self.rows), default=0.0)


def _row_em(row: Row, letters: Letters) -> float:
    runs = [run for token in row for run in letters.faces.runs(token.text)]
    return max((run.face.height_em * run.face.scale for run in runs), default=1.21)


def _row_width(row: Row, letters: Letters) -> float:
    return letters.width_em("".join((" " if t.space and n else "") + t.text for n, t in enumerate(row)))


def set_largest(
    tokens: Sequence[Token], letters: Letters, em_px: float, *, smallest_px: float, room_px: float, most_px: float
) -> SetType:
    """Set a text in three rows at most, as large as it fits, or four of a very long one.

    Args:
        em_px: The size that is wanted; none is larger.
        smallest_px: The size at which what still does not fit is cut off with an ellipsis.
        room_px: How wide, and `most_px`: how high it may be.
    """
    widths, gap = [letters.width_em(token.text) for token in tokens], letters.width_em(" ")
    while em_px > smallest_px:
        for count in range(1, 4 if em_px > 1.5 * smallest_px else 5):
            rows = break_rows(tokens, widths, gap, count, room_px / em_px)
            found = SetType(rows, em_px, letters)
            if rows and found.height_px <= most_px and found.width_px <= room_px:
                return found
        em_px *= _STEP
    rows, em_px = fit_tokens(tokens, letters.width_em, smallest_px, room_px, 3)
    return SetType(rows, em_px, letters)
