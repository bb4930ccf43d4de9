from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from suno_video.assemble.conform import conform
from suno_video.assemble.plan import conform_plans
from suno_video.assemble.proof import prove_sync
from suno_video.backends.base import FileFootage, MakeFailed
from suno_video.core.errors import CheckFailedError, EncoderError
from suno_video.core.frames import FrameSize
from suno_video.core.song import LyricLine, Lyrics
from suno_video.core.storyboard import Storyboard, Transition
from suno_video.media.ffmpeg import FrameWriter
from suno_video.media.mp4 import read_mp4
from tests.unit.films import (
    NumberedFrames,
    click_song,
    conform_all,
    decode,
    luma_of,
    middle_luma,
    numbered_footage,
    quick_profile,
    splice_film,
    with_footage_missing,
)
from tests.unit.songs import TINY, dissolve, scene, steady_analysis, storyboard_of


def _film() -> Storyboard:
    return storyboard_of(
        scene(1, 0, 31),
        scene(2, 31, 64, transition=dissolve(10)),
        scene(3, 64, 66),
        scene(4, 66, 97, transition=Transition(kind="cut")),
        scene(5, 97, 150, transition=Transition(kind="wipe", n_frames=6)),
    )


def _plans(film: Storyboard) -> list:
    return list(conform_plans(film, steady_analysis(), None, quick_profile(film)))


@pytest.mark.parametrize("quality", ["draft", "standard", "high"])
def test_every_frame_of_the_spliced_film_is_the_planned_one(tmp_path: Path, quality: str) -> None:
    film = _film()
    segments = conform_all(film, steady_analysis(5.0), tmp_path / "seg", quality=quality)
    song = click_song(tmp_path / "song.wav", [1.0], 5.0)

    out = splice_film(film, segments, song, tmp_path / "film.mp4", quality)

    lumas = [middle_luma(frame) for frame in decode(out, TINY)]
    assert len(lumas) == 150
    assert max(abs(luma - luma_of(k)) for k, luma in enumerate(lumas)) <= 1


def test_drift_is_zero_at_every_cut_and_the_film_has_no_edit_list(tmp_path: Path) -> None:
    film = _film()
    segments = conform_all(film, steady_analysis(5.0), tmp_path / "seg")
    out = splice_film(film, segments, click_song(tmp_path / "song.wav", [1.0], 5.0), tmp_path / "film.mp4")

    proof = prove_sync(out, segments, film, steady_analysis(5.0))

    assert proof.faults == ()
    assert [cut.drift_frames for cut in proof.cuts] == [0.0] * 7
    assert all(cut.is_key_frame for cut in proof.cuts)
    assert (proof.duration_error_s, proof.has_edit_lists) == (0.0, False)
    picture = read_mp4(out).track("vide")
    assert picture is not None
    assert set(np.diff(picture.shown_at()).tolist()) == {512}, "every frame lasts as long as every other"
    assert read_mp4(out).index_first


@pytest.mark.parametrize("fps", [30, 60])
def test_hundreds_of_cuts_do_not_add_up_to_a_drift(tmp_path: Path, fps: int) -> None:
    # 7 frames last 233.33 ms: a length that is rounded to milliseconds drifts by half a frame within 50 cuts.
    storyboard = storyboard_of(scene(1, 0, 7), fps=fps)
    segments = conform_all(storyboard, steady_analysis(fps=fps), tmp_path / "segments") * 300
    whole = storyboard_of(scene(1, 0, 7 * 300), fps=fps)
    song = click_song(tmp_path / "song.wav", [], 7 * 300 / fps)
    film = splice_film(whole, segments, song, tmp_path / "film.mp4")
    picture = read_mp4(film).track("vide")
    assert picture is not None
    assert np.array_equal(picture.shown_at(), np.arange(7 * 300) * 512)


def test_a_missing_frame_is_found_by_the_proof(tmp_path: Path) -> None:
    film = storyboard_of(scene(1, 0, 30), scene(2, 30, 60))
    segments = conform_all(film, steady_analysis(2.0), tmp_path / "seg")
    shorter = storyboard_of(scene(1, 0, 29), scene(2, 29, 59))
    wrong = conform_all(shorter, steady_analysis(2.0), tmp_path / "wrong")
    song = click_song(tmp_path / "song.wav", [1.0], 2.0)
    out = splice_film(shorter, wrong, song, tmp_path / "film.mp4")

    proof = prove_sync(out, [wrong[0], segments[1]], film, steady_analysis(2.0))

    assert proof.max_drift_frames == 1
    with pytest.raises(CheckFailedError, match="59 frames, 60 were planned"):
        proof.require_in_bounds()


def test_splicing_too_few_segments_is_an_error_and_leaves_no_film(tmp_path: Path) -> None:
    film = storyboard_of(scene(1, 0, 30), scene(2, 30, 60))
    segments = conform_all(film, steady_analysis(2.0), tmp_path / "seg")

    with pytest.raises(EncoderError, match="30 frames, 60 were planned"):
        splice_film(film, segments[:1], click_song(tmp_path / "song.wav", [1.0], 2.0), tmp_path / "film.mp4")

    assert not (tmp_path / "film.mp4").exists()
    assert sorted(p.name for p in (tmp_path / "seg").iterdir()) == ["s001.mp4", "s002.mp4"]


def test_conforming_and_splicing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    film = _film()
    song = click_song(tmp_path / "song.wav", [1.0], 5.0)
    films = []
    for run in ("a", "b"):
        segments = conform_all(film, steady_analysis(5.0), tmp_path / run)
        films.append(splice_film(film, segments, song, tmp_path / f"{run}.mp4").read_bytes())

    assert films[0] == films[1]


@pytest.mark.parametrize("name", ["we'ird: 50%d [x]", "-dash, comma;", "new\nline", "émoji 🎬", "back\\slash"])
def test_a_folder_with_a_hostile_name_is_just_a_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    film = storyboard_of(scene(1, 0, 20), scene(2, 20, 40))
    lyrics = Lyrics(source="test", lines=(LyricLine(text="hello", start_s=0.2, end_s=1.0),))
    segments = conform_all(film, steady_analysis(2.0), folder, lyrics=lyrics)
    song = click_song(folder / "song.wav", [1.0], 1.4)

    out = splice_film(film, segments, song, folder / "-film: %d.mp4")

    assert len(decode(out, TINY)) == 40


def test_the_film_rises_out_of_black_and_sinks_into_it(tmp_path: Path) -> None:
    film = storyboard_of(scene(1, 0, 60), scene(2, 60, 120), fade_in_frames=10, fade_out_frames=20)

    paths = conform_all(film, steady_analysis(), tmp_path, grey={"s001": 200, "s002": 200})

    lumas = [middle_luma(frame) for path in paths for frame in decode(path, TINY)]
    assert lumas[0] < 30
    assert lumas[:11] == sorted(lumas[:11])
    assert all(abs(luma - 200) <= 1 for luma in lumas[10:100])
    assert lumas[99:] == sorted(lumas[99:], reverse=True)
    assert lumas[-1] <= 17


def test_another_closing_fade_changes_only_the_pieces_that_it_touches() -> None:
    scenes = scene(1, 0, 60), scene(2, 60, 120)
    plain, faded = _plans(storyboard_of(*scenes)), _plans(storyboard_of(*scenes, fade_out_frames=20))

    assert [a == b for a, b in zip(plain, faded, strict=True)] == [True, False]


def test_footage_that_ends_too_early_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    plan = _plans(storyboard_of(scene(1, 0, 30)))[0]

    with pytest.raises(MakeFailed, match="29 frames, 30 are needed"):
        conform(plan, with_footage_missing(plan, 1), tmp_path / "s001.mp4")

    assert list(tmp_path.iterdir()) == []


def test_frames_of_the_wrong_size_are_refused(tmp_path: Path) -> None:
    plan = _plans(storyboard_of(scene(1, 0, 30)))[0]
    wide = NumberedFrames(0, 30, FrameSize(width_px=128, height_px=36))

    with pytest.raises(MakeFailed, match="shape"):
        conform(plan, [wide], tmp_path / "s001.mp4")


def test_progress_adds_up_to_the_frames_of_the_piece(tmp_path: Path) -> None:
    plan = _plans(storyboard_of(scene(1, 0, 40)))[0]
    told: list[int] = []

    conform(plan, numbered_footage(plan), tmp_path / "s001.mp4", told.append)

    assert sum(told) == 40
    assert len(told) > 1


def test_an_interrupted_piece_leaves_nothing_behind(tmp_path: Path) -> None:
    plan = _plans(storyboard_of(scene(1, 0, 60)))[0]

    def stop(n_frames: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        conform(plan, numbered_footage(plan), tmp_path / "s001.mp4", stop)

    assert list(tmp_path.iterdir()) == []


def _clip(path: Path, n_frames: int, fps: int, size: FrameSize) -> FileFootage:
    args = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", str(size), "-r", str(fps), "-i", "pipe:0"]
    args += ["-c:v", "libx264", "-qp", "1", "-color_range", "tv", "-colorspace", "bt709", "-y", f"file:{path}"]
    with FrameWriter(args) as writer:
        for frame in NumberedFrames(0, n_frames, size).frames():
            writer.write(frame)
        writer.finish()
    return FileFootage(path, n_frames, fps, size)


@pytest.mark.parametrize("fps", [24, 30, 60])
def test_a_clip_of_another_rate_and_size_plays_the_frame_nearest_before_each_moment(tmp_path: Path, fps: int) -> None:
    clip = _clip(tmp_path / "clip.mp4", 2 * fps, fps, FrameSize(width_px=100, height_px=100))
    plan = _plans(storyboard_of(scene(1, 0, 45)))[0]

    conform(plan, [clip], tmp_path / "s001.mp4")

    lumas = [middle_luma(frame) for frame in decode(tmp_path / "s001.mp4", TINY)]
    assert len(lumas) == 45
    assert max(abs(luma - luma_of(k * fps // 30)) for k, luma in enumerate(lumas)) <= 2


def test_a_clip_that_is_too_short_or_lies_about_its_length_is_refused(tmp_path: Path) -> None:
    clip = _clip(tmp_path / "clip.mp4", 20, 30, TINY)
    plan = _plans(storyboard_of(scene(1, 0, 45)))[0]

    with pytest.raises(MakeFailed, match="20 frames, 45 are needed"):
        conform(plan, [clip], tmp_path / "s001.mp4")
    with pytest.raises(MakeFailed, match="ends after 20 frames"):
        conform(plan, [replace(clip, n_frames=45)], tmp_path / "s001.mp4")


def test_a_clip_that_is_no_video_is_refused_as_footage_not_as_a_broken_encoder(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_text("ffconcat version 1.0\nfile other.mp4\n")
    plan = _plans(storyboard_of(scene(1, 0, 45)))[0]

    with pytest.raises(MakeFailed, match="cannot be decoded"):
        conform(plan, [FileFootage(tmp_path / "clip.mp4", 45, 30, TINY)], tmp_path / "s001.mp4")


@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"\x00\x00\x00\x10moov\x00\x00\x00\xffxxxx"])
def test_a_damaged_file_is_no_mp4(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.mp4").write_bytes(content)

    with pytest.raises(CheckFailedError, match="not a whole MP4"):
        read_mp4(tmp_path / "bad.mp4")
