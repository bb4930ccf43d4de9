"""The loop makes every piece once, keeps what is finished, and plays what a backend could not."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from suno_video.assemble.conform import conform
from suno_video.assemble.cutlist import footage_span
from suno_video.assemble.plan import Finish, conform_plans
from suno_video.assemble.profile import encoder_profile
from suno_video.backends.base import ClipRequest, Footage, Job, MakeFailed
from suno_video.backends.fake import FakeStream, FakeVideo, bug, frame_number, out_of_memory, refused
from suno_video.core.errors import BackendUnavailableError, DiskError
from suno_video.core.events import Event, FramesWritten, PlanReady, SceneDone, SceneFailed
from suno_video.core.frames import FrameSize
from suno_video.core.music import music_curves
from suno_video.core.storyboard import Storyboard
from suno_video.media.ffmpeg import file_url, read_frames
from suno_video.project.fingerprint import fingerprint
from suno_video.project.store import SegmentStore
from suno_video.render.loop import RenderLoop
from suno_video.render.orders import clip_order
from suno_video.render.pieces import OnFrames, PieceDone, PieceTask
from tests.unit.songs import dissolve, scene, steady_analysis, storyboard_of

SIZE = FrameSize(width_px=128, height_px=72)
UNTOUCHED = Finish(softens=False)
"""Test cards flash, and are to be read."""


def board() -> Storyboard:
    """Three scenes, a dissolve into the second."""
    return storyboard_of(
        scene(1, 0, 30, video_backend="fake"),
        scene(2, 30, 60, video_backend="fake", transition=dissolve(8)),
        scene(3, 60, 90, video_backend="fake"),
        size=SIZE,
    )


class Studio:
    """A folder to render into, with a memory of events."""

    def __init__(self, folder: Path) -> None:
        self.store = SegmentStore(folder / "segments")
        self.scratch = folder / "scratch"
        for place in (self.store.folder, self.scratch):
            place.mkdir()
        self.events: list[Event] = []

    def tasks(self, storyboard: Storyboard) -> list[PieceTask]:
        analysis = steady_analysis()
        music = music_curves(analysis, 0, storyboard.n_frames)
        orders = {
            shot.id: clip_order(storyboard, shot, music, footage_span(storyboard, shot)) for shot in storyboard.scenes
        }
        profile = encoder_profile("draft", storyboard.size, storyboard.fps)
        return [
            PieceTask(
                plan.piece.name,
                plan.piece.n_frames,
                fingerprint(plan, [orders[name].request for name in plan.piece.scenes]),
                tuple(orders[name] for name in plan.piece.scenes),
                partial(conform, plan),
            )
            for plan in conform_plans(storyboard, analysis, None, profile, UNTOUCHED)
        ]

    def run(
        self, storyboard: Storyboard, fake: FakeVideo, stand_in: FakeVideo | None = None, jobs: int = 1
    ) -> list[PieceDone]:
        stand_in = stand_in or FakeVideo(name="procedural")
        loop = RenderLoop(
            {"fake": fake, "procedural": stand_in},
            stand_in="procedural",
            store=self.store,
            scratch=self.scratch,
            events=self.events.append,
        )
        return loop.run(self.tasks(storyboard), jobs=jobs)

    def made(self) -> list[str]:
        names = [event.scene for event in self.events if isinstance(event, SceneDone) and not event.reused]
        self.events.clear()
        return names


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


def test_all_pieces_come_back_in_film_order_whole_and_exact(studio: Studio) -> None:
    done = studio.run(board(), FakeVideo(), jobs=3)
    assert [piece.task.piece for piece in done] == ["s001", "s001-s002", "s002", "s003"]
    assert [piece.receipt.n_frames for piece in done] == [26, 8, 26, 30]
    third = read_frames(["-i", file_url(done[2].path), "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1"], SIZE)
    # The footage of scene 2 begins with its half of the dissolve: four frames before its cut.
    assert [frame_number(frame) for frame in third] == list(range(8, 34))


def test_every_frame_is_counted_once_in_the_events(studio: Studio) -> None:
    studio.run(board(), FakeVideo())
    written = [event for event in studio.events if isinstance(event, FramesWritten)]
    assert sum(event.n_frames for event in written) == 90
    plan = next(event for event in studio.events if isinstance(event, PlanReady))
    assert (plan.n_to_make, plan.n_frames_to_make) == (4, 90)


def test_a_backend_is_opened_and_closed_once_for_all_scenes(studio: Studio) -> None:
    fake, unused = FakeVideo(), FakeVideo(name="procedural")
    studio.run(board(), fake, unused, jobs=2)
    assert (fake.n_opened, fake.n_closed, fake.n_trimmed) == (1, 1, 4)
    assert unused.n_opened == 0


def test_nothing_is_opened_when_nothing_is_missing(studio: Studio) -> None:
    studio.run(board(), FakeVideo())
    fake = FakeVideo()
    done = studio.run(board(), fake)
    assert fake.n_opened == 0
    assert all(piece.reused for piece in done)


@pytest.mark.parametrize("failure", [refused(), out_of_memory(), bug()])
def test_a_scene_that_fails_is_played_by_the_stand_in_and_named(studio: Studio, failure: MakeFailed) -> None:
    done = studio.run(board(), FakeVideo(script=[failure]))
    assert [piece.receipt.stand_in for piece in done] == [True, False, False, False]
    assert done[0].receipt.backend == "procedural"
    assert done[0].receipt.reason == str(failure)
    failed = [event for event in studio.events if isinstance(event, SceneFailed)]
    assert [(event.scene, event.backend, event.reason) for event in failed] == [("s001", "fake", str(failure))]


def test_the_next_run_tries_the_real_backend_again_for_a_stand_in(studio: Studio) -> None:
    studio.run(board(), FakeVideo(script=[refused()]))
    studio.made()
    done = studio.run(board(), FakeVideo())
    assert studio.made() == ["s001"]
    assert not any(piece.receipt.stand_in for piece in done)


def test_a_stand_in_is_not_painted_twice_while_the_backend_keeps_failing(studio: Studio) -> None:
    studio.run(board(), FakeVideo(script=[refused()]))
    studio.made()
    done = studio.run(board(), FakeVideo(script=[refused()]))
    again = next(event for event in studio.events if isinstance(event, SceneDone) and event.scene == "s001")
    assert (again.reused, again.stand_in) == (True, True)
    assert studio.made() == []
    assert done[0].receipt.stand_in


def test_a_backend_gets_no_more_clips_at_once_than_it_can_make(studio: Studio) -> None:
    class Single(FakeVideo):
        """Takes one clip at a time; remembers the most that it was given."""

        capabilities = replace(FakeVideo.capabilities, concurrency=1)
        n_now = n_most = 0

        def make(self, request: ClipRequest, job: Job) -> FakeStream:
            self.n_now += 1
            self.n_most = max(self.n_most, self.n_now)
            return super().make(request, job)

        def trim(self) -> None:
            self.n_now -= 1
            super().trim()

    single = Single()
    apart = storyboard_of(*(scene(k, 30 * k - 30, 30 * k, video_backend="fake") for k in (1, 2, 3)), size=SIZE)
    studio.run(apart, single, jobs=3)
    assert single.n_most == 1


def test_a_failing_stand_in_ends_the_run_with_a_clear_error(studio: Studio) -> None:
    with pytest.raises(BackendUnavailableError, match="embedded renderer"):
        studio.run(board(), FakeVideo(script=[refused()]), FakeVideo(script=[bug()], name="procedural"))


def test_what_was_finished_before_a_full_disk_is_kept(studio: Studio) -> None:
    tasks = studio.tasks(board())
    loop = RenderLoop(
        {"fake": FakeVideo(), "procedural": FakeVideo(name="procedural")},
        stand_in="procedural",
        store=studio.store,
        scratch=studio.scratch,
        events=studio.events.append,
    )

    def full(footage: Sequence[Footage], out: Path, on_frames: OnFrames) -> int:
        out.write_bytes(b"half")
        raise DiskError("The disk is full.", "Free some space.")

    tasks[1] = PieceTask(tasks[1].piece, tasks[1].n_frames, tasks[1].fingerprint, tasks[1].orders, full)
    with pytest.raises(DiskError):
        loop.run(tasks, jobs=1)
    assert studio.store.find(tasks[0].piece, tasks[0].fingerprint) is not None
    assert list(studio.scratch.iterdir()) == []


def test_an_interruption_stops_the_other_workers_at_once(studio: Studio) -> None:
    started = threading.Barrier(2, timeout=20)
    stopped: list[str] = []

    def endless(footage: Sequence[Footage], out: Path, on_frames: OnFrames) -> int:
        started.wait()
        try:
            while True:
                on_frames(1)
        except Exception as exc:
            stopped.append(type(exc).__name__)
            raise

    def interrupt(footage: Sequence[Footage], out: Path, on_frames: OnFrames) -> int:
        started.wait()
        raise DiskError("stop", "now")

    first, second, *_ = studio.tasks(board())
    tasks = [
        PieceTask(first.piece, first.n_frames, first.fingerprint, first.orders, endless),
        PieceTask(second.piece, second.n_frames, second.fingerprint, second.orders, interrupt),
    ]
    loop = RenderLoop(
        {"fake": FakeVideo(), "procedural": FakeVideo(name="procedural")},
        stand_in="procedural",
        store=studio.store,
        scratch=studio.scratch,
        events=lambda event: None,
    )
    with pytest.raises(DiskError):
        loop.run(tasks, jobs=2)
    assert stopped == ["Stopped"]
