"""The render loop: drives every backend, one way. Backends classify failures; what follows is decided here, once."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from suno_video.backends.base import FileFootage, Footage, Job, MakeFailed, VideoBackend
from suno_video.backends.parts import safer
from suno_video.core.errors import BackendUnavailableError
from suno_video.core.events import EventSink, FramesWritten, PlanReady, SceneDone, SceneFailed, SceneStarted, Warned
from suno_video.project.fingerprint import fingerprint
from suno_video.project.store import SegmentStore
from suno_video.render.orders import ClipOrder
from suno_video.render.pieces import OnFrames, PieceDone, PieceTask, Stopped

log = logging.getLogger(__name__)


class RenderLoop:
    """Makes pieces through backends and keeps them in a store.

    Args:
        backends: By name. Each is opened when first needed and closed at the end.
        stand_in: Name of the backend that can play any scene (the embedded renderer).
        scratch: Folder for half-made files.
        return_memory: Called with the name of each piece when nothing of it is referenced any more.
    """

    def __init__(
        self,
        backends: Mapping[str, VideoBackend],
        *,
        stand_in: str,
        store: SegmentStore,
        scratch: Path,
        events: EventSink,
        return_memory: Callable[[str], None] = lambda piece: None,
    ) -> None:
        self._backends = backends
        self._return_memory = return_memory
        self._stand_in = stand_in
        self._store = store
        self._scratch = scratch
        self._events = events
        self._open: set[str] = set()
        self._opening = threading.Lock()
        self._stop = threading.Event()
        limits = {name: backend.capabilities.concurrency for name, backend in backends.items()}
        self._room = {name: threading.BoundedSemaphore(n) for name, n in limits.items() if isinstance(n, int)}

    def run(self, tasks: Sequence[PieceTask], *, jobs: int) -> list[PieceDone]:
        """Make what is missing, `jobs` pieces at a time, and give all pieces in the order asked.

        A backend that says it can make fewer clips at once is given no more than that.

        A scene whose backend fails is played by the stand-in. Interrupted, it leaves within a second or two; what is
        finished stays finished.

        Raises:
            SunoVideoError: The disk is full, the encoder failed, or the stand-in itself cannot work here.
        """
        # 1. What is already there?
        found = {task.piece: self._find(task) for task in tasks}
        missing = [task for task in tasks if found[task.piece] is None]
        self._events(
            PlanReady(
                n_scenes=len(tasks),
                n_to_make=len(missing),
                n_frames=sum(task.n_frames for task in tasks),
                n_frames_to_make=sum(task.n_frames for task in missing),
            )
        )
        # 2. Make the rest, earliest first.
        try:
            for done in self._make_all(missing, jobs):
                found[done.task.piece] = done
        finally:
            self._close()
        return [piece for task in tasks if (piece := found[task.piece]) is not None]

    def _find(self, task: PieceTask) -> PieceDone | None:
        receipt = self._store.find(task.piece, task.fingerprint)
        if receipt is None:
            return None
        path = self._store.path_of(task.piece, task.fingerprint)
        self._events(SceneDone(task.piece, receipt.backend, 0.0, reused=True, stand_in=receipt.stand_in))
        return PieceDone(task, receipt, path, reused=True)

    def _make_all(self, tasks: Sequence[PieceTask], jobs: int) -> Iterator[PieceDone]:
        if not tasks:
            return
        with self._workers(jobs) as pool:
            futures: list[Future[PieceDone]] = [pool.submit(self._make, task) for task in tasks]
            _wait_for(futures)
            yield from (future.result() for future in futures)

    @contextmanager
    def _workers(self, jobs: int) -> Iterator[ThreadPoolExecutor]:
        pool = ThreadPoolExecutor(max_workers=max(1, jobs), thread_name_prefix="scene")
        try:
            yield pool
        except BaseException:
            self._stop.set()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _make(self, task: PieceTask) -> PieceDone:
        """Make one piece with the wanted backends, or with the stand-in when one of them fails."""
        self._check_stop()
        wanted = "+".join(dict.fromkeys(order.backend for order in task.orders))
        self._events(SceneStarted(task.piece, wanted, task.n_frames))
        asked_for = next((order.stand_in_reason for order in task.orders if order.stand_in_reason), None)
        try:
            return self._produce(task, task.orders, wanted, reason=asked_for)
        except (MakeFailed, BackendUnavailableError) as exc:
            if self._is_last_resort(task.orders) and self._safer(task.orders) is None:
                raise _no_stand_in(exc) from exc
            reason = exc.reason if isinstance(exc, MakeFailed) else exc.message
        log.warning("piece %s: %s failed: %s", task.piece, wanted, reason)
        self._events(SceneFailed(task.piece, wanted, reason))
        return self._make_stand_in(task, reason)

    def _make_stand_in(self, task: PieceTask, reason: str) -> PieceDone:
        orders = tuple(order.from_backend(self._stand_in) for order in task.orders)
        # A scene of a person that has just failed is not asked again.
        orders_now = (self._safer(orders) or orders) if self._is_last_resort(task.orders) else orders
        try:
            return self._play_stand_in(task, orders_now, reason)
        except (MakeFailed, BackendUnavailableError) as exc:
            surer = self._safer(orders_now)
            if surer is None:
                raise _no_stand_in(exc) from exc
        try:
            return self._play_stand_in(task, surer, reason)
        except (MakeFailed, BackendUnavailableError) as exc:
            raise _no_stand_in(exc) from exc

    def _is_last_resort(self, orders: Sequence[ClipOrder]) -> bool:
        return all(order.backend == self._stand_in and order.take is None for order in orders)

    def _safer(self, orders: Sequence[ClipOrder]) -> tuple[ClipOrder, ...] | None:
        """The same orders with what the stand-in can play for sure; None when it knows of nothing surer."""
        requests = [safer(self._backends[self._stand_in], order.request) for order in orders]
        if not any(requests):
            return None
        return tuple(
            replace(order, request=request) if request is not None else order
            for order, request in zip(orders, requests, strict=True)
        )

    def _play_stand_in(self, task: PieceTask, orders: tuple[ClipOrder, ...], reason: str) -> PieceDone:
        stand_in_task = PieceTask(
            task.piece,
            task.n_frames,
            # Another fingerprint than the real thing's, so that the next run tries the real one again.
            fingerprint(task.fingerprint, "stand-in", self._stand_in, self._backends[self._stand_in].version),
            orders,
            task.deliver,
            task.made_from,
        )
        return self._find(stand_in_task) or self._produce(
            stand_in_task, stand_in_task.orders, self._stand_in, reason=reason
        )

    def _produce(self, task: PieceTask, orders: Sequence[ClipOrder], backend: str, reason: str | None) -> PieceDone:
        with self._turn(orders):
            return self._produce_now(task, orders, backend, reason)

    @contextmanager
    def _turn(self, orders: Sequence[ClipOrder]) -> Iterator[None]:
        """Wait until each backend that is needed has room for one more clip."""
        with ExitStack() as stack:
            # In order of name, so that two joins never wait for each other.
            for name in sorted({order.backend for order in orders if order.take is None} & self._room.keys()):
                while not self._room[name].acquire(timeout=0.2):
                    self._check_stop()
                stack.callback(self._room[name].release)
            yield

    def _produce_now(self, task: PieceTask, orders: Sequence[ClipOrder], backend: str, reason: str | None) -> PieceDone:
        started = time.perf_counter()
        made = self._scratch / f"{task.piece}-{secrets.token_hex(4)}.mp4"
        footage: list[Footage] = []
        try:
            for order in orders:
                made_one = order.take or self._backend(order.backend).make(order.request, Job(self._scratch))
                footage.append(made_one)  # one by one: those made so far are closed when the next one fails
            task.deliver(footage, made, self._progress(task.piece))
            seconds = time.perf_counter() - started
            receipt = self._store.keep(
                made,
                piece=task.piece,
                fingerprint=task.fingerprint,
                n_frames=task.n_frames,
                backend=backend,
                seconds=seconds,
                stand_in_reason=reason,
                made_from=task.made_from,
            )
        finally:
            made.unlink(missing_ok=True)
            for part in footage:
                if not isinstance(part, FileFootage):
                    part.close()
            for name in {order.backend for order in orders} & self._open:
                self._backends[name].trim()
            self._return_memory(task.piece)
        self._events(SceneDone(task.piece, backend, seconds, stand_in=reason is not None))
        return PieceDone(task, receipt, self._store.path_of(task.piece, task.fingerprint), reused=False)

    def _progress(self, piece: str) -> OnFrames:
        def tell(n_frames: int) -> None:
            self._check_stop()
            self._events(FramesWritten(piece, n_frames))

        return tell

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise Stopped

    def _backend(self, name: str) -> VideoBackend:
        """Give a backend, opened once."""
        backend = self._backends[name]
        with self._opening:
            if name not in self._open:
                backend.open()
                self._open.add(name)
        return backend

    def _close(self) -> None:
        for name in sorted(self._open):
            try:
                self._backends[name].close()
            except Exception as exc:  # noqa: BLE001 - a backend that fails to say goodbye must not cost the film
                self._events(Warned(f"backend {name} did not close cleanly: {exc}"))
        self._open.clear()


def _no_stand_in(exc: MakeFailed | BackendUnavailableError) -> BackendUnavailableError:
    if isinstance(exc, BackendUnavailableError):
        return exc
    return BackendUnavailableError(
        f"The embedded renderer cannot work here: {exc.reason}", "Run `suno-video doctor` to see what it needs."
    )


def _wait_for(futures: Sequence[Future[PieceDone]]) -> None:
    """Wait for all, or until one fails. Wakes often, so that a signal reaches the main thread's Python code at once."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=0.2, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
