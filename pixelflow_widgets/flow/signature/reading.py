"""Values that came from outside, held against a signature: nothing is let in that the schema does not allow."""

from __future__ import annotations

import itertools
import math
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from ...errors import MediaError, ValuesRefused, nearest
from .entries import DRAWN, MAX_NUMBER, MAX_TEXT, Entry, Signature
from .json_schema import (
    MAX_COLUMNS,
    MAX_MEDIUM,
    MAX_ROWS,
    MEDIUM,
    MODALITIES,
    digits_up_to,
    is_text_seed,
    number_bounds,
)

Medium = Callable[[str, str], Any]
"""What stands for a medium, given its type and the text that a caller gave."""
MAX_PROBLEMS = 100
DRAWN_BITS = 32
"""As many as torch's generator reads."""
_MEDIUM = re.compile(MEDIUM)
_SEED = f"A seed is a whole number from {{low}} to {{high}}, or {DRAWN} for one that is drawn."
_WORDS = {"image": "a picture", "mask": "a mask", "audio": "a sound", "video": "a film"}


def checked_values(signature: Signature, values: Any, keep: Medium) -> dict[str, Any]:
    """Return what a caller gave as JSON that was checked and can be read again, with every seed drawn.

    Args:
        signature: Of the flow.
        values: What came, parsed.
        keep: Returns the id under which a medium is kept.

    Raises:
        ValuesRefused: Something does not fit; says all that does not.
    """
    return _Reader(keep, makes_tables=False).read(signature, values)


def read_values(signature: Signature, values: Any, media: Medium) -> dict[str, Any]:
    """Return the values of a flow's inputs for a run; those that are left out take their defaults.

    Args:
        signature: Of the flow.
        values: JSON, parsed: what a caller gave, or what `checked_values` made of it.
        media: Returns the medium of a type that a text stands for.

    Raises:
        ValuesRefused: Something does not fit; says all that does not.
    """
    return _Reader(media, makes_tables=True).read(signature, values)


class _Wrong(Exception):
    """Says what is wrong with a value, and where inside it."""

    def __init__(self, message: str, at: str = "") -> None:
        super().__init__(message)
        self.message, self.at = message, at


class _Reader:
    """Reads values, and gathers what is wrong with them.

    Args:
        medium: What stands for a medium.
        makes_tables: Tables become DataFrames; else they stay JSON.
    """

    def __init__(self, medium: Medium, *, makes_tables: bool) -> None:
        self._medium, self._makes_tables = medium, makes_tables
        self._problems: list[dict[str, str]] = []

    def read(self, signature: Signature, values: Any) -> dict[str, Any]:
        if not isinstance(values, Mapping):
            raise ValuesRefused([{"at": "", "message": "An object is wanted here: the flow's inputs by name."}])
        known = {entry.name: entry for entry in signature.inputs}
        for name in itertools.islice((name for name in values if name not in known), MAX_PROBLEMS):
            self._note(f"/{_pointed(str(name))}", _unknown(str(name)[:60], known))
        read: dict[str, Any] = {}
        for entry in known.values():
            if entry.name in values:
                self._read(entry, values[entry.name], read)
            elif entry.is_required:
                self._note(f"/{entry.name}", f"The input '{entry.name}' is missing.")
            elif entry.is_seed and entry.default == DRAWN:
                read[entry.name] = drawn(entry)
        if self._problems:
            raise ValuesRefused(self._problems[:MAX_PROBLEMS])
        return read

    def _read(self, entry: Entry, value: Any, read: dict[str, Any]) -> None:
        at = f"/{entry.name}"
        if not entry.type.many:
            self._one(entry, value, at, lambda one: read.__setitem__(entry.name, one))
            return
        if not isinstance(value, list):
            self._note(at, f"A list is wanted here, not {_kind(value)}.")
        elif len(value) > entry.limits["max_items"]:
            self._note(at, f"The list has {len(value)} items; at most {entry.limits['max_items']} are taken.")
        else:
            items: list[Any] = []
            for place, item in enumerate(value):
                self._one(entry, item, f"{at}/{place}", items.append)
            read[entry.name] = items

    def _one(self, entry: Entry, value: Any, at: str, take: Callable[[Any], object]) -> None:
        try:
            take(self._value(entry, value))
        except _Wrong as wrong:
            self._note(at + wrong.at, wrong.message)
        except MediaError as error:
            self._note(at, str(error))

    def _note(self, at: str, message: str) -> None:
        self._problems.append({"at": at, "message": message})

    def _value(self, entry: Entry, value: Any) -> Any:
        name = entry.type.name
        if entry.choices is not None:
            return _choice(entry.choices, value)
        if name in MODALITIES:
            return self._medium(name, _medium_text(name, value))
        match name:
            case "text":
                return _text(value, int(entry.limits["max_length"]))
            case "flag" if isinstance(value, bool):
                return value
            case "flag":
                raise _Wrong(f"true or false is wanted here, not {_kind(value)}.")
            case "int" if entry.is_seed:
                return _seed(entry, value)
            case "int":
                return _whole(entry, value)
            case "float":
                return _number(value, *number_bounds(entry))
            case "table":
                return self._table(value)
        raise _Wrong(f"No caller can give {entry.type} to a flow.")

    def _table(self, value: Any) -> Any:
        if not isinstance(value, Mapping) or value.keys() != {"columns", "rows"}:
            raise _Wrong('A table is wanted here: {"columns": [names], "rows": [[cells]]}.')
        columns, rows = value["columns"], value["rows"]
        _check_columns(columns)
        if not isinstance(rows, list) or len(rows) > MAX_ROWS:
            raise _Wrong(f"A list of at most {MAX_ROWS} rows is wanted here.", "/rows")
        for place, row in enumerate(rows):
            if not isinstance(row, list) or len(row) != len(columns):
                raise _Wrong(
                    f"A row is a list of as many cells as there are columns: {len(columns)}.", f"/rows/{place}"
                )
            for number, cell in enumerate(row):
                try:
                    _cell(cell)
                except _Wrong as wrong:
                    raise _Wrong(wrong.message, f"/rows/{place}/{number}") from None
        if not self._makes_tables:
            return {"columns": columns, "rows": rows}
        import pandas

        return pandas.DataFrame(rows, columns=columns)


def drawn(entry: Entry) -> int:
    """Return a seed by chance, within the limits of its input."""
    low, high = (int(bound) for bound in number_bounds(entry))
    low = max(low, 0)
    return low + secrets.randbelow(min(high - low + 1, 1 << DRAWN_BITS))


def _unknown(name: str, known: Mapping[str, Entry]) -> str:
    has = f"The inputs are: {', '.join(known)}." if known else "The flow has no inputs."
    return f"There is no input '{name}'.{nearest(name, known)} {has}"


def _pointed(name: str) -> str:
    return name[:60].replace("~", "~0").replace("/", "~1")


def _kind(value: Any) -> str:
    """Return what a JSON value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"the number {value}" if abs(value) < 10**40 else "so large a number"
    kinds = {bool: "true or false", str: "a text", list: "a list", dict: "an object"}
    return kinds.get(type(value), "this")


def _choice(choices: tuple[str, ...], value: Any) -> str:
    if not isinstance(value, str) or value not in choices:
        told = repr(value[:60]) if isinstance(value, str) else _kind(value)
        raise _Wrong(f"One of {', '.join(choices)} is wanted here, not {told}.")
    return value


def _text(value: Any, most: int) -> str:
    if not isinstance(value, str):
        raise _Wrong(f"A text is wanted here, not {_kind(value)}.")
    if len(value) > most:
        raise _Wrong(f"The text has {len(value)} characters; at most {most} are taken.")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _Wrong("The text holds half a character (a lone surrogate).") from None
    return value


def _medium_text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong(f"{_WORDS[name].capitalize()} is wanted here, as text in base64; this is {_kind(value)}.")
    if len(value) > MAX_MEDIUM:
        raise _Wrong(f"A medium has at most {MAX_MEDIUM} characters in base64; this one has {len(value)}.")
    if not _MEDIUM.fullmatch(value):
        raise _Wrong(
            f"{_WORDS[name].capitalize()} comes as base64, as a data: URL in base64, or as the id of an upload "
            "(up_…). Addresses are not fetched, and paths are not read."
        )
    return value


def _integer(value: Any) -> int:
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)  # JSON does not tell 5.0 from 5
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Wrong(f"A whole number is wanted here, not {_kind(value)}.")
    return value


def _whole(entry: Entry, value: Any) -> int:
    number = _integer(value)
    _check_bounds(number, *number_bounds(entry))
    if "step" in entry.limits and number % entry.limits["step"]:
        raise _Wrong(f"{number} is not a multiple of {entry.limits['step']}.")
    return number


def _seed(entry: Entry, value: Any) -> int:
    low, high = number_bounds(entry)
    if isinstance(value, str) and is_text_seed(entry):
        if not re.fullmatch(digits_up_to(int(high)), value):
            raise _Wrong(_SEED.format(low=low, high=high))
        value = int(value)
    number = _integer(value)
    if number == DRAWN:
        return drawn(entry)
    if not low <= number <= high:
        raise _Wrong(_SEED.format(low=low, high=high))
    return number


def _number(value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise _Wrong(f"A number is wanted here, not {_kind(value)}.")
    _check_bounds(value, low, high)
    return float(value)


def _check_bounds(number: float, low: float, high: float) -> None:
    if number < low:
        raise _Wrong(f"{_kind(number).capitalize()} is too little; it is at least {low}.")
    if number > high:
        raise _Wrong(f"{_kind(number).capitalize()} is too much; it is at most {high}.")


def _check_columns(columns: Any) -> None:
    is_list = isinstance(columns, list) and len(columns) <= MAX_COLUMNS
    if not is_list or not all(isinstance(name, str) and len(name) <= 200 for name in columns):
        raise _Wrong(f"A list of at most {MAX_COLUMNS} names is wanted here.", "/columns")
    for name in columns:
        _text(name, 200)
    if len(set(columns)) < len(columns):
        raise _Wrong("Two columns have the same name.", "/columns")


def _cell(cell: Any) -> None:
    if isinstance(cell, str):
        _text(cell, MAX_TEXT)
    elif isinstance(cell, int | float) and not isinstance(cell, bool):
        _number(cell, -MAX_NUMBER, MAX_NUMBER)
    elif cell is not None and not isinstance(cell, bool):
        raise _Wrong(f"A cell is a text, a number, true, false or null, not {_kind(cell)}.")
