"""Accents of the picture against accents of the music, measured on the finished frames of a film.

VBCS and ABHS as TMD-Bench (arXiv 2605.01809) has them: the share of visual beats that hit an audio beat, and the
share of audio beats that are hit. The detectors are our own, and chance is given beside each figure. A visual beat
is a sudden rise of the change from frame to frame (cuts, flashes, pulses of the camera): higher than all others
within a tenth of a second, and well above what is usual around it. An audio beat is a beat, or, in passages
where no beat is to be trusted, an onset.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeInt

from suno_video.assemble.flashes import pack, see
from suno_video.assemble.graphs import SMALL
from suno_video.core.analysis import SongAnalysis, Unit
from suno_video.core.errors import EncoderError
from suno_video.core.frames import I420, planes
from suno_video.core.gridtrust import trusted_beats_s, where_trusted
from suno_video.core.record import Record
from suno_video.media.ffmpeg import SAFE_INPUT, file_url, read_frames

TOLERANCE_MS = 70.0
"""So far apart two accents are still one; the measure that is used for cuts against beats."""
NEIGHBOUR_S, AROUND_S = 0.1, 1.0
LEAST_RISE = 0.35
"""In levels of 256, over the whole picture: less is grain."""
OVER_USUAL = 1.6
"""A peak is at least so many times as high as the rises around it are on average."""

Change = NDArray[np.float32]


class AccentProof(Record):
    """How picture and music meet, over the whole film."""

    vbcs: Unit | None
    """Share of visual accents that hit a musical one; None without visual accents."""
    abhs: Unit | None
    """Share of musical accents that are served by a visual one; None without musical accents."""
    vbcs_by_chance: Unit
    """What accents at random moments would reach."""
    abhs_by_chance: Unit
    on_hits: Unit | None = None
    """Share of visual accents that hit a musical one, a kick or a snare: syncopated ones lie between the beats."""
    on_hits_by_chance: Unit = 0.0
    n_visual: NonNegativeInt
    n_musical: NonNegativeInt
    tolerance_ms: float = TOLERANCE_MS
    musical: Literal["beats", "beats and onsets", "onsets", "none"]
    """What counts as an accent of the music."""


@dataclass(frozen=True)
class PictureLight:
    """What the frames of one file show, made small: change from frame to frame, and the pictures at both ends."""

    change: Change
    """Mean difference to the frame before, in levels of 256; the first is 0. Shape (n_frames,)."""
    first: NDArray[np.uint8]
    last: NDArray[np.uint8]
    seen: NDArray[np.uint8]
    """What can flash in each frame (`flashes.pack`), shape (n_frames, 2, 9, 16)."""


def measure_light(film: Path) -> PictureLight:
    """Read all frames of a file at a small size.

    Raises:
        EncoderError: It cannot be read, or holds no picture.
    """
    args = (
        *("-threads", "2", *SAFE_INPUT, "-i", file_url(film), "-an"),
        *("-vf", f"scale={SMALL.width_px}:{SMALL.height_px}:flags=area", "-fps_mode", "passthrough"),
        *("-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1"),
    )
    light = _light_of(read_frames(args, SMALL))
    if light is None:
        raise EncoderError(f"{film.name} holds no picture.", "Run the same command again.")
    return light


def read_light(small: Path, n_frames: int) -> PictureLight | None:
    """Give what `segment_args` wrote of the frames that went into a file; None when it is not of `n_frames`."""
    codes = np.fromfile(small, dtype=np.uint8) if small.exists() else np.empty(0, np.uint8)
    rows, columns = SMALL.i420_shape
    return _light_of(codes.reshape(-1, rows, columns)) if codes.size == n_frames * rows * columns else None


def _light_of(frames: Iterable[I420]) -> PictureLight | None:
    first = before = None
    changes: list[float] = []
    seen: list[NDArray[np.uint8]] = []
    for codes in frames:
        seen.append(pack(see(*planes(codes))))
        frame = codes.ravel().astype(np.int16)
        changes.append(0.0 if before is None else float(np.abs(frame - before).mean()))
        first = frame if first is None else first
        before = frame
    if first is None or before is None:
        return None
    return PictureLight(
        np.array(changes, dtype=np.float32), first.astype(np.uint8), before.astype(np.uint8), np.stack(seen)
    )


def join_light(parts: Sequence[PictureLight]) -> Change:
    """Put the changes of the pieces of a film together, shape (n_frames of the film,)."""
    joined = [part.change.copy() for part in parts]
    for number in range(1, len(parts)):
        step = np.abs(parts[number].first.astype(np.int16) - parts[number - 1].last.astype(np.int16))
        joined[number][0] = step.mean()
    return np.concatenate(joined) if joined else np.zeros(0, dtype=np.float32)


def visual_accents(change: Change, fps: int) -> NDArray[np.int64]:
    """Find the frames at which the picture has an accent."""
    if len(change) < 3:
        return np.zeros(0, dtype=np.int64)
    # A rise against the last tenth of a second: what moves evenly has no accents, however fast it moves.
    back = max(1, round(NEIGHBOUR_S * fps))
    padded = np.concatenate([np.full(back, change[0], dtype=np.float32), change])
    before = np.lib.stride_tricks.sliding_window_view(padded[:-1], back).mean(axis=1)
    rise = np.maximum(change - before, 0)
    near = _windows(rise, back).max(axis=1)
    usual = _windows(rise, max(back, round(AROUND_S * fps))).mean(axis=1)
    return np.flatnonzero((rise >= near) & (rise > LEAST_RISE) & (rise > OVER_USUAL * usual))


def _windows(values: Change, reach: int) -> NDArray[np.float32]:
    padded = np.pad(values, reach, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)


def prove_accents(change: Change, fps: int, first_frame: int, analysis: SongAnalysis) -> AccentProof:
    """Hold the accents of the picture against those of the music.

    Args:
        change: From frame to frame, of the film.
        first_frame: Of the film on the song's frame grid.
    """
    start_s, end_s = first_frame / fps, (first_frame + len(change)) / fps
    seen_s = (visual_accents(change, fps) + first_frame) / fps
    beats_s, onsets_s = (_within(marks, start_s, end_s) for marks in musical_accents(analysis))
    heard_s = np.sort(np.concatenate([beats_s, onsets_s]))
    hits_s = np.union1d(heard_s, _within(np.array([*analysis.drums.kick_s, *analysis.drums.snare_s]), start_s, end_s))
    # A picture may come half a frame late, for frames are where they are.
    reach_s = TOLERANCE_MS / 1000
    return AccentProof(
        vbcs=_share(seen_s, heard_s, reach_s) if len(seen_s) else None,
        abhs=_share(heard_s, seen_s, reach_s) if len(heard_s) else None,
        vbcs_by_chance=_covered(heard_s, reach_s, start_s, end_s),
        abhs_by_chance=_covered(seen_s, reach_s, start_s, end_s),
        on_hits=_share(seen_s, hits_s, reach_s) if len(seen_s) else None,
        on_hits_by_chance=_covered(hits_s, reach_s, start_s, end_s),
        n_visual=len(seen_s),
        n_musical=len(heard_s),
        musical=_name_accents(len(beats_s), len(onsets_s)),
    )


def musical_accents(analysis: SongAnalysis) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Beats of the passages in which they are to be trusted, and onsets of the others."""
    beats_s = np.array(trusted_beats_s(analysis), dtype=np.float64)
    onsets_s = np.array(analysis.onsets_s, dtype=np.float64)
    return beats_s, onsets_s[~where_trusted(analysis, onsets_s)]


def _within(marks_s: NDArray[np.float64], start_s: float, end_s: float) -> NDArray[np.float64]:
    return marks_s[(marks_s >= start_s) & (marks_s < end_s)]


def _name_accents(n_beats: int, n_onsets: int) -> Literal["beats", "beats and onsets", "onsets", "none"]:
    if n_beats and n_onsets:
        return "beats and onsets"
    return "beats" if n_beats else "onsets" if n_onsets else "none"


def _share(of_s: NDArray[np.float64], near_s: NDArray[np.float64], reach_s: float) -> float:
    if not len(near_s):
        return 0.0
    at = np.searchsorted(near_s, of_s)
    after, before = near_s[np.minimum(at, len(near_s) - 1)], near_s[np.maximum(at - 1, 0)]
    apart = np.minimum(np.abs(after - of_s), np.abs(of_s - before))
    return round(float((apart <= reach_s + 1e-9).mean()), 4)


def _covered(marks_s: NDArray[np.float64], reach_s: float, start_s: float, end_s: float) -> float:
    """Which share of the time lies that near to a mark."""
    covered, at = 0.0, start_s
    for mark in marks_s.tolist():
        left, right = max(at, mark - reach_s), min(end_s, mark + reach_s)
        covered += max(0.0, right - left)
        at = max(at, right)
    return round(min(1.0, covered / max(end_s - start_s, 1e-9)), 4)
