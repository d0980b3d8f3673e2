"""What pages ask about variables of the notebook and about code that a flow brings: finding, using, confirming."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from ..errors import PixelFlowError
from ..flow import document as doc
from ..flow.bindings import bound_ports, variable_of
from ..flow.carrying import carried, used_types
from ..flow.conversions import described, may_fit
from ..flow.variables import is_variable, notebook_names
from ..media import blake3_hex
from ..schema import PortType
from ..schema.port_types import read_port_type
from .bridge import Answer, Buffers, Message

MOST_VARIABLES = 100
_OF_IPYTHON = {"In", "Out", "exit", "quit", "get_ipython", "open"}
_USES = ("read", "write")


class BindingRequests:
    """Does what pages ask about variables and code; see `bridge.Handlers`.

    Args:
        flow: Returns the flow.
    """

    def __init__(self, flow: Callable[[], Any]) -> None:
        self._flow = flow
        self.edits = {"bind": self._bind}
        self.slow = {"variables": self._variables, "confirm": self._confirm}

    def _bind(self, page: str, message: Message, _: Buffers) -> bool:
        flow, port, variable = self._flow(), message.get("port"), message.get("variable")
        if not isinstance(port, str) or not isinstance(variable, str | None):
            raise PixelFlowError("A variable is bound to a port, by its name.")
        before, is_output = flow.revision, message.get("output") is True
        try:
            if variable is None:
                (flow.unbind_output if is_output else flow.unbind)(port, source=page)
            else:
                (flow.bind_output if is_output else flow.bind)(port, variable, source=page)
        except KeyError as error:
            raise PixelFlowError(str(error.args[0])) from None
        return flow.revision > before

    def _variables(self, _: str, message: Message, __: Buffers) -> Answer:
        wanted = _type_of(self._flow(), message.get("port"))
        return {"variables": fitting_variables(notebook_names(), wanted)}, []

    def _confirm(self, _: str, message: Message, __: Buffers) -> Answer:
        flow, what, name = self._flow(), message.get("what"), message.get("name")
        if not isinstance(name, str):
            raise PixelFlowError("What is confirmed has a name.")
        try:
            if what in _USES:
                flow.allow(name, use=what)
            elif what == "code":
                _check_shown(flow, name, message.get("digest"))
                flow.trust(name, always=message.get("always") is True)
            else:
                raise PixelFlowError("Confirmed is reading, writing or code.")
        except KeyError as error:
            raise PixelFlowError(str(error.args[0])) from None
        return {}, []


def _check_shown(flow: Any, name: str, digest: Any) -> None:
    """Refuse to run other code than the page has shown."""
    source = flow.untrusted.get(name)
    if source is not None and blake3_hex(source.encode()) != digest:
        raise PixelFlowError(f"The code of '{name}' is not what was shown any more. Look at it again.")


def _type_of(flow: Any, port: Any) -> PortType:
    node, dot, name = str(port).partition(".")
    try:
        if dot:
            return flow.nodes[node].inputs[name].type
        return next(read_port_type(entry["type"]) for entry in doc.inputs(flow.document) if entry["name"] == port)
    except (KeyError, StopIteration):
        raise PixelFlowError(f"There is no port '{str(port)[:60]}' any more.") from None


def fitting_variables(names: Any, wanted: PortType) -> list[dict[str, str]]:
    """Return the variables that a port could read, the newest first: names, kinds, sizes, and nothing of their content.

    Args:
        names: What the notebook has defined, by name.
        wanted: What the port takes.
    """
    found = []
    for name, value in reversed(list(names.items())):
        if name.startswith("_") or name in _OF_IPYTHON or not is_variable(name):
            continue
        if isinstance(value, types.ModuleType | type) or not may_fit(value, wanted):
            continue
        kind, size = described(value)
        found.append({"name": name, "kind": kind, "size": size})
        if len(found) == MOST_VARIABLES:
            break
    return found


def asks_of(flow: Any) -> list[dict[str, Any]]:
    """Return what a flow wants that nobody has confirmed, as the page reads it."""
    ports: dict[tuple[str, str], list[str]] = {}
    for key, entry in doc.nodes(flow.document).items():
        for port, name in bound_ports(entry).items():
            ports.setdefault(("read", name), []).append(f"{key}.{port}")
    for use, entries in (("read", doc.inputs(flow.document)), ("write", doc.outputs(flow.document))):
        for entry in entries:
            if name := variable_of(entry):
                ports.setdefault((use, name), []).append(entry["name"])
    asks: list[dict[str, Any]] = [
        {"kind": wish.use, "name": wish.name, "ports": ports.get(tuple(wish), [])} for wish in flow.unconfirmed
    ]
    for name, source in flow.untrusted.items():
        missing = carried(flow.document)[name].get("missing", [])
        told = {"kind": "code", "name": name, "source": source, "digest": blake3_hex(source.encode())}
        asks.append(told | {"missing": [str(one) for one in missing] if isinstance(missing, list) else []})
    return asks


def depends_on_notebook(flow: Any) -> bool:
    """Return whether running a cell may make something of a flow stale without an edit."""
    document = flow.document
    return bool(flow.bindings) or any(name.startswith("notebook.") for name in used_types(document))
