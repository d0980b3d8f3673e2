"""The face of a flow that is somewhere else: its signature, annotations and docstring, from its schemas."""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Union

import numpy as np
import PIL.Image

from ...media import Audio, Video
from .values import kind_of, outputs_type

_File = Union[str, Path, bytes]  # noqa: UP007
_TAKES: dict[str, Any] = {
    "text": str,
    "int": int,
    "float": float,
    "flag": bool,
    "image": Union[PIL.Image.Image, np.ndarray, _File],  # noqa: UP007
    "mask": Union[PIL.Image.Image, np.ndarray, _File],  # noqa: UP007
    "audio": Union[Audio, _File],  # noqa: UP007
    "video": Union[Video, np.ndarray, _File],  # noqa: UP007
}
_GIVES: dict[str, Any] = {"image": PIL.Image.Image, "mask": PIL.Image.Image, "audio": Audio, "video": Video}
_JSON_TYPES: dict[str, Any] = {"string": str, "integer": int, "number": float, "boolean": bool}


def signature_of(request: Mapping[str, Any], result: Mapping[str, Any]) -> inspect.Signature:
    """Return the signature of a flow; inputs that Python cannot spell are given by `**`."""
    parameters, has_others = [], False
    for name, schema in request.get("properties", {}).items():
        if not name.isidentifier() or keyword.iskeyword(name):
            has_others = True
            continue
        is_required = name in request.get("required", ())
        default = inspect.Parameter.empty if is_required else schema.get("default")
        annotation = _taken(schema) if is_required or default is not None else _taken(schema) | None
        parameters.append(
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        )
    parameters.sort(key=lambda parameter: parameter.default is not inspect.Parameter.empty)
    if has_others:
        parameters.append(inspect.Parameter("others", inspect.Parameter.VAR_KEYWORD))
    return inspect.Signature(parameters, return_annotation=_returned(result))


def _taken(schema: Mapping[str, Any]) -> Any:
    items = schema.get("items", schema) if schema.get("type") == "array" else schema
    if "enum" in items:
        one: Any = _one_of(items["enum"])
    else:
        one = _table() if kind_of(schema) == "table" else _TAKES.get(kind_of(schema), Any)
    return list[one] if schema.get("type") == "array" else one


def _one_of(choices: list[str]) -> Any:
    literal: Any = Literal
    return literal[tuple(choices)]


def _returned(schema: Mapping[str, Any]) -> Any:
    kinds = {name: _given(told) for name, told in schema.get("properties", {}).items()}
    if len(kinds) == 1:
        return next(iter(kinds.values()))
    made = outputs_type(schema)
    made.__annotations__ = dict(zip(made._fields, kinds.values(), strict=True))
    return made


def _given(schema: Mapping[str, Any]) -> Any:
    if schema.get("type") == "array":
        return list[_given(schema.get("items", {}))]
    if schema.get("x-type") in _GIVES:
        return _GIVES[schema["x-type"]]
    if options := [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]:
        is_optional = len(options) < len(schema["anyOf"])
        return _given(options[0]) | None if is_optional else _given(options[0])
    if "enum" in schema:
        return _one_of(schema["enum"])
    if "rows" in schema.get("properties", {}):
        return _table()
    return _JSON_TYPES.get(str(schema.get("type")), Any)


def _table() -> Any:
    import pandas as pd

    return pd.DataFrame


def docstring_of(described: Mapping[str, Any]) -> str:
    """Return the docstring of a flow."""
    lines = [str(described.get("title") or described["name"])]
    if described.get("help"):
        lines += ["", str(described["help"])]
    properties = described["request"].get("properties", {})
    if properties:
        lines += ["", "Args:"]
    for name, schema in properties.items():
        lines.append(f"    {name}: {_sentence(schema)} {_limits(schema)}".rstrip())
    outputs = described["result"].get("properties", {})
    if outputs:
        lines += ["", "Returns:"]
    for name, schema in outputs.items():
        lines.append(f"    {name}: {_sentence(schema)}".rstrip())
    return "\n".join(lines)


def _sentence(schema: Mapping[str, Any]) -> str:
    words = str(schema.get("description") or schema.get("title") or "").strip()
    return words if not words or words[-1] in ".!?…" else f"{words}."


def _limits(schema: Mapping[str, Any]) -> str:
    """Return the range of a number in words, where somebody has set one."""
    low, high = schema.get("minimum"), schema.get("maximum")
    is_set = schema.get("type") in ("integer", "number") and isinstance(high, int | float) and abs(high) < 2**53
    told = [f"From {low:g} to {high:g}."] if is_set and isinstance(low, int | float) else []
    told += ["-1 draws one."] if schema.get("x-seed") else []
    return " ".join([*told, *(["It affects the cost."] if schema.get("x-affects-cost") else [])])
