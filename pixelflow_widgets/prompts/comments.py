"""Comments in prompts: lines that begin with `#`, for whoever reads them; no model ever does."""

from __future__ import annotations

import re

_COMMENT = re.compile(r"^[^\S\r\n]*#[^\r\n]*(\r?\n)?", re.MULTILINE)


def spans(text: str) -> list[tuple[int, int]]:
    r"""Return where comments stand: (start, end) of each, without the end of its line.

    Args:
        text: Any text. A line that begins with \# is none.
    """
    return [(found.start(), found.end() - len(found[1] or "")) for found in _COMMENT.finditer(text)]


def without(text: str) -> str:
    """Return a text without the lines that are comments; a text that has none comes back as it is."""
    if "#" not in text:
        return text
    kept = _COMMENT.sub("", text)
    ends_with_one = any(end == len(text) for _, end in spans(text))
    return re.sub(r"\r?\n\Z", "", kept) if ends_with_one else kept


def masked(text: str) -> str:
    """Return a text with blanks in place of its comments: everything else keeps its place."""
    return _COMMENT.sub(lambda found: " " * (len(found[0]) - len(found[1] or "")) + (found[1] or ""), text)
