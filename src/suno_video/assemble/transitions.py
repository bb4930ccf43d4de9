"""Transitions between scenes: halves that are burned into the scenes on both sides, and joins that show both."""

from __future__ import annotations

from suno_video.assemble import halves
from suno_video.assemble.cutlist import Crossing
from suno_video.assemble.joins import dissolve, reveal, travel
from suno_video.assemble.light import burn_film, leak_light
from suno_video.assemble.mattes import smooth
from suno_video.assemble.optics import dim, lift
from suno_video.core.frames import I420

FLASH_PEAK = 0.95
"""How white the whitest frame of a flash is: bright, but the picture is never quite gone."""


def apply_half(frame: I420, crossing: Crossing, frame_index: int) -> None:
    """Change one frame of a scene that lies in a transition, in place; frames outside it are left alone.

    Args:
        frame_index: Frame of the song's grid.
    """
    if not crossing.start_frame <= frame_index < crossing.end_frame:
        return
    phase = crossing.phase_at(frame_index)
    # 0 where the transition begins or ends, 1 at the cut.
    near = 1 - abs(2 * phase - 1)
    leaving, seed = frame_index < crossing.cut_frame, crossing.seed
    match crossing.kind:
        case "dip":
            dim(frame, 1 - smooth(near))
        case "flash":
            # Quickly up, slowly down: like a photographer's flash.
            lift(frame, FLASH_PEAK * (near**3 if leaving else near**1.5))
        case "whip":
            halves.whip(frame, near, leaving=leaving, seed=seed)
        case "zoom":
            halves.zoom(frame, near, leaving=leaving)
        case "spin":
            halves.spin(frame, near, leaving=leaving, seed=seed)
        case "glitch":
            halves.glitch(frame, near, seed=seed + frame_index)
        case "blur":
            halves.blur(frame, near)
        case "pixelate":
            halves.pixelate(frame, near)
        case "ripple":
            halves.ripple(frame, near, phase)
        case "shutter":
            halves.shutter(frame, near, seed=seed)
        case "light_leak":
            leak_light(frame, near**0.7, phase, seed=seed)
            lift(frame, 0.35 * near**3)
        case "film_burn":
            # The old picture is eaten; the new one comes out of the heat. Only about the cut there is nothing else.
            burn_film(frame, near**2.1 if leaving else near**3.2, seed=seed + (not leaving), flicker=frame_index)
        case _:
            pass  # a cut, or a join, which is no half


def blend(before: I420, after: I420, crossing: Crossing, frame_index: int) -> I420:
    """Give one frame of a join: `before` is left, `after` is entered. Both may be overwritten."""
    phase = crossing.phase_at(frame_index)
    if crossing.kind == "dissolve":
        return dissolve(before, after, smooth(phase))
    if crossing.kind in ("slide", "push"):
        return travel(before, after, crossing.kind, phase, seed=crossing.seed)
    return reveal(before, after, crossing.kind, phase, seed=crossing.seed)
