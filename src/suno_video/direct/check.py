"""Reads a storyboard that a person may have edited, and refuses what does not fit the song."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from suno_video.core.analysis import SongAnalysis
from suno_video.core.errors import BadEditError
from suno_video.core.frames import FrameGrid
from suno_video.core.record import find_line
from suno_video.core.storyboard import Storyboard
from suno_video.project.references import reference_fault

Loc = tuple[int | str, ...]


def load_storyboard(
    path: Path,
    analysis: SongAnalysis,
    families: frozenset[str],
    backends: frozenset[str] | None = None,
    *,
    references: Path | None = None,
) -> Storyboard:
    """Read a storyboard and hold it against the song.

    Args:
        families: Scene families that the embedded renderer can play.
        backends: Backends that there are; None when somebody else looks at that.
        references: Folder of the reference pictures; None when somebody else looks at that.

    Raises:
        BadEditError: It does not fit; names each line and reason.
        OSError: It cannot be read.
    """
    storyboard = Storyboard.load(path)
    text = path.read_text(encoding="utf-8-sig")
    reasons = []
    faults = [*_faults(storyboard, analysis, families, backends), *_reference_faults(storyboard, references)]
    for loc, reason in faults:
        line = find_line(text, loc)
        where = ".".join(str(part) for part in loc)
        reasons.append(f"line {line}: {where}: {reason}" if line else f"{where}: {reason}")
    if reasons:
        raise BadEditError(str(path), reasons)
    return storyboard


def _faults(
    storyboard: Storyboard, analysis: SongAnalysis, families: frozenset[str], backends: frozenset[str] | None
) -> Iterator[tuple[Loc, str]]:
    if storyboard.song_sha256 != analysis.song_sha256:
        yield ("song_sha256",), "this storyboard was made for another song (or for other lyrics beside it)"
        return
    n_frames = FrameGrid.for_duration(analysis.duration_s, storyboard.fps).n_frames
    if storyboard.end_frame > n_frames:
        yield ("n_frames",), f"the film ends at frame {storyboard.end_frame}, the song at {n_frames}"
    motifs = {motif.name for motif in storyboard.treatment.motifs}
    for number, scene in enumerate(storyboard.scenes):
        at: Loc = ("scenes", number)
        if scene.section >= len(analysis.sections):
            yield (*at, "section"), f"the song has sections 0 to {len(analysis.sections) - 1}"
        if scene.family not in families:
            yield (*at, "family"), f"there is no family {scene.family!r}; there are {', '.join(sorted(families))}"
        if scene.motif not in motifs:
            yield (*at, "motif"), f"the treatment has no motif {scene.motif!r}; it has {', '.join(sorted(motifs))}"
        yield from _backend_faults(at, scene.video_backend, scene.still_backend, backends)


def _reference_faults(storyboard: Storyboard, folder: Path | None) -> Iterator[tuple[Loc, str]]:
    for number, name in enumerate(storyboard.references if folder is not None else ()):
        assert folder is not None
        fault = reference_fault(folder, name)
        if fault is not None:
            yield ("references", number), fault


def _backend_faults(
    at: Loc, video: str, still: str | None, backends: frozenset[str] | None
) -> Iterator[tuple[Loc, str]]:
    if backends is None:
        return
    for key, name in (("video_backend", video), ("still_backend", still)):
        if name is not None and name.partition(":")[0] not in backends:
            yield (*at, key), f"there is no backend {name!r}; there are {', '.join(sorted(backends))}"
