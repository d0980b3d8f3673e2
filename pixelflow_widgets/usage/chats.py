"""How many tokens a chat has, with everything that the model's template writes around it; no model is loaded."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import PixelFlowError
from ..media import Model
from ..models.weights import place_of
from ..prompts.tokens import MOST_LETTERS
from ..prompts.vocabularies import tokenizer_in

_LARGEST = 1_000_000
_MARKS = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
_LOOKS = ("preprocessor_config.json", "processor_config.json")
"""A model that has one of these looks at pictures, too: its own code makes tokens of them."""


def count_chat(model: Model | str, prompt: str, system: str = "") -> int | None:
    """Return how many tokens a language model on this machine is given, or None where nobody can tell.

    Args:
        model: Card's name, Hub id, folder or handle.
        prompt: What the user says.
        system: How the model is to behave.
    """
    if len(prompt) + len(system) > MOST_LETTERS:
        return None
    try:
        folder = place_of(model)
        if not folder.is_dir() or any((folder / name).exists() for name in _LOOKS):
            return None
        tokenizer, settings = tokenizer_in(folder), _settings(folder)
        template = _template(folder, settings)
        if tokenizer is None or template is None:
            return None
        text = _rendered(template, settings, prompt, system)
        return len(tokenizer.encode(text, add_special_tokens=False).ids)
    except (PixelFlowError, OSError, ValueError, TypeError, RecursionError, LookupError):
        return None


def _settings(folder: Path) -> Mapping[str, Any]:
    try:
        told = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _template(folder: Path, settings: Mapping[str, Any]) -> str | None:
    file = folder / "chat_template.jinja"
    if file.is_file() and file.stat().st_size <= _LARGEST:
        return file.read_text(encoding="utf-8")
    told = settings.get("chat_template")
    if isinstance(told, list):
        told = next((each.get("template") for each in told if each.get("name") == "default"), None)
    return told if isinstance(told, str) and len(told) <= _LARGEST else None


def _rendered(template: str, settings: Mapping[str, Any], prompt: str, system: str) -> str:
    """Return a chat as its model reads it; a template that knows no system role gets its words with the prompt.

    Raises:
        ValueError: The template cannot be filled in.
    """
    from jinja2 import TemplateError

    marks = {name: _word(settings.get(name)) for name in _MARKS if settings.get(name)}
    user = [{"role": "user", "content": prompt}]
    try:
        made = _compiled(template)
        try:
            return made.render(messages=_before(system) + user, add_generation_prompt=True, **marks)
        except TemplateError:
            if not system:
                raise
            user[0]["content"] = f"{system}\n\n{prompt}"
            return made.render(messages=user, add_generation_prompt=True, **marks)
    except TemplateError as error:
        raise ValueError(str(error)) from error


def _before(system: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": system}] if system else []


def _word(told: Any) -> str:
    return str(told.get("content", "")) if isinstance(told, Mapping) else str(told)


@functools.lru_cache(maxsize=16)
def _compiled(template: str) -> Any:
    """Return a template that can reach nothing but what it is given."""
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise TemplateError(message)

    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    made.globals["raise_exception"] = refuse
    made.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    made.filters["tojson"] = lambda value, **options: json.dumps(value, ensure_ascii=False, **options)
    return made.from_string(template)
