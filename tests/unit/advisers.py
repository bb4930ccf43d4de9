"""An adviser that answers from a script, as a service would: the question's schema and its check decide what passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from suno_video.direct.llm.question import Answer, NoAnswer, Question

Script = Callable[[Question[Any]], Any]
"""What is answered to a question: plain data, a text that should be JSON, or a `NoAnswer` to raise."""

N_TRIES = 3


class ScriptedAdviser:
    """Answers by the question's name, as often as it is asked."""

    name = "script:test"

    def __init__(self, **scripts: Any) -> None:
        self._scripts = scripts
        self.asked: list[Question[Any]] = []
        self.faults: list[str] = []

    def ask(self, question: Question[Answer]) -> Answer:
        self.asked.append(question)
        for _ in range(N_TRIES):
            said = self._say(question)
            if isinstance(said, NoAnswer):
                raise said
            try:
                text = said if isinstance(said, str) else json.dumps(said)
                answer = question.answer.model_validate_json(text)
            except ValidationError as exc:
                self.faults.append(str(exc))
                continue
            faults = list(question.check(answer))
            if not faults:
                return answer
            self.faults += faults
        raise NoAnswer("malformed", f"{self.name} gave no usable answer")

    def _say(self, question: Question[Any]) -> Any:
        script = self._scripts[question.name]
        return script(question) if callable(script) else script
