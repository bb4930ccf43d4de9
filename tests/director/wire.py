"""The protocols that `server.py` speaks: how each writes a question, an answer, a refusal and an error."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MP3_BYTES_PER_S = 8000
GOOGLE = "https://generativelanguage.googleapis.com/v1beta"


@dataclass
class File:
    """One file of the Files API."""

    name: str
    media_type: str
    content: bytes = b""
    n_looks: int = 0
    deleted: bool = False

    def as_json(self, polls_until_active: int) -> dict[str, Any]:
        state = "ACTIVE" if self.n_looks >= polls_until_active else "PROCESSING"
        facts = {"name": self.name, "mimeType": self.media_type, "sizeBytes": str(len(self.content))}
        return {**facts, "state": state, "uri": f"{GOOGLE}/{self.name}"}


@dataclass(frozen=True)
class Protocol:
    """One service's way of writing."""

    read: Callable[[dict[str, Any], Mapping[str, str], str, dict[str, File]], dict[str, Any]]
    write: Callable[[Any, Any], dict[str, Any]]
    """Of a question and a reply."""
    error: Callable[[Any], dict[str, Any]]


def tokens_of(text: str) -> int:
    return max(1, len(text) // 4)


def _bytes(data: str) -> bytes:
    return base64.b64decode(data.replace("-", "+").replace("_", "/") + "=" * (-len(data) % 4))


def _n_audio(asked: Any) -> int:
    return sum(round(len(sound) / MP3_BYTES_PER_S * 32) for sound in asked.sounds)


def _n_text(asked: Any) -> int:
    return tokens_of(asked.system + asked.prompt) + 258 * len(asked.pictures)


# Gemini


def _read_gemini(
    body: dict[str, Any], headers: Mapping[str, str], model: str, files: dict[str, File]
) -> dict[str, Any]:
    parts = [part for content in body["contents"] for part in content.get("parts", [])]
    sounds, pictures, texts = [], [], []
    for part in parts:
        kind, content = "", b""
        if inline := part.get("inlineData"):
            kind, content = inline.get("mimeType") or inline["mime_type"], _bytes(inline["data"])
        elif data := part.get("fileData"):
            name = (data.get("fileUri") or data["file_uri"]).removeprefix(f"{GOOGLE}/")
            kind, content = files[name].media_type, files[name].content
        elif "text" in part:
            texts.append(part["text"])
        if kind:
            (sounds if kind.startswith("audio/") else pictures).append(content)
    form = body.get("generationConfig", {})
    schema = form.get("responseJsonSchema") or form.get("responseSchema") or {}
    system = "".join(part["text"] for part in body.get("systemInstruction", {}).get("parts", []))
    return {
        "provider": "gemini",
        "model": model,
        "name": schema.get("title", ""),
        "key": headers.get("x-goog-api-key", ""),
        "system": system,
        "texts": tuple(texts),
        "sounds": tuple(sounds),
        "pictures": tuple(pictures),
        "schema": schema,
        "max_tokens": form.get("maxOutputTokens", 0),
    }


def _write_gemini(asked: Any, reply: Any) -> dict[str, Any]:
    n_text, n_audio = _n_text(asked), _n_audio(asked)
    details = [{"modality": "TEXT", "tokenCount": n_text}]
    details += [{"modality": "AUDIO", "tokenCount": n_audio}] if n_audio else []
    usage: dict[str, Any] = {"promptTokenCount": n_text + n_audio, "promptTokensDetails": details}
    if not hasattr(reply, "text"):
        usage["totalTokenCount"] = n_text + n_audio
        rating = {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}
        return {"promptFeedback": {"blockReason": "SAFETY", "safetyRatings": [rating]}, "usageMetadata": usage}
    n_out, n_thought = tokens_of(reply.text), 20
    usage |= {"candidatesTokenCount": n_out, "thoughtsTokenCount": n_thought}
    usage["totalTokenCount"] = n_text + n_audio + n_out + n_thought
    finish = {"stop": "STOP", "length": "MAX_TOKENS", "filter": "SAFETY"}[reply.finish]
    candidate: dict[str, Any] = {"finishReason": finish, "index": 0}
    if reply.finish != "filter":
        candidate["content"] = {"role": "model", "parts": [{"text": reply.text}] if reply.text else []}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": asked.model, "responseId": "r1"}


def _gemini_error(status: Any) -> dict[str, Any]:
    names = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}
    names |= {429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}
    details = []
    if status.retry_info is not None:
        info = "type.googleapis.com/google.rpc.RetryInfo"
        details.append({"@type": info, "retryDelay": f"{status.retry_info:g}s"})
    name = names.get(status.code, "UNKNOWN")
    return {"error": {"code": status.code, "message": status.message, "status": name, "details": details}}


GEMINI = Protocol(_read_gemini, _write_gemini, _gemini_error)


# OpenAI, and Ollama, which speaks the same


def _read_openai(
    body: dict[str, Any], headers: Mapping[str, str], model: str, files: dict[str, File]
) -> dict[str, Any]:
    sounds, pictures, texts, system = [], [], [], []
    for message in body["messages"]:
        content = message.get("content") or ""
        calls = [call["function"]["arguments"] for call in message.get("tool_calls") or []]
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for part in parts:
            if part["type"] == "input_audio":
                sounds.append(_bytes(part["input_audio"]["data"].rpartition(",")[2]))
            elif part["type"] == "image_url":
                pictures.append(_bytes(part["image_url"]["url"].rpartition(",")[2]))
            elif part["text"]:
                (system if message["role"] in ("system", "developer") else texts).append(part["text"])
        texts += calls
    form = (body.get("response_format") or {}).get("json_schema")
    tools = body.get("tools") or [{"function": {"name": "", "parameters": {}}}]
    key = headers.get("authorization", "").removeprefix("Bearer ")
    return {
        "provider": "ollama" if key == "none" else "openai",
        "model": body["model"],
        "name": form["name"] if form else tools[0]["function"]["name"],
        "key": key,
        "system": "\n".join(system),
        "texts": tuple(texts),
        "sounds": tuple(sounds),
        "pictures": tuple(pictures),
        "schema": form["schema"] if form else tools[0]["function"]["parameters"],
        "max_tokens": body.get("max_completion_tokens") or body.get("max_tokens") or 0,
    }


def _write_openai(asked: Any, reply: Any) -> dict[str, Any]:
    text, finish = getattr(reply, "text", ""), getattr(reply, "finish", "filter")
    reason = {"stop": "stop", "length": "length", "filter": "content_filter"}[finish]
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if asked.body.get("tools"):
        call = {"id": "call-1", "type": "function", "function": {"name": asked.name, "arguments": text}}
        message, reason = {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"
    n_in, n_out = _n_text(asked) + _n_audio(asked), tokens_of(text)
    return {
        "id": "chat-1",
        "object": "chat.completion",
        "created": 1,
        "model": asked.model,
        "choices": [{"index": 0, "finish_reason": reason, "message": message}],
        "usage": {
            "prompt_tokens": n_in,
            "completion_tokens": n_out,
            "total_tokens": n_in + n_out,
            "prompt_tokens_details": {"audio_tokens": _n_audio(asked), "cached_tokens": 0},
        },
    }


def _openai_error(status: Any) -> dict[str, Any]:
    return {"error": {"message": status.message, "type": "error", "code": str(status.code)}}


OPENAI = Protocol(_read_openai, _write_openai, _openai_error)


# Anthropic


def _read_anthropic(
    body: dict[str, Any], headers: Mapping[str, str], model: str, files: dict[str, File]
) -> dict[str, Any]:
    pictures, texts = [], []
    for message in body["messages"]:
        content = message["content"]
        for part in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            if part["type"] == "image":
                pictures.append(_bytes(part["source"]["data"]))
            elif part["type"] == "tool_use":
                texts.append(json.dumps(part["input"]))
            else:
                said = part.get("text") or part.get("content")
                texts.append(said if isinstance(said, str) else json.dumps(said))
    system = body.get("system") or ""
    tool = (body.get("tools") or [{"name": "", "input_schema": {}}])[0]
    return {
        "provider": "anthropic",
        "model": body["model"],
        "name": tool["name"],
        "key": headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer "),
        "system": system if isinstance(system, str) else "".join(part["text"] for part in system),
        "texts": tuple(texts),
        "sounds": (),
        "pictures": tuple(pictures),
        "schema": tool["input_schema"],
        "max_tokens": body["max_tokens"],
    }


def _write_anthropic(asked: Any, reply: Any) -> dict[str, Any]:
    text, finish = getattr(reply, "text", ""), getattr(reply, "finish", "filter")
    content: list[dict[str, Any]] = []
    if finish == "stop":
        try:
            content = [{"type": "tool_use", "id": "toolu_1", "name": asked.name, "input": json.loads(text)}]
        except ValueError:
            content = [{"type": "text", "text": text}] if text else []
    elif text:
        content = [{"type": "text", "text": text}]
    reason = {"stop": "tool_use", "length": "max_tokens", "filter": "refusal"}[finish]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": {"input_tokens": _n_text(asked), "output_tokens": tokens_of(text)},
    }


def _anthropic_error(status: Any) -> dict[str, Any]:
    names = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error", 529: "overloaded_error"}
    return {"type": "error", "error": {"type": names.get(status.code, "api_error"), "message": status.message}}


ANTHROPIC = Protocol(_read_anthropic, _write_anthropic, _anthropic_error)
