"""A picture of what we heard: waveform, sections, beats and energy (`suno-video analyze --plot FILE.png`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from suno_video.core.analysis import SongAnalysis
from suno_video.core.clock import clock, tick_step_s
from suno_video.core.color import hex_to_srgb, srgb_to_hex
from suno_video.core.song import Song
from suno_video.media.atomic import replacing
from suno_video.media.fonts import drawing_font

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from PIL.ImageDraw import ImageDraw

SIZE = (1600, 900)
_LEFT, _RIGHT = 72, 1568
_BACK, _PANEL, _LINE, _TEXT, _DIM = "#0d0f14", "#151922", "#2a3040", "#e8ebf2", "#8890a3"
_LABEL_COLORS = {
    "silence": "#3a4050",
    "intro": "#4f7cac",
    "verse": "#3f9c8f",
    "prechorus": "#b59a3f",
    "chorus": "#e0713d",
    "bridge": "#8d6bc4",
    "build": "#c9a227",
    "drop": "#e0455e",
    "breakdown": "#5a6fd0",
    "solo": "#c45fa0",
    "outro": "#56708c",
    "other": "#5d6677",
}
_EVENT_COLORS = {"build": "#c9a227", "drop": "#e0455e", "break": "#5a6fd0", "stop": "#e8ebf2"}
_VOICE_COLOR = "#d68fd6"
_DRUMS = (("hat", "#6fd3e8"), ("snare", "#8ee07a"), ("kick", "#f2a65a"))
_BANDS = (("treble", "#6fd3e8"), ("mid", "#8ee07a"), ("bass", "#f2a65a"))


def plot_analysis(song: Song, analysis: SongAnalysis, path: Path) -> None:
    """Draw an analysis as a PNG of 1600 x 900. Raises `CannotCreateError` or `DiskError`."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", SIZE, _BACK)
    draw = ImageDraw.Draw(picture)
    _draw_heading(draw, song, analysis)
    _draw_sections(draw, analysis, 128, 176)
    _draw_waveform(draw, analysis, 184, 412)
    _draw_voices(draw, analysis, 416, 426)
    _draw_events(draw, analysis, 184, 412)
    _draw_beats(draw, analysis, 436, 486)
    _draw_drums(draw, analysis, 494, 546)
    _draw_bands(draw, analysis, 560, 716)
    picture.paste(_spectrogram(analysis, _RIGHT - _LEFT, 110), (_LEFT, 732))
    _draw_captions(draw)
    _draw_clock(draw, analysis.duration_s, 850)
    with replacing(path) as part:
        picture.save(part, format="PNG")


def _x(time_s: float, duration_s: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * time_s / duration_s


def _columns(values: NDArray[np.float32], n: int, *, peak: bool) -> NDArray[np.float32]:
    """Squeeze or stretch a curve to `n` columns by maximum or mean."""
    edges = np.linspace(0, len(values), n + 1).astype(int)
    low, high = np.minimum(edges[:-1], len(values) - 1), np.maximum(edges[1:], edges[:-1] + 1)
    pick = np.max if peak else np.mean
    return np.array([pick(values[a:b]) for a, b in zip(low, high, strict=True)], dtype=np.float32)


def _draw_heading(draw: ImageDraw, song: Song, analysis: SongAnalysis) -> None:
    title_font = drawing_font(38, 700)
    title = song.title
    while draw.textlength(title, font=title_font) > 1000 and len(title) > 4:
        title = title[:-2].rstrip("…") + "…"
    draw.text((_LEFT, 26), title, font=title_font, fill=_TEXT)
    tempo = f"{analysis.tempo_bpm:.1f} bpm in {analysis.beats_per_bar}" if analysis.tempo_bpm else "no beat"
    loud = f"{analysis.integrated_lufs:.1f} LUFS" if analysis.integrated_lufs is not None else "silent"
    is_heard = analysis.grid_source == "heard" and not analysis.bars_given
    trust = f"grid {analysis.beat_confidence:.0%} sure" if is_heard else f"grid: {analysis.grid_in_words}"
    facts = [song.artist, clock(analysis.duration_s), tempo, trust, analysis.key, loud, ", ".join(analysis.moods)]
    line = "   ·   ".join(fact for fact in facts if fact)
    draw.text((_LEFT, 80), line[:180], font=drawing_font(19, 500), fill=_DIM)
    for i, stop in enumerate(analysis.cover_palette or ()):
        draw.rounded_rectangle((_RIGHT - 48 * (5 - i), 34, _RIGHT - 48 * (5 - i) + 40, 66), 6, fill=stop)


def _draw_sections(draw: ImageDraw, analysis: SongAnalysis, top: int, bottom: int) -> None:
    font = drawing_font(17, 600)
    for section in analysis.sections:
        x0, x1 = _x(section.start_s, analysis.duration_s), _x(section.end_s, analysis.duration_s)
        draw.rounded_rectangle((x0 + 1, top, max(x0 + 2, x1 - 1), bottom), 6, fill=_LABEL_COLORS[section.label])
        for text in (f"{section.label}  {section.group}", section.label, section.group):
            if draw.textlength(text, font=font) < x1 - x0 - 12:
                draw.text(((x0 + x1) / 2, (top + bottom) / 2), text, font=font, fill="#ffffff", anchor="mm")
                break
        draw.line((x0, bottom + 8, x0, 716), fill=_LINE)


def _draw_waveform(draw: ImageDraw, analysis: SongAnalysis, top: int, bottom: int) -> None:
    """Loudness mirrored about a middle line, coloured by section."""
    n, middle = (_RIGHT - _LEFT) // 2, (top + bottom) / 2
    levels = np.asarray(analysis.energy.loudness, dtype=np.float32)
    peaks, means = _columns(levels, n, peak=True), _columns(levels, n, peak=False)
    for i in range(n):
        section = analysis.sections[analysis.section_index_at((i + 0.5) / n * analysis.duration_s)]
        color = _LABEL_COLORS[section.label]
        x = _LEFT + 2 * i
        for height, shade in ((peaks[i], 0.45), (means[i], 1.0)):
            reach = max(0.5, float(height) * (bottom - top) / 2)
            draw.line((x, middle - reach, x, middle + reach), fill=_blend(color, shade))


def _blend(color: str, share: float) -> str:
    back, front = hex_to_srgb(_BACK), hex_to_srgb(color)
    return srgb_to_hex(back + (front - back) * share)


def _draw_beats(draw: ImageDraw, analysis: SongAnalysis, top: int, bottom: int) -> None:
    draw.rounded_rectangle((_LEFT, top, _RIGHT, bottom), 6, fill=_PANEL)
    # Closer than two pixels, beats are a grey wall and say nothing.
    crowded = len(analysis.beats_s) > (_RIGHT - _LEFT) / 2
    for time_s in () if crowded else analysis.beats_s:
        x = _x(time_s, analysis.duration_s)
        draw.line((x, top + 24, x, bottom - 6), fill="#5d6b85")
    for time_s in analysis.downbeats_s:
        x = _x(time_s, analysis.duration_s)
        draw.line((x, top + 8, x, bottom - 6), fill="#f4d35e")
    if not analysis.beats_s:
        middle = ((_LEFT + _RIGHT) / 2, (top + bottom) / 2)
        draw.text(middle, "no beat", font=drawing_font(17, 500), fill=_DIM, anchor="mm")


def _draw_voices(draw: ImageDraw, analysis: SongAnalysis, top: int, bottom: int) -> None:
    """Where somebody sings; the surer, the brighter."""
    for span in analysis.voices:
        x0, x1 = _x(span.start_s, analysis.duration_s), _x(span.end_s, analysis.duration_s)
        fill = _blend(_VOICE_COLOR, 0.35 + 0.65 * span.confidence)
        draw.rectangle((x0, top, max(x0 + 1, x1), bottom), fill=fill)


def _draw_events(draw: ImageDraw, analysis: SongAnalysis, top: int, bottom: int) -> None:
    """Drops and stops as lines, builds as rising wedges, breaks as bars; each with its name where there is room."""
    font = drawing_font(14, 600)
    free_from = 0.0
    for event in analysis.events:
        x0, x1 = _x(event.start_s, analysis.duration_s), _x(event.end_s, analysis.duration_s)
        color = _EVENT_COLORS[event.kind]
        if event.kind == "build":
            draw.polygon([(x0, bottom), (x1, bottom), (x1, bottom - 26)], fill=_blend(color, 0.8))
        elif event.kind == "break":
            draw.rectangle((x0, bottom - 7, x1, bottom), fill=color)
        else:
            draw.line((x0, top, x0, bottom), fill=color, width=2)
        if x0 >= free_from:
            wide = draw.textlength(event.kind, font=font)
            draw.rounded_rectangle((x0 + 2, top, x0 + wide + 12, top + 20), 4, fill=_BACK)
            draw.text((x0 + 7, top + 2), event.kind, font=font, fill=color)
            free_from = x0 + 14 + wide


def _draw_drums(draw: ImageDraw, analysis: SongAnalysis, top: int, bottom: int) -> None:
    """A tick for each stroke; where they would run together, how dense they are."""
    draw.rounded_rectangle((_LEFT, top, _RIGHT, bottom), 6, fill=_PANEL)
    row, width = (bottom - top) / len(_DRUMS), _RIGHT - _LEFT
    for i, (name, color) in enumerate(_DRUMS):
        times = np.asarray(getattr(analysis.drums, f"{name}_s"), dtype=np.float64)
        columns = np.clip(times / analysis.duration_s * (width - 1), 0, width - 1).astype(np.int64)
        counts = np.bincount(columns, minlength=width)
        for x in np.flatnonzero(counts):
            fill = _blend(color, min(1.0, 0.45 + 0.25 * counts[x]))
            draw.line((_LEFT + int(x), top + row * i + 3, _LEFT + int(x), top + row * (i + 1) - 3), fill=fill)


def _draw_bands(draw: ImageDraw, analysis: SongAnalysis, top: int, bottom: int) -> None:
    draw.rounded_rectangle((_LEFT, top, _RIGHT, bottom), 6, fill=_PANEL)
    row = (bottom - top) / len(_BANDS)
    n = (_RIGHT - _LEFT) // 2
    for i, (name, color) in enumerate(_BANDS):
        base = top + row * (i + 1) - 2
        curve = _columns(np.asarray(getattr(analysis.energy, name), dtype=np.float32), n, peak=False)
        points = [(_LEFT + 2 * k, base - float(level) * (row - 6)) for k, level in enumerate(curve)]
        draw.polygon([(_LEFT, base), *points, (_RIGHT - 2, base)], fill=_blend(color, 0.45))
        draw.line(points, fill=color, width=1)


def _spectrogram(analysis: SongAnalysis, width: int, height: int) -> Picture:
    from PIL import Image

    levels = analysis.energy.spectrum()
    columns = np.stack([_columns(band, width, peak=False) for band in levels.T[::-1]])
    glow = np.stack([columns**1.2, columns**2.0 * 0.75, 0.25 + 0.35 * columns**1.5 - 0.2 * columns], axis=2)
    ground = np.array([0x15, 0x19, 0x22], dtype=np.float32) / 255
    pixels = np.clip(ground + glow * np.minimum(1, columns * 3)[:, :, None], 0, 1)
    return Image.fromarray((pixels * 255).astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)


def _draw_captions(draw: ImageDraw) -> None:
    font = drawing_font(13, 600)
    for y, text in ((298, "loudness"), (421, "voice"), (461, "bars"), (787, "spectrum")):
        draw.text((_LEFT - 8, y), text, font=font, fill=_DIM, anchor="rm")
    for i, (name, color) in enumerate(_BANDS):
        draw.text((_LEFT - 8, 560 + 156 * (i + 0.5) / 3), name, font=font, fill=color, anchor="rm")
    for i, (name, color) in enumerate(_DRUMS):
        draw.text((_LEFT - 8, 494 + 52 * (i + 0.5) / 3), name, font=font, fill=color, anchor="rm")


def _draw_clock(draw: ImageDraw, duration_s: float, y: int) -> None:
    font = drawing_font(15, 500)
    step = tick_step_s(duration_s, 16)
    for k in range(int(duration_s // step) + 1):
        x = _x(k * step, duration_s)
        draw.line((x, y - 4, x, y + 2), fill=_DIM)
        draw.text((x, y + 8), clock(k * step), font=font, fill=_DIM, anchor="ma")
