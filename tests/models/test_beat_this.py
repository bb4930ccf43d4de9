"""Other ears: the real beat_this with a tiny network of random weights; with trained ones it was never run here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from suno_video.analyze import ears
from suno_video.analyze.beatnet import NET_RATE_HZ
from suno_video.analyze.listen import listen
from suno_video.core.errors import BackendUnavailableError
from suno_video.core.grid import GridWish
from tests.unit.sounds import clicks, two_parts, write_wav

# A torchaudio that does not fit its torch keeps all of it from being imported.
pytest.importorskip("beat_this.inference", exc_type=(ImportError, OSError))
pytestmark = pytest.mark.filterwarnings("ignore")  # of torchaudio and torch
SECONDS = 4.0


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "song.wav", two_parts(SECONDS), 22050)


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Random weights in the place and the form in which the package keeps those that it fetched."""
    import torch
    from beat_this.model.beat_tracker import BeatThis

    torch.manual_seed(1)
    sizes = {"spect_dim": 128, "transformer_dim": 32, "n_layers": 1, "head_dim": 8, "stem_dim": 8}
    state = {f"model.{name}": values for name, values in BeatThis(**sizes).state_dict().items()}
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    path = tmp_path / "torch" / "hub" / "checkpoints" / ears.WEIGHTS_NAME
    path.parent.mkdir(parents=True)
    torch.save({"hyper_parameters": {**sizes, "lr": 1e-3}, "state_dict": state}, path)
    return path


def test_its_frames_lie_on_ours_however_the_song_is_cut(
    song: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ears.open_ears("beat_this").hear(song)
    assert whole is not None and whole.shape == (SECONDS * NET_RATE_HZ, 2)
    assert np.isfinite(whole).all() and 0 <= whole.min() < whole.max() <= 1
    monkeypatch.setattr(ears, "_STRETCH_S", 1.5)
    monkeypatch.setattr(ears, "_MARGIN_S", 1.0)
    cut = ears.open_ears("beat_this").hear(song)
    # Random weights look at all they are given: close is all that can be asked of frames that see less of the song.
    assert cut is not None and cut.shape == whole.shape and np.abs(cut - whole).mean() < 0.1


def test_a_click_is_in_the_same_frame_of_its_spectrogram_and_of_ours(tmp_path: Path, weights: Path) -> None:
    song = write_wav(tmp_path / "click.wav", clicks(SECONDS, np.array([1.01, 3.03])))
    model = ears._load(weights)

    def loudness(samples: np.ndarray, rate_hz: int) -> tuple[object, object]:
        levels = model.signal2spect(samples, rate_hz).sum(dim=1)
        levels = 4 * (levels / levels.max() - 1)
        return levels, levels

    heard = ears._hear_with(loudness, song)[:, 0]
    for at_s in (1.01, 3.03):
        near = heard[round((at_s - 0.5) * NET_RATE_HZ) :][:NET_RATE_HZ]
        loudest = np.flatnonzero(near == near.max()) + round((at_s - 0.5) * NET_RATE_HZ)
        assert int(at_s * NET_RATE_HZ) in loudest


def test_a_song_is_heard_by_it_and_judged_by_us(song: Path, weights: Path) -> None:
    heard = listen(song, fps=30, max_duration_s=60, wish=GridWish(tracker="beat_this"))
    assert heard.analysis.grid_source == "beat_this"
    assert heard.analysis.passages and heard.beats.heard_by.startswith("beat_this 1, ")
    assert heard.analysis.correction


def test_weights_that_are_not_there_are_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(BackendUnavailableError, match="are not there"):
        ears.open_ears("beat_this")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"junk" * 500])
def test_damaged_weights_are_said_to_be_so(song: Path, weights: Path, content: bytes) -> None:
    weights.write_bytes(content)
    with pytest.raises(BackendUnavailableError, match="cannot be used"):
        ears.open_ears("beat_this").hear(song)
