"""How the cuts of a film meet the music: on the grid where it is steady, else where lines begin and notes are heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from suno_video.core.analysis import STEADY, SongAnalysis
from suno_video.core.gridtrust import verdict_at
from suno_video.core.record import Record
from suno_video.core.song import Lyrics
from suno_video.core.storyboard import Scene, Storyboard

MIN_TRUSTED_BEATS = 2
OFF_BEAT_S = 0.035
"""More than a frame at 30 a second from where it was meant to be."""


class BeatCut(Record):
    """One scene cut in a steady passage against the beat that it was set to."""

    scene: str
    """The scene that begins with it."""
    cut_ms: float
    """When the film shows its first frame, in the song."""
    beat_ms: float
    """The beat nearest to where the cut would be without its lead."""
    is_downbeat: bool
    offset_ms: float
    """Cut less beat: negative is early."""
    meant_ms: float
    """The offset that was meant: 0 on the beat, negative where an editor cuts before it."""
    at_word: bool = False
    """Whether it stands at the edge of a sung word and not on its beat: there it tears none."""


class PhraseCut(Record):
    """One scene cut where the grid is not steady, against what is heard there."""

    scene: str
    cut_ms: float
    mark_ms: float | None
    """The nearest edge of a sung line or of the singing, onset or border of a section; None where there is none."""
    mark: Literal["line", "voice", "onset", "section", "none"]
    offset_ms: float | None
    meant_ms: float


def prove_timing(
    storyboard: Storyboard, drift_ms: Mapping[int, float], analysis: SongAnalysis, lyrics: Lyrics | None
) -> tuple[tuple[BeatCut, ...], tuple[PhraseCut, ...]]:
    """Hold each scene cut, as the file shows it, against the music.

    Args:
        drift_ms: How far pieces begin from their place, by the frame of the film. In the midst of a join no piece
            begins: such a cut is as planned.
    """
    beats_s = np.asarray(analysis.beats_s, dtype=np.float64)
    marks, words = _phrase_marks(analysis, lyrics), _word_edges(lyrics)
    on_grid, off_grid = [], []
    for scene in storyboard.scenes[1:]:
        shown_s = scene.start_frame / storyboard.fps
        shown_s += drift_ms.get(scene.start_frame - storyboard.first_frame, 0.0) / 1000
        lead_s = scene.lead_frames / storyboard.fps
        # A cut half a frame before a passage belongs to it.
        verdict = verdict_at(analysis, shown_s + lead_s + 0.5 / storyboard.fps)
        if verdict in STEADY and len(beats_s) >= MIN_TRUSTED_BEATS:
            on_grid.append(_beat_cut(scene, shown_s, lead_s, beats_s, analysis, words))
        else:
            off_grid.append(_phrase_cut(scene, shown_s, lead_s, marks))
    return tuple(on_grid), tuple(off_grid)


def share_on_frames(
    storyboard: Storyboard, marks_s: Sequence[float], cuts: Sequence[BeatCut] | Sequence[PhraseCut]
) -> float | None:
    """Share of cuts that lie, but for their lead, on the frame nearest to a mark; None without cuts or marks."""
    names = {cut.scene for cut in cuts}
    frames = [scene.start_frame + scene.lead_frames for scene in storyboard.scenes[1:] if scene.id in names]
    if not frames or len(marks_s) < MIN_TRUSTED_BEATS:
        return None
    wanted = {round(mark * storyboard.fps) for mark in marks_s}
    return round(sum(frame in wanted for frame in frames) / len(frames), 4)


def share_on_marks(cuts: Sequence[PhraseCut], fps: int) -> float | None:
    """Share of cuts off the grid that are within a frame of a mark, but for their lead; None without any."""
    if not cuts:
        return None
    away = [abs(cut.offset_ms - cut.meant_ms) for cut in cuts if cut.offset_ms is not None]
    return round(sum(ms <= 1000 / fps for ms in away) / len(cuts), 4)


def _beat_cut(
    scene: Scene,
    shown_s: float,
    lead_s: float,
    beats_s: NDArray[np.float64],
    analysis: SongAnalysis,
    words: NDArray[np.float64],
) -> BeatCut:
    beat_s = float(beats_s[np.argmin(np.abs(beats_s - (shown_s + lead_s)))])
    off_beat = abs(beat_s - shown_s - lead_s) > OFF_BEAT_S
    return BeatCut(
        scene=scene.id,
        cut_ms=round(shown_s * 1000, 3),
        beat_ms=round(beat_s * 1000, 3),
        is_downbeat=beat_s in analysis.downbeats_s,
        offset_ms=round((shown_s - beat_s) * 1000, 3),
        meant_ms=round(-lead_s * 1000, 3) + 0.0,
        at_word=off_beat and len(words) > 0 and float(np.abs(words - shown_s).min()) <= OFF_BEAT_S,
    )


def _word_edges(lyrics: Lyrics | None) -> NDArray[np.float64]:
    lines = lyrics.timed_lines if lyrics else ()
    return np.array([edge for line in lines for word in line.words for edge in (word.start_s, word.end_s)])


_Mark = Literal["line", "voice", "onset", "section"]


def _phrase_marks(analysis: SongAnalysis, lyrics: Lyrics | None) -> dict[_Mark, NDArray[np.float64]]:
    lines = [line for line in (lyrics.timed_lines if lyrics else ()) if line.is_sure]
    edges = [edge for line in lines for edge in (line.start_s, line.end_s) if edge is not None]
    return {
        "line": np.array(edges),
        "voice": np.array([edge for span in analysis.voices for edge in (span.start_s, span.end_s)]),
        "onset": np.array(analysis.onsets_s, dtype=np.float64),
        "section": np.array([section.start_s for section in analysis.sections]),
    }


def _phrase_cut(scene: Scene, shown_s: float, lead_s: float, marks: Mapping[_Mark, NDArray[np.float64]]) -> PhraseCut:
    near: dict[_Mark, float] = {
        name: float(times[np.argmin(np.abs(times - (shown_s + lead_s)))]) for name, times in marks.items() if len(times)
    }
    name = min(near, key=lambda each: abs(near[each] - shown_s - lead_s), default=None)
    mark_s = near[name] if name is not None else None
    return PhraseCut(
        scene=scene.id,
        cut_ms=round(shown_s * 1000, 3),
        mark_ms=None if mark_s is None else round(mark_s * 1000, 3),
        mark=name or "none",
        offset_ms=None if mark_s is None else round((shown_s - mark_s) * 1000, 3),
        meant_ms=round(-lead_s * 1000, 3) + 0.0,
    )
