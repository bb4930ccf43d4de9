"""Answers that were given are kept by the content of the question: asking the same again costs nothing."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import JsonValue, ValidationError

from suno_video.core.errors import BadEditError, SunoVideoError
from suno_video.core.record import Record
from suno_video.direct.llm.catalog import LanguageModel
from suno_video.direct.llm.question import Answer, Question
from suno_video.media.atomic import make_folder, write_text
from suno_video.project.fingerprint import file_sha256, fingerprint

_FORM = "answer 1"
"""Changes when the same question would be sent in another way."""


class KeptAnswer(Record):
    """One answer, with what it was the answer to."""

    key: str
    """Hash of model, template, text, attachments and form of the answer; also the file's name."""
    question: str
    version: str
    model: str
    answered_at: datetime
    cost_usd: Decimal
    """All requests together, also those whose answers had faults."""
    n_input_tokens: int
    n_output_tokens: int
    answer: JsonValue


@dataclass(frozen=True)
class Answers:
    """The folder in which they are kept."""

    folder: Path

    def find(self, question: Question[Answer], model: LanguageModel, n_checks: int = 1) -> Answer | None:
        """Give the answer of a model to this very question.

        None where there is none, or where its file is damaged or no longer passes: then it is asked anew.

        Args:
            n_checks: How often the check may object before it must be content. One that grows lenient as a model
                insists let an answer pass when it was given, and must let it pass now.
        """
        key = answer_key(question, model)
        try:
            kept = KeptAnswer.load(self._path(key, question))
            if kept.key != key:
                return None
            answer = question.answer.model_validate_json(json.dumps(kept.answer))
        except (OSError, BadEditError, ValidationError):
            return None
        return answer if any(not question.check(answer) for _ in range(n_checks)) else None

    def keep(self, question: Question[Any], kept: KeptAnswer) -> None:
        """Keep an answer. A disk that takes none costs the next run a question, and this one nothing."""
        with contextlib.suppress(SunoVideoError):
            make_folder(self.folder)
            write_text(self._path(kept.key, question), kept.to_json())

    def _path(self, key: str, question: Question[Any]) -> Path:
        return self.folder / f"{question.name}-{key[:24]}.json"


def answer_key(question: Question[Any], model: LanguageModel) -> str:
    """Hash all that decides an answer.

    Raises:
        OSError: An attachment cannot be read.
    """
    attached = [(file_sha256(each.path), each.media_type, each.label) for each in question.attachments]
    schema = question.answer.model_json_schema()
    asked = (question.name, question.version, question.system, question.prompt, question.max_tokens)
    return fingerprint(_FORM, model.spec, asked, attached, schema)
