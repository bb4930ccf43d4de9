"""Models kept and let go, and old files swept."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from pathlib import Path

import pytest

from suno_video.core.memory import ModelCache, PeriodicSweep, SweepResult, sweep_old_files

HOUR_S = 3600.0


class Model:
    """A model with a hook on itself, as accelerate's are: only the collector frees it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.hook = self
        self.closed = False

    def close(self) -> None:
        self.closed = True


class Loads:
    """Loads models and notes what happened, in order."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def __call__(self, name: str) -> Model:
        self.log.append(f"load {name}")
        return Model(name)

    def cache(self, *, capacity: int = 1, max_mb: float | None = None) -> ModelCache[Model]:
        return ModelCache(
            capacity=capacity,
            max_mb=max_mb,
            unload=lambda model: self.log.append(f"unload {model.name}"),
            clean=lambda: self.log.append("clean"),
        )


@pytest.fixture
def loads() -> Loads:
    return Loads()


def ask(cache: ModelCache[Model], loads: Loads, names: str, size_mb: float | None = None) -> None:
    for name in names:
        assert cache.get(name, lambda name=name: loads(name), size_mb=size_mb).name == name


def test_a_model_is_loaded_once(loads: Loads) -> None:
    ask(loads.cache(), loads, "aaa")
    assert loads.log == ["load a"]


def test_one_model_leaves_memory_before_the_next_one_enters(loads: Loads) -> None:
    ask(loads.cache(), loads, "ab")
    assert loads.log == ["load a", "unload a", "clean", "load b"]


def test_the_model_used_longest_ago_goes_first(loads: Loads) -> None:
    cache = loads.cache(capacity=2)
    ask(cache, loads, "abac")
    assert [name for name in "abc" if name in cache] == ["a", "c"]


def test_models_together_stay_below_the_size_that_was_given(loads: Loads) -> None:
    cache = loads.cache(capacity=9, max_mb=100)
    ask(cache, loads, "abc", size_mb=40)
    assert [name for name in "abc" if name in cache] == ["b", "c"]
    ask(cache, loads, "d", size_mb=20)
    assert len(cache) == 3


def test_a_model_that_is_too_large_is_kept_alone(loads: Loads) -> None:
    cache = loads.cache(capacity=9, max_mb=100)
    ask(cache, loads, "ab", size_mb=40)
    ask(cache, loads, "c", size_mb=500)
    assert (len(cache), "c" in cache) == (1, True)


@pytest.mark.parametrize("let_go", ["evict", "clear", "next"])
def test_nothing_keeps_a_model_that_was_let_go(let_go: str) -> None:
    closed: list[bool] = []
    cache: ModelCache[Model] = ModelCache(unload=lambda model: model.close() or closed.append(model.closed))
    watched = weakref.ref(cache.get("a", lambda: Model("a")))
    assert watched() is not None
    if let_go == "evict":
        assert cache.evict("a")
    elif let_go == "clear":
        cache.clear()
    else:
        cache.get("b", lambda: Model("b"))
    assert watched() is None
    assert closed == [True]


def test_what_is_not_here_cannot_be_evicted(loads: Loads) -> None:
    assert not loads.cache().evict("a")
    assert loads.log == []


def test_clear_lets_all_go_and_the_cache_can_be_used_again(loads: Loads) -> None:
    cache = loads.cache(capacity=2)
    ask(cache, loads, "ab")
    cache.clear()
    assert len(cache) == 0
    ask(cache, loads, "a")
    assert loads.log == ["load a", "load b", "unload a", "clean", "unload b", "clean", "load a"]


def test_none_is_a_key_like_any_other(loads: Loads) -> None:
    cache = loads.cache()
    cache.get(None, lambda: loads("x"))
    ask(cache, loads, "a")
    assert loads.log == ["load x", "unload x", "clean", "load a"]


def test_a_model_that_does_not_close_goes_nevertheless(caplog: pytest.LogCaptureFixture) -> None:
    cache: ModelCache[Model] = ModelCache(unload=lambda model: 1 / 0)
    watched = weakref.ref(cache.get("a", lambda: Model("a")))
    with caplog.at_level(logging.WARNING):
        assert cache.get("b", lambda: Model("b")).name == "b"
    assert watched() is None
    assert "ZeroDivisionError" in caplog.text


def test_a_load_that_fails_leaves_nothing_and_is_tried_again(loads: Loads) -> None:
    cache = loads.cache()
    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    assert "a" not in cache
    ask(cache, loads, "a")


def test_a_load_may_ask_for_a_part_that_is_kept_here(loads: Loads) -> None:
    cache = loads.cache(capacity=1)

    def load_whole() -> Model:
        ask(cache, loads, "p")
        return loads("w")

    assert cache.get("w", load_whole).name == "w"
    assert (len(cache), "w" in cache) == (1, True)
    assert loads.log == ["load p", "load w", "unload p", "clean"]


def test_threads_that_ask_for_the_same_model_get_one() -> None:
    n_loads: list[int] = []
    found: list[Model] = []
    meet = threading.Barrier(8, timeout=30)
    cache: ModelCache[Model] = ModelCache()

    def load() -> Model:
        n_loads.append(1)
        time.sleep(0.05)
        return Model("a")

    def work() -> None:
        meet.wait()
        found.append(cache.get("a", load))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(n_loads) == 1
    assert len({id(model) for model in found}) == 1
    assert len(found) == 8


def test_who_asks_for_a_model_that_is_here_does_not_wait_for_another_one_to_load() -> None:
    cache: ModelCache[Model] = ModelCache(capacity=2)
    kept = cache.get("a", lambda: Model("a"))
    loading, finish = threading.Event(), threading.Event()

    def slow() -> Model:
        loading.set()
        finish.wait(30)
        return Model("b")

    thread = threading.Thread(target=cache.get, args=("b", slow))
    thread.start()
    try:
        assert loading.wait(30)
        hits: list[Model] = []
        asking = threading.Thread(target=lambda: hits.append(cache.get("a", lambda: Model("again"))))
        asking.start()
        asking.join(10)
        assert [hit is kept for hit in hits] == [True]
    finally:
        finish.set()
        thread.join()


def test_a_cache_for_no_model_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one model"):
        ModelCache(capacity=0)


def write_aged(path: Path, age_h: float, n_bytes: int = 10) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * n_bytes)
    os.utime(path, (0, 100 * HOUR_S - age_h * HOUR_S))
    return path


def sweep(folder: Path, *patterns: str) -> SweepResult:
    return sweep_old_files(folder, older_than_hours=24, patterns=patterns or ("*",), now=100 * HOUR_S)


def test_old_files_go_and_young_ones_and_folders_stay(tmp_path: Path) -> None:
    old = [write_aged(tmp_path / "a.wav", 25), write_aged(tmp_path / "sub" / "b.wav", 30, n_bytes=5)]
    young = [write_aged(tmp_path / "c.wav", 24), write_aged(tmp_path / "sub" / "d.wav", -1)]
    assert sweep(tmp_path) == SweepResult(n_files=2, n_bytes=15)
    assert [path.exists() for path in (*old, *young)] == [False, False, True, True]


def test_only_names_that_fit_a_pattern_go(tmp_path: Path) -> None:
    for name in ("a.wav", "b.f32", "c.txt", "wav"):
        write_aged(tmp_path / name, 50)
    assert sweep(tmp_path, "*.wav", "*.f32").n_files == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.txt", "wav"]


def test_no_link_is_followed_or_removed(tmp_path: Path) -> None:
    mine = tmp_path / "cache"
    mine.mkdir()
    outside = write_aged(tmp_path / "elsewhere" / "precious.wav", 500)
    (mine / "file.wav").symlink_to(outside)
    (mine / "folder").symlink_to(outside.parent, target_is_directory=True)
    (tmp_path / "cache-link").symlink_to(outside.parent, target_is_directory=True)
    if os.utime in os.supports_follow_symlinks:
        os.utime(mine / "file.wav", (0, 0), follow_symlinks=False)
    assert sweep(mine) == sweep(tmp_path / "cache-link") == SweepResult()
    assert outside.exists()
    assert (mine / "file.wav").is_symlink()


def test_a_pattern_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    outside = write_aged(tmp_path / "precious.wav", 500)
    write_aged(tmp_path / "cache" / "a.wav", 500)
    assert sweep(tmp_path / "cache", "../*", "../precious.wav", str(outside)) == SweepResult()
    assert outside.exists()


def test_a_file_that_cannot_be_removed_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        write_aged(tmp_path / name, 50)
    real = Path.unlink

    def unlink(self: Path, missing_ok: bool = False) -> None:
        if self.name == "b":
            raise PermissionError(13, "in use")
        real(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    assert sweep(tmp_path) == SweepResult(n_files=2, n_bytes=20)
    assert (tmp_path / "b").exists()


def test_a_folder_that_is_not_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert sweep(tmp_path / "gone") == SweepResult()


def test_without_a_moment_the_present_counts(tmp_path: Path) -> None:
    write_aged(tmp_path / "old", 0)
    (tmp_path / "new").write_text("x")
    assert sweep_old_files(tmp_path, older_than_hours=1).n_files == 1
    assert (tmp_path / "new").exists()


def test_a_periodic_sweep_runs_at_most_once_an_hour() -> None:
    moments = iter([0.0, 10.0, HOUR_S - 1, HOUR_S, HOUR_S + 1])
    periodic = PeriodicSweep(lambda: SweepResult(1, 2), clock=lambda: next(moments))
    swept = SweepResult(1, 2)
    assert [periodic() for _ in range(5)] == [swept, None, None, swept, None]
