"""What must look the same looks the same: reference pictures, one seed, clips that go on from each other, the song."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from suno_video.backends.base import BackendSetup, ClipRequest, Job, MakesKind
from suno_video.backends.fake import FakeImage, FakeVideo, bad_input, frame_number
from suno_video.backends.registry import make_backend
from suno_video.core.brief import Brief
from suno_video.core.errors import BadEditError, BadPictureError, NoSuchInputError
from suno_video.core.events import Event, Notice, TakeDone, Warned
from suno_video.core.frames import FrameSize
from suno_video.pipeline import FilmOptions, FilmResult, render_film
from suno_video.pipeline.cleaning import CleanWishes, clean_project
from suno_video.pipeline.foresight import foresee_film
from suno_video.project.purchases import Caps
from suno_video.project.references import Reference, check_reference
from suno_video.project.takes import TakeStore
from suno_video.project.workspace import Project

SIZE = FrameSize(width_px=128, height_px=72)


class Mover(FakeVideo):
    """Makes files, takes three references, and remembers how each clip was to begin."""

    def __init__(self, **more: Any) -> None:
        super().__init__(footage="file", **more)
        accepts = self.capabilities.accepts | {"first_frame"}
        self.capabilities = replace(self.capabilities, accepts=accepts, max_references=3, concurrency=4)
        self.firsts: dict[str, np.ndarray | None] = {}
        self.came_from: dict[str, str] = {}

    def make(self, request: ClipRequest, job: Job) -> Any:
        first = request.first_frame
        self.came_from[request.scene] = "" if first is None else first.parent.name
        self.firsts[request.scene] = None if first is None else np.asarray(Image.open(first))
        return super().make(request, job)


class Painter(FakeImage):
    """Takes two references."""

    def __init__(self) -> None:
        super().__init__()
        self.capabilities = replace(self.capabilities, max_references=2)


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put fakes in the place of registered backends."""

    def put_in_place(*fakes: Any) -> None:
        by_name = {fake.name: fake for fake in fakes}

        def make(name: str, kind: MakesKind, setup: BackendSetup) -> Any:
            return by_name[name] if name in by_name else make_backend(name, kind, setup)

        monkeypatch.setattr("suno_video.pipeline.tasks.make_backend", make)
        known = frozenset({"fake", "fake-image", "procedural", "parallax"})
        monkeypatch.setattr("suno_video.backends.registry.backend_names", lambda: sorted(known))

    return put_in_place


@pytest.fixture
def song(make_song: Callable[..., Path]) -> Path:
    return make_song("song.wav", 12.0)


def picture(path: Path, color: tuple[int, ...] = (200, 30, 90), mode: str = "RGB") -> Path:
    Image.new(mode, (40, 30), color).save(path)
    return path


def options_of(*references: Path, still: str | None = None, video: str = "fake", **brief: Any) -> FilmOptions:
    given: tuple[Reference, ...] = tuple(map(check_reference, references))
    names = tuple(each.name for each in given)
    wanted = Brief(look="cosmos", size=SIZE, still_backend=still, video_backend=video, references=names, **brief)
    # Test cards begin with no still, whatever they are given, and would not pass for that.
    return FilmOptions(brief=wanted, quality="draft", references=given, checks=frozenset())


def render(song: Path, options: FilmOptions) -> tuple[FilmResult, list[Event]]:
    events: list[Event] = []
    return render_film(song, options, events=events.append), events


def edit(song: Path, **changes: dict[str, Any]) -> None:
    """Change scenes of the storyboard by hand."""
    path = Project.beside(song).storyboard_file
    board = json.loads(path.read_text())
    for scene in board["scenes"]:
        scene.update(changes.get(scene["id"], {}))
    path.write_text(json.dumps(board, indent=2))


def actions(song: Path, options: FilmOptions) -> dict[str, str]:
    return {scene.scene: scene.action for scene in foresee_film(song, options).scenes}


def made(events: list[Event]) -> list[str]:
    return sorted(event.scene for event in events if isinstance(event, TakeDone) and not event.reused)


@pytest.mark.slow
def test_every_still_and_clip_is_shown_the_original_pictures(song: Path, tmp_path: Path, use: Any) -> None:
    painter, mover = Painter(), Mover()
    use(painter, mover)
    faces = [
        picture(tmp_path / "a.png"),
        picture(tmp_path / "b.jpg", (9, 9, 200)),
        picture(tmp_path / "c.png", (1, 2, 3)),
    ]
    options = options_of(*faces, still="fake-image")
    result, events = render(song, options)
    kept = result.project / "references"
    assert sorted(path.name for path in kept.iterdir()) == sorted(options.brief.references)
    assert {tuple(path.read_bytes() for path in request.references) for request in painter.requests} == {
        tuple(face.read_bytes() for face in faces[:2])
    }
    assert {tuple(path.name for path in request.references) for request in mover.requests} == {options.brief.references}
    assert "takes 2 of your 3 reference pictures" in next(e.text for e in events if isinstance(e, Warned))
    for face in faces:
        face.rename(face.with_stem(face.stem + "-moved"))
    again = options_of(*(face.with_stem(face.stem + "-moved") for face in faces), still="fake-image")
    assert set(actions(song, again).values()) == {"keep"}
    picture(tmp_path / "a-moved.png", (0, 255, 0))
    other = options_of(*(face.with_stem(face.stem + "-moved") for face in faces), still="fake-image")
    assert set(actions(song, other).values()) == {"make"}


@pytest.mark.slow
def test_what_takes_no_references_is_told_and_painted_pieces_stay_the_same(song: Path, tmp_path: Path) -> None:
    render(song, options_of(video="procedural"))
    face = options_of(picture(tmp_path / "a.png"), video="procedural", lock_seed=True)
    result, events = render(song, face)
    assert result.n_scenes_made == 0
    assert ["procedural takes no reference pictures" in e.text for e in events if isinstance(e, Warned)] == [True]


def test_any_picture_is_turned_into_one_that_models_read(tmp_path: Path) -> None:
    ghost = check_reference(picture(tmp_path / "ghost.png", (255, 0, 0, 0), "RGBA"))
    kept = ghost.keep(tmp_path / "kept")
    with Image.open(kept) as image:
        assert (image.mode, image.format, image.getpixel((0, 0))) == ("RGB", "PNG", (255, 255, 255))
    tape = tmp_path / "tape.jpg"
    tape.write_bytes(b"\xff\xd8 no picture")
    with pytest.raises(BadPictureError, match=r"tape\.jpg"):
        check_reference(tape)
    with pytest.raises(NoSuchInputError):
        check_reference(tmp_path / "nobody.png")


@pytest.mark.slow
def test_a_storyboard_names_only_pictures_in_its_own_folder(song: Path, use: Any) -> None:
    use(Mover())
    render(song, options_of())
    path = Project.beside(song).storyboard_file
    text = path.read_text()
    path.write_text(text.replace('"references": []', '"references": ["../../secret.png"]'))
    with pytest.raises(BadEditError, match=r"references\.0"):
        render(song, options_of())
    path.write_text(text.replace('"references": []', '"references": ["anna.png"]'))
    with pytest.raises(BadEditError, match=r"line \d+: references.0: references/anna.png cannot be used"):
        render(song, options_of())


@pytest.mark.slow
def test_a_locked_seed_is_that_of_every_clip_and_of_no_painted_scene(song: Path, use: Any) -> None:
    mover = Mover()
    use(mover)
    result, _ = render(song, options_of(lock_seed=True, seed=77))
    assert {request.seed for request in mover.requests} == {77}
    board = json.loads((result.project / "storyboard.json").read_text())
    assert board["lock_seed"] is True
    assert len({scene["seed"] for scene in board["scenes"]}) == len(board["scenes"])
    redone = replace(options_of(lock_seed=True, seed=77), redo=("1",))
    render(song, redone)
    assert mover.requests[-1].seed != 77


@pytest.mark.slow
def test_a_clip_hears_the_song_of_its_own_span(song: Path, use: Any) -> None:
    mover = Mover()
    use(mover)
    render(song, options_of())
    heard = sorted((request.audio.start_s, request.audio.duration_s) for request in mover.requests)
    assert heard[0][0] == 0
    assert all(request.audio.path == song for request in mover.requests)
    assert {request.audio.duration_s * request.fps == request.n_frames for request in mover.requests} == {True}


@pytest.mark.slow
def test_a_chained_clip_begins_with_the_last_picture_of_the_one_before(song: Path, use: Any) -> None:
    use(Painter(), Mover())
    render(song, options_of(still="fake-image"))
    edit(song, s002={"chain": True}, s003={"chain": True})
    mover = Mover()
    use(Painter(), mover)
    options = options_of(still="fake-image")
    assert actions(song, options) == {"s001": "keep", "s002": "make", "s003": "make"}
    result, events = render(song, options)
    assert made(events) == ["s002", "s003"]
    clips = {take.receipt.scene: take for take in TakeStore(result.project / "clips").all()}
    for scene in ("s002", "s003"):
        first = mover.firsts[scene]
        assert first is not None and first.shape == (72, 128, 3)
        assert mover.came_from[scene] == "scratch"
    assert set(actions(song, options).values()) == {"keep"}
    assert made(render(song, options)[1]) == []
    assert clean_project(Project.beside(song), CleanWishes(takes=True, dry_run=True)).kept_paid == 0
    assert clips.keys() == {"s001", "s002", "s003"}


@pytest.mark.slow
def test_another_take_of_a_clip_makes_those_that_go_on_from_it_again(song: Path, use: Any) -> None:
    use(Mover())
    render(song, options_of())
    edit(song, s002={"chain": True})
    render(song, options_of())
    redone = replace(options_of(), redo=("1",))
    _, events = render(song, redone)
    assert made(events) == ["s001", "s002"]
    assert set(actions(song, options_of()).values()) == {"keep"}


@pytest.mark.slow
def test_a_chained_clip_begins_with_its_own_still_where_the_one_before_fails(song: Path, use: Any) -> None:
    use(Painter(), Mover())
    render(song, options_of(still="fake-image"))
    edit(song, s002={"chain": True})

    class Broken(Mover):
        def make(self, request: ClipRequest, job: Job) -> Any:
            if request.scene == "s001":
                raise bad_input()
            return super().make(request, job)

    mover = Broken()
    mover.version = "2"
    use(Painter(), mover)
    result, _ = render(song, options_of(still="fake-image"))
    assert mover.came_from == {"s002": "stills", "s003": "stills"}
    assert list(result.stand_ins) == ["s001"]
    healed = Mover()
    healed.version = "2"
    use(Painter(), healed)
    wanted = replace(options_of(still="fake-image"), upgrade=True)
    assert actions(song, wanted) == {"s001": "make", "s002": "make", "s003": "keep"}
    result, events = render(song, wanted)
    assert (made(events), result.stand_ins) == (["s001", "s002"], {})


@pytest.mark.slow
def test_a_clip_may_end_on_the_next_scenes_still(song: Path, use: Any) -> None:
    use(Painter(), Mover())
    render(song, options_of(still="fake-image"))
    edit(song, s001={"end_on_next": True}, s003={"end_on_next": True})
    mover = Mover()
    use(Painter(), mover)
    render(song, options_of(still="fake-image"))
    (request,) = mover.requests
    assert request.scene == "s001"
    assert request.last_frame is not None and request.last_frame.name.startswith("s002-")


@pytest.mark.slow
def test_the_first_scene_cannot_go_on_from_anything(song: Path, use: Any) -> None:
    use(Mover())
    render(song, options_of())
    edit(song, s001={"chain": True})
    with pytest.raises(BadEditError, match="has no picture to go on from"):
        render(song, options_of())


@pytest.mark.slow
def test_the_number_in_the_light_of_a_chained_first_frame_is_that_of_the_last_one_shown(song: Path, use: Any) -> None:
    """The fake writes the number of each frame into its light: the picture is cut out at the right place."""
    use(Mover())
    result, _ = render(song, options_of())
    edit(song, s002={"chain": True})
    mover = Mover()
    use(mover)
    render(song, options_of())
    first = mover.firsts["s002"]
    assert first is not None
    clip = next(t for t in TakeStore(result.project / "clips").all() if t.receipt.scene == "s001")
    board = json.loads((result.project / "storyboard.json").read_text())["scenes"]
    joined = board[1]["transition"]["kind"] in ("dissolve", "wipe")
    n_shown = board[0]["end_frame"] + (board[1]["transition"]["n_frames"] // 2 if joined else 0)
    assert clip.receipt.n_frames == n_shown
    luma = np.asarray(Image.fromarray(first).convert("L"))
    limited = np.round(16 + luma.astype(float) * 219 / 255).astype(np.uint8)
    assert frame_number(np.vstack([limited, np.full((36, 128), 128, np.uint8)])) == n_shown - 1


@pytest.mark.slow
def test_scenes_are_as_long_as_the_model_and_a_longer_one_is_told(song: Path, use: Any) -> None:
    short = Mover()
    short.capabilities = replace(short.capabilities, seconds=(1.5, 2.0))
    use(short)
    result, events = render(song, options_of(fps=30))
    path = result.project / "storyboard.json"
    board = json.loads(path.read_text())
    assert max(scene["end_frame"] - scene["start_frame"] for scene in board["scenes"]) <= 2.3 * 30 * 1.25 + 3
    assert {request.n_frames for request in short.requests} <= {45, 60}
    first, second = board["scenes"][:2]
    second["start_frame"] = first["end_frame"] = second["end_frame"] - 20
    second["transition"] = {"kind": "cut", "n_frames": 0}
    path.write_text(json.dumps(board))
    plan = foresee_film(song, options_of(fps=30), events=events.append)
    told = [event.text for event in events if isinstance(event, Warned)]
    assert any(text.startswith("fake makes 2.0 s at most: s001 has") and "times slower" in text for text in told)
    assert plan.scenes[0].action == "make"


@pytest.mark.slow
def test_a_chained_clip_that_was_paid_for_is_not_bought_again_when_the_one_before_comes_later(
    song: Path, tmp_path: Path, use: Any
) -> None:
    """It used to be: what a stand-in left to its own still was thrown away with the upgrade."""
    use(Mover(price_usd="0.10"))
    first = replace(options_of(), ledger=tmp_path / "ledger.db", caps=Caps(run_usd=Decimal(5)))
    render(song, first)
    edit(song, s002={"chain": True}, s003={"chain": True})

    class Broken(Mover):
        def make(self, request: ClipRequest, job: Job) -> Any:
            if request.scene == "s001":
                raise bad_input()
            return super().make(request, job)

    broken, healed = Broken(price_usd="0.10"), Mover(price_usd="0.10")
    broken.version = healed.version = "2"
    use(broken)
    _, events = render(song, first)
    assert made(events) == ["s002", "s003"]
    use(healed)
    wanted = replace(first, upgrade=True)
    told = {scene.scene: scene for scene in foresee_film(song, wanted).scenes}
    assert told["s001"].action == "buy"
    assert all(told[name].action != "buy" for name in ("s002", "s003"))
    result, events = render(song, wanted)
    # These options are one run to the ledger: three clips, then two, then one.
    assert (made(events), result.stand_ins, result.cost_usd) == (["s001"], {}, Decimal("0.10"))
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert sum("--scene s002" in text for text in notices) == 1
    assert not any("--scene s003" in text for text in notices)  # the clip before it is the one it goes on from
    assert "--scene s002" in (result.project / "report.html").read_text(encoding="utf-8")
    assert made(render(song, first)[1]) == []
    # Asked for, it is bought, and goes on from the clip that is there now; the next one in the chain stays.
    asked = replace(first, redo=("s002",))
    result, events = render(song, asked)
    assert (made(events), result.cost_usd) == (["s002"], Decimal("0.10"))
    assert healed.came_from["s002"] == "scratch"


@pytest.mark.slow
def test_another_take_of_a_bought_clip_buys_none_of_those_that_go_on_from_it(
    song: Path, tmp_path: Path, use: Any
) -> None:
    use(Mover(price_usd="0.10"))
    options = replace(options_of(), ledger=tmp_path / "ledger.db", caps=Caps(run_usd=Decimal(5)))
    render(song, options)
    edit(song, s002={"chain": True})
    _, events = render(song, options)
    assert made(events) == ["s002"], "whoever chains a scene by hand asks for a clip that joins"
    _, events = render(song, replace(options, redo=("s001",)))
    assert made(events) == ["s001"]
    assert [event.text for event in events if isinstance(event, Notice) and "s002" in event.text]
