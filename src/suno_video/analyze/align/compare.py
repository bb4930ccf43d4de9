"""Written against sung: which lines nobody sings, and what is sung that nobody wrote."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suno_video.core.song import LyricLine, SungWord

MAX_WORDS = 4000
"""So many words are compared at most; the time it takes grows with their square."""
_SUNG_SHARE = 0.4
"""A line with less than this share of its words heard is not sung."""
_GAP_COST, _LIKE = 0.55, 0.6
_RUN_WORDS, _RUN_GAP_S = 3, 2.5
"""Words in a row that make up a line nobody wrote, and the most time between them."""
_NO_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")


@dataclass(frozen=True)
class SungRun:
    """Words that were heard in a row and are not written."""

    start_s: float
    end_s: float
    text: str
    after_line: int
    """Number of the written line that was heard before it; -1 before the first."""


@dataclass(frozen=True)
class Comparison:
    """Where the written words and those that were heard part."""

    heard_share: tuple[float, ...]
    """For each line the share of its words that was heard, in order with all others."""
    not_sung: tuple[int, ...]
    """Numbers of lines that are written but not sung."""
    not_written: tuple[SungRun, ...]
    """What is sung but not written."""


def compare_words(lines: Sequence[LyricLine], heard: Sequence[SungWord]) -> Comparison:
    """Lay the written words and those that were heard side by side, in order, near misses included.

    With nothing heard there is nothing to be said: no line counts as not sung.
    """
    written = [(word, number) for number, line in enumerate(lines) for word in plain_words(line.text)][:MAX_WORDS]
    sung = [(word, at) for at, each in enumerate(heard) for word in plain_words(each.text)][:MAX_WORDS]
    if not sung or not written:
        return Comparison((1.0,) * len(lines), (), ())
    pairs = _pairs([word for word, _ in written], [word for word, _ in sung])
    n_words, n_heard = np.zeros(len(lines)), np.zeros(len(lines))
    for at, (_, number) in enumerate(written):
        n_words[number] += 1
        n_heard[number] += at in pairs
    shares = np.where(n_words > 0, n_heard / np.maximum(n_words, 1), 1.0)
    not_sung = tuple(int(i) for i in np.flatnonzero((shares < _SUNG_SHARE) & (n_words > 0)))
    matched = {sung[j][1]: written[i][1] for i, j in pairs.items()}
    return Comparison(tuple(round(float(s), 3) for s in shares), not_sung, _unwritten(heard, matched))


def plain_words(text: str) -> list[str]:
    """Give the words of a text as they are compared: lower case, no accents or signs; Han and kana one by one."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in apart if not "\u0300" <= char <= "\u036f")
    plain = unicodedata.normalize("NFKC", plain)
    plain = _NO_SPACES.sub(lambda found: f" {found[0]} ", plain)
    return [word for word in re.sub(r"[^\w\s]|_", "", plain).split() if word]


def _pairs(written: list[str], sung: list[str]) -> dict[int, int]:
    """Pair words in order so that most of them are alike (Needleman and Wunsch 1970): written word to heard word."""
    alike = _likeness(written, sung)
    n, m = len(written), len(sung)
    best = np.zeros(m + 1, dtype=np.float32)
    best[:] = -_GAP_COST * np.arange(m + 1) * 0.2
    came = np.zeros((n + 1, m + 1), dtype=np.int8)  # 0: both, 1: a written word alone, 2: a heard one alone
    came[0, 1:] = 2
    steps = np.arange(m + 1, dtype=np.float32) * np.float32(_GAP_COST * 0.2)
    for i in range(n):
        both = np.concatenate([[-np.inf], best[:-1] + np.where(alike[i] >= _LIKE, alike[i], -1.0)]).astype(np.float32)
        alone = best - np.float32(_GAP_COST * 0.2)
        here = np.maximum(both, alone)
        # A heard word alone costs the same each time, so the best start of such a run is a running maximum.
        run = np.maximum.accumulate(here + steps) - steps
        came[i + 1] = np.where(run > here + 1e-6, 2, np.where(both >= alone, 0, 1))
        best = run
    pairs, i, j = {}, n, m
    while i > 0 and j >= 0:
        move = came[i, j] if j > 0 else 1
        if move == 0:
            if alike[i - 1, j - 1] >= _LIKE:
                pairs[i - 1] = j - 1
            i, j = i - 1, j - 1
        elif move == 1:
            i -= 1
        else:
            j -= 1
    return pairs


def _likeness(written: list[str], sung: list[str]) -> NDArray[np.float32]:
    """How alike words are, 0..1, shape (written, sung): by the pairs of letters that they share (Dice 1945)."""
    left, right = sorted(set(written)), sorted(set(sung))
    grams = sorted({gram for word in (*left, *right) for gram in _grams(word)})
    index = {gram: i for i, gram in enumerate(grams)}

    def rows(words: list[str]) -> NDArray[np.float32]:
        table = np.zeros((len(words), len(grams)), dtype=np.float32)
        for i, word in enumerate(words):
            table[i, [index[gram] for gram in _grams(word)]] = 1
        return table

    a, b = rows(left), rows(right)
    shared = 2 * (a @ b.T) / (a.sum(axis=1)[:, None] + b.sum(axis=1)[None, :])
    rank_a, rank_b = ({word: i for i, word in enumerate(words)} for words in (left, right))
    return np.asarray(shared[[rank_a[word] for word in written]][:, [rank_b[word] for word in sung]], dtype=np.float32)


def _grams(word: str) -> set[str]:
    padded = f" {word[:40]} "
    return {padded[i : i + 2] for i in range(len(padded) - 1)}


def _unwritten(heard: Sequence[SungWord], matched: dict[int, int]) -> tuple[SungRun, ...]:
    runs: list[list[int]] = []
    after: list[int] = []
    line = -1
    for at, word in enumerate(heard):
        if at in matched:
            line = matched[at]
            runs.append([])
            after.append(line)
        elif plain_words(word.text):
            if not runs or (runs[-1] and word.start_s - heard[runs[-1][-1]].end_s > _RUN_GAP_S):
                runs.append([])
                after.append(line)
            runs[-1].append(at)
    return tuple(
        SungRun(
            start_s=heard[run[0]].start_s,
            end_s=heard[run[-1]].end_s,
            text=" ".join(heard[at].text.strip() for at in run)[:300],
            after_line=number,
        )
        for run, number in zip(runs, after, strict=True)
        if len(run) >= _RUN_WORDS
    )
