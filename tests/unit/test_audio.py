"""Decoding: the length is that of the samples, memory holds a block, and what is no song is named."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import psutil
import pytest

from suno_video.core.errors import BadSongError, NoSuchInputError, SongTooLongError
from suno_video.media.audio import open_sound, require_sound
from tests.unit.sounds import RATE_HZ, encode, noise, tone, write_wav


def _read(path: Path, **options: float) -> tuple[np.ndarray, object]:
    with open_sound(path, max_duration_s=options.pop("max_duration_s", 600.0), **options) as sound:
        return np.concatenate(list(sound.blocks)), sound


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "opus", "m4a", "mp3", "aiff"])
def test_every_common_format_gives_the_same_sound(tmp_path: Path, ending: str) -> None:
    wav = write_wav(tmp_path / "in.wav", np.stack([tone(2, 440), tone(2, 660)], axis=1))
    song = wav if ending == "wav" else encode(wav, tmp_path / f"song.{ending}")
    samples, sound = _read(song)
    assert samples.shape[1] == 2
    assert abs(len(samples) / sound.sample_rate_hz - 2.0) < 0.06
    peak_hz = np.argmax(np.abs(np.fft.rfft(samples[:, 0]))) * sound.sample_rate_hz / len(samples)
    assert abs(peak_hz - 440) < 2


def test_blocks_hold_five_seconds_and_add_up_to_the_last_sample(tmp_path: Path) -> None:
    samples = noise(12.34)
    with open_sound(write_wav(tmp_path / "a.wav", samples), max_duration_s=60) as sound:
        sizes = [len(block) for block in sound.blocks]
    assert sizes == [5 * RATE_HZ, 5 * RATE_HZ, len(samples) - 10 * RATE_HZ]
    assert sound.n_samples == len(samples)


def test_a_decoder_of_which_only_the_beginning_was_wanted_is_gone(tmp_path: Path) -> None:
    # It used to wait for the garbage collector, with ffmpeg blocked on a full pipe behind it.
    song = write_wav(tmp_path / "a.wav", noise(120))
    before = set(psutil.Process().children())
    require_sound(song)
    with open_sound(song, max_duration_s=600, block_s=1) as sound:
        next(iter(sound.blocks))
        assert set(psutil.Process().children()) - before, "nothing was decoding: the test proves nothing"
    assert set(psutil.Process().children()) == before


def test_surround_sound_is_mixed_down_to_two_channels(tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "a.wav", np.stack([tone(1, 300)] * 6, axis=1))
    samples, _ = _read(wav)
    assert samples.shape == (RATE_HZ, 2)


def test_a_truncated_mp3_gives_what_decodes(tmp_path: Path) -> None:
    whole = encode(write_wav(tmp_path / "a.wav", noise(10)), tmp_path / "a.mp3")
    cut = tmp_path / "cut.mp3"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    samples, sound = _read(cut)
    assert 4 < len(samples) / sound.sample_rate_hz < 6


def test_a_float_file_with_nan_gives_finite_samples(tmp_path: Path) -> None:
    raw = tone(1, 300).astype("<f4")
    raw[1000:1010] = np.nan
    raw[2000] = np.inf
    wav = tmp_path / "a.wav"
    head = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x03\0\x01\0" + (RATE_HZ).to_bytes(4, "little")
    head += (RATE_HZ * 4).to_bytes(4, "little") + b"\x04\0\x20\0data" + len(raw.tobytes()).to_bytes(4, "little")
    wav.write_bytes(head + raw.tobytes())
    samples, _ = _read(wav)
    assert np.isfinite(samples).all()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.mp3", b"", "empty"),
        ("text.mp3", b"I am a text, not a song.\n" * 40, "text"),
        ("list.mp3", b"ffconcat version 1.0\nfile /etc/passwd\n", "text"),
        ("play.m3u8.mp3", b"#EXTM3U\n#EXTINF:1,\nhttp://example.com/a.ts\n", "text"),
        ("rubbish.mp3", bytes(range(256)) * 64, "decoded"),
        ("picture.mp3", b"\x89PNG\r\n\x1a\n" + bytes(500), "picture"),
        # The tag hides the script from a look at the first bytes; the list of formats refuses it.
        ("tagged.mp3", b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "decoded"),
    ],
)
def test_what_is_no_song_is_refused_by_name(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadSongError, match=words) as caught:
        _read(path)
    assert name in caught.value.message
    assert caught.value.hint


def test_a_script_cannot_make_the_decoder_open_another_file(tmp_path: Path) -> None:
    write_wav(tmp_path / "secret.wav", tone(2, 440))
    script = tmp_path / "song.mp3"
    script.write_bytes(b"ffconcat version 1.0\nfile secret.wav\n" + bytes(1))
    with pytest.raises(BadSongError):
        _read(script)


def test_a_twentieth_of_a_second_is_too_short_and_its_length_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadSongError, match=r"0\.05 s"):
        _read(write_wav(tmp_path / "a.wav", noise(0.05)))


def test_a_song_longer_than_allowed_is_refused_while_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(SongTooLongError, match="longer"):
        _read(write_wav(tmp_path / "a.wav", noise(11)), max_duration_s=5.0)


def test_a_missing_file_a_folder_and_a_pipe_are_no_input(tmp_path: Path) -> None:
    with pytest.raises(NoSuchInputError, match="no file"):
        _read(tmp_path / "missing.mp3")
    with pytest.raises(NoSuchInputError, match="folder"):
        _read(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.mp3")
        with pytest.raises(NoSuchInputError, match="pipe"):
            _read(tmp_path / "pipe.mp3")


@pytest.mark.parametrize("name", ["-i.wav", "a:b'\"%d.wav", "🎵 l\nb.wav", "x" * 250 + ".wav"])
def test_hostile_names_are_just_names(tmp_path: Path, name: str) -> None:
    if os.name == "nt":
        pytest.skip("these names cannot exist on Windows")
    samples, _ = _read(write_wav(tmp_path / name, noise(0.6)))
    assert len(samples) == round(0.6 * RATE_HZ)
