"""Which prompts a run worked with, and a glance at what came of each: what the history keeps of them."""

from __future__ import annotations

import base64
import io
import logging
from typing import TYPE_CHECKING, Any

import PIL.Image

from ..flow.provenance import Upstream
from ..secrets import redacted
from .cache import as_list

if TYPE_CHECKING:
    from .executor import Run

_log = logging.getLogger(__name__)

MOST_CHARACTERS = 20_000
MOST_TEXTS = 20
"""Of a list of prompts."""
MOST_NODES = 50
MOST_PICTURES = 8
"""Of one run: each takes a kilobyte or two in the history."""
_EDGE = 96


def prompts_of(run: Run) -> dict[str, dict[str, Any]]:
    """Return what the history keeps of the prompts of a run, by node: the texts by port, and a small picture.

    The texts are those that came to the node; one that was typed is as it was typed. What a variable of the notebook
    held is not told, and neither is a secret.

    Args:
        run: One that has ended.
    """
    try:
        return _prompts_of(run)
    except Exception:  # the history has the run all the same
        _log.exception("The prompts of the run %s could not be noted.", run.id)
        return {}


def _prompts_of(run: Run) -> dict[str, dict[str, Any]]:
    types = run.node_types
    ports = {
        node: names
        for node, node_type in types.items()
        if (
            names := [name for name, port in node_type.inputs.items() if port.control and port.control.kind == "prompt"]
        )
    }
    if not ports:
        return {}
    upstream = run.records.upstream()
    found: dict[str, dict[str, Any]] = {}
    pictures: dict[str, str] = {}
    for node in list(ports)[:MOST_NODES]:
        texts = {name: text for name in ports[node] if (text := _text(run, upstream, node, name))}
        if not texts:
            continue
        found[node] = {"prompts": texts}
        source = _picture_source(run, upstream, node)
        if source and source not in pictures and len(pictures) < MOST_PICTURES:
            pictures[source] = _thumbnail(run, source)
        if source and pictures.get(source):
            found[node]["picture"] = pictures[source]
    return found


def _text(run: Run, upstream: Upstream, node: str, name: str) -> Any:
    """Return what came to an input, shortened; None where it is not known or empty."""
    try:
        value = upstream.value(node, name)
    except LookupError:
        value = _mapped(run, upstream, node, name)
    if isinstance(value, list):
        return [redacted(text[:MOST_CHARACTERS]) for text in value[:MOST_TEXTS] if isinstance(text, str)]
    return redacted(value[:MOST_CHARACTERS]) if isinstance(value, str) else None


def _mapped(run: Run, upstream: Upstream, node: str, name: str) -> Any:
    """Return the texts of a list over which a node ran; None where that is not what came."""
    edges = [edge for edge in upstream.graph.incoming[node] if edge.input == name]
    slot = run.results.get(edges[0].source, {}).get(edges[0].output) if len(edges) == 1 else None
    return [value.data for value in as_list(slot)] if slot is not None else None


def _picture_source(run: Run, upstream: Upstream, node: str) -> str | None:
    """Return the node whose picture shows what came of a prompt: it itself, or the nearest behind it."""
    pending, seen = [node], {node}
    for one in pending:
        if _picture(run, one) is not None:
            return one
        behind = [edge.target for edge in upstream.graph.outgoing.get(one, ()) if edge.target not in seen]
        seen.update(behind)
        pending += dict.fromkeys(behind)
    return None


def _picture(run: Run, node: str) -> PIL.Image.Image | None:
    for slot in run.results.get(node, {}).values():
        for value in as_list(slot):
            if isinstance(value.data, PIL.Image.Image):
                return value.data
    return None


def _thumbnail(run: Run, node: str) -> str:
    """Return the first picture of a node, made small, as a `data:` address."""
    picture = _picture(run, node)
    assert picture is not None
    small = picture.convert("RGBA" if "A" in picture.getbands() else "RGB")
    small.thumbnail((_EDGE, _EDGE))
    written = io.BytesIO()
    small.save(written, "WEBP", quality=60)
    return f"data:image/webp;base64,{base64.b64encode(written.getvalue()).decode()}"
