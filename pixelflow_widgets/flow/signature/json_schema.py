"""A signature as JSON Schema (2020-12): what OpenAPI, forms, tools and clients read."""

from __future__ import annotations

import base64
import functools
import io
from typing import Any

from .entries import DRAWN, MAX_NUMBER, MAX_TEXT, MISSING, Entry, Given, Signature

DIALECT = "https://json-schema.org/draft/2020-12/schema"
LEAST_INT, MOST_INT = -(2**63), 2**64 - 1
SAFE_INT = 2**53 - 1
"""Programs that read numbers as JavaScript does know no larger ones."""
MAX_COLUMNS, MAX_ROWS = 200, 10_000
MAX_MEDIUM = 28_000_000
"""Characters of a medium in base64."""
MEDIUM = (
    r"^(up_[A-Za-z0-9_-]{8,64}"
    r"|(data:[a-z]{1,16}/[A-Za-z0-9.+-]{1,64}(;[A-Za-z0-9=.+-]{1,64})?;base64,)?[A-Za-z0-9+/]{4,}={0,2})$"
)
"""An upload's id, or base64 with or without what makes a data URL of it: no address to fetch, and no path."""
MODALITIES = {"image": "image", "mask": "image", "audio": "audio", "video": "video"}
"""Types whose values travel as files."""
_CELL = {"anyOf": [{"type": "string", "maxLength": MAX_TEXT}, {"type": "boolean"}, {"type": "null"}]}
_FACTS = {
    "image": ("width", "height"),
    "mask": ("width", "height"),
    "audio": ("seconds", "sample_rate", "channels"),
    "video": ("seconds", "width", "height", "frames", "fps"),
}


def request_schema(signature: Signature) -> dict[str, Any]:
    """Return the schema of what a caller gives."""
    made: dict[str, Any] = {"$schema": DIALECT, "title": signature.title, "type": "object"}
    if signature.help:
        made["description"] = signature.help
    made["properties"] = {entry.name: entry_schema(entry) for entry in signature.inputs}
    made["required"] = [entry.name for entry in signature.inputs if entry.is_required]
    made["additionalProperties"] = False
    example = {entry.name: value for entry in signature.inputs if (value := _example(entry)) is not MISSING}
    if all(name in example for name in made["required"]):
        made["examples"] = [example]
    return made


def entry_schema(entry: Entry) -> dict[str, Any]:
    """Return the schema of one input."""
    made: dict[str, Any] = {"title": entry.title}
    item = _item_schema(entry)
    made |= {"type": "array", "items": item, "maxItems": entry.limits["max_items"]} if entry.type.many else item
    if entry.help:
        made["description"] = entry.help
    if entry.default is not MISSING and not _is_medium(entry) and not isinstance(entry.default, dict):
        made["default"] = entry.default
    made["x-type"] = f"list[{entry.type.name}]" if entry.type.many else entry.type.name
    if entry.is_seed:
        made["x-seed"] = True
    if entry.affects_cost:
        made["x-affects-cost"] = True
    if entry.control is not None:
        made["x-control"] = dict(entry.control)
    if entry.is_advanced:
        made["x-advanced"] = True
    if (example := _example(entry)) is not MISSING:
        made["examples"] = [example]
    return made


def _is_medium(entry: Entry) -> bool:
    return entry.type.name in MODALITIES


def _item_schema(entry: Entry) -> dict[str, Any]:
    """Return the schema of a value, or of one item where a list is taken."""
    name = entry.type.name
    if entry.choices is not None:
        return {"type": "string", "enum": list(entry.choices)}
    if name == "text":
        return {"type": "string", "maxLength": entry.limits["max_length"]}
    if name == "flag":
        return {"type": "boolean"}
    if name == "int":
        return _seed_schema(entry) if entry.is_seed else _int_schema(entry)
    if name == "float":
        bounds = number_bounds(entry)
        return {"type": "number", "minimum": bounds[0], "maximum": bounds[1]}
    if name == "table":
        return _table_schema()
    if name in MODALITIES:
        return {
            "type": "string",
            "pattern": MEDIUM,
            "maxLength": MAX_MEDIUM,
            "contentEncoding": "base64",
            "contentMediaType": f"{MODALITIES[name]}/*",
        }
    return {"not": {}}  # latents, models without choices: no caller can give one


def _int_schema(entry: Entry) -> dict[str, Any]:
    low, high = number_bounds(entry)
    step = {"multipleOf": entry.limits["step"]} if "step" in entry.limits else {}
    return {"type": "integer", "minimum": low, "maximum": high, **step}


def _seed_schema(entry: Entry) -> dict[str, Any]:
    low, high = number_bounds(entry)
    whole = [{"type": "integer", "minimum": min(low, DRAWN) if low <= 0 else low, "maximum": high}]
    if low > 0:
        whole.insert(0, {"const": DRAWN})
    if is_text_seed(entry):
        whole.append({"type": "string", "pattern": f"^({digits_up_to(int(high))})$"})
    return whole[0] if len(whole) == 1 else {"anyOf": whole}


def number_bounds(entry: Entry) -> tuple[float, float]:
    """Return the least and the largest number that an input takes."""
    least, most = (LEAST_INT, MOST_INT) if entry.type.name == "int" else (-MAX_NUMBER, MAX_NUMBER)
    return max(least, entry.limits.get("min", least)), min(most, entry.limits.get("max", most))


def is_text_seed(entry: Entry) -> bool:
    """Return whether a seed may be given as digits in a text, because it may be larger than JavaScript counts."""
    low, high = number_bounds(entry)
    return entry.is_seed and low <= 0 and high > SAFE_INT


@functools.cache
def digits_up_to(most: int) -> str:
    """Return the pattern of every number from 0 to a largest one that is written with at most as many digits."""
    text = str(most)
    parts = [f"[0-9]{{1,{len(text) - 1}}}"] if len(text) > 1 else []
    for place, digit in enumerate(text):
        if digit != "0":
            rest = len(text) - place - 1
            parts.append(f"{text[:place]}[0-{int(digit) - 1}]" + (f"[0-9]{{{rest}}}" if rest else ""))
    return "|".join([*parts, text])


def _table_schema() -> dict[str, Any]:
    number = {"type": "number", "minimum": -MAX_NUMBER, "maximum": MAX_NUMBER}
    cell = {"anyOf": [*_CELL["anyOf"], number]}
    name = {"type": "string", "maxLength": 200}
    return {
        "type": "object",
        "description": "Each row has as many cells as there are columns.",
        "properties": {
            "columns": {"type": "array", "items": name, "uniqueItems": True, "maxItems": MAX_COLUMNS},
            "rows": {"type": "array", "items": {"type": "array", "items": cell}, "maxItems": MAX_ROWS},
        },
        "required": ["columns", "rows"],
        "additionalProperties": False,
    }


def _example(entry: Entry) -> Any:
    """Return a value that fits, or MISSING where none can be made up."""
    is_told = entry.default is not MISSING and not _is_medium(entry) and not isinstance(entry.default, dict)
    if is_told:
        return entry.default
    one = _example_of_one(entry)
    return [one] if entry.type.many and one is not MISSING else one


def _example_of_one(entry: Entry) -> Any:
    if entry.choices is not None:
        return entry.choices[0] if entry.choices else MISSING
    match entry.type.name:
        case "text":
            return entry.title[: int(entry.limits["max_length"])]
        case "flag":
            return True
        case "int" | "float":
            low, high = number_bounds(entry)
            step = entry.limits.get("step", 1)
            value = 0 if low <= 0 <= high else low + -low % step if low > 0 else high - high % step
            return value if low <= value <= high else MISSING
        case "table":
            return {"columns": ["name"], "rows": [["value"]]}
        case "image" | "mask":
            return _tiny_picture()
        case "audio":
            return _tiny_sound()
    return MISSING


@functools.cache
def _tiny_picture() -> str:
    import PIL.Image

    buffer = io.BytesIO()
    PIL.Image.new("L", (8, 8), 128).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


@functools.cache
def _tiny_sound() -> str:
    import numpy as np

    from ...media import Audio
    from ...media.encoders import sound_file

    content = sound_file(Audio(np.zeros((1, 8), np.float32), 8000), ".wav")
    return f"data:audio/wav;base64,{base64.b64encode(content).decode()}"


def result_schema(signature: Signature) -> dict[str, Any]:
    """Return the schema of what a caller is given."""
    return {
        "$schema": DIALECT,
        "title": signature.title,
        "type": "object",
        "properties": {given.name: _given_schema(given) for given in signature.outputs},
        "required": [given.name for given in signature.outputs],
        "additionalProperties": False,
    }


def _given_schema(given: Given) -> dict[str, Any]:
    made: dict[str, Any] = {"title": given.title} | ({"description": given.help} if given.help else {})
    item = _answer_schema(given.type.name, given.type.choices)
    if given.type.many:
        item = {"type": "array", "items": item}
    elif given.is_optional and item:
        item = {"anyOf": [item, {"type": "null"}]}
    return made | item


def _answer_schema(name: str, choices: tuple[str, ...]) -> dict[str, Any]:
    if name in MODALITIES:
        return _artifact_schema(name)
    if choices:
        return {"type": "string", "enum": list(choices)}
    match name:
        case "text" | "choice":
            return {"type": "string"}
        case "int":
            large = {"type": "string", "pattern": "^-?[0-9]+$", "description": "A number beyond 2^53, in digits."}
            return {"anyOf": [{"type": "integer", "minimum": -SAFE_INT, "maximum": SAFE_INT}, large]}
        case "float":
            return {"type": "number"}
        case "flag":
            return {"type": "boolean"}
        case "table":
            rows = {"type": "array", "items": {"type": "array"}}
            columns = {"type": "array", "items": {"type": "string"}}
            return {"type": "object", "properties": {"columns": columns, "rows": rows}, "required": ["columns", "rows"]}
    return {}


def _artifact_schema(name: str) -> dict[str, Any]:
    known = {
        "id": {"type": "string"},
        "url": {"type": "string", "description": "Where the file is; ask with the same key."},
        "type": {"type": "string", "description": "Its media type."},
        "bytes": {"type": "integer"},
    }
    facts = {fact: {"type": "number" if fact in ("seconds", "fps") else "integer"} for fact in _FACTS[name]}
    return {
        "type": "object",
        "properties": {**known, **facts},
        "required": list(known),
        "x-type": name,
    }
