"""What must not be shown is found, what may be shown passes, and the first clip is seen before the second is bought."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image

from suno_video.assemble.conform import file_frames
from suno_video.backends.base import ClipRequest, FailureKind, FileFootage, Job
from suno_video.backends.fake import FakeImage, FakeVideo
from suno_video.backends.fakeservice import FakeService, Mischief, PaidFakeVideo, Trick
from suno_video.backends.testcards import FakeStream, black_frames, write_clip
from suno_video.core.events import AttemptFailed
from suno_video.core.frames import I420, FrameSize, planes
from suno_video.media.watch import watch_clip, watch_still
from suno_video.project.takes import take_seed
from suno_video.render.attempts import Missed
from suno_video.render.footage import Fulfilled
from suno_video.render.inspect import Inspector
from suno_video.render.orders import FLICKERS
from suno_video.render.policy import REROLL
from suno_video.render.quality import ALL_CHECKS, flicker_of, judge_clip, judge_still
from suno_video.settings_groups import Check
from tests.unit.clips import clip_request
from tests.unit.makers import Set, wishes_for

SIZE, N, FPS = FrameSize(width_px=128, height_px=72), 32, 30
ASKED = clip_request(n_frames=N, size=SIZE)
Paint = Callable[[int], np.ndarray]


def scenery(seed: int = 5) -> np.ndarray:
    """Soft hills of light, 40..210, wider than the picture so that a camera can move over them."""
    rng = np.random.default_rng(seed)
    hills = rng.random((9, 17)).astype(np.float32)
    picture = np.asarray(Image.fromarray(hills).resize((SIZE.width_px * 2, SIZE.height_px), Image.Resampling.BICUBIC))
    return 40 + 170 * np.clip(picture, 0, 1)


HILLS, OTHER_HILLS = scenery(), scenery(11)


def pan(number: int, speed: float = 1.0) -> np.ndarray:
    start = int(number * speed)
    return HILLS[:, start : start + SIZE.width_px]


def frames_of(light: Paint, blue: Paint = lambda k: np.array(120), n: int = N) -> Iterator[I420]:
    frame = np.full(SIZE.i420_shape, 128, dtype=np.uint8)
    y, u, _ = planes(frame)
    for number in range(n):
        y[:], u[:] = np.clip(light(number), 16, 235), blue(number)
        yield frame


def noise(number: int) -> np.ndarray:
    return np.random.default_rng(number).normal(126, 50, (SIZE.height_px, SIZE.width_px))


BAD: dict[str, tuple[str, Callable[[], Iterator[I420]]]] = {
    "black": ("black", lambda: black_frames(SIZE, N)),
    "black for its second half": ("black", lambda: frames_of(lambda k: pan(k) if k < 12 else np.array(16))),
    "grey": ("flat", lambda: frames_of(lambda k: np.array(110))),
    "frozen": ("frozen", lambda: frames_of(lambda k: pan(0))),
    "static": ("static", lambda: frames_of(noise)),
    "blown out": ("blown", lambda: frames_of(lambda k: pan(k) + 7.0 * k)),
    "sunk": ("blown", lambda: frames_of(lambda k: pan(k) - 7.0 * k)),
    "colour drift": ("drift", lambda: frames_of(pan, lambda k: np.array(100 + 3 * k))),
    "cut": ("cut", lambda: frames_of(lambda k: pan(k) if k < N // 2 else 251 - OTHER_HILLS[:, : SIZE.width_px])),
}
GOOD: dict[str, Callable[[], Iterator[I420]]] = {
    "test cards": lambda: FakeStream(SIZE, N, 7).frames(),
    "a pan": lambda: frames_of(pan),
    "hardly a zoom": lambda: frames_of(lambda k: pan(k, 0.1)),
    "one small light moves": lambda: frames_of(lambda k: pan(0) + 60 * (np.abs(np.arange(128) - 20 - k) < 5) * _ROW),
    "a flash of lightning": lambda: frames_of(lambda k: pan(k) + 120 * (k in (15, 16))),
    "a fade in": lambda: frames_of(lambda k: 16 + (pan(k) - 16) * min(1, k / 12)),
    "dark, with a few stars": lambda: frames_of(lambda k: np.where(pan(k) > 190, pan(k), 18)),
    "a sunset": lambda: frames_of(lambda k: pan(k) - k, lambda k: np.array(128 - k)),
}
_ROW = (np.abs(np.arange(72) - 36) < 5)[:, None]


def clip(folder: Path, frames: Iterator[I420]) -> Path:
    path = folder / "clip.mp4"
    write_clip(path, frames, SIZE, FPS)
    return path


def nothing() -> None:
    """Nobody wants to stop."""


def found(path: Path, request: ClipRequest = ASKED, *, starts: bool = False) -> list[str]:
    return [flaw.check for flaw in judge_clip(watch_clip(path, nothing), request, starts_from_still=starts)]


@pytest.mark.parametrize(("check", "frames"), BAD.values(), ids=BAD)
def test_what_must_not_be_shown_is_found(tmp_path: Path, check: str, frames: Callable[[], Iterator[I420]]) -> None:
    assert check in found(clip(tmp_path, frames()))


@pytest.mark.parametrize("frames", GOOD.values(), ids=GOOD)
def test_what_may_be_shown_passes(tmp_path: Path, frames: Callable[[], Iterator[I420]]) -> None:
    assert found(clip(tmp_path, frames())) == []


def test_a_clip_that_was_to_stand_still_may(tmp_path: Path) -> None:
    still = replace(ASKED, motion=ASKED.motion.model_copy(update={"amount": 0.0}))
    assert found(clip(tmp_path, frames_of(lambda k: pan(0))), still) == []


def test_a_clip_begins_with_the_still_that_it_was_given(tmp_path: Path) -> None:
    path, stills = clip(tmp_path, frames_of(pan)), {}
    for name, light in (("same", HILLS), ("other", 235 - OTHER_HILLS)):
        stills[name] = tmp_path / f"{name}.png"
        red = np.array((1.0, 1.0, 1.0) if name == "same" else (1.0, 0.1, 0.1))
        Image.fromarray((light[:, :128, None] * red).astype(np.uint8)).save(stills[name])
    asked = {name: replace(ASKED, first_frame=still) for name, still in stills.items()}
    assert found(path, asked["same"], starts=True) == []
    assert found(path, asked["other"], starts=True) == ["join"]
    assert found(path, asked["other"], starts=False) == []


def test_a_still_of_one_colour_or_of_noise_is_no_still(tmp_path: Path) -> None:
    pictures = {
        "flat": np.full((72, 128, 3), 90, np.uint8),
        "black": np.zeros((72, 128, 3), np.uint8),
        "static": np.random.default_rng(1).integers(0, 255, (54, 96, 3), dtype=np.uint8),
        "": np.repeat(pan(0).astype(np.uint8)[:, :, None], 3, axis=2),
    }
    for wanted, pixels in pictures.items():
        path = tmp_path / "still.png"
        Image.fromarray(pixels).save(path)
        assert [flaw.check for flaw in judge_still(watch_still(path))][:1] == ([wanted] if wanted else [])
    request = replace(wishes_for(FakeVideo())[0].request)
    from suno_video.backends.base import StillRequest

    made = FakeImage().make(StillRequest("s001", request.prompt, "", 3, SIZE), Job(tmp_path))
    assert list(judge_still(watch_still(made))) == []


def test_the_settings_name_every_check() -> None:
    assert get_args(Check) == ALL_CHECKS


class Spoiled(FakeVideo):
    """Makes grey clips for the first so many requests."""

    def __init__(self, n_bad: int, **options: Any) -> None:
        super().__init__(footage="file", **options)
        self.n_bad = n_bad

    def make(self, request: ClipRequest, job: Job) -> Any:
        made = super().make(request, job)
        assert isinstance(made, FileFootage)
        if len(self.requests) <= self.n_bad:
            grey = np.full(request.size.i420_shape, 110, np.uint8)
            write_clip(made.path, iter([grey] * request.n_frames), request.size, request.fps)
        return made


def test_a_bad_clip_is_made_again_with_another_seed_and_its_receipt_says_so(tmp_path: Path) -> None:
    place, fake = Set(tmp_path), Spoiled(2)
    (outcome,) = place.run(fake, wishes=wishes_for(fake, 1))
    assert isinstance(outcome, Fulfilled)
    receipt = outcome.take.receipt
    seeds = [request.seed for request in fake.requests]
    assert seeds == [seeds[0], take_seed(seeds[0], REROLL), take_seed(take_seed(seeds[0], REROLL), REROLL)]
    assert (receipt.changes, receipt.seed) == (("rerolled", "rerolled"), seeds[-1])
    assert set(receipt.measured) == {"flicker", "motion", "light"}
    assert [(event.kind, event.next) for event in place.told(AttemptFailed)] == [("flawed", "with another seed")] * 2
    assert list(place.scratch.iterdir()) == []


def test_re_rolls_end_with_a_reason_and_each_is_paid(tmp_path: Path) -> None:
    place, fake = Set(tmp_path), Spoiled(99, price_usd="0.40")
    (outcome,) = place.run(fake, wishes=wishes_for(fake, 1))
    assert isinstance(outcome, Missed)
    assert (outcome.kind, outcome.paid_usd) == (FailureKind.FLAWED, Decimal("1.20"))
    assert "one colour" in outcome.reason
    assert (len(fake.requests), place.spent(), place.held()) == (3, Decimal("1.20"), Decimal(0))


def test_re_rolls_stay_within_the_budget(tmp_path: Path) -> None:
    place, fake = Set(tmp_path, budget_usd="0.90"), Spoiled(99, price_usd="0.40")
    (outcome,) = place.run(fake, wishes=wishes_for(fake, 1))
    assert isinstance(outcome, Missed)
    assert (outcome.kind, place.spent()) == ("budget", Decimal("0.80"))


def test_without_checks_a_grey_clip_is_taken(tmp_path: Path) -> None:
    place, fake = Set(tmp_path), Spoiled(99)
    (outcome,) = place.run(fake, wishes=wishes_for(fake, 1), inspector=Inspector(frozenset()))
    assert isinstance(outcome, Fulfilled)
    only = Inspector(frozenset(ALL_CHECKS) - {"flat", "frozen"})
    other = Set(tmp_path / "other")
    (outcome,) = other.run(fake, wishes=wishes_for(fake, 1), inspector=only)
    assert isinstance(outcome, Fulfilled)


@pytest.mark.parametrize(
    ("what", "calls", "n_bought", "n_made"),
    [
        ("black", (), 2 * 3, 0),
        pytest.param("short", (), 2 * 4, 0, marks=pytest.mark.slow),
        pytest.param("other-size", (), 2 * 4, 0, marks=pytest.mark.slow),
        ("black", (1, 2, 3), 3 + 4, 4),
        pytest.param("black", (1,), 1 + 5, 5, marks=pytest.mark.slow),
    ],
    ids=["all black", "all short", "all of another shape", "the first scene black", "one black"],
)
def test_the_first_clip_is_looked_at_before_the_second_is_bought(
    tmp_path: Path, what: Any, calls: tuple[int, ...], n_bought: int, n_made: int
) -> None:
    with FakeService(tmp_path / "book.sqlite") as service:
        service.set_mischief(Mischief(tricks=(Trick(what=what, calls=calls),)))
        buyer = PaidFakeVideo(service.url, service.token)
        outcomes = Set(tmp_path).run(buyer, wishes=wishes_for(buyer, 5))
        assert len(service.book.purchases()) == n_bought
        assert service.book.bought_twice() == []
    assert sum(isinstance(outcome, Fulfilled) for outcome in outcomes) == n_made
    if n_made == 0:
        reasons = [outcome.reason for outcome in outcomes if isinstance(outcome, Missed)]
        assert sum("nothing more was bought" in reason for reason in reasons) == 3


# Deflicker


def trembling(number: int) -> np.ndarray:
    return pan(number, 0.25) + (9 if number % 2 else -9)


def lights(path: Path, *, deflicker: bool) -> list[float]:
    footage = FileFootage(path, N, FPS, SIZE, deflicker=deflicker)
    return [float(planes(frame)[0].mean()) for frame in file_frames(footage, SIZE, FPS, 0, N, "s001")]


def tremble(light: list[float]) -> float:
    return float(np.median(np.abs(np.diff(light, n=2)))) / 2


def test_flicker_is_measured_and_taken_away(tmp_path: Path) -> None:
    path = clip(tmp_path, frames_of(trembling))
    assert flicker_of(watch_clip(path, nothing)) > 15 > FLICKERS
    before, after = (tremble(lights(path, deflicker=each)) for each in (False, True))
    assert before > 15
    assert after < before / 5


def test_what_does_not_flicker_is_left_as_it_is(tmp_path: Path) -> None:
    assert flicker_of(watch_clip(clip(tmp_path, GOOD["a pan"]()), nothing)) < FLICKERS
    assert flicker_of(watch_clip(clip(tmp_path, GOOD["a flash of lightning"]()), nothing)) < FLICKERS
