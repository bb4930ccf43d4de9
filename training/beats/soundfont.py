"""Plays notes with sampled instruments: libfluidsynth in this process, so that a bank is loaded once for all songs."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from instruments import RATE_HZ, Matrix
from numpy.typing import NDArray

BANKS = (
    Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),  # MIT, Debian's fluid-soundfont-gm
    Path("/usr/share/sounds/sf3/MuseScore_General_Lite.sf3"),  # MIT, musescore-general-soundfont-small
    Path("/usr/share/sounds/sf2/sf_GMbank.sf2"),  # public domain, csound-soundfont
)
DRUM_CHANNEL = 9


class Note(NamedTuple):
    """One note, in seconds."""

    start_s: float
    end_s: float
    pitch: int
    velocity: int


class Sampler:
    """A bank of sampled instruments."""

    def __init__(self, bank: Path) -> None:
        name = ctypes.util.find_library("fluidsynth")
        if name is None or not bank.exists():
            raise FileNotFoundError(f"libfluidsynth or {bank} is missing; the README names the packages")
        self._lib = lib = ctypes.CDLL(name)
        for function in ("new_fluid_settings", "new_fluid_synth"):
            getattr(lib, function).restype = ctypes.c_void_p
        lib.fluid_set_log_function(ctypes.c_int(1), None, None)  # warnings about missing presets are no news
        lib.fluid_set_log_function(ctypes.c_int(2), None, None)
        settings = ctypes.c_void_p(lib.new_fluid_settings())
        lib.fluid_settings_setnum(settings, b"synth.sample-rate", ctypes.c_double(RATE_HZ))
        lib.fluid_settings_setnum(settings, b"synth.gain", ctypes.c_double(0.4))
        lib.fluid_settings_setint(settings, b"synth.reverb.active", 0)
        lib.fluid_settings_setint(settings, b"synth.chorus.active", 0)
        lib.fluid_settings_setint(settings, b"synth.dynamic-sample-loading", 1)
        self._synth = ctypes.c_void_p(lib.new_fluid_synth(settings))
        if lib.fluid_synth_sfload(self._synth, str(bank).encode(), 1) < 0:
            raise OSError(f"{bank} cannot be loaded")

    def play(self, notes: Sequence[Note], program: int, duration_s: float, *, drums: bool = False) -> Matrix:
        """Play notes with a General MIDI program (of the drum channel: a kit), shape (n_samples,)."""
        lib, synth, channel = self._lib, self._synth, DRUM_CHANNEL if drums else 0
        lib.fluid_synth_system_reset(synth)
        lib.fluid_synth_program_change(synth, channel, int(program))
        events = [(n.start_s, 1, n.pitch, n.velocity) for n in notes]
        events += [(n.end_s, 0, n.pitch, 0) for n in notes]
        out = np.zeros(int(duration_s * RATE_HZ), dtype=np.float32)
        at = 0
        for time_s, on, pitch, velocity in sorted(events):
            until = min(len(out), max(at, round(time_s * RATE_HZ)))
            self._write(out[at:until])
            at = until
            if on:
                lib.fluid_synth_noteon(synth, channel, int(pitch), int(np.clip(velocity, 1, 127)))
            else:
                lib.fluid_synth_noteoff(synth, channel, int(pitch))
        self._write(out[at:])
        return out

    def _write(self, out: NDArray[np.float32]) -> None:
        n = len(out)
        if not n:
            return
        left, right = np.empty(n, dtype=np.float32), np.empty(n, dtype=np.float32)
        pointers = (left.ctypes.data_as(ctypes.c_void_p), right.ctypes.data_as(ctypes.c_void_p))
        self._lib.fluid_synth_write_float(self._synth, n, pointers[0], 0, 1, pointers[1], 0, 1)
        out[:] = (left + right) / 2
