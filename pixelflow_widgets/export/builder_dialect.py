"""The Python in which flows are built: what `builder` writes and `builder_reading` reads. Nothing else is in it.

    import pixelflow_widgets as pf
    from pixelflow_widgets.nodes import text_to_image

    with pf.Flow("poster") as flow:
        prompt = flow.input("prompt", "a red circle")
        image = text_to_image(prompt, steps=30)
        flow.output("image", image)

Straight lines: imports of ours, constants, calls of node functions and of the verbs of a flow, `with` for the flow and
for its subflows. Their arguments are literals, names, and ports of nodes.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from .. import media
from ..errors import MediaError
from ..flow.recorder import FlowRecorder
from ..flow.stated import StatedFlow
from ..schema import NodeType, PortType, Registry
from ..schema.literals import Code, Generic
from ..schema.port_types import read_port_type

PACKAGE = "pixelflow_widgets"
NODES = f"{PACKAGE}.nodes"
VERBS = (
    *("input", "output", "add", "placeholder", "medium", "loop", "grid"),
    *("connect", "disconnect", "set", "rename", "mute", "set_limit", "move", "remove", "arrange", "amend"),
)
"""What a flow is asked to do; `subflow` besides, after `with`."""
MOST_NESTED = 8
"""How many subflows inside each other are written as blocks; Python itself has at most twenty."""

TYPES: dict[str, Any] = {
    "Image": media.Image,
    "Mask": media.Mask,
    "Audio": media.Audio,
    "Video": media.Video,
    "Latents": media.Latents,
    "Table": media.Table,
    "Model": media.Model,
}
"""The types of ours that an input of a flow may have, as `pf.Image`."""
_PLAIN: dict[str, Any] = {"text": str, "int": int, "float": float, "flag": bool}


class TypeWords(NamedTuple):
    """Says a port type as a Python annotation.

    Args:
        shown: The annotation as code: `list[pf.Image]`.
        annotation: The annotation itself.
        imports: What `typing` is needed for.
    """

    shown: Code | Generic
    annotation: Any
    imports: tuple[str, ...] = ()


def type_words(described: Any) -> TypeWords | None:
    """Return the annotation of a type as the document has it, or None where there is none."""
    try:
        port_type = read_port_type(described)
    except MediaError:
        return None
    one = _one(port_type)
    return TypeWords(Generic("list", (one.shown,)), list[one.annotation], one.imports) if port_type.many else one


def _one(port_type: PortType) -> TypeWords:
    if port_type.choices:
        return TypeWords(Generic("Literal", port_type.choices), Literal[port_type.choices], ("Literal",))
    if port_type.name == "choice":
        return TypeWords(Code("str"), str)
    if port_type.name == "any":
        return TypeWords(Code("Any"), Any, ("Any",))
    if port_type.name in _PLAIN:
        return TypeWords(Code(_PLAIN[port_type.name].__name__), _PLAIN[port_type.name])
    name = port_type.name.capitalize()
    return TypeWords(Code(f"pf.{name}"), TYPES[name])


def built_in(registry: Registry, name: str) -> NodeType | None:
    """Return the node type that is a function of `pixelflow_widgets.nodes`, or None."""
    from .. import nodes

    found = registry.find(name) if name in nodes.__all__ else None
    return found if found is not None and found is getattr(getattr(nodes, name), "node_type", None) else None


def signature_of(node_type: NodeType) -> inspect.Signature:
    """Return how the function of a node type is called."""
    return inspect.signature(node_type.function)


def record(flow: StatedFlow, node_type: NodeType, positional: list[Any], keywords: Mapping[str, Any]) -> Any:
    """Place a node as a call of its function inside `with flow` does; nothing is run.

    Raises:
        TypeError: The function is not called so.
    """
    try:
        bound = signature_of(node_type).bind(*positional, **keywords)
    except TypeError as error:
        raise TypeError(f"{node_type.name}(): {error}. Its inputs: {', '.join(node_type.inputs)}.") from None
    return FlowRecorder(flow).record(node_type, dict(bound.arguments))
