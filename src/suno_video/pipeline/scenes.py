"""Scenes of your own: a working one to begin with, and a short clip of one with a song."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from suno_video.core.errors import BackendUnavailableError, BadSceneError, SunoVideoError, UsageError
from suno_video.core.events import EventSink, Notice, Warned, ignore
from suno_video.core.frames import FrameSize
from suno_video.media.atomic import make_folder, replacing, require_place, write_text
from suno_video.media.ffmpeg import FrameWriter, file_url
from suno_video.pipeline.options import EMBEDDED, FilmOptions

if TYPE_CHECKING:
    from suno_video.backends.base import ClipRequest, MakeFailed
    from suno_video.core.analysis import SongAnalysis
    from suno_video.core.song import Song

_SHORTEST_S, _LONGEST_S = 1.0, 60.0


def write_scene(name: str, *, shader: bool = False) -> Path:
    """Write a working scene into the user's own folder.

    Args:
        shader: In GLSL instead of Python.

    Raises:
        UsageError: The name does not fit, or is taken.
        CannotCreateError, DiskError: It cannot be written.
    """
    from suno_video.backends.procedural.catalog import FAMILIES
    from suno_video.backends.procedural.plugins import NAME, find_plugins, scene_folder
    from suno_video.backends.procedural.skeleton import scene_text, shader_text

    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a scene.", "Use small letters, digits and _, beginning with a letter: slow_waves."
        )
    taken = find_plugins().get(name)
    if name in FAMILIES or taken is not None:
        whose = f"It is {taken.source}." if taken is not None else "It is one of ours."
        raise UsageError(f"There is a scene {name!r} already. {whose}", "Choose another name.")
    path = make_folder(scene_folder()) / f"{name}{'.glsl' if shader else '.py'}"
    write_text(path, shader_text(name) if shader else scene_text(name))
    return path


@dataclass(frozen=True)
class ScenePreview:
    """A short clip of one scene with a song."""

    path: Path
    start_s: float
    duration_s: float


def preview_scene(
    name: str,
    song: Path,
    options: FilmOptions,
    *,
    start_s: float | None = None,
    seconds: float = 8.0,
    seed: int = 1,
    out: Path | None = None,
    events: EventSink = ignore,
) -> ScenePreview:
    """Paint a scene family for a few bars of a song, with its sound.

    Args:
        start_s: Where in the song; by default where it is strongest.
        seconds: About how long; whole bars are taken, so that it goes round without a jump.
        out: The file; by default `NAME-preview.mp4` in the working folder.

    Raises:
        UsageError: There is no such family, or the times lie outside the song.
        BadSceneError: The scene cannot be run; file and line are named.
        BackendUnavailableError: It is a shader, and there is no OpenGL here.
        CannotCreateError, DiskError: The file cannot be written.
    """
    from suno_video.backends.registry import backend_class
    from suno_video.pipeline.planning import analyze_song

    _require_family(name, list(backend_class(EMBEDDED).families()))
    path = out or Path(f"{name}-preview.mp4")
    _require_film(path, song)
    _tell_unused(name, events)
    if not _SHORTEST_S <= seconds <= _LONGEST_S:
        raise UsageError(f"{seconds:g} s is no length for a preview.", f"Use {_SHORTEST_S:g} to {_LONGEST_S:g} s.")
    heard, analysis = analyze_song(song, options, events=events)
    start, n_frames = whole_bars(analysis, start_s, seconds)
    request = _request_for(name, heard, analysis, options, (start, n_frames), seed)
    fps = analysis.energy.fps
    events(Notice(f"{name} from {start / fps:.1f} s for {n_frames / fps:.1f} s of {song.name}"))
    _paint(request, song, start / fps, path)
    return ScenePreview(path, start / fps, n_frames / fps)


def _require_family(name: str, families: Sequence[str]) -> None:
    from suno_video.backends.procedural.plugins import NAME

    if name in families:
        return
    advice = f"`suno-video new-scene {name}` writes one. " if NAME.fullmatch(name) else ""
    raise UsageError(f"There is no scene {name!r}.", f"{advice}There are {', '.join(families)}.")


def _require_film(path: Path, song: Path) -> None:
    """Refuse a file that cannot be the preview, before anything is heard or painted."""
    if path.suffix.lower() != ".mp4":
        raise UsageError(f"{path} is no name for a preview, which is an MP4.", "Choose a name that ends in .mp4.")
    if path.exists() and song.exists() and path.samefile(song):
        raise UsageError(f"{path} is the song.", "Choose another name with --out.")
    require_place(path.absolute())


def _tell_unused(name: str, events: EventSink) -> None:
    """Say so where a person's file has the name of what is played instead."""
    from suno_video.backends.procedural.plugins import unused_files

    for file, reason in unused_files().items():
        if file.stem == name:
            events(Warned(f"{file} is not used: {reason}"))


def whole_bars(
    analysis: SongAnalysis, start_s: float | None, seconds: float, *, at_most: bool = False
) -> tuple[int, int]:
    """First frame and number of frames: from a bar to a bar where there are bars.

    Args:
        start_s: In the song; None where it is strongest.
        at_most: Never longer than `seconds`; else a bar more, if that is nearer.

    Raises:
        UsageError: It would begin outside the song.
    """
    fps, bars = analysis.energy.fps, list(analysis.downbeats_s)
    if start_s is None:
        strongest = max(analysis.sections, key=lambda section: section.energy)
        start_s = min(strongest.start_s, max(0.0, analysis.duration_s - seconds))
        start_s = next((bar for bar in bars if bar >= start_s - 0.05), start_s)
    if not 0 <= start_s < analysis.duration_s:
        raise UsageError(
            f"{start_s:g} s lies outside the song.", f"Begin between 0 and {math.floor(analysis.duration_s)} s."
        )
    ends = [bar for bar in bars if bar > start_s + 0.5 and not (at_most and bar > start_s + seconds + 1e-6)]
    end_s = min(ends, key=lambda bar: abs(bar - start_s - seconds)) if ends else start_s + seconds
    # Where bars are long, or end early, the length that was asked for counts more.
    if abs(end_s - start_s - seconds) > 0.5 * seconds:
        end_s = start_s + seconds
    start, end = round(start_s * fps), round(min(end_s, analysis.duration_s) * fps)
    return start, max(2, end - start)


def _request_for(
    name: str, song: Song, analysis: SongAnalysis, options: FilmOptions, span: tuple[int, int], seed: int
) -> ClipRequest:
    from suno_video.backends.base import ClipRequest
    from suno_video.core.music import music_curves
    from suno_video.core.storyboard import Motion
    from suno_video.direct.looks import choose_look, load_looks

    look = choose_look(options.brief.look, load_looks(options.looks_folder), song, analysis)
    palette = look.fallback_palette if look.palette == "cover" else look.palette
    size = options.brief.size
    scale = min(1.0, 1280 / max(size.width_px, size.height_px))
    small = FrameSize(width_px=round(size.width_px * scale / 2) * 2, height_px=round(size.height_px * scale / 2) * 2)
    start, n_frames = span
    return ClipRequest(
        scene="preview", prompt="", negative_prompt="", seed=seed, size=small, fps=analysis.energy.fps,
        n_frames=n_frames, family=name, params={}, palette=palette, grade=look.grade, motion=Motion(), growth=0.5,
        energy=0.7, music=music_curves(analysis, start, n_frames),
    )  # fmt: skip


def _paint(request: ClipRequest, song: Path, start_s: float, path: Path) -> None:
    """Paint into a file with the sound of the song."""
    import tempfile

    from suno_video.backends.base import Job, MakeFailed
    from suno_video.backends.registry import make_backend

    backend = make_backend(EMBEDDED, "clip")
    with tempfile.TemporaryDirectory(prefix="preview-") as scratch, replacing(path.absolute()) as part:
        try:
            backend.open()
            stream = backend.make(request, Job(Path(scratch)))
            with FrameWriter(_encoding(request, song, start_s, part)) as writer:
                for frame in stream.frames():
                    writer.write(frame)
                writer.finish()
            stream.close()
        except MakeFailed as exc:
            raise _trouble(exc) from exc
        finally:
            backend.close()


def _trouble(exc: MakeFailed) -> SunoVideoError:
    """The error that a person can act on: the machine lacks something, or the scene is at fault."""
    from suno_video.backends.base import FailureKind

    told = exc.reason.rstrip(".") + "."
    if exc.kind == FailureKind.UNAVAILABLE:
        return BackendUnavailableError(told, "`suno-video doctor` says what is here; scenes in Python need no OpenGL.")
    return BadSceneError(told, "Mend it and try again; docs/scenes.md tells what there is.")


def _encoding(request: ClipRequest, song: Path, start_s: float, path: Path) -> Sequence[str]:
    size, length_s = request.size, request.n_frames / request.fps
    return [
        "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{size.width_px}x{size.height_px}",
        "-r", str(request.fps), "-i", "pipe:0",
        "-ss", f"{start_s:.6f}", "-t", f"{length_s:.6f}", "-i", file_url(song),
        "-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-preset", "veryfast", "-crf", "19",
        "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
        "-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart", file_url(path),
    ]  # fmt: skip
