"""How a pandas DataFrame is stored without loss and without pickle: each column as an array, or as JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..errors import MediaError
from .framing import decode_array, encode_array, framed, unframed
from .values import canonical_json

# dtypes of pandas itself whose values JSON can hold.
_LISTED = {"object", "str", "string", "boolean", "Float32", "Float64"} | {
    f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)
}


def encode_table(frame: Any) -> bytes:
    """Return the bytes of a table.

    Raises:
        MediaError: A column holds something other than numbers, text, dates and categories; names it.
    """
    import pandas

    if frame.columns.nlevels > 1:
        raise MediaError("A table has one row of column names. Join the levels into one: 'group/name'.")
    header: dict[str, Any] = {
        "names": _plain(frame.columns.tolist(), "The row of column names"),
        "levels": _plain(list(frame.index.names), "The index"),
    }
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    if type(frame.index) is pandas.RangeIndex:
        header["range"] = [frame.index.start, frame.index.stop, frame.index.step]
    else:
        columns += [frame.index.get_level_values(level) for level in range(frame.index.nlevels)]
    return framed(header, *(_encode_column(column) for column in columns))


def decode_table(data: bytes) -> Any:
    """Return the table of those bytes."""
    import pandas

    header, parts = unframed(data)
    columns = [_decode_column(part) for part in parts]
    names, levels = header["names"], header["levels"]
    if "range" in header:
        index: Any = pandas.RangeIndex(*header["range"], name=levels[0])
    elif len(levels) == 1:
        index = pandas.Index(columns[len(names)], name=levels[0])
    else:
        index = pandas.MultiIndex.from_arrays(columns[len(names) :], names=levels)
    frame = pandas.DataFrame(dict(enumerate(columns[: len(names)])))
    if not names:
        return pandas.DataFrame(index=index)
    frame.columns, frame.index = names, index
    return frame


def _encode_column(column: Any) -> bytes:
    import pandas

    dtype = column.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        categorical = pandas.Categorical(column)
        parts = encode_array(categorical.codes), _encode_column(categorical.categories)
        return framed({"kind": "category", "ordered": bool(dtype.ordered)}, *parts)
    if isinstance(dtype, pandas.DatetimeTZDtype):
        moments = pandas.DatetimeIndex(column).tz_convert("UTC").tz_localize(None)
        return framed({"kind": "moments", "zone": str(dtype.tz)}, encode_array(moments.to_numpy()))
    if isinstance(dtype, np.dtype) and dtype.kind in "biufcmM":
        return framed({"kind": "array"}, encode_array(column.to_numpy()))
    if str(dtype) not in _LISTED:
        raise MediaError(f"The column '{column.name}' of a table is of type {dtype}, which cannot be stored.")
    items = [item.item() if isinstance(item, np.generic) else item for item in column.tolist()]
    if str(dtype) != "object":
        items = [None if gone else item for gone, item in zip(column.isna(), items, strict=True)]
    listed = _plain(items, f"The column '{column.name}' of a table")
    return framed({"kind": "list", "dtype": str(dtype)}, canonical_json(listed).encode())


def _plain(items: list[Any], who: str) -> list[Any]:
    for item in items:
        if type(item) not in (str, int, float, bool, type(None)):
            raise MediaError(f"{who} holds {type(item).__name__}; numbers, texts, dates and categories can be stored.")
    return items


def _decode_column(data: bytes) -> Any:
    import pandas

    header, parts = unframed(data)
    match header["kind"]:
        case "array":
            return pandas.Series(decode_array(parts[0]))
        case "category":
            categories = pandas.Index(_decode_column(parts[1]))
            codes = decode_array(parts[0])
            return pandas.Series(pandas.Categorical.from_codes(codes, categories, ordered=header["ordered"]))
        case "moments":
            moments = pandas.DatetimeIndex(decode_array(parts[0]))
            return pandas.Series(moments.tz_localize("UTC").tz_convert(header["zone"]))
        case "list" if header["dtype"] in _LISTED:
            return pandas.Series(json.loads(parts[0]), dtype=header["dtype"])
    raise MediaError("This table holds a column that this version does not know.")
