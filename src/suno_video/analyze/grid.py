"""The grid that counts: what was heard, set right by what a person says of tempo, bars or beats."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.beats import refine_beats
from suno_video.analyze.given_tempo import tap_at_tempo
from suno_video.analyze.onsets import Onsets, running_max
from suno_video.analyze.spectra import RATE_HZ, Spectra
from suno_video.core.analysis import GridSource, Passage
from suno_video.core.errors import BadBeatsError
from suno_video.core.grid import BeatGrid, GridWish

Times = NDArray[np.float64]

_OFF_BEATS = 0.2
"""A downbeat that lies further from every beat, in beats, says that the hand tapped between the beats."""
_NEAR_S = 0.07
_GAP_S = 3.0
"""Beats that a person leaves out for longer than this, and than four beats, are meant to be left out."""


@dataclass(frozen=True)
class Grid:
    """Beats, bars and who says so."""

    beats: BeatGrid
    source: GridSource
    bars_given: bool = False
    """Whether a person has set the bars of beats that were heard."""


def correct_grid(heard: BeatGrid, wish: GridWish, spectra: Spectra, onsets: Onsets) -> Grid:
    """Set right what was heard by what a person says; without that it stays.

    A given grid is trusted fully: whoever takes the trouble to say it has listened.

    Raises:
        BadBeatsError: A bar is to begin where no beats are.
    """
    source: GridSource = "beat_this" if wish.tracker == "beat_this" else "heard"
    if wish.has_marks:
        return Grid(_from_marks(heard, wish, spectra, onsets), "file")
    if wish.bpm is not None:
        beats = _refined(tap_at_tempo(wish.bpm, heard, spectra, onsets, wish.downbeat_s), wish.downbeat_s, spectra)
        why = f"given by hand: {wish.bpm:g} beats a minute"
        return Grid(_with_bars(heard, beats, wish.downbeat_s, spectra, onsets, why), "tempo")
    if wish.downbeat_s is not None:
        return _turn_bars(heard, wish.downbeat_s, spectra, onsets, source)
    return Grid(heard, source)


def _from_marks(heard: BeatGrid, wish: GridWish, spectra: Spectra, onsets: Onsets) -> BeatGrid:
    inside = np.array([t for t in wish.beats_s if t <= spectra.duration_s])
    downs = np.array([t for t in wish.downbeats_s if t <= spectra.duration_s])
    metre = wish.beats_per_bar or heard.beats_per_bar
    beats = inside if len(inside) else _fill_bars(downs, metre)
    places = _places_of_marks(beats, downs, metre, heard, onsets)
    # Bars that are marked agree with it: else the wish was refused.
    if wish.downbeat_s is not None and not len(downs):
        places = _turned(places, beats, wish.downbeat_s, metre)
    return _given(heard, beats, places, metre, spectra.duration_s, f"given by hand: {wish.source or 'a file'}")


def _fill_bars(downs: Times, metre: int) -> Times:
    """Divide each bar into its beats, where only bars are given."""
    within = [np.linspace(a, b, metre, endpoint=False) for a, b in pairwise(downs)]
    return np.concatenate([*within, downs[-1:]])


def _places_of_marks(beats: Times, downs: Times, metre: int, heard: BeatGrid, onsets: Onsets) -> NDArray[np.int64]:
    """Place of each beat in its bar: counted from the bars that are marked, or from those that we heard."""
    starts = np.flatnonzero(np.isin(beats, downs))
    if not len(starts):
        return _places_by_ear(beats, metre, heard, _kick_at(beats, onsets))
    index = np.arange(len(beats))
    before = np.maximum(np.searchsorted(starts, index, side="right") - 1, 0)
    places = index - starts[before]
    # Before the first bar it is counted backwards; a bar that is marked longer than the usual has no second one in it.
    return np.asarray(np.where(places < 0, places % metre, places), dtype=np.int64)


def _kick_at(beats: Times, onsets: Onsets) -> Times:
    if not len(onsets.flux):
        return np.zeros(len(beats))
    at = np.clip((beats * RATE_HZ).astype(np.int64), 0, len(onsets.flux) - 1)
    return np.minimum(running_max(onsets.flux[:, 0], 5)[at], 1.0).astype(np.float64)


def _places_by_ear(beats: Times, metre: int, heard: BeatGrid, kick: Times) -> NDArray[np.int64]:
    """Let bars begin where most of those that were heard do; the kick drum decides between equals."""
    index, downs = np.arange(len(beats)), np.array(heard.downbeats_s)
    hits = np.zeros(len(beats))
    if len(downs):
        at = np.clip(np.searchsorted(downs, beats), 1, len(downs) - 1) if len(downs) > 1 else np.zeros(len(beats), int)
        near = np.minimum(np.abs(downs[at] - beats), np.abs(downs[np.maximum(at - 1, 0)] - beats))
        hits = (near <= _NEAR_S).astype(np.float64)
    votes = [float((hits + 0.1 * kick)[index % metre == first].mean()) for first in range(min(metre, len(beats)))]
    return np.asarray((index - int(np.argmax(votes))) % metre, dtype=np.int64)


def _with_bars(
    heard: BeatGrid, beats: Times, downbeat_s: float | None, spectra: Spectra, onsets: Onsets, why: str
) -> BeatGrid:
    metre = heard.beats_per_bar
    if len(beats) < 2:
        raise BadBeatsError(
            f"{why[0].upper()}{why[1:]} gives fewer than two beats in {spectra.duration_s:.1f} s.",
            "Give a quicker tempo, or leave it out.",
        )
    places = _places_by_ear(beats, metre, heard, _kick_at(beats, onsets))
    if downbeat_s is not None:
        places = _turned(places, beats, downbeat_s, metre)
    return _given(heard, beats, places, metre, spectra.duration_s, why)


def _turn_bars(heard: BeatGrid, downbeat_s: float, spectra: Spectra, onsets: Onsets, source: GridSource) -> Grid:
    """Let a bar begin at a moment; where that lies between the beats, the beats are moved as well.

    How far beats that stay are to be trusted stays too: who says where a bar begins has not said that of every beat.
    """
    beats, metre = np.array(heard.beats_s), heard.beats_per_bar
    if len(beats) < 2:
        raise BadBeatsError(
            "No beat is heard in this song, so that no bar can begin at --downbeat.", "Give --bpm as well, or --beats."
        )
    nearest = int(np.argmin(np.abs(beats - downbeat_s)))
    step = float(np.median(np.diff(beats[max(0, nearest - 8) : nearest + 9])))
    if abs(beats[nearest] - downbeat_s) > _OFF_BEATS * step and beats[0] - step < downbeat_s < beats[-1] + step:
        why = f"given by hand: a bar begins at {downbeat_s:.3f} s, between the beats that were heard"
        moved = _refined(tap_at_tempo(60 / step, heard, spectra, onsets, downbeat_s), downbeat_s, spectra)
        return Grid(_with_bars(heard, moved, downbeat_s, spectra, onsets, why), source, bars_given=True)
    places = _turned(_heard_places(heard), beats, downbeat_s, metre)
    turned = heard.model_copy(update={"downbeats_s": tuple(np.array(heard.beats_s)[places == 0].tolist())})
    return Grid(turned, source, bars_given=True)


def _heard_places(heard: BeatGrid) -> NDArray[np.int64]:
    starts = np.flatnonzero(np.isin(heard.beats_s, heard.downbeats_s))
    index = np.arange(len(heard.beats_s))
    if not len(starts):
        return index % heard.beats_per_bar
    before = np.maximum(np.searchsorted(starts, index, side="right") - 1, 0)
    return np.asarray((index - starts[before]) % heard.beats_per_bar, dtype=np.int64)


def _turned(places: NDArray[np.int64], beats: Times, downbeat_s: float, metre: int) -> NDArray[np.int64]:
    at = int(np.argmin(np.abs(beats - downbeat_s)))
    return np.asarray((places - places[at]) % metre, dtype=np.int64)


def _refined(beats: Times, downbeat_s: float | None, spectra: Spectra) -> Times:
    """Move beats to their attacks, but the one that a person names to where they say."""
    # An attack may be found a hair before the first sample.
    moved = np.clip(refine_beats(spectra, beats) if len(beats) >= 3 else beats, 0.0, spectra.duration_s)
    if downbeat_s is not None and len(moved):
        moved[int(np.argmin(np.abs(beats - downbeat_s)))] = downbeat_s
    return np.asarray(moved[np.diff(moved, prepend=-1.0) > 0.05], dtype=np.float64)


def _given(
    heard: BeatGrid, beats: Times, places: NDArray[np.int64], metre: int, duration_s: float, why: str
) -> BeatGrid:
    times = np.round(beats, 4)
    steps = np.diff(times)
    bpm = float(60 / np.median(steps)) if len(steps) else 0.0
    return BeatGrid(
        beats_s=tuple(times.tolist()),
        downbeats_s=tuple(times[places == 0].tolist()),
        beats_per_bar=metre,
        division=heard.division,
        tempo_bpm=bpm,
        confidence=1.0,
        passages=_given_passages(times, metre, duration_s, why),
    )


def _given_passages(beats: Times, metre: int, duration_s: float, why: str) -> tuple[Passage, ...]:
    """Trust a given grid where it is given: from a bar before its first beat to a bar after its last."""
    step = float(np.median(np.diff(beats)))
    breaks = np.flatnonzero(np.diff(beats) > max(_GAP_S, 4 * step))
    runs = np.split(beats, breaks + 1)
    out: list[Passage] = []
    end_s = 0.0
    for run in runs:
        start_s = max(end_s, run[0] - metre * step)
        start_s = end_s if start_s - end_s < 1.0 else float(start_s)
        stop_s = min(duration_s, float(run[-1]) + metre * step)
        stop_s = duration_s if duration_s - stop_s < 1.0 else stop_s
        if start_s > end_s:
            out.append(_silent(end_s, start_s))
        tempo = float(60 / np.median(np.diff(run))) if len(run) > 1 else 0.0
        out.append(Passage(start_s=start_s, end_s=stop_s, verdict="given", trust=1.0, tempo_bpm=tempo, why=why))
        end_s = stop_s
    return (*out, _silent(end_s, duration_s)) if end_s < duration_s else tuple(out)


def _silent(start_s: float, end_s: float) -> Passage:
    return Passage(start_s=start_s, end_s=end_s, verdict="none", trust=1.0, why="no beats are given here")
