"""What each scene means to the song: where it stands, how loud it is, what is sung in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from suno_video.core.analysis import SongAnalysis
from suno_video.core.clock import clock
from suno_video.core.storyboard import Scene, Storyboard
from suno_video.direct.hook import Hook, find_hook
from suno_video.direct.opening import CALM_DRIVE
from suno_video.direct.pacing import drive_of
from suno_video.direct.parts import Part, parts_of
from suno_video.direct.rules import COVER_S

PASSAGE_S = 40.0
"""A longer part is as good as two: its end may have a share of its own."""

LEAST_SPREAD = 0.2
"""In a song without dynamics, the slightest difference must not count as quiet and loud."""


@dataclass(frozen=True)
class Moment:
    """One scene of the film, as the song has it."""

    scene: Scene
    part: Part
    passage: int
    """Scenes with the same number share a passage: a part, or 40 seconds or so of a long one."""
    start_s: float
    length_s: float
    intensity: float
    """How loud it is among the scenes of this film, 0..1."""
    opens_film: bool
    opens_part: bool
    is_first_peak: bool
    """Whether the first chorus or drop begins with it."""
    is_largest: bool
    """Whether the last chorus or drop is loudest here; in a film without one, the film."""
    hook: str | None
    """The hook of the song, where it is sung."""

    @property
    def is_sung(self) -> bool:
        """Whether somebody sings."""
        return self.scene.sung or bool(self.scene.lyrics)


def find_moments(storyboard: Storyboard, analysis: SongAnalysis) -> tuple[Moment, ...]:
    """Say of each scene, in order, what it means to the song."""
    parts = parts_of(storyboard, analysis)
    intensities = _intensities(storyboard, analysis)
    hook = find_hook(storyboard.scenes)
    first_peak = next((part for part in parts if part.is_peak), None)
    last_peak = next((part for part in reversed(parts) if part.is_peak), None)
    largest = max(last_peak.scenes if last_peak else storyboard.scenes, key=lambda scene: intensities[scene.id])
    return tuple(
        Moment(
            scene=scene,
            part=part,
            passage=passage,
            start_s=scene.start_frame / storyboard.fps,
            length_s=scene.n_frames / storyboard.fps,
            intensity=intensities[scene.id],
            opens_film=scene is storyboard.scenes[0],
            opens_part=scene is part.scenes[0],
            is_first_peak=first_peak is not None and scene is first_peak.scenes[0],
            is_largest=scene is largest,
            hook=_hook_in(scene, hook),
        )
        for part, scene, passage in _passages(parts, storyboard.fps)
    )


def explain_moment(moment: Moment) -> str:
    """Say in a few words what is worth money here: `the drop at 0:31`, `sung close-up in verse 2`."""
    part, at = moment.part, clock(moment.start_s)
    if moment.opens_film:
        return "the first picture of the film"
    if moment.is_largest and not moment.is_first_peak:
        return f"{part.full_name} at its largest, {at}" if part.is_peak else f"the loudest moment, at {at}"
    if moment.hook:
        return f'{part.name}: the hook "{moment.hook}"' if part.name else f'the hook "{moment.hook}" at {at}'
    if moment.is_sung and not moment.is_first_peak:
        return f"sung close-up in {part.full_name}" if part.name else f"sung close-up at {at}"
    return f"{part.full_name or 'a moment'} at {at}"


def cover_scenes(storyboard: Storyboard, analysis: SongAnalysis) -> frozenset[str]:
    """Scenes in which the cover may stand in and still be worth a look: where a calm part of the film begins."""
    return frozenset(
        moment.scene.id
        for moment in find_moments(storyboard, analysis)
        if moment.opens_part
        and moment.length_s >= COVER_S
        and drive_of(analysis.sections[moment.scene.section]) < CALM_DRIVE
    )


def _passages(parts: tuple[Part, ...], fps: int) -> Iterator[tuple[Part, Scene, int]]:
    first = 0
    for part in parts:
        start, end = part.scenes[0].start_frame, part.scenes[-1].end_frame
        n_passages = max(1, round((end - start) / fps / PASSAGE_S))
        for scene in part.scenes:
            yield part, scene, first + (scene.start_frame - start) * n_passages // (end - start)
        first += n_passages


def _intensities(storyboard: Storyboard, analysis: SongAnalysis) -> dict[str, float]:
    """Half what the director gave the scene, half what is heard in it; spread over this film."""
    levels = {scene.id: (scene.energy + _heard(scene, storyboard.fps, analysis)) / 2 for scene in storyboard.scenes}
    low, high = min(levels.values()), max(levels.values())
    return {scene: (level - low) / max(high - low, LEAST_SPREAD) for scene, level in levels.items()}


def _heard(scene: Scene, fps: int, analysis: SongAnalysis) -> float:
    curve = analysis.energy
    start, stop = (round(frame * curve.fps / fps) for frame in (scene.start_frame, scene.end_frame))
    loudness = curve.loudness[start:stop]
    return float(np.mean(loudness)) if loudness else scene.energy


def _hook_in(scene: Scene, hook: Hook | None) -> str | None:
    return hook.text if hook and hook.is_in(scene) else None
