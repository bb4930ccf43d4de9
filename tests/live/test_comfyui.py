"""A real ComfyUI server, when COMFYUI_URL is set: its protocol, and a graph that needs no weights."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from suno_video.backends.comfyui import ComfyUIBackend
from suno_video.backends.comfyui.client import ComfyClient, Turned
from suno_video.backends.comfyui.told import failure, refusal, saved_files
from tests.comfy_server import RECORDED

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not os.environ.get("COMFYUI_URL"), reason="COMFYUI_URL is not set"),
]


@pytest.fixture
def client() -> Iterator[ComfyClient]:
    made = ComfyClient(os.environ["COMFYUI_URL"])
    yield made
    made.close()


def _graph(client: ComfyClient, tmp_path: Path) -> dict:
    """The recorded graph, without its sound."""
    Image.new("RGB", (96, 64), (200, 120, 40)).save(tmp_path / "kf.png")
    graph = json.loads(json.dumps(RECORDED["graph"]))
    graph["1"]["inputs"]["image"] = client.upload(tmp_path / "kf.png", "suno-video-live")
    del graph["6"], graph["7"]["inputs"]["audio"]
    for node in graph.values():
        if "filename_prefix" in node["inputs"]:
            node["inputs"]["filename_prefix"] = f"suno-video-live/{uuid.uuid4().hex}"
    return graph


def test_the_server_answers() -> None:
    ready = ComfyUIBackend.readiness()
    assert ready.ready, ready.detail


def test_a_graph_without_weights_gives_a_still_and_a_clip(client: ComfyClient, tmp_path: Path) -> None:
    prompt_id = str(uuid.uuid4())
    client.post(_graph(client, tmp_path), prompt_id)
    end_s = time.monotonic() + 60
    while (entry := client.history(prompt_id)) is None and time.monotonic() < end_s:
        time.sleep(0.2)
    assert entry is not None and failure(entry, {}) is None
    saved = saved_files(entry)
    assert {each.filename.rpartition(".")[2] for each in saved} == {"png", "mp4"}
    for each in saved:
        client.fetch(each, tmp_path / each.filename, lambda: None)
        assert (tmp_path / each.filename).stat().st_size > 100


def test_a_node_that_is_not_there_is_told(client: ComfyClient, tmp_path: Path) -> None:
    graph = _graph(client, tmp_path)
    graph["3"]["class_type"] = "NoSuchNode"
    with pytest.raises(Turned) as turned:
        client.post(graph, str(uuid.uuid4()))
    assert "no node NoSuchNode" in refusal(turned.value.body, graph, {}).reason


def test_a_prompt_that_nobody_knows_has_no_history(client: ComfyClient) -> None:
    assert client.history(str(uuid.uuid4())) is None and client.place(str(uuid.uuid4())) is None
