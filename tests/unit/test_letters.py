"""Text that nobody asked for: judged by what a reader says, whichever reader that is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from suno_video.backends.base import FailureKind
from suno_video.backends.fake import FakeVideo
from suno_video.core.frames import FrameSize
from suno_video.media.fonts import drawing_font
from suno_video.media.reading import LONGEST_SIDE_PX, Picture, ReadLine, clip_pictures, still_picture
from suno_video.render.attempts import Missed
from suno_video.render.footage import Fulfilled
from suno_video.render.inspect import Inspector
from suno_video.render.letters import judge_letters, moments_of
from suno_video.render.quality import ALL_CHECKS
from tests.unit.makers import SIZE, Set, wishes_for

PROMPT = 'a street at night, a neon sign that says "OPEN", rain'


class Reader:
    """Reads the same lines in so many pictures, and then none."""

    name = "a reader for tests"

    def __init__(self, n_pictures: int, *lines: ReadLine) -> None:
        self.left, self._lines = n_pictures, lines
        self.seen: list[tuple[int, ...]] = []
        self.n_closed = 0

    def read(self, picture: Picture) -> Sequence[ReadLine]:
        self.seen.append(picture.shape)
        self.left -= 1
        return self._lines if self.left >= 0 else ()

    def close(self) -> None:
        self.n_closed += 1


def found(*pictures: list[tuple[str, float]], prompt: str = PROMPT) -> list[str]:
    lines = [[ReadLine(*line) for line in picture] for picture in pictures]
    return [flaw.check for flaw in judge_letters(lines, prompt)]


@pytest.mark.parametrize(
    ("lines", "flaws"),
    [
        ([], []),
        ([("O", 0.99), ("8", 0.9), ("西", 0.9), ("三", 0.9), ("X", 0.9)], []),  # rings, stars and flowers
        ([("CC", 0.98)], []),
        ([("CLOFREN BAAX", 0.4)], []),  # the reader itself does not believe it
        ([("OPEN", 0.99)], []),
        ([("OPEM", 0.9), ("NEON STREET", 0.9)], []),
        ([("0PEN LATE", 0.9)], ["text"]),
        ([("CLOFREN", 0.9)], ["text"]),
        ([("IL", 0.7), ("VX", 0.7)], ["text"]),  # strokes that nobody can read
        ([("霓虹灯光", 0.9)], ["text"]),
    ],
)
def test_text_is_a_flaw_unless_the_prompt_has_it_or_it_is_none(lines: Any, flaws: list[str]) -> None:
    assert found(lines) == flaws
    assert found(lines, lines, []) == flaws


def test_what_flashes_by_in_a_clip_is_no_flaw() -> None:
    gibberish = [("CLOFREN BAAX", 0.9)]
    assert found(gibberish, [], []) == []
    assert found(gibberish, [], gibberish) == ["text"]
    assert (moments_of(100), moments_of(2), moments_of(1)) == ([10, 50, 90], [0, 1], [0])


def test_words_that_are_told_are_short() -> None:
    (flaw,) = judge_letters([[ReadLine("QUARK " * 40, 0.9)]], PROMPT)
    assert len(flaw.words) < 100


def test_a_clip_with_text_is_made_again_and_then_left_to_a_stand_in(tmp_path: Path) -> None:
    fake = FakeVideo(footage="file")
    once, always = (Reader(n, ReadLine("CLOFREN", 0.9)) for n in (3, 999))
    (outcome,) = Set(tmp_path / "a").run(fake, wishes=wishes_for(fake, 1), inspector=Inspector(reader=once))
    assert isinstance(outcome, Fulfilled)
    assert outcome.take.receipt.changes == ("rerolled",)
    assert once.seen == [(72, 128, 3)] * 6  # three pictures of each of the two clips
    (outcome,) = Set(tmp_path / "b").run(fake, wishes=wishes_for(fake, 1), inspector=Inspector(reader=always))
    assert isinstance(outcome, Missed)
    assert (outcome.kind, len(always.seen)) == (FailureKind.FLAWED, 9)
    assert "(text): there is text in it that nobody asked for: 'clofren'" in outcome.reason


def test_a_text_check_that_is_left_out_reads_nothing(tmp_path: Path) -> None:
    fake, reader = FakeVideo(footage="file"), Reader(999, ReadLine("CLOFREN", 0.9))
    inspector = Inspector(frozenset(ALL_CHECKS) - {"text"}, reader)
    (outcome,) = Set(tmp_path).run(fake, wishes=wishes_for(fake, 1), inspector=inspector)
    assert (isinstance(outcome, Fulfilled), reader.seen) == (True, [])


def test_a_still_is_read_too_and_not_larger_than_need_be(tmp_path: Path) -> None:
    still = tmp_path / "still.png"
    noise = np.random.default_rng(3).integers(0, 255, (20, 36, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((1440, 800), Image.Resampling.BICUBIC).save(still)
    reader = Reader(1, ReadLine("CLOFREN", 0.9))
    seen: list[str] = []
    Inspector(reader=reader).still(still, PROMPT, lambda flaw: bool(seen.append(flaw.check) or True))
    assert (seen, reader.seen) == (["text"], [(533, LONGEST_SIDE_PX, 3)])


def test_the_pictures_of_a_clip_are_those_that_were_asked_for_in_their_colours(tmp_path: Path) -> None:
    fake = FakeVideo(footage="file")
    (outcome,) = Set(tmp_path).run(fake, wishes=wishes_for(fake, 1))
    assert isinstance(outcome, Fulfilled)
    pictures = list(clip_pictures(outcome.take.path, SIZE, [2, 12]))
    assert [picture.shape for picture in pictures] == [(72, 128, 3)] * 2
    # A test card spells its number in 16 stripes of light, the first one being the last digit.
    numbers = [sum(int(picture[36, 4 + 8 * bit].mean() > 125) << bit for bit in range(16)) for picture in pictures]
    assert numbers == [2, 12]
    small = FrameSize(width_px=1920, height_px=1080)
    assert next(clip_pictures(outcome.take.path, small, [0])).shape == (540, 960, 3)


# With the real reader, where it is installed.


def sign(size: FrameSize, *lines: str, height_px: int = 30) -> Picture:
    picture = Image.new("RGB", (size.width_px, size.height_px), (40, 60, 80))
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        at = (40, 40 + 2 * number * height_px)
        draw.text(at, line, font=drawing_font(height_px, 700), fill=(250, 250, 230))
    return np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])


def test_the_installed_reader_reads_without_a_network_and_lets_go(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr")
    pytest.importorskip("onnxruntime")
    from suno_video.media.reading import RapidReader

    reader = RapidReader()
    wide = FrameSize(width_px=960, height_px=540)
    for height_px in (14, 30, 90):
        lines = reader.read(sign(wide, "ZORBLAT QUENX", "FIMPO", height_px=height_px))
        assert [flaw.check for flaw in judge_letters([lines], "a calm sea")] == ["text"], height_px
        assert list(judge_letters([lines], "a sign: Zorblat quenx, fimpo")) == []
    assert list(judge_letters([reader.read(sign(wide))], "")) == []
    path = tmp_path / "still.png"
    Image.fromarray(sign(wide, "ZORBLAT")[:, :, ::-1]).save(path)
    assert "".join(line.text for line in reader.read(still_picture(path))) == "ZORBLAT"
    reader.close()
    assert reader.read(sign(wide, "AGAIN"))[0].text == "AGAIN"


def test_a_reader_that_fails_costs_no_film(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rapidocr")
    from suno_video.media.reading import RapidReader

    def broken() -> Any:
        raise RuntimeError("a damaged model")

    monkeypatch.setattr("suno_video.media.reading._load", broken)
    assert RapidReader().read(sign(SIZE, "ZORBLAT")) == ()
