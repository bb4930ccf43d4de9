"""The tables of how fast films are made: on how many cores, as a preview, at 4k, and each scene family by itself."""

from __future__ import annotations

from typing import Any

from measure import median

Data = dict[str, Any]
Rows = list[tuple[str, ...]]
CORES_NOTE = """\
The whole example song at {size} with as many `--jobs` as cores; the others were taken away from everything that
`render` starts, the encoder too."""
PREVIEW_NOTE = (
    "A song of {minutes:g} minutes with `--preview` (draft quality, 480 pixels high), from nothing to the film."
)
FAMILIES_NOTE = """\
Finished frames of {size} in I420, ready for the encoder, by one thread: {n_frames} of a loud passage at 120 beats a
minute, without what a shot sets up once. Fastest of the rounds, families in turn. Each scene is one thread, and scenes
run side by side: so many times the cores."""
LARGE_NOTE = """\
Peak of the whole process tree with the encoders, shared pages counted once, at 3840x2160 with {jobs} jobs: a longer
film takes no more."""


def cores_table(found: Data) -> tuple[tuple[str, ...], Rows, str]:
    """Head, rows and note."""
    runs = found["runs"]
    one = median(runs["1"], "wall_s")
    rows: Rows = []
    for n_cores, done in runs.items():
        wall_s, cpu_s = median(done, "wall_s"), median(done, "cpu_s")
        rows.append((n_cores, f"{wall_s:.1f}", f"{cpu_s:.1f}", f"{one / wall_s:.2f}"))
    return ("cores", "wall s", "cpu s", "times as fast as one"), rows, CORES_NOTE.format(**found)


def preview_table(found: Data) -> tuple[tuple[str, ...], Rows, str]:
    """Head, rows and note."""
    wall_s, cpu_s = (median(found["runs"]["preview"], what) for what in ("wall_s", "cpu_s"))
    rows = [(f"{wall_s:.1f}", f"{cpu_s:.1f}", f"{found['song_s'] / wall_s:.1f}")]
    return ("wall s", "cpu s", "seconds of film a second"), rows, PREVIEW_NOTE.format(minutes=found["song_s"] / 60)


def families_table(found: Data) -> tuple[tuple[str, ...], Rows, str]:
    """Head, rows (the fastest family first) and note."""
    ms = {family: min(times) for family, times in found["ms"].items()}
    rows = [
        (family, f"{ms[family]:.1f}", f"{1000 / ms[family]:.0f}") for family in sorted(ms, key=lambda name: ms[name])
    ]
    mean = sum(ms.values()) / len(ms)
    rows.append(("mean", f"{mean:.1f}", f"{1000 / mean:.0f}"))
    return ("family", "ms a frame", "frames a second"), rows, FAMILIES_NOTE.format(**found)


def large_table(found: Data) -> tuple[tuple[str, ...], Rows, str]:
    """Head, rows and note."""
    rows = [(s, f"{run['peak_mb']:.0f}", f"{run['wall_s']:.0f}") for s, run in found["runs"].items()]
    return ("seconds of film", "peak MB", "wall s"), rows, LARGE_NOTE.format(jobs=found["facts"]["jobs"])


TABLES = {
    "cores": ("A film on more cores", cores_table),
    "preview": ("A preview", preview_table),
    "families": ("Scene families at 1080p", families_table),
    "large": ("Memory at 4k", large_table),
}


def speed_summary(results: Data) -> list[tuple[str, str]]:
    """Rows for the table of claims."""
    rows: list[tuple[str, str]] = []
    if "cores" in results:
        times = {n: median(done, "wall_s") for n, done in results["cores"]["runs"].items()}
        shown = ", ".join(f"{times['1'] / wall_s:.2f}" for wall_s in times.values())
        rows.append((f"times as fast on {', '.join(times)} cores (1080p)", f"{shown} x"))
    if "preview" in results:
        found = results["preview"]
        wall_s = median(found["runs"]["preview"], "wall_s")
        rows.append((f"`--preview` of {found['song_s'] / 60:g} minutes", f"{wall_s:.0f} s"))
    if "families" in results:
        ms = sorted(min(times) for times in results["families"]["ms"].values())
        shown = f"{1000 / ms[-1]:.0f} to {1000 / ms[0]:.0f} frames a second, median {1000 / ms[len(ms) // 2]:.0f}"
        rows.append((f"painting, {len(ms)} families at 1080p on one core", shown))
    if "large" in results:
        runs = results["large"]["runs"]
        peaks = ", ".join(f"{run['peak_mb']:.0f}" for run in runs.values())
        rows.append((f"peak memory at 4k, {', '.join(runs)} s of film", f"{peaks} MB"))
    return rows
