"""What a server is asked, and what is asked instead where it does not know an argument."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...media import Image

MOST_EDGE = 4096
"""Pixels of a picture's longer edge that are sent; servers look at fewer."""
_BY_NAME = ("temperature", "top_p", "seed", "stop", "stream_options", "repetition_penalty")
"""Arguments without which an answer is one all the same."""
_OF_FORM = re.compile(r"response_format|json_schema|json_object|schema|grammar", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """Is what a node wants of a model on a server.

    Args:
        prompt: What the user says.
        system: How the model is to behave; may be empty.
        images: What the user shows.
        max_tokens: The longest answer.
        temperature: 0 always takes the likeliest token.
        top_p: Only the likeliest tokens are drawn from, that together have this share.
        repetition_penalty: Above 1, what was said before becomes less likely; OpenAI's own servers do not know it.
        seed: The same seed draws the same tokens, as far as the server keeps to it.
        stop: Texts before which the answer ends.
        schema: The JSON Schema that it fits, if it is JSON.
    """

    prompt: str
    system: str = ""
    images: Sequence[Image] = ()
    max_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    seed: int = 0
    stop: Sequence[str] = ()
    schema: Any = None

    def request(self, model: str) -> dict[str, Any]:
        """Return the arguments of a chat completion.

        Args:
            model: What the server calls it.
        """
        request: dict[str, Any] = {
            "model": model,
            "messages": list(self._messages()),
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "seed": self.seed % 2**63,
            "stream_options": {"include_usage": True},
        }
        if self.temperature > 0 and self.top_p < 1:
            request["top_p"] = self.top_p
        if self.stop:
            request["stop"] = list(self.stop)
        if self.schema is not None:
            form = {"name": "answer", "schema": self.schema}
            request["response_format"] = {"type": "json_schema", "json_schema": form}
        if self.repetition_penalty != 1:
            request["extra_body"] = {"repetition_penalty": self.repetition_penalty}
        return request

    def _messages(self) -> Iterator[dict[str, Any]]:
        if self.system:
            yield {"role": "system", "content": self.system}
        shown: list[dict[str, Any]] = [
            {"type": "image_url", "image_url": {"url": data_url(image)}} for image in self.images
        ]
        yield {"role": "user", "content": [*shown, {"type": "text", "text": self.prompt}] if shown else self.prompt}


def data_url(image: Image) -> str:
    """Return a picture as an address that holds it, as PNG."""
    small = image.convert("RGBA" if image.mode in ("RGBA", "LA", "PA") else "RGB")
    small.thumbnail((MOST_EDGE, MOST_EDGE))  # of a copy: inputs are not changed
    written = io.BytesIO()
    small.save(written, "PNG")
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode()


def asked_otherwise(request: Mapping[str, Any], refusal: str) -> tuple[dict[str, Any], str] | None:
    """Return (the request without what a server refuses, what that means); None where nothing in it can be spared.

    Args:
        request: What was asked.
        refusal: The server's words.
    """
    other = dict(request)
    if "response_format" in request and _OF_FORM.search(refusal):
        if request["response_format"]["type"] == "json_schema":
            return other | {
                "response_format": {"type": "json_object"}
            }, "It does not take a schema; it is asked for JSON."
        del other["response_format"]
        return other, "It does not take a form of the answer; it is asked for JSON in words."
    if "max_tokens" in request and "max_completion_tokens" in refusal:
        other["max_completion_tokens"] = other.pop("max_tokens")
        return other, ""
    for name in _BY_NAME:
        if not re.search(rf"\b{name}\b", refusal):
            continue
        if name in other.get("extra_body", {}):
            del other["extra_body"]
        elif name in other:
            del other[name]
        else:
            continue
        return other, "" if name in ("stream_options", "stop") else f"It does not take '{name}'; its own is used."
    return None


def length_of_request(request: Mapping[str, Any]) -> int:
    """Return about how many tokens a server reads, where it does not say."""
    return (
        len(json.dumps([message["content"] for message in request["messages"] if isinstance(message["content"], str)]))
        // 4
    )
