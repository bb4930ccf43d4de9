"""A whole film by a ComfyUI server, and one whose run is killed in the middle of a prompt."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from suno_video.backends.base import BackendSetup
from suno_video.core.frames import FrameSize
from suno_video.media.mp4 import read_mp4
from suno_video.project.takes import TakeStore
from tests.comfy_server import ComfyServer
from tests.e2e.conftest import write_song
from tests.e2e.crashes import kill_tree, start

SECONDS = 8.0
RENDER = ("render", "song.wav", "--size", "128x72", "--quality", "draft", "--quiet", "--jobs", "2")


def _environment(folder: Path, server: ComfyServer, **more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SUNO_VIDEO_")}
    return clean | {
        "SUNO_VIDEO_BACKEND": "comfyui:wan2.2-5b",
        "SUNO_VIDEO_LOOK": "cosmos",
        "SUNO_VIDEO_MONEY__LEDGER": str(folder / "ledger.db"),
        "XDG_CONFIG_HOME": str(folder / "home"),
        "COMFYUI_URL": server.url,
        **more,
    }


def _assert_whole(film: Path) -> None:
    picture, sound = (read_mp4(film).track(kind) for kind in ("vide", "soun"))
    assert picture is not None and sound is not None
    assert abs(picture.n_samples / float(picture.fps) - SECONDS) <= 1 / float(picture.fps)


@pytest.mark.slow
def test_stills_and_clips_of_a_film_are_made_by_one_server(tmp_path: Path) -> None:
    from suno_video.core.brief import Brief
    from suno_video.pipeline import FilmOptions, render_film

    song = write_song(tmp_path / "song.wav", SECONDS)
    brief = Brief(
        look="cosmos",
        size=FrameSize(width_px=128, height_px=72),
        still_backend="comfyui:flux-schnell",
        video_backend="comfyui:wan2.2-5b",
    )
    with ComfyServer(tmp_path / "output") as server:
        setup = BackendSetup(services={"comfyui_url": server.url})
        result = render_film(song, FilmOptions(brief=brief, quality="draft", setup=setup))
        frees = server.calls.count("POST /free")
    assert (result.stand_ins, result.exit_status) == ({}, 0)
    _assert_whole(tmp_path / "song.mp4")
    stills, clips = (TakeStore(result.project / kind).all() for kind in ("stills", "clips"))
    assert len(stills) == len(clips) > 0
    assert {take.receipt.backend for take in clips} == {"comfyui:wan2.2-5b"}
    assert len(server.posts) == len(set(server.posts)) == len(stills) + len(clips)
    assert len([name for name in server.uploads if name.endswith(".png")]) == len(clips)
    assert frees == 2, "each pass leaves the memory to the next"


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_run_that_is_killed_in_the_middle_of_a_prompt_is_picked_up(tmp_path: Path) -> None:
    write_song(tmp_path / "song.wav", SECONDS)
    with ComfyServer(tmp_path / "output", work_s=1.0) as server:
        env = _environment(tmp_path, server)
        run = start(tmp_path, env, *RENDER)
        end_s = time.monotonic() + 60
        while server.running is None and time.monotonic() < end_s:
            time.sleep(0.01)
        kill_tree(run)
        assert len(server.posts) == 1
        server.work_s = 0.0
        assert start(tmp_path, env, *RENDER).wait(120) == 0
        assert len(server.posts) == len(set(server.posts)), "each prompt is posted once"
        clips = TakeStore(tmp_path / "song.suno-video" / "clips").all()
        assert len(server.posts) == len(clips) > 0
    _assert_whole(tmp_path / "song.mp4")
