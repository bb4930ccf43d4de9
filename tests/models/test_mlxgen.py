"""A clip by the real mlx-gen, through our backend and the command of our card, from a tiny random Wan 2.2 TI2V 5B.

mlx-gen lives in an environment of its own, which `make test-mlxgen` makes. Only the sizes of the model differ from what
a person runs: `tiny_wan_mlx.py` stands where the command is looked for, makes them small, and calls the command.
"""

from __future__ import annotations

import dataclasses
import os
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from suno_video.backends.base import ClipRequest, FailureKind, Job, MakeFailed
from suno_video.backends.catalog import ModelCatalog
from suno_video.backends.mlx_video import MlxVideoBackend
from suno_video.core.frames import FrameSize
from suno_video.media.ffmpeg import file_url, read_frames
from tests.unit.clips import clip_request

HERE = Path(__file__).parent
PYTHON = Path(os.environ.get("SUNO_VIDEO_MLXGEN_PYTHON") or HERE.parents[1] / ".venv-mlxgen" / "bin" / "python")
WRAPPED = HERE / "tiny_wan_mlx.py"
RAW = ("-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not PYTHON.with_name("mlxgen-generate-wan").is_file(), reason="make test-mlxgen installs it"),
]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tiny model; its name says which one it is, as mlx-gen wants it."""
    folder = tmp_path_factory.mktemp("weights") / "wan2.2-ti2v-5b"
    subprocess.run([PYTHON, WRAPPED, "build", folder], check=True, capture_output=True, timeout=600)
    return folder


@pytest.fixture
def backend(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlxVideoBackend:
    """Our backend with the command of our card, word for word, where that finds the tiny model's program."""
    stands_in = tmp_path / "bin" / "mlxgen-generate-wan"
    stands_in.parent.mkdir()
    stands_in.write_text(f'#!/bin/sh\nexec {shlex.quote(str(PYTHON))} {shlex.quote(str(WRAPPED))} run "$@"\n')
    stands_in.chmod(0o755)
    monkeypatch.setenv("SUNO_VIDEO_MLX_VIDEO_PYTHON", str(stands_in.with_name("python")))
    card = ModelCatalog.load().find("mlx-video", "wan2.2-ti2v-5b", "clip")
    return MlxVideoBackend(card.model_copy(update={"source": str(weights), "steps": 2}))


def wan_request(still: Path, **changes: object) -> ClipRequest:
    y, x = np.mgrid[0:64, 0:96]
    Image.fromarray(np.stack([x * 2, y * 3, x + y], -1).astype(np.uint8)).save(still)
    facts = {"size": FrameSize(width_px=96, height_px=64), "fps": 24, "n_frames": 9, "first_frame": still}
    return dataclasses.replace(clip_request(), **(facts | changes))


def test_a_still_becomes_a_clip_of_just_what_was_asked_for(backend: MlxVideoBackend, tmp_path: Path) -> None:
    request = wan_request(tmp_path / "still.png")
    place = tmp_path / "scratch"
    place.mkdir()
    assert request.size.width_px % backend.capabilities.size_multiple == 0
    assert request.n_frames in (backend.capabilities.n_frames or ())
    made = backend.make(request, Job(place))
    assert (made.n_frames, made.fps, made.size) == (9, 24.0, request.size)
    assert list(place.iterdir()) == [made.path]
    first = next(iter(read_frames(["-i", file_url(made.path), *RAW], made.size)))
    assert first[: request.size.height_px].std() > 1


def test_with_less_memory_it_comes_as_well(backend: MlxVideoBackend, tmp_path: Path) -> None:
    saving = Job(tmp_path, economies=frozenset({"offload"}))
    assert backend.make(wan_request(tmp_path / "still.png"), saving).n_frames == 9


def test_weights_that_are_not_there_are_said(backend: MlxVideoBackend, weights: Path, tmp_path: Path) -> None:
    card = backend._card.model_copy(update={"source": str(weights.with_name("wan2.2-ti2v-5b-gone"))})
    with pytest.raises(MakeFailed, match="Model not found") as caught:
        MlxVideoBackend(card).make(wan_request(tmp_path / "still.png"), Job(tmp_path))
    assert caught.value.kind == FailureKind.UNAVAILABLE
