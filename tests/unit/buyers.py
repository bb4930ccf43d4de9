"""Purchases for tests, and buyers that run as programs of their own: `python -m tests.unit.buyers WHAT LEDGER ...`."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
from decimal import Decimal
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from suno_video.core.errors import BudgetReachedError, DiskError
from suno_video.project.ledger import Ledger
from suno_video.project.purchases import Caps, Purchase

ROOT = Path(__file__).resolve().parents[2]
NO_CAPS = Caps()


def buyer(what: str, ledger_path: Path, *more: str) -> subprocess.Popen[str]:
    """Start a program that buys: `create`, `hammer`, `die`, `buy` or `fill`, see below."""
    command = [sys.executable, "-m", "tests.unit.buyers", what, str(ledger_path), *more]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def purchase(request: str = "request 1", worst_usd: str | Decimal = "0.40", **changes: Any) -> Purchase:
    """A clip at Replicate that is expected to cost what it may cost at worst."""
    values: dict[str, Any] = {
        "project": "project 1",
        "run": "run 1",
        "scene": "s001",
        "kind": "clip",
        "fingerprint": request,
        "backend": "replicate",
        "model": "minimax/hailuo-02",
        "attempt_number": 1,
        "expected_usd": Decimal(worst_usd),
        "worst_usd": Decimal(worst_usd),
        "price_note": "$0.08 per second (its page, checked 2026-11-01)",
    }
    return Purchase(**{**values, **changes})


def counted_usd(ledger: Ledger) -> Decimal:
    """What all attempts count for, spent or held."""
    return sum((total.spent_usd + total.held_usd for total in ledger.totals("backend")), Decimal(0))


def buy_at_random(ledger: Ledger, name: str, n: int, caps: Caps) -> dict[str, Decimal]:
    """Buy n times with random prices and ends, and give what each hold that was granted counts for now."""
    rng = random.Random(name)
    counts: dict[str, Decimal] = {}
    for number in range(n):
        worst_usd = Decimal(rng.randint(1, 60)) / 100
        try:
            hold = ledger.hold(purchase(f"{name} {number}", worst_usd), caps)
        except BudgetReachedError:
            continue
        cost_usd = worst_usd * rng.randint(0, 10) / 10
        end = rng.choice(["settle", "release", "suspect", "leave", "settle for the worst"])
        counts[hold.attempt] = cost_usd if end in ("settle", "release") else worst_usd
        if end == "settle":
            ledger.settle(hold, cost_usd)
        elif end == "settle for the worst":
            ledger.settle(hold, worst_usd)
        elif end == "release":
            ledger.release(hold, cost_usd, outcome="failed")
        elif end == "suspect":
            ledger.mark_suspect(hold, "no answer came")
    return counts


def _say(answer: str) -> None:
    sys.stdout.write(answer + "\n")
    sys.stdout.flush()


def _create(path: Path, ready: Barrier, attempts: Any) -> None:
    ready.wait()
    attempts.put(Ledger(path).hold(purchase(f"of {os.getpid()}"), NO_CAPS).attempt)


def create_at_once(path: Path, n: int) -> None:
    """Open a ledger that is not there yet in n processes at once, and print the attempt that each wrote."""
    context = multiprocessing.get_context("fork")
    ready, attempts = context.Barrier(n), context.Queue()
    creators = [context.Process(target=_create, args=(path, ready, attempts)) for _ in range(n)]
    for creator in creators:
        creator.start()
    for creator in creators:
        creator.join()
        if creator.exitcode:
            raise SystemExit("a creator failed")
    _say(json.dumps([attempts.get() for _ in creators]))


def hammer(path: Path, name: str, n: int, cap_usd: str) -> None:
    """Buy at random under a cap per month, and print what counts for how much."""
    counts = buy_at_random(Ledger(path), name, n, Caps(month_usd=Decimal(cap_usd)))
    _say(json.dumps({attempt: str(counted) for attempt, counted in counts.items()}))


def hold_and_die(path: Path) -> None:
    """Write a hold, and be killed before anything comes of it."""
    Ledger(path).hold(purchase(), NO_CAPS)
    os.kill(os.getpid(), signal.SIGKILL)


def buy_until_killed(path: Path) -> None:
    """Hold and settle for ever, and print each hold as soon as it is granted."""
    ledger = Ledger(path)
    number = 0
    while True:
        hold = ledger.hold(purchase(f"request {number}"), NO_CAPS)
        _say(hold.attempt)
        ledger.settle(hold, Decimal("0.40"))
        number += 1


def fill_disk(path: Path, step_bytes: int) -> None:
    """Buy again and again while files may grow to one more `step_bytes` than the last time.

    Prints the attempts that were granted, and how often the disk was full.
    """
    import resource

    ledger = Ledger(path)
    granted, n_full = [], 0
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit in range(0, path.stat().st_size + 40_000, step_bytes):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, unlimited[1]))
        try:
            granted.append(ledger.hold(purchase(f"request {limit} " + "x" * 3000), NO_CAPS).attempt)
        except DiskError:
            n_full += 1
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        if counted_usd(ledger) != len(granted) * Decimal("0.40"):
            raise SystemExit(f"{counted_usd(ledger)} counts, {len(granted)} were granted at a limit of {limit}")
    _say(json.dumps({"granted": granted, "n_full": n_full}))


if __name__ == "__main__":
    what, ledger_path, *rest = sys.argv[1:]
    if what == "create":
        create_at_once(Path(ledger_path), int(rest[0]))
    elif what == "hammer":
        hammer(Path(ledger_path), rest[0], int(rest[1]), rest[2])
    elif what == "die":
        hold_and_die(Path(ledger_path))
    elif what == "buy":
        buy_until_killed(Path(ledger_path))
    elif what == "fill":
        fill_disk(Path(ledger_path), int(rest[0]))
