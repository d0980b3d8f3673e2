"""How values are written in generated Python: exact, 88 columns wide, and as `ruff format` would leave them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

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


class Call(NamedTuple):
    """Is a call that stands among values.

    Args:
        name: What is called.
        arguments: (keyword, value) in order; a positional argument has the keyword "".
    """

    name: str
    arguments: tuple[tuple[str, Any], ...]


class Generic(NamedTuple):
    """Is a type of types that stands among values: `list[...]`, `Literal[...]`.

    Args:
        name: What stands before the brackets.
        items: What stands in them, at least one.
    """

    name: str
    items: tuple[Any, ...]


def literal(value: Any, *, indent: int = 0, before: str = "", after: str = "", width: int = WIDTH) -> str:
    """Return a value as Python writes it; what is too long for its line goes over several.

    The first line of what is returned continues the line on which `before` stands; `before` and `after` themselves are
    not in it.

    Args:
        value: A str, int, float, bool or None, a piece of `Code`, a `Call`, a `Generic`, or a list, tuple or dict of
            these.
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
    if isinstance(value, Code) or not value:
        return line
    if isinstance(value, str):
        return _wrapped(value, indent, width)
    if isinstance(value, Call):
        return (
            value.name + _exploded("()", _arguments(value, indent + STEP, width), indent) if value.arguments else line
        )
    if isinstance(value, Generic):
        items = [_item(each, indent + STEP, "", width) for each in value.items]
        return value.name + _exploded("[]", items, indent, last="," if len(items) > 1 else "")
    if isinstance(value, Mapping):
        items = [_entry(key, each, indent + STEP, width) for key, each in value.items()]
        return _exploded("{}", items, indent)
    if isinstance(value, list | tuple):
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
    if isinstance(value, Generic):
        return f"{value.name}[{', '.join(map(flat, value.items))}]"
    if isinstance(value, Call):
        return f"{value.name}({', '.join(before + flat(each) for before, each in _given(value))})"
    if isinstance(value, list):
        return f"[{', '.join(map(flat, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(flat, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{flat(key)}: {flat(each)}' for key, each in value.items())}}}"
    raise TypeError(f"There is no literal of {type(value).__name__}.")


def call(name: str, arguments: Iterable[tuple[str, Any]], *, indent: int = 0, before: str = "", after: str = "") -> str:
    """Return a call, on one line where it fits and an argument a line where not.

    Args:
        name: What is called.
        arguments: As of `Call`.
        indent: As for `literal`.
        before: As for `literal`: "image = ".
        after: As for `literal`.
    """
    return literal(Call(name, tuple(arguments)), indent=indent, before=before, after=after)


def _given(value: Call) -> Iterator[tuple[str, Any]]:
    return ((f"{keyword}=" if keyword else "", each) for keyword, each in value.arguments)


def _arguments(value: Call, indent: int, width: int) -> list[str]:
    return [_item(each, indent, before, width) for before, each in _given(value)]


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


def _entry(key: Any, value: Any, indent: int, width: int) -> str:
    """Return an entry of a dict; a value that stands on one line in any case leaves its name the less room."""
    goes_over_lines = bool(value) and isinstance(value, str | list | tuple | Mapping) and not isinstance(value, Code)
    after = ":" if goes_over_lines else f": {flat(value)},"
    return _item(value, indent, f"{literal(key, indent=indent, after=after, width=width)}: ", width)


def _exploded(brackets: str, items: list[str], indent: int, last: str = ",") -> str:
    inside = ",".join(f"\n{' ' * (indent + STEP)}{item}" for item in items)
    return f"{brackets[0]}{inside}{last}\n{' ' * indent}{brackets[1]}"


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
