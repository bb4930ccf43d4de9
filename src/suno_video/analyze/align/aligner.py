"""Finds given words in a voice: first whole passages, so that no line is lost in the next, then each line by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from suno_video.analyze.align.letters import Heard, LetterEar
from suno_video.analyze.align.romanise import Letter, romanise, spell, token_of
from suno_video.analyze.align.sounds import phonemes_of
from suno_video.analyze.align.viterbi import TokenSpan, TooShortError, align_tokens, least_frames
from suno_video.core.memory import ModelCache
from suno_video.core.song import LyricLine, Lyrics, LyricWord, Phoneme

ALIGNER = "align 1"
"""Changes whenever the same sound and words would give other times; part of the cache key."""

HEARD = 0.06
"""Mean probability of its letters below which a line was not found: it keeps the times that it had."""
_LONGEST_PASSAGE_S = 75.0
_PART_S = 8.0
"""So long a rest parts two passages."""
_PAD_S, _UNSURE_PAD_S, _GIVEN_PAD_S = 3.0, 8.0, 1.2
_FINE_PAD_S = 0.6
_LETTER_S = 0.12
"""How long the last letter of a word sounds after it was heard first."""
_GOOD = 0.55
"""Mean probability of letters that counts as certain: sung words are heard worse than spoken ones."""


@dataclass(frozen=True)
class _Text:
    """A line to be found: its number, its letters, and where it is looked for."""

    number: int
    letters: tuple[Letter, ...]
    tokens: tuple[int, ...]
    first: int
    last: int
    """Frames within which it is looked for."""


class Aligner:
    """Keeps the model for the lines of a song, and gives its memory back after each."""

    def __init__(self, load: Callable[[str], LetterEar] = LetterEar) -> None:
        """Begin with no model."""
        self._load = load
        self._ears: ModelCache[LetterEar] = ModelCache(capacity=1, unload=lambda ear: ear.close())

    def align(
        self, lyrics: Lyrics, sound: Path, model: str, *, on_block: Callable[[float], None] = lambda _: None
    ) -> Lyrics:
        """Give lyrics the times at which their words are heard; lines that are not found keep theirs.

        Args:
            lyrics: With times for its lines, given or placed.
            sound: The song, or better its voice alone.
            model: Id or folder of a model that hears letters.
            on_block: Told how many seconds were heard; may raise to stop.

        Raises:
            BackendUnavailableError: The model cannot be had.
            NoSuchInputError, BadSongError: The sound cannot be decoded.
        """
        try:
            heard = self._ears.get(model, lambda: self._load(model)).hear(sound, on_block=on_block)
        finally:
            self._ears.clear()
        return align_heard(lyrics, heard)


def align_heard(lyrics: Lyrics, heard: Heard) -> Lyrics:
    """Give lyrics the times at which their words were heard."""
    found: dict[int, list[TokenSpan]] = {}
    texts = _texts(lyrics, heard)
    for passage in _passages(texts, heard.frame_s):
        rough = _align_passage(passage, heard)
        found |= {text.number: _align_line(text, rough, heard) for text in passage if text.number in rough}
    lines = list(lyrics.lines)
    for text in texts:
        if text.number in found:
            lines[text.number] = _timed(lines[text.number], text, found[text.number], heard)
    return lyrics.model_copy(update={"lines": _without_overlaps(tuple(lines))})


def _texts(lyrics: Lyrics, heard: Heard) -> list[_Text]:
    texts = []
    for number, line in enumerate(lyrics.lines):
        if line.start_s is None or line.end_s is None or line.timed_by == "fixed":
            continue
        letters = tuple(spell(line.text, heard.vocabulary))
        pad_s = _GIVEN_PAD_S if line.timed_by == "given" else _PAD_S if line.is_sure else _UNSURE_PAD_S
        first = max(0, int((line.start_s - pad_s) / heard.frame_s))
        last = min(len(heard.log_probs), int((line.end_s + pad_s) / heard.frame_s))
        if letters and last > first:
            tokens = tuple(token_of(letter, heard.vocabulary) for letter in letters)
            texts.append(_Text(number, letters, tokens, first, last))
    return texts


def _passages(texts: Sequence[_Text], frame_s: float) -> list[list[_Text]]:
    """Put lines together that are looked for in the same stretch of time, as long as memory bounds allow."""
    passages: list[list[_Text]] = []
    for text in texts:
        last = passages[-1] if passages else []
        parted = not last or (text.first - last[-1].last) * frame_s > _PART_S - 2 * _PAD_S
        if parted or (text.last - last[0].first) * frame_s > _LONGEST_PASSAGE_S or text.first < last[0].first:
            passages.append([text])
        else:
            last.append(text)
    return passages


def _align_passage(passage: Sequence[_Text], heard: Heard) -> dict[int, tuple[int, int]]:
    """Find roughly where each line lies, all at once; between lines anything may be sung. Empty if they do not fit."""
    tokens = [token for text in passage for token in text.tokens]
    borders = np.cumsum([0, *(len(text.tokens) for text in passage)])
    first, last = passage[0].first, max(text.last for text in passage)
    try:
        spans = align_tokens(
            heard.log_probs[first:last].astype(np.float32), tokens, blank=heard.blank, stars=borders.tolist()
        )
    except TooShortError:
        return {}
    return {
        text.number: (first + spans[a].start, first + spans[b - 1].end)
        for text, (a, b) in zip(passage, pairwise(borders.tolist()), strict=True)
    }


def _align_line(text: _Text, rough: dict[int, tuple[int, int]], heard: Heard) -> list[TokenSpan]:
    """Find the letters of one line near where it roughly lies, and no nearer to its neighbours than half way."""
    start, end = rough[text.number]
    pad = round(_FINE_PAD_S / heard.frame_s)
    before = max((b for number, (_, b) in rough.items() if number < text.number), default=0)
    after = min((a for number, (a, _) in rough.items() if number > text.number), default=len(heard.log_probs))
    first = max(0, start - pad, min(start, (before + start) // 2))
    last = min(len(heard.log_probs), end + pad, max(end, (after + end) // 2))
    last = max(last, min(len(heard.log_probs), first + least_frames(text.tokens)))
    window = heard.log_probs[first:last].astype(np.float32)
    try:
        spans = align_tokens(window, text.tokens, blank=heard.blank, stars=(0, len(text.tokens)))
    except TooShortError:
        return []
    return [TokenSpan(first + span.start, first + span.end, span.log_prob) for span in spans]


def _timed(line: LyricLine, text: _Text, spans: list[TokenSpan], heard: Heard) -> LyricLine:
    """Give a line the times of its letters, where they were heard well enough."""
    if not spans or np.mean(np.exp([span.log_prob for span in spans])) < HEARD:
        return line
    words = _words(line, text, spans, heard)
    sure = float(np.mean([word.confidence or 0.0 for word in words]))
    update = {
        "start_s": words[0].start_s,
        "end_s": max(words[-1].end_s, words[0].start_s + 0.05),
        "words": tuple(words),
        "timed_by": "aligned",
        "confidence": round(sure, 3),
    }
    return line.model_copy(update=update)


def _words(line: LyricLine, text: _Text, spans: list[TokenSpan], heard: Heard) -> list[LyricWord]:
    frame_s, song_s = heard.frame_s, len(heard.log_probs) * heard.frame_s
    written = line.text.split()
    by_word: dict[int, list[int]] = {}
    for at, letter in enumerate(text.letters):
        by_word.setdefault(letter.word, []).append(at)
    starts = {word: spans[ats[0]].start * frame_s for word, ats in by_word.items()}
    ends = {word: min(spans[ats[-1]].end * frame_s + _LETTER_S, song_s) for word, ats in by_word.items()}
    words: list[LyricWord] = []
    for number, shown in enumerate(written):
        if number not in by_word:
            # A sign, or letters that the model does not have: it stands with the word before it.
            at_s = round(words[-1].end_s if words else min(starts.values()), 3)
            words.append(LyricWord(text=shown, start_s=at_s, end_s=at_s, confidence=0.0))
            continue
        later = [start for word, start in starts.items() if word > number]
        start_s, end_s = starts[number], min(ends[number], min(later, default=np.inf))
        times = [spans[at].start * frame_s for at in by_word[number]]
        letters = "".join(text.letters[at].text for at in by_word[number])
        chance = float(np.mean(np.exp([spans[at].log_prob for at in by_word[number]])))
        words.append(
            LyricWord(
                text=shown,
                start_s=round(start_s, 3),
                end_s=round(max(start_s, float(end_s)), 3),
                confidence=round(min(1.0, chance / _GOOD), 3),
                phonemes=_phonemes(shown, letters, start_s, float(end_s), times),
            )
        )
    return words


def _phonemes(shown: str, letters: str, start_s: float, end_s: float, times_s: list[float]) -> tuple[Phoneme, ...]:
    if letters.isascii():
        return phonemes_of(letters, start_s, end_s, times_s, english=shown.isascii())
    return phonemes_of(romanise(letters).replace(" ", ""), start_s, end_s, english=False)


def _without_overlaps(lines: tuple[LyricLine, ...]) -> tuple[LyricLine, ...]:
    """End each line that was heard before the next one that was."""
    closed = list(lines)
    for i, (line, after) in enumerate(pairwise(lines)):
        both = line.timed_by == "aligned" and after.timed_by == "aligned"
        if both and (line.start_s or 0.0) < (after.start_s or 0.0) < (line.end_s or 0.0):
            closed[i] = line.model_copy(update={"end_s": after.start_s})
    return tuple(closed)
