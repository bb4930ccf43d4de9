"""Encoders besides x264: what ffmpeg is told, which work here, and a film in AV1 that stays in sync."""

from __future__ import annotations

from pathlib import Path

import pytest

from suno_video.assemble import encoders
from suno_video.assemble.encoders import ENCODERS, choose_encoder, why_not
from suno_video.assemble.graphs import segment_args
from suno_video.assemble.profile import encoder_profile
from suno_video.assemble.proof import prove_sync
from suno_video.core.errors import ExitStatus, ToolMissingError
from suno_video.core.frames import FrameSize
from suno_video.media.mp4 import read_mp4
from tests.unit.films import click_song, conform_all, decode, luma_of, middle_luma, splice_film
from tests.unit.songs import scene, steady_analysis, storyboard_of

SIZE = FrameSize(width_px=1920, height_px=1080)


def args_of(name: str, quality: str = "standard") -> str:
    profile = encoder_profile(quality, SIZE, 30, name)  # type: ignore[arg-type]
    return " ".join(segment_args(profile, Path("out.mp4"), subtitles=None, fonts=None))


def test_each_encoder_is_told_where_key_frames_lie() -> None:
    for name in ("videotoolbox", "nvenc", "qsv", "vaapi"):
        assert " -g 15 " in args_of(name)
    assert "keyint=15" in args_of("x264") and "keyint=60" in args_of("av1")


def test_vaapi_gets_its_frames_on_the_card() -> None:
    args = args_of("vaapi")
    assert args.startswith("-vaapi_device /dev/dri/renderD128 ")
    assert "format=nv12" in args and "hwupload" in args and "-pix_fmt yuv420p" not in args.split("hwupload")[1]


def test_videotoolbox_gets_a_bit_rate_that_grows_with_the_quality() -> None:
    assert "-b:v 5000000" in args_of("videotoolbox", "draft")
    assert "-b:v 12500000" in args_of("videotoolbox")


def test_hardware_that_is_not_there_is_said_and_x264_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "why_not", lambda name: "ffmpeg failed: no device")
    for choice in ("nvenc", "hardware"):
        with pytest.raises(ToolMissingError) as told:
            choose_encoder(choice)  # type: ignore[arg-type]
        assert told.value.exit_status == ExitStatus.UNAVAILABLE and "x264" in told.value.hint


def test_hardware_is_the_first_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "why_not", lambda name: None if name in ("x264", "av1", "qsv", "vaapi") else "no")
    assert choose_encoder("hardware") == "qsv"


def test_what_needs_no_card_works_here() -> None:
    assert [name for name, encoder in ENCODERS.items() if not encoder.is_hardware and why_not(name)] == []


def test_a_film_in_av1_is_spliced_in_sync_and_decodes(tmp_path: Path) -> None:
    size = FrameSize(width_px=128, height_px=72)
    board = storyboard_of(scene(1, 0, 40), scene(2, 40, 75), size=size)
    analysis = steady_analysis(duration_s=2.5)
    segments = conform_all(board, analysis, tmp_path / "segments", quality="draft", encoder="av1")
    song = click_song(tmp_path / "song.wav", (0.5, 1.0), 2.5)
    film = splice_film(board, segments, song, tmp_path / "film.mp4", quality="draft", encoder="av1")
    assert prove_sync(film, segments, board, analysis).faults == ()
    track = read_mp4(film).track("vide")
    assert track is not None and track.codec == "av01" and track.n_samples == 75
    assert [abs(middle_luma(frame) - luma_of(k)) <= 3 for k, frame in enumerate(decode(film, size))] == [True] * 75
