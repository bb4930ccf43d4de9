"""Why a shot is where it is, in words for people."""

from __future__ import annotations

from suno_video.core.analysis import Section
from suno_video.direct.cutting import Shot
from suno_video.direct.treatment import Role

ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth"}

REASONS = {
    "phrase": "a new phrase",
    "onset": "something new is heard",
    "edge of a line": "between two sung lines",
    "sung line": "a line begins",
    "note": "a note on a beat that breathes",
}


def explain_shot(shot: Shot, section: Section, role: Role, *, moves_cover: bool = False) -> str:
    """Say in one line why the cut is here and what it is for: `downbeat of bar 17, chorus returns, larger`."""
    return ", ".join(filter(None, [_where(shot), _what(shot, section, role), "the cover moves" if moves_cover else ""]))


def _where(shot: Shot) -> str:
    if shot.reason in ("downbeat", "beat") and shot.bar:
        return f"{shot.reason} of bar {shot.bar}" if shot.reason == "downbeat" else f"beat in bar {shot.bar}"
    return REASONS.get(shot.reason, shot.reason)


def _what(shot: Shot, section: Section, role: Role) -> str:
    label = "section" if section.label == "other" else section.label
    if not shot.opens_section:
        if section.label == "build" and shot.place >= shot.n_places - 4:
            return "build, faster"
        return f"{label} goes on ({shot.place + 1} of {shot.n_places})"
    if role.calmer:
        return "outro, back to the picture of the opening, calmer" if role.motif == "intro" else "outro, calmer"
    if role.goes_on:
        return f"{label} goes on"
    if role.times > 1:
        again = ORDINALS.get(role.times, f"{role.times}th")
        return f"{label} returns ({again} time){', larger' if role.growth >= 0.3 else ''}"
    return {"drop": "drop: another world", "bridge": "bridge: the colours turn over"}.get(label, f"{label} begins")
