"""Whether memory comes back after each scene, and what to do when it does not."""

from __future__ import annotations

from typing import Literal, TypeAlias

from suno_video.core.memory.reading import MemoryInfo

Advice: TypeAlias = Literal["fine", "recycle", "isolate"]
"""`recycle`: close the model and open it again. `isolate`: render in a fresh process, the only sure cure."""

TOLERANCE_MB = 64.0
TOLERANCE_SHARE = 0.10
N_RISES = 3


class LeakWatch:
    """Compares the reading after each scene's cleanup with that after the first scene's.

    The reading is that of the accelerator where one is in use, else of this process. Up to the tolerance (64 MB or
    10 % of the first reading) it may move as it likes. Above, it counts as a rise when the reading is higher than the
    last rise by half a tolerance: compiled kernels that stay for good make one step and no leak. Three rises without a
    fall between them give `recycle`; three more after that give `isolate`, for good.
    """

    def __init__(
        self,
        *,
        n_rises: int = N_RISES,
        tolerance_mb: float = TOLERANCE_MB,
        tolerance_share: float = TOLERANCE_SHARE,
    ) -> None:
        self._n_rises_needed = n_rises
        self._tolerance_mb = tolerance_mb
        self._tolerance_share = tolerance_share
        self._first_mb: float | None = None
        self._on_device = False
        self._last_rise_mb: float | None = None
        self._n_rises = 0
        self._advice: Advice = "fine"

    def note(self, info: MemoryInfo) -> Advice:
        """Take the reading after the cleanup after a scene, and say how to go on. `recycle` is meant to be followed."""
        if self._advice == "isolate":
            return "isolate"
        mb = info.rss_mb if info.device_mb is None else info.device_mb
        if mb is None:
            return "fine"
        on_device = info.device_mb is not None
        if self._first_mb is None or on_device != self._on_device:  # the first scene, or the first one on a device
            self._first_mb, self._on_device, self._last_rise_mb, self._n_rises = mb, on_device, None, 0
            return "fine"
        return self._judge(mb, self._first_mb)

    def _judge(self, mb: float, first_mb: float) -> Advice:
        tolerance_mb = max(self._tolerance_mb, self._tolerance_share * first_mb)
        self._count(mb, first_mb + tolerance_mb, tolerance_mb / 2)
        if self._n_rises < self._n_rises_needed:
            return "fine"
        self._n_rises = 0
        self._advice = "recycle" if self._advice == "fine" else "isolate"
        return self._advice

    def _count(self, mb: float, ceiling_mb: float, step_mb: float) -> None:
        if mb <= ceiling_mb:
            self._n_rises, self._last_rise_mb = 0, None
        elif self._last_rise_mb is None or mb > self._last_rise_mb + step_mb:
            self._n_rises, self._last_rise_mb = self._n_rises + 1, mb
        elif mb < self._last_rise_mb - step_mb:
            self._n_rises, self._last_rise_mb = 0, mb
