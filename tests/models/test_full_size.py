"""What runs in full size on a graphics card, run here with tiny sizes; and how large the full size is."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")

from suno_video.backends.catalog import ModelCatalog
from tests.e2e.full_size import FULL, TINY, FullModel
from tests.e2e.tiny_clips import run_scenes

N_SCENES = 5


@pytest.mark.parametrize("kind", list(TINY))
def test_scenes_of_a_model_built_in_place_with_one_that_runs_out_of_memory(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_scenes(tmp_path, FullModel(TINY[kind]), N_SCENES, TINY[kind].size)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    # The fourth fails once, and is made when memory was returned.
    assert [each["label"] for each in told] == ["s001", "s002", "s003", "s004", "s004", "s005", "closed"]
    held = [each["tensor_mb"] for each in told]
    assert held[3] < 0.25 * held[2] and held[4] == held[2] and held[-1] < 0.01 * held[2]


@pytest.mark.parametrize(
    ("kind", "billions", "card"),
    [("flux", 11.9, "flux-schnell"), ("wan", 5.0, "wan2.2-ti2v-5b"), ("cogvideox", 5.57, "cogvideox-5b-i2v")],
)
def test_the_full_size_is_that_of_the_published_model_and_its_card_says_its_memory(
    kind: str, billions: float, card: str
) -> None:
    pipe = FULL[kind].build("meta", "bfloat16")  # nothing is allocated there
    n_painter = sum(each.numel() for each in pipe.transformer.parameters())
    assert n_painter == pytest.approx(billions * 1e9, rel=0.005)
    parts = (*pipe.transformer.parameters(), *pipe.vae.parameters())
    n_bytes = sum(each.numel() * each.element_size() for each in parts)
    known = next(each for each in ModelCatalog.load().of_backend("diffusers") if each.id == card)
    assert known.memory_gb == math.ceil(1.2 * n_bytes / 1e9)
