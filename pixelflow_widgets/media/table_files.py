"""Tables in files: CSV, TSV, JSON, lines of JSON, Parquet."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..errors import MediaError
from .text_files import read_text

TABLES = (".csv", ".tsv", ".json", ".jsonl", ".parquet")
SEPARATORS: Mapping[str, str] = MappingProxyType({"comma": ",", "semicolon": ";", "tab": "\t"})


def read_table(path: Path, separator: str = "") -> Any:
    """Return the table of a file.

    Args:
        path: The ending says what it is; one that is not known is read as CSV.
        separator: What stands between two columns of a CSV; empty is what the row of names holds most of.

    Raises:
        MediaError: It is no table; says why.
    """
    import pandas

    ending = path.suffix.lower()
    try:
        if ending == ".parquet":
            return pandas.read_parquet(path)
        text = read_text(path)
        if ending in (".json", ".jsonl"):
            return pandas.read_json(io.StringIO(text), lines=ending == ".jsonl")
        return pandas.read_csv(io.StringIO(text), sep=separator or ("\t" if ending == ".tsv" else _separator(text)))
    except ImportError:
        raise _without_parquet() from None
    except MediaError:
        raise
    except (ValueError, OSError) as error:  # of pandas: no columns, rows of unequal length; of Parquet: no such file
        raise MediaError(f"'{path}' cannot be read as a table: {error}") from error


def table_file(table: Any, ending: str) -> bytes:
    """Return a table as a file.

    Args:
        table: Its index is written only if it has a name.
        ending: One of TABLES.

    Raises:
        MediaError: The library that writes it is not installed, or a column cannot be written.
    """
    has_index = any(name is not None for name in table.index.names)
    try:
        if ending == ".parquet":
            return table.to_parquet(index=has_index)
        if ending in (".json", ".jsonl"):
            rows = table.reset_index() if has_index else table
            text = rows.to_json(orient="records", lines=ending == ".jsonl", force_ascii=False, date_format="iso")
            return text.encode()
        return table.to_csv(index=has_index, sep="\t" if ending == ".tsv" else ",").encode()
    except ImportError:
        raise _without_parquet() from None
    except (ValueError, TypeError) as error:
        raise MediaError(f"This table cannot be written as {ending[1:]}: {error}") from error


def _without_parquet() -> MediaError:
    return MediaError("Parquet wants the package pyarrow: pip install pyarrow. Or use a CSV.")


def _separator(text: str) -> str:
    """Return the mark that the row of column names holds most of."""
    head = text.lstrip().partition("\n")[0]
    return max((",", ";", "\t"), key=head.count)
