"""A backend in a process of its own: everything arrives, nothing stays behind, and no death is bought twice."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from suno_video.backends.base import ClipRequest, FailureKind, FileFootage, Job, MakeFailed, StillRequest
from suno_video.backends.fake import FakeImage, FakeVideo
from suno_video.core.brief import Grade
from suno_video.core.errors import BackendUnavailableError, BadEditError
from suno_video.core.frames import FrameSize
from suno_video.core.music import music_curves
from suno_video.core.storyboard import Motion
from suno_video.render.isolate import IsolatedBackend
from suno_video.render.messages import Broke
from suno_video.render.pieces import Stopped
from tests.unit.isolated_backends import Filmer, Liar, Obedient, Paid
from tests.unit.songs import PALETTE, TINY, steady_analysis

ROOT = Path(__file__).resolve().parents[2]
MANY = 99


def still(prompt: str = "", size: FrameSize = TINY) -> StillRequest:
    return StillRequest("s001", prompt, "", 1, size)


def told(made: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(made.read_text())
    return facts


@pytest.fixture(autouse=True)
def _nothing_stays_behind() -> Iterator[None]:
    me = psutil.Process()
    before = set(me.children(recursive=True)), me.num_fds() if os.name == "posix" else 0, threading.active_count()
    yield
    assert set(me.children(recursive=True)) == before[0]
    assert (me.num_fds() if os.name == "posix" else 0) == before[1]
    assert threading.active_count() == before[2]


@pytest.fixture
def kept() -> Iterator[IsolatedBackend]:
    """One whose process serves many requests."""
    backend = IsolatedBackend(Obedient, recycle_after=MANY)
    yield backend
    backend.close()


def test_each_request_is_made_in_a_fresh_process_that_is_gone_when_it_comes_back(tmp_path: Path) -> None:
    backend = IsolatedBackend(Obedient)
    backend.open()
    pids = []
    for _ in range(2):
        facts = told(backend.make(still(), Job(tmp_path)))
        assert (facts["n_opened"], facts["n_made"]) == (1, 1)
        assert facts["session"] == facts["pid"], "a Ctrl-C in our terminal would reach it"
        assert not psutil.pid_exists(facts["pid"])
        pids.append(facts["pid"])
    backend.trim()
    backend.close()
    assert len({*pids, os.getpid()}) == 3


def test_a_process_may_serve_some_requests_of_any_thread_and_is_trimmed_between_them(tmp_path: Path) -> None:
    backend = IsolatedBackend(Obedient, recycle_after=2)
    made: list[dict[str, Any]] = []

    def make_one(prompt: str) -> None:
        made.append(told(backend.make(still(prompt), Job(tmp_path))))
        backend.trim()

    # Linux ends a process with the thread that started it, when it was asked to end it with its parent.
    for prompt in ("fall_silent", "", ""):
        worker = threading.Thread(target=make_one, args=(prompt,))
        worker.start()
        worker.join()
    assert [(facts["n_made"], facts["n_trimmed"]) for facts in made] == [(1, 0), (2, 1), (1, 0)]
    assert made[0]["pid"] == made[1]["pid"] != made[2]["pid"]
    backend.close()
    backend.close()
    assert not psutil.pid_exists(made[2]["pid"])


@pytest.mark.skipif(sys.platform != "linux", reason="only there the order can be chosen")
def test_the_kernel_ends_the_process_and_not_the_run_when_memory_runs_out(
    tmp_path: Path, kept: IsolatedBackend
) -> None:
    theirs = told(kept.make(still(), Job(tmp_path)))["goes_first"]
    assert int(theirs) == max(500, int(Path("/proc/self/oom_score_adj").read_text()))


def test_facts_and_prices_are_known_without_a_process() -> None:
    backend = IsolatedBackend(Obedient)
    assert (backend.name, backend.version) == ("obedient", "3")
    assert backend.info().licence == "MIT"
    assert backend.readiness().ready
    assert backend.quote(still()).worst_usd == 2
    assert backend.capabilities.economies == {"tiling"}
    assert backend.capabilities.concurrency == 1


def test_what_a_clip_and_its_job_say_arrives_and_the_footage_comes_back_whole(tmp_path: Path) -> None:
    backend = IsolatedBackend(Filmer)
    music = music_curves(steady_analysis(level=0.25), 0, 9)
    clip = ClipRequest(
        "s001", "", "", 1, TINY, 30, 9, "nebula", {"a": 0.5}, PALETTE, Grade(), Motion(), 0.2, 0.6, music
    )
    footage = backend.make(clip, Job(tmp_path))
    assert footage == FileFootage(tmp_path / "s001.mp4", 9, 15.0, TINY, Decimal("0.30"))
    assert np.array_equal(np.frombuffer(footage.path.read_bytes(), np.float32), np.full(9, 0.25, np.float32))


def test_what_the_backend_says_and_knows_is_the_same_as_without_isolation(
    tmp_path: Path, kept: IsolatedBackend
) -> None:
    job = Job(tmp_path, attempt="a7", ticket="t1", economies=frozenset({"tiling"}))
    facts = told(kept.make(still("learn a8"), job))
    assert job.attempt == "a8"
    assert (facts["attempt"], facts["ticket"], facts["economies"]) == ("a8", "t1", ["tiling"])
    with pytest.raises(MakeFailed, match="no such prompt") as refused:
        kept.make(still("refuse no such prompt"), Job(tmp_path))
    assert (refused.value.kind, refused.value.cost_usd, refused.value.retry_after_s) == (
        FailureKind.REFUSED,
        Decimal("0.04"),
        7.5,
    )
    assert told(kept.make(still(), Job(tmp_path)))["pid"] == facts["pid"], "a refusal costs no process"
    with pytest.raises(BadEditError, match=r"a\.json cannot be used:\n  line 3: no") as foreseen:
        kept.make(still("find_disk_full a.json"), Job(tmp_path))
    assert foreseen.value.hint.startswith("Mend that line")


def test_what_nobody_foresaw_is_a_bug_and_the_log_has_all_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(MakeFailed, match=r"^IndexError: no such frame$") as bug:
        IsolatedBackend(Obedient).make(still("break no such frame"), Job(tmp_path))
    assert bug.value.kind == FailureKind.BUG
    assert "isolated_backends.py" in caplog.text


def test_a_backend_that_gives_no_file_after_all_is_a_bug(tmp_path: Path) -> None:
    with pytest.raises(MakeFailed, match="gave tuple_iterator, which cannot leave its process") as bug:
        IsolatedBackend(Liar).make(still(), Job(tmp_path))
    assert bug.value.kind == FailureKind.BUG


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (-9, FailureKind.OUT_OF_MEMORY, "ran out of memory"),
        (137, FailureKind.OUT_OF_MEMORY, "ran out of memory"),
        (0xC0000017, FailureKind.OUT_OF_MEMORY, "ran out of memory"),
        (-11, FailureKind.BUG, r"by signal 11 \(SIGSEGV\)"),
        (-64, FailureKind.BUG, "by signal 64"),
        (0, FailureKind.BUG, "with exit status 0 before it was done"),
    ],
)
def test_how_a_process_ended_says_what_happened(status: int, kind: str, words: str) -> None:
    death = Broke.died(status)
    assert death.kind == kind
    assert re.search(words, death.reason)


def test_python_without_memory_is_no_bug() -> None:
    try:
        raise MemoryError("12 GB wanted")
    except MemoryError:
        assert Broke.now().kind == FailureKind.OUT_OF_MEMORY


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals")
@pytest.mark.parametrize(
    ("backend", "prompt", "kind"),
    [
        (Obedient, "die 9", FailureKind.OUT_OF_MEMORY),
        (Paid, "die 9", FailureKind.UNKNOWN),
        (Paid, "break it", FailureKind.UNKNOWN),
    ],
)
def test_where_money_may_have_been_spent_the_outcome_of_a_death_is_unknown(
    tmp_path: Path, backend: type[Obedient], prompt: str, kind: str
) -> None:
    isolated = IsolatedBackend(backend)
    with pytest.raises(MakeFailed) as died:
        isolated.make(still(prompt), Job(tmp_path))
    assert died.value.kind == kind


def test_before_it_is_open_nothing_can_have_been_bought(tmp_path: Path) -> None:
    with pytest.raises(MakeFailed, match="exit status 3") as died:
        IsolatedBackend(partial(Paid, "leave 3")).make(still(), Job(tmp_path))
    assert died.value.kind == FailureKind.BUG
    with pytest.raises(BackendUnavailableError, match="no graphics card") as away:
        IsolatedBackend(partial(Paid, "be_away no graphics card")).make(still(), Job(tmp_path))
    assert away.value.hint == "Install it."


def test_a_ticket_is_kept_before_the_service_is_waited_for(tmp_path: Path) -> None:
    waited_too_early = []

    def keep(ticket: str) -> None:
        time.sleep(0.2)
        waited_too_early.append((tmp_path / "waits").exists())

    job = Job(tmp_path, on_ticket=keep)
    facts = told(IsolatedBackend(Paid).make(still("buy job-1"), job))
    assert waited_too_early == [False]
    assert (tmp_path / "waits").exists()
    assert job.ticket == facts["ticket"] == "job-1"


def test_a_ticket_that_cannot_be_kept_ends_the_work(tmp_path: Path) -> None:
    def fail(ticket: str) -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        IsolatedBackend(Paid).make(still("buy job-1"), Job(tmp_path, on_ticket=fail))
    assert not (tmp_path / "waits").exists()


def stopper(signs: Path) -> Any:
    """Asks to stop as soon as the backend is at work."""

    def check() -> None:
        if signs.exists() and signs.read_text():
            raise Stopped

    return check


@pytest.mark.skipif(os.name == "nt", reason="nothing can freeze it there as simply")
def test_a_stop_leaves_within_two_seconds_whatever_the_backend_does(tmp_path: Path) -> None:
    sign = tmp_path / "hangs"
    with pytest.raises(Stopped):
        IsolatedBackend(Obedient).make(still("freeze"), Job(tmp_path, check_stop=stopper(sign)))
    assert time.time() - sign.stat().st_mtime < 2
    assert not psutil.pid_exists(int(sign.read_text()))


def test_a_ticket_that_comes_while_we_stop_is_kept(tmp_path: Path) -> None:
    tickets: list[str] = []
    job = Job(tmp_path, on_ticket=tickets.append, check_stop=stopper(tmp_path / "hangs"))
    with pytest.raises(Stopped):
        IsolatedBackend(Paid).make(still("post job-9"), job)
    assert tickets == ["job-9"]


ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only there the kernel ends a child with its parent")


@pytest.mark.parametrize("prompt", ["hang_unwatched", pytest.param("freeze", marks=ON_LINUX)])
def test_the_process_ends_with_the_one_that_wanted_it(tmp_path: Path, prompt: str) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from suno_video.backends.base import Job\n"
        "from suno_video.render.isolate import IsolatedBackend\n"
        "from tests.unit.isolated_backends import Obedient\n"
        "from tests.unit.test_isolate import still\n"
        "IsolatedBackend(Obedient).make(still(sys.argv[1]), Job(Path(sys.argv[2])))\n"
    )
    sign = tmp_path / "hangs"
    with subprocess.Popen([sys.executable, "-c", code, prompt, str(tmp_path)], cwd=ROOT) as parent:
        while not (sign.exists() and sign.read_text()):
            assert parent.poll() is None
            time.sleep(0.01)
        worker = psutil.Process(int(sign.read_text()))
        assert str(tmp_path) in worker.cmdline(), "an orphan could not be told from others"
        parent.kill()
    ends_at = time.monotonic() + 2
    while worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < ends_at
        time.sleep(0.01)


@pytest.mark.skipif(os.name == "nt", reason="no pages are counted there")
def test_the_peak_is_that_of_the_process_alone(tmp_path: Path, kept: IsolatedBackend) -> None:
    here = np.ones(200 * 2**20, dtype=np.uint8)  # must not count, though the process is started by this one
    kept.make(still(), Job(tmp_path))
    before_mb = kept.last_peak_mb
    kept.make(still("eat 100"), Job(tmp_path))
    assert here.sum() and before_mb is not None and kept.last_peak_mb is not None
    assert before_mb < 150
    assert 100 <= kept.last_peak_mb - before_mb < 130


def test_what_it_prints_goes_into_the_log_and_not_over_the_progress(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, "suno_video")
    IsolatedBackend(Obedient).make(still("say hello"), Job(tmp_path))
    assert all(words in caplog.text for words in ("hello out", "hello err", "hello log", "closed in order"))
    assert capfd.readouterr() == ("", "")


def test_a_module_that_is_found_here_is_found_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = "from tests.unit.isolated_backends import Obedient\nclass Plugin(Obedient):\n    name = 'plugin'\n"
    (tmp_path / "plugin_of_a_test.py").write_text(plugin)
    monkeypatch.syspath_prepend(tmp_path)
    import plugin_of_a_test  # type: ignore[import-not-found]

    assert told(IsolatedBackend(plugin_of_a_test.Plugin).make(still(), Job(tmp_path)))["n_made"] == 1


def test_what_cannot_be_isolated_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="fake paints frames on demand, which cannot leave its process"):
        IsolatedBackend(FakeVideo)
    with pytest.raises(ValueError, match="cannot be sent to another process"):
        IsolatedBackend(lambda: Obedient())
    with pytest.raises(ValueError, match="at least one request"):
        IsolatedBackend(Obedient, recycle_after=0)
    assert IsolatedBackend(FakeImage).name == "fake-image"


def test_a_factory_of_the_main_script_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Obedient, "__module__", "__main__")
    with pytest.raises(ValueError, match="part of the main script"):
        IsolatedBackend(Obedient)
