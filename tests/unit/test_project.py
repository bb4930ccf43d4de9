"""What is remembered on disk: paths, the lock, fingerprints, receipts."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from suno_video.core.errors import CannotCreateError, DiskError, ProjectBusyError, UsageError
from suno_video.core.song import Song
from suno_video.media.atomic import replacing, require_place, write_text, write_trouble
from suno_video.project.direction import Direction, changed_fields, storyboard_state, text_sha256
from suno_video.project.fingerprint import file_sha256, fingerprint
from suno_video.project.lock import hold_project
from suno_video.project.store import SegmentStore, empty_folder
from suno_video.project.workspace import Project, film_path, safe_stem
from tests.unit.songs import scene, tiny_brief


def test_the_project_lies_beside_the_song() -> None:
    assert Project.beside(Path("/music/My Song.mp3")).root == Path("/music/My Song.suno-video")


def test_a_name_of_255_bytes_is_shortened_and_stays_unique() -> None:
    one, two = safe_stem("é" * 125 + "a"), safe_stem("é" * 125 + "b")
    assert one != two
    assert len((one + ".suno-video").encode()) < 255


def test_the_film_never_takes_the_place_of_the_song(tmp_path: Path) -> None:
    song = tmp_path / "song.mp4"
    song.touch()
    assert film_path(song, None) == tmp_path / "song film.mp4"
    # One file with song.mp4 where capitals do not count (macOS, Windows).
    assert film_path(tmp_path / "song.MP4", None) == tmp_path / "song film.mp4"
    with pytest.raises(UsageError, match="the song itself"):
        film_path(song, song)
    assert film_path(Path("a/b.mp3"), None) == Path("a/b.mp4")


def test_a_folder_as_out_gets_a_film_named_after_the_song(tmp_path: Path) -> None:
    assert film_path(Path("x/tune.mp3"), tmp_path) == tmp_path / "tune.mp4"
    with pytest.raises(UsageError, match=r"\.mp4"):
        film_path(Path("x/tune.mp3"), tmp_path / "film.avi")


def test_a_second_run_on_the_same_project_is_told_who_has_it(tmp_path: Path) -> None:
    project = Project(tmp_path / "p").create()
    code = (
        "import sys; from pathlib import Path; from suno_video.project.lock import hold_project\n"
        "from suno_video.project.workspace import Project\n"
        "with hold_project(Project(Path(sys.argv[1]))):\n    print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(project.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ProjectBusyError, match=f"process {other.pid}"), hold_project(project):
            pass
        other.kill()
        other.stdin.close()
    with hold_project(project):
        assert (project.root / "lock.pid").read_text() == f"{os.getpid()}\n"


def test_the_same_request_has_the_same_fingerprint_and_any_change_another(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"one")
    curve = np.arange(4, dtype=np.float32)
    one = fingerprint(scene(1, 0, 30), curve, picture, 0.1)
    assert one == fingerprint(scene(1, 0, 30), curve.copy(), picture, 0.1)
    assert one != fingerprint(scene(1, 0, 31), curve, picture, 0.1)
    assert one != fingerprint(scene(1, 0, 30), curve[::-1], picture, 0.1)
    assert one != fingerprint(scene(1, 0, 30), curve, picture, 0.2)
    picture.write_bytes(b"other")
    assert one != fingerprint(scene(1, 0, 30), curve, picture, 0.1)
    with pytest.raises(TypeError):
        fingerprint(object())


def kept(store: SegmentStore, tmp_path: Path, print_: str = "f" * 64) -> Path:
    made = tmp_path / "made.mp4"
    made.write_bytes(b"film")
    store.keep(made, piece="s001", fingerprint=print_, n_frames=30, backend="fake", seconds=1.0)
    return store.path_of("s001", print_)


def test_a_piece_counts_by_its_receipt_and_not_by_its_file(tmp_path: Path) -> None:
    store = SegmentStore(tmp_path)
    assert store.find("s001", "f" * 64) is None
    path = kept(store, tmp_path)
    assert store.find("s001", "f" * 64) is not None
    assert store.find("s001", "e" * 64) is None
    path.with_suffix(".json").unlink()
    assert store.find("s001", "f" * 64) is None


def test_a_piece_that_was_damaged_or_half_written_does_not_count(tmp_path: Path) -> None:
    store = SegmentStore(tmp_path)
    path = kept(store, tmp_path)
    path.write_bytes(b"fil")
    assert store.find("s001", "f" * 64) is None
    path.write_bytes(b"film")
    path.with_suffix(".json").write_text("{")
    assert store.find("s001", "f" * 64) is None


def test_pruning_keeps_what_the_film_is_made_of(tmp_path: Path) -> None:
    store = SegmentStore(tmp_path)
    old, new = kept(store, tmp_path, "a" * 64), kept(store, tmp_path, "b" * 64)
    assert store.prune({new}) == 1
    assert not old.exists()
    assert not old.with_suffix(".json").exists()
    assert store.find("s001", "b" * 64) is not None


def test_scratch_is_emptied(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "y").touch()
    (tmp_path / "z").touch()
    empty_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    write_text(target, "old")
    with pytest.raises(RuntimeError), replacing(target) as part:
        part.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_write_where_nothing_can_be_created_is_said_clearly(tmp_path: Path) -> None:
    with pytest.raises(CannotCreateError):
        write_text(tmp_path / "missing" / "a.json", "x")
    assert isinstance(write_trouble(tmp_path, OSError(errno.ENOSPC, "No space")), DiskError)


def test_an_edit_by_hand_is_told_from_what_we_wrote(tmp_path: Path) -> None:
    board = tmp_path / "storyboard.json"
    assert storyboard_state(board, None) == "missing"
    board.write_text("{}\n", newline="")
    direction = Direction(
        brief=tiny_brief(), analysis_fingerprint="", director="test", storyboard_sha256=text_sha256("{}\n")
    )
    assert storyboard_state(board, direction) == "made"
    board.write_text("{ }\n")
    assert storyboard_state(board, direction) == "edited"
    assert storyboard_state(board, None) == "edited"


def test_changed_wishes_are_named() -> None:
    assert changed_fields(tiny_brief(), tiny_brief(look="noir", seed=4)) == ["look", "seed"]


def test_a_file_hash_follows_the_content(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1")
    first = file_sha256(path)
    path.write_bytes(b"22")
    assert file_sha256(path) != first


def _belongs_to(folder: Path, song: str) -> None:
    folder.mkdir(exist_ok=True)
    record = Song(
        file_name=song, sha256="0", n_samples=1, sample_rate_hz=1, n_channels=1, duration_s=1.0, title="A title"
    )
    (folder / "song.json").write_text(record.to_json())


def test_two_songs_with_the_same_stem_have_two_folders_and_two_films(tmp_path: Path) -> None:
    first, second = tmp_path / "a.mp3", tmp_path / "a.wav"
    first.touch()
    second.touch()
    _belongs_to(tmp_path / "a.suno-video", "a.mp3")
    assert Project.beside(first).root.name == "a.suno-video"
    assert Project.beside(second).root.name == "a.wav.suno-video"
    assert (film_path(first, None).name, film_path(second, None).name) == ("a.mp4", "a.wav.mp4")
    assert film_path(second, tmp_path).name == "a.wav.mp4"


def test_a_song_that_was_converted_takes_over_the_folder(tmp_path: Path) -> None:
    song = tmp_path / "a.flac"
    song.touch()
    _belongs_to(tmp_path / "a.suno-video", "a.mp3")
    assert Project.beside(song).root.name == "a.suno-video"


def test_a_record_that_names_another_folder_is_not_believed(tmp_path: Path) -> None:
    song = tmp_path / "a.mp3"
    song.touch()
    _belongs_to(tmp_path / "a.suno-video", "../a.mp3")
    assert Project.beside(song).root.name == "a.suno-video"


def test_a_film_that_is_not_ours_is_never_written_over_unasked(tmp_path: Path) -> None:
    song, theirs = tmp_path / "a.mp3", tmp_path / "a.mp4"
    theirs.write_bytes(b"a video of somebody")
    assert film_path(song, None).name == "a film.mp4"
    assert film_path(song, theirs) == theirs
    (tmp_path / "a film.mp4").write_bytes(b"another one")
    with pytest.raises(CannotCreateError, match=r"a film\.mp4"):
        film_path(song, None)


def test_a_place_is_looked_at_before_work_begins(tmp_path: Path) -> None:
    require_place(tmp_path / "film.mp4")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(CannotCreateError, match="no folder"):
        require_place(tmp_path / "missing" / "film.mp4")
    (tmp_path / "dir.mp4").mkdir()
    with pytest.raises(CannotCreateError, match="not a file"):
        require_place(tmp_path / "dir.mp4")
    with pytest.raises(CannotCreateError):
        require_place(tmp_path / ("x" * 300 + ".mp4"))
