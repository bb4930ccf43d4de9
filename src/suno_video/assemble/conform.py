"""Conform: footage of one piece becomes a finished segment, encoded once and never again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import numpy as np

from suno_video.assemble.accents import PictureLight, read_light
from suno_video.assemble.calming import Calmer
from suno_video.assemble.clips import Frames, bent_file_frames, file_frames
from suno_video.assemble.cube import grading_of
from suno_video.assemble.effects import EffectChain
from suno_video.assemble.graphs import segment_args
from suno_video.assemble.plan import ConformPlan, Layer
from suno_video.assemble.transitions import apply_half, blend
from suno_video.backends.base import FailureKind, FileFootage, Footage, MakeFailed
from suno_video.core.errors import EncoderError
from suno_video.core.frames import I420, FrameSize
from suno_video.media.atomic import replacing, write_text
from suno_video.media.ffmpeg import FrameWriter
from suno_video.media.mp4 import read_mp4
from suno_video.media.typefaces import families_in, link_fonts

OnFrames: TypeAlias = Callable[[int], None]
"""Told how many more frames were written."""
OnLight: TypeAlias = Callable[[PictureLight], None]
"""Told what the frames showed as they went into the encoder, with all that lies on them."""

_TELL_EVERY = 15
_SUBTITLES, _FONTS, _SMALL = "text.ass", "fonts", "small.yuv"


def conform(
    plan: ConformPlan,
    footage: Sequence[Footage],
    path: Path,
    on_frames: OnFrames | None = None,
    on_light: OnLight | None = None,
) -> int:
    """Make one segment at `path`, whole or not at all, and give the number of frames in the file.

    Args:
        footage: Of each scene of the piece, in order, beginning at its `Layer.footage_start`.

    Raises:
        MakeFailed: Footage is too short, has another size, or cannot be decoded.
        DiskError, EncoderError: The segment could not be written.
    """
    path = path.absolute()
    with replacing(path) as part, tempfile.TemporaryDirectory(prefix="conform-", dir=path.parent) as folder:
        # 1. The words, beside the encoder, under names that need no escaping.
        subtitles = _lay_out_text(plan, Path(folder))
        args = segment_args(
            plan.profile,
            part,
            subtitles=subtitles,
            fonts=_FONTS if subtitles else None,
            first_frame=plan.piece.start_frame,
            small=_SMALL if on_light is not None else None,
        )
        # 2. Every frame, straight into the encoder.
        with FrameWriter(args, cwd=Path(folder)) as writer, closing(finished_frames(plan, footage)) as frames:
            _write_all(writer, frames, on_frames)
            writer.finish()
        # 3. Believe the file alone.
        _check_frames(plan, part)
        light = read_light(Path(folder) / _SMALL, plan.piece.n_frames)
    # 4. Only what is a whole file now is told of.
    if on_light is not None and light is not None:
        on_light(light)
    return plan.piece.n_frames


def finished_frames(plan: ConformPlan, footage: Sequence[Footage]) -> Frames:
    """Give the frames of a piece with effects and transitions, without its text. Each is reused for the next."""
    layers = [_layer_frames(layer, source, plan) for layer, source in zip(plan.layers, footage, strict=True)]
    grading = grading_of(plan.finish.lut) if plan.finish.lut is not None else None
    calmer = Calmer(plan.piece.n_frames, plan.profile.fps) if plan.finish.softens else None
    try:
        for index in range(plan.piece.start_frame, plan.piece.end_frame):
            pictures = [next(layer) for layer in layers]
            if plan.piece.kind == "join":
                picture = blend(pictures[0], pictures[1], plan.piece.crossings[0], index)
            else:
                picture = pictures[0]
                for crossing in plan.piece.crossings:
                    apply_half(picture, crossing, index)
            if grading is not None:
                grading.apply(picture)
            if plan.fades is not None:
                plan.fades.apply(picture, index)
            if calmer is not None:
                calmer.apply(picture, index - plan.piece.start_frame)
            yield picture
    finally:
        for layer in layers:
            layer.close()


def _layer_frames(layer: Layer, footage: Footage, plan: ConformPlan) -> Frames:
    """Give the frames of one scene within the piece, with its effects."""
    piece, size = plan.piece, plan.profile.size
    start = piece.start_frame - layer.n_preroll - layer.footage_start
    stop = piece.end_frame - layer.footage_start
    chain = EffectChain(layer.effects)
    own = np.empty(size.i420_shape, dtype=np.uint8)
    n_given = 0
    frames = (
        _source_frames(footage, size, plan.profile.fps, start, stop, layer.scene)
        if layer.timing is None
        else _bent_frames(footage, size, plan.profile.fps, layer)
    )
    with closing(frames) as source:
        for n_given, frame in enumerate(source, start=1):
            if frame.shape != own.shape:
                raise MakeFailed(FailureKind.BUG, f"a frame of scene {layer.scene} has shape {frame.shape}")
            np.copyto(own, frame)
            if layer.effects:
                chain.apply(own, n_given - 1)
            if n_given > layer.n_preroll:
                yield own
    raise MakeFailed(FailureKind.BUG, f"scene {layer.scene} gave {n_given} of {stop - start} frames")


def _source_frames(footage: Footage, size: FrameSize, fps: int, start: int, stop: int, scene: str) -> Frames:
    if isinstance(footage, FileFootage):
        yield from file_frames(footage, size, fps, start, stop, scene)
        return
    if footage.n_frames < stop:
        raise MakeFailed(FailureKind.BUG, f"scene {scene} has {footage.n_frames} frames, {stop} are needed")
    yield from footage.frames(start, stop)


def _bent_frames(footage: Footage, size: FrameSize, fps: int, layer: Layer) -> Frames:
    """Give the frames of a scene whose time stands still or runs unevenly."""
    assert layer.timing is not None
    if isinstance(footage, FileFootage):
        yield from bent_file_frames(footage, size, fps, layer.timing.ramped, layer.scene)
        return
    wanted = layer.timing.held.astype(np.int64)
    number = int(wanted[0]) - 1
    with closing(_source_frames(footage, size, fps, number + 1, int(wanted[-1]) + 1, layer.scene)) as source:
        for at in wanted.tolist():
            while number < at:
                frame, number = next(source), number + 1
            yield frame


def _lay_out_text(plan: ConformPlan, folder: Path) -> str | None:
    if plan.subtitles is None:
        return None
    write_text(folder / _SUBTITLES, plan.subtitles)
    link_fonts(folder / _FONTS, families_in(plan.subtitles))
    return _SUBTITLES


def _write_all(writer: FrameWriter, frames: Iterator[I420], on_frames: OnFrames | None) -> None:
    untold = 0
    for frame in frames:
        writer.write(frame)
        untold += 1
        if on_frames is not None and untold >= _TELL_EVERY:
            on_frames(untold)
            untold = 0
    if on_frames is not None and untold:
        on_frames(untold)


def _check_frames(plan: ConformPlan, path: Path) -> None:
    track = read_mp4(path).track("vide")
    n_written = track.n_samples if track is not None else 0
    if n_written != plan.piece.n_frames:
        raise EncoderError(
            f"Segment {plan.piece.name} has {n_written} frames in the file, {plan.piece.n_frames} were planned.",
            "Run the same command again; report it if it stays.",
        )
