"""Where edits by hand go of a flow that code made: `.pixelflow/<notebook>/<name>.flow.json` in the working folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import FlowFileError
from ..media import blake3_hex
from . import opened
from .file import file_digest
from .opened import OpenFile
from .versions import Versions

FOLDER = ".pixelflow"
MAX_DRAFTS = 100
"""Drafts of one name in one notebook."""


@dataclass
class Draft:
    """Is the place for edits by hand; nothing is there before the first of them.

    Args:
        path: The file; where it is taken when the first edit comes, another one is found.
        asked: The file, while somebody is asked whether to keep what it holds.
    """

    path: Path
    asked: OpenFile | None = None


def folder() -> Path:
    """Return where the drafts of this notebook lie."""
    notebook = Path(os.environ.get("JPY_SESSION_NAME", "")).stem
    place = Path.cwd() / FOLDER
    return place / _file_name(notebook) if notebook else place


def _file_name(name: str) -> str:
    """Return a name that is safe as that of a file; other names do not become the same one."""
    kept = re.sub(r"[^\w. -]", "_", name).encode()[:80].decode(errors="ignore").strip(" .")
    if kept and kept == name:
        return kept
    return f"{kept or 'flow'}-{blake3_hex(name.encode('utf-8', 'surrogatepass'))[:8]}"


def choose(name: str, content: bytes) -> Path:
    """Return the draft of a flow.

    Several flows of a notebook may have one name: of their drafts the one is taken that began from, or once held, what
    the code has made, else the first.

    Args:
        name: Name of the flow.
        content: What its file would hold now.
    """
    first = folder() / f"{_file_name(name)}.flow.json"
    there = [path for path in _numbered(first) if path.exists()]
    digest = file_digest(content)
    same = [path for path in there if Versions(path).find(digest) is not None] if len(there) > 1 else []
    return (same or there or [first])[0]


def take_free(wished: Path) -> OpenFile:
    """Take the wished file, or one beside it, where no draft is yet.

    Raises:
        FlowFileError: There are too many drafts.
    """
    for path in _numbered(wished):
        with opened.guard:
            if path.exists() or opened.flow_of(path) is not None:
                continue
            try:
                held = OpenFile.take(path, patience=0)
            except FlowFileError:
                continue
            if not path.exists():
                return held
            held.release()
    raise FlowFileError(f"There are {MAX_DRAFTS} drafts beside {wished}. Remove those that nobody needs.")


def _numbered(path: Path) -> Iterator[Path]:
    name = path.name.removesuffix(".flow.json")
    yield path
    for number in range(2, MAX_DRAFTS + 1):
        yield path.with_name(f"{name}-{number}.flow.json")
