"""Render the example film and make the README's pictures from it: its contact sheet, and a plot of what was heard.

Usage: python scripts/make_readme_pictures.py [--to SECONDS]     a shorter film, to try
The project folder in out/ is kept, so that a second time is quick.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from make_readme_figures import README, ROOT, put_block
from PIL import Image

SONG = ROOT / "examples" / "lantern-season.mp3"
OUT = ROOT / "out" / "readme"
PICTURES = ROOT / "docs" / "pictures"
WIDTH_PX = 1400
BLOCK = """\
![The example film at a glance: one frame from each scene](docs/pictures/contact-sheet.jpg)

*The example film at a glance. Below, what was heard: waveform, sections, beats, energy.*

![Waveform, sections, beats and energy of the example song](docs/pictures/analysis.png)"""


def main() -> None:
    """Render, shrink, put into the README."""
    OUT.mkdir(parents=True, exist_ok=True)
    PICTURES.mkdir(parents=True, exist_ok=True)
    project = OUT / "film.suno-video"
    suno_video = str(Path(sys.executable).parent / "suno-video")
    where = ["--project", str(project), "--out", str(OUT / "film.mp4")]
    subprocess.run([suno_video, "render", str(SONG), "--size", "720p", *where, *sys.argv[1:]], check=True)
    subprocess.run([suno_video, "analyze", str(SONG), "--quiet", "--plot", str(OUT / "analysis.png")], check=True)
    _shrunk(project / "contact-sheet.png").save(
        PICTURES / "contact-sheet.jpg", quality=82, optimize=True, progressive=True
    )
    _shrunk(OUT / "analysis.png").quantize(96).save(PICTURES / "analysis.png", optimize=True)
    README.write_text(put_block(README.read_text(encoding="utf-8"), "pictures", BLOCK), encoding="utf-8")
    for file in sorted(PICTURES.iterdir()):
        print(file.relative_to(ROOT), file.stat().st_size, "bytes")


def _shrunk(file: Path) -> Image.Image:
    with Image.open(file) as picture:
        height_px = round(picture.height * WIDTH_PX / picture.width)
        wanted = (WIDTH_PX, height_px) if picture.width > WIDTH_PX else picture.size
        return picture.convert("RGB").resize(wanted, Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
