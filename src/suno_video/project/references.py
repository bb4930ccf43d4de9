"""Pictures of who and what must look the same in every scene: copied into the project by content, so that they stay.

A picture is named after its content. What a model could not read (transparency, 16 bits, turned by EXIF, another
format) is turned into a plain PNG.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from suno_video.core.errors import BadPictureError, NoSuchInputError
from suno_video.media.atomic import make_folder, write_bytes
from suno_video.media.pictures import MAX_DECODED_SIDE_PX, PictureError, read_picture
from suno_video.project.fingerprint import file_sha256

_NAME_DIGITS = 16
_PLAIN_FORMATS = {"PNG": ".png", "JPEG": ".jpg"}
_ORIENTATION = 0x0112  # the EXIF tag by which a camera says how it was held
_BACKDROP = "#ffffff"


@dataclass(frozen=True)
class Reference:
    """A picture that was given, and how it is called in the project."""

    source: Path
    name: str
    plain: bool
    """Whether any model can read it as it is."""

    def keep(self, folder: Path) -> Path:
        """Put it into a project, unless it is there. Raises as `write_bytes`, and `BadPictureError`."""
        kept = folder / self.name
        if not kept.is_file():
            make_folder(folder)
            write_bytes(kept, self._content())
        return kept

    def _content(self) -> bytes:
        try:
            if self.plain:
                return self.source.read_bytes()
            out = io.BytesIO()
            Image.fromarray(read_picture(self.source, _BACKDROP)).save(out, "PNG")
            return out.getvalue()
        except (OSError, PictureError) as exc:
            raise _bad(self.source, str(exc)) from exc


def check_reference(source: Path) -> Reference:
    """Look whether a file is a picture, and name it by its content.

    Raises:
        NoSuchInputError: It is not there, or may not be read.
        BadPictureError: It is no picture, damaged, or far too large.
    """
    try:
        digest = file_sha256(source)
    except (OSError, ValueError) as exc:
        reason = (exc.strerror if isinstance(exc, OSError) else None) or str(exc)
        raise NoSuchInputError(f"{source} cannot be read: {reason}.", "Check the name given with --reference.") from exc
    try:
        read_picture(source, _BACKDROP)
        ending = _plain_ending(source)
    except (PictureError, OSError) as exc:
        raise _bad(source, str(exc)) from exc
    return Reference(source, f"{digest[:_NAME_DIGITS]}{ending or '.png'}", plain=ending is not None)


def reference_fault(folder: Path, name: str) -> str | None:
    """Say why a picture that a file names cannot be used; None where it can."""
    try:
        read_picture(folder / name, _BACKDROP)
    except PictureError as exc:
        return f"{folder.name}/{name} cannot be used: {exc}"
    return None


def _plain_ending(source: Path) -> str | None:
    """The ending of a picture that any model can read; None for one that has to be turned into a PNG."""
    with Image.open(source) as picture:
        upright = picture.getexif().get(_ORIENTATION, 1) == 1
        plain = picture.mode == "RGB" and "transparency" not in picture.info
        small = max(picture.size) <= MAX_DECODED_SIDE_PX
        return _PLAIN_FORMATS.get(picture.format or "") if upright and plain and small else None


def _bad(source: Path, reason: str) -> BadPictureError:
    return BadPictureError(
        f"{source} cannot be used as a reference: {reason}.", "Name a PNG or JPEG picture of who or what is to be seen."
    )
