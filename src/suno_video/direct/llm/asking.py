"""Asks one model one question: sends it, has faults of the answer mended, and says what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from suno_video.direct.llm.choice import DirectorChoice
from suno_video.direct.llm.limits import Limits
from suno_video.direct.llm.paying import Inquiry, Till
from suno_video.direct.llm.question import Answer, NoAnswer
from suno_video.direct.llm.sending import Enclosed
from suno_video.direct.llm.services import Service, connected, uploaded

MAX_FAULTS = 20
"""Of an answer, that are told at once: a model mends no hundred."""


async def ask_model(inquiry: Inquiry[Answer], choice: DirectorChoice, till: Till, limits: Limits) -> Answer:
    """Ask, and give an answer that passed schema and check.

    Raises:
        NoAnswer: There is none to be had from this model.
    """
    from pydantic_ai.exceptions import ContentFilterError, OutputTokenLimitExceeded, UnexpectedModelBehavior

    model, max_tokens = inquiry.model, inquiry.question.max_tokens
    try:
        async with AsyncExitStack() as stack:
            service = await stack.enter_async_context(connected(model, choice, max_tokens, limits))
            if inquiry.n_bytes > limits.inline_bytes:
                files = await stack.enter_async_context(uploaded(service, inquiry.enclosed, limits))
            else:
                files = _inline(inquiry.enclosed)
            return await _run(inquiry, choice, service, _parts(inquiry, files), till, limits)
    except ContentFilterError as exc:
        raise NoAnswer("refused", f"{model.id} refuses to answer: {exc.message}") from exc
    except OutputTokenLimitExceeded as exc:
        raise NoAnswer("malformed", f"the answer of {model.id} was cut off at {max_tokens} tokens") from exc
    except UnexpectedModelBehavior as exc:
        words = f"{model.id} gave no usable answer in {till.n_requests} requests"
        raise NoAnswer("malformed", words) from exc


async def _run(
    inquiry: Inquiry[Answer], choice: DirectorChoice, service: Service, parts: list[Any], till: Till, limits: Limits
) -> Answer:
    from pydantic_ai import Agent, ModelRetry, NativeOutput, ToolOutput

    from suno_video.direct.llm.metered import MeteredModel

    question = inquiry.question
    secrets = tuple(key for key in choice.keys.values() if key)
    marker = ToolOutput if inquiry.model.answers == "tool" else NativeOutput
    agent: Agent[None, Answer] = Agent(
        MeteredModel(service.model, till, inquiry.worst_tokens(), limits, secrets),
        output_type=marker(question.answer, name=question.name),
        instructions=question.system,
        model_settings=service.settings,
        retries={"output": limits.n_repairs},
    )

    @agent.output_validator
    def _checked(answer: Answer) -> Answer:
        faults = list(question.check(answer))
        if faults:
            listed = "\n".join(f"- {fault}" for fault in faults[:MAX_FAULTS])
            raise ModelRetry(f"These things are wrong with the answer; mend them, and keep the rest:\n{listed}")
        return answer

    return (await agent.run(parts)).output


def _inline(enclosed: Sequence[Enclosed]) -> list[Any]:
    from pydantic_ai import BinaryContent

    return [BinaryContent(each.content, media_type=each.media_type) for each in enclosed]


def _parts(inquiry: Inquiry[Any], files: Sequence[Any]) -> list[Any]:
    """Put each file behind its label, and the question last."""
    parts: list[Any] = []
    for each, file in zip(inquiry.enclosed, files, strict=True):
        parts += [f"{each.label}:", file] if each.label else [file]
    return [*parts, inquiry.question.prompt]
