"""Pieces that no training saw, by kind: `unseen.py make OUT [SERIES]`, then `unseen.py score OUT`.

`make` composes and plays 82 pieces of a minute (`GROUPS`) into OUT, as sound with a `.json` beside each: a corpus as
`benchmarks/listening.py` reads it. Their seeds are of another family than those of `excerpts.py`; each series is
another set of pieces: series 1 to work with, series 2 to report. `score` tracks them and prints a row for each kind.

Truth in compound bars is the felt beat: a bar of 6/8 has two beats, one of 12/8 four, each of three eighths.
"""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy.io import wavfile

sys.path.insert(0, str(Path(__file__).parent))
from compose import Piece, Wish, compose
from instruments import RATE_HZ
from perform import Player
from soundfont import BANKS, Sampler

_FAMILY = 8115
"""Nobody else draws seeds [_FAMILY, ...]; `excerpts.py` draws [2026, ...]."""
_LENGTH_S = 60.0
_LOOSE = 0.04
"""A tempo within 4 % is right (accuracy 1 of Gouyon and others 2006)."""


@dataclass(frozen=True)
class Group:
    """One kind of pieces."""

    n: int
    styles: tuple[str, ...] = ()
    bpm: tuple[float, float] | None = None
    rubato: tuple[float, float] = (0.0, 0.0)
    changes: tuple[str, ...] = ("",)
    drums_after: float = 0.0
    silence_s: tuple[float, float] = (0.0, 0.0)


_FOUR = ("rock", "pop", "ballad", "house", "hiphop", "trap", "funk", "disco", "motown", "latin", "reggaeton", "reggae")
_SWUNG = ("shuffle", "jazz", "country", "march", "any")
GROUPS = {
    "4/4": Group(12, (*_FOUR, *_SWUNG)),
    "40..60 bpm": Group(8, ("ballad", "bare", "hiphop", "reggae", "twelve", "six"), (40, 60)),
    "168..220 bpm": Group(8, ("punk", "metal", "dnb", "jazz", "rock"), (168, 220)),
    "3/4": Group(8, ("waltz", "three")),
    "6/8": Group(8, ("six", "jig")),
    "12/8": Group(6, ("twelve",)),
    "rubato": Group(8, ("ballad", "bare", "waltz", "six"), rubato=(0.05, 0.14)),
    "tempo changes": Group(8, (*_FOUR, "three"), changes=("jump", "ramp", "pause")),
    "drumless": Group(6, ("bare", "ballad", "pop", "three"), drums_after=1.0),
    "drumless intro": Group(6, _FOUR, drums_after=0.4),
    "leading silence": Group(4, _FOUR, silence_s=(2, 9)),
}


def make(folder: Path, series: int) -> None:
    """Compose and play what is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    player = Player([Sampler(bank) for bank in BANKS])
    for g, (name, group) in enumerate(GROUPS.items()):
        for k in range(group.n):
            path = folder / f"{g:02d}{k:02d}.wav"
            if not path.with_suffix(".json").exists():
                truth = _make_piece(np.random.default_rng([_FAMILY, series, g, k]), player, group, k, path)
                path.with_suffix(".json").write_text(json.dumps(truth | {"group": name}), encoding="utf-8")


def _make_piece(rng: np.random.Generator, player: Player, group: Group, k: int, path: Path) -> dict[str, object]:
    bpm = group.bpm
    if bpm is not None:  # from edge to edge in even steps
        share = k / (group.n - 1)
        bpm = (bpm[0] * (bpm[1] / bpm[0]) ** share,) * 2
    rubato, silence_s = float(rng.uniform(*group.rubato)), float(rng.uniform(*group.silence_s))
    change = group.changes[k % len(group.changes)]
    piece = compose(rng, Wish(group.styles, bpm, rubato, change, group.drums_after, _LENGTH_S))
    samples = _mixed(rng, player, piece)
    lead = np.zeros(int(silence_s * RATE_HZ), dtype=np.float32)
    wavfile.write(path, RATE_HZ, (np.concatenate([lead, samples]) * 32767).astype(np.int16))
    beats = piece.beats.times_s[: piece.n_beats + 1]
    downbeats = beats[:: piece.style.beats_per_bar]
    inside, first = beats[beats < _LENGTH_S] + silence_s, downbeats[downbeats < _LENGTH_S] + silence_s
    return {
        "tempo": float(60 / np.median(np.diff(inside))),
        "beats": np.round(inside, 4).tolist(),
        "downbeats": np.round(first, 4).tolist(),
        "beats_per_bar": piece.style.beats_per_bar,
        "division": piece.style.division,
        "style": piece.style.name,
        "change": change,
        "rubato": round(rubato, 3),
    }


def _mixed(rng: np.random.Generator, player: Player, piece: Piece) -> NDArray[np.float32]:
    stems = player.stems(rng, piece)
    mix = sum(stem / (np.sqrt(np.mean(stem**2)) + 1e-3) * 10 ** (rng.normal(0, 3) / 20) for stem in stems.values())
    return np.asarray(0.7 * mix / (np.abs(mix).max() + 1e-9), dtype=np.float32)


def score(folder: Path) -> None:
    """Track everything in a folder; print each group's means, and how trust fits."""
    rows = [_score(path) for path in sorted(folder.glob("*.json"))]
    print(f"{'':16}  n  beat F  CMLt  AMLt  down F  metre  tempo  trust")
    for name in (*GROUPS, "all"):
        if mine := [row for row in rows if name in (row["group"], "all")]:
            means = [fmean(float(row[key]) for row in mine) for key in _KEYS]
            print(f"{name:16} {len(mine):2d}   " + "   ".join(f"{mean:.2f}" for mean in means))
    print("trust where beat F is .9 or more, between, below .7:")
    for low, high in ((0.9, 1.1), (0.7, 0.9), (0.0, 0.7)):
        mine = [row for row in rows if low <= float(row["beat_f"]) < high]
        warned = sum(float(row["sure"]) < 0.5 for row in mine)
        mean = fmean([float(row["trust"]) for row in mine] or [0.0])
        print(f"  {len(mine):2d} pieces, mean trust {mean:.2f}, not trusted for most of their time: {warned}")


_KEYS = ("beat_f", "cml_t", "aml_t", "down_f", "metre", "tempo", "trust")


def _score(path: Path) -> dict[str, float | str]:
    from mir_eval import beat

    from suno_video.analyze.beats import track_beats
    from suno_video.analyze.onsets import find_onsets
    from suno_video.analyze.spectra import measure_spectra
    from suno_video.core.analysis import CUTS_FOLLOW
    from suno_video.media.audio import open_sound

    truth = json.loads(path.read_text(encoding="utf-8"))
    with open_sound(path.with_suffix(".wav"), max_duration_s=600) as sound:
        spectra = measure_spectra(sound)
    grid = track_beats(spectra, find_onsets(spectra))
    true, first = (beat.trim_beats(np.array(truth[key])) for key in ("beats", "downbeats"))
    found, bars = (beat.trim_beats(np.array(times)) for times in (grid.beats_s, grid.downbeats_s))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, cml_t, _, aml_t = beat.continuity(true, found)
        beat_f, down_f = beat.f_measure(true, found), beat.f_measure(first, bars)
    sure_s = sum(p.end_s - p.start_s for p in grid.passages if p.verdict in CUTS_FOLLOW)
    return {
        "name": path.stem,
        "group": truth["group"],
        "beat_f": beat_f,
        "cml_t": cml_t,
        "aml_t": aml_t,
        "down_f": down_f,
        "metre": float((grid.beats_per_bar, grid.division) == (truth["beats_per_bar"], truth["division"])),
        "tempo": float(abs(grid.tempo_bpm / truth["tempo"] - 1) <= _LOOSE),
        "trust": grid.confidence,
        "sure": sure_s / spectra.duration_s,
    }


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    else:
        score(Path(sys.argv[2]))
