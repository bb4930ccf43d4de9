"""Spectra against the reference implementations: librosa's mel filters, NumPy's transform."""

from __future__ import annotations

import numpy as np
import pytest

from suno_video.analyze.frames import PowerFrames
from suno_video.analyze.spectra import mel_bank


@pytest.mark.slow  # librosa takes long to import
@pytest.mark.parametrize("rate_hz, n_fft", [(44100, 2048), (48000, 2048), (22050, 1024), (8000, 512)])
def test_the_mel_filters_are_those_of_librosa(rate_hz, n_fft):
    mel = pytest.importorskip("librosa.filters", reason="needs the extra bench").mel
    top_hz = min(11000.0, rate_hz / 2)
    theirs = mel(sr=rate_hz, n_fft=n_fft, n_mels=80, fmin=27.5, fmax=top_hz, htk=True, norm=None)
    np.testing.assert_allclose(mel_bank(rate_hz, n_fft, 80, 27.5, top_hz), theirs.T, rtol=0, atol=1e-6)


def test_mel_filters_hand_over_to_each_other_at_equal_steps_of_pitch():
    bank, hz = mel_bank(44100, 8192, 20, 100.0, 8000.0), np.arange(4097) * 44100 / 8192
    centres_hz = hz[np.argmax(bank, axis=0)]
    between = (hz > centres_hz[0]) & (hz < centres_hz[-1])
    np.testing.assert_allclose(bank[between].sum(axis=1), 1, atol=0.02)
    steps = np.diff(2595 * np.log10(1 + centres_hz / 700))
    np.testing.assert_allclose(steps, steps.mean(), rtol=0.05)


@pytest.mark.parametrize("rate_hz", [44100, 22050])  # frames at equal distances, and at two in turn
def test_the_power_of_a_frame_is_that_of_numpys_transform(rate_hz):
    samples = np.random.default_rng(5).normal(0, 0.1, (rate_hz, 2)).astype(np.float32)
    frames = PowerFrames(rate_hz, 2, 100, 0.046)
    ours = np.concatenate([*frames.push(samples[:10_001]), *frames.push(samples[10_001:])])
    n_fft, window = frames.n_fft, np.hanning(frames.n_fft + 1)[:-1]
    for j in (12, 30, 61):
        start = (2 * j + 1) * rate_hz // 200 - n_fft // 2
        bins = np.fft.rfft(samples[start : start + n_fft].astype(np.float64) * window[:, None], axis=0)
        power = 2 / (n_fft * (window**2).sum()) * (np.abs(bins) ** 2).sum(axis=1)
        np.testing.assert_allclose(ours[j], power, rtol=1e-3, atol=1e-6 * power.max())
