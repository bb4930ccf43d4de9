"""Makes a PNG of a still that came in whatever format its model writes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from PIL import Image

from suno_video.backends.base import FailureKind, MakeFailed
from suno_video.media.atomic import replacing


def receive_still(downloaded: Path, path: Path, cost_usd: Decimal) -> Path:
    """Write the picture as an RGB PNG and give its path; the download is removed.

    Raises:
        MakeFailed: `RETRYABLE`, at `cost_usd`: it is no picture.
    """
    try:
        with Image.open(downloaded, formats=("PNG", "JPEG", "WEBP")) as picture, replacing(path) as part:
            picture.convert("RGB").save(part, format="PNG")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as exc:
        raise MakeFailed(FailureKind.RETRYABLE, f"the still cannot be used: {exc}", cost_usd) from exc
    finally:
        downloaded.unlink(missing_ok=True)
    return path
