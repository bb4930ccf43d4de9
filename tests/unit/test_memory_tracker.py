"""What a block or a function takes, and what it keeps."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict

import pytest

from suno_video.core.memory import MemoryInfo, MemoryTracker, MemoryUse
from tests.unit.fake_torch import MB


def readings(*rss_and_peak_mb: tuple[float, float], **figures: float) -> list[MemoryInfo]:
    found = [MemoryInfo(rss_mb=rss, peak_rss_mb=peak, total_mb=1000) for rss, peak in rss_and_peak_mb]
    return [*found[:-1], MemoryInfo(**{**asdict(found[-1]), **figures})]


def test_a_tracker_tells_growth_also_of_what_came_into_being() -> None:
    series = iter(readings((100, 150), (130, 150), cuda_allocated_mb=40))
    with MemoryTracker("load", read=lambda: next(series)) as tracker:
        pass
    assert tracker.use is not None
    assert tracker.use.growth_mb == {"rss_mb": 30, "peak_rss_mb": 0, "cuda_allocated_mb": 40}
    assert str(tracker.use).startswith("load: 0.00 s, rss 130.0 MB (+30.0), ")
    assert "cuda_allocated 40.0 MB (+40.0)" in str(tracker.use)


@pytest.mark.parametrize(
    ("before", "after", "peak_mb"),
    [((100, 150), (110, 300), 300), ((100, 150), (110, 150), 110), ((120, 150), (110, 150), 120)],
)
def test_the_peak_is_exact_when_it_is_new_and_else_the_higher_reading(
    before: tuple[float, float], after: tuple[float, float], peak_mb: float
) -> None:
    use = MemoryUse("scene", *readings(before, after), seconds=1.0)
    assert use.peak_rss_mb == peak_mb


def test_a_tracked_function_does_the_same_and_is_measured_in_each_call() -> None:
    uses: list[MemoryUse] = []

    @MemoryTracker(on_reading=uses.append)
    def render(scene: str, *, seconds: float) -> bytearray:
        """Make it."""
        return bytearray(b"x") * (40 * MB)

    frames = render("s001", seconds=2.0)
    render("s002", seconds=2.0)
    assert len(frames) == 40 * MB
    assert render.__doc__ == "Make it."
    assert [use.name.rpartition(".")[2] for use in uses] == ["render", "render"]
    assert uses[0].growth_mb["rss_mb"] >= 35
    assert uses[0].seconds > 0


def test_calls_at_the_same_time_are_measured_apart() -> None:
    uses: list[MemoryUse] = []
    meet = threading.Barrier(2, timeout=30)
    series = {"MainThread": iter(readings((1, 9), (2, 9))), "other": iter(readings((10, 90), (30, 90)))}

    @MemoryTracker(on_reading=uses.append, read=lambda: next(series[threading.current_thread().name]))
    def render() -> None:
        meet.wait()

    other = threading.Thread(target=render, name="other")
    other.start()
    render()
    other.join()
    assert sorted(use.growth_mb["rss_mb"] for use in uses) == [1, 20]


def test_a_block_that_fails_is_measured_and_fails() -> None:
    uses: list[MemoryUse] = []
    with pytest.raises(ZeroDivisionError), MemoryTracker("scene", on_reading=uses.append):
        _ = 1 / 0
    assert [use.name for use in uses] == ["scene"]


def test_a_tracker_that_is_off_reads_nothing_and_leaves_a_function_alone() -> None:
    def never() -> MemoryInfo:
        raise AssertionError("memory was read")

    def render() -> None:
        pass

    assert MemoryTracker(enabled=False, read=never)(render) is render
    with MemoryTracker(enabled=False, read=never) as tracker:
        pass
    assert tracker.use is None


def test_without_a_listener_the_log_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "suno_video.core.memory"), MemoryTracker("scene s001"):
        pass
    assert "scene s001: " in caplog.text


def frames() -> Iterator[int]:
    yield 1


async def upload() -> None:
    pass


@pytest.mark.parametrize("function", [frames, upload])
def test_a_function_that_works_after_its_call_is_refused(function: Callable[[], object]) -> None:
    with pytest.raises(TypeError, match=f"{function.__name__} does its work after the call"):
        MemoryTracker()(function)
