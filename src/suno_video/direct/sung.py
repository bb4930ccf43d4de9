"""When somebody sings: the spans of time in which a cut would tear a line apart."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from suno_video.core.song import Lyrics

GRACE_S = 0.08
"""The ear takes two events within 80 ms as one: a cut this close to the edge of a line is not inside it."""

MAX_LINE_S = 15.0
"""A "line" longer than this is a fault of its times, and does not hold a cut back."""

MAX_SPAN_S = 30.0
"""So is a chain of overlapping lines longer than this."""


@dataclass(frozen=True)
class SungLines:
    """Spans in which lines are sung, in order of time and apart from each other."""

    spans: tuple[tuple[float, float], ...] = ()

    @classmethod
    def of(cls, lyrics: Lyrics | None) -> SungLines:
        """Take the lines whose times are sure, joined where they overlap. No lyrics, or none with times: no spans."""
        timed = lyrics.timed_lines if lyrics else ()
        lines = sorted(_span(line.start_s, line.end_s) for line in timed if line.is_sure)
        joined: list[tuple[float, float]] = []
        for start, end in lines:
            if not 2 * GRACE_S < end - start <= MAX_LINE_S:
                continue
            if joined and start < joined[-1][1] - 2 * GRACE_S:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return cls(tuple(span for span in joined if span[1] - span[0] <= MAX_SPAN_S))

    def around(self, time_s: float) -> tuple[float, float] | None:
        """The span that a cut at this moment would tear, if there is one."""
        # Neighbours may still overlap by the grace, so the span before the last one that has begun is asked too.
        last = bisect_right(self.spans, (time_s, float("inf")))
        for start, end in self.spans[max(0, last - 2) : last]:
            if start + GRACE_S < time_s < end - GRACE_S:
                return start, end
        return None

    def any_in(self, start_s: float, end_s: float) -> bool:
        """Whether somebody sings between two moments (a touch at the edge does not count)."""
        return any(start < end_s - GRACE_S and end > start_s + GRACE_S for start, end in self.spans)


def _span(start_s: float | None, end_s: float | None) -> tuple[float, float]:
    return start_s or 0.0, end_s or 0.0
