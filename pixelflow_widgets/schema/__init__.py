"""Node types: a plain function becomes one, and every other face of it is derived from its signature and docstring."""

from .asking import Ask
from .complaint import Complaint
from .lazy import Lazy
from .node_type import NodeType, Port, Shape
from .options import Option, Options
from .port_types import PortType, may_connect, port_type_of
from .progress import Progress
from .record import Record
from .recording import Recorder, active_recorder
from .registry import Registry, registry
from .signature import node

__all__ = [
    "Ask",
    "Complaint",
    "Lazy",
    "NodeType",
    "Option",
    "Options",
    "Port",
    "PortType",
    "Progress",
    "Record",
    "Recorder",
    "Registry",
    "Shape",
    "active_recorder",
    "may_connect",
    "node",
    "port_type_of",
    "registry",
]
