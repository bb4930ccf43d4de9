"""One small picture for each scene, read from the finished film: the contact sheet and the report's thumbnails."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from suno_video.assemble.lettering import plain_text
from suno_video.core.clock import clock_tenths
from suno_video.core.errors import EncoderError
from suno_video.core.storyboard import Scene, Storyboard
from suno_video.media.atomic import make_folder, replacing
from suno_video.media.ffmpeg import SAFE_INPUT, file_url, read_chunks
from suno_video.media.fonts import drawing_font

THUMBNAIL_AREA_PX = 320 * 180
MAX_SHEET_SCENES = 120
"""More scenes than this are sampled evenly: a sheet is to be taken in at a glance."""
_BACKGROUND, _TILE, _TEXT, _QUIET = "#0c0d10", "#16181d", "#f2f3f5", "#8b909a"
_GAP, _MARGIN, _LABEL_HEIGHT, _HEADER_HEIGHT = 16, 40, 46, 84
_N_READERS = 2
"""ffmpeg's own start is most of the cost of a thumbnail, so two at once nearly halve it."""


@dataclass(frozen=True)
class Thumbnail:
    """A scene and a picture of it, as a rule from its middle."""

    scene: Scene
    image: Image.Image
    frame: int | None = None
    """Which frame it is, on the song's frame grid, where that is to be told; else the scene's beginning is."""


def write_thumbnails(film: Path, storyboard: Storyboard, folder: Path) -> dict[str, Path]:
    """Write `<scene id>.jpg` for every scene into a folder; give the paths by scene id.

    Raises:
        EncoderError: The film cannot be read.
        CannotCreateError, DiskError: The folder cannot be written.
    """
    make_folder(folder)
    size = thumbnail_size(storyboard)

    def write(scene: Scene) -> Path:
        path = folder / f"{scene.id}.jpg"
        with replacing(path) as part:
            image = _read_frame(film, _middle_s(scene, storyboard), size)
            image.save(part, format="JPEG", quality=84, optimize=True)
        return path

    # Written where it is read: the pictures of an hour's scenes do not lie in memory together.
    with ThreadPoolExecutor(_N_READERS) as pool:
        return {
            scene.id: path for scene, path in zip(storyboard.scenes, pool.map(write, storyboard.scenes), strict=True)
        }


def contact_sheet(film: Path, storyboard: Storyboard, out: Path, *, thumbnails: dict[str, Path] | None = None) -> None:
    """Draw all scenes of a film on one PNG, labelled with id, time, section and family or backend.

    Args:
        thumbnails: From `write_thumbnails`, when they are there already; else they are read from the film.

    Raises as `write_thumbnails` does.
    """
    chosen = sample_scenes(storyboard.scenes)
    if thumbnails is None:
        tiles = _read_thumbnails(film, storyboard, chosen)
    else:
        tiles = [Thumbnail(scene, _open(thumbnails[scene.id])) for scene in chosen if scene.id in thumbnails]
    sheet = draw_sheet(tiles, storyboard)
    with replacing(out) as part:
        sheet.save(part, format="PNG", optimize=False, compress_level=3)


def sample_scenes(scenes: Sequence[Scene]) -> list[Scene]:
    """Choose which scenes go on the sheet: all of them, or evenly spaced ones with the first and the last."""
    if len(scenes) <= MAX_SHEET_SCENES:
        return list(scenes)
    index = np.unique(np.round(np.linspace(0, len(scenes) - 1, MAX_SHEET_SCENES)).astype(int))
    return [scenes[k] for k in index]


def thumbnail_size(storyboard: Storyboard) -> tuple[int, int]:
    """Width and height of a thumbnail: the film's aspect, always about the same area."""
    height = math.sqrt(THUMBNAIL_AREA_PX / storyboard.size.aspect)
    return max(2, round(height * storyboard.size.aspect / 2) * 2), max(2, round(height / 2) * 2)


def read_frames_of(film: Path, storyboard: Storyboard, frames: Sequence[int]) -> list[Thumbnail]:
    """Read single frames of a film, each with the scene that it lies in.

    Args:
        frames: On the song's frame grid, within the film.

    Raises:
        EncoderError: The film cannot be read.
    """
    size = thumbnail_size(storyboard)

    def read(frame: int) -> Thumbnail:
        scene = next(scene for scene in storyboard.scenes if frame < scene.end_frame)
        return Thumbnail(scene, _read_frame(film, _moment_s(frame, storyboard), size), frame)

    with ThreadPoolExecutor(_N_READERS) as pool:
        return list(pool.map(read, frames))


def _open(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def _read_thumbnails(film: Path, storyboard: Storyboard, scenes: Sequence[Scene]) -> list[Thumbnail]:
    size = thumbnail_size(storyboard)

    def read(scene: Scene) -> Thumbnail:
        return Thumbnail(scene, _read_frame(film, _middle_s(scene, storyboard), size))

    with ThreadPoolExecutor(_N_READERS) as pool:
        return list(pool.map(read, scenes))


def _middle_s(scene: Scene, storyboard: Storyboard) -> float:
    """The moment of a scene's middle frame in the film."""
    return _moment_s((scene.start_frame + scene.end_frame) // 2, storyboard)


def _moment_s(frame: int, storyboard: Storyboard) -> float:
    """The moment of a frame in the film, a quarter frame before it so that seeking cannot miss it."""
    return max(0.0, (frame - storyboard.first_frame - 0.25) / storyboard.fps)


def _read_frame(film: Path, at_s: float, size: tuple[int, int]) -> Image.Image:
    """Read one frame. ffmpeg seeks to the key frame before it, so this costs the same anywhere in the film."""
    width, height = size
    args = (
        *("-ss", f"{at_s:.4f}", "-threads", "1", *SAFE_INPUT, "-i", file_url(film)),
        *("-an", "-frames:v", "1", "-vf", f"scale={width}:{height}:flags=area:in_color_matrix=bt709,format=rgb24"),
        *("-f", "rawvideo", "pipe:1"),
    )
    content = b"".join(read_chunks(args, width * height * 3))
    if len(content) < width * height * 3:
        raise EncoderError(f"{film.name} has no picture at {at_s:.2f} s.", "Run the same command again.")
    pixels: NDArray[np.uint8] = np.frombuffer(content, dtype=np.uint8, count=width * height * 3)
    return Image.fromarray(pixels.reshape(height, width, 3))


def draw_sheet(tiles: Sequence[Thumbnail], storyboard: Storyboard) -> Image.Image:
    """Lay thumbnails out in a grid that is about as wide as it is high."""
    width, height = thumbnail_size(storyboard)
    columns = _columns(len(tiles), width, height)
    rows = max(1, -(-len(tiles) // columns))
    sheet = Image.new(
        "RGB",
        (
            2 * _MARGIN + columns * (width + _GAP) - _GAP,
            2 * _MARGIN + _HEADER_HEIGHT + rows * (height + _LABEL_HEIGHT + _GAP) - _GAP,
        ),
        _BACKGROUND,
    )
    pen = ImageDraw.Draw(sheet)
    _draw_header(pen, storyboard, len({tile.scene.id for tile in tiles}), sheet.width)
    for number, tile in enumerate(tiles):
        left = _MARGIN + number % columns * (width + _GAP)
        top = _MARGIN + _HEADER_HEIGHT + number // columns * (height + _LABEL_HEIGHT + _GAP)
        pen.rounded_rectangle((left, top, left + width - 1, top + height + _LABEL_HEIGHT - 1), 6, fill=_TILE)
        sheet.paste(tile.image.resize((width, height)), (left, top))
        _draw_label(pen, tile, storyboard, left, top + height, width)
    return sheet


def _columns(n: int, width: int, height: int) -> int:
    """As many columns as make the sheet about 1.4 times as wide as it is high, but never more than scenes."""
    ideal = math.sqrt(n * 1.4 * (height + _LABEL_HEIGHT) / width)
    return max(1, min(n, max(3, round(ideal))))


def _draw_header(pen: ImageDraw.ImageDraw, storyboard: Storyboard, n_shown: int, width_px: int) -> None:
    title = storyboard.title_card.title if storyboard.title_card else storyboard.treatment.look
    n_scenes = len(storyboard.scenes)
    shown = f"{n_scenes} scenes" if n_shown == n_scenes else f"{n_shown} of {n_scenes} scenes"
    facts = f"{storyboard.treatment.look}  ·  {shown}  ·  {storyboard.size} at {storyboard.fps} frames per second"
    bold, plain = drawing_font(30, 700), drawing_font(15, 450)
    room_px = width_px - 2 * _MARGIN
    pen.text((_MARGIN, _MARGIN - 6), _fit(pen, title, bold, room_px), _TEXT, bold)
    pen.text((_MARGIN, _MARGIN + 38), _fit(pen, facts, plain, room_px), _QUIET, plain)


def _draw_label(
    pen: ImageDraw.ImageDraw, tile: Thumbnail, storyboard: Storyboard, left: int, top: int, width: int
) -> None:
    scene = tile.scene
    bold, plain = drawing_font(14, 650), drawing_font(13, 450)
    time = clock_tenths((scene.start_frame if tile.frame is None else tile.frame) / storyboard.fps)
    pen.text((left + 10, top + 6), scene.id, _TEXT, bold)
    pen.text((left + width - 10 - pen.textlength(time, plain), top + 6), time, _QUIET, plain)
    words = _fit(pen, f"{scene.section_label}  ·  {_painter_of(scene)}", plain, width - 20)
    pen.text((left + 10, top + 25), words, _QUIET, plain)


def _painter_of(scene: Scene) -> str:
    """Name the scene family, which only the embedded renderer plays, or else the backend."""
    return scene.family if scene.video_backend == "procedural" else scene.video_backend


def _fit(pen: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, width_px: int) -> str:
    """Shorten a text until it fits, in printable characters only."""
    text = plain_text(text)
    if pen.textlength(text, font) <= width_px:
        return text
    while text and pen.textlength(text + "…", font) > width_px:
        text = text[:-1]
    return text + "…"
