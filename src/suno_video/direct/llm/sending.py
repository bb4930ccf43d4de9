"""What goes along with a question, made small and plain: sound as mono MP3, pictures as JPEG, both without tags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from suno_video.core.clock import clock
from suno_video.core.errors import SunoVideoError
from suno_video.direct.llm.catalog import LanguageModel
from suno_video.direct.llm.question import Attachment, NoAnswer

SOUND_KBPS = 64
"""Services merge channels and hear about 16 kHz: more would be lost on them, and takes longer to send."""
SOUND_RATE_HZ = 32_000
PICTURE_SIDE_PX = 1568
_READ_BYTES = 1 << 16


@dataclass(frozen=True)
class Enclosed:
    """One attachment as it is sent."""

    content: bytes
    media_type: str
    label: str
    file_name: str
    seconds: float = 0.0
    """Length of a sound; 0 for a picture."""

    @property
    def is_sound(self) -> bool:
        """Whether it is heard, and not seen."""
        return self.media_type.startswith("audio/")

    @property
    def words(self) -> str:
        """For people: `lantern-season.mp3 (mono, 3:30)`."""
        return f"{self.file_name} (mono, {clock(self.seconds)})" if self.is_sound else self.file_name


def enclose(attachment: Attachment) -> Enclosed:
    """Make an attachment as it is sent.

    Raises:
        NoAnswer: It cannot be read, or is neither sound nor picture.
    """
    from suno_video.media.pictures import PictureError

    kind = attachment.media_type.partition("/")[0]
    try:
        if kind == "audio":
            content = mono_mp3(attachment.path)
            seconds = len(content) * 8 / (SOUND_KBPS * 1000)
            return Enclosed(content, "audio/mpeg", attachment.label, attachment.path.name, seconds)
        if kind == "image":
            return Enclosed(small_jpeg(attachment.path), "image/jpeg", attachment.label, attachment.path.name)
    except SunoVideoError as exc:
        raise NoAnswer("unavailable", f"{attachment.path.name} cannot be sent: {exc.message}") from exc
    except PictureError as exc:
        raise NoAnswer("unavailable", f"{attachment.path.name} cannot be sent: {exc}") from exc
    raise NoAnswer("unavailable", f"{attachment.path.name} is {attachment.media_type}, which is not sent to models")


def mono_mp3(path: Path) -> bytes:
    """Encode a sound as mono MP3 of a constant rate, without its tags or cover. Raises `EncoderError`."""
    from suno_video.media.ffmpeg import SAFE_INPUT, file_url, read_chunks

    source = [*SAFE_INPUT, "-i", file_url(path), "-map", "0:a:0", "-map_metadata", "-1"]
    shape = ["-ac", "1", "-ar", str(SOUND_RATE_HZ), "-c:a", "libmp3lame", "-b:a", f"{SOUND_KBPS}k"]
    plain = ["-write_xing", "0", "-id3v2_version", "0", "-f", "mp3", "pipe:1"]
    return b"".join(read_chunks([*source, *shape, *plain], _READ_BYTES))


def small_jpeg(path: Path) -> bytes:
    """Encode a picture anew, no larger than a model looks at, without place or camera. Raises `PictureError`."""
    import io

    from PIL import Image

    from suno_video.media.pictures import read_picture

    image = Image.fromarray(read_picture(path, "#ffffff"))
    image.thumbnail((PICTURE_SIDE_PX, PICTURE_SIDE_PX))
    written = io.BytesIO()
    image.save(written, "JPEG", quality=88)
    return written.getvalue()


def fits(attachment: Attachment, model: LanguageModel) -> bool:
    """Whether a model can take in an attachment."""
    return model.hears if attachment.media_type.startswith("audio/") else model.sees
