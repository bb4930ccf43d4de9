"""Music as a shader gets it: numbers, and a texture of the spectrum and of a wave."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suno_video.backends.base import ClipRequest
from suno_video.backends.shader.source import NUMBERS, SPECTRUM_COLUMNS
from suno_video.core.color import hex_to_srgb


class ShaderMusic:
    """What all frames of a clip are told."""

    def __init__(self, request: ClipRequest) -> None:
        self._request = request
        music = request.music
        # A clock that runs with energy and beats, as that of the painters does.
        beats = np.clip(np.diff(music.beats, prepend=music.beats[:1]), 0, 0.5)
        pace = (0.16 + 0.5 * music.energy) / request.fps + 0.3 * beats * np.clip(1.6 * music.energy, 0.12, 1)
        self._clock = np.cumsum(pace)
        self.palette = np.stack([hex_to_srgb(stop) for stop in request.palette]).astype(np.float32)

    def numbers(self, frame: int) -> NDArray[np.float32]:
        """Values of the float uniforms, in the order of `NUMBERS`."""
        request, now = self._request, self._request.music.at(frame)
        told = {
            "iTime": now.time_s, "iTimeDelta": 1 / request.fps, "iFrameRate": request.fps, "uBeat": now.beat,
            "uBar": now.downbeat, "uBeatPhase": now.beat_phase, "uBarPhase": now.bar_phase, "uBeats": now.beats,
            "uKick": now.kick, "uSnare": now.snare, "uHat": now.hat, "uVoice": now.voice, "uTension": now.tension,
            "uDrop": now.drop, "uBass": now.bass, "uMid": now.mid, "uTreble": now.treble, "uOnset": now.onset,
            "uLevel": now.loudness, "uEnergy": now.energy, "uSection": now.section_progress,
            "uShot": frame / max(1, request.n_frames - 1), "uClock": float(self._clock[min(frame, len(self._clock) - 1)]),
            "uGrowth": request.growth, "uSeed": (request.seed * 2654435761 % 2**32) / 2**32,
        }  # fmt: skip
        return np.array([told[name] for name in NUMBERS], np.float32)

    def texture(self, frame: int) -> NDArray[np.uint8]:
        """The audio texture, shape (2, 512): the spectrum, bass first; and a wave that these bands would make."""
        now = self._request.music.at(frame)
        place = np.linspace(0, len(now.spectrum) - 1, SPECTRUM_COLUMNS)
        spectrum = np.interp(place, np.arange(len(now.spectrum)), now.spectrum)
        x = np.linspace(0, 1, SPECTRUM_COLUMNS)
        wave = np.zeros(SPECTRUM_COLUMNS)
        for k in range(0, len(now.spectrum), 3):
            turns = 1.0 + 1.3 * k
            wave += now.spectrum[k] * np.sin(2 * np.pi * (turns * x + (0.7 + 0.21 * k) * now.time_s)) / (1 + 0.35 * k)
        wave = 0.5 + 0.22 * wave * min(1.0, 1.5 * now.loudness)
        return np.clip(np.stack([spectrum, wave]) * 255 + 0.5, 0, 255).astype(np.uint8)
