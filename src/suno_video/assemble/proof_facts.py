"""What the report says of a proof of sync: each figure with its name, and whether it is as it should be."""

from __future__ import annotations

from dataclasses import dataclass

from suno_video.assemble.proof import LyricProof, SyncProof
from suno_video.core.clock import clock_tenths


@dataclass(frozen=True)
class Fact:
    """A label and what it says."""

    label: str
    value: str
    fine: bool | None = None
    """Whether it is as it should be; None where that is no question."""


def proof_facts(proof: SyncProof) -> list[Fact]:
    """The figures of a proof, as tiles."""
    offset_ms = abs(proof.picture_start_ms - proof.sound_start_ms)
    facts = [
        Fact(
            "Largest drift at a cut",
            _count(proof.max_drift_frames, "frame"),
            proof.max_drift_frames <= proof.bounds.max_drift_frames,
        ),
        Fact(
            "Film against song",
            f"{proof.duration_error_s * 1000:+.1f} ms",
            abs(proof.duration_error_s) < 1 / proof.fps + 1e-6,
        ),
        Fact("Picture against sound", f"{offset_ms:.1f} ms", offset_ms <= proof.bounds.max_av_offset_ms),
        Fact(
            "Frames",
            _written(proof),
            proof.n_frames_written == proof.n_frames_planned,
        ),
    ]
    facts += _timing_facts(proof) + _accent_facts(proof) + _flash_facts(proof)
    if proof.lyrics is not None and proof.lyrics.mean_confidence is not None:
        facts.append(_sureness(proof.lyrics))
    return facts


def _timing_facts(proof: SyncProof) -> list[Fact]:
    facts = []
    if proof.on_beat is not None:
        facts.append(Fact("Cuts where they were meant to a beat", f"{proof.on_beat:.0%}"))
    if proof.on_downbeat is not None:
        facts.append(Fact("Cuts where they were meant to a downbeat", f"{proof.on_downbeat:.0%}"))
    if proof.on_phrase is not None:
        n_cuts = _count(len(proof.phrase_cuts), "cut")
        facts.append(
            Fact(f"Where no beat is steady: on a line, a note or a section ({n_cuts})", f"{proof.on_phrase:.0%}")
        )
    if proof.median_offset_ms is not None:
        early = "on the beat" if abs(proof.median_offset_ms) < 1 else f"{proof.median_offset_ms:+.0f} ms"
        facts.append(Fact("Usual cut against its beat", early))
    return facts


def _flash_facts(proof: SyncProof) -> list[Fact]:
    """What WCAG 2.3.1 and ITU-R BT.1702 ask for, as counted on the frames as they were written."""
    read = proof.flashes
    if read is None:
        return []
    where = ", from " + ", ".join(clock_tenths(at) for at in read.too_many_s) if read.too_many_s else ""
    facts = []
    for kind, most in (("General", read.max_general), ("Red", read.max_red)):
        fine = most <= read.limit
        facts.append(
            Fact(f"{kind} flashes in any second (safe up to {read.limit})", f"{most}{'' if fine else where}", fine)
        )
    return facts


def _accent_facts(proof: SyncProof) -> list[Fact]:
    accents = proof.accents
    if accents is None or accents.musical == "none":
        return []
    facts = []
    if accents.vbcs is not None:
        facts.append(
            Fact(f"Picture accents on music (VBCS; chance {accents.vbcs_by_chance:.2f})", f"{accents.vbcs:.2f}")
        )
    if accents.on_hits is not None:
        label = f"Picture accents on music or drums (chance {accents.on_hits_by_chance:.2f})"
        facts.append(Fact(label, f"{accents.on_hits:.2f}"))
    if accents.abhs is not None:
        facts.append(Fact(f"Music accents served (ABHS; chance {accents.abhs_by_chance:.2f})", f"{accents.abhs:.2f}"))
    return facts


def _written(proof: SyncProof) -> str:
    if proof.n_frames_written == proof.n_frames_planned:
        return f"all {proof.n_frames_planned}"
    return f"{proof.n_frames_written} of {proof.n_frames_planned}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _sureness(lyrics: LyricProof) -> Fact:
    """How sure the times of lines are, and how many lines that leaves unsure or not shown at all."""
    doubts = [f"{lyrics.n_unsure_lines} of {_count(lyrics.n_lines, 'line')} shown softly"] * bool(lyrics.n_unsure_lines)
    hidden = lyrics.n_lines - lyrics.n_timed_lines
    doubts += [f"{hidden} not shown"] * bool(hidden)
    label = "How sure the lyrics are timed" + (f" ({', '.join(doubts)})" if doubts else "")
    return Fact(label, f"{lyrics.mean_confidence or 0:.0%}")
