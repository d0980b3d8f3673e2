"""Binding ports to variables of the notebook, and confirming the names that an opened flow wants."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..errors import OperationRejected
from ..schema import Registry
from . import document as doc
from .bindings import ENTRY_FIELD, FIELD, Wish, bound_ports, variable_of, wishes
from .document import Document
from .edited import listen
from .editing import EditableFlow
from .handles import FlowInput, InputPort
from .media_files import MediaFiles
from .operations import Operation
from .trust import mark_of, meaning, process_trust
from .variables import Variables, is_variable, may_be_written

_log = logging.getLogger(__name__)


class BindableFlow(EditableFlow):
    """Reads and writes variables of the notebook: those that were bound here, or confirmed, and no others.

    What was confirmed belongs to the document as it is saved: opened again it is not asked about, changed by somebody
    else it is.
    """

    def _begin(self, document: Document, files: MediaFiles, registry: Registry) -> None:
        super()._begin(document, files, registry)
        self._variables = files.variables = Variables()
        self._confirm_listeners: list[Callable[[], None]] = []
        self._recall()

    # Binding

    def bind(self, port: InputPort | FlowInput | str, variable: str, *, source: str = "python") -> None:
        """Let a port read a variable of the notebook: what follows is stale when the object behind the name changes.

        PIL images, numpy arrays and torch tensors become pictures, DataFrames tables, texts and numbers what they are;
        a list runs the node for each item. What the port was connected to is disconnected.

        Args:
            port: An input of a node, itself or as "node.port"; or an input of the flow, itself or its name.
            variable: The name, as in the notebook; the object is read when a run begins.
            source: Who does it.

        Raises:
            KeyError: There is no such port.
            OperationRejected: Nothing can be called so in Python.
        """
        if not is_variable(variable):
            raise OperationRejected(f"{str(variable)[:60]!r} cannot name a variable. Write a name, such as 'photo'.")
        with self.lock:
            steps = self._freeing(target) if (target := self._target_port(port)) and "." in target else []
            is_many = "." in target and self.nodes[target.partition(".")[0]].inputs[target.partition(".")[2]].type.many
            self._allow([Wish("read", variable)])
            self.apply([*(() if is_many else steps), self._setting(target, variable)], source=source)
            self._note()

    def unbind(self, port: InputPort | FlowInput | str, *, source: str = "python") -> None:
        """Let a port read no variable any more.

        Args:
            port: As for `bind`; a port that its node has no longer may be named too.
            source: Who does it.

        Raises:
            KeyError: Nothing is bound there.
        """
        name = port if isinstance(port, str) else str(port)
        if name not in self.bindings:
            raise KeyError(f"No variable is bound to '{name}'. Bound are: {', '.join(self.bindings) or 'none'}.")
        with self.lock:
            self.apply([self._setting(name, None)], source=source)

    def bind_output(self, output: str, variable: str, *, source: str = "python") -> None:
        """Let an output of the flow be a variable of the notebook after each run that gives it.

        Args:
            output: Name of the output.
            variable: The name; what it stood for before is replaced.
            source: Who does it.

        Raises:
            KeyError: There is no such output.
            OperationRejected: A flow may make no variable of that name.
        """
        if not may_be_written(variable):
            raise OperationRejected(
                f"A flow makes no variable called {str(variable)[:60]!r}: a name has letters, digits and _, begins "
                "with a letter, and is none of Python's own."
            )
        self._set_output(output, variable, source)

    def unbind_output(self, output: str, *, source: str = "python") -> None:
        """Let an output of the flow make no variable any more.

        Args:
            output: Name of the output.
            source: Who does it.

        Raises:
            KeyError: There is no such output.
        """
        self._set_output(output, None, source)

    @property
    def bindings(self) -> dict[str, str]:
        """Return the variables that are read, by "node.port" or by the name of the flow's input."""
        found = {
            f"{key}.{port}": name
            for key, entry in doc.nodes(self._document).items()
            for port, name in bound_ports(entry).items()
        }
        return found | {entry["name"]: name for entry in doc.inputs(self._document) if (name := variable_of(entry))}

    def _target_port(self, port: InputPort | FlowInput | str) -> str:
        """Return "node.port" or the name of an input of the flow.

        Raises:
            KeyError: There is no such port.
        """
        if isinstance(port, InputPort | FlowInput) and port.flow is not self:
            raise OperationRejected(f"{port!r} belongs to another flow, '{port.flow.name}'.")
        name = port if isinstance(port, str) else str(port)
        node, dot, wanted = name.partition(".")
        if dot:
            return str(self.nodes[self._key(node)].inputs[wanted])
        if name not in self.inputs:
            raise KeyError(f"'{self.name}' has no input '{name}'. Name a port of a node as 'node.port'.")
        return name

    def _setting(self, target: str, variable: str | None) -> Operation:
        node, dot, port = target.partition(".")
        if not dot:
            return {"op": "set_input", "name": target, "fields": {ENTRY_FIELD: variable}}
        kept = {name: held for name, held in bound_ports(self._document["nodes"].get(node)).items() if name != port}
        bound = kept | ({port: variable} if variable else {})
        return {"op": "set_node", "id": node, "fields": {FIELD: bound or None}}

    def _set_output(self, output: str, variable: str | None, source: str) -> None:
        if output not in self.outputs:
            raise KeyError(f"'{self.name}' has no output '{output}'. Its outputs: {', '.join(self.outputs) or 'none'}.")
        with self.lock:
            if variable:
                self._allow([Wish("write", variable)])
            self.apply([{"op": "set_output", "name": output, "fields": {ENTRY_FIELD: variable}}], source=source)
            self._note()

    # Confirming

    @property
    def unconfirmed(self) -> list[Wish]:
        """Return what the flow wants of the notebook's variables that nobody has confirmed: (use, name)."""
        return [wish for wish in wishes(self._document) if wish not in self._variables.allowed]

    def allow(self, *names: str, use: str | None = None) -> None:
        """Confirm that the flow may use variables, as its document says: nothing of them is read or written before.

        Args:
            names: The variables; none is all that the flow names.
            use: "read" or "write" alone; None is both.

        Raises:
            KeyError: The flow wants nothing of that name.
        """
        with self.lock:
            wanted = wishes(self._document)
            for name in names:
                if all(wish.name != name for wish in wanted):
                    known = ", ".join(dict.fromkeys(wish.name for wish in wanted)) or "none"
                    raise KeyError(f"'{self.name}' wants nothing of a variable '{name}'. It names: {known}.")
            self._allow(wish for wish in wanted if (not names or wish.name in names) and use in (None, wish.use))
            self._note()
        self._tell_confirmed()

    def on_confirmed(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when something that the flow wants was confirmed; what is returned ends it."""
        return listen(self._confirm_listeners, callback)

    def _tell_confirmed(self) -> None:
        for callback in tuple(self._confirm_listeners):
            self._call(callback)

    def _allow(self, confirmed: Iterable[Wish]) -> None:
        self._variables.allowed |= set(confirmed)

    def _note(self) -> None:
        """Remember what is confirmed, for the document as it is: opened again it is not asked about."""
        confirmed = [wish for wish in wishes(self._document) if wish in self._variables.allowed]
        if confirmed:
            process_trust().remember(self._marks(confirmed).values())

    def _recall(self) -> None:
        """Confirm what was confirmed of this very document, and nothing else."""
        marks = self._marks(wishes(self._document))
        known = process_trust().knows(marks.values()) if marks else set()
        self._variables.allowed = {wish for wish, mark in marks.items() if mark in known}

    def _marks(self, wanted: Iterable[Wish]) -> dict[Wish, str]:
        wanted = list(wanted)
        digest = meaning(self._document) if wanted else ""
        return {wish: mark_of(wish.use, wish.name, digest) for wish in wanted}

    def _accept(self, operations: list[Operation], source: str, text: str = "") -> list[Operation]:
        is_another = replaces(operations)
        if is_another:
            self._note()
        inverses = super()._accept(operations, source, text)
        if is_another:  # somebody else's, perhaps: what was confirmed of the one before does not count
            self._recall()
        return inverses

    def _tell_status(self) -> None:
        if self.is_saved:
            self._note()
        super()._tell_status()

    # After a run

    def give_out(self, document: Document, results: Mapping[str, Any]) -> None:
        """Make the variables that outputs are bound to.

        Args:
            document: The flow as it was run.
            results: What came out, by output.
        """
        for entry in doc.outputs(document):
            name = variable_of(entry)
            if not name or entry["name"] not in results or Wish("write", name) not in self._variables.allowed:
                continue
            try:
                self._variables.write(name, results[entry["name"]])
            except PermissionError as error:  # a file may name anything
                _log.warning("%s", error)


def replaces(operations: Iterable[Any]) -> bool:
    """Return whether a whole document takes the place of another; what is no operation is refused elsewhere."""
    return any(isinstance(operation, Mapping) and operation.get("op") == "replace" for operation in operations)
