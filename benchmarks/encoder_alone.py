"""The encoder alone: a render is recorded once, then only its encoder commands are run again, on the very same frames.

The recorder stands in for ffmpeg (`SUNO_VIDEO_FFMPEG`): it passes everything on, and keeps frames and arguments of each
encoder that was fed with raw video. Captions are drawn by the encoder's filter; that is our work and not the
encoder's, so it is left out of the replay.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from measure import Run

_RECORDER = """#!{python}
import json, os, pathlib, subprocess, sys, tempfile
argv = sys.argv[1:]
if not ("pipe:0" in argv and "rawvideo" in argv and "libx264" in argv):
    os.execv({ffmpeg!r}, [{ffmpeg!r}, *argv])
folder = pathlib.Path(tempfile.mkdtemp(dir={folder!r}))
with open(folder / "frames.yuv", "wb", buffering=0) as kept:
    child = subprocess.Popen([{ffmpeg!r}, *argv], stdin=subprocess.PIPE)
    while chunk := sys.stdin.buffer.read(1 << 20):
        child.stdin.write(chunk)
        kept.write(chunk)
    child.stdin.close()
    code = child.wait()
(folder / "command.json").write_text(json.dumps(argv))
sys.exit(code)
"""


def write_recorder(ffmpeg: str, folder: Path) -> Path:
    """Write the program that stands in for ffmpeg and records into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "recorder"
    script.write_text(_RECORDER.format(python=sys.executable, ffmpeg=ffmpeg, folder=str(folder)), encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script


@dataclass(frozen=True)
class Replay:
    """Recorded encoder commands, ready to be run again."""

    ffmpeg: str
    folder: Path

    def commands(self) -> list[tuple[list[str], Path]]:
        """Each command with its frames, the longest first so that the workers end together."""
        found = [
            (self._alone(json.loads(file.read_text(encoding="utf-8"))), file.with_name("frames.yuv"))
            for file in self.folder.glob("*/command.json")
        ]
        return sorted(found, key=lambda pair: -pair[1].stat().st_size)

    def _alone(self, argv: list[str]) -> list[str]:
        """The same command without the graph that draws captions and makes frames small, and without the small ones."""
        frames_end = argv.index("pipe:0") + 1
        mapped = [at for at, word in enumerate(argv) if word == "-map" and "[" in argv[at + 1]]
        return [*argv[:frames_end], *argv[mapped[-1] + 2 if mapped else frames_end :]]

    def run(self, jobs: int) -> Run:
        """Encode everything, `jobs` encoders at once."""
        before, started = os.times(), time.perf_counter()
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(self._encode, enumerate(self.commands())))
        wall_s, after = time.perf_counter() - started, os.times()
        cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
        return Run(wall_s, cpu_s)

    def _encode(self, numbered: tuple[int, tuple[list[str], Path]]) -> None:
        number, (argv, frames) = numbered
        target = self.folder / f"replayed-{number}.mp4"
        with open(frames, "rb", buffering=0) as source:
            command = [self.ffmpeg, *argv[:-1], f"file:{target}"]
            subprocess.run(command, stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)

    def n_frames(self, width_px: int, height_px: int) -> int:
        """Frames in the recording."""
        return sum(frames.stat().st_size for _, frames in self.commands()) // (width_px * height_px * 3 // 2)
