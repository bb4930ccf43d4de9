"""A click and a flash: sound and picture of the finished file, decoded, against each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from suno_video.assemble.conform import conform
from suno_video.assemble.plan import conform_plans
from suno_video.assemble.proof import prove_sync
from suno_video.core.frames import I420
from suno_video.core.storyboard import Storyboard, Transition
from suno_video.media.ffmpeg import run_ffmpeg
from suno_video.media.mp4 import read_mp4
from tests.unit.films import click_song, decode, decode_sound, quick_profile, splice_film
from tests.unit.songs import TINY, scene, steady_analysis, storyboard_of

CLICKS_S = (0.5, 1.0, 2.5, 4.0, 5.5)
DURATION_S = 6.0


class FlashAtClicks:
    """Black footage with one white frame at each click."""

    def __init__(self, start_frame: int, n_frames: int, fps: int) -> None:
        self.n_frames = n_frames
        self._start = start_frame
        self._white = {round(click * fps) for click in CLICKS_S}

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[I420]:
        for k in range(start, self.n_frames if stop is None else stop):
            frame = np.full(TINY.i420_shape, 128, dtype=np.uint8)
            frame[: TINY.height_px] = 235 if self._start + k in self._white else 16
            yield frame

    def close(self) -> None:
        pass


def _storyboard(fps: int, first: int, last: int) -> Storyboard:
    middle = (first + last) // 2
    return storyboard_of(
        scene(1, first, middle - 20),
        scene(2, middle - 20, middle + 7, transition=Transition(kind="dissolve", n_frames=8)),
        scene(3, middle + 7, last),
        fps=fps,
    )


def _film(board: Storyboard, song: Path, folder: Path) -> tuple[Path, list[Path]]:
    segments = []
    for plan in conform_plans(board, steady_analysis(DURATION_S, fps=board.fps), None, quick_profile(board)):
        footage = [FlashAtClicks(s.footage_start, s.footage_stop - s.footage_start, board.fps) for s in plan.layers]
        path = folder / f"{plan.piece.name}.mp4"
        conform(plan, footage, path)
        segments.append(path)
    return splice_film(board, segments, song, folder / "film.mp4"), segments


def _offsets_ms(film: Path, board: Storyboard) -> list[float]:
    """Sound less picture at each click that the film holds."""
    luma = np.array([frame[: TINY.height_px].mean() for frame in decode(film, TINY)])
    sound = np.abs(decode_sound(film))
    offsets = []
    for click_s in CLICKS_S:
        at_s = click_s - board.first_frame / board.fps
        if not 0.1 < at_s < board.n_frames / board.fps - 0.1:
            continue
        near = slice(round((at_s - 0.2) * board.fps) + 1, round((at_s + 0.2) * board.fps))
        flash_s = (near.start + int(np.argmax(luma[near]))) / board.fps
        begin = round((at_s - 0.2) * 48000)
        click = begin + int(np.argmax(sound[begin : begin + 19200] > 0.3))
        offsets.append(1000 * (click / 48000 - flash_s))
    return offsets


@pytest.mark.parametrize("fps", [24, 30, 60])
@pytest.mark.parametrize("rate_hz", [44100, 48000])
def test_click_and_flash_meet_within_5_ms(tmp_path: Path, fps: int, rate_hz: int) -> None:
    board = _storyboard(fps, 0, round(DURATION_S * fps))
    song = click_song(tmp_path / "song.wav", CLICKS_S, DURATION_S, rate_hz)

    film, segments = _film(board, song, tmp_path)

    offsets = _offsets_ms(film, board)
    assert len(offsets) == len(CLICKS_S)
    assert max(abs(offset) for offset in offsets) <= 5.0
    proof = prove_sync(film, segments, board, steady_analysis(DURATION_S, fps=fps))
    assert proof.faults == ()


def test_click_and_flash_meet_in_a_window_of_the_song(tmp_path: Path) -> None:
    board = _storyboard(30, 24, 141)
    song = click_song(tmp_path / "song.wav", CLICKS_S, DURATION_S)

    film, segments = _film(board, song, tmp_path)

    offsets = _offsets_ms(film, board)
    assert len(offsets) == 3
    assert max(abs(offset) for offset in offsets) <= 5.0
    assert prove_sync(film, segments, board, steady_analysis(DURATION_S)).faults == ()


@pytest.mark.parametrize("codec", [["libmp3lame", "mp3"], ["flac", "flac"], ["libopus", "opus"], ["aac", "m4a"]])
def test_click_and_flash_meet_whatever_the_song_is_packed_in(tmp_path: Path, codec: list[str]) -> None:
    """The delay that each codec adds is taken away by the one decoder that analysis and film share."""
    board = _storyboard(30, 0, 180)
    wav = click_song(tmp_path / "song.wav", CLICKS_S, DURATION_S)
    song = tmp_path / f"song.{codec[1]}"
    run_ffmpeg(["-i", f"file:{wav}", "-c:a", codec[0], "-b:a", "192k", "-y", f"file:{song}"])

    film, _ = _film(board, song, tmp_path)

    assert max(abs(offset) for offset in _offsets_ms(film, board)) <= 5.0


def test_there_is_no_edit_list_that_a_player_could_ignore(tmp_path: Path) -> None:
    board = _storyboard(30, 0, 180)
    film, _ = _film(board, click_song(tmp_path / "song.wav", CLICKS_S, DURATION_S), tmp_path)

    index = read_mp4(film)

    assert [track.kind for track in index.tracks] == ["vide", "soun"]
    assert not any(track.has_edit_list for track in index.tracks)
    assert b"elst" not in film.read_bytes()[: 1 << 16]
    assert [int(track.shown_at()[0]) for track in index.tracks] == [0, 0]


def test_a_song_shorter_than_its_last_frame_ends_in_silence_not_early(tmp_path: Path) -> None:
    board = _storyboard(30, 0, 180)
    song = click_song(tmp_path / "song.wav", CLICKS_S, 5.9801)

    film, _ = _film(board, song, tmp_path)

    sound = read_mp4(film).track("soun")
    assert sound is not None
    assert 6.0 - 1024 / 48000 < sound.duration_s <= 6.0
