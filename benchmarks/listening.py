"""How well we listen, song by song, scored with mir_eval next to librosa's defaults.

A corpus is a folder of songs (`NAME.mp3` or another sound file) with `NAME.json` beside each: `beats` and `downbeats`
in seconds, `tempo` in beats a minute, `sections` (`start`, `end`, `label`) and, where somebody sings, `lines` (`text`,
`start`, `end`, `section`, `words` with `w`, `start`, `end`). Words go to the placing as a user has them, without times:
`NAME.lyrics.txt`, or what `lines` say. Stems that belong to a song by their names give it a second row.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from suno_video.analyze.listen import listen
from suno_video.analyze.stems import Stem, find_stems
from suno_video.core.analysis import SongAnalysis
from suno_video.core.song import Song

HERE = Path(__file__).resolve().parent
Data = dict[str, Any]
SOUND_ENDINGS = (".mp3", ".wav", ".flac", ".ogg", ".opus", ".m4a")
TEMPO_TOLERANCE = 0.04
"""As Gouyon and others (2006) count a tempo as right (accuracy 1)."""
NEAR_S = 0.3
"""A line or word within 0.3 s of its place counts as right (MIREX)."""


def usual_corpus() -> Path:
    """The corpus that `CORPUS` or `SUNO_VIDEO_CORPUS` names, or one beside the checkout, or the example song."""
    named = os.environ.get("SUNO_VIDEO_CORPUS")
    beside = HERE.parent.parent / "shared" / "corpus" / "public"
    return Path(named) if named else beside if beside.is_dir() else HERE.parent / "examples"


def measure_listening(corpus: Path, only: str = "") -> Data:
    """Listen to each song of a corpus, score what was heard, and say what it took."""
    rows: list[Data] = []
    print("  song  " + "  ".join(name for name, _, _ in COLUMNS), flush=True)
    for sound, truth in _songs(corpus, only):
        for stems in dict.fromkeys(((), find_stems(sound))):
            rows.append(_score_song(sound, truth, stems))
            print("  " + "  ".join(row_cells(rows[-1])), flush=True)
    if not rows:
        raise SystemExit(f"no song with known answers lies in {corpus}: name another folder with --corpus")
    for cells in total_cells(rows):
        print("  " + "  ".join(cells), flush=True)
    return {"corpus": corpus.name, "rows": rows}


def _songs(corpus: Path, only: str) -> Iterator[tuple[Path, Data]]:
    for path in sorted(corpus.glob("*.json")):
        sounds = [path.with_suffix(ending) for ending in SOUND_ENDINGS if path.with_suffix(ending).exists()]
        truth = json.loads(path.read_text(encoding="utf-8")) if sounds and only in path.stem else {}
        if isinstance(truth, dict) and "beats" in truth:
            yield sounds[0], truth


def _score_song(sound: Path, truth: Data, stems: tuple[Stem, ...]) -> Data:
    with tempfile.TemporaryDirectory() as folder:
        # Alone with its words: nothing else that lies beside it may help.
        copy = Path(folder) / sound.name
        shutil.copyfile(sound, copy)
        if words := untimed_words(sound, truth):
            copy.with_suffix(".lyrics.txt").write_text(words, encoding="utf-8")
        started = time.perf_counter()
        heard = listen(copy, fps=30, max_duration_s=float("inf"), stems=stems)
        wall_s = time.perf_counter() - started
    row = {
        "song": sound.stem + (" + stems" if stems else ""),
        "wall_s": wall_s,
        "trust": heard.analysis.beat_confidence,
    }
    row |= score_beats(truth, list(heard.analysis.beats_s), heard.analysis.tempo_bpm)
    row |= score_bars(truth, heard.analysis) | score_form(truth, heard.analysis) | score_words(truth, heard.song)
    return row if stems else row | {f"librosa {name}": value for name, value in _librosa(sound, truth).items()}


def untimed_words(sound: Path, truth: Data) -> str:
    """The lyrics as a user has them; empty where nobody sings."""
    beside = sound.with_name(sound.stem + ".lyrics.txt")
    if beside.exists():
        return beside.read_text(encoding="utf-8")
    out: list[str] = []
    section = None
    for line in truth.get("lines", ()):
        if line.get("section") != section:
            section = line.get("section")
            out += ["", f"[{section}]"]
        out.append(line["text"])
    return "\n".join(out).strip()


def _librosa(sound: Path, truth: Data) -> Data:
    import librosa
    import numpy as np

    started = time.perf_counter()
    samples, rate_hz = librosa.load(sound)
    tempo, beats_s = librosa.beat.beat_track(y=samples, sr=rate_hz, units="time")
    wall_s = time.perf_counter() - started
    return score_beats(truth, beats_s, float(np.atleast_1d(tempo)[0])) | {"wall_s": wall_s}


def score_beats(truth: Data, beats_s: list[float], tempo_bpm: float) -> Data:
    """Beat F, CMLt and AMLt (mir_eval: within 70 ms, and within 17.5 % of a beat; the first 5 s left out), tempo."""
    import numpy as np
    from mir_eval import beat

    true = beat.trim_beats(np.array(truth["beats"], dtype=float))
    found = beat.trim_beats(np.array(beats_s, dtype=float))
    _, cml_t, _, aml_t = _quietly(beat.continuity, true, found)
    return {
        "beat_f": float(_quietly(beat.f_measure, true, found)),
        "cml_t": float(cml_t),
        "aml_t": float(aml_t),
        "tempo": float(abs(tempo_bpm / truth["tempo"] - 1) <= TEMPO_TOLERANCE),
        "tempo_bpm": tempo_bpm,
        "true_bpm": truth["tempo"],
    }


def score_bars(truth: Data, analysis: SongAnalysis) -> Data:
    """Downbeat F, within 70 ms."""
    import numpy as np
    from mir_eval import beat

    true, found = (
        beat.trim_beats(np.array(times, dtype=float)) for times in (truth["downbeats"], analysis.downbeats_s)
    )
    return {"down_f": float(_quietly(beat.f_measure, true, found))}


def score_form(truth: Data, analysis: SongAnalysis) -> Data:
    """F of the borders within 0.5 and 3 s (the first and the last left out), pairwise F of the labels."""
    import numpy as np
    from mir_eval import segment, util

    if not truth.get("sections"):
        return {}
    spans = np.array([[part["start"], part["end"]] for part in truth["sections"]], dtype=float)
    labels = [part["label"] for part in truth["sections"]]
    true, true_labels = util.adjust_intervals(spans, labels, t_min=0.0, start_label="silence")
    heard = np.array([[part.start_s, part.end_s] for part in analysis.sections])
    names: list[str] = [part.label for part in analysis.sections]
    found, found_labels = util.adjust_intervals(heard, names, t_min=0.0, t_max=true.max(), end_label="silence")
    return {
        "border_half_f": float(segment.detection(true, found, window=0.5, trim=True)[2]),
        "border_three_f": float(segment.detection(true, found, window=3.0, trim=True)[2]),
        "label_f": float(segment.pairwise(true, true_labels, found, found_labels)[2]),
    }


def score_words(truth: Data, song: Song) -> Data:
    """How far the lines and words that we placed are off; those that got no place count as an hour.

    Nothing where the tags of the song give times themselves.
    """
    if not truth.get("lines") or song.lyrics is None or (song.lyrics.timed_lines and not song.lyrics.made_with):
        return {}
    true, ours = truth["lines"], song.lyrics.lines
    alike = SequenceMatcher(
        None, [_plain(line["text"]) for line in true], [_plain(line.text) for line in ours], autojunk=False
    )
    partner = {i + k: ours[j + k] for i, j, n in alike.get_matching_blocks() for k in range(n)}
    lines: list[float] = []
    words: list[float] = []
    for i, line in enumerate(true):
        mine = partner.get(i)
        placed = mine if mine is not None and mine.timed_by == "placed" and mine.start_s is not None else None
        lines.append(abs(placed.start_s - line["start"]) if placed and placed.start_s is not None else 3600.0)
        starts = [word.start_s for word in placed.words] if placed else []
        same = len(starts) == len(line["words"])
        words += [
            abs(starts[k] - word["start"]) if same else lines[-1] if placed else 3600.0
            for k, word in enumerate(line["words"])
        ]
    return {f"{what}_{name}": value for what, off in (("line", lines), ("word", words)) for name, value in _off(off)}


def _off(errors_s: list[float]) -> list[tuple[str, float]]:
    near = sum(error <= NEAR_S for error in errors_s)
    return [("ms", 1000 * statistics.median(errors_s)), ("near", near / len(errors_s))]


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _quietly(score: Any, *args: Any) -> Any:
    """mir_eval warns of empty beats, which a song may well have."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return score(*args)


COLUMNS = (
    ("beat F", "beat_f", ".3f"),
    ("CMLt", "cml_t", ".3f"),
    ("AMLt", "aml_t", ".3f"),
    ("downbeat F", "down_f", ".3f"),
    ("tempo", "tempo", ".2f"),
    ("trust", "trust", ".2f"),
    ("borders .5 s", "border_half_f", ".3f"),
    ("3 s", "border_three_f", ".3f"),
    ("labels", "label_f", ".3f"),
    ("line, ms", "line_ms", ".0f"),
    ("≤ 300", "line_near", ".0%"),
    ("word, ms", "word_ms", ".0f"),
    ("≤ 300 ", "word_near", ".0%"),
    ("s", "wall_s", ".1f"),
)
"""Head, key and format of each column."""


def row_cells(row: Data, prefix: str = "") -> list[str]:
    """A row of the table; what was not measured is a dash."""
    cells = [format(row[prefix + key], form) if prefix + key in row else "–" for _, key, form in COLUMNS]
    return [f"{prefix}{row['song']}" if prefix else row["song"], *cells]


def total_cells(rows: list[Data]) -> list[list[str]]:
    """The rows of totals: songs alone, songs with stems where there are any, librosa."""
    alone = [row for row in rows if "librosa beat_f" in row]
    total = total_row(alone, f"all {len(alone)} songs")
    with_stems = [row for row in rows if row not in alone]
    stems = [row_cells(total_row(with_stems, f"all {len(with_stems)} with stems"))] if with_stems else []
    return [row_cells(total), *stems, row_cells(total, "librosa ")]


def total_row(rows: list[Data], name: str) -> Data:
    """The mean over the songs that have a figure; of errors in ms, the median of the songs."""
    out: Data = {"song": name}
    for key in dict.fromkeys(key for row in rows for key in row if key != "song"):
        values = [row[key] for row in rows if key in row]
        out[key] = statistics.median(values) if key.endswith("_ms") else statistics.fmean(values)
    return out
