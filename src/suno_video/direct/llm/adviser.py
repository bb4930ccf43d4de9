"""Answers questions: out of what is kept, or by asking models in turn, saying first what leaves the machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from suno_video.core.events import EventSink, Notice, Warned
from suno_video.direct.llm.answers import Answers, KeptAnswer, answer_key
from suno_video.direct.llm.asking import ask_model
from suno_video.direct.llm.catalog import LanguageModel
from suno_video.direct.llm.choice import OLLAMA_URL, DirectorChoice
from suno_video.direct.llm.limits import Limits
from suno_video.direct.llm.lineup import LineUp
from suno_video.direct.llm.paying import Inquiry, Till, close_leftovers
from suno_video.direct.llm.question import Answer, Attachment, NoAnswer, Question
from suno_video.direct.llm.sending import enclose, fits
from suno_video.project.ledger import utc_now
from suno_video.project.purse import Purse

_HERE = ("127.0.0.1", "localhost", "::1")
_FREE_TIER = "; on its free tier, Google may use what it is sent to improve its products"


class ModelAdviser:
    """Asks language models, and remembers what they answered. May be shared by threads.

    Args:
        lineup: Who is asked for what, in which order.
        purse: None where nothing may be spent.
    """

    def __init__(
        self,
        choice: DirectorChoice,
        lineup: LineUp,
        *,
        purse: Purse | None,
        cache_folder: Path,
        events: EventSink,
        sleep: Callable[[float], None] = time.sleep,
        limits: Limits | None = None,
    ) -> None:
        self.name = lineup.name
        self._choice, self._lineup, self._purse, self._events = choice, lineup, purse, events
        self._answers = Answers(cache_folder)
        self._limits = replace(limits or Limits(), sleep=sleep)
        if purse is not None and not choice.offline:
            close_leftovers(purse)

    def ask(self, question: Question[Answer]) -> Answer:
        """Answer, from what is kept if it was ever asked before. Raises `NoAnswer`."""
        models = self._lineup.of(question.role)
        if not models:
            raise NoAnswer(
                "unavailable", f"{self._lineup.provider} has no model for this: name one as {_setting(question)}"
            )
        for model in models:
            kept = self._find(question, model)
            if kept is not None:
                return kept
        if self._choice.offline:
            raise NoAnswer("offline", "no answer to this question is kept, and --director-offline asks nobody")
        return self._ask_one_after_the_other(question, models)

    def _find(self, question: Question[Answer], model: LanguageModel) -> Answer | None:
        try:
            return self._answers.find(question, model, self._limits.n_repairs + 1)
        except OSError as exc:
            raise NoAnswer("unavailable", f"{exc.filename} cannot be read: {exc.strerror}") from exc

    def _ask_one_after_the_other(self, question: Question[Answer], models: tuple[LanguageModel, ...]) -> Answer:
        failures: list[NoAnswer] = []
        for model in models:
            if failures:
                self._events(Warned(f"{failures[-1].words}; asking {model.spec} instead"))
            try:
                return self._ask(question, model)
            except NoAnswer as exc:
                failures.append(exc)
                if exc.reason == "budget":
                    break
        raise NoAnswer(failures[0].reason, "; ".join(failure.words for failure in failures)) from failures[-1]

    def _ask(self, question: Question[Answer], model: LanguageModel) -> Answer:
        inquiry = Inquiry(question, model, tuple(enclose(each) for each in _taken_in(question, model)))
        till = Till(self._purse, inquiry)
        till.check(inquiry.worst_tokens())
        self._events(Notice(self._leaving(inquiry)))
        answer = asyncio.run(ask_model(inquiry, self._choice, till, self._limits))
        kept = KeptAnswer(
            key=answer_key(question, model),
            question=question.name,
            version=question.version,
            model=model.spec,
            answered_at=utc_now(),
            cost_usd=till.spent_usd,
            n_input_tokens=till.n_input,
            n_output_tokens=till.n_output,
            answer=answer.model_dump(mode="json"),
        )
        self._answers.keep(question, kept)
        return answer

    def _leaving(self, inquiry: Inquiry[Any]) -> str:
        """Say who is sent what."""
        question, model = inquiry.question, inquiry.model
        n_chars = len(question.system) + len(question.prompt)
        what = [each.words for each in inquiry.enclosed]
        what.append(f"{n_chars:,} characters of text, which may hold lyrics, titles and your wishes")
        where = urlsplit(self._choice.addresses.get(model.provider, OLLAMA_URL)).hostname or ""
        if model.provider == "ollama" and where in _HERE:
            return f"{question.name}: {model.spec}, on this machine, gets {_listed(what)}"
        free = _FREE_TIER if model.provider == "gemini" else ""
        return f"{question.name}: {model.spec} ({where}) is sent {_listed(what)}{free}"


def _taken_in(question: Question[Any], model: LanguageModel) -> tuple[Attachment, ...]:
    """Give the attachments that a model can take in. One that is to listen must hear, and one that is to look, see."""
    left_out = [each for each in question.attachments if not fits(each, model)]
    for each in left_out:
        sense, role = ("hear", "listen") if each.media_type.startswith("audio/") else ("see", "look")
        if question.role == role:
            raise NoAnswer("unavailable", f"{model.id} cannot {sense} {each.path.name}")
    return tuple(each for each in question.attachments if each not in left_out)


def _listed(words: list[str]) -> str:
    if len(words) > 6:
        words = [*words[:4], f"{len(words) - 5} more files", words[-1]]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def _setting(question: Question[Answer]) -> str:
    return "director.write_model" if question.role == "write" else "director.listen_model"
