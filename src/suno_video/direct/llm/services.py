"""The services, as pydantic-ai reaches them: one connection a question, closed with it."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suno_video.direct.llm.catalog import LanguageModel
from suno_video.direct.llm.choice import OLLAMA_URL, DirectorChoice
from suno_video.direct.llm.limits import Limits
from suno_video.direct.llm.question import FailureReason, NoAnswer
from suno_video.direct.llm.sending import Enclosed

if TYPE_CHECKING:
    from pydantic_ai.models import Model
    from pydantic_ai.settings import ModelSettings

HARMS = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")
_CONNECT_S = 10.0
_POLL_S, _N_POLLS = 1.0, 60


@dataclass(frozen=True)
class Service:
    """One model, connected."""

    model: Model
    settings: ModelSettings
    client: Any = None
    """Gemini's own client, for uploads; None where nothing can be uploaded."""


@asynccontextmanager
async def connected(
    model: LanguageModel, choice: DirectorChoice, max_tokens: int, limits: Limits
) -> AsyncIterator[Service]:
    """Connect to the service of a model."""
    import httpx2

    # Never after a redirect: the key and the song go where the user said, or nowhere.
    timeout = httpx2.Timeout(limits.answer_s, connect=_CONNECT_S)
    async with httpx2.AsyncClient(timeout=timeout, follow_redirects=False) as http:
        yield _SERVICES[model.provider](model, choice, max_tokens, http)


def _gemini(model: LanguageModel, choice: DirectorChoice, max_tokens: int, http: Any) -> Service:
    from pydantic_ai.models.google import GoogleModel, GoogleModelSettings
    from pydantic_ai.providers.google import GoogleProvider

    provider = GoogleProvider(
        api_key=choice.keys.get("gemini", ""), base_url=choice.addresses.get("gemini"), http_client=http
    )
    safety: Any = [{"category": f"HARM_CATEGORY_{harm}", "threshold": choice.safety} for harm in HARMS]
    settings = GoogleModelSettings(max_tokens=max_tokens, google_safety_settings=safety)
    return Service(GoogleModel(model.id, provider=provider), settings, provider.client)


def _openai(model: LanguageModel, choice: DirectorChoice, max_tokens: int, http: Any) -> Service:
    return _like_openai(model, choice.addresses.get("openai"), choice.keys.get("openai", ""), max_tokens, http)


def _ollama(model: LanguageModel, choice: DirectorChoice, max_tokens: int, http: Any) -> Service:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.profiles.openai import OpenAIModelProfile
    from pydantic_ai.providers.ollama import OllamaProvider
    from pydantic_ai.settings import ModelSettings

    base_url = choice.addresses.get("ollama", OLLAMA_URL).rstrip("/") + "/v1"
    # It wants a key and looks at none; without one here, one of the environment would be sent.
    provider = OllamaProvider(base_url=base_url, api_key="none", http_client=http)
    provider.client.max_retries = 0
    # It knows the older name of the limit only, and would write on without it.
    profile = OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False)
    return Service(OpenAIChatModel(model.id, provider=provider, profile=profile), ModelSettings(max_tokens=max_tokens))


def _like_openai(model: LanguageModel, base_url: str | None, key: str, max_tokens: int, http: Any) -> Service:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.settings import ModelSettings

    provider = OpenAIProvider(base_url=base_url, api_key=key, http_client=http)
    # Each request is one hold, so nobody but us may send it again.
    provider.client.max_retries = 0
    return Service(OpenAIChatModel(model.id, provider=provider), ModelSettings(max_tokens=max_tokens))


def _anthropic(model: LanguageModel, choice: DirectorChoice, max_tokens: int, http: Any) -> Service:
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.settings import ModelSettings

    provider = AnthropicProvider(
        api_key=choice.keys.get("anthropic", ""), base_url=choice.addresses.get("anthropic"), http_client=http
    )
    provider.client.max_retries = 0
    return Service(AnthropicModel(model.id, provider=provider), ModelSettings(max_tokens=max_tokens))


_SERVICES = {"gemini": _gemini, "openai": _openai, "anthropic": _anthropic, "ollama": _ollama}


@asynccontextmanager
async def uploaded(service: Service, files: Sequence[Enclosed], limits: Limits) -> AsyncIterator[list[Any]]:
    """Upload files and give them as parts of a question; they are deleted at the service afterwards.

    Raises:
        NoAnswer: The service takes no uploads, or did not take these.
    """
    from pydantic_ai import UploadedFile

    n_bytes = sum(len(each.content) for each in files)
    if service.client is None or n_bytes > limits.upload_bytes:
        raise NoAnswer("unavailable", f"{n_bytes / 1e6:.0f} MB are more than {service.model.model_name} takes")
    async with contextlib.AsyncExitStack() as stack:
        parts = []
        for each in files:
            file = await _upload(service.client, each, limits)
            stack.push_async_callback(_delete, service.client, file.name)
            parts.append(UploadedFile(file_id=file.uri, provider_name="google", media_type=each.media_type))
        yield parts


async def _upload(client: Any, each: Enclosed, limits: Limits) -> Any:
    from google.genai import errors

    try:
        file = await client.aio.files.upload(file=io.BytesIO(each.content), config={"mime_type": each.media_type})
        for _ in range(_N_POLLS):
            state = getattr(file.state, "value", file.state)
            if state == "ACTIVE":
                return file
            if state == "FAILED":
                break
            limits.sleep(_POLL_S)
            file = await client.aio.files.get(name=file.name)
    except errors.APIError as exc:
        reason: FailureReason = "key" if exc.code in (401, 403) else "unavailable"
        raise NoAnswer(reason, f"{each.file_name} could not be uploaded (status {exc.code})") from exc
    except asyncio.CancelledError:
        raise
    except Exception as exc:  # whatever the transport raises: nothing was bought, and another model may do
        raise NoAnswer("unavailable", f"{each.file_name} could not be uploaded: {type(exc).__name__}") from exc
    raise NoAnswer("unavailable", f"{each.file_name} was uploaded, and the service cannot use it")


async def _delete(client: Any, name: str) -> None:
    """Take a file back. The service itself forgets it after two days, so a failure changes no result."""
    with contextlib.suppress(Exception):
        await client.aio.files.delete(name=name)
