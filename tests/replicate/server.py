"""A double of Replicate on this machine: its real protocol, over the purchase book and mischief of the fake service."""

from __future__ import annotations

import email
import hashlib
import io
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image

from suno_video.backends.base import BackendSetup
from suno_video.backends.fakeservice import FakeService
from suno_video.backends.fakeservice.answers import HANG_UP, Answer, Call, as_json, is_gone, problem, status_at
from suno_video.backends.fakeservice.book import Purchase
from suno_video.backends.fakeservice.mischief import AFTERS, FATES, SPOILS, Trick
from suno_video.backends.fakeservice.shop import _TURNS, Shop
from suno_video.backends.fakeservice.wire import ClipWish
from suno_video.core.frames import FrameSize

TOKEN = "r8_loopback"
_SAYS = {
    "fails": "CUDA error: an illegal memory access was encountered",
    "refused": "Prediction failed: NSFW content detected (E005)",
    "aborted": "The prediction was aborted before it started",
}
_STRING, _WHOLE, _FLAG = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
_RESOLUTION = {"480p": (832, 480), "720p": (1280, 720), "768p": (1366, 768)}


def _one_of(*legal: Any, kind: str = "string") -> dict[str, Any]:
    return {"enum": list(legal), "type": kind, "title": "x"}


SCHEMAS: dict[str, dict[str, Any]] = {
    "wan-video/wan-2.2-i2v-fast": {
        "required": ["prompt", "image"],
        "properties": {
            "prompt": _STRING,
            "image": _STRING,
            "last_image": _STRING,
            "num_frames": {"type": "integer", "minimum": 81, "maximum": 121},
            "frames_per_second": _WHOLE,
            "resolution": {"allOf": [{"$ref": "#/components/schemas/resolution"}]},
            "seed": _WHOLE,
        },
        "also": {"resolution": _one_of("480p", "720p")},
    },
    "minimax/hailuo-02": {
        "required": ["prompt"],
        "properties": {
            "prompt": _STRING,
            "first_frame_image": _STRING,
            "last_frame_image": _STRING,
            "duration": {"allOf": [{"$ref": "#/components/schemas/duration"}]},
            "resolution": _one_of("512p", "768p", "1080p"),
            "prompt_optimizer": _FLAG,
        },
        "also": {"duration": _one_of(6, 10, kind="integer")},
    },
    "black-forest-labs/flux-schnell": {
        "required": ["prompt"],
        "properties": {"prompt": _STRING, "aspect_ratio": _STRING, "seed": _WHOLE, "output_format": _STRING},
    },
    "bytedance/latentsync": {
        "required": ["video", "audio"],
        "properties": {"video": _STRING, "audio": _STRING, "seed": _WHOLE},
    },
    "nightmareai/real-esrgan": {
        "required": ["image"],
        "properties": {"image": _STRING, "scale": {"type": "number", "minimum": 0, "maximum": 10}},
    },
}


class ReplicateShop(Shop):
    """Speaks Replicate's protocol. Predictions are in the book before their answers go out."""

    doors = (
        ("POST", r"/v1/models/[\w.-]+/[\w.-]+/predictions", "buy"),
        ("POST", r"/v1/predictions", "buy"),
        ("GET", r"/v1/predictions", "list"),
        ("GET", r"/v1/predictions/(\w+)", "look"),
        ("POST", r"/v1/predictions/(\w+)/cancel", "cancel"),
        ("GET", r"/delivery/(\w+)/out", "fetch"),
    )
    turns = {
        **_TURNS,
        "throttled": (
            HTTPStatus.TOO_MANY_REQUESTS,
            "Request was throttled. Your rate limit resets in ~30s.",
        ),
        "unfit": (HTTPStatus.UNPROCESSABLE_ENTITY, "- input.duration: duration must be one of 6, 10"),
    }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.files: dict[str, tuple[bytes, str]] = {}
        self.calls: list[Call] = []
        self.schemas_away = False
        self.page = 100
        self._raw: dict[str, dict[str, Any]] = {}

    def answer(self, call: Call) -> Answer:
        self.calls.append(call)
        if call.authorization == f"Bearer {self._token}":
            path = urlsplit(call.target).path
            if (call.method, path) == ("POST", "/v1/files"):
                return self._take_file(call)
            if found := re.fullmatch(r"/v1/files/(\w+)", path):
                return self._show_file(found[1], call)
            if found := re.fullmatch(r"/v1/models/([\w.-]+/[\w.-]+)", path):
                return self._model(found[1])
        return super().answer(call)

    def _take_file(self, call: Call) -> Answer:
        head = f"Content-Type: {call.headers['content-type']}\r\n\r\n".encode()
        parts = {
            str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
            for part in email.message_from_bytes(head + call.body).walk()
            if not part.is_multipart()
        }
        file = secrets.token_hex(12)
        self.files[file] = (bytes(parts["content"]), bytes(parts.get("metadata", b"{}")).decode())
        return self._show_file(file, call, HTTPStatus.CREATED)

    def _show_file(self, file: str, call: Call, status: HTTPStatus = HTTPStatus.OK) -> Answer:
        if file not in self.files:
            return problem(HTTPStatus.NOT_FOUND, "The requested resource could not be found.")
        metadata = json.loads(self.files[file][1])
        urls = {"get": f"{call.base_url}/v1/files/{file}"}
        return as_json(status, {"id": file, "name": "x.png", "metadata": metadata, "urls": urls})

    def _model(self, name: str) -> Answer:
        if self.schemas_away or name not in SCHEMAS:
            return problem(HTTPStatus.NOT_FOUND, "The requested resource could not be found.")
        known = SCHEMAS[name]
        schema = {"type": "object", "required": known["required"], "properties": known["properties"]}
        schemas = {"Input": schema, **known.get("also", {})}
        newest = {"id": "v1", "openapi_schema": {"components": {"schemas": schemas}}}
        return as_json(HTTPStatus.OK, {"owner": name.split("/")[0], "latest_version": newest})

    def _attempt_in(self, call: Call) -> str:
        try:
            return self._attempt_of(json.loads(call.body).get("input", {}))
        except ValueError:
            return ""

    def _attempt_of(self, wish: Mapping[str, Any]) -> str:
        told = [json.loads(self.files[file][1]) for file in self._files_in(wish).values()]
        return next((each["suno_video_attempt"] for each in told if "suno_video_attempt" in each), "")

    def _files_in(self, wish: Mapping[str, Any]) -> dict[str, str]:
        texts = {key: value for key, value in wish.items() if isinstance(value, str) and "/v1/files/" in value}
        return {key: value.rsplit("/", 1)[1] for key, value in texts.items()}

    def _buy(self, call: Call, tricks: Sequence[Trick]) -> Answer:
        body = json.loads(call.body)
        found = re.fullmatch(r"/v1/models/(.+)/predictions", urlsplit(call.target).path)
        wish, model = body["input"], found[1] if found else "nightmareai/real-esrgan"
        hashes = {key: hashlib.sha256(self.files[file][0]).hexdigest() for key, file in self._files_in(wish).items()}
        fate = next((trick.what for trick in tricks if trick.what in FATES), "good")
        price_usd = Decimal("0.06075") if "num_frames" in wish else Decimal("0.003")
        purchase = self._book.accept(
            attempt=self._attempt_of(wish),
            wish=json.dumps({"model": model, "input": {**wish, **hashes}}, sort_keys=True),
            price_usd=price_usd,
            cost_usd=self._mischief.cost_usd(fate, price_usd),
            fate=fate,
            at_s=self._now(),
        )
        self._raw[purchase.id] = {"model": model, "input": wish}
        after = next((trick.what for trick in tricks if trick.what in AFTERS), None)
        if after == "dropped-after":
            return HANG_UP
        if after == "error-502-after":
            return problem(HTTPStatus.BAD_GATEWAY, "The gateway got no answer.")
        return as_json(HTTPStatus.CREATED, self._view(purchase, call))

    def _list(self, call: Call) -> Answer:
        query = parse_qs(urlsplit(call.target).query)
        before = int(query["cursor"][0]) if "cursor" in query else None
        found = self._book.newest(self.page + 1, before)
        shown = found[: self.page]
        more = f"{call.base_url}/v1/predictions?cursor={shown[-1].number}" if found[self.page :] else None
        results = [self._view(job, call) for job in shown]
        return as_json(HTTPStatus.OK, {"previous": None, "next": more, "results": results})

    def _view(self, purchase: Purchase, call: Call) -> dict[str, object]:
        now_s = self._now()
        status = status_at(purchase, now_s, self._mischief)
        if status != purchase.status:
            self._book.tell(purchase.id, status)
        gone = status == "succeeded" and is_gone(purchase, now_s, self._mischief)
        if gone:
            self._book.deliver(purchase.id, is_spoiled=True)
        raw, ended = self._raw[purchase.id], status in ("succeeded", "failed", "canceled", "aborted")
        is_still = "flux" in raw["model"]
        url = f"{call.base_url}/delivery/{purchase.id}/out"
        get = f"{call.base_url}/v1/predictions/{purchase.id}"
        return {
            "id": purchase.id,
            "model": raw["model"],
            "version": "hidden",
            "input": {} if gone else raw["input"],
            "output": ([url] if is_still else url) if status == "succeeded" and not gone else None,
            "logs": "",
            "error": _SAYS.get(purchase.fate) if status in ("failed", "aborted") else None,
            "status": status,
            "created_at": datetime.fromtimestamp(purchase.bought_s, UTC).isoformat().replace("+00:00", "Z"),
            "data_removed": gone,
            "metrics": {"predict_time": 2.0, "total_time": 2.5} if ended else {},
            "urls": {"get": get, "cancel": f"{get}/cancel", "web": "https://replicate.com/p/x"},
        }

    def _fetch(self, purchase: Purchase, tricks: Sequence[Trick]) -> Answer:
        now_s, kinds = self._now(), {trick.what for trick in tricks}
        if "expired" in kinds or is_gone(purchase, now_s, self._mischief):
            self._book.deliver(purchase.id, is_spoiled=True)
            return problem(HTTPStatus.NOT_FOUND, "The output has been deleted")
        raw = self._raw[purchase.id]
        wish, is_cut = raw["input"], "cut" in kinds
        is_clip = any(key in wish for key in ("num_frames", "duration", "video"))
        body = self._clip(wish, purchase.fate) if is_clip else _still(wish)
        if not is_cut:
            self._book.deliver(purchase.id, is_spoiled=purchase.fate in SPOILS)
        kind = "text/html" if purchase.fate == "html" else "video/mp4" if is_clip else "image/png"
        return Answer(HTTPStatus.OK, body, kind, delivery="cut" if is_cut else "whole")

    def _clip(self, wish: Mapping[str, Any], fate: str) -> bytes:
        width, height = _RESOLUTION[wish.get("resolution", "720p")]
        fps = wish.get("frames_per_second", 24)
        n_frames = wish.get("num_frames") or wish.get("duration", 1) * fps
        size = FrameSize(width_px=width, height_px=height)
        made = ClipWish(prompt="", seed=wish.get("seed", 0) % 1000, size=size, fps=fps, n_frames=n_frames)
        return self._shelf.clip(made, fate).read_bytes()


def _still(wish: Mapping[str, Any]) -> bytes:
    wide, high = (int(part) for part in str(wish.get("aspect_ratio", "16:9")).split(":"))
    rng = hashlib.sha256(json.dumps(wish, sort_keys=True).encode()).digest()
    picture = Image.frombytes("RGB", (4, 2), rng[:24]).resize((wide * 64, high * 64), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    picture.save(out, format="WEBP", lossless=True)
    return out.getvalue()


def replicate_double(book: Path, **options: Any) -> FakeService:
    """Make a double of Replicate; use it as a context manager."""
    return FakeService(book, token=TOKEN, shop=ReplicateShop, **options)


def setup_for(service: FakeService, **more: Any) -> BackendSetup:
    """Lead a backend there."""
    return BackendSetup(services={"replicate_url": service.url, "replicate_token": TOKEN}, **more)
