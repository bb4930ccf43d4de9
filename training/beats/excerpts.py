"""Composes, plays and measures excerpts: `excerpts.py OUT FIRST N [--wav]` writes OUT/00000.npz and so on.

Each file holds the mel power of four stems (dB in steps of `STEP_DB` above `FLOOR_DB`, 50 frames a second), the beats,
the downbeats and a description. With `--wav` the folder is a corpus for `make bench-audio`, too. The stems are mixed while learning, so that one excerpt gives many mixes.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.io import wavfile

sys.path.insert(0, str(Path(__file__).parent))
from compose import LENGTH_S, compose
from instruments import RATE_HZ, Matrix
from perform import STEMS, Player, without_beat
from soundfont import BANKS, Sampler

from suno_video.analyze.frames import PowerFrames
from suno_video.analyze.spectra import N_MELS, WINDOW_S, mel_bank
from suno_video.analyze.spectra import RATE_HZ as FEATURE_RATE_HZ

FLOOR_DB, STEP_DB = -110.0, 0.5
_BEATLESS = 0.05


def mel_levels(samples: Matrix) -> NDArray[np.uint8]:
    """Mel power as the package measures it, in pairs of frames, shape (n, N_MELS), packed into bytes."""
    frames = PowerFrames(RATE_HZ, 1, FEATURE_RATE_HZ, WINDOW_S)
    bank = mel_bank(RATE_HZ, frames.n_fft, N_MELS, 27.5, min(11000.0, RATE_HZ / 2))
    blocks = (samples[:, None].astype(np.float32), frames.beyond_end())
    mels = [power @ bank for block in blocks for power in frames.push(block)]
    mel = np.concatenate(mels)[: int(LENGTH_S * FEATURE_RATE_HZ)]
    mel = mel[: len(mel) // 2 * 2].reshape(-1, 2, N_MELS).mean(axis=1)
    level = (10 * np.log10(np.maximum(mel, 1e-12)) - FLOOR_DB) / STEP_DB
    return np.clip(np.round(level), 0, 255).astype(np.uint8)


def make_excerpt(player: Player, seed: int, wav: Path | None = None) -> dict[str, object]:
    """Everything that is stored of one excerpt; the seed decides all of it."""
    rng = np.random.default_rng([2026, seed])
    if rng.random() < _BEATLESS:
        stems, beats, downbeats = without_beat(rng), np.zeros(0), np.zeros(0)
        about = {"style": "beatless", "bpm": 0.0, "beats_per_bar": 0, "division": 0, "swing": 0.5}
    else:
        piece = compose(rng)
        stems = player.stems(rng, piece)
        beats = piece.beats.times_s[: piece.n_beats + 1]
        downbeats = beats[:: piece.style.beats_per_bar]
        beats, downbeats = beats[beats < LENGTH_S], downbeats[downbeats < LENGTH_S]
        style = piece.style
        swing = piece.beats.swing if piece.beats.swung_beat == 1 else 0.5
        about = {
            "style": style.name,
            "bpm": piece.bpm,
            "beats_per_bar": style.beats_per_bar,
            "division": style.division,
            "swing": swing,
        }
    if wav is not None:
        mix = sum(stem / (np.sqrt(np.mean(stem**2)) + 1e-3) for stem in stems.values())
        wavfile.write(wav, RATE_HZ, (0.7 * mix / np.abs(mix).max() * 32767).astype(np.int16))
        truth = {"tempo": about["bpm"], "beats": beats.tolist(), "downbeats": downbeats.tolist()}
        if len(beats):
            wav.with_suffix(".json").write_text(json.dumps(truth | about), encoding="utf-8")
    mel = np.stack([mel_levels(stems[name]) for name in STEMS])
    return {"mel": mel, "beats_s": beats, "downbeats_s": downbeats, **about}


def main() -> None:
    """Make the excerpts that are not there yet."""
    folder, first, n = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    player = Player([Sampler(bank) for bank in BANKS])
    began = time.monotonic()
    for k, seed in enumerate(range(first, first + n)):
        path = folder / f"{seed:05d}.npz"
        if path.exists():
            continue
        wav = path.with_suffix(".wav") if "--wav" in sys.argv else None
        excerpt = make_excerpt(player, seed, wav)
        part = path.with_suffix(".part.npz")
        np.savez(part, **excerpt)
        part.rename(path)
        if k % 10 == 0:
            said = (
                f"{seed} {excerpt['style']} {excerpt['bpm']:.0f} bpm, {(time.monotonic() - began) / (k + 1):.2f} s each"
            )
            sys.stderr.write(said + "\n")


if __name__ == "__main__":
    main()
