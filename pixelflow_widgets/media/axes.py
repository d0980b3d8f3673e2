r"""The axes of a grid as text: one line an axis, its name, a colon, and its values with | between them.

    prompt: a red circle | a blue star
    weight: none | 0.5 | 1

The word none stands for no value; in double quotes it is a text like any other. A bar inside a value is written `\|`, a
new line `\n` and a backslash `\\`.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import MediaError, nearest

MAX_CELLS = 10_000
_NONE = "none"
_ESCAPES = {"n": "\n", "r": "\r"}
_PIECES = re.compile(r"\\.|\||[^\\|]+|\\")


def read_axes(text: str, names: Iterable[str]) -> dict[str, list[str | None]]:
    """Return the values of each axis by the name of its input, in the order of the lines; None is no value.

    Args:
        text: The axes.
        names: Which inputs there are; a name may be written with spaces and capitals: "Negative prompt".

    Raises:
        MediaError: A line is no axis, names no input or one that another line has, or there are too many cells.
    """
    known = {_plain(name): name for name in names}
    axes: dict[str, list[str | None]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        written, colon, rest = line.partition(":")
        who = f"Line {number} of the axes, '{_short(line.strip())}',"
        if not colon or not written.strip():
            raise MediaError(f"{who} names no input. Write its name, a colon and values: prompt: a circle | a star")
        name = known.get(_plain(written))
        if name is None:
            has = ", ".join(known.values()) or "none"
            hint = nearest(_plain(written), known)
            raise MediaError(
                f"{who} names an input '{_short(written.strip())}' that is not there.{hint} Inputs: {has}."
            )
        if name in axes:
            raise MediaError(f"{who} is the second for '{name}'. Put all its values into one line.")
        if not rest.strip():
            raise MediaError(f"{who} has no values. Write them behind the colon, with | between them.")
        axes[name] = [_read_value(value) for value in _split(rest)]
    if not axes:
        raise MediaError("A grid has at least one axis. Write a line for each: prompt: a red circle | a blue star")
    if (count := count_cells(axes)) > MAX_CELLS:
        sizes = " x ".join(str(len(values)) for values in axes.values())
        raise MediaError(f"This grid has {sizes} = {count:,} cells; at most {MAX_CELLS:,} are made. Take values away.")
    return axes


def write_axes(axes: Mapping[str, Sequence[Any]]) -> str:
    """Return the text that `read_axes` reads back: each value as text, None as the word none."""
    return "\n".join(f"{name}: {' | '.join(map(_write_value, values))}" for name, values in axes.items())


def count_cells(axes: Mapping[str, Sequence[Any]]) -> int:
    """Return how many cells a grid has."""
    return math.prod(len(values) for values in axes.values())


def crossed(axes: Mapping[str, Sequence[str | None]]) -> list[dict[str, str | None]]:
    """Return the values of every cell by axis; the last axis runs fastest."""
    return [dict(zip(axes, cell, strict=True)) for cell in itertools.product(*axes.values())]


def _plain(name: str) -> str:
    return re.sub(r"[\s_]+", "_", name.strip()).lower()


def _split(line: str) -> list[str]:
    values = [""]
    for piece in _PIECES.findall(line):
        if piece == "|":
            values.append("")
        else:
            values[-1] += piece
    return values


def _read_value(written: str) -> str | None:
    text = written.strip()
    if text.lower() == _NONE:
        return None
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text)


def _write_value(value: Any) -> str:
    if value is None:
        return _NONE
    text = str(value).replace("\\", "\\\\").replace("|", "\\|")
    text = text.replace("\n", "\\n").replace("\r", "\\r")
    is_quoted = text != text.strip() or text.lower() == _NONE or not text or (text[0] == text[-1] == '"')
    return f'"{text}"' if is_quoted else text


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
