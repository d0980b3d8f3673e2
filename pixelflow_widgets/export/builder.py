"""`flow.to_builder()`: a flow as the Python that builds it, as a person would write it; it reads back to an equal flow.

While it is written, everything is done to a sketch of the flow with the verbs that the script uses. What the sketch
lacks in the end is said by `flow.arrange` and `flow.amend`, so nothing of a document is lost, however odd it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import ExportError, FlowFileError
from ..flow import document as doc
from ..flow.document import Document
from ..flow.media_files import MediaFiles
from ..flow.subflows import read_subflow
from ..schema import Registry
from ..schema.literals import STEP, WIDTH, call
from .builder_dialect import NODES, PACKAGE, built_in
from .builder_difference import is_equal
from .builder_sketch import Sketch
from .builder_writing import FlowWriting, Script
from .names import Names

FLOW = "flow"
"""What the flow is called in its script."""


def builder_of(document: Document, registry: Registry) -> str:
    """Return the Python that builds a flow; equal flows give the same text.

    Args:
        document: The flow.
        registry: Which node types there are.

    Raises:
        ExportError: It is not the document of a flow.
    """
    if not doc.is_document(document):
        raise ExportError("This is not the document of a flow: a section is missing or has another shape.")
    functions = _functions(document, registry)
    script, body = _written(document, registry, functions)
    if script.functions != functions:  # some could not be called: their names are free for variables
        script, body = _written(document, registry, script.functions)
    header = call("pf.Flow", [("", document["name"])], before="with ", after=f" as {FLOW}:")
    lines = [*_imports(script), "", f"with {header} as {FLOW}:", *(body or [" " * STEP + "pass"])]
    return "\n".join(lines) + "\n"


def _written(document: Document, registry: Registry, functions: set[str]) -> tuple[Script, list[str]]:
    """Return what the script needs, and the lines inside its block.

    Args:
        document: The flow.
        registry: Which node types there are.
        functions: What no variable is called like.
    """
    script = Script(registry)
    sketch = Sketch.of(doc.new_document(document["name"]), MediaFiles(), registry)
    body = FlowWriting(script, document, sketch, FLOW, Names(["pf", FLOW, *sorted(functions)]), depth=0).write()
    if not is_equal(sketch.document, document):
        raise ExportError(f"The flow '{document['name'][:80]}' cannot be written as Python: a file cannot hold it.")
    return script, body


def _functions(document: Mapping[str, Any], registry: Registry) -> set[str]:
    """Return the functions that the script may import: no variable is called so."""
    return {name for name in _types(document) if built_in(registry, name) is not None}


def _types(document: Mapping[str, Any]) -> Iterator[str]:
    for entry in document["nodes"].values():
        if doc.is_node(entry):
            yield entry["type"]
    for entry in doc.subflows(document).values():
        try:
            yield from _types(read_subflow(entry).document)
        except FlowFileError:
            continue


def _imports(script: Script) -> Iterator[str]:
    if script.typing:
        yield from (f"from typing import {', '.join(sorted(script.typing))}", "")
    yield f"import {PACKAGE} as pf"
    if script.functions:
        names = sorted(script.functions)
        line = f"from {NODES} import {', '.join(names)}"
        if len(line) <= WIDTH:
            yield line
        else:
            yield from (f"from {NODES} import (", *(f"{' ' * STEP}{name}," for name in names), ")")
