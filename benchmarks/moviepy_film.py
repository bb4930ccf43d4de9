"""What MoviePy users do for a song: the cover in the middle, captions below, the song as sound.

Runs in an environment of its own. Usage: moviepy_film.py SONG COVER TRUTH.json OUT WIDTHxHEIGHT FPS PRESET [END_S]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from moviepy import AudioFileClip, ColorClip, CompositeVideoClip, ImageClip, TextClip


def main(song: str, cover: str, truth: str, out: str, size: str, fps: str, preset: str, end_s: str = "0") -> None:
    width, height = (int(side) for side in size.split("x"))
    sound = AudioFileClip(song)
    if float(end_s):
        sound = sound.subclipped(0, float(end_s))
    layers = [
        ColorClip((width, height), color=(12, 12, 24), duration=sound.duration),
        ImageClip(cover, duration=sound.duration)
        .resized(height=int(height * 0.7))
        .with_position(("center", 0.08), relative=True),
    ]
    for line in json.loads(Path(truth).read_text(encoding="utf-8"))["lines"]:
        if line["end"] <= sound.duration:
            text = TextClip(
                text=line["text"], font_size=height // 18, color="white", duration=line["end"] - line["start"]
            )
            layers.append(text.with_start(line["start"]).with_position(("center", 0.86), relative=True))
    film = CompositeVideoClip(layers, size=(width, height)).with_audio(sound)
    film.write_videofile(out, fps=int(fps), preset=preset, logger=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
