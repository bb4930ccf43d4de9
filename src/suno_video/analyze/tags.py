"""What the tags say: title, artist, cover, lyrics. Tags come from anywhere, so everything is cleaned and capped."""

from __future__ import annotations

import io
import unicodedata
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from suno_video.media.atomic import replacing

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MAX_TEXT = 200
MAX_COVER_BYTES = 20_000_000
MAX_COVER_PIXELS = 50_000_000
MAX_COVER_SIDE_PX = 2048
COVER_NAME = "cover.png"


@dataclass(frozen=True)
class Tags:
    """Cleaned tags of a song file."""

    title: str
    """From the tags, else from the file name; never empty."""
    artist: str | None = None
    album: str | None = None
    genre: str | None = None
    cover: bytes | None = None
    """An encoded picture, not yet looked at."""
    lyrics: str | None = None
    """Unsynchronised lyrics (USLT and its kin)."""
    header_duration_s: float | None = None
    """What the header promises. Only good for a warning."""
    notes: tuple[str, ...] = ()


def read_tags(path: Path) -> Tags:
    """Read the tags of a song. Broken tags give a note and the file name as title, never an error."""
    from tinytag import TinyTag

    title = clean_text(path.stem.replace("_", " ")) or "Untitled"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tag = TinyTag.get(path, image=True)
    except Exception:  # noqa: BLE001 - a parser fed with hostile bytes may raise anything, and tags are a nicety
        return Tags(title, notes=("the tags could not be read",))
    picture = tag.images.any
    cover = bytes(picture.data) if picture is not None and picture.data else None
    notes: tuple[str, ...] = ()
    if cover is not None and len(cover) > MAX_COVER_BYTES:
        notes = (f"the cover was left out: it has {len(cover) / 1e6:.0f} MB",)
        cover = None
    lyrics = next((text for text in tag.other.get("lyrics") or [] if isinstance(text, str) and text.strip()), None)
    return Tags(
        title=clean_text(tag.title) or title,
        artist=clean_text(tag.artist),
        album=clean_text(tag.album),
        genre=clean_text(tag.genre),
        cover=cover,
        lyrics=lyrics,
        header_duration_s=tag.duration if tag.duration and tag.duration > 0 else None,
        notes=notes,
    )


def clean_text(text: object, limit: int = MAX_TEXT) -> str | None:
    """Make one line of printable text out of anything; None when nothing is left.

    Control and direction-changing characters go, white space shrinks, long text is cut with an ellipsis. Markup stays
    as it is: whoever shows it escapes it.
    """
    if not isinstance(text, str):
        return None
    # Look at no more than could be shown: a tag of megabytes must not cost time.
    raw = unicodedata.normalize("NFC", text[: limit * 8])
    # U+200D joins emoji and Indic letters; other format characters can turn text around or hide it.
    kept = "".join(
        " " if c.isspace() or unicodedata.category(c) == "Cc" else c
        for c in raw
        if c == "\u200d" or c.isspace() or unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn")
    )
    line = " ".join(kept.split())
    if len(line) > limit:
        line = line[: limit - 1].rstrip() + "…"
    return line or None


def save_cover(picture: Picture, folder: Path) -> str:
    """Write a cover as `cover.png`, at most 2048 pixels a side, into a folder, and give its name.

    Raises `DiskError` and `CannotCreateError` when the folder cannot be written.
    """
    from PIL import Image

    small = picture.copy()
    small.thumbnail((MAX_COVER_SIDE_PX, MAX_COVER_SIDE_PX), Image.Resampling.LANCZOS)
    with replacing(folder / COVER_NAME) as part:
        small.save(part, format="PNG", compress_level=2)  # a quarter of the time, a fifth more bytes
    return COVER_NAME


class _TooLargeError(Exception):
    """More pixels than we decode."""


def open_cover(encoded: bytes) -> Picture:
    """Decode a cover to RGB. Raises ValueError with a reason when it is no picture, or too large to be decoded."""
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            # Our own limit is checked below, before anything is decoded.
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(encoded), formats=("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"))
            if picture.width * picture.height > MAX_COVER_PIXELS:
                raise _TooLargeError(f"it has {picture.width} x {picture.height} pixels")
            picture.draft("RGB", (MAX_COVER_SIDE_PX, MAX_COVER_SIDE_PX))
            upright = ImageOps.exif_transpose(picture)
            if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
                # Clear parts of a cover are black on a screen, whatever colour hides in them.
                upright = Image.alpha_composite(Image.new("RGBA", upright.size, "black"), upright.convert("RGBA"))
            return upright.convert("RGB")
    except (_TooLargeError, Image.DecompressionBombError) as exc:
        raise ValueError(str(exc) if isinstance(exc, _TooLargeError) else "it is far too large") from exc
    except Exception as exc:  # decoders of hostile pictures raise anything
        raise ValueError("it is not a picture that can be read") from exc
