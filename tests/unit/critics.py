"""Somebody who looks at takes and says what a test wants; and an adviser who answers questions from a script."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from suno_video.direct.llm.question import Answer, NoAnswer, Question
from suno_video.project.takes import Take
from suno_video.render.orders import Wish
from suno_video.render.review import Verdict
from tests.unit.advisers import ScriptedAdviser

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


class Scripted(ScriptedAdviser):
    """Answers as a function says, by the question and how often it was sent back; remembers what it was shown."""

    name = "scripted:1"

    def __init__(self, answer: Callable[[Question[Any], int], dict[str, Any] | NoAnswer]) -> None:
        super().__init__()
        self._answer, self._here = answer, threading.local()
        self.pictures: list[list[bytes]] = []
        """What was attached to each question."""

    def ask(self, question: Question[Answer]) -> Answer:
        self.pictures.append([each.path.read_bytes() for each in question.attachments])
        self._here.number = -1
        return super().ask(question)

    def _say(self, question: Question[Any]) -> Any:
        self._here.number += 1
        return self._answer(question, self._here.number)
