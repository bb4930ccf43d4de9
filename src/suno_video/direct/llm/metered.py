"""A model in which each request is paid for, and sent again while the service is busy.

It subclasses what pydantic-ai wraps models with, and so is itself imported inside functions.
"""

from __future__ import annotations

from pydantic_ai.exceptions import ModelAPIError, ModelConnectionError, ModelHTTPError, UserError
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from suno_video.direct.llm.limits import Limits
from suno_video.direct.llm.paying import Till, Tokens
from suno_video.direct.llm.question import FailureReason, NoAnswer
from suno_video.project.purchases import Hold

_NEVER_SENT = ("pool", "connect")
_BUSY = 429
_MAX_SAID = 160


class MeteredModel(WrapperModel):
    """Pays for each request before it is sent, and settles or closes it after.

    Args:
        worst: Guess of what the question costs without the talk about faults that may follow.
        secrets: Texts that must never be shown, whoever says them.
    """

    def __init__(self, wrapped: Model, till: Till, worst: Tokens, limits: Limits, secrets: tuple[str, ...]) -> None:
        super().__init__(wrapped)
        self._till, self._worst, self._limits, self._secrets = till, worst, limits, secrets
        self._waited_s = 0.0

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Send a request until it is answered, or until it is clear that it will not be.

        Raises:
            NoAnswer: Why there is no answer.
        """
        worst = _with_talk(self._worst, messages)
        n_lost = 0
        for n_tried in range(1, self._limits.n_tries + 1):
            hold = self._till.hold(worst)
            try:
                response = await super().request(messages, model_settings, model_request_parameters)
            except ModelAPIError as exc:
                n_lost += self._close(hold, exc)
                self._wait_or_give_up(exc, n_tried, n_lost)
                continue
            except UserError:
                self._till.refund(hold, "it could not be written as a request", "never-sent")
                raise  # a bug of ours: a model is asked for what it cannot do
            except Exception as exc:
                # Whatever a service's own package raises over a page where JSON should be: it may have been billed.
                self._till.write_off(hold, f"an answer of no known form: {type(exc).__name__}")
                raise NoAnswer("malformed", f"{self.model_name} gave an answer of no known form") from exc
            except BaseException as exc:
                # An interruption: what was sent may be answered, and billed, after we are gone.
                self._till.write_off(hold, f"left unanswered: {type(exc).__name__}")
                raise
            self._till.settle(hold, _counted(response))
            return response
        raise AssertionError("the last try either answers or gives up")

    def _close(self, hold: Hold | None, exc: ModelAPIError) -> bool:
        """Close the account of a request that failed. True when it may have been answered without our knowing."""
        never_sent = isinstance(exc, ModelConnectionError) and exc.phase in _NEVER_SENT
        if isinstance(exc, ModelHTTPError):
            self._till.refund(hold, f"status {exc.status_code}")
        elif never_sent:
            self._till.refund(hold, "not reached", "never-arrived")
        else:
            self._till.write_off(hold, "the connection was lost before the answer came")
        return not (never_sent or isinstance(exc, ModelHTTPError))

    def _wait_or_give_up(self, exc: ModelAPIError, n_tried: int, n_lost: int) -> None:
        reason, words = self._explain(exc)
        if reason != "unavailable" or not _may_pass(exc) or n_tried == self._limits.n_tries or n_lost > 1:
            raise NoAnswer(reason, words) from exc
        pause_s = max(self._limits.first_pause_s * 2 ** (n_tried - 1), exc.retry_after or 0)
        if self._waited_s + pause_s > self._limits.most_wait_s:
            asked = f", and asks to wait {exc.retry_after:.0f} s" if exc.retry_after else ""
            raise NoAnswer(reason, words + asked) from exc
        self._waited_s += pause_s
        self._limits.sleep(pause_s)

    def _explain(self, exc: ModelAPIError) -> tuple[FailureReason, str]:
        status = exc.status_code if isinstance(exc, ModelHTTPError) else None
        if status in (401, 403) or (status == 400 and "api key" in str(exc.body).lower()):
            return "key", f"{self.model_name}: the key was refused (status {status})"
        if status is None and isinstance(exc, ModelConnectionError):
            return "unavailable", f"{self.model_name} cannot be reached"
        if status is None:
            return "malformed", f"{self.model_name} gave an answer of no known form"
        if status == _BUSY:
            return "unavailable", f"{self.model_name} takes no more requests now (status {status})"
        said = self._said(exc)
        return "unavailable", f"{self.model_name} answered with status {status}{': ' if said else ''}{said}"

    def _said(self, exc: ModelAPIError) -> str:
        """What a service says about an error, short, printable and without our key."""
        body = exc.body
        inner = body.get("error", body) if isinstance(body, dict) else None
        message = inner.get("message") if isinstance(inner, dict) else inner
        said = message if isinstance(message, str) else ""
        for secret in self._secrets:
            said = said.replace(secret, "***")
        return "".join(char for char in said if char.isprintable())[:_MAX_SAID]


def _may_pass(exc: ModelAPIError) -> bool:
    """Whether the same request may do better in a while."""
    if isinstance(exc, ModelHTTPError):
        return exc.status_code in (408, _BUSY) or exc.status_code >= 500
    return isinstance(exc, ModelConnectionError)


def _with_talk(worst: Tokens, messages: list[ModelMessage]) -> Tokens:
    """Add what follows the first message: earlier answers, and what was wrong with them."""
    n_bytes = sum(len(repr(message).encode()) for message in messages[1:])
    return Tokens(worst.n_input + n_bytes // 2, worst.n_audio, worst.n_output)


def _counted(response: ModelResponse) -> Tokens | None:
    usage = response.usage
    if usage.unmeasured_requests or not usage.input_tokens:
        return None
    n_audio = min(usage.input_audio_tokens, usage.input_tokens)
    return Tokens(usage.input_tokens - n_audio, n_audio, usage.output_tokens)
