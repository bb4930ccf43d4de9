"""Lets runs die, again and again, until their film is done; and looks at what that cost.

A make-believe paid service runs in a process of its own and survives. Its purchase book tells what was bought.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from suno_video.backends.fakeservice import Book, Mischief
from suno_video.backends.fakeservice.wire import ADDRESS_VARIABLE, SETTLE_VARIABLE, TOKEN_VARIABLE, USUAL_TOKEN
from suno_video.media.ffmpeg import ffmpeg_path
from tests.e2e.conftest import write_song

SONG_S = 6.0
MAX_RUNS = 40
RENDER = ("render", "song.wav", "--size", "160x90", "--quality", "draft", "--quiet", "--jobs", "2")
# A hold without a ticket is not given up while its order may still arrive: the service is asked again by a later run.
UNFINISHED = (3, 75)


@dataclass
class Round:
    """One film, and what it took to get it."""

    seed: int
    n_kills: int = 0
    n_runs: int = 0
    statuses: list[int] = field(default_factory=list)
    film: str = ""
    """Hash of the decoded pictures and sound."""
    n_bought: int = 0
    bought_twice: list[object] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)


@contextlib.contextmanager
def paid_service(folder: Path, mischief: Mischief | None = None) -> Iterator[dict[str, str]]:
    """Run the service in a process of its own and give the variables that lead to it."""
    argv = [sys.executable, "-m", "suno_video.backends.fakeservice", "--book", str(folder / "book.sqlite")]
    if mischief is not None:
        (folder / "mischief.json").write_text(mischief.to_json(), encoding="utf-8")
        argv += ["--mischief", str(folder / "mischief.json")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        try:
            yield {ADDRESS_VARIABLE: service.stdout.readline().strip(), TOKEN_VARIABLE: USUAL_TOKEN}
        finally:
            service.terminate()


def set_mischief(service: dict[str, str], mischief: Mischief) -> None:
    """Let other things go wrong at a running service."""
    headers = {"Authorization": f"Bearer {service[TOKEN_VARIABLE]}"}
    url = f"{service[ADDRESS_VARIABLE]}/_mischief"
    httpx.post(url, content=mischief.to_json(), headers=headers, trust_env=False).raise_for_status()


def environment(folder: Path, service: dict[str, str], **more: str) -> dict[str, str]:
    """Settings by variables alone: what a run needs to buy from the service."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SUNO_VIDEO_")}
    settings = {
        "SUNO_VIDEO_BACKEND": "fake-paid",
        "SUNO_VIDEO_LOOK": "cosmos",
        "SUNO_VIDEO_MONEY__BUDGET": "50",
        "SUNO_VIDEO_MONEY__LEDGER": str(folder / "ledger.db"),
        "XDG_CONFIG_HOME": str(folder / "home"),
    }
    # The service here accepts within milliseconds: an order that it does not know after two seconds never comes.
    return {**clean, **settings, **service, SETTLE_VARIABLE: "2", **more}


def start(folder: Path, env: dict[str, str], *args: str) -> subprocess.Popen[bytes]:
    """Start one run in a session of its own, so that its whole tree can be killed."""
    return subprocess.Popen(
        [sys.executable, "-m", "suno_video", *(args or RENDER)],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill_tree(run: subprocess.Popen[bytes]) -> None:
    """SIGKILL a run and everything below it, as a power cut would end them."""
    with contextlib.suppress(psutil.NoSuchProcess):
        tree = [*psutil.Process(run.pid).children(recursive=True), psutil.Process(run.pid)]
        for process in tree:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
    run.wait(30)


def film_sha(film: Path) -> str:
    """Hash what a film decodes to, picture and sound."""
    args = [ffmpeg_path(), "-v", "error", "-i", str(film), "-f", "hash", "-hash", "sha256", "-"]
    return subprocess.run(args, capture_output=True, check=True, text=True).stdout.strip()


def render_through_kills(folder: Path, seed: int, n_kills: int, *, only_parent: bool = False) -> Round:
    """Render one song; the first `n_kills` runs are killed at a random moment, then runs follow until it is done."""
    rng = random.Random(seed)
    result = Round(seed)
    write_song(folder / "song.wav", SONG_S)
    with paid_service(folder) as service:
        env = environment(folder, service)
        for _ in range(n_kills):
            run = start(folder, env)
            try:
                # The whole run takes some seconds; the interesting part begins after the imports.
                run.wait(rng.uniform(0.6, 5.0))
            except subprocess.TimeoutExpired:
                run.kill() if only_parent else kill_tree(run)
                run.wait(30)
                result.n_kills += 1
            result.n_runs += 1
        finish(folder, env, result)
    return result


def render_through_failpoint(folder: Path, failpoint: str) -> Round:
    """Render one song; the first run dies at a failpoint (or ends, if it never comes there)."""
    result = Round(0)
    write_song(folder / "song.wav", SONG_S)
    with paid_service(folder) as service:
        env = environment(folder, service)
        run = start(folder, {**env, "SUNO_VIDEO_FAILPOINT": failpoint})
        result.statuses.append(run.wait(120))
        result.n_runs += 1
        result.n_kills += run.returncode == -signal.SIGKILL
        finish(folder, env, result)
    return result


def finish(folder: Path, env: dict[str, str], result: Round) -> None:
    """Run until the film is done, then look at everything that was left."""
    while not result.statuses or result.statuses[-1] != 0:
        run = start(folder, env)
        result.statuses.append(run.wait(180))
        result.n_runs += 1
        if result.statuses[-1] in UNFINISHED:
            time.sleep(1.0)
        assert result.n_runs < MAX_RUNS, result
    result.film = film_sha(folder / "song.mp4")
    with contextlib.closing(Book(folder / "book.sqlite")) as book:
        result.n_bought, result.bought_twice = len(book.purchases()), list(book.bought_twice())
    result.strays = strays(folder)
    result.orphans = orphans(folder)


def bought_ids(folder: Path) -> set[str]:
    """What the service has sold so far."""
    with contextlib.closing(Book(folder / "book.sqlite")) as book:
        return {purchase.id for purchase in book.purchases()}


def strays(folder: Path) -> list[str]:
    """Half-made files that nobody will clean up."""
    project = folder / "song.suno-video"
    found = [*folder.rglob("*.part*"), *folder.rglob("*.ffconcat"), *(project / "scratch").iterdir()]
    for store in ("clips", "segments"):
        files = list((project / store).iterdir())
        receipts = {path.stem for path in files if path.suffix == ".json"}
        found += [path for path in files if path.suffix == ".mp4" and path.stem not in receipts]
    return sorted(str(path.relative_to(folder)) for path in found)


def orphans(folder: Path) -> list[str]:
    """Processes that still work in the folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        words = " ".join(process.info["cmdline"] or [])
        if str(folder) in f"{words} {process.info['cwd'] or ''}" and "fakeservice" not in words:
            found.append(words[:120])
    return found


def combined(rounds: list[Round]) -> str:
    """Say what some rounds came to, in one line."""
    kills = sum(each.n_kills for each in rounds)
    films = len({each.film for each in rounds})
    twice = sum(len(each.bought_twice) for each in rounds)
    left = sum(len(each.strays) + len(each.orphans) for each in rounds)
    digest = hashlib.sha256("".join(sorted({each.film for each in rounds})).encode()).hexdigest()[:8]
    return (
        f"{len(rounds)} films through {kills} kills in {sum(each.n_runs for each in rounds)} runs: {films} different "
        f"({digest}), {twice} double purchases, {left} stray files and orphans"
    )
