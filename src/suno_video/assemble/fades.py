"""The film rises out of black and sinks into it: burned into the pieces that it touches, whatever they are."""

from __future__ import annotations

from dataclasses import dataclass

from suno_video.assemble.optics import dim
from suno_video.core.frames import I420
from suno_video.core.storyboard import Storyboard


@dataclass(frozen=True)
class FilmFades:
    """Frames of the song's grid between which the film is lit up and put out."""

    first_frame: int
    lit_frame: int
    """From here on the picture has its full light ..."""
    sinking_frame: int
    """... until here; the film ends in black at `end_frame`."""
    end_frame: int

    def gain_at(self, frame: int) -> float:
        """Light of one frame, 0 (black) to 1. The first frame is not quite black, the last one is."""
        rise = (frame - self.first_frame + 1) / (self.lit_frame - self.first_frame + 1)
        sink = (self.end_frame - 1 - frame) / max(1, self.end_frame - self.sinking_frame)
        return _ease(min(max(rise, 0.0), 1.0)) * _ease(min(max(sink, 0.0), 1.0) if self._sinks else 1.0)

    @property
    def _sinks(self) -> bool:
        return self.sinking_frame < self.end_frame

    def apply(self, frame: I420, index: int) -> None:
        """Dim a frame in place; `index` is on the song's grid."""
        dim(frame, self.gain_at(index))


def _ease(x: float) -> float:
    return x * x * (3 - 2 * x)


def fades_of(storyboard: Storyboard, start_frame: int, end_frame: int) -> FilmFades | None:
    """The fades of the film, if they touch the frames start..end of the song's grid."""
    fades = FilmFades(
        storyboard.first_frame,
        storyboard.first_frame + storyboard.fade_in_frames,
        storyboard.end_frame - storyboard.fade_out_frames,
        storyboard.end_frame,
    )
    touched = start_frame < fades.lit_frame or end_frame > fades.sinking_frame
    return fades if touched else None
