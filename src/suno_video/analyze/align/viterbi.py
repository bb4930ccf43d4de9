"""Where each letter of a text is sung: the likeliest path through what a CTC model hears (Viterbi, numpy).

Between two letters lies a gap, as in CTC (Graves 2006); some gaps may also swallow anything at all (the star of Pratap
et al. 2023): an ad-lib that nobody wrote down, the end of the line before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LogProbs = NDArray[np.float32]

STAR_COST = 1.5
"""Nats that a frame of garbage costs against the likeliest thing that was heard."""


@dataclass(frozen=True)
class TokenSpan:
    """A letter in time: frames from `start` up to and without `end`."""

    start: int
    end: int
    log_prob: float
    """Mean over its frames."""


class TooShortError(ValueError):
    """More letters than frames: the text cannot be sung in this time."""


def least_frames(tokens: Sequence[int]) -> int:
    """Frames that a text takes at least: one a letter, and one between two that are the same."""
    return len(tokens) + sum(a == b for a, b in zip(tokens, tokens[1:], strict=False))


def align_tokens(
    log_probs: LogProbs, tokens: Sequence[int], *, blank: int, stars: Sequence[int] = ()
) -> list[TokenSpan]:
    """Find the likeliest time of each letter.

    Args:
        log_probs: Shape (frames, vocabulary): logarithms of what was heard in each frame.
        tokens: Numbers of the letters, in order.
        blank: Number of the blank.
        stars: Gaps that may swallow anything: 0 lies before the first letter, `len(tokens)` after the last.

    Raises:
        TooShortError: There are fewer frames than the text takes.
    """
    if not tokens:
        return []
    if len(log_probs) < least_frames(tokens):
        raise TooShortError(f"{len(tokens)} letters do not fit into {len(log_probs)} frames")
    seen = _seen(log_probs, tokens, blank, stars)
    path = _best_path(seen, _may_skip(tokens))
    return [_span(path, seen, 2 * i + 1) for i in range(len(tokens))]


def _seen(log_probs: LogProbs, tokens: Sequence[int], blank: int, stars: Sequence[int]) -> LogProbs:
    """What was heard of each state, shape (frames, 2 letters + 1): gaps are even, letters odd."""
    states = np.full(2 * len(tokens) + 1, blank)
    states[1::2] = tokens
    seen = np.maximum(log_probs[:, states], np.float32(-60)).astype(np.float32)
    if len(stars):
        garbage = log_probs.max(axis=1) - np.float32(STAR_COST)
        for gap in stars:
            seen[:, 2 * gap] = np.maximum(seen[:, 2 * gap], garbage)
    return seen


def _may_skip(tokens: Sequence[int]) -> NDArray[np.bool_]:
    """Whether a state may follow the one two before it: letters do, unless they are the same."""
    skip = np.zeros(2 * len(tokens) + 1, dtype=bool)
    letters = np.asarray(tokens)
    skip[3::2] = letters[1:] != letters[:-1]
    return skip


def _best_path(seen: LogProbs, may_skip: NDArray[np.bool_]) -> NDArray[np.int64]:
    n_frames, n_states = seen.shape
    came = np.zeros((n_frames, n_states), dtype=np.int8)
    score = np.full(n_states + 2, -np.inf, dtype=np.float32)  # two before the first state spare us every border
    score[2:4] = seen[0, :2]
    bar = np.where(may_skip, np.float32(0), np.float32(-np.inf))
    for t in range(1, n_frames):
        stay, step, skip = score[2:], score[1:-1], score[:-2] + bar
        came[t] = np.where(skip > np.maximum(stay, step), 2, step > stay)
        score[2:] = np.maximum(np.maximum(stay, step), skip) + seen[t]
    state = n_states - 1 if score[-1] >= score[-2] else n_states - 2
    path = np.zeros(n_frames, dtype=np.int64)
    for t in range(n_frames - 1, -1, -1):
        path[t] = state
        state -= int(came[t, state])
    return path


def _span(path: NDArray[np.int64], seen: LogProbs, state: int) -> TokenSpan:
    start, end = int(np.searchsorted(path, state)), int(np.searchsorted(path, state, side="right"))
    return TokenSpan(start, end, float(seen[start:end, state].mean()))
