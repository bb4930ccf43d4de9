"""Stands in for a program that makes clips: makes a real MP4, or goes wrong as the words of its prompt say."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe


def make_clip(args: argparse.Namespace, n_frames: int) -> None:
    if args.image:  # begins with the still, and moves away from it
        source = ["-loop", "1", "-framerate", str(args.fps), "-i", args.image]
        source += ["-vf", f"scale={args.width}:{args.height},setsar=1,scroll=h=0.01"]
    else:
        source = [
            "-f",
            "lavfi",
            "-i",
            f"testsrc2=size={args.width}x{args.height}:rate={args.fps},hue=h={args.seed % 360}",
        ]  # another seed, another hue
    command = [get_ffmpeg_exe(), "-v", "error", "-y", *source, "-frames:v", str(n_frames)]
    subprocess.run([*command, "-c:v", "libx264", "-pix_fmt", "yuv420p", args.output], check=True)


def main() -> int:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("--prompt", "--output", "--image", "--audio", "--audio-start", "--negative", "--note"):
        parser.add_argument(name, default="")
    for name in ("--seed", "--width", "--height", "--fps", "--frames"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--low-ram", action="store_true")
    args = parser.parse_args()
    if args.note:
        Path(args.note).write_text("\0".join(sys.argv[1:]), encoding="utf-8")
    for step in range(3):
        sys.stderr.write(f"\rstep {step + 1}/3")
    if "hang" in args.prompt:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path("hangs.part").write_text(f"{os.getpid()} {helper.pid}", encoding="utf-8")
        Path("hangs.part").replace("hangs")
        time.sleep(600)
    if "no memory" in args.prompt and not args.low_ram:
        sys.exit(
            "[METAL] Command buffer execution failed: Insufficient Memory (kIOGPUCommandBufferCallbackErrorOutOfMemory)"
        )
    if "killed" in args.prompt:
        os.kill(os.getpid(), signal.SIGKILL)
    if "gated" in args.prompt:
        sys.exit("huggingface_hub.errors.GatedRepoError: 401 Client Error. Access to this model is restricted")
    if "breaks" in args.prompt:
        raise RuntimeError("the model is in a bad mood")
    if "garbage" in args.prompt:
        Path(args.output).write_bytes(b"<html>" * 1000)
    elif "nothing" not in args.prompt:
        make_clip(args, args.frames // 2 if "short" in args.prompt else args.frames)
    return 0


if __name__ == "__main__":
    sys.exit(main())
