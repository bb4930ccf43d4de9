"""What a director will cost, before anybody is asked: its questions are written and priced from the rules' own cuts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from suno_video.core.money import usd
from suno_video.direct.llm.catalog import LanguageModel
from suno_video.direct.llm.lineup import LineUp
from suno_video.direct.llm.paying import Inquiry, Tokens
from suno_video.direct.llm.places import places_of
from suno_video.direct.llm.question import Question
from suno_video.direct.llm.scenes import MAX_QUESTIONS, PromptHabits, parts_of, scenes_question
from suno_video.direct.llm.treatment import treatment_question
from suno_video.direct.rules import Draft
from suno_video.project.ledger import utc_now


@dataclass(frozen=True)
class DirectorPrice:
    """What it costs to have one film directed."""

    n_questions: int
    expected_usd: Decimal
    worst_usd: Decimal
    """When every answer is as long as it may be; answers that are sent back cost it again."""

    @property
    def words(self) -> str:
        """`4 questions, about $0.05, $0.18 at worst`; `4 questions, free`."""
        if not self.worst_usd:
            return f"{self.n_questions} questions, free"
        expected, worst = (usd(amount.quantize(Decimal("0.001"))) for amount in (self.expected_usd, self.worst_usd))
        return f"{self.n_questions} questions, about {expected}, {worst} at worst"


def price_director(
    draft: Draft, lineup: LineUp, habits: PromptHabits, *, listens: Question[Any] | None
) -> DirectorPrice:
    """Price the questions about one film.

    Args:
        listens: The question to who hears the song; None when it was heard already.
    """
    expected = worst = Decimal(0)
    n_questions = 0
    for question, model in _questions(draft, lineup, habits, listens):
        tokens = Inquiry(question, model).worst_tokens()
        tokens = replace(
            tokens, n_audio=_sound_tokens(question, model, draft), n_input=tokens.n_input + _seen(question, model)
        )
        price = model.price(utc_now().date())
        # Half of the most: a token holds about four letters of English, and answers stay far below their limit.
        expected += Tokens(tokens.n_input // 2, tokens.n_audio, tokens.n_output // 2).cost_usd(price)
        worst += tokens.cost_usd(price)
        n_questions += 1
    return DirectorPrice(n_questions, expected, worst)


def _questions(
    draft: Draft, lineup: LineUp, habits: PromptHabits, listens: Question[Any] | None
) -> Iterator[tuple[Question[Any], LanguageModel]]:
    hearing = next((model for model in lineup.listen if model.hears), None)
    if listens is not None and hearing is not None:
        yield listens, hearing
    if not lineup.write:
        return
    writer = lineup.write[0]
    yield treatment_question(draft), writer
    for part in list(parts_of(draft, places_of(draft)))[:MAX_QUESTIONS]:
        yield scenes_question(draft, part, habits), writer


def _sound_tokens(question: Question[Any], model: LanguageModel, draft: Draft) -> int:
    n_sounds = sum(each.media_type.startswith("audio/") for each in question.attachments)
    return round(n_sounds * draft.analysis.duration_s * model.audio_tokens_per_s)


def _seen(question: Question[Any], model: LanguageModel) -> int:
    return model.image_tokens * sum(each.media_type.startswith("image/") for each in question.attachments)
