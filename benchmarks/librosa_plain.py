"""The usual few lines: load a song, track its beats with librosa. Says what a second time in the same process takes.

Usage: librosa_plain.py SONG [again]
"""

from __future__ import annotations

import sys
import time

import librosa  # noqa: TID253 - a program of its own


def listen(song: str) -> None:
    samples, rate_hz = librosa.load(song)
    librosa.beat.beat_track(y=samples, sr=rate_hz)


listen(sys.argv[1])
if "again" in sys.argv:
    started = time.process_time()
    listen(sys.argv[1])
    print(time.process_time() - started)
