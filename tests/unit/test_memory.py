"""Memory: what a reading counts, and how much there is."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from suno_video.core.memory import force_cleanup, get_memory_info, get_tree_memory_info, machine
from suno_video.core.memory.machine import Room, container_rooms
from tests.unit.fake_torch import MB, fake_cuda, load_mlx, load_torch
from tests.unit.fresh_python import run_python


def held_by(use: float | None) -> float:
    assert use is not None
    return use


@pytest.fixture
def calls() -> list[str]:
    return []


def test_a_reading_sees_what_is_allocated_and_freed() -> None:
    before = held_by(get_memory_info().rss_mb)
    block = bytearray(b"x") * (64 * MB)
    with_block = held_by(get_memory_info().rss_mb)
    del block
    after = held_by(get_memory_info().rss_mb)
    assert 60 <= with_block - before <= 80
    assert with_block - after >= 60


@pytest.mark.parametrize("below", ["child", "grandchild"])
def test_a_reading_of_the_tree_counts_who_is_below(below: str) -> None:
    code = "b = bytearray(b'x') * (50 * 2**20); print('ready', flush=True); input()"
    if below == "grandchild":
        code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        child.stdout.readline()
        info = get_tree_memory_info()
    finally:
        child.communicate(b"\n", timeout=30)
    assert held_by(info.tree_rss_mb) - held_by(info.rss_mb) >= 50
    assert info.held_mb == info.tree_rss_mb
    assert get_memory_info().tree_rss_mb is None


def test_a_reading_is_json_and_leaves_out_what_is_not_there() -> None:
    found = json.loads(json.dumps(asdict(get_memory_info())))
    assert 0 < found["rss_mb"] <= found["total_mb"]
    assert 0 < found["available_mb"] <= found["total_mb"]
    assert found["cuda_allocated_mb"] is found["mps_driver_mb"] is found["mlx_peak_mb"] is None
    assert get_memory_info().device_mb is None


def test_the_peak_stays_after_memory_is_freed() -> None:
    code = (
        "from suno_video.core.memory import get_memory_info\n"
        "b = bytearray(b'x') * (200 * 2**20); del b; i = get_memory_info(); print(i.peak_rss_mb - i.rss_mb)"
    )
    assert 190 <= float(run_python(code)) <= 230


def test_the_peak_is_not_that_of_the_process_which_started_this_one() -> None:
    block = bytearray(b"x") * (300 * MB)
    code = "from suno_video.core.memory import get_memory_info; print(get_memory_info().peak_rss_mb)"
    peak_mb = float(run_python(code))
    del block
    assert 0 < peak_mb < 150


def test_reading_and_cleaning_import_no_accelerator_library(tmp_path: Path) -> None:
    for name in ("torch", "mlx"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('imported')")
    code = (
        "from suno_video.core.memory import force_cleanup, get_tree_memory_info\n"
        "get_tree_memory_info(); force_cleanup(); print({'torch', 'mlx', 'numpy'} & set(sys.modules))"
    )
    assert run_python(code, tmp_path) == "set()"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not keep this limit")
def test_a_limit_of_the_shell_counts_where_it_is_lower() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30,) * 2)\n"
        "from suno_video.core.memory import get_memory_info; i = get_memory_info(); print(i.total_mb, i.available_mb)"
    )
    total_mb, available_mb = map(float, run_python(code).split())
    assert total_mb <= 3072
    assert 0 < available_mb < 3072


def write_cgroup(folder: Path, limit: str, used_mb: int, *, v1: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if v1 else ("memory.max", "memory.current")
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{used_mb * MB}\n")
    prefix = "total_" if v1 else ""
    (folder / "memory.stat").write_text(f"anon 5\n{prefix}active_file {20 * MB}\n{prefix}inactive_file {30 * MB}\n")


def test_a_container_grants_its_limit_and_what_file_pages_give_back(tmp_path: Path) -> None:
    mine = tmp_path / "cgroup"
    mine.write_text("0::/films/one\n")
    write_cgroup(tmp_path / "films", "max", 900)
    write_cgroup(tmp_path / "films" / "one", str(1000 * MB), 400)
    assert list(container_rooms(mine, tmp_path)) == [Room(1000 * MB, 650 * MB)]


def test_a_container_that_sees_only_itself_is_found_at_the_root(tmp_path: Path) -> None:
    mine = tmp_path / "cgroup"
    mine.write_text("5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/../other\n")
    write_cgroup(tmp_path / "root" / "memory", str(512 * MB), 100, v1=True)
    write_cgroup(tmp_path / "other", str(5 * MB), 1)
    assert list(container_rooms(mine, tmp_path / "root")) == [Room(512 * MB, 462 * MB)]


def test_the_tightest_limit_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    unlimited = 2**63 - 4096
    rooms = [Room(unlimited, unlimited), Room(700 * MB, 100 * MB), Room(600 * MB, 200 * MB)]
    monkeypatch.setattr(machine, "container_rooms", lambda: iter(rooms))
    info = get_memory_info()
    assert (info.total_mb, info.available_mb) == (600, 100)


def test_more_used_than_allowed_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "container_rooms", lambda: iter([Room(100, -5)]))
    assert get_memory_info().available_mb == 0


def test_what_cannot_be_read_is_none(monkeypatch: pytest.MonkeyPatch, calls: list[str]) -> None:
    load_mlx(monkeypatch, calls, get_cache_memory=RuntimeError("no device"))
    monkeypatch.setitem(sys.modules, "psutil", None)
    monkeypatch.setattr(machine, "container_rooms", lambda: 1 / 0)
    monkeypatch.setattr(machine, "STATUS_FILE", Path("no/such/file"))
    info = get_memory_info(tree=True)
    assert (info.rss_mb, info.tree_rss_mb, info.total_mb, info.device_mb) == (None, None, None, None)


def test_graphics_cards_are_summed(monkeypatch: pytest.MonkeyPatch, calls: list[str]) -> None:
    load_torch(monkeypatch, calls, cuda=fake_cuda(calls, held_mb=(100, 0, 11)))
    info = get_memory_info()
    assert (info.cuda_allocated_mb, info.cuda_reserved_mb, info.cuda_peak_mb) == (111, 222, 333)
    assert info.device_mb == 111


def test_a_torch_without_accelerator_gives_no_figures_and_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, calls: list[str]
) -> None:
    load_torch(monkeypatch, calls)
    assert force_cleanup().device_mb is None
    assert calls == []


def test_metal_and_mlx_are_read(monkeypatch: pytest.MonkeyPatch, calls: list[str]) -> None:
    load_torch(monkeypatch, calls, mps=True)
    load_mlx(monkeypatch, calls)
    info = get_memory_info()
    assert (info.mps_allocated_mb, info.mps_driver_mb) == (30, 50)
    assert (info.mlx_active_mb, info.mlx_cache_mb, info.mlx_peak_mb) == (7, 8, 9)
    assert info.device_mb == 37


def test_a_torch_that_is_still_being_imported_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", type(sys)("torch"))
    assert force_cleanup().device_mb is None
