"""Which node types there are."""

from __future__ import annotations

import importlib
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from ..errors import nearest
from .complaint import Complaint
from .node_type import NodeType, Port

PACKAGES = "pixelflow_widgets.nodes"
"""The entry-point group in which third-party packages name a module whose import defines node types."""


class Registry:
    """Holds node types by name; loads the built-in and the installed ones when first asked.

    What is loaded never depends on a flow file: a file that names an unknown type imports nothing.

    Args:
        built_in: Module whose import defines the built-in types.
    """

    def __init__(self, built_in: str = "") -> None:
        self._types: dict[str, NodeType] = {}
        self._built_in = built_in
        self._loaded = not built_in
        self._lock = threading.RLock()
        self.failures: dict[str, str] = {}
        """Installed packages whose node types could not be loaded, with the reason."""
        self.fingerprints: dict[str, Callable[[Any], str]] = {}
        """What identifies a value beside its own digest, by `Port.told_by`: the files behind a model handle."""
        self.checks: dict[str, Callable[[Port, Any, Mapping[str, Any]], Iterable[Complaint]]] = {}
        """What is wrong with a value that comes to an input port, beside what is known of the others, by type name: an
        adapter that does not fit, a size that is not for this model."""
        self.origins: dict[str, Callable[[Any], Mapping[str, Mapping[str, Any]]]] = {}
        """What a saved file says of a value, by type name: each thing that a model is made of, with its digest."""
        self.machine: dict[str, Callable[[], Any]] = {}
        """What else results depend on, as saved files say it: "versions", "threads", "device"."""
        self.notices: dict[str, Callable[[dict[str, Any]], Iterable[Complaint]]] = {}
        """What else is to be said of a whole flow, by who says it: that callers of an endpoint miss an input."""
        self.revision = 0
        """Grows with each type that is added or replaced."""
        self._listeners: list[Callable[[], None]] = []

    def add(self, node_type: NodeType) -> None:
        """Add a node type; one of the same name is replaced, so that running a notebook cell again updates it."""
        with self._lock:
            self._types[node_type.name] = node_type
            self.revision += 1
        for listener in list(self._listeners):
            try:
                listener()
            except Exception:  # the type is there, and the other listeners hear of it
                traceback.print_exc()

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back after each type that is added or replaced; the function that is returned ends it."""
        self._listeners.append(callback)

        def end() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return end

    def find(self, name: str) -> NodeType | None:
        """Return the type of a name, or None."""
        self._load()
        return self._types.get(name)

    def __getitem__(self, name: str) -> NodeType:
        """Return the type of a name; a notebook or package type may be named without its prefix.

        Raises:
            KeyError: There is none; the message names the nearest.
        """
        found = self.find(name)
        if found is None and (matches := [key for key in self._types if key.rpartition(".")[2] == name]):
            found = self._types[matches[0]] if len(matches) == 1 else None
        if found is None:
            raise KeyError(f"There is no node type '{name}'.{nearest(name, self._types)}")
        return found

    def __iter__(self) -> Iterator[NodeType]:
        """Yield every type, the built-in ones first."""
        self._load()
        return iter(list(self._types.values()))

    def __len__(self) -> int:
        self._load()
        return len(self._types)

    def _load(self) -> None:
        with self._lock:
            if self._loaded:
                return
            self._loaded = True
            importlib.import_module(self._built_in)
            for point in _installed():
                try:
                    point.load()
                except Exception as error:  # somebody else's code: one broken package must not hide the others
                    self.failures[point.name] = f"{type(error).__name__}: {error}"


def _installed() -> Iterable[Any]:
    """Return the entry points of installed packages that define node types.

    Importing `importlib.metadata` takes longer than everything else here, and most machines have no such package: the
    files that it would parse are searched for the group's name first.
    """
    if not any(PACKAGES.encode() in text for text in _entry_point_texts()):
        return ()
    from importlib.metadata import entry_points

    return entry_points(group=PACKAGES)


def _entry_point_texts() -> Iterator[bytes]:
    for folder in dict.fromkeys(sys.path):
        for path in Path(folder or ".").glob("*-info/entry_points.txt"):
            yield path.read_bytes()


defining: ContextVar[Registry | None] = ContextVar("defining", default=None)
"""Where `@node` adds what it makes while the code of one version of a flow is run; None is `registry`."""
registry = Registry(built_in=__name__.partition(".")[0] + ".nodes")
"""The types of this process."""
