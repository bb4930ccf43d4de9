"""Tags and covers: cleaned, capped, and never a reason to fail."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from suno_video.analyze.listen import listen
from suno_video.analyze.palette import cover_palette
from suno_video.analyze.tags import MAX_TEXT, clean_text, open_cover, read_tags, save_cover
from suno_video.core.color import hex_to_srgb, linear_to_oklch, srgb_to_linear
from tests.unit.sounds import encode, tone, write_wav


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, format="PNG")
    return out.getvalue()


def _mp3(folder: Path, cover: bytes | None = None, name: str = "song.mp3", **tags: str) -> Path:
    """An mp3 with an ID3v2.3 tag made by hand, so that a tag can hold anything."""
    frames = b""
    for frame, text in tags.items():
        body = b"\x01" + text.encode("utf-16", errors="surrogatepass")
        frames += frame.encode() + struct.pack(">I", len(body)) + b"\0\0" + body
    if cover is not None:
        body = b"\0image/png\0\x03\0" + cover
        frames += b"APIC" + struct.pack(">I", len(body)) + b"\0\0" + body
    size = bytes((len(frames) >> shift) & 127 for shift in (21, 14, 7, 0))
    sound = encode(write_wav(folder / "in.wav", tone(1, 440)), folder / "in.mp3", "-id3v2_version", "0")
    path = folder / name
    path.write_bytes(b"ID3\x03\0\0" + size + frames + sound.read_bytes())
    return path


def test_tags_and_cover_are_read_and_the_cover_is_saved_as_a_png_of_bounded_size(tmp_path: Path) -> None:
    cover = _png(Image.new("RGB", (3000, 1500), (200, 40, 90)))
    path = _mp3(tmp_path, cover, TIT2="Title", TPE1="Artist", TALB="Album", TCON="dream pop")
    heard = listen(path, fps=30, max_duration_s=60, cover_folder=tmp_path)
    song = heard.song
    assert (song.title, song.artist, song.album, song.genre) == ("Title", "Artist", "Album", "dream pop")
    with Image.open(tmp_path / song.cover) as saved:
        assert (saved.format, saved.size, saved.mode) == ("PNG", (2048, 1024), "RGB")
    assert len(heard.analysis.cover_palette) == 5


def test_without_a_title_the_file_name_serves(tmp_path: Path) -> None:
    assert read_tags(_mp3(tmp_path, name="My_great song.mp3")).title == "My great song"


def test_hostile_tags_become_one_short_printable_line(tmp_path: Path) -> None:
    path = _mp3(tmp_path, TIT2="a\nb\x07\u202e" + "x" * 100_000, TPE1="<b>\x00bold</b>", TALB=" \t ")
    tags = read_tags(path)
    assert tags.title.startswith("a b xxx")
    assert len(tags.title) == MAX_TEXT
    assert tags.title.isprintable()
    assert tags.artist is None or tags.artist.isprintable()
    assert tags.album is None


@pytest.mark.parametrize("text", ["👩‍🚀 Émile", "日本語", "e\u0301"])
def test_names_of_the_world_stay(text: str) -> None:
    assert clean_text(text) == ("é" if text == "e\u0301" else text)


def _bomb(side: int) -> bytes:
    """A tiny PNG that claims to be side x side pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "cover", [_bomb(30_000), _bomb(8_000), b"not a picture", b"", _png(Image.new("RGB", (50, 50)))[:60]]
)
def test_a_cover_that_cannot_be_used_is_a_note_and_no_failure(tmp_path: Path, cover: bytes) -> None:
    song = listen(_mp3(tmp_path, cover), fps=30, max_duration_s=60, cover_folder=tmp_path).song
    assert song.cover is None
    assert not cover or any("cover was left out" in note for note in song.notes)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "I;16"])
def test_covers_of_every_kind_become_rgb(tmp_path: Path, mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (8, 8)).save(out, format="TIFF" if mode == "CMYK" else "PNG")
    picture = open_cover(out.getvalue())
    assert picture.mode == "RGB"
    assert save_cover(picture, tmp_path) == "cover.png"


def test_broken_tags_are_a_note(tmp_path: Path) -> None:
    whole = _mp3(tmp_path, TIT2="Title").read_bytes()
    for cut in (3, 9, 12, 25):
        (tmp_path / "cut.mp3").write_bytes(whole[:cut])
        assert read_tags(tmp_path / "cut.mp3").title


def _lightness(color: str) -> float:
    return float(srgb_to_linear(hex_to_srgb(color)) @ [0.2126, 0.7152, 0.0722])


def _hues(palette: tuple[str, ...]) -> list[float]:
    linear = np.stack([srgb_to_linear(hex_to_srgb(stop)) for stop in palette])
    return [float(hue) for hue in np.degrees(linear_to_oklch(linear)[:, 2]) % 360]


def _two_tone(left: tuple[int, int, int], right: tuple[int, int, int]) -> Image.Image:
    pixels = np.zeros((64, 64, 3), dtype=np.uint8)
    pixels[:, :40], pixels[:, 40:] = left, right
    return Image.fromarray(pixels)


@pytest.mark.parametrize(
    "picture",
    [
        _two_tone((20, 40, 160), (240, 130, 20)),
        _two_tone((200, 20, 60), (190, 30, 70)),
        _two_tone((128, 128, 128), (30, 30, 30)),
        _two_tone((0, 0, 0), (0, 0, 0)),
        _two_tone((255, 255, 255), (250, 250, 255)),
    ],
)
def test_a_palette_rises_from_shadow_to_light_and_has_two_hues(picture: Image.Image) -> None:
    palette = cover_palette(picture)
    light = [_lightness(stop) for stop in palette]
    assert light == sorted(light)
    assert light[0] < 0.03
    assert light[-1] > 0.7
    hues = _hues(palette)
    assert abs((hues[1] - hues[3] + 180) % 360 - 180) > 60


def test_a_palette_takes_the_hues_of_the_cover_and_grey_has_no_vote() -> None:
    hues = _hues(cover_palette(_two_tone((90, 90, 90), (30, 60, 220))))
    blue = _hues(("#1e3cdc",))[0]
    assert min(abs((hue - blue + 180) % 360 - 180) for hue in hues) < 12
