"""Makes stills and clips with whatever graph a card names, on a ComfyUI server.

The id of a prompt is ours and follows from the attempt, or, where there is none, from what is asked for: a run that
dies finds its prompt again in the server's queue or history, and no prompt is posted that is there already.
"""

from __future__ import annotations

import logging
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from suno_video.backends.base import (
    FREE,
    BackendInfo,
    BackendSetup,
    Capabilities,
    ClipRequest,
    FailureKind,
    FileFootage,
    Job,
    MakeFailed,
    MakesKind,
    Quote,
    Readiness,
    RemoteState,
    StillRequest,
)
from suno_video.backends.catalog import ModelCard, ModelCatalog
from suno_video.backends.comfyui.client import ComfyClient, ServerAway, Turned, patiently
from suno_video.backends.comfyui.graph import Graph, Nodes, load_graph, with_tiles
from suno_video.backends.comfyui.needs import check_memory, found_at, what_is_missing
from suno_video.backends.comfyui.prompts import id_for, is_of_use
from suno_video.backends.comfyui.ready import HINT, address_of, model_readiness, server_readiness
from suno_video.backends.comfyui.received import receive
from suno_video.backends.comfyui.request import content_key, read_fields, values_of
from suno_video.backends.comfyui.told import failure, refusal, saved_files, was_interrupted
from suno_video.backends.comfyui.waiting import Waiting
from suno_video.core.errors import BackendUnavailableError, UsageError

log = logging.getLogger(__name__)

Request: TypeAlias = ClipRequest | StillRequest

_LOOK_S = 0.8


class ComfyUIBackend:
    """Makes pictures with one graph on one server.

    Args:
        card: Of the graph; the default for clips if not given.
        setup: Where the server is (`services["comfyui_url"]`, else `$COMFYUI_URL`) and the user's own cards are.
        waiting: How long it waits for what.
        on_progress: Is given the part that is done, 0..1, of the node that runs.
        on_preview: Is given a JPEG or PNG of what there is so far, where the server makes previews.
    """

    name: str = "comfyui"
    version: str = "1"
    model: str = ""
    kinds: frozenset[MakesKind] = frozenset({"still", "clip"})
    capabilities: Capabilities = Capabilities(
        makes="clip", deterministic=False, needs_network=True, footage="file", economies=frozenset({"tiling"})
    )
    settle_s: float = 60.0

    def __init__(
        self,
        card: ModelCard | None = None,
        setup: BackendSetup | None = None,
        *,
        waiting: Waiting | None = None,
        on_progress: Callable[[float], None] | None = None,
        on_preview: Callable[[bytes], None] | None = None,
    ) -> None:
        setup = setup or BackendSetup()
        self._card = card or ModelCatalog.of(setup).find("comfyui", None, "clip")
        self._graph: Graph = load_graph(self._card, setup.models_folder)
        self._address = address_of(setup)
        self._waiting = waiting or Waiting()
        self._heard = (on_progress, on_preview)
        self._connection: ComfyClient | None = None
        self._stats: dict[str, Any] = {}
        self._must_free = False
        self.name = self._card.spec
        self.model = self._card.id
        self.version = f"{type(self).version}+{self._card.digest}+{self._graph.digest}"
        self.capabilities = self._card.capabilities(
            concurrency=1,
            deterministic=False,
            needs_network=True,
            economies=frozenset({"tiling"}),
            reads=read_fields(self._card),
        )

    @classmethod
    def info(cls) -> BackendInfo:
        """Facts for people."""
        return BackendInfo(
            "clip",
            "Any graph of a ComfyUI server: stills, image to video, sound to video",
            "a ComfyUI server here or in the house, with a graphics card",
            "none",
            "that of the model",
            False,
            ("https://docs.comfy.org",),
        )

    @classmethod
    def for_model(cls, card: ModelCard, setup: BackendSetup) -> ComfyUIBackend:
        """Give a backend for one graph; calls nothing. Raises `ConfigError` when the card does not fit its graph."""
        return cls(card, setup)

    @classmethod
    def readiness(cls) -> Readiness:
        """Look for a server where one is usually, within a second."""
        return server_readiness(address_of(BackendSetup()), _LOOK_S)

    @classmethod
    def readiness_of(cls, card: ModelCard | None, setup: BackendSetup) -> Readiness:
        """Look whether the server answers, and has all that a graph needs."""
        return model_readiness(card, setup)

    def quote(self, request: Request) -> Quote:
        """Nothing is paid for."""
        return FREE

    def open(self) -> None:
        """Connect, and look whether the server has all that the graph needs.

        Raises:
            BackendUnavailableError: It does not answer, or lacks nodes or model files; all are named.
        """
        client = ComfyClient(self._address)
        try:
            missing = what_is_missing(self._graph, self._card, client.object_info())
            stats = client.json("/system_stats")
        except ServerAway as exc:
            client.close()
            raise BackendUnavailableError(f"{exc}.", HINT) from exc
        if missing:
            client.close()
            raise BackendUnavailableError(
                f"The server at {self._address} cannot run {self.name}: {'; '.join(missing)}.",
                "backends/comfyui.md says which files go where.",
            )
        self._connection, self._stats = client, stats

    def make(self, request: Request, job: Job) -> Any:
        """Make a still (a PNG path) or a clip (`FileFootage`) inside `job.scratch`. Raises `MakeFailed`."""
        client = self._client()
        job.check_stop()
        try:
            return self._make(client, request, job)
        except ServerAway as exc:
            raise MakeFailed(FailureKind.UNAVAILABLE, str(exc)) from exc
        except MakeFailed as exc:
            self._must_free = self._must_free or exc.kind == FailureKind.OUT_OF_MEMORY
            raise

    def _make(self, client: ComfyClient, request: Request, job: Job) -> Path | FileFootage:
        check_memory(self._card, self._stats)
        prompt_id = self._prompt_id(request, job)
        # 1. Pick up what an earlier run has left at the server, if it is of use.
        is_there = patiently(lambda: is_of_use(client, prompt_id), job.check_stop)
        # 2. Else bring the stills and sound there, and queue the graph.
        nodes = self._graph.nodes
        watch = self._waiting.watch(client, prompt_id, *self._heard)
        try:
            if not is_there:
                nodes = self._nodes(client, request, job, prompt_id)
            job.check_stop()
            if job.ticket != prompt_id:
                job.keep_ticket(prompt_id)
            if not is_there:
                self._post(client, nodes, prompt_id, job)
            # 3. Wait for it. A run that ends takes its own prompt with it.
            entry = self._waiting.for_end(client, prompt_id, watch, job)
        finally:
            watch.stop()
        if is_there and was_interrupted(entry):
            # The run before us was stopped while this ran: it is ours to make, and nobody's to give up.
            return self._make(client, request, job)
        if (failed := failure(entry, nodes)) is not None:
            raise failed
        # 4. Download what it saved, and look what it really is.
        return receive(client, saved_files(entry), request, job, prompt_id)

    def _prompt_id(self, request: Request, job: Job) -> str:
        if job.ticket is not None:
            return job.ticket
        return id_for(job.attempt or content_key(request, self.name, self.version, job.economies))

    def _nodes(self, client: ComfyClient, request: Request, job: Job, prompt_id: str) -> Nodes:
        with tempfile.TemporaryDirectory(prefix="suno-video-comfyui-") as folder:
            values, left_out = values_of(
                self._card, request, Path(folder), lambda path: self._upload(client, path, prompt_id, job)
            )
        # A prefix of its own has even a prompt that is all in the server's cache save new files.
        nodes = self._graph.filled(values, f"suno-video/{prompt_id[:8]}-{uuid.uuid4().hex[:8]}")
        for role in left_out:
            nodes = self._graph.without(nodes, role)
        return with_tiles(nodes) if "tiling" in job.economies else nodes

    @staticmethod
    def _upload(client: ComfyClient, path: Path, prompt_id: str, job: Job) -> str:
        return patiently(lambda: client.upload(path, f"suno-video/{prompt_id}"), job.check_stop)

    def _post(self, client: ComfyClient, nodes: Nodes, prompt_id: str, job: Job) -> None:
        try:
            patiently(lambda: client.post(nodes, prompt_id), job.check_stop)
        except Turned as exc:
            raise refusal(exc.body, nodes, found_at(self._card)) from exc
        except ServerAway:
            # It may have been heard. The id is ours, so the server can be asked instead of told again.
            if not patiently(lambda: is_of_use(client, prompt_id), job.check_stop):
                raise
        except BaseException:
            self._waiting.withdraw(client, prompt_id)
            raise

    def look_up(self, attempt: str, request: Request | None) -> RemoteState:
        """Look for an attempt in the server's queue and history."""
        if not attempt:
            return RemoteState(None, detail="an attempt without a name cannot be found")
        prompt_id = id_for(attempt)
        try:
            place = self._client().place(prompt_id)
            entry = self._client().history(prompt_id) if place is None else None
        except ServerAway as exc:
            return RemoteState(None, detail=str(exc))
        if place is None and entry is None:
            return RemoteState(False, detail="the server does not know it")
        return RemoteState(True, prompt_id, place or "finished", finished=entry is not None)

    def trim(self) -> None:
        """Have the server unload its models, after one of them ran out of memory."""
        if self._must_free:
            self._must_free = False
            self._free()

    def close(self) -> None:
        """Have the server unload its models, so that the next pass has room, and hang up. May be called twice."""
        if self._connection is not None:
            self._free()
            self._connection.close()
        self._connection = None

    def _free(self) -> None:
        try:
            self._client().free()
        except ServerAway as exc:
            log.info("the server cannot be asked to free memory: %s", exc)

    def _client(self) -> ComfyClient:
        if self._connection is None:
            raise UsageError(f"{self.name} is not opened.", "Call open first.")
        return self._connection
