"""The parts of a film as people count them: the first chorus, verse 2, the outro."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from suno_video.core.analysis import SectionLabel, SongAnalysis
from suno_video.core.gridtrust import TRUSTED_BEATS
from suno_video.core.storyboard import Scene, Storyboard

PEAKS: frozenset[SectionLabel] = frozenset({"chorus", "drop"})
MARGINS: frozenset[SectionLabel] = frozenset({"intro", "outro", "silence"})
NAMELESS: frozenset[SectionLabel] = frozenset({"other", "silence"})

TRUSTED_SECTION = 0.35
"""The analyzer gives 0.3 to a part whose beginning cannot be heard at all."""


@dataclass(frozen=True)
class Part:
    """Scenes in a row that belong to one kind of section. The parts of a film tile it."""

    label: SectionLabel
    scenes: tuple[Scene, ...]
    number: int
    """1-based among the parts of its kind in this film."""
    n_alike: int
    """How many parts of its kind the film has."""

    @property
    def is_peak(self) -> bool:
        """Whether it is what the song is known for: a chorus or a drop."""
        return self.label in PEAKS

    @property
    def is_margin(self) -> bool:
        """Whether it only leads in or out."""
        return self.label in MARGINS

    @property
    def name(self) -> str:
        """`drop`, `first chorus`, `chorus 2`, `last chorus`, `verse 2`; empty where the song has no names for it."""
        if self.label in NAMELESS:
            return ""
        if self.n_alike == 1:
            return self.label
        ends = {1: "first", self.n_alike: "last"} if self.is_peak else {}
        return f"{ends[self.number]} {self.label}" if self.number in ends else f"{self.label} {self.number}"

    @property
    def full_name(self) -> str:
        """The name as it stands in a sentence: `the last chorus`, `verse 2`."""
        return self.name if not self.name or self.name[-1].isdigit() else f"the {self.name}"


def form_is_sure(analysis: SongAnalysis) -> bool:
    """Whether the song was heard to have parts: more than one, on a beat."""
    beats_are_sure = analysis.beat_confidence >= TRUSTED_BEATS and len(analysis.downbeats_s) >= 2
    return len(analysis.sections) > 1 and beats_are_sure


def parts_of(storyboard: Storyboard, analysis: SongAnalysis) -> tuple[Part, ...]:
    """Divide a film into its parts. Where the song's form is not sure it is one, called `other`."""
    sure = form_is_sure(analysis)

    def kind_of(scene: Scene) -> _Kind:
        section = analysis.sections[scene.section]
        if not sure or section.confidence < TRUSTED_SECTION:
            return _Kind("other", "")
        # Two verses that sound different are two; a chorus in two halves is one, and has its share once.
        return _Kind(scene.section_label, "" if scene.section_label in PEAKS else section.group)

    runs = [(kind.label, tuple(scenes)) for kind, scenes in groupby(storyboard.scenes, key=kind_of)]
    labels = [label for label, _ in runs]
    return tuple(
        Part(label, scenes, labels[: place + 1].count(label), labels.count(label))
        for place, (label, scenes) in enumerate(runs)
    )


@dataclass(frozen=True)
class _Kind:
    label: SectionLabel
    group: str
