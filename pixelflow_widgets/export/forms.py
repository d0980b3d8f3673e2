"""The forms in which a flow goes out, the file of each, and how a file that is there would change."""

from __future__ import annotations

import difflib
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ExportError
from ..flow.file import write_atomically
from ..flow.media_files import references

if TYPE_CHECKING:
    from .exportable import ExportableFlow

MOST_LINES = 400
"""Of a difference; more is not read."""


class Form(StrEnum):
    """Is what a flow can be written as."""

    SCRIPT = "script"
    BUILDER = "builder"
    NOTEBOOK = "notebook"
    SVG = "svg"
    MERMAID = "mermaid"


_ENDINGS = {
    Form.SCRIPT: ".py",
    Form.BUILDER: "_flow.py",
    Form.NOTEBOOK: ".ipynb",
    Form.SVG: ".svg",
    Form.MERMAID: ".mmd",
}


def text_of(flow: ExportableFlow, form: Form) -> str:
    """Return a flow as the text of a file.

    Raises:
        ExportError: It cannot be written so; says why.
    """
    if form is Form.NOTEBOOK:
        import nbformat

        return nbformat.writes(flow.to_notebook()).rstrip("\n") + "\n"
    writers = {
        Form.SCRIPT: flow.to_script,
        Form.BUILDER: flow.to_builder,
        Form.SVG: flow.to_svg,
        Form.MERMAID: flow.to_mermaid,
    }
    return writers[form]()


def file_name(name: str, form: Form) -> str:
    """Return what the file of a form is called by itself: "poster" gives "poster.py"."""
    return f"{name}{_ENDINGS[form]}"


def content_before(path: Path) -> bytes | None:
    """Return what a file holds that is to be written, or None where there is none yet.

    Raises:
        ExportError: Nothing can be written there.
    """
    if not path.parent.is_dir():
        raise ExportError(f"There is no folder '{path.parent}' to write '{path.name}' into. Make it first.")
    if path.is_dir():
        raise ExportError(f"'{path}' is a folder. Name a file in it: {path / 'flow.py'}")
    return path.read_bytes() if path.exists() else None


def write(flow: ExportableFlow, path: Path, text: str) -> None:
    """Write the text of a flow, and beside it the media that it reads."""
    write_atomically(path, text.encode())
    name = f"{flow.document['name']}.media"
    if read := {reference for reference in references(flow.document) if name in text and reference in text}:
        flow.media.write_to(path.parent / name, read)


def difference(path: Path, before: bytes, text: str) -> list[str]:
    """Return how a file would change, as the lines of a unified difference; the first ones, where they are many."""
    try:
        lines_before = before.decode().splitlines()
    except UnicodeDecodeError:
        return [f"{path} holds no text: {len(before):,} bytes."]
    lines = list(difflib.unified_diff(lines_before, text.splitlines(), str(path), "the flow", lineterm=""))
    rest = len(lines) - MOST_LINES
    lines = [*lines[:MOST_LINES], *([f"… and {rest} more lines"] if rest > 0 else [])]
    return [_harmless(line) for line in lines]


def _harmless(line: str) -> str:
    """Return a line without what a terminal would obey: a title may hold anything."""
    return "".join(letter if letter.isprintable() or letter == "\t" else "�" for letter in line)
