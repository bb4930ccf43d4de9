"""Warn, clean up, stop in good order; and find out whether memory comes back after each scene."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suno_video.core.errors import ExitStatus, MemoryLowError
from suno_video.core.memory import Advice, LeakWatch, MemoryGuard, MemoryInfo, MemoryLimits

GIVEN = MemoryLimits(warning_mb=1000, critical_mb=2000)


def holding(mb: float) -> MemoryInfo:
    return MemoryInfo(rss_mb=1, tree_rss_mb=mb, available_mb=5000, total_mb=16000)


def leaving(available_mb: float, total_mb: float = 16000) -> MemoryInfo:
    return MemoryInfo(rss_mb=100, available_mb=available_mb, total_mb=total_mb)


def reads(*infos: MemoryInfo) -> Callable[[], MemoryInfo]:
    """Give one reading after the other; one too many fails the test."""
    series = iter(infos)
    return lambda: next(series)


class Seen:
    """What a guard did."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.n_cleanups = 0

    def clean(self) -> None:
        self.n_cleanups += 1

    def guard(self, *infos: MemoryInfo, limits: MemoryLimits | None = GIVEN, interval: int = 1) -> MemoryGuard:
        return MemoryGuard(
            limits, on_warning=self.warnings.append, read=reads(*infos), clean=self.clean, interval=interval
        )


@pytest.mark.parametrize(
    ("available_mb", "total_mb", "level"),
    [
        (2400, 16000, "fine"),
        (2399, 16000, "warning"),
        (800, 16000, "warning"),
        (799, 16000, "critical"),
        (256, 1000, "fine"),
        (255, 1000, "critical"),
    ],
)
def test_without_limits_the_share_that_is_left_decides(available_mb: float, total_mb: float, level: str) -> None:
    assert MemoryLimits().level_of(leaving(available_mb, total_mb)) == level


@pytest.mark.parametrize(
    ("held_mb", "level"), [(1000, "fine"), (1001, "warning"), (2000, "warning"), (2001, "critical")]
)
def test_given_limits_are_for_the_whole_tree(held_mb: float, level: str) -> None:
    assert GIVEN.level_of(holding(held_mb)) == level


def test_one_limit_given_leaves_the_other_to_the_machine() -> None:
    limits = MemoryLimits(warning_mb=50)
    assert limits.level_of(leaving(9000)) == "warning"
    assert limits.level_of(leaving(700)) == "critical"


def test_what_cannot_be_read_is_fine() -> None:
    assert MemoryLimits().level_of(MemoryInfo()) == GIVEN.level_of(MemoryInfo()) == "fine"


@pytest.mark.parametrize(("warning_mb", "critical_mb"), [(2000, 1000), (0, None), (None, -1)])
def test_limits_that_make_no_sense_are_refused(warning_mb: float | None, critical_mb: float | None) -> None:
    with pytest.raises(ValueError, match="the warning comes first"):
        MemoryLimits(warning_mb, critical_mb)


def test_below_the_warning_nothing_happens() -> None:
    seen = Seen()
    assert seen.guard(holding(900)).check() == holding(900)
    assert (seen.n_cleanups, seen.warnings) == (0, [])


def test_above_the_warning_it_cleans_up_and_says_so_in_one_sentence_with_numbers() -> None:
    seen = Seen()
    assert seen.guard(holding(1500), holding(600)).check() == holding(600)
    assert seen.n_cleanups == 1
    assert seen.warnings == [
        "Memory is low: 1500 MB in use here, 5000 of 16000 MB available. "
        "After cleaning up: 600 MB in use here, 5000 of 16000 MB available."
    ]


def test_it_warns_again_only_after_memory_was_fine() -> None:
    seen = Seen()
    low, fine = holding(1500), holding(900)
    guard = seen.guard(low, low, low, fine, fine, low, low)
    counts = []
    for _ in range(4):
        guard.check()
        counts.append((seen.n_cleanups, len(seen.warnings)))
    assert counts == [(1, 1), (2, 1), (2, 1), (3, 2)]


def test_critical_before_cleaning_up_only_is_no_error() -> None:
    assert Seen().guard(holding(2500), holding(1900)).check() == holding(1900)


def test_critical_after_cleaning_up_stops_the_run_with_numbers_and_something_to_try() -> None:
    seen = Seen()
    with pytest.raises(MemoryLowError) as caught:
        seen.guard(holding(2500), holding(2400)).check()
    assert caught.value.message == (
        "Memory is nearly used up: 2400 MB in use here, 5000 of 16000 MB available after cleaning up, "
        "and 2000 MB are allowed."
    )
    assert "--jobs 1" in caught.value.hint
    assert "configs/low-memory.toml" in caught.value.hint
    assert caught.value.exit_status == ExitStatus.BUSY
    assert seen.n_cleanups == 1


def test_only_each_nth_call_looks() -> None:
    guard = Seen().guard(holding(1), holding(2), interval=3)
    assert [guard.check() for _ in range(7)] == [None, None, holding(1), None, None, holding(2), None]


def test_without_a_listener_the_log_is_told(caplog: pytest.LogCaptureFixture) -> None:
    guard = MemoryGuard(GIVEN, read=reads(holding(1500), holding(600)), clean=lambda: None)
    with caplog.at_level(logging.WARNING):
        guard.check()
    assert "Memory is low: 1500 MB" in caplog.text


def test_a_guard_reads_this_machine_by_itself() -> None:
    info = MemoryGuard(MemoryLimits(10**9, 10**9)).check()
    assert info is not None
    assert info.tree_rss_mb is not None


def test_one_thread_cleans_up_at_a_time() -> None:
    working: list[int] = []
    most: list[int] = []

    def clean() -> None:
        working.append(1)
        most.append(len(working))
        threading.Event().wait(0.01)
        working.pop()

    guard = MemoryGuard(GIVEN, on_warning=lambda text: None, read=lambda: holding(1500), clean=clean)
    threads = [threading.Thread(target=guard.check) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8


def test_a_listener_may_look_at_memory_itself() -> None:
    seen = Seen()
    guard = MemoryGuard(
        GIVEN, on_warning=lambda text: guard.check() and None, read=lambda: holding(1500), clean=seen.clean
    )
    guard.check()
    assert seen.n_cleanups == 2


def advices(series: list[float], watch: LeakWatch | None = None, *, on_device: bool = False) -> list[Advice]:
    watch = watch or LeakWatch()
    return [
        watch.note(MemoryInfo(rss_mb=5, cuda_allocated_mb=mb) if on_device else MemoryInfo(rss_mb=mb)) for mb in series
    ]


@pytest.mark.parametrize(
    "series",
    [
        pytest.param([500] * 30, id="flat"),
        pytest.param([500] + [900] * 30, id="one step that stays: kernels compiled for the second scene"),
        pytest.param([500, 700, 900] + [900, 890, 905] * 10, id="two steps that stay"),
        pytest.param([500, 900] * 20, id="up and down"),
        pytest.param([500, 700, 900, 520] * 10, id="two rises and back"),
        pytest.param([500, 700, 900, 800, 1000] * 10, id="a fall begins the count anew"),
        pytest.param([900] + [500] * 30, id="less than at first"),
        pytest.param([500 + i * 2 for i in range(30)], id="slowly, within the tolerance"),
    ],
)
def test_what_is_no_leak_is_fine(series: list[float]) -> None:
    assert set(advices(series)) == {"fine"}


def test_three_rises_ask_for_a_new_model_and_three_more_for_a_fresh_process() -> None:
    found = advices([500 + 100 * i for i in range(9)])
    assert found == ["fine"] * 3 + ["recycle"] + ["fine"] * 2 + ["isolate"] * 3


def test_a_recycle_that_helps_is_followed_by_peace() -> None:
    assert advices([500, 700, 900, 1100] + [505, 510, 500] * 10)[3:] == ["recycle"] + ["fine"] * 30


def test_a_recycle_that_brings_nothing_back_is_no_further_rise() -> None:
    assert advices([500, 700, 900, 1100] + [1100, 1105, 1095] * 10)[4:] == ["fine"] * 30


def test_a_leak_that_begins_again_after_a_recycle_is_isolated() -> None:
    assert advices([500, 700, 900, 1100, 510, 700, 900, 1100])[3:] == ["recycle", "fine", "fine", "fine", "isolate"]


def test_a_slow_leak_is_found_before_it_has_taken_two_tolerances_and_a_scene() -> None:
    found = advices([1000 + 12 * i for i in range(30)])
    assert 1000 + 12 * found.index("recycle") <= 1000 + 2 * 100 + 3 * 12


def test_the_device_counts_where_there_is_one() -> None:
    assert advices([500, 700, 900, 1100], on_device=True)[-1] == "recycle"
    steady = [MemoryInfo(rss_mb=500 + 200 * i, mlx_active_mb=80) for i in range(10)]
    watch = LeakWatch()
    assert {watch.note(info) for info in steady} == {"fine"}


def test_a_device_that_comes_into_use_begins_a_new_count() -> None:
    watch = LeakWatch()
    assert advices([100, 300, 500], watch) == ["fine"] * 3
    assert advices([8000, 8010], watch, on_device=True) == ["fine"] * 2


def test_a_reading_without_figures_decides_nothing() -> None:
    watch = LeakWatch()
    advices([500, 700, 900], watch)
    assert watch.note(MemoryInfo()) == "fine"
    assert advices([1100], watch) == ["recycle"]


@given(st.floats(50, 40_000), st.integers(0, 2**32))
def test_noise_within_the_tolerance_never_asks_for_anything(first_mb: float, seed: int) -> None:
    tolerance_mb, chance = max(64.0, 0.1 * first_mb), random.Random(seed)
    noise = [first_mb + chance.uniform(-tolerance_mb, tolerance_mb) for _ in range(200)]
    assert set(advices([first_mb, *noise])) == {"fine"}


@given(st.floats(50, 40_000), st.integers(0, 2**32))
def test_noise_around_a_step_that_stays_never_asks_for_anything(first_mb: float, seed: int) -> None:
    tolerance_mb, chance = max(64.0, 0.1 * first_mb), random.Random(seed)
    plateau = [first_mb + 2 * tolerance_mb + chance.uniform(-0.24, 0.24) * tolerance_mb for _ in range(200)]
    assert set(advices([first_mb, *plateau])) == {"fine"}


@given(st.floats(50, 40_000), st.floats(0.06, 3.0), st.integers(0, 2**32))
def test_a_leak_under_noise_is_found(first_mb: float, share: float, seed: int) -> None:
    tolerance_mb, chance = max(64.0, 0.1 * first_mb), random.Random(seed)
    leak = [first_mb + tolerance_mb * (share * i + chance.uniform(-0.2, 0.2)) for i in range(1, 60)]
    assert "recycle" in advices([first_mb, *leak])
