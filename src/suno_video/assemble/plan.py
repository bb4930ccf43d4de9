"""What each piece of the film is conformed to: everything that its bytes depend on, but for the footage itself."""

from __future__ import annotations

from dataclasses import dataclass

from suno_video.assemble.captions import caption_events, piece_subtitles
from suno_video.assemble.cube import Lut
from suno_video.assemble.cutlist import Piece, footage_span, plan_pieces
from suno_video.assemble.effects import EffectTrack, effect_tracks
from suno_video.assemble.fades import FilmFades, fades_of
from suno_video.assemble.profile import EncoderProfile
from suno_video.assemble.timing import BENDS_TIME, Timing, bend_time
from suno_video.core.analysis import SongAnalysis
from suno_video.core.gridtrust import trusted_beats_s
from suno_video.core.music import MusicCurves, music_curves
from suno_video.core.song import Lyrics
from suno_video.core.storyboard import Scene, Storyboard

CONFORM_VERSION = 3
"""Raised whenever effects, transitions, captions or the order of their steps change the picture."""

"""Below this confidence nothing is tied to the grid."""

PREROLL_FRAMES = 8
"""Frames that run before the first one seen, so that an echo has something to remember."""


@dataclass(frozen=True)
class Layer:
    """One scene as it is seen in a piece."""

    scene: str
    footage_start: int
    """Frame of the song's grid that the scene's footage begins with."""
    footage_stop: int
    n_preroll: int
    effects: tuple[EffectTrack, ...]
    """Levels for `n_preroll` frames and then each frame of the piece."""
    timing: Timing | None = None
    """Which frame of the footage each of those shows, counted from `footage_start`; None where time simply runs."""


@dataclass(frozen=True)
class Finish:
    """What is done with every finished picture of a film."""

    lut: Lut | None = None
    """Its colour table."""
    softens: bool = True
    """Whether what flashes too often is softened."""


@dataclass(frozen=True)
class ConformPlan:
    """One piece, ready to be made as soon as its footage is there. A fingerprint can be taken of it."""

    piece: Piece
    profile: EncoderProfile
    layers: tuple[Layer, ...]
    subtitles: str | None
    """An ASS document with the captions and the title that fall into the piece."""
    fades: FilmFades | None = None
    """How the film rises and sinks, where that touches the piece."""
    finish: Finish = Finish()
    version: int = CONFORM_VERSION


def conform_plans(
    storyboard: Storyboard,
    analysis: SongAnalysis,
    lyrics: Lyrics | None,
    profile: EncoderProfile,
    finish: Finish = Finish(),
) -> tuple[ConformPlan, ...]:
    """Plan all pieces of a film, in order."""
    music = music_curves(analysis, storyboard.first_frame, storyboard.n_frames)
    events = caption_events(storyboard, lyrics, trusted_beats_s(analysis))
    scenes = {scene.id: scene for scene in storyboard.scenes}
    return tuple(
        ConformPlan(
            piece,
            profile,
            tuple(_layer(storyboard, scenes[name], piece, music) for name in piece.scenes),
            piece_subtitles(events, storyboard, piece),
            fades_of(storyboard, piece.start_frame, piece.end_frame),
            finish,
        )
        for piece in plan_pieces(storyboard)
    )


def _layer(storyboard: Storyboard, scene: Scene, piece: Piece, music: MusicCurves) -> Layer:
    start, stop = footage_span(storyboard, scene)
    has_echo = any(effect.kind == "echo" for effect in scene.effects)
    n_preroll = min(PREROLL_FRAMES, piece.start_frame - start) if has_echo else 0
    first = piece.start_frame - n_preroll - storyboard.first_frame
    last = piece.end_frame - storyboard.first_frame
    drawn = [effect for effect in scene.effects if effect.kind not in BENDS_TIME]
    tracks = tuple(track.span(first, last) for track in effect_tracks(drawn, music, storyboard.fps))
    own = music.span(start - storyboard.first_frame, stop - storyboard.first_frame)
    timing = bend_time(scene.effects, own, storyboard.fps)
    if timing is not None:
        timing = timing.span(piece.start_frame - n_preroll - start, piece.end_frame - start)
    return Layer(scene.id, start, stop, n_preroll, tracks, timing)
