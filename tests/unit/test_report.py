"""The report is one inert file, whatever is written in the tags; the contact sheet shows what is in the film."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from suno_video.assemble.proof import CutProof, LyricProof, SyncProof
from suno_video.assemble.proof_facts import Fact, _sureness
from suno_video.assemble.remembered import Card, MemoryReport, Moment, Trait, memory_report
from suno_video.assemble.report import render_report, write_report
from suno_video.assemble.sheet import (
    MAX_SHEET_SCENES,
    Thumbnail,
    contact_sheet,
    draw_sheet,
    sample_scenes,
    thumbnail_size,
    write_thumbnails,
)
from suno_video.assemble.timeline import WIDTH, draw_timeline
from suno_video.backends.fake import FakeStream
from suno_video.core.character import Character
from suno_video.core.color import Palette
from suno_video.core.errors import EncoderError
from suno_video.core.frames import FrameSize, planes
from suno_video.core.song import Song
from suno_video.core.storyboard import Motif, Storyboard, Treatment
from suno_video.media.ffmpeg import FrameWriter
from suno_video.project.memory import begin_state
from tests.unit.songs import PALETTE, TINY, dissolve, scene, steady_analysis, storyboard_of

PAYLOADS = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "` onclick=alert(1) `",
    "javascript:alert(1)",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<!-- --><b>bold</b>",
    "--><script>alert(1)</script><!--",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><b/>",
    "{{ 7 * 7 }}",
    "{% for x in ().__class__.__bases__ %}{{ x }}{% endfor %}",
    "{{ config }}{# comment #}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\u202e<b>turned</b>\u2066",
    "a\x00b\x08c\x1bd<b>",
    "half a pair \ud83d <b>",
    "<base href='//evil.example/'><link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "x" * 20000 + "<b>",
)


class Page(HTMLParser):
    """Every tag with its attribute names, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.values += [value or "" for _, value in attrs]

    def handle_comment(self, data: str) -> None:
        self.tags.append(("!--", ()))

    def handle_decl(self, decl: str) -> None:
        self.tags.append((f"!{decl}", ()))

    def handle_pi(self, data: str) -> None:
        self.tags.append(("?", ()))

    def unknown_decl(self, data: str) -> None:
        self.tags.append(("![", ()))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def memory_of(word: str) -> MemoryReport:
    """A memory with one text wherever it takes text; its own limits are tested elsewhere."""
    trait = Trait("Seen", word)
    card = Card(word, (trait,))
    moment = Moment("s001", "0:00.0", word, word, word, "planned", word, "ab", "75%")
    return MemoryReport("0123456789abcdef", 1, (trait,), (card,), (card,), (moment,))


def film_of(word: str) -> dict[str, Any]:
    """Everything that a report is made from, with one text in every field that takes text."""
    motif = Motif(name=word, families=(word,), idea=word, palette=PALETTE)
    treatment = Treatment(logline=word, look=word, moods=(word,), palette=PALETTE, motifs=(motif,), style_words=word)
    texts = {"motif": word, "family": word, "prompt": word, "negative_prompt": word, "lyrics": word, "why": word}
    storyboard = storyboard_of(
        scene(1, 0, 120, **texts, still_backend=word, video_backend=word),
        scene(2, 120, 240, **texts, transition=dissolve(10)),
        treatment=treatment,
        director=word,
    )
    song = Song(
        file_name=word,
        sha256="ab" * 32,
        n_samples=8 * 48000,
        sample_rate_hz=48000,
        n_channels=2,
        duration_s=8.0,
        title=word,
        artist=word,
        album=word,
        genre=word,
        notes=(word,),
    )
    analysis = steady_analysis().model_copy(update={"key": word, "moods": (word,), "analyzer": word})
    return {
        "song": song,
        "analysis": analysis,
        "storyboard": storyboard,
        "proof": proof(piece=word),
        "stand_ins": {"s001": word, word: word},
        "film_name": word,
        "seconds": 12.3,
        "versions": {word: word},
        "thumbnails": {},
        "memory": memory_of(word),
    }


def proof(piece: str = "s002", **changes: Any) -> SyncProof:
    cut = CutProof(piece=piece, planned_frame=120, written_frame=120, shown_ms=4000, is_key_frame=True, drift_frames=0)
    values: dict[str, Any] = {
        "fps": 30,
        "n_frames_planned": 240,
        "n_frames_written": 240,
        "cuts": (cut,),
        "max_drift_frames": 0,
        "picture_start_ms": 0,
        "sound_start_ms": 0,
        "picture_s": 8,
        "sound_s": 8,
        "song_s": 8,
        "duration_error_s": 0,
        "has_edit_lists": False,
        "n_scene_cuts": 1,
        "on_beat": 1.0,
        "on_downbeat": 0.5,
        **changes,
    }
    return SyncProof.model_validate(values)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_adds_a_tag_or_an_attribute(payload: str) -> None:
    plain, hostile = Page(render_report(**film_of("word"))), Page(render_report(**film_of(payload)))
    assert hostile.tags == plain.tags
    assert not any(name.startswith("on") for _, names in hostile.tags for name in names)
    assert not {"script", "iframe", "link", "base", "a", "form", "object"} & {tag for tag, _ in hostile.tags}
    # Nothing of it stands in an attribute either.
    assert hostile.values == plain.values


@pytest.mark.parametrize("payload", ["<b>&amp;</b>", "{{ 7 * 7 }}", "Ćma 蝶 👋"])
def test_text_is_shown_as_it_is_written(payload: str) -> None:
    page = Page(render_report(**film_of(payload)))
    assert page.text.count(payload) >= 15


def test_the_report_asks_for_nothing_from_outside_and_allows_no_script() -> None:
    html = render_report(**film_of("word"))
    assert not re.search(r"https?:|src=\"(?!data:)|url\(|@import", html)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert policy and style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy[1].startswith("default-src 'none'")
    assert f"'sha256-{digest}'" in policy[1]
    # Styles on elements would be blocked by that policy.
    assert not any("style" in names for _, names in Page(html).tags)


def test_the_report_is_written_with_its_thumbnails_inside(tmp_path: Path) -> None:
    Image.new("RGB", (32, 18), (200, 30, 30)).save(tmp_path / "s001.jpg")
    parts = film_of("word") | {"thumbnails": {"s001": tmp_path / "s001.jpg", "s002": tmp_path / "missing.jpg"}}
    path = write_report(tmp_path, **parts)
    html = path.read_text(encoding="utf-8")
    assert path.name == "report.html"
    assert html.count("data:image/jpeg;base64,") == 1
    assert "not affiliated with Suno, Inc." in html


def test_a_film_out_of_sync_says_so() -> None:
    html = render_report(**film_of("word") | {"proof": proof(max_drift_frames=3, n_frames_written=237)})
    assert "3 frames" in html and "237 of 240" in html
    assert html.count('class="amiss"') == 2
    assert "A cut is 3 frames from its place." in html


def test_the_memory_is_shown_and_what_it_does_not_say_is_left_out() -> None:
    mara = Character(name="Mara", hair="black bob")
    treatment = Treatment(logline="", look="", moods=(), palette=PALETTE, motifs=(), characters=(mara,))
    board = storyboard_of(scene(1, 0, 120, who=("Mara",)), scene(2, 120, 240), treatment=treatment)
    state = begin_state(board, "0123456789abcdef")
    told = {"status": "done", "played_by": "fake-paid", "clip_take": "cd" * 32, "review_score": 0.8}
    done = state.timeline[0].model_copy(update=told)
    memory = memory_report(state.model_copy(update={"timeline": (done, state.timeline[1])}))
    page = Page(render_report(**film_of("word") | {"memory": memory}))
    text = " ".join(" ".join(page.text).split())
    assert "1 of 2 scenes are as they were asked for" in text
    assert "Mara Hair black bob" in text
    assert "Clothing" not in text
    assert "s001 0:00.0 – 0:04.0 verse, bar 1 m Mara done fake-paid cdcdcdcdcdcd 80%" in text
    assert "s002 0:04.0 – 0:08.0 verse, bar 1 m – planned – – –" in text


def test_stand_ins_are_named_with_their_reason() -> None:
    html = render_report(**film_of("word") | {"stand_ins": {"s002": "the service is busy"}})
    assert "the service is busy" in html
    assert html.count(">stand-in<") == 1
    assert "stand-in" not in render_report(**film_of("word") | {"stand_ins": {}}).split("</style>")[1]


def test_a_report_without_proof_or_beats_is_whole() -> None:
    quiet = steady_analysis().model_copy(update={"beats_s": (), "downbeats_s": (), "tempo_bpm": 0.0, "key": None})
    html = render_report(**film_of("word") | {"proof": None, "analysis": quiet})
    assert "Proof of sync" not in html
    assert "no beat" in html and "Short ticks" not in html


def test_cuts_stand_on_the_timeline_where_they_are_in_the_song() -> None:
    board = storyboard_of(scene(1, 60, 120), scene(2, 120, 180))
    timeline = draw_timeline(steady_analysis(duration_s=8.0), board)
    assert timeline.cuts == (WIDTH / 2,)
    assert (timeline.film_x, timeline.film_width) == (WIDTH / 4, WIDTH / 2)
    assert [band.label for band in timeline.bands] == ["verse", "chorus"]
    assert sum(band.width for band in timeline.bands) == WIDTH


def test_an_hour_of_beats_is_drawn_as_ticks_that_can_be_told_apart() -> None:
    timeline = draw_timeline(steady_analysis(duration_s=3600, fps=10), storyboard_of(scene(1, 0, 36000), fps=10))
    assert 100 < len(timeline.ticks) <= 420
    assert len(timeline.wave) < 20000


def make_film(path: Path, storyboard: Storyboard) -> Path:
    """A film in which each scene has its own grey."""
    size = storyboard.size
    args = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", str(size), "-r", str(storyboard.fps), "-i", "pipe:0"]
    with FrameWriter([*args, "-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-y", str(path)]) as writer:
        for number, part in enumerate(storyboard.scenes):
            frame = next(iter(FakeStream(size, 1, 64).frames())).copy()
            frame[:] = 128
            planes(frame)[0][:] = 50 + 60 * number
            for _ in range(part.n_frames):
                writer.write(frame)
        writer.finish()
    return path


def test_each_thumbnail_shows_its_own_scene(tmp_path: Path) -> None:
    board = storyboard_of(scene(1, 30, 33), scene(2, 33, 50), scene(3, 50, 52))
    film = make_film(tmp_path / "-odd %d 'name'.mp4", board)
    paths = write_thumbnails(film, board, tmp_path / "thumbnails")
    assert sorted(paths) == ["s001", "s002", "s003"]
    for number, path in enumerate(paths.values()):
        with Image.open(path) as image:
            assert image.size == thumbnail_size(board)
            expected = (50 + 60 * number - 16) / 219 * 255
            assert abs(np.asarray(image).mean() - expected) < 6


def test_a_contact_sheet_is_drawn_from_the_film_alone(tmp_path: Path) -> None:
    board = storyboard_of(scene(1, 0, 10), scene(2, 10, 20))
    contact_sheet(make_film(tmp_path / "film.mp4", board), board, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.format == "PNG"
        assert image.width > 2 * thumbnail_size(board)[0]


def test_a_film_that_cannot_be_read_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"no film")
    with pytest.raises(EncoderError):
        write_thumbnails(tmp_path / "film.mp4", storyboard_of(scene(1, 0, 10)), tmp_path / "thumbnails")


@pytest.mark.parametrize("size", [TINY, FrameSize(width_px=36, height_px=64), FrameSize(width_px=36, height_px=36)])
@pytest.mark.parametrize("n_scenes", [1, 5, 300])
def test_a_sheet_has_a_sensible_shape_for_few_and_many_scenes(n_scenes: int, size: FrameSize) -> None:
    board = storyboard_of(*(scene(k + 1, 2 * k, 2 * k + 2) for k in range(n_scenes)), size=size)
    chosen = sample_scenes(board.scenes)
    assert len(chosen) == min(n_scenes, MAX_SHEET_SCENES)
    assert chosen[0].id == "s001" and chosen[-1].id == f"s{n_scenes:03d}"
    picture = Image.new("RGB", thumbnail_size(board), (90, 120, 200))
    sheet = draw_sheet([Thumbnail(one, picture) for one in chosen], board)
    assert max(sheet.size) <= 6000
    if n_scenes > 1:
        assert 0.6 < sheet.width / sheet.height < 3


def test_hostile_names_on_a_sheet_stay_within_it() -> None:
    board = storyboard_of(scene(1, 0, 10, family="\x00\u202e👋" + "W" * 5000))
    sheet = draw_sheet([Thumbnail(board.scenes[0], Image.new("RGB", thumbnail_size(board)))], board)
    # The margin on the right stays empty.
    strip = np.asarray(sheet)[:, -20:]
    assert len(np.unique(strip.reshape(-1, 3), axis=0)) == 1


def test_palettes_are_drawn_as_they_are() -> None:
    html = render_report(**film_of("word"))
    stops: Palette = PALETTE
    assert all(html.count(f'fill="{stop}"') == 2 for stop in stops)


@pytest.mark.parametrize(
    ("timed", "unsure", "said"),
    [
        (24, 0, "How sure the lyrics are timed"),
        (24, 2, "How sure the lyrics are timed (2 of 24 lines shown softly)"),
        (21, 2, "How sure the lyrics are timed (2 of 24 lines shown softly, 3 not shown)"),
    ],
)
def test_a_reader_learns_how_many_lines_are_not_sure_and_how_many_nobody_sees(
    timed: int, unsure: int, said: str
) -> None:
    proof = LyricProof(n_lines=24, n_timed_lines=timed, n_timed_words=90, mean_confidence=0.82, n_unsure_lines=unsure)
    assert _sureness(proof) == Fact(said, "82%")
