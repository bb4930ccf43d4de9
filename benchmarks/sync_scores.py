"""How picture and music meet, song by song, beside what others publish: VBCS and ABHS of whole films.

Usage: sync_scores.py SONG... [--size 640x360] [--from 50] [--seconds 40] [--out FOLDER] [--json FILE]

Renders each song, or a stretch of each, with the defaults at a small size, 30 frames a second, without captions
(letters are no accents of the picture), and prints a table in Markdown.
Figures of others are their own, on their own material and with their own detectors.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from suno_video.assemble.proof import SyncProof
from suno_video.core.brief import Brief
from suno_video.core.frames import FrameSize
from suno_video.pipeline import FilmOptions, render_film
from suno_video.project.workspace import Project

Data = dict[str, Any]
STRETCH_S = (50.0, 80.0)
"""What `make bench` renders of each song."""
PUBLISHED = (("Sora 2 (TMD-Bench)", 0.50, 0.16), ("RhyJAM (TMD-Bench)", 0.50, 0.27))
"""VBCS and ABHS as arXiv 2605.01809 has them."""


@dataclass(frozen=True)
class Score:
    """One film."""

    song: str
    vbcs: float | None
    abhs: float | None
    vbcs_by_chance: float
    abhs_by_chance: float
    n_cuts: int
    on_beat: float | None
    median_offset_ms: float | None
    max_drift_frames: int
    duration_error_ms: float


def score_song(song: Path, folder: Path, size: FrameSize, stretch_s: tuple[float, float] | None = None) -> Score:
    """Render a song, or a stretch of it, into a folder and read its proof of sync."""
    project = folder / f"{song.stem}.suno-video"
    part = {"from_s": stretch_s[0], "to_s": stretch_s[1]} if stretch_s else {}
    brief = Brief(size=size, fps=30, captions="none", **part)
    out = folder / f"{song.stem}.mp4"
    render_film(song, FilmOptions(brief=brief, quality="draft", out=out, project=project))
    proof = SyncProof.load(Project(project).proof_file)
    accents = proof.accents
    if accents is None:
        raise SystemExit(f"{song}: the frames were not looked at")
    return Score(
        song=song.stem,
        vbcs=accents.vbcs,
        abhs=accents.abhs,
        vbcs_by_chance=accents.vbcs_by_chance,
        abhs_by_chance=accents.abhs_by_chance,
        n_cuts=proof.n_scene_cuts,
        on_beat=proof.on_beat,
        median_offset_ms=proof.median_offset_ms,
        max_drift_frames=proof.max_drift_frames,
        duration_error_ms=proof.duration_error_ms,
    )


def measure_sync(songs: list[Path], folder: Path, size: FrameSize, stretch_s: tuple[float, float] | None) -> Data:
    """Films of all songs, or of a stretch of each, as `results.json` keeps them."""
    rows = []
    for song in songs:
        rows.append(asdict(score_song(song, folder, size, stretch_s)))
        sys.stderr.write(f"{rows[-1]}\n")
    return {"size": str(size), "stretch_s": stretch_s, "rows": rows}


def table(scores: list[Score]) -> str:
    """The scores in Markdown, with their means and what others publish."""
    rows = [
        "| film | VBCS | by chance | ABHS | by chance | cuts | as meant to a beat | median offset | drift | length |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for each in scores:
        shares = (each.vbcs, each.vbcs_by_chance, each.abhs, each.abhs_by_chance)
        offset = "–" if each.median_offset_ms is None else f"{each.median_offset_ms:+.0f} ms"
        cells = [each.song, *map(_share, shares), str(each.n_cuts), _share(each.on_beat), offset]
        cells += [f"{each.max_drift_frames} frames", f"{each.duration_error_ms:+.1f} ms"]
        rows.append(f"| {' | '.join(cells)} |")
    if len(scores) > 1:
        means = (_mean([getattr(each, name) for each in scores]) for name in ("vbcs", "vbcs_by_chance"))
        others = (_mean([getattr(each, name) for each in scores]) for name in ("abhs", "abhs_by_chance"))
        rows.append(f"| **mean** | {' | '.join(map(_share, (*means, *others)))} | | | | | |")
    rows += [f"| {name} | {vbcs:.2f} | – | {abhs:.2f} | – | | | | | |" for name, vbcs, abhs in PUBLISHED]
    return "\n".join(rows)


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def main() -> None:
    """Score the songs that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("songs", nargs="+", type=Path)
    parser.add_argument("--size", default="640x360", type=FrameSize.parse)
    parser.add_argument("--from", dest="start", type=float, default=0.0, help="Begin here, in seconds.")
    parser.add_argument("--seconds", type=float, help="Only so much of each song.")
    parser.add_argument("--out", type=Path, help="Keep films and projects here.")
    parser.add_argument("--json", type=Path, help="Write the scores here as well.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.out or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        part = (asked.start, asked.start + asked.seconds) if asked.seconds else None
        found = measure_sync(asked.songs, folder, asked.size, part)
    if asked.json is not None:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(table([Score(**row) for row in found["rows"]]) + "\n")


if __name__ == "__main__":
    main()
