"""Somebody who looks at takes and says what a test wants; and an adviser who answers questions from a script."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError

from suno_video.direct.llm.question import Answer, NoAnswer, Question
from suno_video.project.takes import Take
from suno_video.render.orders import Wish
from suno_video.render.review import Verdict

BETTER = "a clear face in the rain"


class Critic:
    """Gives scores in turn for each scene; None is no answer. After the last one everything is liked."""

    name = "critic"

    def __init__(self, *scores: float | None, prompt: str = BETTER) -> None:
        self._scores, self._prompt = scores, prompt
        self._n: dict[str, int] = {}
        self._lock = threading.Lock()
        self.seen: list[str] = []
        """Scenes, in the order in which their takes were looked at."""

    def review(self, wish: Wish, take: Take) -> Verdict | None:
        assert take.path.is_file()
        with self._lock:
            number = self._n.get(wish.scene, 0)
            self._n[wish.scene] = number + 1
            self.seen.append(wish.scene)
        score = self._scores[number] if number < len(self._scores) else 1.0
        return None if score is None else Verdict(score, f"it is {score}", {"prompt": score}, self._prompt)


class Scripted:
    """Answers with what a function of the question says, as a service would: checked, and asked twice more."""

    name = "scripted:1"
    N_TRIES = 3

    def __init__(self, answer: Callable[[Question[Any], int], dict[str, Any] | NoAnswer]) -> None:
        self._answer = answer
        self.asked: list[Question[Any]] = []
        self.pictures: list[list[bytes]] = []
        """What was attached to each question."""
        self.faults: list[str] = []

    def ask(self, question: Question[Answer]) -> Answer:
        self.asked.append(question)
        self.pictures.append([each.path.read_bytes() for each in question.attachments])
        for number in range(self.N_TRIES):
            said = self._answer(question, number)
            if isinstance(said, NoAnswer):
                raise said
            try:
                answer = question.answer.model_validate(said)
            except ValidationError as exc:
                self.faults += [str(fault["loc"][0]) for fault in exc.errors()]
                continue
            faults: Sequence[str] = tuple(question.check(answer))
            if not faults:
                return answer
            self.faults += faults
        raise NoAnswer("malformed", "its answers did not fit")
