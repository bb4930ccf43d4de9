"""A disk that gets full in the middle of a paid run: 74, and with space again the same film, nothing bought twice."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.conftest import write_song
from tests.e2e.crashes import RENDER, SONG_S, Round, environment, finish, paid_service

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can make a small disk"),
    pytest.mark.timeout(1800),
]

PAGE_KB = 4
ROOM_KB = 50_000


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[int], None]]:
    """Mount a disk of no room at all over a folder, and give a way to change how much there is."""
    options = "size=4k"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False).returncode:
        pytest.skip("mounting is not allowed here")

    def resize(size_kb: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size_kb}k", folder], check=True)

    try:
        yield resize
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def used_kb(folder: Path) -> int:
    found = os.statvfs(folder)
    return (found.f_blocks - found.f_bfree) * found.f_frsize // 1024


class FullDisk:
    """A song on a small disk; the service and its book are elsewhere."""

    def __init__(self, disk: Path, env: dict[str, str], resize: Callable[[int], None]) -> None:
        self.disk, self.env, self._resize = disk, env, resize
        resize(ROOM_KB)
        write_song(disk / "song.wav", SONG_S)
        self.song_kb = used_kb(disk)

    def render_with(self, room_kb: int) -> int:
        """Render while there is so much room beside the song; a full disk or a whole film, and no traceback."""
        self._resize(self.song_kb + room_kb)
        done = subprocess.run(
            [sys.executable, "-m", "suno_video", *RENDER],
            cwd=self.disk,
            env=self.env,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=240,
            check=False,
        )
        said = f"{room_kb} kB: {done.returncode} {done.stderr.strip()[:300]}"
        sys.stdout.write(said + "\n")
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode in (0, 74), said
        if done.returncode:
            assert "full" in done.stderr or "space" in done.stderr, said
            assert "hint:" in done.stderr
        return done.returncode

    def finish(self) -> Round:
        self._resize(ROOM_KB)
        result = Round(0)
        finish(self.disk, self.env, result)
        return result


@contextmanager
def full_disk(folder: Path) -> Iterator[FullDisk]:
    disk = folder / "disk"
    disk.mkdir(parents=True)
    (folder / "service").mkdir()
    with paid_service(folder / "service") as service, small_disk(disk) as resize:
        full = FullDisk(disk, environment(disk, service), resize)
        (disk / "book.sqlite").symlink_to(folder / "service" / "book.sqlite")
        yield full


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Round, int]:
    """The film of a run with room enough, and how much room it took in the end."""
    with full_disk(tmp_path_factory.mktemp("roomy")) as roomy:
        result = roomy.finish()
        return result, used_kb(roomy.disk) - roomy.song_kb


def assert_unharmed(found: Round, unharmed: Round) -> None:
    assert (found.film, found.n_bought) == (unharmed.film, unharmed.n_bought)
    assert (found.bought_twice, found.strays, found.orphans) == ([], [], [])


@pytest.mark.slow
def test_a_disk_that_grows_too_slowly_gives_the_same_film_in_the_end(
    tmp_path: Path, unharmed: tuple[Round, int]
) -> None:
    whole, needs_kb = unharmed
    with full_disk(tmp_path) as full:
        statuses = [full.render_with(needs_kb * part // 10) for part in (1, 4, 7)]
        assert 74 in statuses
        assert_unharmed(full.finish(), whole)


@pytest.mark.slow
@pytest.mark.parametrize("step", range(1, 41))
def test_wherever_the_disk_gets_full(tmp_path: Path, unharmed: tuple[Round, int], step: int) -> None:
    whole, needs_kb = unharmed
    # Up to twice what is there in the end: while the film is written anew, the old one is there too.
    room_kb = needs_kb * step // 20 // PAGE_KB * PAGE_KB
    with full_disk(tmp_path) as full:
        full.render_with(room_kb)
        assert_unharmed(full.finish(), whole)
