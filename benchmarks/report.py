"""Turns measurements into benchmarks/RESULTS.md. The table between the markers is also shown in the README."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from statistics import linear_regression
from typing import Any

from listening import COLUMNS, row_cells, total_cells, total_row
from measure import median, median_ratio
from speed import TABLES, speed_summary

Data = dict[str, Any]
FILMS_NOTE = """\
*suno-video*: `render` with default quality: analysis, direction, painting, captions, encoding, splicing, proof of
sync, report. Painters were compiled and cached before. *Encoder alone*: the encoder commands of one render,
recorded with their raw frames and run again with the same settings (captions left out), as many at once as `render`
uses; the frames come from a file in the page cache. *moviepy*: cover on a plain ground, one text clip for each
line, the song as sound, its default preset; *ultrafast*: the same with x264's fastest preset. Rounds are
interleaved; medians."""
ANALYSIS_NOTE = """\
*suno-video*: `analyze --json`: beats, bars, sections, envelopes at frame rate, key, mood, tags, cover. *librosa*:
`librosa.load` and `librosa.beat.beat_track` with defaults: tempo and beats. *Warm*: compiled code in numba's disk
cache, as from the second run on. *Cold*: an empty cache each time. Both include starting Python."""
LISTENING_NOTE = """\
Scored with mir_eval: beats and downbeats within 70 ms, CMLt and AMLt with its defaults, the first five seconds left
out; *tempo*: within 4 % of the true one; *trust*: what we say ourselves; borders of sections within 0.5 and 3 s, the
first and the last left out; labels by pairwise F. *Line* and *word*: the words of the song without their times, placed
by ear; median distance from where they are sung, and the share within 300 ms. *s*: what it took, compiled before.
Goals: beat F .95, CMLt .90, downbeat F .92, tempo .95. *librosa*: `librosa.load` and `beat_track` with defaults."""
SYNC_NOTE = """\
Measured on every frame as it goes into the encoder, captions and all (what is spliced in as it was, on the decoded
film). *VBCS*: share of accents of the picture (sudden rises of the
change from frame to frame) within 70 ms of an accent of the music: a beat, or an onset where no beat is to be
trusted. *ABHS*: share of accents of the music that have one of the picture. *By chance*: what accents at random
moments would reach. *Or drums*: share of accents of the picture on a beat, a kick or a snare. *As meant to a
beat*: cuts in steady passages on the frame of their beat, or as many frames early as was meant; the others
stand at the edge of a sung word. *Offset*: of these cuts to their beats, negative is early. The names and the
last rows are those of TMD-Bench (arXiv 2605.01809): other material, whole models, and detectors of their own; a
rough mark and no race."""
MEMORY_NOTE = """\
The whole process tree with ffmpeg, shared pages counted once, sampled ten times a second; film of {size} at {fps}
frames a second. Songs are the example, repeated."""
CRASHES_NOTE = """\
Each film is rendered with clips from a make-believe paid service that keeps its own purchase book. Its run is killed
one to three times at random moments: the whole process tree, as in a power cut; every second time only the parent.
Then it is run again until it is done. *The same*: picture and sound decode to the same bytes as those of a film that
nothing happened to. *Bought twice*: by the service's book, not by ours."""
SLOPES_NOTE = """\
Each line is one process, held to {limit_mb} MB by the kernel (`RLIMIT_DATA`), that makes one scene at a time; songs
and scenes with the settings of `configs/low-memory.toml`. *RSS* is that of the process after a song, scene or clip;
*tree* adds ffmpeg, shared pages counted twice, sampled twenty times a second. *Slope*: least squares, without the
first ones, in which libraries are loaded and painters compiled: what they leave stays for good."""
OVERHEAD_NOTE = """\
The same clips by the same backend: *bare*, only the calls of the pipeline; *loop*, with everything that a film needs:
looking at what came out, encoding it as MP4, receipts, giving memory back. Loading, words and the first clip are left
out of both. Each clip of the loop stands between two bare calls for the same request; all figures are medians over the
clips, *more* that of the differences. A tiny model takes next to no time, so that its share says little: the
milliseconds are what stays."""
FACTS = """\
{date}; {cpu}, {n_cpus} processors, {memory_gb} GB, {system}, Python {python}; {versions}; {n_rounds} rounds, {jobs}
jobs; load average {load_before} before, {load_after} after."""
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def write_report(results: Data) -> str:
    """The whole page, from what was measured so far."""
    parts = ["# Benchmarks", "", "Written by `make bench`; do not edit.", ""]
    parts += [BEGIN, *_summary(results), END, ""]
    chapters = {
        "listening": _listening,
        "sync": _sync,
        "films": _films,
        **{name: partial(_speed, name) for name in TABLES},
        "start": _start,
        "analysis": _analysis,
        "memory": _memory,
        "slopes": _slopes,
    }
    chapters |= {"crashes": _crashes, "overhead": _overhead}
    for name, chapter in chapters.items():
        if name in results:
            parts += [*chapter(results[name]), *_facts(results[name]["facts"]), ""]
    return "\n".join(parts).rstrip() + "\n"


def _summary(results: Data) -> list[str]:
    """One row for each claim, with the day of its figure: `--only` leaves those of other contests as they were."""
    contests = ("films", *TABLES, "start", "analysis", "listening", "memory", "crashes")
    rows = [
        (*claim, results[name]["facts"]["date"])
        for name in contests
        if name in results
        for claim in _claims({name: results[name]})
    ]
    return _table(("", "measured", "on"), rows)


def _claims(results: Data) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for size, found in _sizes(results.get("films", {})):
        runs, seconds = found["runs"], found["n_frames"] / 30
        ours = median(runs["suno-video"], "wall_s")
        rows.append((f"render at {size}, whole film", f"{ours:.0f} s for {seconds:.0f} s of song"))
        rows.append((f"... against the encoder alone on the same frames ({size})", _ratio(runs, "encoder alone")))
        rows.append((f"... against MoviePy, cover and captions ({size})", _times(runs, "moviepy")))
    rows += speed_summary(results)
    if "start" in results:
        ratio = median_ratio(results["start"]["runs"], "suno-video --help", "python -c pass", "cpu_s")
        rows.append(("`--help` against `python -c pass`, processor time", f"{ratio:.1f} x"))
    if "analysis" in results:
        found = results["analysis"]
        ratio = median_ratio(found["warm"], "suno-video", "librosa", "cpu_s")
        ours = median(found["warm"]["suno-video"], "wall_s")
        rows.append((f"analysis of {found['song_s'] / 60:g} minutes", f"{ours:.1f} s"))
        rows.append(("... against `librosa.load` and `beat_track`, processor time", f"{ratio:.2f} x"))
    if "listening" in results:
        total = total_row([row for row in results["listening"]["rows"] if "librosa beat_f" in row], "")
        theirs = total["librosa beat_f"]
        rows.append(("beats within 70 ms (F), against `librosa`", f"{total['beat_f']:.3f}, {theirs:.3f}"))
    if "memory" in results:
        peaks = results["memory"]["render"]
        rows.append(("peak memory, song of " + ", ".join(peaks) + " minutes", _megabytes(peaks)))
    if "crashes" in results:
        found = results["crashes"]
        rows.append(
            (
                f"films through {found['n_kills']} times `kill -9`, with a paid service",
                f"{found['n_same']} of {found['n_films']} the same, {found['n_bought_twice']} clips bought twice",
            )
        )
    return rows


def _sizes(films: Data) -> list[tuple[str, Data]]:
    return [(size, found) for size, found in films.items() if size != "facts"]


def _films(films: Data) -> list[str]:
    out = ["## A film", "", "The example song, from nothing to the finished film, 30 frames a second.", ""]
    for size, found in _sizes(films):
        runs = found["runs"]
        rows = [
            (
                name,
                f"{median(runs[name], 'wall_s'):.1f}",
                f"{median(runs[name], 'cpu_s'):.1f}",
                f"{found['n_frames'] / median(runs[name], 'wall_s'):.1f}",
                f"{median_ratio(runs, name, 'encoder alone'):.2f}",
                f"{median_ratio(runs, name, 'suno-video'):.2f}",
            )
            for name in runs
        ]
        head = ("", "wall s", "cpu s", "frames/s", "wall / encoder", "wall / suno-video")
        out += [f"### {size}: {found['n_frames']} frames", "", *_table(head, rows), ""]
    return [
        *out,
        FILMS_NOTE,
        "",
    ]


def _speed(name: str, found: Data) -> list[str]:
    title, tabled = TABLES[name]
    head, rows, note = tabled(found)
    return [f"## {title}", "", *_table(head, rows), "", note, ""]


def _crashes(found: Data) -> list[str]:
    rows = [
        ("films", str(found["n_films"])),
        ("kills", str(found["n_kills"])),
        ("runs until all were done", str(found["n_runs"])),
        ("films that decode to the same bytes", f"{found['n_same']} of {found['n_films']}"),
        ("clips bought twice", str(found["n_bought_twice"])),
        ("films for which more was bought than needed", str(found["n_bought_more"])),
        ("half-made files left", str(found["n_strays"])),
        ("processes left", str(found["n_orphans"])),
    ]
    return ["## Crashes", "", *_table(("", "counted"), rows), "", CRASHES_NOTE, ""]


def _overhead(found: Data) -> list[str]:
    rows = []
    for name, run in found["runs"].items():
        numbers = (f"{1000 * run[key]:.1f}" for key in ("bare_s", "loop_s", "more_s", "file_s"))
        shares = (f"{more_s / run['bare_s']:.1%}" for more_s in (run["more_s"], run["more_s"] - run["file_s"]))
        rows.append((name, str(run["n_clips"]), *numbers, *shares))
    head = ("", "clips", "bare, ms", "loop, ms", "more, ms", "of it the MP4, ms", "share", "share without the MP4")
    shown = _table(head, rows) if rows else ["Not measured: the packages of the diffusers backend are not installed."]
    return ["## Overhead of the loop", "", *shown, "", OVERHEAD_NOTE, ""]


def _listening(found: Data) -> list[str]:
    rows = found["rows"]
    bare = [row for row in rows if "librosa beat_f" in row]
    *ours, theirs = total_cells(rows)
    cells = [*(row_cells(row) for row in rows), *ours, *(row_cells(row, "librosa ") for row in bare), theirs]
    head = ("", *(name for name, _, _ in COLUMNS))
    songs = f"Songs with known answers: {found['corpus']}."
    return ["## Listening", "", songs, "", *_table(head, cells), "", LISTENING_NOTE, ""]


def _sync(found: Data) -> list[str]:
    from sync_scores import Score, table

    first, last = found["stretch_s"] or (0.0, 0.0)
    part = f"from {first:g} to {last:g} s" if last else "whole"
    songs = f"Films of songs with known answers, {part}, {found['size']}, 30 frames a second, defaults, no captions."
    return [
        "## Picture against music",
        "",
        songs,
        "",
        table([Score(**row) for row in found["rows"]]),
        "",
        SYNC_NOTE,
        "",
    ]


def _start(found: Data) -> list[str]:
    runs = found["runs"]
    rows = [
        (
            f"`{name}`",
            f"{1000 * median(runs[name], 'wall_s'):.0f}",
            f"{1000 * median(runs[name], 'cpu_s'):.0f}",
            f"{median_ratio(runs, name, 'python -c pass', 'cpu_s'):.1f}",
        )
        for name in runs
    ]
    return [
        "## Start-up",
        "",
        *_table(("", "wall ms", "cpu ms", "cpu / python"), rows),
        "",
        "Median of 9, interleaved.",
        "",
    ]


def _analysis(found: Data) -> list[str]:
    rows = []
    for kind in ("warm", "cold"):
        runs = found[kind]
        for name in runs:
            wall, cpu = median(runs[name], "wall_s"), median(runs[name], "cpu_s")
            ratio = median_ratio(runs, name, "librosa", "cpu_s")
            rows.append((f"{name}, {kind} process", f"{wall:.2f}", f"{cpu:.2f}", f"{ratio:.2f}"))
    again = found["again_cpu_s"]
    rows += [
        (f"{name}, second time in a process", "", f"{again[name]:.2f}", f"{again[name] / again['librosa']:.2f}")
        for name in again
    ]
    return [
        f"## Analysis of {found['song_s'] / 60:g} minutes",
        "",
        *_table(("", "wall s", "cpu s", "cpu / librosa"), rows),
        "",
        ANALYSIS_NOTE,
        "",
    ]


def _memory(found: Data) -> list[str]:
    rows = [
        (
            minutes,
            *(f"{found[verb][minutes]['peak_mb']:.0f}" for verb in ("analyze", "render")),
            f"{found['render'][minutes]['wall_s']:.0f}",
        )
        for minutes in found["render"]
    ]
    return [
        "## Memory",
        "",
        *_table(("minutes", "analyze, peak MB", "render, peak MB", "render, wall s"), rows),
        "",
        MEMORY_NOTE.format(**found),
        "",
    ]


def _slopes(found: Data) -> list[str]:
    head = ("", "RSS first", "last", "most, MB", "tree, most MB", "slope, MB per 100", "from number", "wall s")
    rows = []
    for name, run in found["runs"].items():
        rss = run["rss_mb"]
        numbers = (rss[0], rss[-1], max(rss), run["tree_peak_mb"])
        slope = 100 * linear_regression(range(len(rss) - run["skip"]), rss[run["skip"] :]).slope
        more = (f"{slope:+.1f}", f"{run['skip'] + 1}", f"{run['wall_s']:.0f}")
        rows.append((f"{len(rss)} {name}", *(f"{mb:.0f}" for mb in numbers), *more))
    note = SLOPES_NOTE.format(limit_mb=found["limit_mb"])
    return ["## Memory over many scenes", "", *_table(head, rows), "", note, ""]


def _facts(facts: Data) -> list[str]:
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    return [FACTS.format(**(facts | {"versions": versions}))]


def _ratio(runs: Data, theirs: str) -> str:
    wall = median_ratio(runs, "suno-video", theirs)
    return f"{wall:.2f} x its time ({median_ratio(runs, 'suno-video', theirs, 'cpu_s'):.2f} x its processor time)"


def _times(runs: Data, theirs: str) -> str:
    fastest = 1 / median_ratio(runs, "suno-video", f"{theirs} ultrafast")
    return f"{1 / median_ratio(runs, 'suno-video', theirs):.1f} x as fast ({fastest:.1f} x with its fastest preset)"


def _megabytes(peaks: Data) -> str:
    return ", ".join(f"{run['peak_mb']:.0f}" for run in peaks.values()) + " MB"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    cells = list(head)
    return [
        "| " + " | ".join(cells) + " |",
        "|" + "---|" * len(cells),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
