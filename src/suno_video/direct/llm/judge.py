"""Has a model that sees pictures judge a whole film by twelve criteria."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from suno_video.core.analysis import SongAnalysis
from suno_video.core.judgement import CRITERIA, MAY_NOT_APPLY, CriterionScore
from suno_video.core.song import Song
from suno_video.core.storyboard import Storyboard
from suno_video.direct.lint import cut_text, plain_text
from suno_video.direct.llm.question import Adviser, Attachment, Question
from suno_video.direct.llm.template import fill_template

MAX_REASON_CHARS = 240
_MOST_LINES, _MOST_LINE_CHARS, _MOST_SECTIONS = 60, 160, 40


class Mark(BaseModel):
    """One score and why."""

    model_config = ConfigDict(extra="forbid")

    score: Annotated[int, Field(ge=1, le=5, strict=True)] | None
    reason: Annotated[str, Field(min_length=1, max_length=2 * MAX_REASON_CHARS)]


class JudgeAnswer(BaseModel):
    """What is asked for: a mark for each criterion, under its name in small letters."""

    model_config = ConfigDict(extra="forbid")

    character_consistency: Mark
    physical_realism: Mark
    lip_sync: Mark
    style_harmony: Mark
    shot_continuity: Mark
    av_correlation: Mark
    theme_fit: Mark
    storytelling: Mark
    emotion: Mark
    composition: Mark
    uniqueness: Mark
    ai_feature_display: Mark


FIELDS = dict(zip(CRITERIA, JudgeAnswer.model_fields, strict=True))
"""The field of the answer for each criterion."""


@dataclass(frozen=True)
class Measured:
    """What was measured, not seen, in the finished film."""

    n_cuts: int
    on_beat: float | None
    """Share of cuts on a beat; None without a beat grid."""
    on_downbeat: float | None
    max_drift_frames: int
    av_offset_ms: float
    n_stand_ins: int
    """Scenes that a painter of patterns plays because their footage is missing."""


@dataclass(frozen=True)
class Judgement:
    """The twelve criteria as they were answered, and the version of the question."""

    criteria: tuple[CriterionScore, ...]
    asked_with: str


def judge_film(
    adviser: Adviser,
    *,
    song: Song,
    analysis: SongAnalysis,
    storyboard: Storyboard,
    measured: Measured,
    sheets: Sequence[Attachment],
    n_frames_seen: int,
) -> Judgement:
    """Ask for a judgement of a film.

    Args:
        sheets: Pictures with frames of the film in their order, each with its scene and time.

    Raises:
        NoAnswer: There is none to be had.
    """
    lyrics = song.lyrics.lines if song.lyrics is not None else ()
    filled = fill_template(
        "judge",
        criteria=FIELDS,
        may_not_apply=[FIELDS[name] for name in sorted(MAY_NOT_APPLY)],
        n_frames_seen=n_frames_seen,
        song=song,
        analysis=analysis,
        sections=analysis.sections[:_MOST_SECTIONS],
        board=storyboard,
        shot_s=storyboard.n_frames / storyboard.fps / len(storyboard.scenes),
        n_sung=sum(scene.sung for scene in storyboard.scenes),
        lyrics=[cut_text(plain_text(line.text), _MOST_LINE_CHARS) for line in lyrics[:_MOST_LINES]],
        measured=measured,
        max_reason=MAX_REASON_CHARS,
    )
    question = Question(
        name="judge",
        version=filled.version,
        system=filled.system,
        prompt=filled.text,
        answer=JudgeAnswer,
        role="look",
        attachments=tuple(sheets),
        check=_faults_of,
        max_tokens=4096,
    )
    answer = adviser.ask(question)
    return Judgement(tuple(_criteria(answer)), filled.version)


def _faults_of(answer: JudgeAnswer) -> list[str]:
    faults = []
    for name, field in FIELDS.items():
        mark: Mark = getattr(answer, field)
        if mark.score is None and name not in MAY_NOT_APPLY:
            faults.append(f"{field}: it must have a score from 1 to 5")
        if len(mark.reason) > MAX_REASON_CHARS:
            faults.append(f"{field}: reason has {len(mark.reason)} characters, at most {MAX_REASON_CHARS} are allowed")
    return faults


def _criteria(answer: JudgeAnswer) -> Iterator[CriterionScore]:
    for name, group in CRITERIA.items():
        mark: Mark = getattr(answer, FIELDS[name])
        yield CriterionScore(
            name=name, group=group, score=mark.score, reason=cut_text(plain_text(mark.reason), MAX_REASON_CHARS)
        )
