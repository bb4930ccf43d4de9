"""Pays for questions: what a request costs at worst is set aside before it is sent, what it did cost is settled after.

A language model gives no ticket by which an answer could be fetched later. So an answer that got lost on its way is
written off at once, at the worst price: it counts below every cap, and nothing stays open that nobody could close.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Generic

from suno_video.core.errors import ConfigError, SunoVideoError
from suno_video.core.money import usd
from suno_video.direct.llm.catalog import LanguageModel, TokenPrice
from suno_video.direct.llm.question import Answer, NoAnswer, Question
from suno_video.direct.llm.sending import Enclosed
from suno_video.project.fingerprint import fingerprint
from suno_video.project.ledger import utc_now
from suno_video.project.purchases import Hold
from suno_video.project.purse import Purse

SCENE = "director"
"""Stands in the ledger where a still or clip has the scene that it is for."""
BYTES_PER_TOKEN = 2
"""At worst: English has about 4 to a token, other writings 2 to 3."""
OVERHEAD_TOKENS = 500
"""What a service adds around a question: roles, names, its own words on the form of the answer."""
ROUNDING_UP = 1.05
"""Services cut sound into pieces, and count the last one whole."""
LEFT_AFTER = timedelta(hours=1)
"""A hold of another run that is older is of a run that died: no answer takes so long."""


@dataclass(frozen=True)
class Tokens:
    """What one request holds and brings, counted or guessed."""

    n_input: int
    """Of text and pictures."""
    n_audio: int
    n_output: int

    @property
    def n_in_all(self) -> int:
        """Of the question."""
        return self.n_input + self.n_audio

    def cost_usd(self, price: TokenPrice) -> Decimal:
        """What they cost."""
        return price.cost_usd(n_input=self.n_input, n_audio=self.n_audio, n_output=self.n_output)


@dataclass(frozen=True)
class Inquiry(Generic[Answer]):
    """A question to one model, with all that goes along."""

    question: Question[Answer]
    model: LanguageModel
    enclosed: tuple[Enclosed, ...] = ()

    @property
    def n_bytes(self) -> int:
        """Of all that is enclosed."""
        return sum(len(each.content) for each in self.enclosed)

    def worst_tokens(self) -> Tokens:
        """Guess high what one request comes to: text, sound, pictures, and the longest answer."""
        question, model = self.question, self.model
        schema = json.dumps(question.answer.model_json_schema())
        texts = (question.system, question.prompt, schema, *(each.label for each in self.enclosed))
        n_text_bytes = sum(len(text.encode()) for text in texts)
        sound_s = sum(each.seconds for each in self.enclosed)
        n_pictures = sum(not each.is_sound for each in self.enclosed)
        return Tokens(
            n_input=n_text_bytes // BYTES_PER_TOKEN + OVERHEAD_TOKENS + n_pictures * model.image_tokens,
            n_audio=round(sound_s * model.audio_tokens_per_s * ROUNDING_UP),
            n_output=question.max_tokens,
        )


class Till:
    """Pays for the requests of one question to one model.

    Args:
        purse: None where nothing may be spent.
    """

    def __init__(self, purse: Purse | None, inquiry: Inquiry[Any]) -> None:
        self._purse, self._model, self._question = purse, inquiry.model, inquiry.question
        question, model = inquiry.question, inquiry.model
        self._key = fingerprint(question.name, question.version, question.system, question.prompt, model.spec)
        self.n_requests = 0
        self._worst = Tokens(0, 0, 0)
        self.spent_usd = Decimal(0)
        """What the question has cost so far, lost answers too."""
        self.n_input = self.n_output = 0
        """Tokens so far, as the service counted them."""

    def check(self, worst: Tokens) -> None:
        """Look whether a request can be sent and paid, before anything leaves the machine or is set aside.

        Raises:
            NoAnswer: It is too long for the model, or there is no budget, or not enough of it.
        """
        if worst.n_in_all > self._model.context_tokens:
            raise NoAnswer(
                "unavailable",
                f"the question may have {worst.n_in_all} tokens, more than the {self._model.context_tokens} "
                f"that {self._model.id} is asked with",
            )
        if self._model.is_free:
            return
        needed_usd, left_usd = worst.cost_usd(self._price()), self._purse.left_usd() if self._purse else None
        needed = f"{self._model.id} may cost {usd(needed_usd)} for the {self._question.name}"
        if self._purse is None:
            raise NoAnswer("budget", f"{needed}, and no budget is set (--budget)")
        if left_usd is not None and needed_usd > left_usd:
            raise NoAnswer("budget", f"{needed}, and {usd(left_usd)} of the budget is left")

    def hold(self, worst: Tokens) -> Hold | None:
        """Set aside what the next request costs at worst; None for a model that is free.

        Raises:
            NoAnswer: As `check` does.
        """
        self.check(worst)
        self.n_requests += 1
        self._worst = worst
        if self._model.is_free or self._purse is None:
            return None
        price = self._price()
        worst_usd = worst.cost_usd(price)
        try:
            return self._purse.set_aside(
                SCENE,
                "other",
                # No two requests are one purchase: each is answered, or lost, on its own.
                f"{self._key[:40]}-{secrets.token_hex(8)}",
                backend=self._model.provider,
                model=self._model.id,
                number=self.n_requests,
                expected_usd=Tokens(worst.n_input // 2, worst.n_audio, worst.n_output // 2).cost_usd(price),
                worst_usd=worst_usd,
                note=f"{self._question.name}: {price.words} ({self._model.source}, checked {self._model.checked_on})",
            )
        except SunoVideoError as exc:
            # A cap; or a ledger that is locked or damaged, and what cannot be written down is not bought.
            raise NoAnswer("budget", _as_words(exc)) from exc

    def settle(self, hold: Hold | None, counted: Tokens | None) -> None:
        """An answer came.

        Args:
            counted: As the service counted; None where it did not say, which is taken for the worst.
        """
        tokens = counted or self._worst
        self.n_input += tokens.n_in_all
        self.n_output += tokens.n_output
        if hold is None or self._purse is None:
            return
        cost_usd = tokens.cost_usd(self._price())
        self.spent_usd += cost_usd
        self._purse.settle(hold, cost_usd)

    def refund(self, hold: Hold | None, reason: str, outcome: str = "failed") -> None:
        """The service said no, or was never reached: it costs nothing."""
        if hold is not None and self._purse is not None:
            self._purse.release(hold, Decimal(0), outcome, reason)

    def write_off(self, hold: Hold | None, reason: str) -> None:
        """Nobody knows whether it was answered, and nobody can find out: it counts as the worst."""
        if hold is not None and self._purse is not None:
            self.spent_usd += hold.purchase.worst_usd
            self._purse.release(hold, hold.purchase.worst_usd, "lost", reason)

    def _price(self) -> TokenPrice:
        try:
            return self._model.price(utc_now().date())
        except ConfigError as exc:
            raise NoAnswer("budget", _as_words(exc)) from exc


def close_leftovers(purse: Purse) -> None:
    """Write off what runs that died left open: their answers can be fetched by nobody."""
    for hold in purse.open_holds():
        purchase = hold.purchase
        is_ours = purchase.kind == "other" and purchase.scene == SCENE and purchase.run != purse.run
        if is_ours and utc_now() - hold.held_at > LEFT_AFTER:
            purse.release(hold, purchase.worst_usd, "lost", "the run that asked has died")


def _as_words(exc: SunoVideoError) -> str:
    return exc.message.rstrip(".")
