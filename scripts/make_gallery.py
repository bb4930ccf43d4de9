"""The gallery: a contact sheet of each scene family and each look, and a film of a minute in each look.

Usage: python scripts/make_gallery.py [families] [looks] [films] [--songs FOLDER] [--only NAME,NAME] [--size 640x360]

Without a word it makes all three, into `out/gallery`. Families are painted at six moments of a song, in three seeds and
palettes, each from a running start of two seconds; looks with what they show in each part of a song, in their colours,
grade and colour table. Films of looks take turns among the songs of FOLDER (by default the example song). What is there
already is made again only when it is asked for with --only.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from suno_video.analyze.listen import Heard, listen
from suno_video.assemble.cube import grading_of, shipped_lut
from suno_video.backends.base import ClipRequest
from suno_video.backends.procedural import FAMILIES
from suno_video.backends.procedural.stream import ProceduralStream
from suno_video.core.brief import Grade, Look
from suno_video.core.frames import I420, FrameSize
from suno_video.core.music import music_curves
from suno_video.core.storyboard import Motion
from suno_video.direct.looks import load_looks
from suno_video.media.ffmpeg import file_url, read_chunks

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "out" / "gallery"
SONG = ROOT / "examples" / "lantern-season.mp3"
FPS = 30
TILE_PX = (400, 225)
WARM_UP_S = 2.0
PARTS = ("intro", "verse", "prechorus", "chorus", "build", "drop", "bridge", "outro")
FILM_S = 60
BLACK, WHITE = 5, 235
"""Mean light of a frame, of 255."""
PALETTES = (
    ("#0b0a1e", "#3a2a6b", "#c2557a", "#f6b26b", "#fff3d6"),
    ("#04141f", "#0b4f6c", "#1ea896", "#7fd4c1", "#f4fff0"),
    ("#0a0a0c", "#4a1420", "#c22f2a", "#f0a03c", "#fdf6e3"),
)


def main() -> None:
    """Make what was asked for."""
    options = _options()
    OUT.mkdir(parents=True, exist_ok=True)
    only = set(options.only.split(",")) if options.only else set()
    if "families" in options.what or "looks" in options.what:
        heard = listen(SONG, fps=FPS, max_duration_s=3600, cover_folder=OUT)
        for family in FAMILIES if "families" in options.what else ():
            _once(OUT / f"family-{family}.png", family, only, lambda path, family=family: _family(path, family, heard))
        for name, look in load_looks().items() if "looks" in options.what else ():
            _once(OUT / f"look-{name}.png", name, only, lambda path, look=look: _look(path, look, heard))
    if "films" in options.what:
        _films(options, only)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["families", "looks", "films"])
    parser.add_argument("--songs", type=Path, default=SONG.parent)
    parser.add_argument("--only", default="")
    parser.add_argument("--size", default="640x360")
    return parser.parse_args()


def _once(path: Path, name: str, only: set[str], make: object) -> None:
    if name in only or (not only and not path.exists()):
        make(path)  # type: ignore[operator]
        print(path.relative_to(ROOT), flush=True)


def _family(path: Path, family: str, heard: Heard) -> None:
    """Paint one row for each palette, one column for each moment."""
    moments = _moments(heard)
    tiles = [
        _label(_moment(family, heard, frame, palette, seed), f"{family}  {name}  seed {seed}")
        for seed, palette in enumerate(PALETTES, start=1)
        for name, frame in moments
    ]
    _sheet(tiles, len(moments)).save(path)


def _moments(heard: Heard) -> list[tuple[str, int]]:
    """A quiet frame, then frames just after a beat in the middle of parts of every kind, and one between two beats."""
    analysis = heard.analysis
    found: dict[str, int] = {}
    for section in analysis.sections:
        middle = (section.start_s + section.end_s) / 2
        beat = min(analysis.downbeats_s or (middle,), key=lambda time_s: abs(time_s - middle))
        found.setdefault(section.label, round(beat * FPS) + 1)
    chosen = list(itertools.islice(found.items(), 5))
    return [*chosen, ("between", chosen[-1][1] + round(0.6 * 60 / (analysis.tempo_bpm or 120) * FPS))]


def _look(path: Path, look: Look, heard: Heard) -> None:
    """One tile for each part of a song: a family that the look shows there, another one each time if it has others."""
    moments = dict(_moments(heard))
    palette = look.fallback_palette if look.palette == "cover" else look.palette
    tiles, shown = [], set()
    for seed, part in enumerate(PARTS, start=1):
        names = look.families.get(part) or look.families["default"]
        family = next((name for name in names if name not in shown), names[0])
        shown.add(family)
        frame = moments.get(part, moments.get("chorus", moments["between"]))
        tiles.append(_label(_moment(family, heard, frame, palette, seed, look), f"{look.name}  {part}: {family}"))
    _sheet(tiles, 4).save(path)


def _moment(
    family: str, heard: Heard, frame: int, palette: tuple[str, ...], seed: int, look: Look | None = None
) -> Image.Image:
    # A family is looked at closely, with all its grain; a look at a glance.
    width, height = (400, 224) if look else (800, 450)
    n = int((WARM_UP_S / 2 if look else WARM_UP_S) * FPS)
    music = music_curves(heard.analysis, frame - n, n + 1)
    energy = float(music.energy[-1])
    cover = OUT / heard.song.cover if heard.song.cover else None
    request = ClipRequest(
        scene="s001", prompt="", negative_prompt="", seed=seed * 101, size=FrameSize(width_px=width, height_px=height),
        fps=FPS, n_frames=n + 1, family=family, params={}, palette=palette, grade=look.grade if look else Grade(),
        motion=Motion(),
        growth=0.5 if look else min(1.0, 0.3 + 0.3 * seed), energy=energy, music=music, cover=cover,
    )  # fmt: skip
    *_, last = _copies(ProceduralStream(request).frames(0 if FAMILIES[family].stateful else n))
    table = shipped_lut(look.lut, look.lut_amount) if look and look.lut else None
    if table is not None:
        grading_of(table).apply(last)
    return Image.fromarray(cv2.cvtColor(last, cv2.COLOR_YUV2RGB_I420)).resize(TILE_PX, Image.Resampling.LANCZOS)


def _copies(frames: Iterator[I420]) -> Iterator[I420]:
    return (np.array(frame) for frame in frames)


def _label(tile: Image.Image, text: str) -> Image.Image:
    pen = ImageDraw.Draw(tile)
    pen.text(
        (6, TILE_PX[1] - 16), text, font=ImageFont.load_default(11), fill="white", stroke_width=1, stroke_fill="black"
    )
    return tile


def _sheet(tiles: list[Image.Image], n_columns: int) -> Image.Image:
    rows = -(-len(tiles) // n_columns)
    sheet = Image.new("RGB", (n_columns * TILE_PX[0], rows * TILE_PX[1]))
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number % n_columns * TILE_PX[0], number // n_columns * TILE_PX[1]))
    return sheet


def _films(options: argparse.Namespace, only: set[str]) -> None:
    """Render a minute in each look; its contact sheet lies beside it, and its flashes are told."""
    songs = itertools.cycle(sorted(options.songs.glob("*.mp3")))
    for name, song in zip(load_looks(), songs, strict=False):
        film = OUT / f"film-{name}.mp4"
        _once(film, name, only, lambda path, name=name, song=song: _film(path, name, song, options.size))


def _film(film: Path, look: str, song: Path, size: str) -> None:
    project = OUT / "projects" / look
    suno_video = str(Path(sys.executable).parent / "suno-video")
    where = ["--out", str(film), "--project", str(project)]
    what = ["--look", look, "--size", size, "--to", str(FILM_S), "--quality", "draft", "--quiet"]
    subprocess.run([suno_video, "render", str(song), *what, *where], check=True)
    with Image.open(project / "contact-sheet.png") as sheet:
        sheet.convert("RGB").save(film.with_suffix(".png"))
    proof = json.loads((project / "sync.json").read_text(encoding="utf-8"))
    print(look, song.stem, {key: proof[key] for key in proof if "flash" in key}, _empty_stretches(film), flush=True)


def _empty_stretches(film: Path) -> dict[str, list[float]]:
    """Tell where a film is black or white throughout for more than half a second, in seconds of the film."""
    args = ("-i", file_url(film), "-vf", "scale=32:18:flags=area,format=gray", "-f", "rawvideo", "pipe:1")
    light = np.frombuffer(b"".join(read_chunks(args, 1 << 16)), np.uint8).reshape(-1, 32 * 18).mean(axis=1)
    found = {}
    for name, empty in (("black", light < BLACK), ("white", light > WHITE)):
        runs = np.flatnonzero(np.convolve(empty, np.ones(FPS // 2), "valid") == FPS // 2)
        found[name] = [round(at / FPS, 2) for at in runs.tolist() if at - 1 not in set(runs.tolist())]
    return found


if __name__ == "__main__":
    main()
