"""The report of a film (`report.html`): one file without scripts and without requests, safe whatever the tags say."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from suno_video.assemble.costs import CostReport
from suno_video.assemble.proof import SyncProof
from suno_video.assemble.proof_facts import Fact, proof_facts
from suno_video.assemble.remembered import MemoryReport
from suno_video.assemble.timeline import HEIGHT, WIDTH, draw_timeline
from suno_video.core.analysis import SongAnalysis
from suno_video.core.clock import clock_tenths
from suno_video.core.gridtrust import grid_doubts
from suno_video.core.song import Song
from suno_video.core.storyboard import Scene, Storyboard
from suno_video.media.atomic import write_text

REPORT_NAME = "report.html"
EMBEDDED_BACKENDS = frozenset({"procedural", "parallax"})
"""Backends whose pictures are painted here, without a model."""
_BIDI_CONTROLS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class SceneRow:
    """One scene as the report shows it."""

    scene: Scene
    time: str
    seconds: str
    backend: str
    stand_in: str | None
    """Why another backend plays it, or None."""
    review: str
    """What a review said about its clip and its still; empty where nobody looked."""
    picture: str | None
    """A `data:` address."""


def write_report(
    folder: Path,
    *,
    song: Song,
    analysis: SongAnalysis,
    storyboard: Storyboard,
    proof: SyncProof | None,
    stand_ins: Mapping[str, str],
    film_name: str,
    seconds: float,
    versions: Mapping[str, str],
    thumbnails: Mapping[str, Path] | None = None,
    costs: CostReport | None = None,
    memory: MemoryReport | None = None,
    reviews: Mapping[str, str] | None = None,
    remarks: Sequence[str] = (),
) -> Path:
    """Write `report.html` into the project folder.

    Args:
        stand_ins: Why a scene is played by the embedded renderer for another backend, by scene id.
        seconds: How long the run took.
        versions: What made the film: `suno-video`, `ffmpeg` ...
        thumbnails: JPEG files by scene id, from `write_thumbnails`; they are put into the page.
        costs: What was paid for the film; None when nothing was.
        memory: Who, where, and what became of each scene.
        reviews: What was said about the clip and the still of a scene, by scene id.
        remarks: What a person should know of single scenes, besides the stand-ins.

    Raises:
        CannotCreateError, DiskError: The report cannot be written.
    """
    page = render_report(
        song=song,
        analysis=analysis,
        storyboard=storyboard,
        proof=proof,
        stand_ins=stand_ins,
        film_name=film_name,
        seconds=seconds,
        versions=versions,
        thumbnails=thumbnails or {},
        costs=costs,
        memory=memory,
        reviews=reviews or {},
        remarks=remarks,
    )
    path = folder / REPORT_NAME
    write_text(path, page)
    return path


def render_report(
    *,
    song: Song,
    analysis: SongAnalysis,
    storyboard: Storyboard,
    proof: SyncProof | None,
    stand_ins: Mapping[str, str],
    film_name: str,
    seconds: float,
    versions: Mapping[str, str],
    thumbnails: Mapping[str, Path],
    costs: CostReport | None = None,
    memory: MemoryReport | None = None,
    reviews: Mapping[str, str] | None = None,
    remarks: Sequence[str] = (),
) -> str:
    """Render the page as text; arguments as for `write_report`."""
    environment = _environment()
    style = _load_style(environment)
    return environment.get_template("report.html.j2").render(
        style=Markup(style),  # noqa: S704 - our own file, no part of it comes from a song
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        song=song,
        storyboard=storyboard,
        treatment=storyboard.treatment,
        film_name=film_name,
        song_facts=_song_facts(song, analysis),
        film_facts=_film_facts(storyboard, film_name, seconds),
        proof=proof,
        proof_facts=proof_facts(proof) if proof else (),
        timeline=draw_timeline(analysis, storyboard),
        view_box=f"0 0 {WIDTH} {HEIGHT}",
        has_beats=len(analysis.beats_s) > 1,
        grid_doubts=[doubt.text for doubt in grid_doubts(analysis, song.lyrics)],
        rows=[
            _scene_row(scene, storyboard, stand_ins, thumbnails, (reviews or {}).get(scene.id, ""))
            for scene in storyboard.scenes
        ],
        stand_ins=stand_ins,
        remarks=remarks,
        models=_models(storyboard),
        versions=versions,
        costs=costs,
        memory=memory,
    )


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("suno_video.assemble"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _load_style(environment: Environment) -> str:
    assert environment.loader is not None
    source, _, _ = environment.loader.get_source(environment, "report.css")
    return source


def _printable(value: Any) -> Any:
    """Take out what a page cannot hold or what turns text around: controls, lone surrogates, direction overrides."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return "".join(
        char
        for char in value
        if char in "\n\t" or (unicodedata.category(char) not in ("Cc", "Cs", "Cn") and char not in _BIDI_CONTROLS)
    )


def _song_facts(song: Song, analysis: SongAnalysis) -> list[Fact]:
    has_beats = analysis.tempo_bpm > 0
    return [
        Fact("Length", clock_tenths(song.duration_s)),
        Fact("Tempo", f"{analysis.tempo_bpm:.1f} BPM" if has_beats else "no beat"),
        Fact("Metre", analysis.metre_in_words if has_beats else "–"),
        Fact("Beat confidence", f"{analysis.beat_confidence:.0%}"),
        Fact("Beat grid", analysis.grid_in_words if has_beats else "–"),
        Fact("Key", analysis.key or "–"),
        Fact("Loudness", f"{analysis.integrated_lufs:.1f} LUFS" if analysis.integrated_lufs is not None else "silent"),
        Fact("Moods", ", ".join(analysis.moods) or "–"),
        Fact("Genre", song.genre or "–"),
    ]


def _film_facts(storyboard: Storyboard, film_name: str, seconds: float) -> list[Fact]:
    return [
        Fact("File", film_name),
        Fact("Picture", f"{storyboard.size}, {storyboard.fps} frames per second"),
        Fact("Length", f"{clock_tenths(storyboard.n_frames / storyboard.fps)}, {storyboard.n_frames} frames"),
        Fact("Scenes", str(len(storyboard.scenes))),
        Fact("Look", storyboard.treatment.look),
        Fact("Director", storyboard.director),
        Fact("Seed", str(storyboard.seed)),
        Fact("Made in", clock_tenths(seconds) if seconds >= 60 else f"{seconds:.1f} s"),
    ]


def _scene_row(
    scene: Scene, storyboard: Storyboard, stand_ins: Mapping[str, str], thumbnails: Mapping[str, Path], review: str
) -> SceneRow:
    path = thumbnails.get(scene.id)
    return SceneRow(
        scene=scene,
        time=clock_tenths(scene.start_frame / storyboard.fps),
        seconds=f"{scene.n_frames / storyboard.fps:.1f} s",
        backend=" + ".join(filter(None, (scene.still_backend, scene.video_backend))),
        stand_in=stand_ins.get(scene.id),
        review=review,
        picture=_data_address(path) if path else None,
    )


def _data_address(path: Path) -> str | None:
    """Put a JPEG into the page, so that the report can be sent to somebody as one file."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return "data:image/jpeg;base64," + base64.b64encode(content).decode()


def _models(storyboard: Storyboard) -> list[str]:
    """Backends other than our own painters that the storyboard asks for."""
    asked = {name for scene in storyboard.scenes for name in (scene.still_backend, scene.video_backend) if name}
    return sorted(asked - EMBEDDED_BACKENDS)
