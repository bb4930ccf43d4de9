"""ComfyUI: what was recorded from a real server, and all that goes wrong there, over a server on this machine."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from suno_video.backends.base import (
    AudioSpan,
    BackendSetup,
    ClipRequest,
    FailureKind,
    FileFootage,
    Job,
    MakeFailed,
    StillRequest,
)
from suno_video.backends.catalog import ModelCard, ModelCatalog
from suno_video.backends.comfyui import ComfyUIBackend
from suno_video.backends.comfyui.client import ComfyClient
from suno_video.backends.comfyui.graph import is_link, load_graph, read_nodes
from suno_video.backends.comfyui.told import failure, missing_file, refusal, saved_files
from suno_video.backends.comfyui.waiting import Waiting
from suno_video.backends.comfyui.watch import preview_in
from suno_video.core.brief import Grade
from suno_video.core.errors import BackendUnavailableError, ConfigError
from suno_video.core.frames import FrameSize
from suno_video.core.music import music_curves
from suno_video.core.storyboard import Motion
from tests.comfy_server import RECORDED, ComfyServer
from tests.unit.songs import PALETTE, steady_analysis

CARDS = {card.id: card for card in ModelCatalog.load().of_backend("comfyui")}
SIZE = FrameSize(width_px=96, height_px=64)
QUICK = Waiting(poll_s=0.05, away_s=0.3)


class Stopped(Exception):  # noqa: N818 - a signal, as in the loop
    """The run is to end."""


def clip(**changes: Any) -> ClipRequest:
    request = ClipRequest(
        "s001", "a lighthouse", "text", 7, SIZE, 24, 9, "nebula", {}, PALETTE, Grade(), Motion(), 0.2, 0.6,
        music_curves(steady_analysis(fps=24), 0, 9),
    )  # fmt: skip
    return replace(request, **changes)


STILL = StillRequest("s001", "a lighthouse", "text", 7, SIZE)


_OPEN: list[Any] = []


@pytest.fixture(autouse=True)
def all_closed() -> Iterator[None]:
    yield
    while _OPEN:
        _OPEN.pop().close()


@pytest.fixture
def server(tmp_path: Path, all_closed: None) -> Iterator[ComfyServer]:
    with ComfyServer(tmp_path / "output") as running:
        yield running


def opened(server: ComfyServer, model: str = "wan2.2-5b", waiting: Waiting = QUICK, **more: Any) -> ComfyUIBackend:
    return open_it(ComfyUIBackend(CARDS[model], setup(server), waiting=waiting, **more))


def open_it(backend: ComfyUIBackend) -> ComfyUIBackend:
    _OPEN.append(backend)
    backend.open()
    return backend


def client_of(server: ComfyServer) -> ComfyClient:
    _OPEN.append(ComfyClient(server.url))
    return _OPEN[-1]


def setup(server: ComfyServer, folder: Path | None = None) -> BackendSetup:
    return BackendSetup(models_folder=folder, services={"comfyui_url": server.url})


def job(tmp_path: Path, attempt: str = "a1", **more: Any) -> Job:
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    return Job(scratch, attempt=attempt, **more)


def while_running(server: ComfyServer, act: Callable[[], None]) -> threading.Thread:
    """Do something as soon as a prompt runs."""

    def wait_and_act() -> None:
        end_s = time.monotonic() + 20
        while server.running is None and time.monotonic() < end_s:
            time.sleep(0.01)
        act()

    thread = threading.Thread(target=wait_and_act, daemon=True)
    thread.start()
    return thread


def picture(path: Path) -> Path:
    Image.new("RGB", (96, 64), (200, 120, 40)).save(path)
    return path


def why(backend: ComfyUIBackend, request: Any, a_job: Job) -> MakeFailed:
    with pytest.raises(MakeFailed) as failed:
        backend.make(request, a_job)
    return failed.value


# Graphs and cards.


@pytest.mark.parametrize("model", CARDS)
def test_every_card_has_its_graph_and_every_binding_its_place(model: str) -> None:
    graph = load_graph(CARDS[model])
    assert set(graph.roles) == set(CARDS[model].inputs)
    saves = [node for node in graph.nodes.values() if node["class_type"].startswith("Save")]
    assert len(saves) == 1


def test_every_shipped_graph_has_a_card_and_links_that_lead_somewhere() -> None:
    folder = resources.files("suno_video.backends.comfyui").joinpath("graphs")
    names = {each.name for each in folder.iterdir()}
    assert names == {card.extra["graph"] for card in CARDS.values()}
    for name in names:
        nodes = read_nodes(folder.joinpath(name).read_text(encoding="utf-8"), name)
        links = [value for node in nodes.values() for value in node["inputs"].values() if is_link(value)]
        used = {value[0] for value in links}
        lonely = [number for number in nodes if number not in used]
        assert [nodes[number]["class_type"][:4] for number in lonely] == ["Save"], name


def test_a_users_own_graph_needs_no_python(server: ComfyServer, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(json.dumps(RECORDED["graph"]))
    (tmp_path / "mine.toml").write_text(
        '[[model]]\nbackend="comfyui"\nid="mine"\nmakes="clip"\nlicence="MIT"\ncommercial_use=true\n'
        'checked_on=2026-11-25\nextra={graph="mine.json"}\n'
        'inputs={first_frame="First frame.image", audio="class:LoadAudio.audio", fps="class:CreateVideo.fps",'
        ' n_frames="class:RepeatImageBatch.amount", width="class:ImageScale.width | class:EmptyImage.width",'
        ' height="class:ImageScale.height | class:EmptyImage.height"}\n'
    )
    import numpy as np
    import soundfile

    soundfile.write(tmp_path / "song.wav", np.zeros(22050 * 2, dtype=np.float32), 22050)
    card = ModelCatalog.load(tmp_path).find("comfyui", "mine", "clip")
    backend = open_it(ComfyUIBackend(card, setup(server, tmp_path), waiting=QUICK))
    span = AudioSpan(tmp_path / "song.wav", 0.5, 9 / 24)
    made = backend.make(clip(first_frame=picture(tmp_path / "kf.png"), audio=span), job(tmp_path))
    assert isinstance(made, FileFootage)
    assert (made.n_frames, made.size, made.fps) == (9, SIZE, 24)
    # The server has given the still another name, and the graph loads it by that one.
    (entry,) = server.history.values()
    assert entry["prompt"][2]["1"]["inputs"]["image"].endswith("/kf (1).png")
    assert sorted(name.rpartition("/")[2] for name in server.uploads) == ["kf (1).png", "span.wav"]


@pytest.mark.parametrize(
    ("bound", "says"),
    [
        ("Nobody.text", "no node of the graph"),
        ("class:CLIPTextEncode.text", "2 nodes"),
        ("Prompt.words", "has no input 'words'"),
        ("text", "no binding"),
    ],
)
def test_a_binding_that_leads_nowhere_is_told_with_what_is_there(bound: str, says: str) -> None:
    card = CARDS["wan2.2-5b"].model_copy(update={"inputs": {"prompt": bound}})
    with pytest.raises(ConfigError, match=says) as failed:
        load_graph(card)
    assert failed.value.hint


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "no JSON"),
        ("[]", "no graph in API format"),
        ('{"nodes": [], "links": []}', "as the editor saves it"),
        ('{"1": {"class_type": "A", "inputs": {"x": ["9", 0]}}}', "comes from node 9"),
    ],
)
def test_what_is_no_graph_is_refused(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_nodes(text, "mine.json")


def test_a_graph_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_graph(CARDS["ltx"].model_copy(update={"extra": {"graph": "nope.json"}}))


def test_another_graph_is_another_version(server: ComfyServer, tmp_path: Path) -> None:
    folder = resources.files("suno_video.backends.comfyui").joinpath("graphs")
    text = folder.joinpath("ltx-clip.json").read_text(encoding="utf-8")
    (tmp_path / "ltx-clip.json").write_text(text.replace('"euler"', '"heun"'))
    theirs = ComfyUIBackend(CARDS["ltx"], setup(server, tmp_path))
    assert theirs.version != ComfyUIBackend(CARDS["ltx"], setup(server)).version


# Before anything is queued.


def test_everything_missing_is_named_at_once(server: ComfyServer) -> None:
    del server.info["IPAdapter"], server.info["DepthAnythingV2Preprocessor"]
    server.info["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"] = [["other.safetensors"]]
    with pytest.raises(BackendUnavailableError) as failed:
        opened(server, "sdxl-ipadapter-depth")
    told = failed.value.message
    assert "no node IPAdapter: it comes with ComfyUI_IPAdapter_plus" in told
    assert "comfyui_controlnet_aux" in told
    assert "sd_xl_base_1.0.safetensors" in told and "models/checkpoints" in told and "other.safetensors" in told
    assert failed.value.exit_status == 69
    ready = ComfyUIBackend.readiness_of(CARDS["sdxl-ipadapter-depth"], setup(server))
    assert not ready.ready and "IPAdapter" in ready.detail


def test_a_server_that_is_away_is_told_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMFYUI_URL", "http://127.0.0.1:9")
    started_s = time.monotonic()
    ready = ComfyUIBackend.readiness()
    assert time.monotonic() - started_s < 1
    assert not ready.ready and "COMFYUI_URL" in ready.detail
    with pytest.raises(BackendUnavailableError):
        ComfyUIBackend().open()
    monkeypatch.setenv("COMFYUI_URL", "nonsense")
    assert "no address" in ComfyUIBackend.readiness().detail


def test_a_server_that_answers_is_told_with_version_and_memory(server: ComfyServer) -> None:
    ready = ComfyUIBackend.readiness_of(CARDS["flux-schnell"], setup(server))
    assert ready.ready and "0.3.64" in ready.detail and "GB free" in ready.detail


def test_a_model_that_cannot_fit_is_not_tried(server: ComfyServer, tmp_path: Path) -> None:
    server.stats["devices"][0] |= {"type": "cuda", "vram_total": 2 << 30, "vram_free": 2 << 30}
    server.stats["system"]["ram_total"] = 4 << 30
    failed = why(opened(server), clip(), job(tmp_path))
    assert failed.kind == FailureKind.OUT_OF_MEMORY and "needs 8 GB" in failed.reason
    assert server.posts == []


# What is made.


@pytest.mark.parametrize("model", [name for name, card in CARDS.items() if card.makes == "clip"])
def test_each_clip_graph_is_filled_with_what_is_asked_for(server: ComfyServer, tmp_path: Path, model: str) -> None:
    import numpy as np
    import soundfile

    soundfile.write(tmp_path / "song.wav", np.zeros(22050, dtype=np.float32), 22050)
    span = AudioSpan(tmp_path / "song.wav", 0.1, 0.3) if "audio" in CARDS[model].inputs else None
    request = clip(first_frame=picture(tmp_path / "still.png"), audio=span)
    made = opened(server, model).make(request, job(tmp_path))
    assert (made.n_frames, made.fps, made.size) == (9, 24, SIZE)
    (entry,) = server.history.values()
    assert "a lighthouse" in [node["inputs"].get("text") for node in entry["prompt"][2].values()]


def test_a_still_is_a_plain_png(server: ComfyServer, tmp_path: Path) -> None:
    path = opened(server, "flux-schnell").make(STILL, job(tmp_path))
    with Image.open(path) as image:
        assert (image.format, image.mode, image.size, image.info) == ("PNG", "RGB", (96, 64), {})
    assert list(path.parent.iterdir()) == [path]


def test_what_a_graph_can_do_without_is_taken_out_with_its_links(server: ComfyServer, tmp_path: Path) -> None:
    opened(server).make(clip(), job(tmp_path))
    (entry,) = server.history.values()
    classes = {node["class_type"]: node["inputs"] for node in entry["prompt"][2].values()}
    assert "LoadImage" not in classes and "start_image" not in classes["Wan22ImageToVideoLatent"]
    failed = why(opened(server, "wan2.2-14b"), clip(), job(tmp_path, "a2"))
    assert (failed.kind, "needs a first frame" in failed.reason) == (FailureKind.BAD_INPUT, True)


def test_a_still_to_end_on_is_brought_to_where_the_card_binds_it(server: ComfyServer, tmp_path: Path) -> None:
    bound = {"prompt": "Prompt.text", "last_frame": "First frame.image", "n_frames": "Size.length", "fps": "Video.fps"}
    card = CARDS["wan2.2-14b"].model_copy(update={"inputs": bound})
    backend = open_it(ComfyUIBackend(card, setup(server), waiting=QUICK))
    request = clip(size=FrameSize(width_px=832, height_px=480), last_frame=picture(tmp_path / "end.png"))
    assert backend.make(request, job(tmp_path)).n_frames == 9
    (name,) = server.uploads
    (entry,) = server.history.values()
    assert name.endswith("/end.png") and entry["prompt"][2]["6"]["inputs"]["image"] == name


def test_less_memory_is_asked_for_with_tiles_and_the_server_is_cleared(server: ComfyServer, tmp_path: Path) -> None:
    backend = opened(server)
    server.fates = ["oom"]
    assert why(backend, clip(), job(tmp_path)).kind == FailureKind.OUT_OF_MEMORY
    backend.trim()
    backend.trim()
    assert server.calls.count("POST /free") == 1
    backend.make(clip(), job(tmp_path, economies=frozenset({"tiling"})))
    (entry,) = server.history.values()
    assert "VAEDecodeTiled" in {node["class_type"] for node in entry["prompt"][2].values()}
    backend.close()
    backend.close()
    assert server.calls.count("POST /free") == 2


def test_events_come_in_the_recorded_order(server: ComfyServer) -> None:
    graph = json.loads(json.dumps(RECORDED["graph"]))
    server.uploads |= {"suno/kf.png": b"", "suno/seg.wav": b""}
    client = client_of(server)
    client.post(graph, "p1")
    while client.history("p1") is None or server.sent[-1]["data"].get("node", "") is not None:
        time.sleep(0.02)
    kinds = [event["type"] for event in RECORDED["events"] if event["type"] != "status"]
    sent = [event["type"] for event in server.sent if event["type"] != "status"]
    # Of the recorded prompt four nodes were in the cache, of ours none: they bring three events each.
    cached = next(event["data"]["nodes"] for event in RECORDED["events"] if event["type"] == "execution_cached")
    assert sent[:2] == kinds[:2] and sent[-2:] == kinds[-2:]
    assert len(sent) - len(kinds) == 3 * len(cached)
    assert sent.count("executed") == kinds.count("executed") == 2


# What goes wrong.


def test_a_recorded_refusal_becomes_plain_words() -> None:
    nodes = RECORDED["graph"]
    for name, kind, words in [
        ("bad_value", FailureKind.BAD_INPUT, "ImageScale (ImageScale): Failed to convert"),
        ("bad_file", FailureKind.BAD_INPUT, "First frame (LoadImage)"),
        ("no_such_node", FailureKind.UNAVAILABLE, "no node NoSuchNode"),
        ("no_outputs", FailureKind.BAD_INPUT, "no outputs"),
    ]:
        failed = refusal(RECORDED[name], nodes, {})
        assert failed.kind == kind and words in failed.reason, name


def test_a_missing_model_file_is_told_with_its_folder_and_what_is_there(server: ComfyServer, tmp_path: Path) -> None:
    backend = opened(server)
    server.info["VAELoader"]["input"]["required"]["vae_name"] = [[f"{n}.safetensors" for n in range(8)]]
    failed = why(backend, clip(), job(tmp_path))
    assert failed.kind == FailureKind.UNAVAILABLE
    assert "wan2.2_vae.safetensors" in failed.reason and "models/vae" in failed.reason
    assert "and 2 more" in failed.reason
    assert missing_file("Other", "x", "a", []).endswith("the server has: none")


def test_recorded_histories_are_read() -> None:
    (done,) = RECORDED["history"].values()
    assert failure(done, {}) is None
    assert {each.filename.rpartition(".")[2] for each in saved_files(done)} == {"mp4", "png"}
    (ended,) = RECORDED["history_interrupted"].values()
    stopped = failure(ended, {})
    assert stopped is not None and stopped.kind == FailureKind.RETRYABLE
    odd = {"outputs": {"1": {"gifs": [{"filename": "a.mp4"}], "text": ["x"], "audio": [{"filename": "b.wav"}]}}}
    assert [each.filename for each in saved_files(odd)] == ["a.mp4", "b.wav"]


def test_a_node_that_fails_is_named(server: ComfyServer, tmp_path: Path) -> None:
    server.fates = ["error"]
    failed = why(opened(server), clip(), job(tmp_path))
    assert failed.kind == FailureKind.BAD_INPUT
    assert "Save (SaveVideo) failed: ValueError" in failed.reason and "VideoContainer" in failed.reason


def test_a_clip_of_no_use_is_made_anew_under_the_same_id(server: ComfyServer, tmp_path: Path) -> None:
    backend = opened(server)
    server.fates = ["short"]
    assert why(backend, clip(), job(tmp_path)).kind == FailureKind.RETRYABLE
    assert backend.make(clip(), job(tmp_path)).n_frames == 9
    assert len(server.posts) == 2 and len(set(server.posts)) == 1


@pytest.mark.parametrize("fate", ["drop-ws", "odd-events"])
def test_the_history_tells_whatever_the_socket_says(server: ComfyServer, tmp_path: Path, fate: str) -> None:
    server.work_s, server.fates = 0.1, [fate]
    previews: list[bytes] = []
    done: list[float] = []
    backend = opened(server, on_preview=previews.append, on_progress=done.append)
    assert backend.make(clip(), job(tmp_path)).n_frames == 9
    assert (previews, done) == (([b"preview"], [0.75]) if fate == "odd-events" else ([], []))


def test_the_socket_has_us_look_at_once_and_polling_alone_does(
    server: ComfyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.work_s = 0.2
    started_s = time.monotonic()
    opened(server, waiting=Waiting(poll_s=20)).make(clip(), job(tmp_path, "a1"))
    assert time.monotonic() - started_s < 10
    monkeypatch.setitem(sys.modules, "websockets.sync.client", None)
    monkeypatch.setitem(sys.modules, "websockets.exceptions", None)
    assert opened(server).make(clip(), job(tmp_path, "a2")).n_frames == 9
    assert server.calls.count("GET /ws") == 1


def test_previews_of_both_kinds_are_found() -> None:
    assert preview_in(b"\0\0\0\1\0\0\0\1jpeg") == b"jpeg"
    assert preview_in(b"\0\0\0\4\0\0\0\2{}png") == b"png"
    assert preview_in(b"\0\0\0\3\0\0\0\1xtext") is None and preview_in(b"") is None


def test_an_answer_that_is_lost_is_no_reason_to_ask_twice(server: ComfyServer, tmp_path: Path) -> None:
    server.fates = ["lost-answer"]
    assert opened(server).make(clip(), job(tmp_path)).n_frames == 9
    assert len(server.posts) == 1


def test_a_server_that_was_restarted_is_asked_again_under_the_same_id(server: ComfyServer, tmp_path: Path) -> None:
    server.work_s = 5.0
    a_job = job(tmp_path)
    restart = while_running(server, server.restart)
    failed = why(opened(server), clip(), a_job)
    restart.join()
    assert failed.kind == FailureKind.RETRYABLE and "forgotten" in failed.reason
    server.work_s = 0.0
    opened(server).make(clip(), job(tmp_path, "a1", ticket=a_job.ticket))
    assert len(server.posts) == 2 and len(set(server.posts)) == 1


def test_a_server_that_goes_away_is_unavailable(tmp_path: Path) -> None:
    with ComfyServer(tmp_path / "output", work_s=5) as server:
        backend = opened(server)
        while_running(server, server.__exit__)
        failed = why(backend, clip(), job(tmp_path))
    assert failed.kind == FailureKind.UNAVAILABLE


def test_a_run_that_dies_finds_its_prompt_again_without_a_ticket(server: ComfyServer, tmp_path: Path) -> None:
    server.work_s = 0.5
    first = opened(server)

    def died() -> None:
        if server.running is not None:
            raise SystemExit

    dead = job(tmp_path, "", check_stop=died)
    first._waiting = _Leaves(poll_s=0.05)  # as SIGKILL does: nothing is withdrawn
    with pytest.raises(SystemExit):
        first.make(clip(), dead)
    assert opened(server).make(clip(), job(tmp_path, "")).n_frames == 9
    assert opened(server).make(clip(seed=8), job(tmp_path, "")).n_frames == 9
    assert len(server.posts) == len(set(server.posts)) == 2


class _Leaves(Waiting):
    @staticmethod
    def withdraw(client: ComfyClient, prompt_id: str) -> None:
        """Leave it at the server."""


@pytest.mark.parametrize("is_pending", [False, True])
def test_a_run_that_is_stopped_ends_its_own_prompt_and_no_other(
    server: ComfyServer, tmp_path: Path, is_pending: bool
) -> None:
    server.work_s = 1.0
    backend, theirs = opened(server), client_of(server)
    graph = {"1": {"class_type": "EmptyImage", "inputs": {}}, "2": {"class_type": "SaveImage", "inputs": {
        "images": ["1", 0], "filename_prefix": "theirs"}}}  # fmt: skip
    if is_pending:
        theirs.post(graph, "theirs")
    a_job = job(tmp_path)

    def stop() -> None:
        if server.pending if is_pending else server.running is not None:
            raise Stopped

    a_job.check_stop = stop
    with pytest.raises(Stopped):
        backend.make(clip(), a_job)
    assert ("POST /interrupt" in server.calls) is not is_pending
    server.work_s = 0.0
    assert backend.make(clip(), job(tmp_path, "later", ticket=a_job.ticket)).n_frames == 9
    if is_pending:
        assert server.history["theirs"]["status"]["status_str"] == "success"


def test_a_prompt_that_somebody_else_interrupts_may_be_tried_again(server: ComfyServer, tmp_path: Path) -> None:
    server.work_s = 5.0
    while_running(server, lambda: server.interrupt(None))
    failed = why(opened(server), clip(), job(tmp_path))
    assert failed.kind == FailureKind.RETRYABLE and "interrupted" in failed.reason


def test_a_prompt_that_is_all_in_the_cache_saves_new_files(server: ComfyServer, tmp_path: Path) -> None:
    backend = opened(server)
    made = [backend.make(clip(), job(tmp_path, attempt)).path for attempt in ("a1", "a2")]
    assert made[0] != made[1]
    saved = [saved_files(entry)[0] for entry in server.history.values()]
    assert len(set(saved)) == 2


def test_a_prompt_that_saves_nothing_new_names_the_files_it_saved_before(server: ComfyServer, tmp_path: Path) -> None:
    client = client_of(server)
    server.uploads |= {"suno/kf.png": b"", "suno/seg.wav": b""}
    for prompt_id in ("p1", "p2"):
        client.post(RECORDED["graph"], prompt_id)
        while client.history(prompt_id) is None:
            time.sleep(0.02)
    first, second = (saved_files(client.history(prompt_id) or {}) for prompt_id in ("p1", "p2"))
    assert first == second and len(first) == 2
    assert len(list((tmp_path / "output" / "suno").iterdir())) == 2
    client.fetch(second[0], tmp_path / "again", lambda: None)
    assert (tmp_path / "again").stat().st_size > 0


def test_a_bound_input_that_the_server_does_not_know_is_told(server: ComfyServer) -> None:
    del server.info["CreateVideo"]["input"]["required"]["fps"]
    with pytest.raises(BackendUnavailableError, match=r"Video .CreateVideo. has no input fps for our fps"):
        opened(server)


def test_a_long_queue_is_waited_for(server: ComfyServer, tmp_path: Path) -> None:
    server.work_s = 0.15
    graph = {"1": {"class_type": "EmptyImage", "inputs": {}}, "2": {"class_type": "SaveImage", "inputs": {
        "images": ["1", 0], "filename_prefix": "theirs"}}}  # fmt: skip
    for number in range(3):
        client_of(server).post(graph, f"theirs-{number}")
    assert opened(server).make(clip(), job(tmp_path)).n_frames == 9


def test_a_card_knows_what_its_picture_depends_on() -> None:
    reads = ComfyUIBackend(CARDS["wan2.2-s2v"]).capabilities.reads
    assert reads == {"prompt", "negative_prompt", "seed", "size", "n_frames", "fps", "first_frame", "audio"}
    card: ModelCard = CARDS["flux-schnell"]
    assert ComfyUIBackend(card).capabilities.reads == {"prompt", "seed", "size"}
