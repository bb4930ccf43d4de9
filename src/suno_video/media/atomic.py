"""Writes files so that a reader sees the old one or the new one, never half of one, whatever fails in between."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from suno_video.core.errors import CannotCreateError, DiskError, SunoVideoError
from suno_video.core.failpoints import failpoint

_NOT_ALLOWED = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.ENOENT,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENAMETOOLONG,
)


def write_trouble(path: Path, exc: OSError) -> SunoVideoError:
    """Turn a failed write into the error that a person can act on."""
    if exc.errno in _NOT_ALLOWED:
        return CannotCreateError(
            f"{path} cannot be written: {exc.strerror}.", "Choose another place with --out and --project."
        )
    if exc.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskError(
            f"The disk is full: {path} could not be written.",
            "Free some space and run the same command again; nothing finished is lost.",
        )
    return DiskError(
        f"{path} could not be written: {exc.strerror or exc}.", "Check the disk and run the same command again."
    )


def make_folder(path: Path) -> Path:
    """Create a folder and its parents. Raises `CannotCreateError` or `DiskError`."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise write_trouble(path, exc) from exc
    return path


def require_place(path: Path) -> None:
    """Refuse a place that cannot take a file now, before hours of work go into what it is for.

    Raises:
        CannotCreateError: Its folder is missing or may not be written, or a pipe or device has its name.
        DiskError: The disk is full or failed.
    """
    probe = path.with_name(f".{secrets.token_hex(6)}.part")
    try:
        if not path.parent.exists():
            raise CannotCreateError(
                f"There is no folder {path.parent}.", "Make it first, or choose another place with --out."
            )
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISREG(path.stat().st_mode):
                raise CannotCreateError(f"{path} is there and is not a file.", "Choose another place with --out.")
        probe.touch()
        probe.unlink()
    except OSError as exc:
        raise write_trouble(path, exc) from exc


def _part_prefix(path: Path) -> str:
    """What the temporary names for a file begin with. Short, because the file may have a name of 255 bytes."""
    return f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]}-"


def remove_parts(path: Path) -> None:
    """Remove what dead runs left half-written for a file. Only for whoever holds the lock that guards it."""
    for part in path.parent.glob(f"{_part_prefix(path)}*.part*"):
        with contextlib.suppress(OSError):
            part.unlink()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` with the same ending; on success it takes its place, on failure it goes.

    The name is unique, so that a dead run's child that still writes cannot touch ours.
    """
    part = path.with_name(f"{_part_prefix(path)}{secrets.token_hex(6)}.part{path.suffix[:12]}")
    try:
        yield part
        sync_file(part)
        failpoint("file.written")
        os.replace(part, path)
        failpoint("file.replaced")
        sync_folder(path.parent)
    except OSError as exc:
        raise write_trouble(path, exc) from exc
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically. Raises `CannotCreateError` or `DiskError`."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes atomically. Raises `CannotCreateError` or `DiskError`."""
    with replacing(path) as part, open(part, "wb") as file:
        file.write(content)


def sync_file(path: Path) -> None:
    """Make sure that the content of a file has reached the disk."""
    # Windows syncs only what may be written.
    fd = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(fd)
    except OSError as exc:
        # Some network and FUSE file systems cannot sync a read-only handle; the rename is still atomic there.
        if exc.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(fd)


def sync_folder(path: Path) -> None:
    """Make sure that a rename has reached the disk (not needed and not possible on Windows)."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        sync_file(path)
