"""The table of what a body was given and gave, turn by turn."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import PIL.Image

THUMBNAIL = 96
"""Pixels of the longer side of a picture in a table."""
_SCALARS = (str, int, float, bool)


def turns_table(
    given: Sequence[Mapping[str, Any]],
    outputs: Sequence[Mapping[str, Any]],
    errors: Mapping[int, str] | None = None,
) -> Any:
    """Return a DataFrame with a row a turn: parameters, texts and numbers that came out, pictures as small ones.

    Args:
        given: What each turn was given.
        outputs: What it gave.
        errors: Why turns failed, by number; the column is left out where there are none.

    Returns:
        A pandas DataFrame; a picture is the text of a data address of a PNG, which an `<img>` shows.
    """
    import pandas

    rows: list[dict[str, Any]] = []
    for number, parameters in enumerate(given):
        row = dict(parameters)
        for name, value in outputs[number].items():
            cell = _cell(value)
            if cell is not None:
                row[name if name not in parameters else f"{name}_out"] = cell
        if errors:
            row["error"] = errors.get(number, "")
        rows.append(row)
    return pandas.DataFrame(rows)


def _cell(value: Any) -> Any:
    if isinstance(value, _SCALARS):
        return value
    return thumbnail(value) if isinstance(value, PIL.Image.Image) else None


def thumbnail(picture: PIL.Image.Image) -> str:
    """Return a picture, made small, as the data address of a PNG."""
    small = picture.convert("RGBA" if "A" in picture.getbands() else "RGB")
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    buffer = io.BytesIO()
    small.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
