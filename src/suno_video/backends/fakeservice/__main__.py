"""The fake service as a process of its own: `python -m suno_video.backends.fakeservice --book FILE`."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from decimal import Decimal
from pathlib import Path

from suno_video.backends.fakeservice.mischief import Mischief
from suno_video.backends.fakeservice.server import FakeService
from suno_video.backends.fakeservice.wire import TOKEN_VARIABLE, USUAL_TOKEN, Tariff


def main() -> None:
    """Print the address as one line, then answer until interrupted."""
    wanted = _options()
    service = FakeService(
        wanted.book,
        token=os.environ.get(TOKEN_VARIABLE) or USUAL_TOKEN,
        tariff=Tariff(wanted.price_per_clip, wanted.price_per_s),
        mischief=Mischief.load(wanted.mischief) if wanted.mischief else Mischief(),
        port=wanted.port,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.stdout.write(f"{service.url}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        service.run()


def _options() -> argparse.Namespace:
    usual = Tariff()
    parser = argparse.ArgumentParser(
        prog="python -m suno_video.backends.fakeservice",
        description="A make-believe paid video service for tests, on 127.0.0.1. Nothing is sold for real money. "
        f"Buyers give the token in {TOKEN_VARIABLE} ({USUAL_TOKEN!r} when unset).",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--book", type=Path, required=True, help="SQLite file of the purchase book")
    parser.add_argument("--mischief", type=Path, help="JSON file that says what goes wrong")
    parser.add_argument("--price-per-clip", type=Decimal, default=usual.per_clip_usd, help="US dollars")
    parser.add_argument("--price-per-s", type=Decimal, default=usual.per_s_usd, help="US dollars")
    return parser.parse_args()


if __name__ == "__main__":
    main()
