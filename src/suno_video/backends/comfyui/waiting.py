"""Waits until a prompt has ended: the history tells, the WebSocket only has us look sooner."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from suno_video.backends.base import FailureKind, Job, MakeFailed
from suno_video.backends.comfyui.client import ComfyClient, ServerAway, patiently
from suno_video.backends.comfyui.watch import Watch

log = logging.getLogger(__name__)

_STEP_S = 0.05


@dataclass(frozen=True)
class Waiting:
    """How long we wait for what."""

    poll_s: float = 1.0
    """Between two looks at the history."""
    away_s: float = 60.0
    """How long a server may be silent before it counts as away."""
    give_up_s: float = 4 * 3600.0
    """For a prompt to end; queues of other people's prompts are long."""
    listens: bool = True
    """Whether it listens to the WebSocket as well."""

    def watch(
        self,
        client: ComfyClient,
        prompt_id: str,
        on_progress: Callable[[float], None] | None,
        on_preview: Callable[[bytes], None] | None,
    ) -> Watch:
        """Begin to listen."""
        watch = Watch(client.address, client.client_id, prompt_id, on_progress, on_preview)
        if self.listens:
            watch.start()
        return watch

    def for_end(self, client: ComfyClient, prompt_id: str, watch: Watch, job: Job) -> dict[str, Any]:
        """Give the history of a prompt once it has ended; one that we leave is withdrawn. Raises `MakeFailed`."""
        try:
            return self._for_end(client, prompt_id, watch, job)
        except MakeFailed:
            raise
        except BaseException:
            self.withdraw(client, prompt_id)
            raise

    def _for_end(self, client: ComfyClient, prompt_id: str, watch: Watch, job: Job) -> dict[str, Any]:
        started_s = heard_s = time.monotonic()
        while time.monotonic() - started_s < self.give_up_s:
            try:
                entry, is_known = patiently(lambda: _look(client, prompt_id), job.check_stop)
                heard_s = time.monotonic()
            except ServerAway as exc:
                if time.monotonic() - heard_s > self.away_s:
                    raise MakeFailed(FailureKind.UNAVAILABLE, str(exc)) from exc
                entry, is_known = None, True
            if entry is not None:
                return entry
            if not is_known:
                raise MakeFailed(FailureKind.RETRYABLE, "the server has forgotten the prompt: it was started anew")
            self._pause(watch, job)
        self.withdraw(client, prompt_id)
        raise MakeFailed(FailureKind.RETRYABLE, f"it has not ended within {self.give_up_s / 3600:g} hours")

    def _pause(self, watch: Watch, job: Job) -> None:
        """Wait until the next look, or until the prompt is said to have ended."""
        end_s = time.monotonic() + self.poll_s
        while time.monotonic() < end_s:
            job.check_stop()
            if watch.ended.wait(_STEP_S):
                watch.ended.clear()
                return

    @staticmethod
    def withdraw(client: ComfyClient, prompt_id: str) -> None:
        """End our prompt at the server, if it can be reached at once."""

        def end_it() -> None:
            try:
                client.withdraw(prompt_id)
            except ServerAway as exc:
                log.info("prompt %s may go on at the server: %s", prompt_id, exc)

        # Whoever ends a run does not wait for a server.
        stopped_s = time.monotonic()

        def not_for_long() -> None:
            if time.monotonic() - stopped_s > 1.0:
                raise TimeoutError

        try:
            patiently(end_it, not_for_long)
        except TimeoutError:
            log.info("prompt %s may go on at the server: it does not answer", prompt_id)


def _look(client: ComfyClient, prompt_id: str) -> tuple[dict[str, Any] | None, bool]:
    """Give the history of a prompt, if it has ended, and whether the server knows it at all."""
    is_queued = client.place(prompt_id) is not None
    entry = None if is_queued else client.history(prompt_id)
    return entry, is_queued or entry is not None
