"""What is heard during a clip, as the model of LTX-2 hears it: log-mel of a stretch of the song, encoded."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suno_video.backends.base import AudioSpan, FailureKind, MakeFailed
from suno_video.core.errors import EncoderError
from suno_video.media.ffmpeg import SAFE_INPUT, file_url, read_chunks

_RATE_HZ = 16000
_N_FFT, _HOP = 1024, 160
_TOP_HZ = 8000.0
_LATENTS_PER_S = 25
_CHUNK_BYTES = 1 << 16


def encode_audio(pipe: Any, span: AudioSpan, n_frames: int, fps: int) -> Any:
    """Give the latents of what is heard in `n_frames`, of shape (1, channels, time, mels).

    Raises:
        MakeFailed: The sound cannot be decoded.
    """
    import torch

    n_latents = max(1, round(n_frames / fps * _LATENTS_PER_S))
    # A little more than is needed: the encoder looks ahead, and what is over is cut off.
    samples = _decode(span, round((n_frames / fps + 1 / 3) * _RATE_HZ))
    first = next(pipe.audio_vae.parameters())
    mel = _log_mel(torch.from_numpy(samples), int(pipe.audio_vae.config.mel_bins))
    with torch.no_grad():
        latents = pipe.audio_vae.encode(mel.to(first.device, first.dtype)).latent_dist.mode()
    return latents[:, :, :n_latents]


def _decode(span: AudioSpan, n_samples: int) -> NDArray[np.float32]:
    """Give two channels of exactly `n_samples`; after the end there is silence."""
    args = [*SAFE_INPUT, "-ss", f"{span.start_s:.6f}", "-i", file_url(span.path), "-t", f"{n_samples / _RATE_HZ:.6f}"]
    args += ["-map", "0:a:0", "-vn", "-ac", "2", "-ar", str(_RATE_HZ), "-f", "f32le", "pipe:1"]
    try:
        with closing(read_chunks(args, _CHUNK_BYTES)) as chunks:
            sound = np.frombuffer(b"".join(chunks), dtype="<f4").reshape(-1, 2).T
    except EncoderError as exc:
        raise MakeFailed(FailureKind.BAD_INPUT, f"the sound of the scene cannot be decoded: {exc}") from None
    out = np.zeros((2, n_samples), dtype=np.float32)
    kept = min(n_samples, sound.shape[1])
    out[:, :kept] = sound[:, :kept]
    return out


def _log_mel(samples: Any, n_mels: int) -> Any:
    """Turn (2, n_samples) into (1, 2, time, n_mels)."""
    import torch
    from transformers.audio_utils import mel_filter_bank

    spectrum = torch.stft(samples, _N_FFT, _HOP, window=torch.hann_window(_N_FFT), return_complex=True).abs()
    filters = mel_filter_bank(_N_FFT // 2 + 1, n_mels, 0.0, _TOP_HZ, _RATE_HZ, norm="slaney", mel_scale="slaney")
    mel = torch.from_numpy(filters.astype(np.float32)).T @ spectrum
    return torch.log(mel.clamp(min=1e-5)).transpose(-1, -2)[None]
