"""Proof of sync (`sync.json`): what the finished file really holds, measured, against what was planned."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt, PositiveInt

from suno_video.assemble.accents import AccentProof
from suno_video.assemble.cutlist import plan_pieces
from suno_video.assemble.flashes import FlashReading
from suno_video.assemble.meeting import (
    BeatCut,
    PhraseCut,
    prove_timing,
    share_on_frames,
    share_on_marks,
)
from suno_video.core.analysis import SongAnalysis, Unit
from suno_video.core.errors import CheckFailedError
from suno_video.core.gridtrust import grid_doubts
from suno_video.core.record import Record
from suno_video.core.song import Lyrics
from suno_video.core.storyboard import Storyboard
from suno_video.media.mp4 import Mp4Track, read_mp4


class Bounds(Record):
    """When a film counts as out of sync."""

    max_drift_frames: float
    """At any cut, by count of frames and by the clock of the file."""
    max_duration_error_frames: float
    """Picture against song."""
    max_av_offset_ms: float
    """The first picture against the first sound."""
    max_sound_error_ms: float
    """Length of the sound against that of the picture."""


@lru_cache(maxsize=1)
def usual_bounds() -> Bounds:
    """The bounds that every film of ours keeps (`bounds.toml`)."""
    text = (resources.files("suno_video.assemble") / "bounds.toml").read_text(encoding="utf-8")
    return Bounds.model_validate(tomllib.loads(text))


class CutProof(Record):
    """One place where two pieces of the film meet, counted in frames from the start of the film."""

    piece: str
    """The piece that begins here."""
    planned_frame: NonNegativeInt
    written_frame: NonNegativeInt
    """Frames of all pieces before it, counted in their files."""
    shown_ms: float
    """When the finished film shows that frame, from its index."""
    is_key_frame: bool
    """Whether the film has a key frame here, as it must where pieces were spliced."""
    drift_frames: float
    """How far the piece begins from where it should, by count or by clock, whichever is worse."""
    drift_ms: float = 0.0


class LyricProof(Record):
    """What is known of when the words are sung."""

    n_lines: NonNegativeInt
    n_timed_lines: NonNegativeInt
    n_timed_words: NonNegativeInt
    mean_confidence: Unit | None
    """Of the lines with times; None where none has any."""
    n_unsure_lines: NonNegativeInt
    """Lines with times that are too unsure to be swept word by word."""


class SyncProof(Record):
    """Whether picture and song run together, and how well the cuts meet the music."""

    version: Literal[1] = 1
    fps: PositiveInt
    n_frames_planned: PositiveInt
    n_frames_written: NonNegativeInt
    cuts: tuple[CutProof, ...]
    max_drift_frames: NonNegativeInt
    """The largest drift at any cut, rounded up."""
    picture_start_ms: float
    sound_start_ms: float
    picture_s: float
    sound_s: float
    song_s: float
    """How much of the song the film covers."""
    duration_error_s: float
    """Picture less song: 0 or less than one frame more."""
    duration_error_frames: float = 0.0
    duration_error_ms: float = 0.0
    has_edit_lists: bool
    n_scene_cuts: NonNegativeInt
    on_beat: Unit | None
    """Share of scene cuts on the frame nearest to a beat, or as many frames before it as was meant (`lead_frames`).

    Of the cuts in steady passages; None where there are none.
    """
    on_downbeat: Unit | None
    beat_cuts: tuple[BeatCut, ...] = ()
    """Every scene cut of the steady passages against its beat."""
    median_offset_ms: float | None = None
    """Of these cuts to their beats; negative is early."""
    phrase_cuts: tuple[PhraseCut, ...] = ()
    """Every other scene cut against the line, voice, onset or section nearest to it."""
    on_phrase: Unit | None = None
    """Share of these that are within a frame of it, or as many frames early as was meant; None where there are none."""
    grid_doubts: tuple[str, ...] = ()
    """Passages in which the beat grid is not followed, in plain words."""
    accents: AccentProof | None = None
    """Accents of the picture against those of the music; None where the frames were not looked at."""
    flashes: FlashReading | None = None
    """General and red flashes within any second; None where the frames were not looked at."""
    lyrics: LyricProof | None = None
    """How sure the times of the lyrics are; None without lyrics."""
    bounds: Bounds = Field(default_factory=usual_bounds)
    """What was held against the figures above."""

    @property
    def faults(self) -> tuple[str, ...]:
        """Say what is out of bounds, one sentence each; empty when all is well."""
        bounds = self.bounds
        offset_ms = abs(self.picture_start_ms - self.sound_start_ms)
        checks = (
            (self.n_frames_written == self.n_frames_planned,
             f"The film has {self.n_frames_written} frames, {self.n_frames_planned} were planned."),
            (self.max_drift_frames <= bounds.max_drift_frames,
             f"A cut is {self.max_drift_frames} frames from its place."),
            (all(cut.is_key_frame for cut in self.cuts), "A piece does not begin with a key frame."),
            (abs(self.duration_error_s) * self.fps < bounds.max_duration_error_frames + 1e-4,
             f"The film is {self.duration_error_s:+.3f} s longer than the song."),
            (offset_ms <= bounds.max_av_offset_ms, f"Picture and sound begin {offset_ms:.1f} ms apart."),
            (abs(self.sound_s - self.picture_s) * 1000 < max(1000 / self.fps, bounds.max_sound_error_ms),
             f"The sound lasts {self.sound_s:.3f} s, the picture {self.picture_s:.3f} s."),
            (not self.has_edit_lists, "The file has edit lists, which some players ignore."),
        )  # fmt: skip
        return tuple(fault for fine, fault in checks if not fine)

    def require_in_bounds(self) -> None:
        """Raise `CheckFailedError` that names the faults, if there are any."""
        if self.faults:
            raise CheckFailedError(
                f"The film is not in sync: {' '.join(self.faults)}",
                "Run the same command again; delete the project folder if it stays.",
            )


def prove_sync(
    film: Path,
    segments: Sequence[Path],
    storyboard: Storyboard,
    analysis: SongAnalysis,
    *,
    lyrics: Lyrics | None = None,
    accents: AccentProof | None = None,
    flashes: FlashReading | None = None,
) -> SyncProof:
    """Measure the finished film and its segments, in the order of `plan_pieces`.

    Args:
        accents: What was measured on the frames, if that was done.

    Raises:
        CheckFailedError: The film is not a whole MP4 file, or lacks picture or sound.
        OSError: A file cannot be read.
    """
    # 1. What is in the file?
    index = read_mp4(film)
    picture, sound = index.track("vide"), index.track("soun")
    if picture is None or sound is None or not picture.n_samples or not sound.n_samples:
        raise CheckFailedError(f"{film.name} lacks picture or sound.", "Run the same command again.")
    # 2. Is each piece where it should be?
    cuts = _prove_cuts(picture, segments, storyboard)
    drift = max((cut.drift_frames for cut in cuts), default=0.0)
    # 3. Is it as long as the song, and in step with it?
    shown, heard = picture.shown_at() / picture.timescale, sound.shown_at() / sound.timescale
    start_s, end_s = storyboard.first_frame / storyboard.fps, storyboard.end_frame / storyboard.fps
    song_s = min(analysis.duration_s, end_s) - start_s
    drifts = {cut.planned_frame: cut.drift_ms for cut in cuts}
    beat_cuts, phrase_cuts = prove_timing(storyboard, drifts, analysis, lyrics)
    return SyncProof(
        fps=storyboard.fps,
        n_frames_planned=storyboard.n_frames,
        n_frames_written=picture.n_samples,
        cuts=cuts,
        max_drift_frames=int(np.ceil(drift - 1e-6)),
        picture_start_ms=round(float(shown[0]) * 1000, 3),
        sound_start_ms=round(float(heard[0]) * 1000, 3),
        picture_s=picture.duration_s,
        sound_s=sound.duration_s,
        song_s=song_s,
        duration_error_s=round(picture.duration_s - song_s, 6),
        duration_error_frames=round((picture.duration_s - song_s) * storyboard.fps, 4),
        duration_error_ms=round((picture.duration_s - song_s) * 1000, 3),
        has_edit_lists=picture.has_edit_list or sound.has_edit_list,
        n_scene_cuts=len(storyboard.scenes) - 1,
        on_beat=share_on_frames(storyboard, analysis.beats_s, beat_cuts),
        on_downbeat=share_on_frames(storyboard, analysis.downbeats_s, beat_cuts),
        beat_cuts=beat_cuts,
        median_offset_ms=round(float(np.median([cut.offset_ms for cut in beat_cuts])), 3) if beat_cuts else None,
        phrase_cuts=phrase_cuts,
        on_phrase=share_on_marks(phrase_cuts, storyboard.fps),
        grid_doubts=tuple(doubt.text for doubt in grid_doubts(analysis, lyrics, (start_s, end_s))),
        accents=accents,
        flashes=flashes,
        lyrics=_prove_lyrics(lyrics),
    )


def _prove_cuts(picture: Mp4Track, segments: Sequence[Path], storyboard: Storyboard) -> tuple[CutProof, ...]:
    shown_s = picture.shown_at() / picture.timescale
    keys = _key_times(picture)
    cuts, written = [], 0
    for piece, segment in zip(plan_pieces(storyboard), segments, strict=True):
        planned = piece.start_frame - storyboard.first_frame
        at_s = float(shown_s[min(written, len(shown_s) - 1)])
        off_by_clock = abs(at_s * storyboard.fps - planned)
        cuts.append(
            CutProof(
                piece=piece.name,
                planned_frame=planned,
                written_frame=written,
                shown_ms=round(at_s * 1000, 3),
                is_key_frame=keys is None or bool(np.any(np.abs(keys - at_s) < 1e-6)),
                drift_frames=round(max(abs(written - planned), off_by_clock), 4),
                drift_ms=round((at_s - planned / storyboard.fps) * 1000, 3),
            )
        )
        track = read_mp4(segment).track("vide")
        written += track.n_samples if track is not None else 0
    return tuple(cuts)


def _prove_lyrics(lyrics: Lyrics | None) -> LyricProof | None:
    if lyrics is None or not lyrics.lines:
        return None
    timed = lyrics.timed_lines
    sure = [line.trust for line in timed]
    return LyricProof(
        n_lines=len(lyrics.lines),
        n_timed_lines=len(timed),
        n_timed_words=sum(len(line.words) for line in timed),
        mean_confidence=round(sum(sure) / len(sure), 4) if sure else None,
        n_unsure_lines=sum(not line.is_sure for line in timed),
    )


def _key_times(picture: Mp4Track) -> NDArray[np.float64] | None:
    """Seconds at which key frames are shown; None when every frame is one."""
    if picture.key_samples is None:
        return None
    decoded = np.concatenate([[0], np.cumsum(picture.durations)[:-1]])
    times: NDArray[np.float64] = (decoded + picture.offsets)[picture.key_samples] / picture.timescale
    return times
