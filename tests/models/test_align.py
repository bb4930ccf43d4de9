"""Forced alignment with the real transformers library over a tiny wav2vec 2.0 of random weights: it hears nonsense."""

from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path

import numpy as np
import pytest

from suno_video.analyze.align import letters
from suno_video.analyze.align.aligner import Aligner
from suno_video.core.errors import BackendUnavailableError
from suno_video.core.song import LyricLine, Lyrics
from tests.unit.sounds import tone, write_wav

VOCABULARY = {"<pad>": 0, "|": 1, "A": 2, "B": 3, "E": 4, "O": 5}


@pytest.fixture(scope="module")
def tiny_ear(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of few letters: even chance hears each of them well enough to be taken for sung."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("anyascii")
    transformers = pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("wav2vec2")
    torch.manual_seed(3)
    config = transformers.Wav2Vec2Config(
        vocab_size=len(VOCABULARY), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        conv_dim=(8,) * 7, num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2, pad_token_id=0,
    )  # fmt: skip
    transformers.Wav2Vec2ForCTC(config).save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps(VOCABULARY))
    (folder / "preprocessor_config.json").write_text('{"do_normalize": true}')
    return folder


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Longer than a block, so that blocks are put together."""
    rising = tone(23.0, 220, 331)
    rising *= np.linspace(0.2, 1.0, len(rising))
    return write_wav(tmp_path_factory.mktemp("song") / "song.wav", rising)


def test_words_get_times_sounds_and_mouths_and_the_model_goes_after_the_song(
    tiny_ear: Path, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = LyricLine(text="Abba beo", start_s=2.0, end_s=4.0, timed_by="placed", confidence=0.6)
    late = given.model_copy(update={"text": "Боа 🔥 oba", "start_s": 19.0, "end_s": 22.0})
    loaded: list[weakref.ref[letters.LetterEar]] = []

    def load(name: str) -> letters.LetterEar:
        ear = letters.LetterEar(name)
        loaded.append(weakref.ref(ear))
        return ear

    told: list[float] = []
    aligned = Aligner(load).align(
        Lyrics(source="a.txt", lines=(given, late)), song, str(tiny_ear), on_block=told.append
    )
    first, last = aligned.lines
    assert told == sorted(told)
    assert told[-1] == pytest.approx(23.0, abs=0.05)
    for line in (first, last):
        assert line.timed_by == "aligned"
        assert 0 < (line.confidence or 0) <= 1
        assert [word.text for word in line.words] == line.text.split()
        assert all(a.end_s <= b.start_s + 1e-6 for a, b in zip(line.words, line.words[1:], strict=False))
        for word in line.words:
            edges = [(each.start_s, each.end_s) for each in word.phonemes]
            assert not edges or (edges[0][0], edges[-1][1]) == pytest.approx((word.start_s, word.end_s), abs=0.002)
    assert [each.viseme for each in first.words[0].phonemes] == ["aa", "PP", "aa"]
    assert last.words[0].phonemes  # written in Cyrillic, heard in Latin letters
    assert 19 - 4 < (last.start_s or 0) < (last.end_s or 0) <= 23.01
    gc.collect()
    assert [ref() for ref in loaded] == [None]


def test_a_folder_that_holds_another_kind_of_model_is_refused_in_words(tiny_ear: Path, tmp_path: Path) -> None:
    (tmp_path / "vocab.json").write_text(json.dumps(VOCABULARY))
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(BackendUnavailableError, match="cannot be loaded as a model that hears letters"):
        letters.LetterEar(str(tmp_path))
