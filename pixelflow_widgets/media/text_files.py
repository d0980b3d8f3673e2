"""Texts in files."""

from __future__ import annotations

import io
from pathlib import Path

from ..errors import MediaError

TEXTS = (".txt", ".md", ".json", ".jsonl", ".csv", ".srt", ".vtt", ".html", ".xml", ".yaml", ".yml")


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8, with or without a mark at its beginning.

    Raises:
        MediaError: It is in another encoding.
    """
    return text_of(path.read_bytes(), str(path))


def text_of(content: bytes, name: str) -> str:
    """Return the text of the bytes of a file, as `read_text` does; lines end in a line feed.

    Raises:
        MediaError: It is in another encoding; says the name.
    """
    try:
        return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig").read()
    except UnicodeDecodeError:
        raise MediaError(f"'{name}' is no text in UTF-8. Save it again in UTF-8.") from None
