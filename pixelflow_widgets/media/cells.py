"""Values as tables and axes hold them: numbers may be written as text, and an empty cell says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import MediaError

_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_WANTED = {"int": "a whole number", "float": "a number", "flag": "true or false"}


def is_empty(cell: Any) -> bool:
    """Return whether a cell holds nothing: None, or what is not equal to itself (NaN)."""
    return cell is None or cell != cell


def read_cell(kind: str, cell: Any) -> Any:
    """Return the value of a cell for an input of a kind ("text", "int", "float", "flag" …); other kinds stay.

    Raises:
        MediaError: A text is no such number.
    """
    if isinstance(cell, str) and kind in _WANTED:
        return _number(kind, cell.strip())
    if kind == "text" and not isinstance(cell, str):
        return str(cell)
    if kind == "int" and isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return cell


def _number(kind: str, text: str) -> Any:
    try:
        if kind == "flag":
            return _FLAGS[text.lower()]
        return int(text) if kind == "int" else float(text)
    except (KeyError, ValueError):
        raise MediaError(f"'{text[:40]}' is not {_WANTED[kind]}.") from None


def read_rows(rows: Any, kinds: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what each row of a DataFrame gives to the inputs that its columns are named like.

    Args:
        rows: The DataFrame.
        kinds: Which inputs there are, and of which kind.
    """
    names = [str(column) for column in rows.columns if str(column) in kinds]
    return [
        {
            name: read_cell(kinds[name], cell.item() if hasattr(cell, "item") else cell)
            for name, cell in zip(names, row, strict=True)
            if not is_empty(cell)
        }
        for row in rows[names].itertuples(index=False, name=None)
    ]
