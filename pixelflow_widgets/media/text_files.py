"""Texts in files."""

from __future__ import annotations

from pathlib import Path

from ..errors import MediaError

TEXTS = (".txt", ".md", ".json", ".jsonl", ".csv", ".srt", ".vtt", ".html", ".xml", ".yaml", ".yml")


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8, with or without a mark at its beginning.

    Raises:
        MediaError: It is in another encoding.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise MediaError(f"'{path}' is no text in UTF-8. Save it again in UTF-8.") from None
