"""Music as a shader gets it: numbers, and a texture of the spectrum and of a wave."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suno_video.backends.base import ClipRequest
from suno_video.backends.procedural.dance import Dance
from suno_video.backends.shader.program import NUMBERS, SPECTRUM_COLUMNS
from suno_video.core.analysis import N_BANDS
from suno_video.core.color import hex_to_srgb

_TOP_HZ = 12000.0
"""Frequency at the right end of the audio texture: half of 1024 bins of sound at 48 kHz."""
_LOWEST_HZ, _HIGHEST_HZ = 40.0, 16000.0
"""Borders of the bands of an analysis, which are even steps of pitch."""
_COLUMN_HZ = (np.arange(SPECTRUM_COLUMNS) + 0.5) * _TOP_HZ / SPECTRUM_COLUMNS
_BAND_OF_COLUMN = N_BANDS * np.log(_COLUMN_HZ / _LOWEST_HZ) / np.log(_HIGHEST_HZ / _LOWEST_HZ) - 0.5


class ShaderMusic:
    """What all frames of a clip are told."""

    def __init__(self, request: ClipRequest) -> None:
        self._request = request
        # The levels of the painters: free of jitter, with a clock that runs with beats and energy.
        self._dance = Dance(request.music, request.fps, lurch=0.25 + 0.5 * request.motion.on_beat)
        self.palette = np.stack([hex_to_srgb(stop) for stop in request.palette]).astype(np.float32)

    def numbers(self, frame: int) -> NDArray[np.float32]:
        """Values of the float uniforms, in the order of `NUMBERS`."""
        request, now = self._request, self._dance.at(frame)
        told = {
            "iTime": float(request.music.time_s[frame]), "iTimeDelta": 1 / request.fps, "iFrameRate": request.fps,
            "uBeat": now.beat, "uBar": now.downbeat, "uBeatPhase": now.beat_phase, "uBarPhase": now.bar_phase,
            "uBeats": now.beats,
            "uKick": now.kick, "uSnare": now.snare, "uHat": now.hat, "uVoice": now.voice, "uTension": now.tension,
            "uDrop": now.drop, "uBass": now.bass, "uMid": now.mid, "uTreble": now.treble, "uOnset": now.onset,
            "uLevel": now.level, "uEnergy": now.energy, "uSection": now.progress,
            "uShot": now.shot, "uClock": now.clock,
            "uGrowth": request.growth, "uSeed": (request.seed * 2654435761 % 2**32) / 2**32,
        }  # fmt: skip
        return np.array([told[name] for name in NUMBERS], np.float32)

    def texture(self, frame: int) -> NDArray[np.uint8]:
        """The audio texture, shape (2, 512): the spectrum, and a wave that its bands would make.

        Columns are even steps of frequency up to 12 kHz, as on Shadertoy.
        """
        now, time_s = self._dance.at(frame), float(self._request.music.time_s[frame])
        spectrum = np.interp(_BAND_OF_COLUMN, np.arange(len(now.spectrum)), now.spectrum)
        x = np.linspace(0, 1, SPECTRUM_COLUMNS)
        wave = np.zeros(SPECTRUM_COLUMNS)
        for k in range(0, len(now.spectrum), 3):
            turns = 1.0 + 1.3 * k
            wave += now.spectrum[k] * np.sin(2 * np.pi * (turns * x + (0.7 + 0.21 * k) * time_s)) / (1 + 0.35 * k)
        wave = 0.5 + 0.22 * wave * min(1.0, 1.5 * now.level)
        return np.clip(np.stack([spectrum, wave]) * 255 + 0.5, 0, 255).astype(np.uint8)
