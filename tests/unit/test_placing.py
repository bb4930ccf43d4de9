"""Lines without times are placed where they are sung, and say how sure that is."""

from __future__ import annotations

import numpy as np
import pytest

from suno_video.analyze.given_words import with_given_words
from suno_video.analyze.lyrics import parse
from suno_video.analyze.placing import place_lyrics, with_fixed_times
from suno_video.core.analysis import EnergyCurve, Section, SongAnalysis, VoiceSpan
from suno_video.core.song import SHOWN, LyricLine, Lyrics

BAR_S = 2.0
TEXT = """[Intro]

[Verse 1]
Paper planes above the park
Little fires in the dark
You were laughing in the rain
I will never be the same

[Chorus]
Oh we are golden tonight
Shining like satellite light
Nothing can pull us apart
Golden right down to the heart

[Solo]

[Chorus]
Oh we are golden tonight
Shining like satellite light
Nothing can pull us apart
Golden right down to the heart
"""
SUNG_S = tuple(first + 4.0 * i + 0.12 for first in (8, 24, 48) for i in range(4))


def _analysis(voices: tuple[VoiceSpan, ...], *, silent: bool = False, duration_s: float = 72.0) -> SongAnalysis:
    names = (
        ("intro", 0, 8),
        ("verse", 8, 24),
        ("chorus", 24, 40),
        ("solo", 40, 48),
        ("chorus", 48, 64),
        ("outro", 64, 72),
    )
    beats = tuple(float(t) for t in np.arange(0, duration_s, BAR_S / 4))
    flat = (0.5,) * 72
    curve = EnergyCurve(
        fps=1, loudness=flat, bass=flat, mid=flat, treble=flat, onset=flat,
        spectrum_b64=EnergyCurve.pack_spectrum(np.zeros((72, 32), dtype=np.float32)),
    )  # fmt: skip
    return SongAnalysis(
        song_sha256="x", analyzer="x", duration_s=duration_s, tempo_bpm=120, beats_s=beats, downbeats_s=beats[::4],
        beats_per_bar=4, beat_confidence=0.9, onsets_s=(), energy=curve, key=None, moods=(),
        integrated_lufs=None if silent else -14.0, voices=voices,
        sections=tuple(Section(start_s=a, end_s=b, label=n, group="A", energy=0.5) for n, a, b in names),
    )  # fmt: skip


def _voices(starts: tuple[float, ...] = SUNG_S) -> tuple[VoiceSpan, ...]:
    return tuple(VoiceSpan(start_s=start, end_s=start + 2.1, confidence=0.8) for start in starts)


def _lyrics(text: str = TEXT) -> Lyrics:
    parsed = parse(text, ".txt", 72)
    return Lyrics(source="t", lines=parsed.lines, marks=parsed.marks)


def _starts(lyrics: Lyrics) -> np.ndarray:
    return np.array([line.start_s for line in lyrics.lines])


def test_lines_stand_where_the_voice_sets_in_and_are_sure_of_it() -> None:
    placed = place_lyrics(_lyrics(), _analysis(_voices()))
    np.testing.assert_allclose(_starts(placed), SUNG_S, atol=0.02)
    assert all(line.timed_by == "placed" and line.is_sure for line in placed.lines)
    assert all(line.words and line.words[-1].end_s <= line.end_s for line in placed.lines)
    assert all(abs(line.end_s - line.start_s - 2.1) < 0.05 for line in placed.lines)


def test_a_voice_that_was_missed_and_one_that_is_not_there_move_no_other_line() -> None:
    heard = _voices((*SUNG_S[:5], *SUNG_S[6:]))
    false = VoiceSpan(start_s=43.0, end_s=44.0, confidence=0.4)
    placed = place_lyrics(_lyrics(), _analysis(tuple(sorted((*heard, false), key=lambda span: span.start_s))))
    np.testing.assert_allclose(np.delete(_starts(placed), 5), np.delete(np.array(SUNG_S), 5), atol=0.3)
    assert abs(placed.lines[5].start_s - SUNG_S[5]) < 0.5


def test_without_a_voice_to_go_by_lines_follow_the_parts_and_bars_and_are_less_sure() -> None:
    placed = place_lyrics(_lyrics(), _analysis(()))
    right = np.abs(_starts(placed) - np.array(SUNG_S)) < 0.3
    assert right.mean() >= 0.75
    heard = place_lyrics(_lyrics(), _analysis(_voices()))
    assert max(line.confidence for line in placed.lines) < np.mean([line.confidence for line in heard.lines])


def test_a_line_that_a_person_timed_stays_and_its_neighbours_stay_in_order() -> None:
    lyrics = place_lyrics(_lyrics(), _analysis(()))
    fixed = with_fixed_times(lyrics, _analysis(()), {5: 29.5}, {5: 31.0})
    assert (fixed.lines[5].start_s, fixed.lines[5].end_s, fixed.lines[5].timed_by) == (29.5, 31.0, "fixed")
    assert list(_starts(fixed)) == sorted(_starts(fixed))
    assert fixed.lines[5].trust == 1.0


def test_given_times_are_kept_to_the_digit() -> None:
    line = LyricLine(text="Given", start_s=10.123, end_s=11.5, timed_by="given")
    other = LyricLine(text="Oh we are golden tonight", section="Chorus", block=1)
    placed = place_lyrics(Lyrics(source="t", lines=(line, other)), _analysis(_voices()))
    assert placed.lines[0] == line
    assert placed.lines[1].start_s > 11


@pytest.mark.parametrize("text", ["la la la\n" * 5000, "x " * 4000])
def test_more_words_than_can_be_sung_stay_without_times(text: str) -> None:
    placed = place_lyrics(_lyrics(text), _analysis(_voices()))
    assert not any(line.is_timed for line in placed.lines) or len(placed.lines) < 20


def test_a_silent_song_places_nothing() -> None:
    assert place_lyrics(_lyrics(), _analysis((), silent=True)) == _lyrics()


def test_lines_of_which_nobody_knows_where_they_are_are_not_shown() -> None:
    guess = LyricLine(text="Somewhere", start_s=1.0, end_s=2.0, timed_by="placed", confidence=SHOWN / 2)
    assert Lyrics(source="t", lines=(guess,)).timed_lines == ()


def test_lines_with_times_get_words_where_voice_and_pace_agree_on_their_end_and_none_where_they_do_not() -> None:
    texts = [
        "Paper planes above the park",
        "Little fires in the dark",
        "You were laughing in the rain",
        "Oh",
        "La la la la",
    ]
    stamps = "".join(f"[00:{8 + 4 * i:02d}.00]{text}\n" for i, text in enumerate(texts))
    sung = tuple(VoiceSpan(start_s=8 + 4 * i, end_s=8 + 4 * i + s) for i, s in enumerate((2.0, 2.1, 1.9, 3.4, 1.3)))
    given = parse(stamps, ".lrc", 72.0).lines
    lines = with_given_words(Lyrics(source="a.lrc", lines=given), _analysis(sung)).lines
    assert [(line.start_s, line.end_s, line.timed_by) for line in lines] == [
        (line.start_s, line.end_s, "given") for line in given
    ]
    assert [[word.text for word in line.words] for line in lines[:3]] == [text.split() for text in texts[:3]]
    assert all(abs(line.words[-1].end_s - span.end_s) < 0.3 for line, span in zip(lines[:3], sung, strict=False))
    assert not lines[3].words  # held for longer than one syllable is, or sung by somebody else
    silent = Lyrics(source="a.lrc", lines=given)
    assert with_given_words(silent, _analysis(())) is silent


def test_words_are_as_sure_as_their_line_at_its_start_and_less_sure_further_in() -> None:
    placed = place_lyrics(_lyrics(), _analysis(_voices())).lines[0]
    first, *later = [word.confidence or 0.0 for word in placed.words]
    assert first == pytest.approx(placed.confidence, abs=0.002)
    assert all(0 < each < first for each in later)
    assert min(later) < 0.95 * first
