"""What scripts do with models on servers, and with answers that are JSON: copied into them, never called here."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from typing import Any

from ..media import Image
from .scripted_texts import without_thoughts


def ask_server(client: Any, model: str, prompt: str, system: str = "", **options: Any) -> str:
    """Return what a model on a server answers."""
    messages = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": prompt})
    answer = client.chat.completions.create(model=model, messages=messages, **options)
    return without_thoughts(answer.choices[0].message.content or "")


def ask_server_about(
    client: Any, model: str, prompt: str, images: Sequence[Image] = (), system: str = "", **options: Any
) -> str:
    """Return what a model on a server answers that looks at pictures."""
    messages: list[Any] = [{"role": "system", "content": system}] if system else []
    shown = [{"type": "image_url", "image_url": {"url": data_url(image)}} for image in images]
    messages.append({"role": "user", "content": [*shown, {"type": "text", "text": prompt}]})
    answer = client.chat.completions.create(model=model, messages=messages, **options)
    return without_thoughts(answer.choices[0].message.content or "")


def data_url(image: Image) -> str:
    """Return a picture as an address that holds it."""
    file = io.BytesIO()
    image.convert("RGBA" if image.mode in ("RGBA", "LA", "PA") else "RGB").save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def json_answer(text: str, schema: Any) -> str:
    """Return the JSON of an answer, which fits a schema."""
    import jsonschema

    text = text.strip()
    if text.startswith("```"):
        text = text.strip("`").removeprefix("json").strip()
    jsonschema.validate(json.loads(text), schema)
    return text
