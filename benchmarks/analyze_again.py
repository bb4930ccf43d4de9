"""Analyze a song twice through the pipeline; says what the second time in the same process takes.

Usage: analyze_again.py SONG
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from suno_video.pipeline import FilmOptions, analyze_song

song = Path(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:
    options = FilmOptions(project=Path(folder) / "project")
    analyze_song(song, options)
    started, children = time.process_time(), os.times()
    analyze_song(song, options)
    after = os.times()
    decoder_s = after.children_user + after.children_system - children.children_user - children.children_system
    print(time.process_time() - started + decoder_s)
