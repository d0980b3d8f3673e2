"""The way back from a plain script: the flow rides in its last comment, with the digest of the code above."""

from __future__ import annotations

import ast
import base64
import binascii
import difflib
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ExportError, FlowFileError, MediaError
from ..flow import document as doc
from ..flow.document import Document
from ..flow.file import check_shape, upgrade
from ..flow.media_files import PLAIN, MediaFiles, to_json
from ..schema.port_types import read_port_type
from .trailer import MARK, MAX_BYTES, digest_of


@dataclass(frozen=True)
class ReadScript:
    """Is what a script holds.

    Args:
        document: The flow that rides in it.
        media: The media beside it.
        code: The script without the flow.
        is_edited: The code is not what was written from that flow.
        make: Makes a flow of a document and its media.
        kept: What of the edits the flow can take over, in words: new defaults of `main`.
        lost: Edits that it cannot: lines that are others now.
        updated: The flow with what can be kept.
    """

    document: Document
    media: MediaFiles
    code: str
    is_edited: bool
    make: Callable[[Document, MediaFiles], Any] = field(repr=False)
    kept: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    updated: Document | None = None

    def check(self) -> None:
        """Check that the script is as it was written.

        Raises:
            ExportError: It was edited; says what can be kept.
        """
        if not self.is_edited:
            return
        kept = f"The flow can take over {', '.join(self.kept)}. " if self.kept else ""
        lost = f"{len(self.lost)} other lines would be lost. " if self.lost else ""
        raise ExportError(
            f"The code of this script was edited since it was written from its flow. {kept}{lost}"
            "pf.Flow.read_script(...) shows both, and its .flow() is the flow with what can be kept."
        )

    def flow(self) -> Any:
        """Return the flow, with those edits that it can take over."""
        return self.make(self.updated or self.document, self.media)


def read_script(script: str | Path, make: Callable[[Document, MediaFiles], Any]) -> ReadScript:
    """Return what a script holds; nothing of it is run.

    Args:
        script: The file, or its text.
        make: Makes a flow of a document and its media.

    Raises:
        ExportError: No flow rides in it, or it is damaged.
    """
    path = script if isinstance(script, Path) else None
    if path is None and "\n" not in str(script) and str(script).endswith(".py"):
        path = Path(script)
    text = _text_of(path) if path is not None else str(script)
    code, digest, document = _taken_apart(text.replace("\r\n", "\n"))
    folder = path.parent / f"{document['name']}.media" if path is not None else None
    media = MediaFiles(folder)
    if digest_of(code) == digest:
        return ReadScript(document, media, code, False, make)
    return _compared(document, media, code, make)


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ExportError(f"{path.name} is larger than {MAX_BYTES // 1024**2} MB, which no script of a flow is.")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ExportError(f"{path.name} cannot be read: {error}") from None


def _taken_apart(text: str) -> tuple[str, str, Document]:
    """Return (the code, the digest that it had, the flow)."""
    lines = text.splitlines(keepends=True)
    marked = [line for line in lines if line.startswith(MARK)]
    if not marked:
        raise ExportError(
            "No flow rides in this script: it was not written by pixelflow, or its last comment was taken away. "
            "Foreign code is not guessed at; a @pf.node function around it makes it a node."
        )
    first = lines.index(marked[0])
    code = "".join(lines[:first])
    code = code[:-1] if code.endswith("\n\n") else code
    words = [line.removeprefix(MARK).strip() for line in marked]
    try:
        packed = base64.b64decode("".join(words[1:]), validate=True)
        decoder = zlib.decompressobj()
        plain = decoder.decompress(packed, MAX_BYTES)
        if decoder.unconsumed_tail or not decoder.eof:
            raise ExportError("The flow in this script is cut off, or larger than a flow can be.")
        document = upgrade(check_shape(json.loads(plain)))
    except (binascii.Error, zlib.error, ValueError, FlowFileError, RecursionError) as error:
        raise ExportError(f"The flow in this script is damaged: {str(error)[:200]}") from None
    return code, words[0].removeprefix("sha256="), document


def _compared(
    document: Document, media: MediaFiles, code: str, make: Callable[[Document, MediaFiles], Any]
) -> ReadScript:
    """Return what was edited, by writing the flow once more and comparing."""
    from .script import code_of

    kept, updated = _new_defaults(document, code)
    try:
        before = code_of(make(updated, media)).splitlines()
        lines = difflib.unified_diff(before, code.splitlines(), lineterm="", n=0)
        lost = [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    except ExportError as error:
        lost = [str(error)]
    return ReadScript(document, media, code, True, make, kept, lost, updated)


def _new_defaults(document: Document, code: str) -> tuple[list[str], Document]:
    """Return (what can be kept, the flow with it): literals that are the defaults of `main` now."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ExportError(f"The code of this script is no Python any more: {error}") from None
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    main = next((node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main"), None)
    if main is None:
        return [], document
    plain = main.args.args[len(main.args.args) - len(main.args.defaults) :]
    defaults = {argument.arg: value for argument, value in zip(plain, main.args.defaults, strict=True)}
    kept, entries = [], []
    for entry in document["inputs"]:
        name = str(entry.get("name")) if isinstance(entry, dict) else ""
        node = defaults.get(name, defaults.get(f"{name}_"))
        node = constants.get(node.id, node) if isinstance(node, ast.Name) else node
        changed = _changed(entry, node) if doc.is_input(entry) and node is not None else None
        if changed is not None:
            kept.append(f"{name}={changed!r}"[:80])
            entry = {**entry, "default": changed}
        entries.append(entry)
    return kept, {**document, "inputs": entries}


def _changed(entry: Any, node: ast.expr) -> Any:
    """Return the new default of an input as JSON, or None where it is the same or cannot be read."""
    port_type = read_port_type(entry["type"])
    if port_type.name not in PLAIN or port_type.name == "model":
        return None
    try:
        value = port_type.check(ast.literal_eval(node))
        stored = to_json(port_type, value, MediaFiles())
    except (ValueError, MediaError, SyntaxError, TypeError, RecursionError):
        return None
    return stored if stored != entry.get("default") else None
