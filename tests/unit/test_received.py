"""What a service sends is looked at before it is believed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from suno_video.assemble.conform import file_frames
from suno_video.backends.base import FailureKind, MakeFailed
from suno_video.backends.received import receive_clip
from suno_video.backends.testcards import FakeStream, write_clip
from suno_video.core.frames import FrameSize
from tests.unit.clips import clip_request

COST = Decimal("0.30")
ASKED = clip_request(n_frames=10, fps=30, size=FrameSize(width_px=128, height_px=72))


def nothing() -> None:
    """Nobody wants to stop."""


def sent_clip(folder: Path, size: str, n_frames: int, fps: int) -> Path:
    path = folder / "clip.mp4"
    frame_size = FrameSize.parse(size)
    write_clip(path, FakeStream(frame_size, n_frames, seed=1).frames(), frame_size, fps)
    return path


@pytest.mark.parametrize(
    ("size", "n_frames", "fps"),
    [
        ("128x72", 10, 30),
        ("128x72", 90, 30),
        ("256x144", 10, 30),
        ("64x36", 10, 30),
        ("96x72", 10, 30),
        ("128x72", 5, 15),
        ("128x72", 8, 24),
        ("128x72", 19, 60),
    ],
)
def test_a_clip_that_can_become_the_scene_is_taken_for_what_it_is(
    tmp_path: Path, size: str, n_frames: int, fps: int
) -> None:
    footage = receive_clip(sent_clip(tmp_path, size, n_frames, fps), ASKED, COST, nothing)
    assert (str(footage.size), footage.n_frames, footage.fps, footage.cost_usd) == (size, n_frames, fps, COST)
    # And the assembler agrees: it finds a frame for each one that was asked for.
    assert sum(1 for _ in file_frames(footage, ASKED.size, ASKED.fps, 0, ASKED.n_frames, "s001")) == ASKED.n_frames


@pytest.mark.parametrize(
    ("size", "n_frames", "fps", "reason"),
    [
        ("128x72", 9, 30, "9 frames, 10 are needed"),
        ("128x72", 4, 15, "4 frames, 5 are needed"),
        ("128x72", 18, 60, "18 frames, 19 are needed"),
        ("72x128", 10, 30, "72x128"),
        ("72x72", 10, 30, "72x72"),
        ("40x32", 10, 30, "only 40x32"),
    ],
)
def test_a_clip_that_cannot_is_paid_for_and_thrown_away(
    tmp_path: Path, size: str, n_frames: int, fps: int, reason: str
) -> None:
    path = sent_clip(tmp_path, size, n_frames, fps)
    with pytest.raises(MakeFailed, match=reason) as caught:
        receive_clip(path, ASKED, COST, nothing)
    assert (caught.value.kind, caught.value.cost_usd) == (FailureKind.RETRYABLE, COST)
    assert not path.exists()


def test_a_clip_whose_middle_is_damaged_is_noticed(tmp_path: Path) -> None:
    path = sent_clip(tmp_path, "128x72", 10, 30)
    content = bytearray(path.read_bytes())
    media = content.index(b"mdat") + 4
    content[media : media + (len(content) - media) // 2] = bytes((len(content) - media) // 2)
    path.write_bytes(content)
    with pytest.raises(MakeFailed, match="cannot be used"):
        receive_clip(path, ASKED, COST, nothing)


def test_looking_ends_with_the_run(tmp_path: Path) -> None:
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        receive_clip(sent_clip(tmp_path, "128x72", 10, 30), ASKED, COST, stop)
