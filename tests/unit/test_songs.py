"""Which songs a command line means, and how a run over several of them ends."""

from __future__ import annotations

import os
import random
import re
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from suno_video.cli.options import Wishes
from suno_video.cli.songs import find_songs, natural_key, refuse_same_names, refuse_what_is_for_one, songs_in
from suno_video.core.errors import (
    RETRY_WORTHY,
    ExitStatus,
    NoSuchInputError,
    ProjectBusyError,
    UsageError,
    worst_status,
)
from suno_video.project.lock import hold_songs

UNATTENDED = Path(__file__).resolve().parents[2] / "docs" / "unattended.md"


def put(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"x")
    return folder


def found(*names: Path) -> list[str]:
    with ExitStack() as held:
        return [str(want.path) for want in find_songs(names, held)]


def test_a_folder_means_the_songs_that_lie_directly_in_it(tmp_path: Path) -> None:
    put(tmp_path, "b.MP3", "a.wav", "a.mp4", "notes.txt", ".hidden.mp3", "._a.wav", "cover.jpg", "song.mp3.part")
    put(tmp_path / "deeper", "c.mp3")
    put(tmp_path / "a.suno-video" / "segments", "song-123.aac")
    put(tmp_path / "folder.mp3")
    (tmp_path / "broken.mp3").symlink_to(tmp_path / "gone.mp3")
    assert songs_in(tmp_path) == [tmp_path / "a.wav", tmp_path / "b.MP3"]


def test_songs_are_sorted_as_people_sort() -> None:
    names = [
        "1 - a.mp3",
        "2 - b.mp3",
        "10 - c.mp3",
        "Track 2.mp3",
        "track 10.mp3",
        "zebra.mp3",
        "лето 9.mp3",
        "лето 80.mp3",
    ]
    mixed = random.Random(3).sample(names, len(names))
    assert mixed != names
    assert sorted(mixed, key=natural_key) == names


@pytest.mark.parametrize("inside", ["", "segments"])
def test_a_project_folder_gives_no_songs(tmp_path: Path, inside: str) -> None:
    folder = put(tmp_path / "song.suno-video" / inside, "song-123.aac")
    with pytest.raises(NoSuchInputError, match="is a project folder"):
        songs_in(folder)


def test_a_song_is_wanted_once_in_the_order_it_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(put(tmp_path, "a.mp3", "b.mp3", "c.mp3"))
    (tmp_path / "link").symlink_to(tmp_path)
    assert found(Path("b.mp3"), Path(), tmp_path, Path("link"), Path("./a.mp3"), Path("gone.mp3")) == [
        *("b.mp3", "a.mp3", "c.mp3", "gone.mp3")
    ]


def test_a_folder_that_another_run_has_is_wanted_with_its_error(tmp_path: Path) -> None:
    busy, free = put(tmp_path / "busy", "a.mp3"), put(tmp_path / "free", "b.mp3")
    with hold_songs(busy), ExitStack() as held:
        first, second = find_songs([busy, free], held)
    assert isinstance(first.error, ProjectBusyError)
    assert f"process {os.getpid()}" in first.error.message
    assert (second.path, second.error) == (free / "b.mp3", None)
    assert [want.path.name for want in find_songs([busy], ExitStack())] == ["a.mp3"]


def test_a_folder_without_songs_is_left_as_it_is(tmp_path: Path) -> None:
    with ExitStack() as held:
        (want,) = find_songs([tmp_path], held)
    assert isinstance(want.error, NoSuchInputError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("wishes", "flag"),
    [
        (Wishes(out=Path("film.mp4")), "--out"),
        (Wishes(out=Path("no-such-folder")), "--out"),
        (Wishes(project=Path("p")), "--project"),
        (Wishes(title="One"), "--title"),
    ],
)
def test_what_is_for_one_song_is_refused_for_several(wishes: Wishes, flag: str) -> None:
    with pytest.raises(UsageError, match=f"^{flag} "):
        refuse_what_is_for_one(wishes)


def test_what_holds_for_every_song_is_taken(tmp_path: Path) -> None:
    refuse_what_is_for_one(Wishes(out=tmp_path, title="", start="1", end="3"))


def test_films_of_one_name_from_two_folders_are_refused_a_common_one(tmp_path: Path) -> None:
    one, two = put(tmp_path / "one", "song.mp3", "song.wav"), put(tmp_path / "two", "Song.flac", "other.mp3")
    with ExitStack() as held:
        refuse_same_names(find_songs([one, two / "other.mp3"], held))
        with pytest.raises(UsageError, match=r"Song\.flac.* the same name"):
            refuse_same_names(find_songs([one / "song.mp3", two], held))


def statuses_as_documented() -> list[int]:
    """Every status, from best to worst, as docs/unattended.md lists them."""
    (table,) = re.findall(r"<!-- statuses: begin -->\n(.*?)<!-- statuses: end -->", UNATTENDED.read_text(), re.DOTALL)
    rows = [line.split("|")[2] for line in table.splitlines()[2:]]
    return [int(number) for row in rows for number in re.findall(r"\d+", row)]


def test_the_worst_status_is_the_last_one_of_the_list_in_the_docs() -> None:
    documented = statuses_as_documented()
    assert sorted(documented) == sorted(ExitStatus)
    for better, worse in pairwise(documented):
        assert worst_status([worse, better]) == worst_status([better, worse]) == worse


def test_what_is_worth_a_retry_is_not_hidden_by_what_must_be_mended() -> None:
    to_mend = [status for status in ExitStatus if status not in RETRY_WORTHY and status < ExitStatus.INTERRUPTED]
    assert all(worst_status([retry, *to_mend]) == retry for retry in RETRY_WORTHY)


def test_no_song_at_all_is_no_failure() -> None:
    assert worst_status([]) == ExitStatus.DONE
