"""Shows what a language model heard in a song, beside what we did."""

from __future__ import annotations

from dataclasses import asdict

from suno_video.cli.answer import put, put_event
from suno_video.cli.tables import put_fields, put_table
from suno_video.core.clock import clock
from suno_video.pipeline.hearing import Hearing


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
