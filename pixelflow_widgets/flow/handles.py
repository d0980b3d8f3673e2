"""What a Python user holds of a flow: nodes, their ports, the flow's inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import RecordingError
from ..schema import NodeType, PortType
from .media_files import from_json

if TYPE_CHECKING:
    from .editing import EditableFlow


class _NoAttribute(RecordingError, AttributeError):
    """Is an AttributeError too, so that `hasattr` answers."""


class _Recorded:
    """Stands for a value that is only known when the flow runs; refuses what would need it now."""

    flow: EditableFlow

    def _refuse(self, use: str, kind: type[RecordingError] = RecordingError) -> NoReturn:
        raise kind(f"{self!s} is only known when the flow runs. {use}")

    def __bool__(self) -> NoReturn:
        self._refuse("Instead of 'if', place the node 'switch'.")

    def __iter__(self) -> NoReturn:
        self._refuse("Instead of 'for', connect the list to a port that takes one: the node is mapped over it.")

    def __contains__(self, item: object) -> NoReturn:
        self.__iter__()

    def __len__(self) -> NoReturn:
        self._refuse("Its length cannot be asked while recording.")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, _Recorded):
            return type(self) is type(other) and str(self) == str(other) and self.flow is other.flow
        self._refuse("Instead of comparing it here, write a function with @pf.node that compares.")

    def __hash__(self) -> int:
        return hash((id(self.flow), str(self)))

    def __format__(self, spec: str) -> str:
        if spec == "s":
            return str(self)
        self._refuse("Instead of an f-string, write a function with @pf.node that joins the texts.")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):  # asked for by copy, pickle and notebooks
            raise AttributeError(name)
        self._refuse(f"To use its '{name}', write a function with @pf.node.", _NoAttribute)

    def _arithmetic(self, *_: Any) -> NoReturn:
        self._refuse("Arithmetic and indexing belong into a node: write a function with @pf.node.")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _arithmetic
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __neg__ = __abs__ = __round__ = _arithmetic
    __getitem__ = __lt__ = __gt__ = __le__ = __ge__ = __int__ = __float__ = __index__ = _arithmetic


@dataclass(frozen=True, eq=False)
class OutputPort(_Recorded):
    """Is an output of a placed node; give it to an input to connect the two."""

    flow: EditableFlow
    node: str
    name: str

    @property
    def type(self) -> PortType:
        """Return what it carries."""
        return Node(self.flow, self.node).node_type.output(self.name).type

    def __str__(self) -> str:
        return f"{self.node}.{self.name}"

    def __repr__(self) -> str:
        return f"<output {self!s}>"


@dataclass(frozen=True, eq=False)
class FlowInput(_Recorded):
    """Is an input of the flow; give it to an input of a node to feed that."""

    flow: EditableFlow
    name: str

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<input {self.name} of the flow>"


@dataclass(frozen=True, eq=False)
class InputPort:
    """Is an input of a placed node."""

    flow: EditableFlow
    node: str
    name: str

    @property
    def type(self) -> PortType:
        """Return what it takes."""
        return Node(self.flow, self.node).node_type.input(self.name).type

    @property
    def value(self) -> Any:
        """Return the value that is set, else the default."""
        return Node(self.flow, self.node).values[self.name]

    def __str__(self) -> str:
        return f"{self.node}.{self.name}"

    def __repr__(self) -> str:
        return f"<input {self}>"


class _Ports(Mapping[str, Any]):
    """Gives the ports of one side by name, with a sentence where there is none."""

    def __init__(self, node: Node, kind: type[InputPort] | type[OutputPort]) -> None:
        self._node, self._kind = node, kind
        node_type = node.node_type
        self._ports = node_type.inputs if kind is InputPort else node_type.outputs

    def __getitem__(self, name: str) -> Any:
        find = self._node.node_type.input if self._kind is InputPort else self._node.node_type.output
        return self._kind(self._node.flow, self._node.id, find(name).name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ports)

    def __len__(self) -> int:
        return len(self._ports)


class Node:
    """Is a node of a flow.

    Args:
        flow: Where it stands.
        id: Its id there.
    """

    def __init__(self, flow: EditableFlow, id: str) -> None:
        self.flow = flow
        self.id = id

    @property
    def entry(self) -> Mapping[str, Any]:
        """Return what the document says of it."""
        entry = self.flow.document["nodes"].get(self.id)
        if entry is None:
            raise KeyError(f"The node '{self.id}' was removed from '{self.flow.name}'.")
        return entry

    @property
    def type(self) -> str:
        """Return the name of its type."""
        return self.entry["type"]

    @property
    def node_type(self) -> NodeType:
        """Return its type.

        Raises:
            KeyError: The type is not known here.
        """
        return self.flow.types[self.type]

    @property
    def title(self) -> str:
        """Return what it is called on the canvas."""
        node_type = self.flow.types.find(self.type)
        return self.entry.get("title") or (node_type.title if node_type else self.type)

    @property
    def inputs(self) -> Mapping[str, InputPort]:
        """Return its input ports by name."""
        return _Ports(self, InputPort)

    @property
    def outputs(self) -> Mapping[str, OutputPort]:
        """Return its output ports by name."""
        return _Ports(self, OutputPort)

    def __getitem__(self, output: str) -> OutputPort:
        """Return an output port: `node["image"]` is always the output. One of an unknown type may have any."""
        if self.flow.types.find(self.type) is None:
            return OutputPort(self.flow, self.id, output)
        return self.outputs[output]

    @property
    def values(self) -> dict[str, Any]:
        """Return the value of every input: what is set, else its default."""
        stored = self.entry.get("values", {})
        values = {}
        for name, port in self.node_type.inputs.items():
            if name in stored:
                values[name] = from_json(port.type, stored[name], self.flow.media)
            elif not port.required:
                values[name] = from_json(port.type, port.default, self.flow.media)
        return values

    def __repr__(self) -> str:
        return f"<node {self.id}: {self.title}>"
