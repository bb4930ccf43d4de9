"""What goes wrong with the diffusers backend: memory, weights, stops, and words that come late."""

from __future__ import annotations

import gc
import json
import shutil
import subprocess
import sys
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")

from suno_video.backends.base import BackendSetup, FailureKind, Job, MakeFailed, Prepares
from suno_video.backends.diffusers import DiffusersBackend
from suno_video.backends.diffusers.pictures import to_bytes
from suno_video.core.errors import BackendUnavailableError
from tests.models.tiny.cards import card_of, request_for


class Stop(Exception):  # noqa: N818 - stands for the loop's own
    """The run ends."""


def test_a_stop_between_two_steps_goes_through_and_the_next_request_is_made(
    opened: Callable[..., Any], tmp_path: Path
) -> None:
    backend, request = opened("wan22-5b", steps=6), request_for("wan22-5b", tmp_path)
    asked = []

    def check_stop() -> None:
        asked.append(None)
        if len(asked) == 5:
            raise Stop

    with pytest.raises(Stop):
        backend.make(request, Job(tmp_path, check_stop=check_stop))
    assert len(asked) == 5
    assert list(tmp_path.glob("*.mp4")) == []
    assert backend.make(request, Job(tmp_path)).n_frames == 9


def test_words_of_a_whole_pass_are_encoded_at_once_and_late_ones_by_themselves(
    opened: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import suno_video.backends.diffusers.backend as module

    loads, load = [], module.load_words

    def counted(*args: Any) -> Any:
        pipe = load(*args)
        loads.append(weakref.ref(pipe.text_encoder))
        return pipe

    monkeypatch.setattr(module, "load_words", counted)
    backend, request = opened("flux"), request_for("flux", tmp_path)
    requests = [replace(request, prompt=f"a fox {number}") for number in range(3)]
    assert isinstance(backend, Prepares)
    backend.prepare(requests, lambda: None)
    gc.collect()
    assert [each() for each in loads] == [None]
    for each in requests:
        backend.make(each, Job(tmp_path))
    assert len(loads) == 1
    backend.make(replace(request, prompt="a calm fox"), Job(tmp_path))
    assert len(loads) == 2


def test_economies_stay_and_offloading_gives_the_same_picture(opened: Callable[..., Any], tmp_path: Path) -> None:
    backend, request = opened("flux"), request_for("flux", tmp_path)
    plain = backend.make(request, Job(tmp_path)).read_bytes()
    assert backend.make(request, Job(tmp_path, economies=frozenset({"offload"}))).read_bytes() == plain
    assert not backend._painter.vae.use_tiling
    # Tiles are blended at their edges: nearly the same, not quite.
    tiled = backend.make(request, Job(tmp_path, economies=frozenset({"tiling"}))).read_bytes()
    assert tiled != plain and backend._painter.vae.use_tiling
    assert backend.make(request, Job(tmp_path)).read_bytes() == tiled


def test_no_numbers_are_no_picture() -> None:
    with pytest.raises(MakeFailed) as caught:
        to_bytes(np.full((2, 2, 3), np.nan))
    assert caught.value.kind == FailureKind.FLAWED


def spoil_index(folder: Path) -> None:
    (folder / "model_index.json").unlink()


def spoil_part(folder: Path) -> None:
    shutil.rmtree(folder / "transformer")


def spoil_file(folder: Path) -> None:
    file = next((folder / "transformer").glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:-100])


def spoil_format(folder: Path) -> None:
    file = next((folder / "vae").glob("*.safetensors"))
    file.rename(file.with_suffix(".bin"))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_index, "model_index.json is missing"),
        (spoil_part, "'transformer' is missing"),
        (spoil_file, "cut short"),
        (spoil_format, "no safetensors"),
    ],
)
def test_a_folder_that_is_not_whole_is_refused_with_words(
    tiny_folder: Callable[[str], Path], tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(tiny_folder("flux"), folder)
    spoil(folder)
    backend = DiffusersBackend.for_model(card_of("flux", folder), BackendSetup())
    with pytest.raises(BackendUnavailableError) as caught:
        backend.open()
    assert words in caught.value.message and caught.value.hint


def test_a_model_that_is_not_here_is_not_looked_for_when_offline(tmp_path: Path) -> None:
    card = card_of("flux", tmp_path).model_copy(update={"source": "nobody/has-this-model"})
    with pytest.raises(BackendUnavailableError, match="downloads are switched off"):
        DiffusersBackend.for_model(card, BackendSetup()).open()


_UNDER_A_LIMIT = """
import gc, resource, sys
from pathlib import Path
from suno_video.backends.base import BackendSetup, FailureKind, Job, MakeFailed
from suno_video.backends.diffusers import DiffusersBackend
from suno_video.core.frames import FrameSize
from dataclasses import replace
from tests.models.tiny.cards import card_of, request_for
import torch
torch.set_num_threads(1)
place = Path(sys.argv[2])
backend = DiffusersBackend.for_model(card_of("flux", Path(sys.argv[1])), BackendSetup())
backend.open()
request = request_for("flux", place)
backend.make(request, Job(place))
now = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_DATA, (now + 256 * 2**20, resource.RLIM_INFINITY))
try:
    backend.make(replace(request, size=FrameSize(width_px=4096, height_px=4096)), Job(place))
except MakeFailed as exc:
    assert exc.kind == FailureKind.OUT_OF_MEMORY, exc.kind
    gc.collect()
    alive = [thing for thing in gc.get_objects() if type(thing).__name__ == "FluxTransformer2DModel"]
    assert not alive, "the painter was kept"
    print("ran out:", exc.reason)
print("then", backend.make(request, Job(place, economies=frozenset({"tiling"}))).name)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of others has no such limit, or does not keep it")
def test_running_out_of_real_memory_lets_go_of_everything_and_the_next_attempt_works(
    tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    run = subprocess.run(
        [sys.executable, "-c", _UNDER_A_LIMIT, str(tiny_folder("flux")), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert "ran out:" in run.stdout and "then s001-" in run.stdout


def test_code_that_lies_beside_weights_is_not_run(tiny_folder: Callable[[str], Path], tmp_path: Path) -> None:
    folder, ran = tmp_path / "weights", tmp_path / "ran"
    shutil.copytree(tiny_folder("flux"), folder)
    code = f"open({str(ran)!r}, 'w').close()\nclass Mine: pass\n"
    for place in (folder / "pipeline.py", folder / "transformer" / "mine.py"):
        place.write_text(code, encoding="utf-8")
    index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    index |= {"_class_name": ["pipeline", "Mine"], "transformer": ["mine", "Mine"]}
    (folder / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
    backend = DiffusersBackend.for_model(card_of("flux", folder), BackendSetup())
    backend.open()
    with pytest.raises(BackendUnavailableError):
        backend.make(request_for("flux", tmp_path), Job(tmp_path))
    assert not ran.exists()
