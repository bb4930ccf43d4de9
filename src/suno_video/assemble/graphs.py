"""Builds ffmpeg's argument lists with ffmpeg-python: a compiler for graphs, and nothing here runs them."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from suno_video.assemble.encoders import ENCODERS, Encoder
from suno_video.assemble.profile import TICKS_PER_FRAME, EncoderProfile
from suno_video.core.frames import FrameSize
from suno_video.media.ffmpeg import file_url

SMALL = FrameSize(width_px=64, height_px=36)
"""At this size finished frames are looked at, for what flashes and where accents are."""
_PROBE_SIZE = FrameSize(width_px=320, height_px=192)
AAC_RATE_HZ = 48000
AAC_FRAME = 1024
"""Samples in one AAC frame, and the encoder's delay: what goes in first comes out 1024 samples later."""

DEFLICKER_FRAMES = 7
"""Frames whose light is averaged: a quarter of a second, so that a lamp that is switched on still is."""
_BITEXACT = {"fflags": "+bitexact", "map_metadata": "-1"}
_BT709 = {"color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709", "color_range": "tv"}
# Footage of strangers: containers that hold one video, no playlist that could name other files.
VIDEO_FORMATS = "mov,matroska,avi,mpegts,mpeg,gif,ogg,flv,asf,image2,png_pipe,jpeg_pipe,webp_pipe"


def _file(path: Path) -> str:
    """Name a file within a graph. A name that is no text is carried byte for byte, for ffmpeg-python hashes UTF-8."""
    return os.fsencode(file_url(path)).decode("latin-1")


def segment_args(
    profile: EncoderProfile,
    out: Path,
    *,
    subtitles: str | None,
    fonts: str | None,
    first_frame: int = 0,
    small: str | None = None,
) -> list[str]:
    """Encode raw I420 frames from `pipe:0` into one segment.

    Args:
        small: Name of a file, relative to ffmpeg's working folder, for the same frames made small (`SMALL`), raw: so
            they need not be decoded again to be looked at.
        subtitles: Name of an ASS file to burn in, relative to ffmpeg's working folder.
        fonts: Name of the folder with its fonts, likewise.
        first_frame: Of the segment on the song's frame grid, for the times in subtitles are those of the song.
    """
    video = ffmpeg.input(
        "pipe:0",
        format="rawvideo",
        pix_fmt="yuv420p",
        video_size=(profile.size.width_px, profile.size.height_px),
        framerate=profile.fps,
        **_BT709,
    )
    if subtitles is not None:
        # The clock of raw frames ticks once a frame, so that whole numbers stay whole.
        video = video.filter("setpts", f"PTS+{first_frame}").filter("ass", filename=subtitles, fontsdir=fonts)
        video = video.filter("setpts", f"PTS-{first_frame}")
    encoder = ENCODERS[profile.encoder]
    if small is None:
        stream = ffmpeg.output(_uploaded(video, encoder), _file(out), **_segment_options(profile))
        return [*encoder.device_args, *_args(stream)]
    both = video.filter_multi_output("split")
    look = both[0].filter("scale", SMALL.width_px, SMALL.height_px, flags="area")
    looked_at = ffmpeg.output(look, f"file:{small}", f="rawvideo", pix_fmt="yuv420p", fps_mode="passthrough")
    stream = ffmpeg.output(_uploaded(both[1], encoder), _file(out), **_segment_options(profile))
    return [*encoder.device_args, *_args(ffmpeg.merge_outputs(looked_at, stream))]


def probe_args(encoder: Encoder) -> list[str]:
    """Encode a few grey frames to nowhere, to see whether an encoder works."""
    profile = EncoderProfile(encoder=encoder.name, size=_PROBE_SIZE, fps=30, preset="veryfast", crf=23)
    grey = ffmpeg.input("color=c=gray:s=320x192:r=30:d=0.2", f="lavfi").video.filter("format", "yuv420p")
    options = {name: value for name, value in _segment_options(profile).items() if name != "video_track_timescale"}
    stream = ffmpeg.output(_uploaded(grey, encoder), "-", **{**options, "f": "null"})
    return [*encoder.device_args, *_args(stream)]


def _uploaded(video: Any, encoder: Encoder) -> Any:
    """Bring frames to where the encoder reads them."""
    if encoder.upload is not None:
        video = video.filter("format", encoder.upload)
    return video.filter("hwupload") if encoder.device_args else video


def _segment_options(profile: EncoderProfile) -> dict[str, Any]:
    encoder = ENCODERS[profile.encoder]
    # What lies on a graphics card has no pixel format that could be asked for.
    pixels = {} if encoder.upload is not None else {"pix_fmt": "yuv420p"}
    return {
        "vcodec": encoder.vcodec,
        **encoder.options(profile),
        **pixels,
        "video_track_timescale": profile.timescale,
        "fps_mode": "passthrough",
        "flags:v": "+bitexact",
        "f": "mp4",
        **_BT709,
        **_BITEXACT,
    }


def footage_args(path: Path, size: FrameSize, *, deflicker: bool = False) -> list[str]:
    """Decode every frame of a clip to raw I420 on `pipe:1`, scaled to fill `size` and cropped in the middle.

    Args:
        deflicker: Give each frame the mean light of the frames around it.
    """
    video = ffmpeg.input(_file(path), format_whitelist=VIDEO_FORMATS, protocol_whitelist="file,pipe").video
    video = video.filter(
        "scale",
        size.width_px,
        size.height_px,
        force_original_aspect_ratio="increase",
        flags="lanczos+accurate_rnd",
        out_color_matrix="bt709",
        out_range="limited",
    )
    video = video.filter("crop", size.width_px, size.height_px).filter("setsar", 1)
    if deflicker:
        video = video.filter("deflicker", mode="am", size=DEFLICKER_FRAMES)
    return _args(
        ffmpeg.output(video, "pipe:1", f="rawvideo", pix_fmt="yuv420p", vcodec="rawvideo", fps_mode="passthrough")
    )


def pictures_args(path: Path, size: FrameSize) -> list[str]:
    """Decode every frame of a clip to raw RGB of `size` (its own) on `pipe:1`."""
    video = ffmpeg.input(_file(path), format_whitelist=VIDEO_FORMATS, protocol_whitelist="file,pipe").video
    video = video.filter("scale", size.width_px, size.height_px, flags="lanczos+accurate_rnd+full_chroma_int")
    return _args(
        ffmpeg.output(video, "pipe:1", f="rawvideo", pix_fmt="rgb24", vcodec="rawvideo", fps_mode="passthrough")
    )


def picture_args(out: Path, given: tuple[int, int], size: FrameSize, fps: Fraction) -> list[str]:
    """Encode raw RGB frames from `pipe:0`, scaled to `size`, into a clip that is decoded once more for the film.

    Args:
        given: Width and height of the frames as they come.
    """
    video = ffmpeg.input("pipe:0", format="rawvideo", pix_fmt="rgb24", video_size=given, framerate=fps)
    video = video.filter(
        "scale", size.width_px, size.height_px, flags="lanczos+accurate_rnd", out_color_matrix="bt709", out_range="tv"
    )
    # Finer than the film itself, so that nothing is lost on the way to it.
    options = {"vcodec": "libx264", "preset": "fast", "crf": 12, "pix_fmt": "yuv420p", "fps_mode": "passthrough"}
    return _args(ffmpeg.output(video, _file(out), f="mp4", **options, **_BT709, **_BITEXACT))


def sound_args(
    rate_hz: int, n_channels: int, out: Path, *, fps: int, first_frame: int, n_frames: int, kbps: int
) -> list[str]:
    """Encode raw float samples from `pipe:0` into an AAC stream that plays in step without an edit list.

    A decoder gives the first sample that went in after one AAC frame of nothing. So one AAC frame of the song is left
    out at the front, and from there on every sample plays at its own time.

    Args:
        first_frame: Of the film, on the song's frame grid; the sound begins there and lasts for `n_frames`.
    """
    skip, end = _sound_start(fps, first_frame), sound_end(fps, first_frame, n_frames)
    layout = "mono" if n_channels == 1 else "stereo"
    sound = ffmpeg.input("pipe:0", format="f32le", sample_rate=rate_hz, ch_layout=layout)
    sound = sound.audio.filter("aresample", AAC_RATE_HZ).filter("aformat", channel_layouts="stereo")
    # Silence after the song up to the end of its last frame.
    sound = sound.filter("apad", whole_len=end).filter("atrim", start_sample=skip).filter("asetpts", "N/SR/TB")
    return _args(
        ffmpeg.output(
            sound, _file(out), acodec="aac", **{"b:a": f"{kbps}k", "flags:a": "+bitexact"}, f="adts", **_BITEXACT
        )
    )


def _sound_start(fps: int, first_frame: int) -> int:
    return round(Fraction(first_frame, fps) * AAC_RATE_HZ) + AAC_FRAME


def sound_end(fps: int, first_frame: int, n_frames: int) -> int:
    """Sample of the song, at 48 kHz, at which the sound of a film ends; the encoder adds one AAC frame of nothing."""
    return _sound_start(fps, first_frame) + (aac_frames(n_frames, fps) - 1) * AAC_FRAME


def splice_args(cut_list: str, sound: Path, out: Path, *, profile: EncoderProfile, tags: dict[str, str]) -> list[str]:
    """Join segments and sound by stream copy, without edit lists, the index first.

    Args:
        cut_list: Name of a concat script, relative to ffmpeg's working folder.
    """
    pictures = ffmpeg.input(
        f"file:{cut_list}", f="concat", protocol_whitelist="file,pipe", format_whitelist="concat,mov"
    )
    song = ffmpeg.input(_file(sound), f="aac", protocol_whitelist="file,pipe")
    # The concat reader adds up durations in microseconds; this puts every frame back onto its exact tick.
    exact = ":".join(f"{clock}=round({clock.upper()}/{TICKS_PER_FRAME})*{TICKS_PER_FRAME}" for clock in ("pts", "dts"))
    stream = ffmpeg.output(
        pictures.video,
        song.audio,
        _file(out),
        c="copy",
        **{"bsf:v": f"setts={exact}"},
        video_track_timescale=profile.timescale,
        use_editlist=0,
        movflags="+faststart+negative_cts_offsets",
        f="mp4",
        **_BITEXACT,
    )
    args = _args(stream)
    named = [word for key, value in tags.items() for word in ("-metadata", f"{key}={value}")]
    return [*args[:-1], *named, args[-1]]  # the last word is the output


def aac_frames(n_frames: int, fps: int) -> int:
    """AAC frames that fit within the picture, so that the file is exactly as long as it; at most 21 ms are missing."""
    return max(2, int(Fraction(n_frames, fps) * AAC_RATE_HZ / AAC_FRAME))


def _args(stream: Any) -> list[str]:
    words = (str(word) for word in ffmpeg.get_args(stream))
    return ["-y", *(os.fsdecode(word.encode("latin-1")) if word.startswith("file:") else word for word in words)]
