"""Bad files, places and days, met by the real command: a message, a status, nothing lost."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from suno_video.media.ffmpeg import run_ffmpeg
from tests.e2e.conftest import write_song

TINY = ("--size", "64x36", "--preview", "--look", "cosmos")


def command(cwd: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own; one that hangs fails."""
    done = subprocess.run(
        [sys.executable, "-m", "suno_video", *args],
        cwd=cwd,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        stdin=subprocess.DEVNULL,
        env={**os.environ, "NO_COLOR": "1"},
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def render(song: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return command(song.parent, "render", song.name, *TINY, *args)


def id3_tag(**frames: bytes) -> bytes:
    """Write an ID3v2.4 tag."""

    def sync_safe(n: int) -> bytes:
        return bytes([n >> 21 & 127, n >> 14 & 127, n >> 7 & 127, n & 127])

    body = b"".join(name.encode() + sync_safe(len(raw)) + b"\0\0" + raw for name, raw in frames.items())
    return b"ID3\x04\0\0" + sync_safe(len(body)) + body


def mp3_with(path: Path, seconds: float = 1.0, **frames: bytes) -> Path:
    """Make an mp3 with frames of our own in its tag."""
    plain = path.with_name("plain.mp3")
    run_ffmpeg(
        ["-f", "lavfi", "-i", f"sine=440:d={seconds}", "-id3v2_version", "0", "-write_xing", "0", "-y", str(plain)]
    )
    path.write_bytes(id3_tag(**frames) + plain.read_bytes())
    plain.unlink()
    return path


def png_that_claims(width_px: int, height_px: int) -> bytes:
    """A PNG whose header promises a picture, of which almost nothing follows."""

    def chunk(name: bytes, raw: bytes) -> bytes:
        return struct.pack(">I", len(raw)) + name + raw + struct.pack(">I", zlib.crc32(name + raw))

    header = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(3000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def test_an_archive_with_a_song_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    song = mp3_with(tmp_path / "a.mp3")
    with zipfile.ZipFile(tmp_path / "zip.mp3", "w") as archive:
        archive.write(song, "a.mp3")
    song.unlink()
    done = render(tmp_path / "zip.mp3")
    assert done.returncode == 65
    assert "ZIP archive" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["zip.mp3"]


def test_a_picture_without_sound_leaves_nothing(tmp_path: Path) -> None:
    film = tmp_path / "silent movie.mp4"
    run_ffmpeg(["-f", "lavfi", "-i", "testsrc=s=64x64:d=1", str(film)])
    done = render(film)
    assert done.returncode == 65
    assert "no sound track" in done.stderr
    assert list(tmp_path.iterdir()) == [film]


@pytest.mark.slow
def test_a_silent_song_becomes_a_film_and_says_so(tmp_path: Path) -> None:
    song = tmp_path / "a.wav"
    run_ffmpeg(["-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "1", str(song)])
    done = render(song)
    assert done.returncode == 0
    assert "the song is silent" in done.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_as_song_or_film_does_not_hang(song: Path) -> None:
    os.mkfifo(song.with_name("pipe.mp3"))
    os.mkfifo(song.with_name("pipe.mp4"))
    assert render(song.with_name("pipe.mp3")).returncode == 66
    assert render(song, "--out", "pipe.mp4").returncode == 73


@pytest.mark.parametrize("out", ["missing/film.mp4", "song.wav/film.mp4", "x" * 300 + ".mp4"])
def test_a_place_that_takes_no_film_is_refused_before_the_work(song: Path, out: str) -> None:
    done = render(song, "--out", out)
    assert done.returncode == 73
    assert "--out" in done.stderr
    assert [path.name for path in song.parent.iterdir()] == [song.name]


@pytest.mark.slow
def test_a_cover_of_900_megapixels_is_left_out_with_a_note(tmp_path: Path) -> None:
    cover = b"\0image/png\0\x03\0" + png_that_claims(30_000, 30_000)
    done = render(mp3_with(tmp_path / "a.mp3", APIC=cover))
    assert done.returncode == 0
    assert "the cover was left out" in done.stderr


HOSTILE = "<script>alert(1)</script> {\\an8\\fs400}{\\p1}m 0 0 l 9 9{\\p0} %{pts} \\N:'\"[a]%d \u202e evil \x1b[31m"


def test_hostile_tags_and_lyrics_are_burned_in_as_words(tmp_path: Path) -> None:
    text = b"\x03" + (HOSTILE + "\0rest").encode()
    song = mp3_with(tmp_path / "a.mp3", 2.0, TIT2=text, TPE1=text * 20, TCON=text)
    lines = [f"[00:0{at / 4:.2f}]{HOSTILE}" for at in range(8)]
    times = ["[99:59.99]beyond the end", "[-1:00]before it", "[00:01.00]<00:09.00>q <00:00.10>r", "[00:01.00]twice"]
    song.with_suffix(".lrc").write_text("\n".join([*lines, *times, *["[00:01.50]many"] * 9000]), encoding="utf-8")
    done = render(song)
    assert done.returncode == 0, done.stderr
    assert not any(char in done.stderr for char in "\x1b\u202e")
    report = (tmp_path / "a.suno-video" / "report.html").read_text(encoding="utf-8")
    assert "<script>" not in report


@pytest.mark.slow
def test_two_songs_with_one_stem_keep_their_films_apart(song: Path) -> None:
    other = song.with_suffix(".mp3")
    run_ffmpeg(["-f", "lavfi", "-i", "sine=660:d=1", str(other)])
    assert render(song).returncode == 0
    first = song.with_suffix(".mp4").read_bytes()
    done = render(other)
    assert done.returncode == 0
    assert "song.mp3.suno-video" in done.stderr
    assert song.with_name("song.mp3.mp4").stat().st_size > 1000
    assert song.with_suffix(".mp4").read_bytes() == first
    assert render(song).returncode == 0
    assert song.with_suffix(".mp4").read_bytes() == first


@pytest.mark.slow
def test_somebody_elses_video_beside_the_song_survives(song: Path) -> None:
    theirs = song.with_suffix(".mp4")
    run_ffmpeg(["-f", "lavfi", "-i", "testsrc=s=64x64:d=1", str(theirs)])
    before = theirs.read_bytes()
    done = render(song)
    assert done.returncode == 0
    assert "song film.mp4" in done.stderr
    assert theirs.read_bytes() == before
    # Ours is written over as ever, even when its project is gone.
    shutil.rmtree(song.with_name("song.suno-video"))
    assert render(song).returncode == 0
    assert sorted(path.name for path in song.parent.glob("*.mp4")) == ["song film.mp4", "song.mp4"]


@pytest.mark.slow
def test_what_was_damaged_is_made_again_and_the_film_is_the_same(make_song: Callable[..., Path]) -> None:
    song = make_song("song.wav", 2.0)
    assert render(song).returncode == 0
    film, project = song.with_suffix(".mp4"), song.with_name("song.suno-video")
    content = film.read_bytes()
    (project / "analysis.json").write_text("[" * 100_000)
    (project / "film.json").write_bytes(b"\xff\x00")
    for path in (project / "segments").iterdir():
        path.write_bytes(path.read_bytes()[:100])
    film.unlink()
    assert render(song).returncode == 0
    assert film.read_bytes() == content


@pytest.mark.slow
def test_an_edited_storyboard_of_a_song_that_changed_is_kept_and_refused(make_song: Callable[..., Path]) -> None:
    song = make_song("song.wav", 1.0)
    assert command(song.parent, "storyboard", song.name).returncode == 0
    storyboard = song.with_name("song.suno-video") / "storyboard.json"
    edited = storyboard.read_text(encoding="utf-8").replace('"prompt": "', '"prompt": "my ', 1)
    storyboard.write_text(edited, encoding="utf-8")
    write_song(song, 2.0)
    done = command(song.parent, "storyboard", song.name)
    assert done.returncode == 65
    assert "another song" in done.stderr
    assert storyboard.read_text(encoding="utf-8") == edited


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can make a small disk")
@pytest.mark.parametrize(
    "size_kb", [pytest.param(4, marks=pytest.mark.slow), 40, pytest.param(100, marks=pytest.mark.slow)]
)
def test_a_full_disk_ends_with_74_and_goes_on_when_there_is_room(song: Path, size_kb: int) -> None:
    disk = song.parent / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", disk], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        done = render(song, "--project", "disk/project", "--out", "disk/film.mp4")
        assert done.returncode == 74
        assert "disk is full" in done.stderr
        assert not (disk / "film.mp4").exists()
        assert not list(disk.rglob("*.part*"))
        subprocess.run(["mount", "-o", "remount,size=50m", disk], check=True)
        assert render(song, "--project", "disk/project", "--out", "disk/film.mp4").returncode == 0
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.slow
def test_a_name_that_is_no_text_renders_like_any_other(song: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(song.parent) + b"/caf\xe9 \xff.wav"))
    try:
        song.rename(path)
    except (OSError, ValueError):
        pytest.skip("this file system takes only UTF-8")
    assert render(path).returncode == 0
    assert path.with_suffix(".mp4").stat().st_size > 1000
    assert render(path, "--json").returncode == 0


@pytest.mark.parametrize(("args", "status"), [(["", *TINY], 66), (["song.wav", *TINY, "--project", "x" * 300], 73)])
def test_names_that_cannot_be_are_refused(song: Path, args: list[str], status: int) -> None:
    assert command(song.parent, "render", *args).returncode == status
