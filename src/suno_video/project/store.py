"""Finished pieces of a film on disk. A piece counts when its receipt is written, not when its file exists."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from pydantic import NonNegativeFloat, PositiveInt

from suno_video.core.errors import BadEditError
from suno_video.core.failpoints import failpoint
from suno_video.core.record import Record
from suno_video.media.atomic import sync_file, sync_folder, write_text, write_trouble
from suno_video.project.fingerprint import file_sha256

NAME_DIGITS = 12


class Receipt(Record):
    """Proof that a piece is finished: what it is and from what it was made."""

    piece: str
    fingerprint: str
    n_frames: PositiveInt
    sha256: str
    backend: str
    stand_in: bool = False
    """Whether the embedded renderer plays it because the wanted backend could not."""
    reason: str = ""
    """Why it is a stand-in."""
    seconds: NonNegativeFloat
    made_from: dict[str, str] = {}
    """A short hash of each thing that it was made from, so that a later run can say what has changed."""


class FilmReceipt(Record):
    """Proof of what a finished film was spliced from (`film.json`)."""

    fingerprint: str
    film: str
    """Where it was written, as an absolute path."""
    sha256: str
    stand_ins: dict[str, str] = {}
    """Scenes that a stand-in plays, and why, as the run saw it that finished last."""

    @classmethod
    def fits(cls, receipt: Path, fingerprint: str, film: Path) -> bool:
        """Whether `film` is there, whole, and made from what `fingerprint` says."""
        try:
            old = cls.load(receipt)
            return old.fingerprint == fingerprint and old.sha256 == file_sha256(film)
        except (OSError, BadEditError):
            return False


class SegmentStore:
    """The `segments/` folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path_of(self, piece: str, fingerprint: str) -> Path:
        """Name the file of a piece; another fingerprint is another file, so a rerun never writes over a good one."""
        return self.folder / f"{piece}-{fingerprint[:NAME_DIGITS]}.mp4"

    def find(self, piece: str, fingerprint: str) -> Receipt | None:
        """Give the receipt of a finished piece, or None if it is not there, not whole, or made from something else."""
        path = self.path_of(piece, fingerprint)
        try:
            receipt = Receipt.load(path.with_suffix(".json"))
            whole = receipt.fingerprint == fingerprint and file_sha256(path) == receipt.sha256
        except (OSError, BadEditError):
            return None
        return receipt if whole else None

    def keep(
        self,
        made: Path,
        *,
        piece: str,
        fingerprint: str,
        n_frames: int,
        backend: str,
        seconds: float,
        stand_in_reason: str | None = None,
        made_from: Mapping[str, str] | None = None,
    ) -> Receipt:
        """Move a finished file into the store and write its receipt, in this order. Raises as `write_text`."""
        path = self.path_of(piece, fingerprint)
        try:
            sync_file(made)
            made.replace(path)
            failpoint("segment.moved")
            sync_folder(path.parent)
            sha256 = file_sha256(path)
        except OSError as exc:
            raise write_trouble(path, exc) from exc
        receipt = Receipt(
            piece=piece,
            fingerprint=fingerprint,
            n_frames=n_frames,
            sha256=sha256,
            backend=backend,
            stand_in=stand_in_reason is not None,
            reason=stand_in_reason or "",
            seconds=round(seconds, 3),
            made_from=dict(made_from or {}),
        )
        write_text(path.with_suffix(".json"), receipt.to_json())
        failpoint("segment.kept")
        return receipt

    def prune(self, keep: set[Path]) -> int:
        """Remove the pieces that are not in `keep`, and give their number.

        They cost nothing but time to make again; receipts of kept pieces stay.
        """
        removed = 0
        for path in self.folder.iterdir():
            if path not in keep and path.with_suffix(".mp4") not in keep:
                with contextlib.suppress(OSError):
                    path.unlink()
                    removed += path.suffix == ".mp4"
        return removed


def empty_folder(folder: Path) -> None:
    """Remove everything in a folder that is ours to throw away (scratch)."""
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
