"""How values are written in generated Python: exact, 88 columns wide, and as `ruff format` would leave them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

WIDTH = 88
"""How wide generated code is, in columns: ruff's default."""
STEP = 4
"""How far what is inside brackets stands to the right."""
_LEAST = 20
"""How many columns a piece of text has at least, however far to the right it stands."""
_WORD = re.compile(r"\n+|[^ \n]+ *| +")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Code(str):
    """Is a piece of code that stands among values as it is: the name of a variable, say."""

    __slots__ = ()


def literal(value: Any, *, indent: int = 0, before: str = "", after: str = "", width: int = WIDTH) -> str:
    """Return a value as Python writes it; what is too long for its line goes over several.

    The first line of what is returned continues the line on which `before` stands; `before` and `after` themselves are
    not in it.

    Args:
        value: A str, int, float, bool or None, a piece of `Code`, or a list, tuple or dict of these.
        indent: How many columns its statement or argument is indented.
        before: What stands before it on its line, after the indent: "prompt=".
        after: What follows it on its last line: ",".
        width: How many columns a line has.

    Raises:
        TypeError: It is something else, which has no literal.
    """
    line = flat(value)
    if indent + width_of(before) + width_of(line) + width_of(after) <= width:
        return line
    if isinstance(value, Code):
        return line
    if isinstance(value, str):
        return _wrapped(value, indent, width)
    if isinstance(value, Mapping) and value:
        items = [
            _item(each, indent + STEP, f"{literal(key, indent=indent + STEP, after=':', width=width)}: ", width)
            for key, each in value.items()
        ]
        return _exploded("{}", items, indent)
    if isinstance(value, list | tuple) and value:
        brackets = "[]" if isinstance(value, list) else "()"
        return _exploded(brackets, [_item(each, indent + STEP, "", width) for each in value], indent)
    return line


def flat(value: Any) -> str:
    """Return a value as Python writes it, on one line however long.

    Raises:
        TypeError: It has no literal.
    """
    if isinstance(value, Code):
        return str(value)
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list):
        return f"[{', '.join(map(flat, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(flat, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{flat(key)}: {flat(each)}' for key, each in value.items())}}}"
    raise TypeError(f"There is no literal of {type(value).__name__}.")


def call(name: str, arguments: Iterable[tuple[str, Any]], *, indent: int = 0, before: str = "") -> str:
    """Return a call, on one line where it fits and an argument a line where not.

    Args:
        name: What is called.
        arguments: (keyword, value) in order; a positional argument has the keyword "".
        indent: How many columns its statement is indented.
        before: What stands before it on its line: "image = ".
    """
    given = [(f"{keyword}=" if keyword else "", value) for keyword, value in arguments]
    line = f"{name}({', '.join(keyword + flat(value) for keyword, value in given)})"
    if not given or indent + width_of(before) + width_of(line) <= WIDTH:
        return line
    return name + _exploded("()", [_item(value, indent + STEP, keyword, WIDTH) for keyword, value in given], indent)


def width_of(text: str) -> int:
    """Return how many columns a line of text takes; characters of East Asia and emoji take two."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return 0 if unicodedata.category(character) in ("Mn", "Me", "Cf") else 1


def _item(value: Any, indent: int, before: str, width: int) -> str:
    return before + literal(value, indent=indent, before=before.rpartition("\n")[2], after=",", width=width)


def _exploded(brackets: str, items: list[str], indent: int) -> str:
    inside = "".join(f"\n{' ' * (indent + STEP)}{item}," for item in items)
    return f"{brackets[0]}{inside}\n{' ' * indent}{brackets[1]}"


def _number(value: float) -> str:
    if math.isfinite(value):
        return float.__repr__(value).replace("e+", "e")  # as ruff writes it
    return f'float("{value}")'


def _quoted(text: str) -> str:
    """Return a text in the quotes that need fewer escapes, double ones if it makes no difference."""
    quote = "'" if text.count("'") < text.count('"') else '"'
    return f"{quote}{''.join(_escaped(character, quote) for character in text)}{quote}"


def _escaped(character: str, quote: str) -> str:
    if character == quote:
        return f"\\{quote}"
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if character.isprintable() else repr(character)[1:-1]


def _wrapped(text: str, indent: int, width: int) -> str:
    """Return a text in parentheses, cut after spaces and after line ends."""
    room = max(width - indent - STEP, _LEAST)
    pieces = [text] if width_of(_quoted(text)) <= room else _pieces(text, room - 2)
    margin = " " * (indent + STEP)
    return "\n".join(["(", *(margin + _quoted(piece) for piece in pieces), f"{' ' * indent})"])


def _pieces(text: str, room: int) -> Iterator[str]:
    """Yield the text in pieces that take so many columns without their quotes; only a word longer than that is cut."""
    piece, taken = "", 0
    for word in _words(text, room):
        columns = _written(word)
        if piece and (taken + columns > room or (piece.endswith("\n") and not word.startswith("\n"))):
            yield piece
            piece, taken = "", 0
        piece, taken = piece + word, taken + columns
    if piece:
        yield piece


def _words(text: str, room: int) -> Iterator[str]:
    for match in _WORD.finditer(text):
        word, taken = "", 0
        for character in match[0]:
            columns = _written(character)
            if taken + columns > room:
                yield word
                word, taken = "", 0
            word, taken = word + character, taken + columns
        yield word


def _written(text: str) -> int:
    """Return how many columns a text takes at most, whatever its quotes are."""
    return sum(2 if character in "\"'" else width_of(_escaped(character, "")) for character in text)
