"""Enlarged copies of clips: made again for nothing, so no takes; each counts when its receipt is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import PositiveInt

from suno_video.core.errors import BadEditError
from suno_video.core.frames import FrameSize
from suno_video.core.record import Record
from suno_video.media.atomic import write_text
from suno_video.project.fingerprint import file_sha256
from suno_video.project.store import NAME_DIGITS


class EnlargedReceipt(Record):
    """Proof that an enlarged copy is whole."""

    fingerprint: str
    """Of the clip's content and of how it was enlarged."""
    take: str
    """SHA-256 of the clip that it was made of."""
    sha256: str
    width_px: PositiveInt
    height_px: PositiveInt

    @property
    def size(self) -> FrameSize:
        """Size of its picture."""
        return FrameSize(width_px=self.width_px, height_px=self.height_px)


class EnlargedStore:
    """The `clips/upscaled/` folder of a project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path_of(self, fingerprint: str) -> Path:
        """Name the file of a copy."""
        return self.folder / f"{fingerprint[:NAME_DIGITS]}.mp4"

    def find(self, fingerprint: str) -> EnlargedReceipt | None:
        """Give the receipt of a copy, or None if it is not there or not whole."""
        path = self.path_of(fingerprint)
        try:
            receipt = EnlargedReceipt.load(path.with_suffix(".json"))
            whole = receipt.fingerprint == fingerprint and receipt.sha256 == file_sha256(path)
        except (OSError, BadEditError):
            return None
        return receipt if whole else None

    def keep(self, fingerprint: str, take: str, size: FrameSize) -> EnlargedReceipt:
        """Write the receipt of a copy that lies at `path_of` now. Raises as `write_text`."""
        path = self.path_of(fingerprint)
        receipt = EnlargedReceipt(
            fingerprint=fingerprint,
            take=take,
            sha256=file_sha256(path),
            width_px=size.width_px,
            height_px=size.height_px,
        )
        write_text(path.with_suffix(".json"), receipt.to_json())
        return receipt

    def unused(self, takes: frozenset[str]) -> Iterator[Path]:
        """Give the files here that belong to none of these clips (SHA-256), each receipt before its copy."""
        for path in sorted(self.folder.glob("*")) if self.folder.is_dir() else ():
            try:
                used = EnlargedReceipt.load(path.with_suffix(".json")).take in takes
            except (OSError, BadEditError):
                used = False
            if not used and path.is_file():
                yield path
