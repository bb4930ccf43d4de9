"""A click over the song, so that a person can hear whether the grid is right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suno_video.core.analysis import SongAnalysis
from suno_video.media.audio import Sound, open_sound
from suno_video.media.wav import write_wav

SONG_LEVEL, CLICK_LEVEL = 0.5, 0.5
"""Together never more than full scale."""
BEAT_HZ, DOWNBEAT_HZ = 1000.0, 2000.0
"""An octave: bars are heard on the smallest loudspeaker."""
CLICK_S = 0.05
_DECAY_S = 0.010


def write_click(song: Path, analysis: SongAnalysis, target: Path, *, max_duration_s: float) -> int:
    """Write the song with a click on each beat, a higher one on each downbeat, as long as the song, to the sample.

    Each click begins on the sample that is nearest to its beat.

    Returns:
        How many clicks there are.

    Raises:
        NoSuchInputError, BadSongError, SongTooLongError: The song cannot be decoded.
        CannotCreateError, DiskError: The file cannot be written.
    """
    with open_sound(song, max_duration_s=max_duration_s) as sound:
        write_wav(target, sound.sample_rate_hz, sound.n_channels, _mixed(sound, analysis))
    return len(analysis.beats_s)


def _mixed(sound: Sound, analysis: SongAnalysis) -> Iterator[NDArray[np.float32]]:
    rate = sound.sample_rate_hz
    clicks = (_click(BEAT_HZ, rate), _click(DOWNBEAT_HZ, rate))
    starts = np.round(np.array(analysis.beats_s) * rate).astype(np.int64)
    is_bar = np.isin(analysis.beats_s, analysis.downbeats_s)
    first = 0
    for block in sound.blocks:
        mixed = np.clip(block, -1, 1) * np.float32(SONG_LEVEL)
        # Those that begin in this block, and those that began before it and still sound.
        low, high = np.searchsorted(starts, (first - len(clicks[0]) + 1, first + len(block)))
        for start, bar in zip(starts[low:high] - first, is_bar[low:high], strict=True):
            click = clicks[int(bar)]
            a, b = max(0, int(start)), min(len(block), int(start) + len(click))
            mixed[a:b] += click[a - int(start) : b - int(start), None]
        yield mixed
        first += len(block)


def _click(hz: float, rate_hz: int) -> NDArray[np.float32]:
    """A tone that begins at its loudest, and dies away."""
    time_s = np.arange(round(CLICK_S * rate_hz)) / rate_hz
    fade = np.exp(-time_s / _DECAY_S) * (1 - time_s / CLICK_S)
    return (CLICK_LEVEL * np.cos(2 * np.pi * hz * time_s) * fade).astype(np.float32)
