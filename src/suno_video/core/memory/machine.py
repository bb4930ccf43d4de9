"""How much memory there is: the machine's, or less where a container or a limit of the shell says so."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from suno_video.core.memory.attempt import attempt

BYTES_PER_MB = 2**20
CGROUP_FILE = Path("/proc/self/cgroup")
CGROUP_ROOT = Path("/sys/fs/cgroup")
STATUS_FILE = Path("/proc/self/status")


@dataclass(frozen=True)
class Room:
    """What one place grants, and what of it is left; more than the machine has where there is no limit."""

    total_bytes: int
    available_bytes: int


@dataclass(frozen=True)
class _CgroupFiles:
    limit: str
    used: str
    file_pages: tuple[str, ...]
    """Lines of memory.stat: pages of files, which the kernel drops when somebody needs room."""


_V1 = _CgroupFiles("memory.limit_in_bytes", "memory.usage_in_bytes", ("total_active_file", "total_inactive_file"))
_V2 = _CgroupFiles("memory.max", "memory.current", ("active_file", "inactive_file"))


def machine_room() -> Room | None:
    """Memory of the machine for us, the tightest limit counting; None where nobody tells."""
    rooms = [
        room
        for room in (
            attempt("reading the machine's memory", _whole_machine),
            *(attempt("reading the container's limit", lambda: list(container_rooms())) or ()),
            attempt("reading the limit of the address space", _address_space),
        )
        if room is not None
    ]
    if not rooms:
        return None
    return Room(min(room.total_bytes for room in rooms), max(0, min(room.available_bytes for room in rooms)))


def _whole_machine() -> Room:
    import psutil

    memory = psutil.virtual_memory()
    return Room(memory.total, memory.available)


def container_rooms(cgroup_file: Path = CGROUP_FILE, root: Path = CGROUP_ROOT) -> Iterator[Room]:
    """What each cgroup that we are in grants (version 1 or 2), from the outermost to our own."""
    if not cgroup_file.is_file():
        return
    for line in cgroup_file.read_text(encoding="utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            yield from _rooms_along(root, path, _V2)
        elif "memory" in controllers.split(","):
            yield from _rooms_along(root / "memory", path, _V1)


def _rooms_along(folder: Path, path: str, files: _CgroupFiles) -> Iterator[Room]:
    """Look into each folder down to ours; one that is not there is one that this container cannot see."""
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", "..")]
    for part in ("", *parts):
        folder = folder / part
        with suppress(OSError, ValueError, KeyError):  # "max" is no number, and the root has no limit file
            yield _room_of(folder, files)


def _room_of(folder: Path, files: _CgroupFiles) -> Room:
    limit = int((folder / files.limit).read_text(encoding="ascii"))
    used = int((folder / files.used).read_text(encoding="ascii"))
    lines = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
    stat = {name: int(value) for name, value in (line.split() for line in lines)}
    return Room(limit, limit - used + sum(stat[name] for name in files.file_pages))


def _address_space() -> Room | None:
    """`ulimit -v`; macOS takes such a limit and does not keep it."""
    if sys.platform in ("win32", "darwin"):
        return None
    import resource

    import psutil

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    return Room(limit, limit - psutil.Process().memory_info().vms)


def peak_rss_bytes() -> int:
    """The most that this process ever held since its program began.

    Not `ru_maxrss` where it can be helped: on Linux a program started from a process with 600 MB begins with a
    `ru_maxrss` of 600 MB, because that figure survives exec. `VmHWM` does not.
    """
    if STATUS_FILE.is_file():
        for line in STATUS_FILE.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
