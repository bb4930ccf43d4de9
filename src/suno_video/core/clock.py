"""Moments and lengths as people write them."""

from __future__ import annotations

_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)


def clock(seconds: float) -> str:
    """Write a length or moment as `m:ss` or `h:mm:ss`."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def clock_tenths(seconds: float) -> str:
    """Write a moment as `m:ss.t`; minutes go on beyond the hour."""
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"


def tick_step_s(duration_s: float, n_most: int) -> int:
    """Choose a round step in seconds that marks a length with at most `n_most` ticks (more for a day of music)."""
    return next((step for step in _STEPS_S if duration_s / step <= n_most), _STEPS_S[-1])
