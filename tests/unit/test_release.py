"""Texts of a release by rules, and each platform's own form of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suno_video.core.brief import Brief
from suno_video.core.errors import BadEditError, UsageError
from suno_video.core.release import Chapter, ReleaseTexts, clean_hashtag, tidy_texts
from suno_video.core.song import LyricLine, Lyrics
from suno_video.core.storyboard import Storyboard
from suno_video.core.text import utf16_units
from suno_video.direct.rules import direct_by_rules
from suno_video.publish.chapters import find_chapters
from suno_video.publish.limits import RESERVED, tags_length
from suno_video.publish.metadata import colour_names, quote_of, write_texts
from suno_video.publish.platforms import PlatformTexts, text_targets, texts_for
from suno_video.publish.targets import load_target
from tests.unit.direct_songs import FAMILIES, analyses, song_in_bars, song_of
from tests.unit.hostile import any_text

WORDS = ("Paper stars above the bay", "we were counting every light", "Nobody came home", "and the tide took it")
LYRICS = tuple(LyricLine(text=text) for text in WORDS * 3)
POP_SONG = song_in_bars(key="A minor", key_confidence=0.6, moods=("dreamy", "driving"), bpm=104)


@pytest.fixture(scope="module")
def board() -> Storyboard:
    return direct_by_rules(song_of(POP_SONG), POP_SONG, Brief(), families=FAMILIES)


def texts_of(**changes: object) -> ReleaseTexts:
    values: dict[str, object] = {
        "song_sha256": "ab" * 32,
        "writer": "rules 1",
        "title": "Paper Stars",
        "description": "A song.",
        "tags": (),
        "hashtags": (),
        "visual_style": "",
        "alt_text": "",
        "chapters": (),
        **changes,
    }
    return tidy_texts(**values)  # type: ignore[arg-type]


def assert_within_limits(shown: PlatformTexts) -> None:
    """By counts written down here once more, not by those that cut."""
    body, name = shown.body, shown.target
    hashtags = re.findall(r"[#＃]\w", body)
    assert (shown.title is not None) == (name in ("youtube", "shorts"))
    if shown.title is not None:
        assert 0 < len(shown.title) <= 100
        assert len(body.encode()) <= 5000
        assert not set("<>") & set(shown.title + body + "".join(shown.tags))
        listed = ",".join(f'"{tag}"' if " " in tag else tag for tag in shown.tags)
        assert len(listed) <= 500
        assert not any("," in tag or '"' in tag for tag in shown.tags)
    assert len(hashtags) <= {"youtube": 15, "shorts": 15, "linkedin": 5, "tiktok": 5, "reels": 30, "x": 3}[name]
    if name == "linkedin":
        assert len(body) <= 3000
        bare = re.sub(r"\{hashtag\|\\#\|(?:\\.|[^\\{}|])+\}", "", body)
        assert not re.search(rf"(?<!\\)[{re.escape(RESERVED.replace(chr(92), ''))}]", re.sub(r"\\\\", "", bare))
    if name == "tiktok":
        assert utf16_units(body) <= 2200
    if name == "reels":
        assert len(body) <= 2200
        assert len(re.findall(r"[@＠]\w", body)) <= 20
    if name == "x":
        light = sum(ord(char) <= 4351 for char in body)
        assert light + 2 * (len(body) - light) - sum(0x2000 <= ord(char) <= 0x201F for char in body) <= 280
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", body)
    assert shown.source.startswith("https://")


def test_the_texts_of_a_song_say_what_is_heard_and_seen(board: Storyboard) -> None:
    song = song_of(POP_SONG, LYRICS, genre="Dark Synthwave, dreamy, female vocals", album="First Light")
    texts = write_texts(song, POP_SONG, board)

    assert texts.title == "The Testers – Paper Stars (music video)"
    assert texts.description.splitlines()[0] == "“Paper stars above the bay / we were counting every light”"
    assert (
        "Paper Stars by The Testers: dark synthwave, dreamy, female vocals, driving, in A minor at 104 bpm, 4:00. "
        "Two verses, three choruses and a bridge." in texts.description
    )
    assert f"{len(board.scenes)} shots, cut on the bars of the song." in texts.description
    assert board.treatment.logline in texts.description
    assert texts.description.endswith("From the album First Light.")
    assert texts.tags[:5] == ("Paper Stars", "The Testers", "The Testers Paper Stars", "music video", "dark synthwave")
    assert texts.hashtags[:4] == ("DarkSynthwave", "TheTesters", "PaperStars", "MusicVideo")
    assert board.treatment.motifs[0].idea[1:] in texts.alt_text
    assert board.treatment.style_words[1:] in texts.visual_style
    assert [chapter.title for chapter in texts.chapters] == [
        *("Intro", "Verse 1", "Chorus 1", "Verse 2", "Chorus 2", "Bridge", "Chorus 3", "Outro")
    ]


@pytest.mark.parametrize("name", ["夜の海", "ночь и день", "كلمات الليل", "रात का गीत", "밤의 바다"])
def test_a_title_in_any_script_is_kept_whole_everywhere(name: str, board: Storyboard) -> None:
    lines = tuple(LyricLine(text=f"{name} {number}") for number in range(12))
    texts = write_texts(song_of(POP_SONG, lines, title=name, artist=None), POP_SONG, board)

    assert texts.title == f"{name} (music video)"
    assert clean_hashtag(name) in texts.hashtags
    assert f"“{name} 0 / {name} 1”" in texts.description
    for target in text_targets():
        shown = texts_for(texts, target)
        assert_within_limits(shown)
        assert name in (shown.title or shown.body)


def test_an_instrumental_without_key_tags_or_film_has_texts() -> None:
    analysis = song_in_bars(key=None, moods=("silent",), bpm=60)
    texts = write_texts(song_of(analysis, artist=None, title="7"), analysis, None)

    assert texts.title == "7 (music video)"
    assert "“" not in texts.description
    assert " in " not in texts.description
    assert texts.hashtags == ("MusicVideo", "silent")
    assert texts.alt_text == "The music video of “7”."


def test_the_lyrics_are_never_told_whole() -> None:
    def quoted(*lines: str) -> str:
        return quote_of(Lyrics(source="test", lines=tuple(LyricLine(text=line) for line in lines)))

    assert quote_of(None) == ""
    assert quoted("All that there is in this song, once") == ""
    assert quoted("short", "words") == ""
    one = quoted("word " * 400)
    assert 0 < len(one) <= 122
    assert one.endswith("…”")


@given(st.lists(any_text, max_size=12))
@settings(max_examples=40, deadline=None)
def test_no_more_than_a_quarter_of_the_lyrics_is_quoted(lines: list[str]) -> None:
    quote = quote_of(Lyrics(source="test", lines=tuple(LyricLine(text=line) for line in lines)))

    assert len(quote) <= 2 + min(120, sum(map(len, lines)) / 4)


@given(any_text, any_text, any_text, st.lists(any_text, max_size=6), st.integers(0, 2))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_the_song_is_called_the_rules_stay_within_every_limit(
    board: Storyboard, title: str, artist: str, genre: str, lines: list[str], film: int
) -> None:
    treatment = board.treatment.model_copy(update={"logline": title, "style_words": genre})
    seen = [board, None, board.model_copy(update={"treatment": treatment})][film]
    lyrics = tuple(LyricLine(text=line) for line in lines)
    song = song_of(POP_SONG, lyrics, title=title, artist=artist, genre=genre, album=artist)
    texts = write_texts(song, POP_SONG, seen)

    assert 0 < len(texts.title) <= 100
    assert len(texts.tags) <= 15
    for target in text_targets():
        assert_within_limits(texts_for(texts, target))


@given(any_text, any_text, st.lists(any_text, max_size=15), st.lists(any_text, max_size=30))
@settings(max_examples=40, deadline=None)
def test_whatever_a_person_writes_each_platform_gets_what_it_takes(
    title: str, description: str, tags: list[str], hashtags: list[str]
) -> None:
    edited = ReleaseTexts.model_construct(
        **{**dict(texts_of()), "title": title[:1000] or "x", "description": description * 3},
    ).model_copy(update={"tags": tuple(tags), "hashtags": tuple(hashtags)})
    for target in text_targets():
        assert_within_limits(texts_for(edited, target))


def test_limits_are_reached_and_not_passed() -> None:
    long = texts_of(
        title="字" * 300,
        description="日本語の歌。" * 2000,
        tags=[f"a tag number {number}" + "x" * 40 for number in range(40)],
        hashtags=[f"word{number}" for number in range(40)],
    )
    youtube, x = texts_for(long, "youtube"), texts_for(long, "x")

    assert len(youtube.title or "") == 100
    assert 4900 < len(youtube.body.encode()) <= 5000
    assert 440 < tags_length(youtube.tags) <= 500
    assert len(re.findall("#", youtube.body)) == 15
    assert 250 < load_target("x").texts.count(x.body) <= 280  # type: ignore[union-attr]
    assert 2100 < utf16_units(texts_for(long, "tiktok").body) <= 2200
    assert 2900 < len(texts_for(long, "linkedin").body) <= 3000


def test_linkedin_gets_its_own_escapes_and_youtube_no_angle_brackets() -> None:
    texts = texts_of(title="I <3 you (live)", description="a_b *c* [d] {e} ~f| \\ @g #h", hashtags=["neo_soul"])

    assert texts_for(texts, "linkedin").body == (
        "I \\<3 you \\(live\\)\n\na\\_b \\*c\\* \\[d\\] \\{e\\} \\~f\\| \\\\ \\@g \\#h\n\n{hashtag|\\#|neo\\_soul}"
    )
    assert texts_for(texts, "youtube").title == "I 3 you (live)"
    assert texts_for(texts_of(title="<>"), "youtube").title == "Untitled"


def test_hashtags_in_the_description_count_as_well() -> None:
    texts = texts_of(description=" ".join(f"#w{number}" for number in range(14)), hashtags=["one", "two", "three"])
    many = texts_of(description=" ".join(f"#w{number}" for number in range(20)), hashtags=["one"])

    assert texts_for(texts, "youtube").body.endswith("#w13\n\n#one")
    assert texts_for(many, "youtube").body.endswith("#w14 w15 w16 w17 w18 w19")


@pytest.mark.parametrize(
    ("tag", "word"),
    [
        ("neo soul", "NeoSoul"),
        ("#Dream-Pop!", "DreamPop"),
        ("रात का गीत", "रातकागीत"),
        ("2024", ""),
        ("🎵", ""),
        ("x" * 41, ""),
        ("dreamy", "dreamy"),
        ("\u0335\u0335", ""),
    ],
)
def test_a_hashtag_is_one_word_of_letters(tag: str, word: str) -> None:
    assert clean_hashtag(tag) == word


@given(analyses())
@settings(max_examples=60, deadline=None)
def test_chapters_are_as_youtube_wants_them(analysis: object) -> None:
    chapters = find_chapters(analysis)  # type: ignore[arg-type]

    starts = [chapter.start_s for chapter in chapters]
    if starts:
        assert len(starts) >= 3
        assert starts[0] == 0
        assert all(b - a >= 10 for a, b in zip(starts, starts[1:], strict=False))
        assert analysis.duration_s - starts[-1] >= 9.5  # type: ignore[attr-defined]


def test_short_sections_join_the_one_before_and_the_first_the_next() -> None:
    plan = (("intro", "A", 0.1, 2), ("verse", "B", 0.5, 8), ("build", "C", 0.6, 2), ("drop", "D", 1.0, 8))
    analysis = song_in_bars((*plan, ("outro", "A", 0.1, 8)), bpm=120)  # type: ignore[arg-type]

    assert find_chapters(analysis) == (
        Chapter(start_s=0, title="Verse"),
        Chapter(start_s=24, title="Drop"),
        Chapter(start_s=40, title="Outro"),
    )


def test_chapters_of_a_part_of_the_song_count_from_the_films_beginning() -> None:
    brief = Brief(from_s=60.0, to_s=200.0)
    part = direct_by_rules(song_of(POP_SONG), POP_SONG, brief, families=FAMILIES)
    chapters = find_chapters(POP_SONG, part)

    assert chapters[0] == Chapter(start_s=0, title="Chorus 1")
    assert chapters[1] == Chapter(start_s=32, title="Verse")


def test_an_edit_that_breaks_the_chapters_is_told_by_its_line() -> None:
    text = texts_of(chapters=[Chapter(start_s=s, title="x") for s in (0, 20, 40)]).to_json()

    with pytest.raises(BadEditError, match="at least 10 s after"):
        ReleaseTexts.from_json(text.replace('"start_s": 40', '"start_s": 21'), "release.json")
    with pytest.raises(BadEditError, match="line 6"):
        ReleaseTexts.from_json(text.replace('"description": "A song."', '"description": 5'), "release.json")


def test_a_target_without_texts_is_refused_with_those_that_take_some() -> None:
    with pytest.raises(UsageError) as caught:
        texts_for(texts_of(), "canvas")

    assert "youtube" in caught.value.hint


def test_colours_have_plain_names() -> None:
    palette = ("#05040e", "#1c1763", "#a01c86", "#1bb4da", "#fff1d6", "#808080", "#c01020")
    assert colour_names(palette) == ["black", "dark blue", "magenta", "blue", "pale yellow", "grey", "red"]
