"""Examples of the nodes of language models."""

from __future__ import annotations

from tests.zoo import Zoo

from .examples import Example, Varied
from .pictures import scene

_TEXT = "a red circle on a blue background. a green square above a white star."


def _chat(zoo: Zoo) -> Example:
    common = {"prompt": "a red circle", "system": "a poet", "max_tokens": 8, "temperature": 1.0, "seed": 1}
    return {
        "inputs": {"model": str(zoo("llama")), **common},
        "vary": {
            "model": str(zoo("llava")),
            "max_tokens": 5,
            "top_p": 0.1,
            "repetition_penalty": Varied(2.0, {"temperature": 0.0, "max_tokens": 24}),
        },
    }


def _chat_of_pictures(zoo: Zoo) -> Example:
    inputs = {"model": str(zoo("llava")), "prompt": "what is it?", "images": [scene()], "max_tokens": 8}
    return {"inputs": inputs, "vary": {"images": [scene(3)]}, "only": ("images",)}


def _expand_prompt(zoo: Zoo) -> Example:
    return {
        "inputs": {"model": str(zoo("llama")), "prompt": "a red circle", "style": "ink", "max_tokens": 8},
        "vary": {"model": str(zoo("llama_base")), "max_tokens": 5, "temperature": 0.0},
    }


def _summarize(zoo: Zoo) -> Example:
    return {
        "inputs": {"model": str(zoo("llama")), "text": _TEXT, "focus": "colours", "max_tokens": 8},
        "vary": {"model": str(zoo("t5")), "max_tokens": 5},
    }


def _translate(zoo: Zoo) -> Example:
    inputs = {"model": str(zoo("nllb")), "text": _TEXT, "source": "English", "target": "German", "max_tokens": 12}
    varied = {"model": str(zoo("t5")), "source": "French", "target": "French", "max_tokens": 6, "beams": 3}
    return {"inputs": inputs, "vary": varied}


def _classify_text(zoo: Zoo) -> Example:
    return {
        "inputs": {"model": str(zoo("llama")), "text": "a red circle", "labels": ["a shape", "a colour"]},
        "vary": {"model": str(zoo("entailment")), "labels": ["a shape", "a dog"], "sentence": "it is {}"},
    }


def _language_server(_: Zoo) -> Example:
    return {
        "inputs": {"model": "small", "base_url": "http://127.0.0.1:9/v1", "key": ""},
        "vary": {"base_url": "http://127.0.0.1:8/v1", "key": "OPENAI_API_KEY"},
    }


def _chat_of_forms(zoo: Zoo) -> Example:
    inputs = {"model": str(zoo("llama")), "prompt": "a red circle", "max_tokens": 8, "temperature": 0.0}
    return {
        "inputs": inputs,
        "vary": {"stop": "a\ne\ns"},
        "unchanged": {
            "json_schema": "Nothing that random weights say is JSON; tests/models/test_served.py asks for it."
        },
        "only": ("stop", "json_schema"),
    }


EXAMPLES = {
    "language_server": _language_server,
    "chat:forms": _chat_of_forms,
    "chat": _chat,
    "chat:llava": _chat_of_pictures,
    "expand_prompt": _expand_prompt,
    "summarize": _summarize,
    "translate": _translate,
    "classify_text": _classify_text,
}
