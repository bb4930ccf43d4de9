"""The character of a song: its key, its loudness, and words for its mood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suno_video.analyze.spectra import RATE_HZ, Matrix, Spectra

_NOTE_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
# How well each pitch class fits a key: by ear (Krumhansl as revised by Temperley 1999), which knows the harmonic minor,
# and by count over scores (Albrecht and Shanahan 2013), which knows the natural minor of popular music.
_MAJOR = (
    np.array([5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0]),
    np.array([0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081]),
)
_MINOR = (
    np.array([5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0]),
    np.array([0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052]),
)
_MAJOR_CHORD, _MINOR_CHORD = (0, 4, 7), (0, 3, 7)
_ABSOLUTE_GATE_LUFS, _RELATIVE_GATE_LU = -70.0, 10.0


@dataclass(frozen=True)
class Key:
    """The key of a song."""

    name: str | None
    """`A minor`; None where there is no pitch."""
    confidence: float
    is_minor: bool


def estimate_key(chroma: Matrix) -> Key:
    """Find the key from pitch classes, shape (n, 12). Noise and silence have none."""
    total = chroma.sum(axis=1)
    heard = chroma[total > 0.05 * max(float(np.percentile(total, 95)), 1e-6)] if len(chroma) else chroma
    if len(heard) < 5:
        return Key(None, 0.0, False)
    # Each moment counts by its pitch, not its loudness: peaks over the floor that drums and noise leave in every class.
    peaks = np.maximum(0, heard - np.median(heard, axis=1, keepdims=True))
    clarity = peaks.sum(axis=1) / heard.sum(axis=1)
    if float(np.median(clarity)) < 0.12:
        return Key(None, 0.0, False)
    profile = (peaks / (heard.sum(axis=1, keepdims=True) + 1e-9)).mean(axis=0)
    n_ends = max(1, len(peaks) // 30)
    ends = peaks[:n_ends].mean(axis=0) + peaks[-n_ends:].mean(axis=0)
    scores = _key_scores(profile / (profile.sum() + 1e-9), ends / (ends.sum() + 1e-9))
    best = int(np.argmax(scores))
    # The relative key shares all notes, so that a rival is as a rule close; half a tenth ahead is clear.
    ahead = float(scores[best] - np.partition(scores, -2)[-2])
    confidence = float(np.clip(0.35 + 6 * ahead, 0, 1) * np.clip(scores[best] / 0.8, 0, 1))
    return Key(f"{_NOTE_NAMES[best % 12]} {'minor' if best >= 12 else 'major'}", confidence, best >= 12)


def _key_scores(profile: NDArray[np.floating], ends: NDArray[np.floating]) -> NDArray[np.float64]:
    """Fit of the 12 major, then the 12 minor keys; songs like to begin and end on the chord of their key."""
    scores = []
    for forms, chord in ((_MAJOR, _MAJOR_CHORD), (_MINOR, _MINOR_CHORD)):
        for tonic in range(12):
            fit = np.mean([np.corrcoef(profile, np.roll(form, tonic))[0, 1] for form in forms])
            scores.append(float(fit) + 0.5 * float(sum(ends[(tonic + step) % 12] for step in chord)))
    return np.asarray(np.nan_to_num(np.array(scores)), dtype=np.float64)


def integrated_lufs(weighted: Matrix) -> float | None:
    """Loudness of the whole by ITU-R BS.1770-4 from K-weighted power at `RATE_HZ`; None for silence."""
    step, per_block = RATE_HZ // 10, 4  # blocks of 400 ms, three quarters overlapping
    n = len(weighted) // step * step
    steps = weighted[:n].reshape(-1, step).mean(axis=1).astype(np.float64)
    if len(steps) < per_block:
        steps = np.full(per_block, weighted.mean() if len(weighted) else 0.0)
    blocks = np.convolve(steps, np.ones(per_block) / per_block, mode="valid")
    heard = blocks[blocks > 10 ** ((_ABSOLUTE_GATE_LUFS + 0.691) / 10)]
    if not len(heard):
        return None
    loud = heard[heard > heard.mean() * 10 ** (-_RELATIVE_GATE_LU / 10)]
    return round(float(-0.691 + 10 * np.log10(loud.mean())), 1)


def mood_words(
    spectra: Spectra, tempo_bpm: float, key: Key, lufs: float | None, onsets_per_s: float, genre: str | None = None
) -> tuple[str, ...]:
    """Say in up to five words how a song feels, the strongest first. Silence is `silent`.

    Words that the genre tag already uses (`drum and bass, dark`) come first: whoever made the song should know.
    """
    if lufs is None:
        return ("silent",)
    arousal, bright = _arousal(spectra, tempo_bpm, lufs, onsets_per_s), _brightness(spectra)
    warmth = (-0.35 if key.is_minor else 0.35) * (0.4 + key.confidence) if key.name else 0.0
    valence = float(np.clip(0.5 + warmth + 0.25 * (bright - 0.5) + 0.15 * (arousal - 0.5), 0, 1))
    weights = {
        "energetic": arousal - 0.55,
        "driving": (arousal - 0.5) * (1.0 if tempo_bpm >= 110 else 0.3),
        "calm": 0.48 - arousal,
        "dreamy": (0.55 - arousal) * (1.1 - abs(bright - 0.4)),
        "dark": (0.5 - valence) * (1.25 - bright),
        "melancholic": (0.5 - valence) * (1.3 - arousal),
        "bright": (valence - 0.5) * (0.5 + bright),
        "uplifting": (valence - 0.5) * (0.4 + arousal),
        "intense": min(arousal - 0.6, 0.6 - valence) + 0.08,
        "warm": (valence - 0.4) * (0.8 - bright) * (1.2 - arousal),
        "intimate": (0.42 - arousal) * (1.0 - bright),
        "euphoric": min(arousal - 0.62, valence - 0.55) + 0.05,
    }
    said = [word for word in weights if genre and word in genre.lower().replace(",", " ").split()]
    ranked = sorted((word for word, weight in weights.items() if weight > 0.02), key=lambda word: -weights[word])
    return tuple(dict.fromkeys(said + ranked))[:5] or ("steady",)


def _arousal(spectra: Spectra, tempo_bpm: float, lufs: float, onsets_per_s: float) -> float:
    """How excited it is, 0..1: density, tempo, loudness, and how little it breathes."""
    pace = float(np.clip((tempo_bpm - 60) / 110, 0, 1)) if tempo_bpm else 0.3
    dense = float(np.clip((onsets_per_s - 1) / 6, 0, 1))
    loud = float(np.clip((lufs + 22) / 14, 0, 1))
    bass = float(spectra.parts[:, 0].sum() / (spectra.parts.sum() + 1e-12))
    return 0.3 * pace + 0.35 * dense + 0.2 * loud + 0.15 * float(np.clip(bass * 1.5, 0, 1))


def _brightness(spectra: Spectra) -> float:
    """Where the centre of the spectrum lies, 0 (300 Hz) .. 1 (3 kHz), on a log scale."""
    power: NDArray[np.float32] = spectra.weighted
    centre = float(np.average(spectra.brightness_hz, weights=power + 1e-12))
    return float(np.clip(np.log(max(centre, 1) / 300) / np.log(10), 0, 1))
