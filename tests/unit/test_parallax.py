"""The parallax backend: any picture moves, nothing shows beyond its border, the subject stays in view."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from suno_video.backends.base import ClipRequest, FailureKind, Job, MakeFailed
from suno_video.backends.parallax import ParallaxBackend
from suno_video.backends.parallax.attention import find_attention, limit_slope, shrink_for_maps
from suno_video.backends.parallax.camera import Room, plan_path
from suno_video.backends.parallax.framing import choose_framing
from suno_video.backends.parallax.picture import MAX_PIXELS, open_picture
from suno_video.backends.parallax.textures import to_texture
from suno_video.backends.parallax.views import CELL_PX, Cells, Window, enlarge, view_points
from suno_video.core.brief import Grade
from suno_video.core.frames import FrameSize, planes
from suno_video.core.music import music_curves
from suno_video.core.storyboard import Motion
from tests.unit.songs import PALETTE, TINY, steady_analysis

MOVES = ("hold", "push_in", "pull_out", "pan_left", "pan_right", "rise", "fall", "orbit", "drift")
PLAIN = Grade(bloom=0, vignette=0, grain=0)


def request(picture: Path | None, **changes: Any) -> ClipRequest:
    n_frames = changes.pop("n_frames", 12)
    made = ClipRequest(
        scene="s001",
        prompt="",
        negative_prompt="",
        seed=5,
        size=TINY,
        fps=30,
        n_frames=n_frames,
        family="x",
        params={},
        palette=PALETTE,
        grade=PLAIN,
        motion=Motion(move="drift", amount=1, on_beat=1),
        growth=0,
        energy=1,
        music=music_curves(steady_analysis(), 0, n_frames),
        first_frame=picture,
    )
    return dataclasses.replace(made, **changes)


def frames_of(picture: Path | None, tmp_path: Path, **changes: Any) -> list[np.ndarray]:
    stream = ParallaxBackend().make(request(picture, **changes), Job(tmp_path))
    return [frame.copy() for frame in stream.frames()]


def save(array: np.ndarray, path: Path, mode: str | None = None) -> Path:
    Image.fromarray(array, mode).save(path) if mode else Image.fromarray(array).save(path)
    return path


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, channels), dtype=np.uint8)


@pytest.mark.parametrize("size", [(64, 36), (36, 64), (48, 48)])
@pytest.mark.parametrize("move", MOVES)
def test_no_move_ever_shows_what_is_beyond_the_picture(move: Any, size: tuple[int, int]) -> None:
    frame_size = FrameSize(width_px=size[0], height_px=size[1])
    motion = Motion(move=move, amount=1, on_beat=1)
    path = plan_path(motion, music_curves(steady_analysis(), 0, 200), 30, 3, 1.0).towards(0.3, -0.3)
    path = path.within(Room(left=0.1), frame_size.aspect)
    # A picture 110 x 100, of which the crop is the right 100 x 100; depth at its worst: all near or all far.
    window = Window(10, 0, 100, 100)
    for depth in (np.zeros((8, 8), np.float32), np.ones((8, 8), np.float32)):
        for frame in range(0, 200, 7):
            cells = Cells.over(frame_size)
            points = view_points(cells, frame_size.aspect, path, frame, depth, window, (100, 110))
            grid = enlarge(points, CELL_PX, 0, size[1], size[0])
            assert grid[..., 0].min() >= -0.5 and grid[..., 0].max() <= 109.5
            assert grid[..., 1].min() >= -0.5 and grid[..., 1].max() <= 99.5


@pytest.mark.parametrize("move", MOVES)
def test_the_camera_moves_smoothly_between_beats(move: Any) -> None:
    path = plan_path(Motion(move=move, amount=1, on_beat=0), music_curves(steady_analysis(), 0, 120), 30, 3, 1.0)
    for track in (path.zoom, path.x, path.y, path.roll, path.parallax_x, path.parallax_y):
        # A jump or a jitter would show in the second difference.
        assert np.abs(np.diff(track, 2)).max() < 4e-4


def test_a_beat_pushes_the_camera_and_no_beat_does_not() -> None:
    music = music_curves(steady_analysis(bpm=120), 0, 60)
    pushed = plan_path(Motion(move="hold", on_beat=1), music, 30, 3, 1.0)
    calm = plan_path(Motion(move="hold", on_beat=0), music, 30, 3, 1.0)
    push = pushed.zoom / calm.zoom
    # Beats are on frames 15, 30, 45; with its soft attack the push is fullest on the beat or one frame later.
    assert all(int(np.argmax(push[beat - 6 : beat + 6])) + beat - 6 in (beat, beat + 1) for beat in (15, 30, 45))
    assert push.max() > 1.02


def test_an_enlarged_map_is_exact_up_to_the_border() -> None:
    cells = Cells.over(TINY)
    grid = np.repeat(cells.columns[None, :], len(cells.rows), axis=0)
    big = enlarge(grid, CELL_PX, 0, 36, 64)
    expected = (np.arange(64) + 0.5) / 64 - 0.5
    assert np.allclose(big, expected, atol=1e-6)


def test_depth_is_smoothed_until_it_cannot_stretch_the_picture() -> None:
    step = np.zeros((60, 100), np.float32)
    step[:, 50:] = 1
    smooth = limit_slope(step, 4.0)
    assert np.abs(np.gradient(smooth)[1]).max() * 100 <= 4.0
    assert smooth[:, -1].min() > 0.9


def test_white_black_and_red_have_their_bt709_values() -> None:
    colors = np.array([[1, 1, 1], [0, 0, 0], [1, 0, 0]], np.float32)
    expected = [(235, 128, 128), (16, 128, 128), (63, 102, 240)]
    for color, (y, u, v) in zip(colors, expected, strict=True):
        texture = to_texture(np.tile(color, (16, 16, 1)).astype(np.float32))
        assert abs(texture.y.mean() + 16 - y) < 1
        assert abs(texture.u.mean() + 128 - u) < 1
        assert abs(texture.v.mean() + 128 - v) < 1


def test_a_red_picture_makes_a_red_film(tmp_path: Path) -> None:
    red = save(np.full((72, 128, 3), (255, 0, 0), np.uint8), tmp_path / "red.png")
    frame = frames_of(red, tmp_path, n_frames=3)[1]
    bgr = cv2.cvtColor(frame, cv2.COLOR_YUV2BGR_I420)[18, 32]
    assert bgr[2] > 200 and bgr[0] < 60 and bgr[1] < 60


def test_the_head_of_an_upright_picture_stays_in_a_wide_frame(tmp_path: Path) -> None:
    picture = np.full((900, 1200, 3), (70, 60, 50), np.uint8)
    cv2.ellipse(picture, (600, 170), (110, 140), 0, 0, 360, (225, 180, 150), -1)
    cv2.circle(picture, (560, 150), 12, (20, 20, 20), -1)
    cv2.circle(picture, (640, 150), 12, (20, 20, 20), -1)
    attention = find_attention(shrink_for_maps(picture))
    framing = choose_framing(1200, 900, FrameSize(width_px=1280, height_px=720), attention)
    assert framing.layout == "cover"
    # The head reaches from 30 to 310 of 900.
    assert framing.top <= 30 / 900
    assert framing.top + framing.height >= 310 / 900


def test_a_square_cover_in_a_wide_frame_is_shown_whole_as_a_card(tmp_path: Path) -> None:
    attention = find_attention(shrink_for_maps(noise(300, 300)))
    assert choose_framing(300, 300, FrameSize.parse("720p"), attention).layout == "card"
    assert choose_framing(300, 300, FrameSize.parse("1:1"), attention).layout == "cover"


def test_a_card_is_bright_and_sharp_before_a_dark_backdrop(tmp_path: Path) -> None:
    cover = save(noise(200, 200) // 6 + 205, tmp_path / "cover.png")
    size = FrameSize(width_px=320, height_px=180)
    light = planes(frames_of(cover, tmp_path, size=size, n_frames=2)[1])[0]
    assert light[90, 160] > 180
    assert light[90, 20] < 140
    # From card to backdrop within two pixels.
    row = light[90].astype(int)
    assert np.abs(np.diff(row[:160]))[40:120].max() > 40


def test_the_cover_serves_when_there_is_no_still(tmp_path: Path) -> None:
    cover = save(noise(40, 70), tmp_path / "cover.png")
    assert len(frames_of(None, tmp_path, cover=cover, n_frames=2)) == 2


def test_without_any_picture_the_request_is_bad(tmp_path: Path) -> None:
    with pytest.raises(MakeFailed) as failure:
        frames_of(None, tmp_path)
    assert failure.value.kind == FailureKind.BAD_INPUT


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (2000, 3), (3, 2000)])
def test_tiny_and_narrow_pictures_can_be_moved(size: tuple[int, int], tmp_path: Path) -> None:
    picture = save(noise(*size), tmp_path / "p.png")
    frames = frames_of(picture, tmp_path, n_frames=2)
    assert frames[0].shape == TINY.i420_shape


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "CMYK", "1", "I;16"])
def test_every_kind_of_picture_is_read(mode: str, tmp_path: Path) -> None:
    path = tmp_path / ("p.tiff" if mode == "CMYK" else "p.png")
    if mode == "I;16":
        Image.fromarray(np.full((20, 30), 65535, np.uint16)).save(path)
    else:
        Image.new("RGB", (30, 20), (255, 255, 255)).convert(mode).save(path)
    pixels = open_picture(path, "#000000")
    assert pixels.shape == (20, 30, 3) and pixels.dtype == np.uint8
    assert pixels.min() > 250


def test_transparency_shows_the_backdrop(tmp_path: Path) -> None:
    path = save(np.zeros((4, 4, 4), np.uint8), tmp_path / "p.png")
    assert (open_picture(path, "#ff8000") == (255, 128, 0)).all()


def test_a_picture_that_exif_turns_is_turned(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees
    Image.new("RGB", (30, 20)).save(tmp_path / "p.jpg", exif=exif)
    assert open_picture(tmp_path / "p.jpg", "#000000").shape == (30, 20, 3)


def test_a_bomb_is_refused_before_it_unfolds(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.new("1", (9000, 9000)).save(path)
    assert MAX_PIXELS < 9000 * 9000
    with pytest.raises(MakeFailed) as failure:
        open_picture(path, "#000000")
    assert failure.value.kind == FailureKind.BAD_INPUT


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"])
def test_what_is_no_picture_is_bad_input(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    path.write_bytes(content)
    with pytest.raises(MakeFailed) as failure:
        frames_of(path, tmp_path)
    assert failure.value.kind == FailureKind.BAD_INPUT
    assert str(tmp_path) not in failure.value.reason


def test_a_cut_off_picture_is_bad_input(tmp_path: Path) -> None:
    whole = save(noise(200, 200), tmp_path / "whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MakeFailed):
        frames_of(tmp_path / "half.png", tmp_path)


def test_a_picture_that_changed_on_disk_is_read_again(tmp_path: Path) -> None:
    backend, path = ParallaxBackend(), tmp_path / "p.png"
    means = []
    for level in (20, 220):
        save(np.full((72, 128, 3), level, np.uint8), path)
        path.touch()
        stream = backend.make(request(path, n_frames=2), Job(tmp_path))
        means.append(float(planes(next(iter(stream.frames())))[0].mean()))
    assert means[1] > means[0] + 80
