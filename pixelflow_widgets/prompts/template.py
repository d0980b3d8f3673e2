"""Placeholders in texts: {name}, or a path like {scene.title}. Nothing is computed; other braces stay as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..errors import MediaError, nearest
from ..media.json_paths import as_text, at_path, read_json, read_path
from . import comments

NAME = r"[^\W\d][\w \-]{0,80}"  # nothing here repeats without bound inside a repetition
_PATH = rf"(?:{NAME}|\d{{1,9}})(?:\.{NAME}|\[\d{{1,9}}\]){{0,20}}"
PLACEHOLDER = re.compile(rf"\{{\{{\s*({_PATH})\s*\}}\}}|\{{\s*({_PATH})\s*\}}")
"""The first group is what is to stand in braces, {{so}}; the second what is filled in."""
_ESCAPED = re.compile(r"\\[{}]")


def variables(text: str) -> list[tuple[str, int, int]]:
    """Return the placeholders of a prompt: (name, start, end) of each, where it stands.

    Args:
        text: A prompt; comments hold none.
    """
    if "{" not in text:
        return []
    text = _ESCAPED.sub("  ", comments.masked(text))
    return [(found[2].strip(), found.start(), found.end()) for found in PLACEHOLDER.finditer(text) if found[2]]


def filled(text: str, values: Mapping[str, Any], missing: str = "stop") -> str:
    """Return a text with its placeholders filled in; {{name}} is written as {name}.

    Args:
        text: The text.
        values: What stands for each name.
        missing: What happens where there is no value: "stop", "leave it" or "leave it out".

    Raises:
        MediaError: There is no value, and it is to stop; says which there are.
    """

    def fill(found: re.Match[str]) -> str:
        if found[1] is not None:
            return f"{{{found[1]}}}"
        path = found[2].strip()
        if path in values:
            return as_text(plain_cell(values[path]))
        try:
            return as_text(at_path(dict(values), read_path(path)))
        except MediaError:
            if missing != "stop":
                return found[0] if missing == "leave it" else ""
        has = ", ".join(values) or "none"
        raise MediaError(f"Nothing is given for {{{path}}}.{nearest(path, values)} There is: {has[:300]}.")

    return PLACEHOLDER.sub(fill, text)


def plain_cell(value: Any) -> Any:
    """Return a cell of a table as what it is written like: 3.0 in a column of numbers with gaps is 3."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, str | int | float | bool | list | dict | None) else str(value)


def read_values(values: str) -> dict[str, Any]:
    """Return values by name, from lines like `colour: red` or an object of JSON.

    Raises:
        MediaError: A line gives no value, or the JSON is no object.
    """
    if values.lstrip().startswith(("{", "[", "```")):
        read = read_json(values)
        if not isinstance(read, dict):
            raise MediaError('The values are a list. Write an object with names: {"colour": "red"}.')
        return read
    found: dict[str, Any] = {}
    for line in filter(str.strip, values.splitlines()):
        name, colon, value = line.partition(":")
        if not colon or not re.fullmatch(NAME, name.strip()):
            raise MediaError(f"The line '{line.strip()[:60]}' gives no value. Write a name, a colon and a value.")
        found[name.strip()] = value.strip()
    return found


def row_values(table: Any) -> list[dict[str, Any]]:
    """Return the values of each row of a table by the names of its columns; empty cells are left out."""
    names = [str(name) for name in table.columns]
    present = table.notna().to_numpy().tolist()
    rows = zip(table.itertuples(index=False, name=None), present, strict=True)
    return [
        {name: cell for name, cell, there in zip(names, row, is_there, strict=True) if there} for row, is_there in rows
    ]
