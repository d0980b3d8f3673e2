"""What OpenAI's clients may send, for the description."""

from __future__ import annotations

from typing import Any

_FIELDS: dict[str, Any] = {
    "model": {
        "type": "string",
        "description": "A published flow that takes a prompt; of its pictures the first is answered.",
    },
    "prompt": {"type": "string", "maxLength": 10_000},
    "n": {"type": "integer", "minimum": 1, "maximum": 4},
    "size": {"type": "string", "description": "1024x1024, or auto.", "examples": ["auto"]},
    "output_format": {"type": "string", "enum": ["png", "jpeg", "webp"]},
    "response_format": {"type": "string", "enum": ["b64_json"]},
    "quality": {"type": "string", "enum": ["auto", "standard"]},
    "background": {"type": "string", "enum": ["auto", "opaque"]},
    "moderation": {"type": "string", "enum": ["auto", "low"]},
    "stream": {"type": "boolean"},
    "partial_images": {"type": "integer", "minimum": 0, "maximum": 3},
    "user": {"type": "string"},
}
_FILE = {"type": "string", "contentMediaType": "image/png"}


def _body(kind: str, more: dict[str, Any], required: list[str]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {**_FIELDS, **more},
        "required": required,
        "description": "The flow's other inputs may stand beside these.",
    }
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema}}}}


GENERATIONS = _body("application/json", {}, ["model", "prompt"])
EDITS = _body("multipart/form-data", {"image": _FILE, "mask": _FILE}, ["model", "prompt", "image"])
