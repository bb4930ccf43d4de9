"""Small JPEG pictures drawn from clips and stills, for somebody who looks at them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from suno_video.media.ffmpeg import SAFE_INPUT, file_url, run_ffmpeg

_QUALITY = 85


def first_middle_last(n_frames: int) -> tuple[int, ...]:
    """Numbers of the first, the middle and the last frame; fewer where there are fewer."""
    return tuple(sorted({0, n_frames // 2, max(0, n_frames - 1)} & set(range(max(1, n_frames)))))


def sample_clip(clip: Path, numbers: Sequence[int], side_px: int, folder: Path) -> list[Path]:
    """Write frames of an MP4 as JPEG files into a folder; the clip is decoded once.

    Args:
        numbers: Rising frame numbers.
        side_px: The longest side at most; nothing is enlarged.

    Raises:
        EncoderError: It cannot be decoded, or has fewer frames.
    """
    name = f"sample-{secrets.token_hex(6)}"
    chosen = "+".join(rf"eq(n\,{number})" for number in numbers)
    fit = f"scale='min({side_px},iw)':'min({side_px},ih)':force_original_aspect_ratio=decrease:flags=area"
    source = (*SAFE_INPUT, "-i", file_url(clip), "-map", "0:v:0", "-vf", f"select={chosen},{fit}")
    made = ("-fps_mode", "passthrough", "-frames:v", str(len(numbers)), "-q:v", "3", "-pix_fmt", "yuvj420p")
    run_ffmpeg([*source, *made, "-f", "image2", str(folder / f"{name}-%d.jpg")])
    return sorted(folder.glob(f"{name}-*.jpg"), key=lambda path: int(path.stem.rpartition("-")[2]))


def sample_still(still: Path, side_px: int, folder: Path) -> Path:
    """Write a picture as a small JPEG into a folder. Raises `OSError` and `ValueError` as Pillow does."""
    path = folder / f"sample-{secrets.token_hex(6)}.jpg"
    with Image.open(still) as picture:
        picture.draft("RGB", (2 * side_px, 2 * side_px))
        small = picture.convert("RGB")
        small.thumbnail((side_px, side_px))
    small.save(path, format="JPEG", quality=_QUALITY)
    return path
