"""What a judge says about a finished film (`judge.json`), in the twelve criteria of AutoMV, so that results compare.

Names, groups and the scale of 1 to 5 are those of its evaluation (multimodal-art-projection/AutoMV, arXiv 2512.12196).
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from suno_video.core.record import Record

Group: TypeAlias = Literal["Technical", "Post-production", "Content", "Art"]

CRITERIA: dict[str, Group] = {
    "Character Consistency": "Technical",
    "Physical Realism": "Technical",
    "Lip Sync": "Technical",
    "Style Harmony": "Technical",
    "Shot Continuity": "Post-production",
    "A/V Correlation": "Post-production",
    "Theme Fit": "Content",
    "Storytelling": "Content",
    "Emotion": "Content",
    "Composition": "Art",
    "Uniqueness": "Art",
    "AI Feature Display": "Art",
}
"""Each criterion with its group, in order."""
MAY_NOT_APPLY = frozenset({"Lip Sync"})
"""What a film in which nobody is seen to sing cannot be judged by."""


class CriterionScore(Record):
    """One criterion."""

    name: str
    group: Group
    score: Annotated[int, Field(ge=1, le=5)] | None
    """None: it does not apply, and counts in no mean."""
    reason: Annotated[str, Field(max_length=1000)]


class FilmJudgement(Record):
    """What was said about one film."""

    version: Literal[1] = 1
    film_sha256: str
    """Of the film that was judged; another film has another judgement."""
    by: str
    """The model that was asked."""
    asked_with: str
    """Name and version of the question."""
    n_frames_seen: PositiveInt
    n_scenes: NonNegativeInt
    criteria: tuple[CriterionScore, ...]
    """All twelve, in their order."""
    group_means: dict[Group, float | None]
    """None where none of a group's criteria applies."""
    total: float | None
    """Mean of all criteria that apply."""

    @model_validator(mode="after")
    def _check_complete(self) -> Self:
        if [(each.name, each.group) for each in self.criteria] != list(CRITERIA.items()):
            raise ValueError("criteria must be the twelve, each in its group, in their order")
        if any(each.score is None and each.name not in MAY_NOT_APPLY for each in self.criteria):
            raise ValueError(f"only {', '.join(sorted(MAY_NOT_APPLY))} may be without a score")
        return self


def group_means(criteria: Iterable[CriterionScore]) -> dict[Group, float | None]:
    """Mean of each group over the criteria that apply, to two places."""
    kept = tuple(criteria)
    groups = dict.fromkeys(CRITERIA.values())
    return {group: mean_score(each for each in kept if each.group == group) for group in groups}


def mean_score(criteria: Iterable[CriterionScore]) -> float | None:
    """Mean over the criteria that apply, to two places; None when none does."""
    scores = [each.score for each in criteria if each.score is not None]
    return round(fmean(scores), 2) if scores else None
