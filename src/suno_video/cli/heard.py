"""Shows what was heard in a song: by us, and by a language model beside us."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from suno_video.cli.answer import put, put_event
from suno_video.cli.tables import put_fields, put_table
from suno_video.cli.wording import counted
from suno_video.core.analysis import SongAnalysis
from suno_video.core.clock import clock, clock_tenths
from suno_video.core.gridtrust import grid_doubts
from suno_video.core.song import Song
from suno_video.pipeline.hearing import Hearing

if TYPE_CHECKING:
    from suno_video.pipeline import PlannedFilm


def put_hearing(hearing: Hearing | None, *, json: bool) -> None:
    """Print it for people, or as one object; None where nobody listened, which was said already."""
    if json:
        put_event(
            "heard",
            vibe=hearing.vibe.model_dump(mode="json") if hearing else None,
            opinions=[asdict(opinion) for opinion in hearing.opinions] if hearing else [],
            n_disagreements=len(hearing.disagreements) if hearing else 0,
        )
        return
    put("")
    if hearing is None:
        put("heard by  nobody else")
        return
    vibe = hearing.vibe
    put_fields(
        [
            ("heard by", vibe.heard_by.split(",")[0] + (" (in an earlier run)" if hearing.reused else "")),
            ("genre", vibe.genre),
            ("moods", ", then ".join(f"{step.mood} ({clock(step.start_s)})" for step in vibe.moods)),
            ("instruments", ", ".join(vibe.instruments)),
            ("vocals", vibe.vocals),
            ("summary", vibe.summary),
        ]
    )
    put("")
    put_table(
        ["", "what", "ours", "theirs"],
        [("same" if each.agree else "DIFFERS", each.what, each.ours, each.theirs) for each in hearing.opinions],
    )
    if hearing.disagreements:
        put("where they differ, our own analysis is used")


def _lyrics_in_short(song: Song) -> str | None:
    if song.lyrics is None:
        return None
    n_timed = len(song.lyrics.timed_lines)
    return f"{counted(len(song.lyrics.lines), 'line')}, {n_timed} timed, from {song.lyrics.source}"


def _voices_in_short(analysis: SongAnalysis) -> str | None:
    if not analysis.voices:
        return None
    sung_s = sum(span.end_s - span.start_s for span in analysis.voices)
    trust = sum((span.end_s - span.start_s) * span.confidence for span in analysis.voices) / max(sung_s, 1e-6)
    return f"{clock(sung_s)} in {counted(len(analysis.voices), 'span')}, confidence {trust:.2f}"


def _drums_in_short(analysis: SongAnalysis) -> str | None:
    drums = analysis.drums
    counts = ((len(drums.kick_s), "kick"), (len(drums.snare_s), "snare"), (len(drums.hat_s), "hat"))
    return ", ".join(counted(n, name) for n, name in counts if n) or None


def film_doubts(planned: PlannedFilm) -> list[str]:
    """Passages of a film in which the beat grid is not followed."""
    board = planned.storyboard
    part = (board.first_frame / board.fps, board.end_frame / board.fps)
    return [doubt.text for doubt in grid_doubts(planned.analysis, planned.song.lyrics, part)]


def put_analysis(song: Song, analysis: SongAnalysis) -> None:
    """Print what we heard, for people."""
    put_fields(
        [
            ("title", song.title),
            ("artist", song.artist),
            ("length", clock_tenths(analysis.duration_s)),
            ("tempo", f"{analysis.tempo_bpm:.1f} bpm" if analysis.tempo_bpm else "no beat"),
            (
                "beats",
                f"{len(analysis.beats_s)} in {counted(len(analysis.downbeats_s), 'bar')}, "
                f"{analysis.metre_in_words}, confidence {analysis.beat_confidence:.2f}",
            ),
            ("grid", analysis.grid_in_words if analysis.beats_s else None),
            ("key", analysis.key),
            ("mood", ", ".join(analysis.moods)),
            ("loudness", f"{analysis.integrated_lufs:.1f} LUFS" if analysis.integrated_lufs is not None else "silent"),
            (
                "lyrics",
                _lyrics_in_short(song),
            ),
            ("voice", _voices_in_short(analysis)),
            ("drums", _drums_in_short(analysis)),
            ("stems", ", ".join(analysis.stems) or None),
            *(("note", note) for note in song.notes),
        ]
    )
    doubts = [doubt.text for doubt in grid_doubts(analysis, song.lyrics)]
    if doubts:
        put("")
        put("where the beat is not steady")
        for doubt in doubts:
            put(f"  {doubt}")
    put("")
    put_table(
        ["section", "from", "to", "sounds like", "energy"],
        [
            (part.label, clock_tenths(part.start_s), clock_tenths(part.end_s), part.group, f"{part.energy:.2f}")
            for part in analysis.sections
        ],
    )
    if analysis.events:
        put("")
        put_table(
            ["event", "from", "to", "strength"],
            [
                (event.kind, clock_tenths(event.start_s), clock_tenths(event.end_s), f"{event.strength:.2f}")
                for event in analysis.events
            ],
        )
