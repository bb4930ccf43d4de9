"""How the camera moves, how scenes are joined, and what the picture does with the music."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import cast, get_args

from suno_video.core.analysis import Section, SongAnalysis
from suno_video.core.brief import Look
from suno_video.core.storyboard import (
    MAX_TRANSITION_FRAMES,
    BeatEffect,
    DriveKind,
    EffectKind,
    Motion,
    MoveKind,
    Transition,
    TransitionKind,
)
from suno_video.direct.pacing import drive_of
from suno_video.direct.treatment import drops_in

CALM_MOVES: tuple[MoveKind, ...] = ("drift", "push_in", "rise", "hold", "pull_out")
STEADY_MOVES: tuple[MoveKind, ...] = ("push_in", "pan_left", "drift", "pan_right", "orbit", "pull_out")
WILD_MOVES: tuple[MoveKind, ...] = ("push_in", "orbit", "pull_out", "pan_left", "rise", "pan_right", "fall")

BEATS_OF: dict[TransitionKind, float] = {
    "dissolve": 2.0,
    "dip": 2.0,
    "ink": 2.0,
    "light_leak": 2.0,
    "blur": 1.5,
    "film_burn": 1.5,
    "ripple": 1.5,
    "iris": 1.5,
    "wipe": 1.0,
    "slide": 1.0,
    "push": 1.0,
    "blinds": 1.0,
    "clock": 1.0,
    "shutter": 1.0,
    "zoom": 1.0,
    "spin": 1.0,
    "pixelate": 1.0,
    "whip": 0.5,
    "flash": 0.5,
    "glitch": 0.5,
}
"""How many beats a transition takes."""

MIN_HITS_PER_S = 0.4
"""A drum that is hit less often in a section carries no effect there."""

MAX_TRANSITION_S = 1.4
"""No transition is longer than this, however slow the song."""


def move_camera(section: Section, position: float, before: MoveKind | None, *, calmer: bool, seed: int) -> Motion:
    """Choose a camera move that the scene before did not have.

    Args:
        position: Place of the scene in its section, 0 (first) to 1 (last).
    """
    rng = random.Random(f"motion {seed}")
    drive = drive_of(section) * (0.6 if calmer else 1.0)
    moves = CALM_MOVES if drive < 0.35 else STEADY_MOVES if drive < 0.65 else WILD_MOVES
    move = rng.choice([move for move in moves if move != before])
    if section.label == "build" and before != "push_in":
        move = "push_in"
    elif section.label == "outro" and position == 1 and before != "pull_out":
        move = "pull_out"  # the film lets go
    return Motion(move=move, amount=round(0.25 + 0.6 * drive, 2), on_beat=round(min(1.0, 0.05 + 0.75 * drive), 2))


@dataclass(frozen=True)
class Beats:
    """What effects can be hung on in a song."""

    sure: bool
    """Whether the grid is to be trusted where the effects are."""
    kicks: bool = False
    snares: bool = False
    stops: bool = False
    """Whether the music stops within the section."""
    drops: bool = False
    """Whether a drop is heard where the section begins."""
    builds: bool = False
    """Whether tension rises in it."""

    @classmethod
    def of(cls, analysis: SongAnalysis, section: Section, *, sure: bool) -> Beats:
        """Look at what was heard in a section."""

        def hit(times_s: tuple[float, ...]) -> bool:
            inside = sum(section.start_s <= time < section.end_s for time in times_s)
            return inside >= MIN_HITS_PER_S * (section.end_s - section.start_s)

        within = [e for e in analysis.events if e.start_s < section.end_s and e.end_s >= section.start_s]
        return cls(
            sure=sure,
            kicks=hit(analysis.drums.kick_s),
            snares=hit(analysis.drums.snare_s),
            stops=any(event.kind == "stop" for event in within),
            drops=drops_in(section, analysis),
            builds=any(event.kind == "build" for event in within),
        )


def scale_effects(
    look: Look, section: Section, *, beats: Beats, calmer: bool, growth: float = 0.0
) -> tuple[BeatEffect, ...]:
    """Take the effects of a look as far as the section carries them; each hangs on the drum that it looks like.

    Args:
        growth: How far the section's motif has grown: a chorus that returns moves more.
    """
    drive = drive_of(section) * (0.5 if calmer else 1.0) * (0.9 + 0.25 * growth)
    taste, sure = look.effects, beats.sure
    loud = max(0.0, (drive - 0.5) / 0.5)
    kick: DriveKind = "kick" if beats.kicks else "beat" if sure else "bass"
    on_bars: DriveKind = "downbeat" if sure else "onset"
    wanted = [
        _effect("zoom_pulse", taste.zoom_pulse * drive, kick),
        _effect("shake", taste.shake * loud, "kick" if beats.kicks else "bass"),
        # Only on downbeats, so that even the fastest song stays well below three flashes a second.
        _effect("flash", taste.flash * loud, "downbeat") if sure else None,
        _effect("strobe", taste.strobe * max(0.0, loud - 0.5) * 2, kick) if sure else None,
        _effect("chromatic", taste.chromatic * drive, "snare" if beats.snares else "onset"),
        _effect("echo", taste.echo * (1 - 0.5 * drive), "always"),
        _effect("freeze", taste.freeze, "stop") if beats.stops else None,
        _effect("speed_ramp", taste.speed_ramp * drive, "downbeat") if sure else None,
        _effect("light_leak", taste.light_leak * (1 - 0.6 * drive), "always" if drive < 0.5 else on_bars),
        _effect("film_burn", taste.film_burn * (0.4 + 0.6 * drive), on_bars),
        _effect("letterbox", taste.letterbox, "always"),
    ]
    if beats.builds:
        wanted += [
            _effect("shake", 0.3 * taste.shake, "tension"),
            _effect("chromatic", 0.6 * taste.chromatic, "tension"),
        ]
    if beats.drops:
        wanted.append(_effect("zoom_pulse", 0.4 + 0.6 * taste.zoom_pulse, "drop"))
        wanted.append(_effect("shake", taste.shake, "drop"))
    return tuple(effect for effect in wanted if effect is not None and effect.amount >= 0.04)


def _effect(kind: EffectKind, amount: float, on: DriveKind) -> BeatEffect:
    return BeatEffect(kind=kind, amount=_round(amount), on=on)


def join_scenes(
    look: Look,
    before: Section,
    after: Section,
    *,
    opens_section: bool,
    same_family: bool,
    nth: int,
    shortest_frames: int,
    beat_s: float,
    fps: int,
    seed: int,
) -> Transition:
    """Choose how a scene is entered.

    Args:
        nth: Number of the scene in its section, from 0.
        shortest_frames: Length of the shorter of the two scenes.
    """
    rng = random.Random(f"join {seed}")
    drive, drive_before = drive_of(after), drive_of(before)
    if opens_section:
        rises = drive > drive_before + 0.12 or after.label == "drop"
        kinds = look.hard_transitions if (rises and drive > 0.5) or drive > 0.75 else look.soft_transitions
        kinds = look.entrances.get(after.label) or kinds
        kind = _pick([kind for kind in kinds if kind != "cut"] or ["cut"], rng)
    elif after.label == "drop":
        # Everything else moves already: hard cuts, and one blow every second phrase.
        kind = _pick(look.hard_transitions, rng) if nth % 8 == 0 else "cut"
    elif drive < 0.35 or (same_family and drive < 0.65):
        # Where one calm picture follows its like, a hard cut would look like a fault of the tape.
        kind = _pick(look.soft_transitions, rng) if rng.random() < 0.75 else "cut"
    else:
        lively = drive > 0.65 and nth % 4 == 0
        kind = _pick(look.hard_transitions, rng) if lively else "cut"
    return size_transition(kind, shortest_frames, beat_s, fps)


def size_transition(kind: TransitionKind, shortest_frames: int, beat_s: float, fps: int) -> Transition:
    """Size a transition by the beat; it never takes more than a third of a scene on either side."""
    if kind == "cut":
        return Transition()
    length_s = min(BEATS_OF[kind] * beat_s, MAX_TRANSITION_S)
    n_frames = min(round(length_s * fps), 2 * (shortest_frames // 3), MAX_TRANSITION_FRAMES)
    n_frames -= n_frames % 2
    return Transition(kind=kind, n_frames=n_frames) if n_frames >= 2 else Transition()


def _pick(kinds: tuple[str, ...] | list[str], rng: random.Random) -> TransitionKind:
    known = [kind for kind in kinds if kind in get_args(TransitionKind)]
    return cast(TransitionKind, rng.choice(known or ["cut"]))


def _round(amount: float) -> float:
    return round(min(max(amount, 0.0), 1.0), 2)
