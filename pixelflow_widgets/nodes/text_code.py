"""How a text with placeholders is written into scripts: as an f-string, where it stands in the flow."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator

from ..errors import MediaError
from ..schema.exporting import Writing, items_of

_LONGEST = 2_000
"""Of a text that is written out; a longer one is a constant, which a copied function fills in."""
_WITHIN = re.compile(r"\{\s*\d+\s*[.\[]")
"""A placeholder that looks into a text."""
_WIDTH = 70


def write_template(at: Writing) -> None:
    """Write a text with its placeholders filled in."""
    items = items_of(at.code("texts")) if at.is_set("texts") else []
    pieces = _pieces(at, len(items)) if items is not None else None
    if items is None or pieces is None:
        at.copy()
        return
    names: dict[int, str] = {}
    parts: list[tuple[str, bool]] = []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append((piece, False))
            continue
        item = ast.parse(items[piece], mode="eval").body
        if isinstance(item, ast.Constant):
            parts.append((str(item.value), False))
            continue
        if piece not in names and not isinstance(item, ast.Name):
            names[piece] = at.local("text")
            at.line(f"{names[piece]} = {items[piece]}")
        parts.append((names.get(piece, items[piece]), True))
    at.give(text=as_code(parts))


def _pieces(at: Writing, count: int) -> list[str | int] | None:
    """Return what the text consists of, words and numbers of texts; None where only the run knows it."""
    if not all(at.is_fixed(port) for port in ("text", "values", "missing")):
        return None
    text, values = at.known("text"), at.known("values")
    marks = [f"\x00{number}\x01" for number in range(count)]
    is_plain = len(text) <= _LONGEST and not _WITHIN.search(text) and "\x00" not in text + values
    try:
        filled = inspect.unwrap(at.node_type.function)(text, values, marks, at.known("missing")) if is_plain else ""
    except MediaError:  # the run will say so, and so will the script
        return None
    if not is_plain or len(filled) > 2 * _LONGEST:
        return None
    return pieces_of(filled)


def pieces_of(marked: str) -> list[str | int]:
    r"""Return the words and numbers of a text that has \0number\1 where something else is to stand."""
    every = re.split("\x00(\\d+)\x01", marked)
    return [int(one) if place % 2 else one for place, one in enumerate(every)]


def as_code(parts: list[tuple[str, bool]]) -> str:
    """Return (text, whether it is a name) as an f-string, on lines of a good length."""
    if not any(is_name for _, is_name in parts):
        return _in_lines("".join(text for text, _ in parts), "")
    whole = (f"{{{text}}}" if is_name else text.replace("{", "{{").replace("}", "}}") for text, is_name in parts)
    return _in_lines("".join(whole), "f")


def _in_lines(text: str, prefix: str) -> str:
    lines = [f"{prefix}{line!r}" for line in _wrapped(text)]
    return lines[0] if len(lines) == 1 else "(" + "\n".join(lines) + ")"


def _wrapped(text: str) -> Iterator[str]:
    """Yield a text in parts that end behind a space or with a line."""
    line = ""
    for word in re.findall(r"[^ \n]*[ \n]|[^ \n]+", text):
        if line and (len(line) + len(word) > _WIDTH or line.endswith("\n")):
            yield line
            line = ""
        line += word
    yield line
