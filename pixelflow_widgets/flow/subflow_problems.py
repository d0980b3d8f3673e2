"""What is wrong with the subflows of a flow, and with the nodes that run them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..errors import FlowFileError, nearest
from ..schema import Registry
from ..schema.body import Body
from ..schema.body_ports import GO_ON
from .document import Document, split_type, subflows
from .media_files import MediaFiles, references
from .problems import Problem, find_problems
from .recent import Recent
from .subflows import contains_itself, read_subflow

_LACKS = {
    "while_": (f"has no output '{GO_ON}' of True or False", f"Give it an output '{GO_ON}' that says whether to go on."),
    "grid": ("has no output that is an image", "Give it one: a grid shows it for each cell."),
}
_seen = Recent()


def subflow_problems(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with the subflows, as hints: a node that runs one has a problem of its own."""
    for name, entry in subflows(document).items():
        try:
            read_subflow(entry)
        except FlowFileError as error:
            sentence = f"The subflow '{str(name)[:60]}' cannot be read. {error}"
            remedy = "It is kept as it is in the file; mend or delete it there."
            yield Problem("unreadable", sentence, remedy, severity="hint")
            continue
        if contains_itself(name, entry["document"]):
            yield Problem(
                "contains-itself",
                f"The subflow '{name}' contains itself.",
                "Take the node that runs it out of it.",
                severity="hint",
            )


def body_problems(node: str, title: str, body: Body, registry: Registry, files: MediaFiles) -> Iterator[Problem]:
    """Yield what is wrong in the flow that a node runs, as problems of that node.

    Args:
        node: Its id.
        title: What it is called.
        body: What it runs.
        registry: Which node types there are.
        files: The media that values in there refer to.
    """
    for found in find_problems(dict(body.document), registry, files, is_body=True):
        yield Problem(found.code, f"In '{title}': {found.sentence}", found.remedy, node, severity=found.severity)


def is_sound(body: Body, registry: Registry, files: MediaFiles) -> bool:
    """Return whether a body surely has no problem, without looking twice; False says only: look again."""

    def look() -> tuple[bool, set[str]]:
        found = find_problems(dict(body.document), registry, files, is_body=True)
        wrong = any(one.severity == "error" for one in found)
        return not wrong, references(body.document)

    sound, media = _seen.get((id(body), id(registry)), look, body, registry)
    return sound and all(map(files.has, media))


def why_unknown(name: str, document: Document) -> tuple[str, str] | None:
    """Return (what is wrong, remedy) of the name of a type that no subflow is, or None for any other name."""
    parts = split_type(name)
    if parts is None:
        return None
    kind, subflow = parts
    held: Any = subflows(document)
    if subflow not in held:
        words = f"runs the subflow '{subflow[:60]}', which this flow does not hold.{nearest(subflow, held)}"
        return words, "Bring the subflow back or delete the node."
    try:
        read_subflow(held[subflow])
    except FlowFileError as error:
        return f"runs the subflow '{subflow}', which cannot be read. {error}", "Mend it in the file or delete the node."
    lacks, remedy = _LACKS.get(kind, ("cannot be placed so", "Delete the node."))
    return f"runs the subflow '{subflow}', which {lacks}.", remedy
