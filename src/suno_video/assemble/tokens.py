"""A line of a song as the pieces that are never broken, and rows made of them: broken where a singer breathes."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from suno_video.assemble.lettering import caption_text
from suno_video.assemble.syllables import is_broken_anywhere, split_syllables
from suno_video.core.song import LyricLine

BREATH_S = 0.25
"""A pause between two words that is heard as one."""
MAX_TOKENS = 160
_ENDS_PHRASE = frozenset(".!?…;:。！？；：")
_ENDS_CLAUSE = frozenset(",、，–—)）」』")
# By the rules that East Asian typesetting calls kinsoku: what never begins a row, what never ends one.
_NEVER_FIRST = frozenset("、。，．・：；？！ー」』）】〉》〕…ぁぃぅぇぉゃゅょゎっァィゥェォャュョヮッ々")
_NEVER_LAST = frozenset("「『（【〈《〔")
# Particles of Chinese that go with the word before them.
_NEVER_FIRST |= frozenset("的吗吧呢们嗎們")
_BREATH, _PHRASE, _CLAUSE, _WORD = 1.0, 0.6, 0.3, 0.2
_BREATH_WORTH = 0.9
"""How far rows may be out of balance for the sake of a break at a breath."""
SCALES = ((1.0, 0), (0.86, 0), (0.74, 0), (0.62, 1))
"""Type sizes that are tried, and how many rows more at each: smaller type before more rows."""


@dataclass(frozen=True)
class Token:
    """A word, or a letter of a script that is broken anywhere."""

    text: str
    space: bool = False
    """Whether a space stands before it."""
    start_s: float | None = None
    end_s: float | None = None
    breath: float = 0.0
    """How good it is to begin a row with it, 0..1; negative where none may."""

    @property
    def is_timed(self) -> bool:
        """Whether we know when it is sung."""
        return self.start_s is not None and self.end_s is not None


Row = tuple[Token, ...]


def row_text(row: Sequence[Token]) -> str:
    """The text of a row."""
    return "".join((" " if token.space and number else "") + token.text for number, token in enumerate(row))


def line_tokens(line: LyricLine) -> tuple[Token, ...]:
    """Divide a line. Word times are taken only when the words are the line: a wrong highlight is worse than none."""
    text = caption_text(line.text)
    tokens = _timed(text, line) or tuple(
        Token(word, space=number > 0) for number, word in enumerate(text.split(" ")) if word
    )
    letters = [part for token in tokens for part in _letters_of(token)]
    return _with_breaths(letters[:MAX_TOKENS])


def plain_tokens(text: str) -> tuple[Token, ...]:
    """Divide a text without times."""
    return line_tokens(LyricLine(text=text))


def _timed(text: str, line: LyricLine) -> tuple[Token, ...]:
    words = [(caption_text(word.text), word) for word in line.words]
    words = [(shown, word) for shown, word in words if shown]
    rises = all(a.start_s <= b.start_s for (_, a), (_, b) in zip(words, words[1:], strict=False))
    if not words or not rises or "".join(shown for shown, _ in words).replace(" ", "") != text.replace(" ", ""):
        return ()
    tokens, at = [], 0
    for number, (shown, word) in enumerate(words):
        space = text[at : at + 1] == " "
        at += space
        length = _covered(text, at, len(shown.replace(" ", "")))
        following = words[number + 1][1].start_s if number + 1 < len(words) else line.end_s
        # A word ends where the next one begins at the latest, and is never gone at once.
        end_s = max(word.start_s + 0.03, min(word.end_s, following if following is not None else word.end_s))
        tokens.append(Token(text[at : at + length], space and number > 0, word.start_s, end_s))
        at += length
    return tuple(tokens)


def _covered(text: str, at: int, n_letters: int) -> int:
    """How many characters from `at` on hold so many letters."""
    length = 0
    while n_letters > 0 and at + length < len(text):
        n_letters -= text[at + length] != " "
        length += 1
    return length


def _letters_of(token: Token) -> tuple[Token, ...]:
    """Part a piece of East Asian writing into its letters, each with its share of the time."""
    if len(token.text) < 2 or not any(is_broken_anywhere(char) for char in token.text):
        return (token,)
    parts, at_s = [], token.start_s
    for number, syllable in enumerate(split_syllables(token.text)):
        until_s = None
        if at_s is not None and token.start_s is not None and token.end_s is not None:
            until_s = at_s + syllable.share * (token.end_s - token.start_s)
        parts.append(Token(syllable.text, token.space and number == 0, at_s, until_s))
        at_s = until_s
    return tuple(parts)


def _with_breaths(tokens: Sequence[Token]) -> tuple[Token, ...]:
    return tuple(
        replace(token, breath=_breath(tokens[number - 1], token) if number else 0.0)
        for number, token in enumerate(tokens)
    )


def _breath(before: Token, token: Token) -> float:
    if token.text[0] in _NEVER_FIRST or before.text[-1] in _NEVER_LAST:
        return -1.0
    if not token.space and not (is_broken_anywhere(token.text[0]) or is_broken_anywhere(before.text[-1])):
        return -1.0
    if before.end_s is not None and token.start_s is not None and token.start_s - before.end_s > BREATH_S:
        return _BREATH
    last = before.text.rstrip("\"'”’»")[-1:]
    if last in _ENDS_PHRASE:
        return _PHRASE
    if last in _ENDS_CLAUSE or (last and unicodedata.category(last) == "Pd"):
        return _CLAUSE
    # Japanese has no spaces; but what follows hiragana and is none begins a word nearly always: 君の|瞳に.
    return _WORD if _is_hiragana(last) and not _is_hiragana(token.text[0]) and not token.space else 0.0


def _is_hiragana(char: str) -> bool:
    return "\u3041" <= char <= "\u309f"


def fit_tokens(
    tokens: Sequence[Token], width_of: Callable[[str], float], em_px: float, width_px: float, max_rows: int = 2
) -> tuple[tuple[Row, ...], float]:
    """Break into rows that fit: as few as will do, then at breaths, then balanced.

    Args:
        width_of: Measures a text in ems.

    Returns:
        The rows and their type size in pixels. What fits in no way is cut off with an ellipsis.
    """
    widths = [width_of(token.text) for token in tokens]
    gap = width_of(" ")
    for scale, n_more in SCALES:
        fits = width_px / (em_px * scale)
        for count in range(1, max_rows + n_more + 1):
            rows = break_rows(tokens, widths, gap, count, fits)
            if rows:
                return rows, em_px * scale
    scale, n_more = SCALES[-1]
    return _cut_off(tokens, width_of, width_px / (em_px * scale), max_rows + n_more), em_px * scale


def break_rows(
    tokens: Sequence[Token], widths: Sequence[float], gap: float, n_rows: int, fits: float
) -> tuple[Row, ...]:
    """Break into exactly so many rows no wider than `fits`; empty where that cannot be done."""
    n = len(tokens)
    if not n or n_rows > n:
        return ()
    ideal = (sum(widths) + gap * (n - n_rows)) / n_rows
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for _ in range(n_rows):
        reached: dict[int, tuple[float, int]] = {}
        for start, (cost, _) in best[-1].items():
            if start and (start >= n or tokens[start].breath < 0):
                continue
            width = 0.0
            for end in range(start + 1, n + 1):
                width += widths[end - 1] + (gap if tokens[end - 1].space and end - 1 > start else 0)
                if width > fits:
                    break
                total = cost + (width / ideal - 1) ** 2 - (_BREATH_WORTH * tokens[start].breath if start else 0)
                if end not in reached or total < reached[end][0]:
                    reached[end] = (total, start)
        best.append(reached)
    if n not in best[-1]:
        return ()
    edges = [n]
    for reached in reversed(best[1:]):
        edges.append(reached[edges[-1]][1])
    edges.reverse()
    return tuple(tuple(tokens[a:b]) for a, b in zip(edges, edges[1:], strict=False))


def _cut_off(tokens: Sequence[Token], width_of: Callable[[str], float], fits: float, n_rows: int) -> tuple[Row, ...]:
    """Fill rows letter by letter: the last resort, for text without spaces or without end."""
    rows: list[Row] = []
    rest = list(tokens)
    while rest and len(rows) < n_rows:
        row: list[Token] = []
        while rest and width_of(row_text([*row, rest[0]])) <= fits:
            row.append(rest.pop(0))
        if not row:
            head, tail = _part(rest.pop(0), width_of, fits)
            row = [head]
            rest[:0] = [tail] if tail else []
        rows.append(tuple(row))
    if rest:
        *most, last = rows[-1]
        rows[-1] = (*most, replace(last, text=last.text[:-1].rstrip() + "…" if len(last.text) > 1 else "…"))
    return tuple(rows)


def _part(token: Token, width_of: Callable[[str], float], fits: float) -> tuple[Token, Token | None]:
    n = len(token.text)
    while n > 1 and width_of(token.text[:n]) > fits:
        n -= max(1, n // 16)
    tail = token.text[n:]
    return replace(token, text=token.text[:n]), replace(token, text=tail, space=False) if tail else None
