"""Clips by another program, with a real child process that makes a real MP4."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from suno_video.backends.base import AudioSpan, BackendSetup, FailureKind, FileFootage, Job, MakeFailed
from suno_video.backends.catalog import ModelCatalog
from suno_video.backends.mlx_video import MlxVideoBackend
from suno_video.backends.mlx_video.command import Ended, environment, failure_of
from suno_video.core.errors import ConfigError
from tests.unit.clips import clip_request
from tests.unit.mlx_video_cards import stand_in_card, stand_in_command

ROOT = Path(__file__).parents[2]


class Stopped(Exception):  # noqa: N818 - a signal, as in the loop
    """The run is to end."""


def make(tmp_path: Path, *, extra: dict[str, Any] | None = None, job: Job | None = None, **changes: Any) -> FileFootage:
    backend = MlxVideoBackend.for_model(stand_in_card(extra=extra or {}), BackendSetup())
    request = dataclasses.replace(clip_request(), n_frames=9, fps=24, **changes)
    return backend.make(request, job or Job(tmp_path))


def failure(tmp_path: Path, prompt: str) -> MakeFailed:
    with pytest.raises(MakeFailed) as caught:
        make(tmp_path, prompt=prompt)
    assert list(tmp_path.iterdir()) == []
    return caught.value


def told(tmp_path: Path, **changes: Any) -> list[str]:
    note = tmp_path / "note"
    make(tmp_path, extra={"command": [*stand_in_command(), "--note", str(note)]}, **changes)
    return note.read_text(encoding="utf-8").split("\0")


def wait_for(there: Callable[[], bool]) -> None:
    ends_at_s = time.monotonic() + 10
    while not there():
        assert time.monotonic() < ends_at_s
        time.sleep(0.02)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_clip_is_what_the_program_made(tmp_path: Path) -> None:
    made = make(tmp_path)
    assert (made.n_frames, made.fps, made.size) == (9, 24.0, clip_request().size)
    assert list(tmp_path.iterdir()) == [made.path]


def test_words_reach_the_program_as_they_are(tmp_path: Path) -> None:
    prompt = "-- a {seed}; $(touch x) `y` \"quoted\" 'twice'\nnext line"
    still = tmp_path / "still.png"
    Image.new("RGB", (64, 36), "teal").save(still)
    words = told(tmp_path, prompt=prompt, negative_prompt="", first_frame=still)
    assert words[0] == f"--prompt={prompt}"
    assert words[words.index("--image") + 1] == str(still)
    assert not any(word.startswith(("--negative", "--audio", "--low-ram")) for word in words)


def test_the_stretch_of_song_is_told(tmp_path: Path) -> None:
    words = told(tmp_path, audio=AudioSpan(tmp_path / "song.wav", 12.5, 0.4))
    assert words[words.index("--audio") :][:4] == ["--audio", str(tmp_path / "song.wav"), "--audio-start", "12.500"]


def test_memory_that_ran_out_is_asked_for_less_of(tmp_path: Path) -> None:
    assert failure(tmp_path, "no memory").kind == FailureKind.OUT_OF_MEMORY
    saving = Job(tmp_path, economies=frozenset({"offload"}))
    assert make(tmp_path, prompt="no memory", job=saving).n_frames == 9


@pytest.mark.parametrize(
    ("prompt", "kind", "said"),
    [
        ("killed", FailureKind.OUT_OF_MEMORY, "status 137"),
        ("gated", FailureKind.UNAVAILABLE, "GatedRepoError"),
        ("breaks", FailureKind.RETRYABLE, "the model is in a bad mood"),
        ("nothing", FailureKind.RETRYABLE, "made no clip"),
        ("garbage", FailureKind.RETRYABLE, "the clip cannot be used"),
        ("short", FailureKind.RETRYABLE, "it has 4 frames, 9 are needed"),
    ],
)
def test_each_failure_is_told_by_its_kind_and_leaves_nothing(tmp_path: Path, prompt: str, kind: str, said: str) -> None:
    failed = failure(tmp_path, prompt)
    assert failed.kind == kind
    assert said in failed.reason


@pytest.mark.parametrize(
    "said",
    [
        ("Model not found: '/weights/wan2.2-ti2v-5b'. If local path, make sure it exists.",),
        ("MLX-Gen will not download model files during generation.", "  mlxgen download --model Wan-AI/Wan2.2"),
    ],
)
def test_weights_that_mlx_gen_does_not_find_are_not_asked_for_again(said: tuple[str, ...]) -> None:
    failed = failure_of(Ended(1, said))
    assert failed.kind == FailureKind.UNAVAILABLE
    assert said[-1].strip() in failed.reason


def test_a_stop_ends_a_program_that_does_not_want_to_end_and_its_helpers(tmp_path: Path) -> None:
    hangs = tmp_path / "hangs"
    asked_at_s: list[float] = []

    def check_stop() -> None:
        if hangs.exists():
            asked_at_s.append(time.monotonic())
            raise Stopped

    with pytest.raises(Stopped):
        make(tmp_path, prompt="hang", job=Job(tmp_path, check_stop=check_stop))
    assert time.monotonic() - asked_at_s[0] < 2
    pids = [int(pid) for pid in hangs.read_text().split()]
    assert len(pids) == 2
    assert all(map(gone, pids))


def test_a_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(MakeFailed, match=r"not done after 0\.8 s"):
        make(tmp_path, prompt="hang", extra={"timeout_s": 0.8})


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills with a signal")
def test_a_killed_run_leaves_no_program_behind(tmp_path: Path) -> None:
    code = "import sys, pathlib, tests.unit.test_mlx_video as t; t.make(pathlib.Path(sys.argv[1]), prompt='hang')"
    run = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT)
    try:
        wait_for((tmp_path / "hangs").exists)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    pids = [int(pid) for pid in (tmp_path / "hangs").read_text().split()]
    wait_for(lambda: all(map(gone, pids)))


def test_a_program_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUNO_VIDEO_MLX_VIDEO_PYTHON", raising=False)
    readiness = MlxVideoBackend.readiness()
    assert not readiness.ready
    assert "SUNO_VIDEO_MLX_VIDEO_PYTHON is not set" in readiness.detail
    monkeypatch.setenv("SUNO_VIDEO_MLX_VIDEO_PYTHON", str(tmp_path / "bin" / "python"))
    assert f"there is no program {tmp_path}/bin/mlxgen-generate-wan" in MlxVideoBackend.readiness().detail
    ready = MlxVideoBackend.readiness_of(stand_in_card(), BackendSetup())
    assert ready.ready and sys.executable in ready.detail


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("python make.py", "must be a list"),
        (["python", "{output}", "{secret}"], "{secret}"),
        (["python", 3, "{output}"], "neither a word nor a list"),
        (["python", "make.py"], "where the clip goes"),
    ],
)
def test_a_card_that_cannot_work_is_refused(command: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        MlxVideoBackend.for_model(stand_in_card(extra={"command": command}), BackendSetup())
    assert said in caught.value.message


def test_all_our_cards_can_be_filled_in() -> None:
    cards = ModelCatalog.load().of_backend("mlx-video")
    assert len(cards) == 3
    for card in cards:
        backend = MlxVideoBackend.for_model(card, BackendSetup())
        assert "first_frame" in backend.capabilities.accepts
        assert card.digest in backend.version


def test_no_key_of_ours_goes_to_the_program() -> None:
    ours = {"REPLICATE_API_TOKEN": "r8", "OPENAI_API_KEY": "sk", "SUNO_VIDEO_X": "1", "PYTHONPATH": "p"}
    assert environment(ours | {"HF_TOKEN": "hf", "PATH": "/bin"}) == {"HF_TOKEN": "hf", "PATH": "/bin"}
