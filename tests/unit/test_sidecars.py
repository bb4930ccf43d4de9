"""Lyrics beside the film: every format can be read back, whatever is sung."""

from __future__ import annotations

import re
from pathlib import Path

import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suno_video.analyze.lyrics import parse_lyrics
from suno_video.assemble.sidecars import SIDECAR_ENDINGS, write_sidecars
from suno_video.core.song import LyricLine, Lyrics, LyricWord, Song
from suno_video.core.state import ProjectState
from suno_video.core.storyboard import Storyboard
from suno_video.pipeline.captioning import leave_captions
from suno_video.pipeline.options import PlannedFilm
from suno_video.project.workspace import Project
from tests.unit.direct_songs import song_of
from tests.unit.songs import scene, steady_analysis, storyboard_of
from tests.unit.test_captions import HOSTILE

WORDS = (LyricWord(text="hold", start_s=1.0, end_s=1.4), LyricWord(text="on", start_s=1.5, end_s=1.9))


def _song(*lines: LyricLine) -> Song:
    return song_of(steady_analysis()).model_copy(update={"lyrics": Lyrics(source="test", lines=lines)})


def _film(first_frame: int = 0, **changes: object) -> Storyboard:
    return storyboard_of(scene(1, first_frame, 120), first_frame=first_frame, **changes)


def _line(text: str, start_s: float = 1.0, end_s: float = 2.0) -> LyricLine:
    return LyricLine(text=text, start_s=start_s, end_s=end_s)


def _cues(text: str, kind: str) -> list[pysubs2.SSAEvent]:
    return [event for event in pysubs2.SSAFile.from_string(text, format_=kind).events if not event.is_comment]


def _require_whole(files: dict[str, str], n_lines: int) -> None:
    """Each file holds as many lines as were sung, and nothing that a player would take for a tag or a cue."""
    assert len(_cues(files[".srt"], "srt")) == n_lines
    assert len(_cues(files[".vtt"], "vtt")) == n_lines
    assert len(re.findall(r"^\d{2}:\d{2}:\d{2}\.\d{3} --> ", files[".vtt"], re.MULTILINE)) == n_lines
    assert len(parse_lyrics(files[".lrc"], ".lrc", 60.0)) == n_lines
    assert all(event.style == "line" for event in _cues(files[".ass"], "ass"))
    assert not re.search(r"[<>{}\\]", re.sub(r"^.* --> .*$", "", files[".srt"], flags=re.MULTILINE))
    assert not re.search(r"<(?!\d{2}:\d{2}:\d{2}\.\d{3}>)", files[".vtt"])
    for text in files.values():
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069]", text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_lines_break_no_file(text: str) -> None:
    files = write_sidecars(_song(_line("before", 0.2, 0.8), _line(text), _line("after", 2.5, 3.5)), _film())

    _require_whole(files, 3)
    assert "before" in files[".srt"]
    assert "after" in files[".lrc"]


@settings(max_examples=60, deadline=None)
@given(
    st.text(min_size=1, max_size=40),
    st.sampled_from(["", "-->", "{\\fs9}", "<script>", "\n\n9\n00:", "[01:02.03]", "\x00"]),
)
def test_no_text_breaks_a_file(text: str, thorn: str) -> None:
    files = write_sidecars(_song(_line(f"a {text} {thorn} b")), _film())

    _require_whole(files, 1)


def test_words_with_times_are_in_the_lrc_and_are_read_back_as_they_were() -> None:
    line = LyricLine(text="hold on", start_s=1.0, end_s=1.9, words=WORDS)

    files = write_sidecars(_song(line), _film())

    assert "[00:01.00]<00:01.00>hold <00:01.50>on<00:01.90>" in files[".lrc"]
    (read,) = parse_lyrics(files[".lrc"], ".lrc", 60.0)
    assert [(word.text, word.start_s) for word in read.words] == [("hold", 1.0), ("on", 1.5)]
    assert "<00:00:01.500>on" in files[".vtt"]


def test_a_film_of_a_part_of_the_song_begins_at_zero() -> None:
    files = write_sidecars(_song(_line("early", 0.1, 0.5), _line("late", 2.5, 3.0)), _film(first_frame=60))

    (cue,) = _cues(files[".srt"], "srt")
    assert cue.plaintext == "late"
    assert cue.start == 380  # 2.5 s less 2 s, and 120 ms for the eye
    assert {event.start for event in _cues(files[".ass"], "ass")} == {380}


def test_without_times_there_are_no_files() -> None:
    assert write_sidecars(_song(LyricLine(text="no time")), _film()) == {}


def _plan(folder: Path, song: Song) -> PlannedFilm:
    return PlannedFilm(
        song, steady_analysis(), _film(captions="none"), folder, "made anew", ProjectState.model_construct()
    )


def test_they_lie_beside_the_film_and_what_a_person_wrote_stays(tmp_path: Path) -> None:
    project, film, said = Project(tmp_path / "p").create(), tmp_path / "song.mp4", []
    (tmp_path / "song.lrc").write_text("the lyrics that came with the song")
    (tmp_path / "song.lyrics.srt").write_text("mine")

    leave_captions(film, _plan(tmp_path, _song(_line("one"))), project, said.append)

    names = {path.name for path in tmp_path.glob("song.lyrics.*")}
    assert names == {f"song.lyrics{ending}" for ending in SIDECAR_ENDINGS}
    assert (tmp_path / "song.lrc").read_text() == "the lyrics that came with the song"
    assert (tmp_path / "song.lyrics.srt").read_text() == "mine"
    assert [event.text for event in said] == [
        "song.lyrics.srt was not written by us, or was changed: it stays as it is"
    ]

    leave_captions(film, _plan(tmp_path, _song(_line("two"))), project, said.append)
    assert "two" in (tmp_path / "song.lyrics.vtt").read_text()
    leave_captions(film, _plan(tmp_path, song_of(steady_analysis())), project, said.append)
    assert {path.name for path in tmp_path.glob("song.lyrics.*")} == {"song.lyrics.srt"}
