"""Editor's timing: cuts a little before the beat, never inside a sung word; what flashes or zooms stays on the beat.

The cuts have their place on the grid (`direct.cutting`). An editor then sets them a few frames early, by an amount that
depends on the music (`timing.toml`), and never quite the same. `Brief.timing` is the dial: 0 leaves them on the grid,
0.5 goes half of the way, every cut alike, 1 all of it, each cut a little different. The same song gives the same film.
"""

from __future__ import annotations

import random
import tomllib
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from pydantic import ConfigDict, NonNegativeFloat

from suno_video.core.analysis import SongAnalysis
from suno_video.core.gridtrust import beats_are_heard_at
from suno_video.core.record import Record
from suno_video.core.song import Lyrics, Song
from suno_video.core.storyboard import MAX_LEAD_FRAMES, MIN_SCENE_FRAMES, Scene, Storyboard, TransitionKind
from suno_video.direct.pacing import drive_of
from suno_video.direct.sung import SungLines

ON_BEAT: frozenset[TransitionKind] = frozenset({"flash", "zoom", "whip", "glitch"})
"""Transitions that are accents themselves: they hit with the beat."""
LOOSE_FROM = 0.5
"""Up to here every cut is as early as the next one; beyond, they differ."""
LOOSEST_MS = 17.0
"""How much earlier or later than usual a cut may be at the human end: half a frame at 30 a second."""
NEAR_BEAT_S = 0.06
"""A cut no farther than this from a beat was set on it."""
WORD_GRACE_S = 0.03
"""A cut this close to the edge of a word does not tear it: a frame at 30 a second."""
WORD_REACH_S = 0.4
"""How far a cut may move to a gap between words; a longer word keeps its cut."""


class Kind(Record):
    """One kind of music, and how early its editors cut."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    words: tuple[str, ...]
    """What the genre may contain."""
    moods: tuple[str, ...]
    driving_ms: NonNegativeFloat
    calm_ms: NonNegativeFloat

    def lead_s(self, drive: float) -> float:
        """How early a cut lies into a passage that drives so much, 0..1."""
        return (self.calm_ms + (self.driving_ms - self.calm_ms) * drive) / 1000


@lru_cache(maxsize=1)
def timing_kinds() -> tuple[Kind, ...]:
    """The table of kinds; the last one is for everything else."""
    text = (resources.files("suno_video.direct") / "timing.toml").read_text(encoding="utf-8")
    return tuple(Kind.model_validate(row) for row in tomllib.loads(text)["kinds"])


def kind_of(song: Song, analysis: SongAnalysis) -> Kind:
    """Choose the kind of a song: by the genre in its tags, else by its first moods, else the last of the table."""
    genre = (song.genre or "").casefold()
    by_genre = (kind for kind in timing_kinds() if any(word in genre for word in kind.words))
    by_mood = (kind for mood in analysis.moods[:2] for kind in timing_kinds() if mood in kind.moods)
    return next(by_genre, None) or next(by_mood, None) or timing_kinds()[-1]


@dataclass(frozen=True)
class SungWords:
    """Spans in which single words are sung, in order; empty where only lines have times."""

    starts: tuple[float, ...] = ()
    ends: tuple[float, ...] = ()

    @classmethod
    def of(cls, lyrics: Lyrics | None) -> SungWords:
        """Take the words with times."""
        words = sorted(
            (word.start_s, word.end_s)
            for line in (lyrics.timed_lines if lyrics else ())
            # Words that may be sung elsewhere hold no cut back.
            if line.is_sure
            for word in line.words
            if word.end_s - word.start_s > 2 * WORD_GRACE_S
        )
        return cls(tuple(start for start, _ in words), tuple(end for _, end in words))

    def around(self, time_s: float) -> tuple[float, float] | None:
        """The word that a cut at this moment would tear, if there is one."""
        last = bisect_right(self.starts, time_s)
        for start, end in zip(self.starts[max(0, last - 3) : last], self.ends[max(0, last - 3) : last], strict=True):
            if start + WORD_GRACE_S < time_s < end - WORD_GRACE_S:
                return start, end
        return None


def time_cuts(storyboard: Storyboard, song: Song, analysis: SongAnalysis, feel: float) -> Storyboard:
    """Set the cuts of a film as an editor would. Scenes still tile it, frame by frame.

    Args:
        feel: 0 on the grid .. 1 human (`Brief.timing`).
    """
    kind, words, lines = kind_of(song, analysis), SungWords.of(song.lyrics), SungLines.of(song.lyrics)
    beats_s = np.asarray(analysis.beats_s, dtype=np.float64)
    scenes = list(storyboard.scenes)
    for number in range(1, len(scenes)):
        before, scene = scenes[number - 1], scenes[number]
        early = _early_frames(scene, analysis, beats_s, kind, feel, storyboard.fps)
        frame, lead = _place(scene.start_frame, early, words, lines, storyboard.fps)
        after = scenes[number + 1] if number + 1 < len(scenes) else None
        if frame == scene.start_frame or not _fits(before, scene, after, frame, storyboard.fps):
            continue
        scenes[number - 1] = before.model_copy(update={"end_frame": frame})
        how = f"{lead} {'frame' if lead == 1 else 'frames'} early" if lead else "moved to the edge of a word"
        why = f"{scene.why}, {how}" if scene.why else how
        scenes[number] = scene.model_copy(update={"start_frame": frame, "lead_frames": lead, "why": why})
    return Storyboard.model_validate({**storyboard.__dict__, "scenes": tuple(scenes)})


def _early_frames(scene: Scene, analysis: SongAnalysis, beats_s: np.ndarray, kind: Kind, feel: float, fps: int) -> int:
    """How many frames before its beat a cut is set; 0 where there is no beat, or where it is an accent itself."""
    at_s = scene.start_frame / fps
    if scene.transition.kind in ON_BEAT or not len(beats_s) or not beats_are_heard_at(analysis, at_s):
        return 0
    beat_s = float(beats_s[np.argmin(np.abs(beats_s - at_s))])
    if abs(beat_s - at_s) > max(NEAR_BEAT_S, 0.6 / fps):
        return 0
    lead_s = kind.lead_s(drive_of(analysis.sections[scene.section])) * feel
    loose = max(0.0, feel - LOOSE_FROM) / (1 - LOOSE_FROM)
    # By the seed of the scene, which stays when other scenes change.
    lead_s += random.Random(f"timing {scene.seed}").uniform(-1, 1) * LOOSEST_MS / 1000 * loose
    return min(max(0, _frames_early(scene.start_frame, beat_s, lead_s, fps)), MAX_LEAD_FRAMES) if lead_s > 0 else 0


def _frames_early(frame: int, beat_s: float, lead_s: float, fps: int) -> int:
    """How many frames earlier a cut is when beat and lead are rounded together: a lead of a quarter of a frame is kept.

    Rounded apart, all leads of hard and fast music would be lost, and its cuts lie as often behind the beat as before.
    """
    beat = beat_s * fps if abs(beat_s * fps - frame) <= 0.5 + 1e-6 else float(frame)
    return frame - int(np.floor(beat - lead_s * fps + 0.5))


def _place(frame: int, early: int, words: SungWords, lines: SungLines, fps: int) -> tuple[int, int]:
    """Where the cut goes, and how early that is. No word is torn for the sake of the beat, no line to be early."""
    tears_line = lines.around(frame / fps) is not None
    for lead in dict.fromkeys((early, early // 2, 0)):
        at_s = (frame - lead) / fps
        if words.around(at_s) is None and (tears_line or lines.around(at_s) is None):
            return frame - lead, lead
    torn = words.around(frame / fps) or ()
    for edge in sorted(torn, key=lambda edge: abs(edge - frame / fps)):
        moved = round(edge * fps)
        if abs(edge - frame / fps) <= WORD_REACH_S and words.around(moved / fps) is None:
            return moved, 0
    return frame, 0


def _fits(before: Scene, scene: Scene, after: Scene | None, frame: int, fps: int) -> bool:
    """Whether both scenes stay long enough, for themselves and for the transitions on their sides."""
    n_before, n_scene = frame - before.start_frame, scene.end_frame - frame
    into, own = before.transition.n_frames // 2, scene.transition.n_frames // 2
    out = after.transition.n_frames // 2 if after is not None else 0
    shortest = max(MIN_SCENE_FRAMES, round(0.25 * fps))
    return n_before > max(into + own, shortest) and n_scene > max(own + out, shortest)
